"""What a small accept queue holds, and what the client beyond it meets. In the situations a queue holds everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from fixtures.language.notation import Call
from fixtures.language.stack import Broken, Inconclusive, Untestable
from fixtures.language.words import LOOPBACK, OK, UNKNOWN, WAITS
from fixtures.models import Platform
from fixtures.specification.sources import SOLARIS_LISTEN, WINSOCK_CALLS, Citation
from fixtures.specification.worlds import TooManyWorlds
from reports.calls import Recorded
from reports.porting.contents import Warned
from reports.porting.words import RISK
from reports.porting.words import UNKNOWN as NOT_KNOWN
from reports.scripts import Step, play

WAITING, REFUSED, EITHER = "its connect waits, and tries again", "it is refused with WSAECONNREFUSED", "its connect is granted, or reset"
#: What documents say of the client beyond a full queue, where the model does not know how many a queue holds.
DOCUMENTED = {
    "windows": (REFUSED, WINSOCK_CALLS.at("listen, Remarks: a connection request that arrives when the queue is full")),
    "solaris": (WAITING, SOLARIS_LISTEN.at("DESCRIPTION: TCP will retry the connection")),
}
_LONGER = "Ask for a longer queue."


@dataclass(frozen=True)
class Queue:
    """The queue of ``listen(N)`` on a platform: how many connections it holds, and what the next client meets (empty: nobody knows)."""

    holds: int | None
    beyond: str = ""
    source: Citation | None = None


@cache
def queue(platform: Platform, backlog: int) -> Queue:
    """The queue of a listener with this backlog."""
    most = 3 * backlog // 2 + 2
    clients = [f"C{number}" for number in range(most)]
    calls = [Call("tcp4", makes="A"), Call("bind", (LOOPBACK,), on="A"), Call("listen", (backlog,), on="A")]
    calls += [call for name in clients for call in (Call("tcp4", makes=name), Call("connect", (LOOPBACK,), on=name))]
    try:
        worlds = platform.worlds(lambda model: play(model, [Step(line, call, None) for line, call in enumerate(calls, 1)])[4::2])
    except (Untestable, Inconclusive, Broken, TooManyWorlds):
        return Queue(None)
    for held, answers in enumerate(zip(*worlds, strict=True)):
        if answers[0] == UNKNOWN and not held:
            break
        if any(answer != OK for answer in answers):
            because = answers[0].because
            return Queue(held, WAITING if set(answers) == {WAITS} else EITHER, because.source if because else None)
    else:
        return Queue(most, WAITING)
    return Queue(None, *DOCUMENTED.get(platform.name, ("", None)))


def of_queues(sockets: Sequence[Recorded], source: Platform, target: Platform) -> Iterator[Warned]:
    """What to say of the shortest queue of a server on a target, if it is short enough to be full, and differs."""
    listening = [act for one in sockets if one.protocol == "tcp" for act in one.acts if act.verb == "listen" and act.granted]
    asked = [arg for act in listening for arg in act.args if isinstance(arg, int)]
    if not asked or source == target:
        return
    shortest = min(asked)
    here, there = queue(source, shortest), queue(target, shortest)
    cited = [str(one.source) for one in (here, there) if one.source]
    if not there.beyond:
        yield Warned(NOT_KNOWN, f"listen({shortest}): what a client meets there that finds the queue full was not read. {_LONGER}", [])
    elif here.beyond and here.beyond != there.beyond:
        said = f"a client that finds the queue full: on {source} {here.beyond}; on {target} {there.beyond}"
        yield Warned(RISK, f"listen({shortest}): {said}. {_LONGER}", cited)
    elif here.holds is not None and there.holds is not None and there.holds < here.holds:
        said = f"of connections that nobody has accepted {source} holds {here.holds} and {target} {there.holds}"
        yield Warned(RISK, f"listen({shortest}): {said}. {_LONGER}", cited)
