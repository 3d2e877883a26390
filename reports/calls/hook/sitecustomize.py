"""Imported by a Python that is recorded: each call on a socket becomes a line as strace writes it, in the file that the environment names.

So does each call on the file of an AF_UNIX socket. The calls that C extensions make themselves (uvloop, grpcio, zmq) are not seen.
"""

from __future__ import annotations

import errno
import importlib.machinery
import importlib.util
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOG = os.environ.get("ADDRINUSE_RECORD", "")
#: Set for the Pythons that a recorded Python starts.
_BEGUN = "ADDRINUSE_RECORD_BEGUN"
_UNIX = getattr(socket, "AF_UNIX", None)
#: How many looks at files are remembered until a socket is bound: nobody knows before that which path matters.
_LOOKS = 200
#: The options that decide who may bind, by level.
_OPTIONS = {
    "SOL_SOCKET": (
        "SO_REUSEADDR",
        "SO_REUSEPORT",
        "SO_REUSEPORT_LB",
        "SO_EXCLUSIVEADDRUSE",
        "SO_EXCLBIND",
        "SO_REUSE_UNICASTPORT",
        "SO_BROADCAST",
        "SO_LINGER",
        "SO_BINDTODEVICE",
    ),
    "IPPROTO_IPV6": ("IPV6_V6ONLY", "IPV6_FREEBIND", "IPV6_TRANSPARENT", "IPV6_JOIN_GROUP"),
    "IPPROTO_IP": ("IP_FREEBIND", "IP_TRANSPARENT", "IP_BIND_ADDRESS_NO_PORT", "IP_ADD_MEMBERSHIP"),
}


def _write(line: str) -> None:
    _write_as(os.getpid(), line)


def _write_as(process: int, line: str) -> None:
    descriptor = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{process} {line}\n".encode("ascii", "backslashreplace"))
    finally:
        os.close(descriptor)


def _address(address: Any) -> str:
    if isinstance(address, tuple) and len(address) > 2:
        host = address[0].partition("%")[0]
        return f'{{sa_family=AF_INET6, sin6_port=htons({address[1]}), inet_pton(AF_INET6, "{host}", &sin6_addr)}}, 28'
    if isinstance(address, tuple):
        return f'{{sa_family=AF_INET, sin_port=htons({address[1]}), sin_addr=inet_addr("{address[0]}")}}, 16'
    name = os.fsencode(address) if isinstance(address, str) else bytes(address)
    if not name:
        return "{sa_family=AF_UNIX}, 2"
    shown = f"@{_quoted(name[1:])}" if name[:1] == b"\0" else _quoted(name)
    return f"{{sa_family=AF_UNIX, sun_path={shown}}}, {len(name) + 2}"


def _quoted(name: bytes) -> str:
    return '"' + "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in name) + '"'


def _numeric(one: socket.socket, address: Any) -> Any:
    """The address with a number for the host, as it is bound."""
    if not isinstance(address, tuple) or one.family not in (socket.AF_INET, socket.AF_INET6):
        return address
    host = address[0] or ("::" if one.family == socket.AF_INET6 else "0.0.0.0")
    return socket.getaddrinfo(host, address[1], one.family, one.type, 0)[0][4]


def _option(level: int, name: int) -> str:
    for word, names in _OPTIONS.items():
        if getattr(socket, word, None) == level:
            return f"{word}, " + next((known for known in names if getattr(socket, known, None) == name), str(name))
    return f"{level}, {name}"


def _value(name: str, value: Any) -> str:
    if isinstance(value, bytes | bytearray) and name.endswith("SO_LINGER"):
        half = len(value) // 2
        return f"{{l_onoff={int.from_bytes(value[:half], sys.byteorder)}, l_linger={int.from_bytes(value[half:], sys.byteorder)}}}, 8"
    if isinstance(value, bytes | bytearray) and name.endswith("IP_ADD_MEMBERSHIP"):
        return f'{{imr_multiaddr=inet_addr("{socket.inet_ntop(socket.AF_INET, bytes(value[:4]))}")}}, {len(value)}'
    if isinstance(value, bytes | bytearray) and name.endswith("IPV6_JOIN_GROUP"):
        return f'{{inet_pton(AF_INET6, "{socket.inet_ntop(socket.AF_INET6, bytes(value[:16]))}", &ipv6mr_multiaddr)}}, {len(value)}'
    number = int(value) if isinstance(value, int) else int.from_bytes(value or b"", sys.byteorder)
    return f"[{number}], 4"


