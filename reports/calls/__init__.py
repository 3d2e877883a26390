"""Recorded calls: a tracer's log, or a script in the notation, as the sockets of a program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from fixtures.language.notation import NotationError, parse_line
from fixtures.language.words import EADDRINUSE, Address
from reports.calls import kdump, strace, truss
from reports.calls.assemble import Assembler
from reports.calls.files import UnixName
from reports.calls.many import in_order
from reports.calls.scripts import from_notation
from reports.calls.sockets import Act, Recorded, Recording
from reports.calls.syscalls import TRACED
from reports.inputs import BadInput, named, read_lines

__all__ = ["Recorded", "Recording", "as_script", "names", "parse_calls", "read_calls", "remedy", "why_no_server"]

#: How many lines are read to find out which tracer wrote a log.
_ENOUGH = 2000
#: How many names of programs are kept.
_PROGRAMS = 100
_HEADING = re.compile(r"# (\S{1,100}), recorded by addrinuse ")
_COMMAND = re.compile(r"execve\(([^\n]{1,1000})")
_WORD = re.compile(r'"([^"\n]{1,200})"')
#: A line of perf trace, which shows no addresses: ``0.000 ( 0.035 ms): python3/6 socket(family: INET, ...) = 4``.
_PERF = re.compile(r" *\d+\.\d{3} \( *(?:\d+\.\d{3} ms)? *\): .{1,30}/\d+ \w+\(")
#: A line of a script begins with a socket, a question or a comment; anything else may be a tracer's log.
_NOTATION = re.compile(
    r"\s*(#|[A-Z]\w* = |[A-Z]\w*\.|connections\(|elapse\(|shows\(|run\(|sysctl\(|$"
    r"|(?:[a-z]\w*: )?(?:file|mode|make|unlink|chdir|link|hard|rename|chmod)\([/A-Z.])"
)
_REMEDY = f"give it a log of strace -f -e {TRACED} -o calls.log SERVER, or the notation"


def read_calls(*paths: str) -> Recording:
    """The recording in a file, or in standard input for ``-``. Several files are those of strace -ff, one for each process.

    Raises BadInput where there is none.
    """
    if len(paths) == 1:
        return _parsed(read_lines(paths[0]), names(paths))
    lines, timed = in_order(paths)
    recording = _parsed(lines, names(paths))
    if not timed:
        recording.forget_ends()
    return recording


def names(paths: Sequence[str]) -> str:
    """What the input is called in messages."""
    return named(paths[0]) if len(paths) == 1 else f"{named(paths[0])} and {len(paths) - 1} more"


def parse_calls(content: bytes, name: str) -> Recording:
    """The recording in a text. Bytes that are not UTF-8 can only stand where no socket is concerned.

    Raises BadInput, naming the text, where there is none.
    """
    return _parsed(content.split(b"\n"), name)


def _parsed(content: Iterable[bytes], name: str) -> Recording:
    """The recording in lines. A log is followed while it is read, and may be longer than the memory."""
    programs = dict[str, None]()
    lines = _decoded(iter(content), programs)
    first = list(islice(lines, _ENOUGH))
    first[:1] = [line.removeprefix("\ufeff") for line in first[:1]]
    every = chain(first, lines)
    wrote = _written_by(first)
    if wrote == "notation":
        script = list(every)
        programs = dict.fromkeys(_heading(script[0]))
        try:
            recording = from_notation("\n".join(script))
        except NotationError as error:
            raise BadInput(f"{name}: {error}") from None
    else:
        reader = {"kdump": kdump.read, "truss": truss.read, "strace": strace.read}[wrote]
        recording = Assembler().take(reader(every))
    if not recording.calls:
        raise BadInput(f"{name}: {_why_not(first)}; {_REMEDY}")
    recording.programs = programs
    return recording


def as_script(text: str) -> str:
    """The text, or what a log of strace, truss or kdump is in the notation.

    Raises BadInput for a log without socket calls.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or any(map(_NOTATION.match, lines[:20])):
        return text
    notation = parse_calls(text.encode(), "script").notation()
    if not notation.strip():
        raise BadInput("no socket is bound in this log; record the server from its start, with -f")
    return notation


def why_no_server(recording: Recording) -> str:
    """Why there is nothing to judge in a recording, and what to do, in a line."""
    refused = [(one, act) for one in recording.sockets for act in one.refusals if act.verb in ("bind", "listen")]
    if refused:
        one, act = refused[0]
        place = next((f" to {arg}" for arg in act.args if isinstance(arg, Address | UnixName)), "")
        return f"line {act.line}: {act.verb}{place} of a {one.kind} socket was {act.answer}, and nothing else was bound; {remedy(act)}"
    return (
        "no socket is bound in it; record the server from its start, with -f "
        "(what a server does through io_uring no tracer of system calls can see: let it use system calls)"
    )


def remedy(act: Act) -> str:
    """What to do if a server was refused while it was recorded."""
    port = next((arg.port for arg in act.args if isinstance(arg, Address)), "")
    path = next((arg.text for arg in act.args if isinstance(arg, UnixName) and not arg.is_abstract), "")
    if act.answer == EADDRINUSE and path:
        return f"addrinuse why {path} says whether that is a server or only its file; remove it if it is stale, and record again"
    if act.answer == EADDRINUSE:
        return f"stop whoever holds the port (addrinuse why :{port} names it), and record again" if port else "record again"
    return {
        "EACCES": "record it as root, or at a port from 1024 on",
        "EADDRNOTAVAIL": "record it on the machine that has the address",
    }.get(act.answer.name, "record it where it starts")


def _why_not(lines: Sequence[str]) -> str:
    if any(map(_PERF.match, lines)):
        return "perf trace does not show addresses"
    return "no socket calls in it"


def _heading(line: str) -> Iterator[str]:
    """The program that `record` names in the first line of what it writes."""
    if found := _HEADING.match(line):
        yield found[1]


def _decoded(lines: Iterable[bytes], programs: dict[str, None]) -> Iterator[str]:
    """The lines as text, while the names of the programs that were run are noted."""
    for content in lines:
        line = str(content, "utf-8", "replace").rstrip("\r\n")
        if "execve(" in line and len(programs) < _PROGRAMS and (command := _COMMAND.search(line)):
            programs |= dict.fromkeys(word.rpartition("/")[2] for word in _WORD.findall(command[1]))
        yield line


def _written_by(lines: Sequence[str]) -> str:
    """What wrote it, judging by its first lines."""
    some = [line for line in lines if line.strip() and not line.startswith("#")]
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
