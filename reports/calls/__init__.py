"""Recorded calls: a tracer's log, or a script in the notation, as the sockets of a program."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.notation import NotationError, parse_line
from reports.calls import kdump, strace, truss
from reports.calls.assemble import Assembler
from reports.calls.scripts import from_notation
from reports.calls.sockets import Recorded, Recording
from reports.inputs import BadInput, named, read_lines

__all__ = ["Recorded", "Recording", "parse_calls", "read_calls"]

#: How many lines tell what wrote a log.
_ENOUGH = 2000


def read_calls(path: str) -> Recording:
    """The recording in a file, or in standard input for ``-``.

    Raises BadInput where there is none.
    """
    return parse_calls(b"".join(read_lines(path)), named(path))


def parse_calls(content: bytes, name: str) -> Recording:
    """The recording in a text: bytes that are no UTF-8 can only be in what does not concern sockets.

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
    return recording


def _written_by(lines: Sequence[str]) -> str:
    """Who wrote it, by its first lines."""
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