def _told(described: str, call: Callable[[], Any]) -> Any:
    """Make the call and write down what it answered."""
    try:
        made = call()
    except OSError as error:
        if LOG:
            word = errno.errorcode.get(error.errno or 0, "EIO").removeprefix("WSA")
            _write(f"{described}) = -1 {word} (refused)")
        raise
    _write(f"{described}) = 0")
    return made


def _patch() -> None:
    kind = socket.socket
    make, bind, listen, accept = kind.__init__, kind.bind, kind.listen, kind._accept  # type: ignore[attr-defined]
    setsockopt, close, dup = kind.setsockopt, kind._real_close, kind.dup  # type: ignore[attr-defined]
    connect, connect_ex, recvfrom = kind.connect, kind.connect_ex, kind.recvfrom

    def init(self: socket.socket, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None) -> None:
        make(self, family, type, proto, fileno)
        if fileno is None:
            kinds = {getattr(socket, name, None): name for name in ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET")}
            names = {socket.AF_INET: "AF_INET", socket.AF_INET6: "AF_INET6", _UNIX: "AF_UNIX"}
            name, of = names.get(self.family, "AF_UNSPEC"), kinds.get(self.type, "SOCK_RAW")
            _write(f"socket({name}, {of}, IPPROTO_IP) = {self.fileno()}")

    def _accept(self: socket.socket) -> Any:
        descriptor, address = accept(self)
        _write(f"accept4({self.fileno()}, {_address(address)}, 0) = {descriptor}")
        return descriptor, address

    def _option_set(self: socket.socket, level: int, name: int, *value: Any) -> None:
        word = _option(level, name)
        _told(f"setsockopt({self.fileno()}, {word}, {_value(word, value[0])}", lambda: setsockopt(self, level, name, *value))

    def _close(self: socket.socket, *rest: Any) -> None:
        descriptor = self.fileno()
        close(self, *rest)
        if descriptor >= 0:
            _write(f"close({descriptor}) = 0")

    def _dup(self: socket.socket) -> socket.socket:
        copy: socket.socket = dup(self)
        _write(f"dup({self.fileno()}) = {copy.fileno()}")
        return copy

    def _bind(self: socket.socket, address: Any) -> None:
        if self.family == _UNIX:
            _tell_of_looks(address)
        _told(f"bind({self.fileno()}, {_address(_numeric(self, address))}", lambda: bind(self, address))

    def _listen(self: socket.socket, *backlog: int) -> None:
        _told(f"listen({self.fileno()}, {backlog[0] if backlog else 128}", lambda: listen(self, *backlog))

    def _connect(self: socket.socket, address: Any) -> None:
        _told(f"connect({self.fileno()}, {_address(_numeric(self, address))}", lambda: connect(self, address))

    def _connect_ex(self: socket.socket, address: Any) -> int:
        failed = connect_ex(self, address)
        word = errno.errorcode.get(failed, "EIO").removeprefix("WSA")
        _write(f"connect({self.fileno()}, {_address(_numeric(self, address))}) = {f'-1 {word} (refused)' if failed else 0}")
        return failed

    def _recvfrom(self: socket.socket, *rest: Any) -> Any:
        data, address = recvfrom(self, *rest)
        if self.type == socket.SOCK_DGRAM and isinstance(address, tuple):
            _write(f'recvfrom({self.fileno()}, "", 0, 0, {_address(address)}) = {len(data)}')
        return data, address

    new = {"__init__": init, "bind": _bind, "listen": _listen, "_accept": _accept, "setsockopt": _option_set, "_real_close": _close}
    for name, method in {**new, "dup": _dup, "connect": _connect, "connect_ex": _connect_ex, "recvfrom": _recvfrom}.items():
        setattr(kind, name, method)


_looked: list[tuple[bytes, str]] = []
_bound: set[bytes] = set()


def _tell_of_looks(address: Any) -> None:
    """Write down how the program looked at the path that it binds, and from now on how it goes on to."""
    name = os.fsencode(address) if isinstance(address, str) else bytes(address)
    for path, line in _looked:
        if path == name and path not in _bound:
            _write(line)
    _bound.add(name)


def _look(path: Any, described: str) -> None:
    if path in _bound:
        _write(described)
    else:
        _looked.append((path, described))
        del _looked[:-_LOOKS]


def _patch_files() -> None:
    """The calls of module os on paths. Those with a dir_fd are left alone."""
    kinds = {0o140000: "S_IFSOCK", 0o100000: "S_IFREG", 0o040000: "S_IFDIR", 0o120000: "S_IFLNK"}

    def looking(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def look(path: Any, *rest: Any, **named: Any) -> Any:
            described = (
                f"{name}({_quoted(os.fsencode(path))}, " if isinstance(path, str | bytes | os.PathLike) and not named.get("dir_fd") else ""
            )
            try:
                found = call(path, *rest, **named)
            except FileNotFoundError:
                if described:
                    _look(os.fsencode(path), f"{described}0) = -1 ENOENT (refused)")
                raise
            if described:
                _look(os.fsencode(path), f"{described}{{st_mode={kinds.get(found.st_mode & 0o170000, 'S_IFCHR')}}}) = 0")
            return found

        return look

    def changing(name: str, call: Callable[..., Any], paths: int) -> Callable[..., Any]:
        def change(*args: Any, **named: Any) -> Any:
            if len(args) < paths or named or not all(isinstance(path, str | bytes | os.PathLike) for path in args[:paths]):
                return call(*args, **named)
            for path in args[:paths]:
                _tell_of_looks(os.fsencode(path))
            told = [_quoted(os.fsencode(path)) for path in args[:paths]]
            mode = [f"0{args[1]:o}"] if name == "chmod" and len(args) > 1 else []
            return _told(f"{name}({', '.join([*told, *mode])}", lambda: call(*args))

        return change

    for name in ("stat", "lstat"):
        setattr(os, name, looking(name, getattr(os, name)))
    for name, paths, as_ in (("unlink", 1, "unlink"), ("remove", 1, "unlink"), ("mkdir", 1, "mkdir"), ("chmod", 1, "chmod")):
        setattr(os, name, changing(as_, getattr(os, name), paths))
    for name in ("rename", "replace"):
        setattr(os, name, changing("rename", getattr(os, name), 2))


def _tell_of_forks() -> None:
    """Tell how each process begins, so that nobody takes it for a thread."""
    if os.environ.get(_BEGUN):  # it was started by a Python that is recorded
        _write_as(os.getppid(), f"clone(flags=SIGCHLD) = {os.getpid()}")
        _write('execve("python", ["python"], 0) = 0')
    os.environ[_BEGUN] = "1"
    if hasattr(os, "register_at_fork"):
        # The child has what its parent has now, whatever the parent does before the child tells of itself.
        os.register_at_fork(
            before=lambda: _write("clone(flags=SIGCHLD <unfinished ...>"),
            after_in_child=lambda: _write_as(os.getppid(), f"<... clone resumed>) = {os.getpid()}"),
        )


def _next_sitecustomize() -> None:
    """Run the one that this one hides."""
    here = Path(__file__).resolve().parent
    others = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    found = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if found and found.loader:
        found.loader.exec_module(importlib.util.module_from_spec(found))


if LOG:
    _patch()
    _patch_files()
    _tell_of_forks()
if __name__ == "sitecustomize":
    _next_sitecustomize()
