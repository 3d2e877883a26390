"""A recording: the sockets of a program, with what was done to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import NamedTuple

from fixtures.language.kinds import UNIX_KINDS
from fixtures.language.notation import Argument, Call
from fixtures.language.stack import socket_names
from fixtures.language.words import OK, Address, Answer
from reports.calls.files import FileAct, UnixName
from reports.calls.spelling import Spelling

#: On many systems only root may bind a lower port.
RESERVED_BELOW = 1024


class Act(NamedTuple):
    """One call on a socket: its line in the log, the process (0 made the first socket), and the answer.

    ``shown`` is false if nobody wrote the answer down, so that it is taken for ok.
    """

    line: int
    verb: str
    args: tuple[Argument | UnixName, ...]
    process: int
    answer: Answer = OK
    shown: bool = True

    @property
    def granted(self) -> bool:
        """Whether the answer was ok."""
        return self.answer is OK or self.answer.name == OK.name


@cache
def _of_kind(kind: str) -> tuple[bool, str, int]:
    return (True, "unix", 0) if kind in UNIX_KINDS else (False, kind[:3], int(kind[3]))


@dataclass(eq=False)
class Recorded:
    """A socket as it was recorded."""

    kind: str
    line: int
    process: int
    acts: list[Act] = field(default_factory=list)
    #: The address that it was bound to, if it was bound.
    address: Address | None = None
    listening: bool = False
    connected: bool = False
    closed_at: int = 0
    #: How many connections it accepted, the line of the last one, and the options that were set on them, each with its first value.
    accepted: int = 0
    accepted_at: int = 0
    on_accepted: dict[str, int] = field(default_factory=dict)
    #: Whether it is older than the log, so that its options are not known.
    inherited: bool = False
    #: The processes that listened or accepted on it, each with the line of the first time.
    workers: dict[int, int] = field(default_factory=dict)
    #: What a reader must know about it, such as an option that no model knows.
    notes: dict[str, None] = field(default_factory=dict)
    #: Whether a datagram came in. Then it is no client, although it connects.
    received: bool = False
    #: The processes that have it since they ran another program, each with the name of that.
    kept_by: dict[int, str] = field(default_factory=dict)
    #: The options that it has, but no model.
    unmodelled: dict[str, None] = field(default_factory=dict)
    #: The network interface that it is restricted to.
    device: str = ""
    #: Whether it was made for Multipath TCP. Where that is absent programs fall back to TCP, so ``kind`` is that of TCP.
    mptcp: bool = False
    #: The name that it was bound to, if it is of AF_UNIX.
    name: UnixName | None = None
    #: Whether its last process was killed by SIGKILL, as after a crash.
    killed: bool = False

    #: Whether it is of AF_UNIX; ``tcp``, ``udp`` or ``unix``; and 4 or 6, or 0 for AF_UNIX.
    is_unix: bool = field(init=False)
    protocol: str = field(init=False)
    family: int = field(init=False)

    def __post_init__(self) -> None:
        self.is_unix, self.protocol, self.family = _of_kind(self.kind)

    @property
    def place(self) -> Address | UnixName | None:
        """Its address or its name, if it was bound."""
        return self.address or self.name

    def for_mptcp(self) -> None:
        """Note that it was made for Multipath TCP."""
        self.mptcp = True
        self.notes["it was made for Multipath TCP, which Linux alone has; the answers are those of TCP, to which programs fall back"] = None

    @property
    def serves(self) -> bool:
        """Whether others can reach it: it is bound, and is not a client that connects."""
        if self.is_unix and self.kind != "unixgram":
            return self.name is not None and self.listening
        return self.place is not None and (self.listening or not self.connected)

    @property
    def forgettable(self) -> bool:
        """Whether nothing is to be said of it, once it is closed, but that there was one."""
        return not self.serves and not self.refusals

    @property
    def refusals(self) -> list[Act]:
        """The calls that were refused when it was recorded."""
        return [act for act in self.acts if not act.granted]


@dataclass
class Recording:
    """The sockets of a log, in the order in which they were made, but for closed ones that served nobody."""

    sockets: list[Recorded] = field(default_factory=list)
    #: How many were closed that served nobody: clients, and others.
    clients: int = 0
    unused: int = 0
    #: How many calls were understood.
    calls: int = 0
    #: What a reader must know about the whole log.
    notes: dict[str, None] = field(default_factory=dict)
    #: The names of the programs that were run, according to the log.
    programs: dict[str, None] = field(default_factory=dict)
    #: What was done about the files of its AF_UNIX sockets, and whether the log shows calls on files at all.
    files: list[FileAct] = field(default_factory=list)
    shows_files: bool = True
    #: Whether it is a script, whose names are those of the notation.
    is_script: bool = False

    @property
    def number(self) -> int:
        """How many sockets were made."""
        return len(self.sockets) + self.clients + self.unused

    @cached_property
    def servers(self) -> list[Recorded]:
        """The sockets that others can reach. To be asked for when all calls were followed."""
        return [one for one in self.sockets if one.serves]

    @property
    def reserved(self) -> list[tuple[str, Address]]:
        """The low ports of which the log shows that they were bound, which on many systems only root may do."""
        bound = ((one.kind, act) for one in self.sockets for act in one.acts if act.verb == "bind" and act.granted and act.shown)
        found = ((kind, address) for kind, act in bound for address in act.args if isinstance(address, Address))
        return [(kind, address) for kind, address in found if is_reserved(address)]

    def forget_ends(self) -> None:
        """Take every socket for one that stays, because nobody knows which of them were open at the same time."""
        self.notes["the files have no times, so all sockets are taken to be open together; strace -ff -ttt writes times"] = None
        for one in self.sockets:
            one.closed_at = 0

    @cached_property
    def spelling(self) -> Spelling:
        """How the names of its AF_UNIX sockets are written."""
        named = (arg for one in self.sockets for act in one.acts for arg in act.args if isinstance(arg, UnixName))
        return Spelling(named, self.files, is_script=self.is_script)

    def notation(self) -> str:
        """The recording as a script. Sockets that neither serve nor were refused anything are left out."""
        kept = [one for one in self.sockets if one.serves or any(act.verb in ("bind", "listen") for act in one.refusals)]
        spelling, names = self.spelling, socket_names()
        lines = [*_lines(kept, spelling, names), *_file_lines(self.files, spelling, names)]
        if not self.is_script:
            lines += _before(self, spelling, names)
        return "\n".join(text for _, text in sorted(lines, key=lambda pair: pair[0]))


def is_reserved(address: Address) -> bool:
    """Whether its port is one that many systems keep for root."""
    return address.port.isdecimal() and 0 < int(address.port) < RESERVED_BELOW


def _lines(sockets: Sequence[Recorded], spelling: Spelling, names: Iterator[str]) -> Iterator[tuple[int, str]]:
    for one in sockets:
        name = next(names)
        known = {one.process: name}
        if one.inherited:
            yield one.line, f"# {name} was there before the recording began; its options are not known"
        kind = f"mp{one.kind}" if one.mptcp else one.kind
        yield one.line, str(Call(kind, (), makes=name, actor=_actor(one.process)))
        for act in one.acts:
            if act.process not in known and act.verb in ("listen", "bind", "setsockopt", "join"):
                known[act.process] = next(names)
                yield act.line, str(Call("inherit", (), on=name, makes=known[act.process]))
            yield act.line, _written(Call(act.verb, spelling.args(act.args), on=known.get(act.process, name)), act.answer)
        end = max((act.line for act in one.acts if act.verb != "setsockopt"), default=one.line)
        for process, line in one.workers.items():
            if process not in known:
                known[process] = next(names)
                end = max(end, line)
                yield line, str(Call("inherit", (), on=name, makes=known[process]))
        if one.accepted:
            taker = next(reversed(one.workers), one.process)
            child, end = next(names), max(end, one.accepted_at)
            yield end, str(Call("accept", (), on=known.get(taker, name), makes=child))
            for option, value in one.on_accepted.items():
                yield end, str(Call("setsockopt", (option, value), on=child))
        if one.closed_at:
            end = max(end, *(act.line for act in one.acts)) if one.acts else end
            # Every process has closed its own by then.
            yield from ((max(one.closed_at, end), str(Call("close", (), on=copy))) for copy in known.values())


def _file_lines(acts: Sequence[FileAct], spelling: Spelling, names: Iterator[str]) -> Iterator[tuple[int, str]]:
    """The calls on the files of sockets. Who asks by a connect has a socket for that."""
    for act in acts:
        paths = tuple(map(spelling.of, act.names))
        if act.verb == "connect":
            asking = next(names)
            yield act.line, str(Call(act.kind, (), makes=asking, actor=_actor(act.process)))
            yield act.line, _written(Call("connect", paths, on=asking), act.answer)
        else:
            args: tuple[Argument, ...] = (*paths, act.mode) if act.mode else paths
            yield act.line, _written(Call(act.verb, args, actor=_actor(act.process)), act.answer)


def _before(recording: Recording, spelling: Spelling, names: Iterator[str]) -> Iterator[tuple[int, str]]:
    """What stood at a path when the log began, as far as the first call about it tells."""
    for name in dict.fromkeys(name for act in recording.files for name in act.names[:1]):
        first = next(act for act in recording.files if name in act.names)
        bound = min((act.line for one in recording.sockets for act in one.acts if act.args and str(act.args[0]) == name), default=0)
        if first.line > bound or first.verb not in ("file", "unlink", "connect"):
            continue
        path, alive = spelling.of(name), first.verb == "connect" and first.granted
        if alive or (first.answer.name, first.verb) in ((OK.name, "unlink"), ("socket", "file"), ("ECONNREFUSED", "connect")):
            made = next(names)
            yield 0, str(Call("unix", (), makes=made, actor="other"))
            yield 0, _written(Call("bind", (path,), on=made), OK)
            yield 0, _written(Call("listen" if alive else "close", (), on=made), OK)
        elif first.answer.name == "file":
            yield 0, _written(Call("make", (path,)), OK)


def _actor(process: int) -> str | None:
    return "other" if process else None


def _written(call: Call, answer: Answer) -> str:
    return f"{call} = {answer}"
