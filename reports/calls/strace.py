"""Logs of strace: pid columns with and without brackets or names, every kind of timestamp, calls that end on a later line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reports.calls import truss
from reports.calls.spelled import spelled
from reports.calls.syscalls import FORKS, NAMES, Syscall

_TIME = r"(?:\d\d:\d\d:\d\d(?:\.\d+)?|\d+\.\d+|\(\+ *\d+\.\d+\)) +"
_LINE = re.compile(
    rf" *(?:\[pid +(\d+)(?:<[^>]*>)?\] +|(\d+)(?:<[^>]*>)? +)?(?:{_TIME}){{0,3}}(?:\[[0-9a-f ]+\] +){{0,2}}"
    rf"(?:({'|'.join(NAMES)})\((.*)|<\.\.\. (\w+) resumed>(.*)|(\+\+\+ (?:exited|killed).*))",
    re.ASCII,
)
_RESULT = re.compile(r"(-?\d+|0x[0-9a-f]+)(?:<.*>)?(?: +(E[A-Z0-9]+))?", re.ASCII)
#: What most calls return. Looking it up is faster than parsing it.
_USUAL = {str(number): number for number in range(1000)}
UNFINISHED = "<unfinished ...>"


def looks_like(line: str) -> bool:
    """Whether only strace writes such a line."""
    found = _LINE.match(line)
    return bool(found) and not truss.looks_like(line)


def read(lines: Iterable[str]) -> Iterator[Syscall]:
    """The calls of a log, in the order in which they return. A fork is reported when it begins as well."""
    pending: dict[int, tuple[str, str, int]] = {}
    matched = _LINE.match
    for number, line in enumerate(lines, 1):
        found = matched(line.rstrip())
        if not found:
            continue
        bracketed, plain, name, rest, resumed, tail, ended = found.groups()
        pid = int((bracketed or plain or "0")[:18])
        if name:
            if rest.endswith(UNFINISHED):
                pending[pid] = (name, rest.removesuffix(UNFINISHED), number)
                if name in FORKS:
                    yield Syscall(number, pid, name, rest, None, begun=True)
            elif name != "recvfrom" or "sin" in rest:  # what comes over a connection names no sender
                yield _call(number, pid, name, rest)
        elif ended:
            # It is told of each thread by itself. exit_group, which ends all, is a call of its own.
            yield Syscall(number, pid, "exit", ended, 0)
        elif pid in pending and pending[pid][0] == resumed:
            name, head, place = pending.pop(pid)
            yield _call(place, pid, name, head + tail)


def _call(number: int, pid: int, name: str, text: str) -> Syscall:
    args, _, returned = text.rpartition(" = ")
    if args and returned in _USUAL:
        return Syscall(number, pid, name, spelled(name, args.rstrip().removesuffix(")")), _USUAL[returned])
    found = _RESULT.match(returned.strip())
    args = spelled(name, args.rstrip().removesuffix(")") if args else text)
    if not found:
        return Syscall(number, pid, name, args, None)
    word = found[1][:18]
    return Syscall(number, pid, name, args, int(word, 16 if word.startswith("0x") else 10), found[2] or "")
