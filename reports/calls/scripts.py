"""Recordings that are written in the notation."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.language.kinds import KINDS, is_mptcp
from fixtures.language.notation import FILE_FORMS, Call, parse_numbered
from fixtures.language.paths import Path
from fixtures.language.words import OK, Address, Answer, Option
from reports.calls.files import FileAct, UnixName
from reports.calls.sockets import Act, Recorded, Recording

_PROCESSES = {None: 0, "other": 1, "stranger": 2, "stranger2": 3, "elsewhere": 4, "root": 5}


def from_notation(text: str) -> Recording:
    """A script as a recording. Its questions, and what its clients send, are left out.

    Raises NotationError.
    """
    recording, known, inheritors = Recording(is_script=True), dict[str, tuple[Recorded | None, int, Recorded | None]](), 10
    passed: dict[str | None, list[tuple[Recorded | None, int, Recorded | None]]] = {}
    for line, call, answer in parse_numbered(text):
        recording.calls += 1
        granted = answer or OK
        if call.verb in KINDS:
            made = Recorded(call.verb.removeprefix("mp"), line, _PROCESSES[call.actor])
            if is_mptcp(call.verb):
                made.for_mptcp()
            made.acts += _options(call, line, made.process)
            known[call.makes or ""] = (made, made.process, None)
            if granted == OK:
                recording.sockets.append(made)
        elif call.verb in FILE_FORMS:
            recording.files += _on_files(call, line, granted)
        elif call.verb == "pass":
            passed.setdefault(str(call.args[0]) if call.args else None, []).append(known[call.on or ""])
        elif call.verb == "take":
            one, _, parent = passed[call.actor].pop(0)
            known[call.makes or ""] = (one, _PROCESSES[call.actor], parent)
        elif call.on:
            one, process, parent = known[call.on]
            if call.makes:
                inheritors += 1
                mine = inheritors if call.verb == "inherit" else process
                known[call.makes] = (None, process, one) if call.verb == "accept" else (one, mine, parent)
            if one:
                act = Act(line, call.verb, _known(call.args), process, granted, answer is not None)
                _done(
                    one,
                    call,
                    act,
                    still=_still(known, one, call.on) or any(other is one for made in passed.values() for other, _, _ in made),
                )
                recording.files += _asked(one, call, act)
                if call.verb == "close":
                    known[call.on] = (None, process, None)
            elif parent and call.verb == "setsockopt" and isinstance(call.args[1], int):
                parent.on_accepted.setdefault(str(call.args[0]), call.args[1])
    recording.sockets = [one for one in recording.sockets if not (one.is_unix and one.forgettable)]
    return recording


def _on_files(call: Call, line: int, answer: Answer) -> list[FileAct]:
    """What a script does about a file, if a server could do it at its start or its end."""
    names = tuple(str(arg) for arg in call.args if isinstance(arg, Path))
    if call.verb not in ("file", "unlink", "rename", "make", "chmod"):
        return []
    return [FileAct(line, _PROCESSES[call.actor], call.verb, names, answer, str(call.args[-1]) if call.verb == "chmod" else "")]


def _asked(one: Recorded, call: Call, act: Act) -> list[FileAct]:
    """A connect that may have asked whether a server is there."""
    if call.verb != "connect" or not isinstance(call.args[0], Path):
        return []
    return [FileAct(act.line, act.process, "connect", (str(call.args[0]),), act.answer, kind=one.kind)]


def _options(call: Call, line: int, process: int) -> list[Act]:
    given = [option for option in call.args if isinstance(option, Option)]
    return [Act(line, "setsockopt", (option.name, option.value), process) for option in given]


def _still(known: dict[str, tuple[Recorded | None, int, Recorded | None]], one: Recorded, name: str) -> bool:
    return any(other is one for key, (other, _, _) in known.items() if key != name)


def _done(one: Recorded, call: Call, act: Act, *, still: bool) -> None:
    if call.verb == "setsockopt" and isinstance(call.args[1], int):
        one.acts.append(act)
    elif call.verb == "bind":
        one.acts.append(act)
        if act.granted and isinstance(call.args[0], Address):
            one.address = call.args[0]
        if act.granted and isinstance(call.args[0], Path):
            one.name = _name(call.args[0])
    elif call.verb == "listen":
        if not one.listening:
            one.acts.append(act)
        one.listening |= act.granted
        one.workers.setdefault(act.process, act.line)
    elif call.verb == "accept":
        one.accepted += act.granted
        one.accepted_at = act.line
        one.workers.setdefault(act.process, act.line)
    elif call.verb == "join":
        one.acts += [act] * (act.granted and all(act.args != other.args for other in one.acts if other.verb == "join"))
    elif call.verb == "recv":
        one.received |= act.granted and not one.connected
    elif call.verb == "connect":
        one.connected |= not one.received
    elif call.verb == "disconnect":
        one.connected &= one.address is None or one.kind[:3] == "tcp"
    elif call.verb == "close" and not still:
        one.closed_at = act.line


def _name(path: Path) -> UnixName:
    return UnixName(str(path), path.length)


def _known(args: Sequence[object]) -> tuple[Address | UnixName | str | int, ...]:
    return tuple(_name(arg) if isinstance(arg, Path) else arg for arg in args if isinstance(arg, Address | Path | str | int))
