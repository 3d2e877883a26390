"""Recordings that are written in the notation."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.language.kinds import KINDS, is_mptcp
from fixtures.language.notation import Call, parse_numbered
from fixtures.language.words import OK, Address, Option
from reports.calls.sockets import Act, Recorded, Recording

_PROCESSES = {None: 0, "other": 1, "stranger": 2, "stranger2": 3}


def from_notation(text: str) -> Recording:
    """A script as a recording. Its questions, and what its clients send, are left out.

    Raises NotationError.
    """
    recording, known, inheritors = Recording(), dict[str, tuple[Recorded | None, int, Recorded | None]](), 10
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
        elif call.on:
            one, process, parent = known[call.on]
            if call.makes:
                inheritors += 1
                mine = inheritors if call.verb == "inherit" else process
                known[call.makes] = (None, process, one) if call.verb == "accept" else (one, mine, parent)
            if one:
                act = Act(line, call.verb, _known(call.args), process, granted, answer is not None)
                _done(one, call, act, still=_still(known, one, call.on))
                if call.verb == "close":
                    known[call.on] = (None, process, None)
            elif parent and call.verb == "setsockopt" and isinstance(call.args[1], int):
                parent.on_accepted.setdefault(str(call.args[0]), call.args[1])
    return recording


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
    elif call.verb == "close" and not still:
        one.closed_at = act.line


def _known(args: Sequence[object]) -> tuple[Address | str | int, ...]:
    return tuple(arg for arg in args if isinstance(arg, Address | str | int))
