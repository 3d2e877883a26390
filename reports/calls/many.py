"""The files of strace -ff, one for each process, as one log: each line gets the process that the name of its file ends with."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reports.inputs import STANDARD_INPUT, BadInput, named, read_lines

_PID = re.compile(r"\.(\d{1,10})$")
#: The seconds since 1970 with which strace -ttt begins a line.
_SECONDS = re.compile(rb"(\d{9,12}\.\d+) ")


def in_order(paths: Sequence[str]) -> tuple[Iterator[bytes], bool]:
    """The lines of all files, and whether they are in the order of their times, which strace writes under -ttt.

    Without times each process follows the one that began it. Raises BadInput for a file whose name does not end with a process.
    """
    files = sorted((_pid(path), path) for path in paths)
    if all(_SECONDS.match(_first(path)) for _, path in files):
        timed = [_timed(pid, path) for pid, path in files]
        return (line for _, line in heapq.merge(*timed, key=lambda found: found[0])), True
    return (line for pid, path in files for line in _of(pid, path)), False


def _pid(path: str) -> int:
    found = _PID.search(path)
    if path == STANDARD_INPUT or not found:
        raise BadInput(f"{named(path)}: several files must be those of strace -ff, which end with the number of a process: calls.log.1234")
    return int(found[1])


def _first(path: str) -> bytes:
    return next(read_lines(path), b"0000000000.0 ") if Path(path).exists() else b""


def _of(pid: int, path: str) -> Iterator[bytes]:
    return (b"%d %s" % (pid, line) for line in read_lines(path))


def _timed(pid: int, path: str) -> Iterator[tuple[float, bytes]]:
    """The lines with their times. One without a time goes with the line before it."""
    last = 0.0
    for line in read_lines(path):
        if found := _SECONDS.match(line):
            last = float(found[1])
        yield last, b"%d %s" % (pid, line)
