"""Imported by a Python that is recorded: each call on a socket becomes a line as strace writes it, in the file that the environment names.

The calls that C extensions make themselves (uvloop, grpcio, zmq) are not seen.
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
#: The options that decide who may bind, by level.
_OPTIONS = {
    "SOL_SOCKET": (
        "SO_REUSEADDR",
        "SO_REUSEPORT",
        "SO_REUSEPORT_LB",
        "SO_EXCLUSIVEADDRUSE",
        "SO_EXCLBIND",
        "SO_REUSE_UNICASTPORT",
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
    return "{sa_family=AF_UNIX}, 16"


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
            kinds = {socket.SOCK_STREAM: "SOCK_STREAM", socket.SOCK_DGRAM: "SOCK_DGRAM"}
            names = {socket.AF_INET: "AF_INET", socket.AF_INET6: "AF_INET6"}
            _write(f"socket({names.get(self.family, 'AF_UNIX')}, {kinds.get(self.type, 'SOCK_RAW')}, IPPROTO_IP) = {self.fileno()}")

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
    _tell_of_forks()
if __name__ == "sitecustomize":
    _next_sitecustomize()
