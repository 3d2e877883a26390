"""Logs of ktrace as kdump(1) prints them: CALL, then STRU with an address or NAMI with a path, then RET.

That is FreeBSD's form: usr.bin/kdump/kdump.c, ktrsockaddr, ktrnamei, ktrstat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reports.calls.syscalls import BSD_ERRNOS, NAMES, ON_FILES, Syscall

_LINE = re.compile(r"\s*(\d+)(?:\s+\d+)?\s+\S+\s+(?:\d+\.\d+\s+)?(CALL|RET|STRU|NAMI)\s+(.*)", re.ASCII)
_CALL = re.compile(rf"({'|'.join(NAMES)})\((.*?)\)?$", re.ASCII)
_RET = re.compile(r"(\w+) (-?\d+|0x[0-9a-f]+)(?:/0x[0-9a-f]+)?(?: errno (\d+) (.*))?", re.ASCII)
_ADDRESS = re.compile(r"struct sockaddr \{ (AF_INET6?|AF_UNIX|AF_LOCAL), (\S+) \}", re.ASCII)
_STAT = re.compile(r"struct stat \{.*\b(mode=\S)", re.ASCII)


def looks_like(line: str) -> bool:
    """Whether only kdump writes such a line."""
    return bool(_LINE.match(line))


def read(lines: Iterable[str]) -> Iterator[Syscall]:
    """The calls of a log, in the order in which they return."""
    pending: dict[int, Syscall] = {}
    for number, line in enumerate(lines, 1):
        found = _LINE.match(line)
        if not found:
            continue
        pid, text = int(found[1][:18]), found[3]
        if found[2] == "CALL":
            pending.pop(pid, None)
            if called := _CALL.match(text.rstrip()):
                pending[pid] = Syscall(number, pid, called[1], called[2], None)
        elif pid in pending and found[2] == "STRU":
            if address := _ADDRESS.match(text):
                family = "AF_UNIX," if address[1] in ("AF_UNIX", "AF_LOCAL") else address[1]
                pending[pid] = pending[pid]._replace(args=f"{pending[pid].args}, {{ {family} {address[2]} }}")
            elif status := _STAT.search(text):
                pending[pid] = pending[pid]._replace(args=f"{pending[pid].args}, {status[1]}")
        elif pid in pending and found[2] == "NAMI" and pending[pid].name in ON_FILES:
            pending[pid] = pending[pid]._replace(args=f"{pending[pid].args}, {text.rstrip()}")
        elif (returned := _RET.match(text)) and pid in pending and returned[1] == pending[pid].name:
            yield _returned(pending.pop(pid), returned)


def _returned(call: Syscall, returned: re.Match[str]) -> Syscall:
    if returned[3]:
        return call._replace(result=-1, errno=BSD_ERRNOS.get(int(returned[3][:9]), f"errno {returned[3]}"))
    word = returned[2][:18]
    return call._replace(result=int(word, 16 if word.startswith("0x") else 10))
