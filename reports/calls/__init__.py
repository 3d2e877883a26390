"""Recorded calls: a tracer's log, or a script in the notation, as the sockets of a program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from fixtures.language.notation import NotationError, parse_line
from reports.calls import kdump, strace, truss
from reports.calls.assemble import Assembler
from reports.calls.scripts import from_notation
from reports.calls.sockets import Recorded, Recording
from reports.inputs import BadInput, named, read_lines

__all__ = ["Recorded", "Recording", "parse_calls", "read_calls"]

#: How many lines are read to find out which tracer wrote a log.
_ENOUGH = 2000
#: How many names of programs are kept.
_PROGRAMS = 100
_HEADING = re.compile(r"# (\S{1,100}), recorded by addrinuse ")
_COMMAND = re.compile(r"execve\(([^\n]{1,1000})")
_WORD = re.compile(r'"([^"\n]{1,200})"')


def read_calls(path: str) -> Recording:
    """The recording in a file, or in standard input for ``-``.

    Raises BadInput where there is none.
    """
    return parse_calls(b"".join(read_lines(path)), named(path))


def parse_calls(content: bytes, name: str) -> Recording:
    """The recording in a text. Bytes that are not UTF-8 can only stand where no socket is concerned.

    Raises BadInput, naming the text, where there is none.
    """
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").split("\n")
    wrote = _written_by(lines)
    if wrote == "notation":
        try:
            recording = from_notation(text)
        except NotationError as error:
            raise BadInput(f"{name}: {error}") from None
    else:
        reader = {"kdump": kdump.read, "truss": truss.read, "strace": strace.read}[wrote]
        recording = Assembler().take(reader(lines))
    if not recording.calls:
        raise BadInput(f"{name}: no socket calls in it; give it a log of strace -f -e trace=network -o {name} SERVER, or the notation")
    recording.programs = dict.fromkeys(islice(_programs(text), _PROGRAMS))
    return recording


def _programs(text: str) -> Iterator[str]:
    """The names of the programs that were run: from execve, and from the heading that `reports record` writes."""
    if found := _HEADING.match(text):
        yield found[1]
    for command in _COMMAND.finditer(text):
        yield from (word.rpartition("/")[2] for word in _WORD.findall(command[1]))


def _written_by(lines: Sequence[str]) -> str:
    """What wrote it, judging by its first lines."""
    some = [line for line in lines[:_ENOUGH] if line.strip() and not line.startswith("#")]
    if some and _is_notation(some[0]):
        return "notation"
    scores = {name: sum(map(module.looks_like, some)) for name, module in (("strace", strace), ("truss", truss), ("kdump", kdump))}
    return max(scores, key=lambda name: scores[name])


def _is_notation(line: str) -> bool:
    try:
        parse_line(line)
    except NotationError:
        return " = " in line and line.lstrip()[:1].isupper() and "(" in line and not line.lstrip().startswith("[")
    return True
