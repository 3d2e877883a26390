"""truss of FreeBSD and of Solaris, and dtruss, as far as their formats are documented.

FreeBSD (usr.bin/truss/syscalls.c, print_syscall) writes addresses as ``{ AF_INET 0.0.0.0:80 }`` or
``{ AF_UNIX "/run/x" }`` and errors as ``ERR#48``; Solaris (illumos, usr/src/cmd/truss/expound.c, show_sockaddr) has
``so_socket`` and ``Err#125 EADDRINUSE``, and under ``-v`` the address on a line of its own: a path of AF_UNIX as it is, to the end
of the line. So it has what stat found (usr/src/cmd/truss/stat.c, show_stat64_32): ``d=0x05F00002 i=1234  m=0140755 l=1 ...``.
dtruss(1M) shows only numbers, so its log names no address. None of them shows the value of an
option.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reports.calls.syscalls import BSD_ERRNOS, LOOKS, NAMES, Syscall

_LINE = re.compile(
    r"\s*(?:(\d+)(?:/\S+)?:\s+)?(?:\d+\.\d+ +){0,2}"
    rf"(so_socket|forkx|vforkx|forksys|{'|'.join(NAMES)})(?:\.\w+)?\((.*)",
    re.ASCII,
)
_ENDED = re.compile(r"(.*)\)\s*(?:(?:=\s*(-?\d+|0x[0-9A-Fa-f]+))|(?:E(?:RR|rr)#(\d+))(?: +(E[A-Z]+)| +'(.*)')?)", re.ASCII)
_ADDRESS = re.compile(r"\s*(?:\d+(?:/\d+)?:)?\s+AF_INET(6?)\s+name = (\S+)\s+port = (\d+)", re.ASCII)
_PATH = re.compile(r"\s*(?:\d+(?:/\d+)?:)?\s+AF_UNIX\s+name = (.*)")
_STAT = re.compile(r"\s*(?:\d+(?:/\d+)?:)?\s+d=0x\S+ i=\d+\s+m=0(\d\d)\d{4}\b", re.ASCII)
_FORMATS = {"14": "S_IFSOCK", "10": "S_IFREG", "04": "S_IFDIR", "12": "S_IFLNK"}
_DTRUSS = re.compile(r"(-?\d+) Err#(\d+)")
_ALIASES = {"so_socket": "socket", "forkx": "fork", "vforkx": "vfork", "forksys": "fork"}
#: The messages of strerror. The numbers differ from system to system.
_MESSAGES = {
    "Address already in use": "EADDRINUSE",
    "Permission denied": "EACCES",
    "Can't assign requested address": "EADDRNOTAVAIL",
    "Invalid argument": "EINVAL",
    "Protocol not available": "ENOPROTOOPT",
    "Connection refused": "ECONNREFUSED",
    "Resource temporarily unavailable": "EAGAIN",
    "No such file or directory": "ENOENT",
}


def looks_like(line: str) -> bool:
    """Whether only these tracers write such a line."""
    found = _LINE.match(line)
    if not found:
        return False
    if found[2] in _ALIASES or found[1]:
        return True
    return bool(re.search(r"E(?:RR|rr)#\d+|= -?\d+ \(0x|\)\s+= -?\d+ -?\d+\s*$|PF_(?:INET6?|LOCAL|UNIX),SOCK_", line))


def read(lines: Iterable[str]) -> Iterator[Syscall]:
    """The calls of a log. What is on the lines below a call is put into the call."""
    held: Syscall | None = None
    for number, line in enumerate(lines, 1):
        if held and (more := _below(held, line)):
            held = held._replace(args=f"{held.args}, {more}")
            continue
        if found := _LINE.match(line):
            if held:
                yield held
            held = _call(number, int((found[1] or "0")[:18]), _ALIASES.get(found[2], found[2]), found[3])
    if held:
        yield held


def _below(held: Syscall, line: str) -> str:
    """What a line below a call says of it, as FreeBSD's truss and strace write that; empty if it says nothing."""
    if address := _ADDRESS.match(line):
        host = f"[{address[2]}]" if address[1] else address[2]
        return f"{{ AF_INET{address[1]} {host}:{address[3]} }}"
    if path := _PATH.match(line.rstrip("\r\n")):
        return '{{ AF_UNIX "{}" }}'.format(path[1].replace("\\", r"\\").replace('"', r"\""))
    if held.name in LOOKS and (stat := _STAT.match(line)):
        return f"st_mode={_FORMATS.get(stat[1], 'another')}"
    return ""


def _call(number: int, pid: int, name: str, text: str) -> Syscall:
    found = _ENDED.match(text)
    if not found:
        return Syscall(number, pid, name, text, None)
    args, result, errno, word, message = found.groups()
    if errno:
        return Syscall(number, pid, name, args, -1, word or _MESSAGES.get(message or "", f"errno {errno}"))
    if dtruss := _DTRUSS.match(text[found.start(2) :]):
        return Syscall(number, pid, name, args, -1, BSD_ERRNOS.get(int(dtruss[2][:9]), f"errno {dtruss[2]}"))
    return Syscall(number, pid, name, args, int(result[:18], 16 if result.startswith("0x") else 10))
