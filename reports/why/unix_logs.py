"""Why a bind of AF_UNIX in a log was refused: by what the log shows, or by what the model knows to refuse it so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fixtures.language.notation import parse
from fixtures.language.stack import Untestable
from fixtures.language.words import EADDRINUSE, OK
from fixtures.models import Platform
from fixtures.specification.clauses import Reason
from reports.calls.files import FileAct, UnixName
from reports.calls.sockets import Act, Recorded, Recording

#: What can stand at a path, likeliest first: in words, as the answer of ``file``, the calls that make it so, and an experiment.
_STANDS = (
    (
        *("stale", "the stale file of a server that crashed, or that leaves its file"),
        *("socket", "A = unix()\nA.bind(/F)\nA.close()", "unix/bind/stale"),
    ),
    ("alive", "the socket of a server that is alive", "socket", "A = unix()\nA.bind(/F)\nA.listen()", "unix/bind/live"),
    ("bound", "a socket that is bound and does not listen yet", "socket", "A = unix()\nA.bind(/F)", "unix/bind/bound-not-listening"),
    ("file", "a file that is no socket", "file", "make(/F)", "unix/bind/regular-file"),
    ("folder", "a folder", "folder", "make(/F/)", "unix/bind/folder"),
    ("link", "a symbolic link, even one that leads nowhere", "link", "link(/F, /G)", "unix/bind/dangling-link"),
)
#: What else refuses a bind, whatever stands there.
_ELSE = (
    ("no-folder", "its folder is not there: make it first, or before the server is started", "", "B.bind(/D/F)", "unix/bind/no-folder"),
    ("through-file", "a file that is no folder is on its way", "", "make(/G)\nB.bind(/G/F)", "unix/bind/through-file"),
    (
        *("not-writable", "the user may not write in its folder, or not enter one on its way", ""),
        *("make(/D/)\nchmod(/D/, 0555)\nB.bind(/D/F)", "unix/permission/folder-0755/bind"),
    ),
    ("too-long", "the name is too long", "", "B.bind(/F(109))", "unix/length/path-109"),
    ("bound-already", "the socket has a name already", "", "B.bind(/G)\nB.bind(/F)", "unix/bind-again/other-path"),
)
_TAKEN = (
    *("taken", "a socket that is open has the name: of a server, or of a child that inherited it (nothing is left of one that is closed)"),
    *("", "A = other: unix()\nA.bind(@N)", "unix/abstract/live"),
)
_READ_ONLY = "the file system is mounted read-only"
_RECIPE = "docs/unix.md has a way to remove a stale file and nothing else; SO_REUSEADDR does not help"


@dataclass(frozen=True)
class Supposed:
    """What may have refused it: its word, in words, the clause, and an experiment."""

    word: str
    says: str
    because: Reason | None
    experiment: str

    def __str__(self) -> str:
        return f"{self.says}{f'  [{self.because.id}, {self.because.basis}]' if self.because else ''}"


@dataclass(frozen=True)
class UnixRefusal:
    """A refused bind to a name of AF_UNIX, and what explains it."""

    line: int
    call: str
    errno: str
    kind: str
    name: UnixName
    platform: Platform
    #: What the log itself shows of it, and what follows; empty if it shows nothing.
    shown: str
    supposed: tuple[Supposed, ...]

    @property
    def headline(self) -> str:
        """The call and its answer."""
        return f"{self.kind} (line {self.line}): {self.call} of {self.name} was {self.errno}"

    def told(self) -> Iterator[str]:
        """What explains it, a line for each thing."""
        if self.shown:
            yield self.shown
        if len(self.supposed) == 1:
            yield str(self.supposed[0])
        elif self.supposed:
            yield f"each of these refuses it on {self.platform}, likeliest first:"
            yield from (f"  {one}" for one in self.supposed)
        elif not self.shown:
            yield _READ_ONLY if self.errno == "EROFS" else f"nothing that the model of {self.platform} knows refuses it so"
        if self.supposed:
            yield f"see {', '.join(one.experiment for one in self.supposed[:3])}"
        if self.errno == EADDRINUSE.name and not self.name.is_abstract:
            yield f"which of them, on that machine: addrinuse why {self.name}"
            yield _RECIPE

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            **{"line": self.line, "call": self.call, "answer": self.errno, "address": str(self.name), "protocol": self.kind},
            **{"options": [], "platform": str(self.platform), "own_sockets": [], "because": None, "says": self.shown or None},
            "holders": [
                {"says": one.says, "cause": one.word, "because": one.because.id if one.because else None, "experiments": [one.experiment]}
                for one in self.supposed
            ],
        }


def explained(one: Recorded, act: Act, recording: Recording, platform: Platform, uid: int) -> UnixRefusal | None:
    """Why a bind was refused. None if it is no bind to a name."""
    name = next((arg for arg in act.args if isinstance(arg, UnixName)), None)
    if act.verb != "bind" or name is None or platform.model is None:
        return None
    stood, shown = _shown(one, act, name, recording)
    errno = act.answer.name
    found = tuple(_supposed(one.kind, name, errno, platform, uid, stood))
    return UnixRefusal(act.line, act.verb, errno, one.kind, name, platform, shown, found)


def _shown(one: Recorded, act: Act, name: UnixName, recording: Recording) -> tuple[tuple[str, ...], str]:
    """What stood there, as far as the log shows, by the words of what can, and that in a sentence."""
    if act.answer != EADDRINUSE:
        return (), ""
    for other in recording.sockets:
        bound = any(did.args and did.args[0] == name and did.verb == "bind" and did.granted and did.line < act.line for did in other.acts)
        closed = other.closed_at if other.closed_at < act.line else 0
        if other is one or not bound or (closed and name.is_abstract):
            continue
        if closed:
            return ("stale",), f"the program's own socket (line {other.line}) left its file there when it was closed (line {closed})"
        return ("alive", "bound", "taken"), f"the program's own socket (line {other.line}) has it"
    looks = [did for did in recording.files if name.text in did.names and did.verb in ("file", "connect")]
    near = sorted(looks, key=lambda did: abs(did.line - act.line))
    return next((told for did in near if (told := _told(did, name))), ((), ""))


def _told(did: FileAct, name: UnixName) -> tuple[tuple[str, ...], str] | None:
    """What a look or a connect of the program says of what stands there."""
    if did.verb == "connect":
        answers = {"ECONNREFUSED": (("stale", "bound"), "nobody listened there"), OK.name: (("alive",), "a server was there")}
        words, says = answers.get(did.answer.name, ((), ""))
        return (words, f"{says}: a connect to {name} was {did.answer} (line {did.line})") if words else None
    stands = tuple(word for word, _, answer, *_ in _STANDS if answer == did.answer.name)
    return (stands, f"a look at {name} showed a {did.answer} (line {did.line})") if stands else None


def _supposed(kind: str, name: UnixName, errno: str, platform: Platform, uid: int, stood: Sequence[str]) -> Iterator[Supposed]:
    """What refuses it so, by the model."""
    if name.is_abstract:
        rows = [(_TAKEN[0], _TAKEN[1], f"{_TAKEN[3]}\nB = {kind}()\nB.bind(@N)", _TAKEN[4])]
    else:
        rows = [(word, says, f"{calls}\nB = {kind}()\nB.bind(/F)", experiment) for word, says, _, calls, experiment in _STANDS]
        rows += [(word, says, f"B = {kind}()\n{calls}", experiment) for word, says, _, calls, experiment in _ELSE]
    for word, says, script, experiment in rows:
        if stood and word not in stood:
            continue
        answer, because = _last(script, platform, uid)
        if answer == errno:
            yield Supposed(word, says, because, experiment)


def _last(script: str, platform: Platform, uid: int) -> tuple[str, Reason | None]:
    """What the model answers to the last call of a script."""
    model = platform.make(uid)
    try:
        answers = [model.perform(call) for call, _ in parse(script)]
    except Untestable:
        return "", None
    return answers[-1].name, answers[-1].because
