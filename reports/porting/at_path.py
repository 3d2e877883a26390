"""Servers on AF_UNIX: what one does about a file that stands at its path, and about its own file at its end, as far as the log shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from fixtures.language.notation import Call
from fixtures.language.paths import Path
from fixtures.language.words import Option
from reports.calls import Recorded, Recording
from reports.calls.files import FileAct
from reports.calls.sockets import Act
from reports.calls.spelling import Spelling
from reports.porting.shape import Shape

#: Up to so many of its names are longer than some systems take.
_LONG = 103


class Before(Enum):
    """What a server does before it binds, about whatever stands at its path."""

    NEVER = "nothing, and bind is refused"
    ALWAYS = "it unlinks it, whatever it is"
    SOCKETS = "it looks, and unlinks a socket without asking whether that is alive"
    ASKS = "it connects, and unlinks it if that is refused"
    REFUSED = "it binds, and if that is refused it unlinks it and binds again"
    LOOKS = "it looks first, and the log does not show what it does if a socket is there"
    UNKNOWN = "the log shows no calls on files"


class After(Enum):
    """What a server does at its end about the file of its socket."""

    LEAVES = "it leaves it"
    UNLINKS = "it unlinks the path"
    LOOKS = "it looks, and unlinks the path if it likes what it sees"
    UNKNOWN = "the log does not show its end"


#: Those who take the path from a server that is alive.
TAKES = (Before.ALWAYS, Before.SOCKETS, Before.REFUSED)
NOT_SHOWN = (Before.LOOKS, Before.UNKNOWN)
RECORD_AGAIN = "record its start once more, over the file that it leaves when it is killed (kill -9), with %file in strace's -e"


@dataclass(frozen=True)
class UnixShape(Shape):
    """What a server does with its path. Its socket is A in its calls."""

    #: Where clients reach it.
    name: Path = field(default_factory=lambda: Path("/F"))
    before: Before = Before.UNKNOWN
    after: After = After.UNKNOWN

    @property
    def protocol(self) -> str:
        """``unix``."""
        return "unix"

    @property
    def traits(self) -> list[str]:
        """What advice can ask for: the type of its socket, what its name is, and what it does about the file."""
        name = "abstract" if self.name.is_abstract else "long" if any(path.length > _LONG for path in _paths(self.calls)) else "path"
        return [self.kinds[0], name, self.before.name.lower(), f"end-{self.after.name.lower()}"]


def _paths(calls: Sequence[Call]) -> list[Path]:
    return [arg for call in calls for arg in call.args if isinstance(arg, Path)]


def unix_shape(one: Recorded, recording: Recording) -> tuple[UnixShape, dict[str, None]]:
    """The shape of a server, and what a reader must know of it."""
    assert one.name
    bound = next(act.line for act in one.acts if act.verb == "bind" and act.granted)
    mine = [act for act in recording.files if one.name.text in act.names or _made_for(act, one)]
    renamed = next(
        (act for act in mine if act.verb == "rename" and act.granted and act.names[0] == one.name.text and act.line > bound), None
    )
    reached = renamed.names[1] if renamed else one.name.text
    about = [act for act in recording.files if reached in act.names]
    before = Before.NEVER if one.name.is_abstract else _before(one, recording, [act for act in about if act.line < bound], bound)
    after, removed = _after(one, [act for act in about if act.line > bound and act is not renamed])
    spelling = recording.spelling
    shape = UnixShape(
        kinds=(one.kind,),
        hosts=("",),
        calls=tuple(_calls(one, mine, spelling, bound)),
        listens=(one.listening,),
        workers=len(one.workers) > 1,
        on_accepted=tuple(Option(name, value) for name, value in one.on_accepted.items()),
        options_known=True,
        name=spelling.of(reached),
        before=before,
        after=After.LEAVES if one.name.is_abstract else after,
    )
    return _alike(shape), dict.fromkeys(_notes(shape, reached, removed))


def _alike(shape: UnixShape) -> UnixShape:
    """The shape of a server that does the same at another path."""
    names: dict[str, str] = {}
    letters = iter("FGHIJKL")
    for path in dict.fromkeys([*_paths(shape.calls), shape.name]):
        head, _, last = path.bare.rstrip("/").rpartition("/")
        if not path.is_abstract and not path.of and not path.wants_folder and last:
            length = f"({path.length})" if path.length else ""
            names[path.text] = f"{'/D' if head else ''}/{next(letters, last)}{length}"
        elif path.wants_folder:
            names[path.text] = "/D/"
    return _replaced(shape, {text: Path(name) for text, name in names.items()})


def _replaced(shape: UnixShape, names: Mapping[str, Path]) -> UnixShape:
    calls = tuple(
        Call(call.verb, tuple(names.get(arg.text, arg) if isinstance(arg, Path) else arg for arg in call.args), call.on, call.makes)
        for call in shape.calls
    )
    return UnixShape(**{**vars(shape), "calls": calls, "name": names.get(shape.name.text, shape.name)})


def _made_for(act: FileAct, one: Recorded) -> bool:
    """Whether it made the folder in which the socket lies."""
    return act.verb == "make" and act.granted and bool(one.name) and str(one.name).rpartition("/")[0] == act.names[0].rstrip("/")


def _calls(one: Recorded, about: Sequence[FileAct], spelling: Spelling, bound: int) -> Iterator[Call]:
    """What it does to start on a path where nothing stands, in its order."""
    listens = max((act.line for act in one.acts if act.verb == "listen" and act.granted), default=bound)
    kept: list[tuple[int, Act | FileAct]] = [(act.line, act) for act in one.acts if act.granted]
    kept += [(act.line, act) for act in about if act.granted and _starts(act, bound, listens)]
    yield from (Call("make", (spelling.of(act.names[0]),)) for act in about if act.granted and act.verb == "make")
    yield Call(one.kind, makes="A")
    for _, act in sorted(kept, key=lambda pair: pair[0]):
        if isinstance(act, Act):
            yield Call(act.verb, () if act.verb == "listen" else spelling.args(act.args), on="A")
        else:
            yield Call(act.verb, (*map(spelling.of, act.names), *([act.mode] if act.mode else [])))


def _starts(act: FileAct, bound: int, listens: int) -> bool:
    """Whether a call on its file belongs to its start: a rename after the bind, and permissions."""
    return act.line > bound and (act.verb == "rename" or (act.verb == "chmod" and act.line <= listens + 5))


def _before(one: Recorded, recording: Recording, about: Sequence[FileAct], bound: int) -> Before:
    unlinked = next((act for act in reversed(about) if act.verb == "unlink"), None)
    earlier = [act for act in about if unlinked is None or act.line < unlinked.line]
    looked = next((act for act in reversed(earlier) if act.verb == "file"), None)
    asked = any(act.verb == "connect" for act in earlier)
    if unlinked is None:
        if asked or looked:
            return Before.LOOKS
        return Before.NEVER if recording.shows_files else Before.UNKNOWN
    if any(act.line < unlinked.line for act in _refused(one, recording, bound)):
        return Before.REFUSED
    if asked:
        return Before.ASKS
    return Before.SOCKETS if looked and looked.answer.name == "socket" else Before.ALWAYS


def _refused(one: Recorded, recording: Recording, bound: int) -> list[Act]:
    """The binds to this path that were refused before."""
    every = (act for other in recording.sockets for act in other.acts if act.args and act.args[0] == one.name)
    return [act for act in every if act.verb == "bind" and not act.granted and act.line < bound]


def _after(one: Recorded, about: Sequence[FileAct]) -> tuple[After, FileAct | None]:
    """What it does at its end. A look counts if it comes between the start and the unlink."""
    at = next((place for place in range(len(about) - 1, -1, -1) if about[place].verb == "unlink" and about[place].granted), None)
    if at is None:
        return (After.LEAVES if one.closed_at and not one.killed else After.UNKNOWN), None
    looked = any(act.verb == "file" for act in about[max(0, at - 2) : at])
    return (After.LOOKS if looked else After.UNLINKS), about[at]


def _notes(shape: UnixShape, reached: str, removed: FileAct | None) -> Iterator[str]:
    """What is said of the server before the situations."""
    if shape.name.is_abstract:
        return
    deletes = ", so that a regular file is deleted, too" if shape.before is Before.ALWAYS else ""
    yield f"what it does at its start if something stands at {reached}: {shape.before.value}{deletes}"
    if shape.before in NOT_SHOWN:
        yield RECORD_AGAIN
    yield f"what it does at its end about {reached}: {shape.after.value}{f' (line {removed.line})' if removed else ''}"
