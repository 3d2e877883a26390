"""The scenes of the porting report for a server on AF_UNIX: what happens to its path."""

from __future__ import annotations

from fixtures.language.kinds import UNIX_KINDS
from fixtures.language.stack import Actor, Socket, Stack
from reports.porting.at_path import NOT_SHOWN, RECORD_AGAIN, TAKES, After, Before, UnixShape
from reports.porting.rehearsal import Rehearsal, Role
from reports.porting.shape import Shape

#: A server starts if these are granted.
_STARTING = (*UNIX_KINDS, "bind", "listen", "rename")


def _of(shape: Shape) -> UnixShape:
    assert isinstance(shape, UnixShape)
    return shape


# Whether the log shows what is asked.


def no_way_told(shape: Shape) -> str:
    """Why nobody knows what it does about a file that is there; empty if the log shows it."""
    before = _of(shape).before if isinstance(shape, UnixShape) else Before.NEVER
    return f"{before.value}; {RECORD_AGAIN}" if before in NOT_SHOWN else ""


def no_end_told(shape: Shape) -> str:
    """Why nobody knows what it leaves at its end; empty if the log shows it."""
    after = _of(shape).after
    if after is After.UNKNOWN:
        return f"{after.value}; end it as usual while it is recorded"
    return no_way_told(shape) if after is After.LEAVES else ""


def no_care_told(shape: Shape) -> str:
    """Why nobody knows whether it would unlink a file that is another's; empty if the log shows it."""
    after = _of(shape).after
    if after is After.LOOKS:
        return "it looks at the file before it unlinks it, and the log does not show what it does if that is another's"
    return f"{after.value}; end it as usual while it is recorded" if after is After.UNKNOWN else ""


def takes(shape: Shape) -> bool:
    """Whether a second instance takes the path from the first."""
    return isinstance(shape, UnixShape) and shape.before in TAKES and not shape.name.is_abstract


def is_at_a_path(shape: Shape) -> bool:
    """Whether its name is a file."""
    return isinstance(shape, UnixShape) and not shape.name.is_abstract


def is_unix(shape: Shape) -> bool:
    """Whether it is a server on AF_UNIX."""
    return isinstance(shape, UnixShape)


# The parts of scenes.


def _started(rehearsal: Rehearsal, shape: UnixShape, letter: str, who: Stack | Actor, *, there: bool, first: bool = False) -> Socket:
    """The server starts; ``there``: a socket file stands at its path; ``first``: its folder is not made yet."""
    removes = there and not shape.name.is_abstract
    if removes and shape.before is Before.ASKS:
        rehearsal.call_the_next("C")
        client = who.socket(shape.kinds[0])
        with rehearsal.role(Role.TESTS):
            client.connect(shape.name)
    if removes and shape.before in (Before.ALWAYS, Before.SOCKETS, Before.ASKS):
        with rehearsal.as_part():
            who.unlink(shape.name)
    made: Socket | None = None
    actor = who.name if isinstance(who, Actor) else None
    for call in shape.calls:
        if call.makes:
            rehearsal.answer(call._replace(makes=letter, actor=actor))
            made = Socket(rehearsal, letter, call.verb)
        elif call.on:
            if removes and call.verb == "bind" and shape.before is Before.REFUSED:
                with rehearsal.as_part():
                    rehearsal.answer(call._replace(on=letter))
                    who.unlink(shape.name)
            rehearsal.answer(call._replace(on=letter))
        elif call.verb != "make" or first:
            rehearsal.answer(call._replace(actor=actor))
    assert made
    rehearsal.stands_for[letter] = 0
    return made


def _served(rehearsal: Rehearsal, shape: UnixShape, who: Stack | Actor) -> Socket:
    """The server starts, before anything is asked."""
    with rehearsal.role(Role.SERVES, *_STARTING):
        return _started(rehearsal, shape, "A", who, there=False, first=True)


def _again(rehearsal: Rehearsal, shape: UnixShape, who: Stack | Actor, *, there: bool) -> Socket:
    """The server starts once more. Whether it may is the question."""
    with rehearsal.role(Role.ASKED, *_STARTING):
        made = _started(rehearsal, shape, "B", who, there=there)
    rehearsal.mine.add(made.name)
    return made


def _ends(shape: UnixShape, server: Socket, who: Stack | Actor) -> None:
    """The server ends as usual."""
    server.close()
    if shape.after in (After.UNLINKS, After.LOOKS):
        who.unlink(shape.name)


# The scenes.


def start(rehearsal: Rehearsal, shape: Shape, edit: object) -> None:
    """The calls that were recorded, where nothing stands at the path."""
    with rehearsal.role(Role.ASKED, *_STARTING):
        rehearsal.mine.add(_started(rehearsal, _of(shape), "A", rehearsal, there=False, first=True).name)


def second_instance(rehearsal: Rehearsal, shape: Shape, edit: object) -> None:
    """The server is started a second time."""
    one = _of(shape)
    _served(rehearsal, one, rehearsal)
    _again(rehearsal, one, rehearsal.other, there=True)
    with rehearsal.role(Role.RECEIVES):
        rehearsal.connections(one.name)


def crash(rehearsal: Rehearsal, shape: Shape, edit: object) -> None:
    """The server is killed, and starts again."""
    one = _of(shape)
    _served(rehearsal, one, rehearsal.other)
    rehearsal.kill(rehearsal.other)
    _again(rehearsal, one, rehearsal, there=True)


def restart(rehearsal: Rehearsal, shape: Shape, edit: object) -> None:
    """The server ends as usual, and starts again."""
    one = _of(shape)
    _ends(one, _served(rehearsal, one, rehearsal), rehearsal)
    _again(rehearsal, one, rehearsal, there=one.after is After.LEAVES)


def whose_file(rehearsal: Rehearsal, shape: Shape, edit: object) -> None:
    """A second instance takes the path; then the first one ends."""
    one = _of(shape)
    first = _served(rehearsal, one, rehearsal)
    with rehearsal.role(Role.STAGES, *_STARTING):
        rehearsal.mine.add(_started(rehearsal, one, "B", rehearsal.other, there=True).name)
    _ends(one, first, rehearsal)
    with rehearsal.role(Role.RECEIVES):
        rehearsal.connections(one.name)
