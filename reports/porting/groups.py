"""The servers of a recording: the sockets that hold one port together, and what they do, free of this machine's addresses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from fixtures.language.words import Address
from reports.calls import Recorded, Recording
from reports.calls.sockets import Act

#: Options, bind and listen: what a server does before it is asked anything.
SETUP = ("setsockopt", "bind", "listen")
#: Of sockets that do the same only so many are played, and of all at one port so many.
ENOUGH = 2
MOST = 20


class Move(NamedTuple):
    """One call of a server that starts: which of its sockets, what, and with which arguments; ``socket`` makes it."""

    member: int
    verb: str
    args: tuple[object, ...] = ()
    process: int = 0

    def written(self, name: str) -> str:
        """The call in the notation, on a socket of this name."""
        if self.verb == "socket":
            return f"{name} = {self.args[0]}()"
        return f"{name}.{self.verb}({', '.join(map(str, self.args))})"


@dataclass(frozen=True)
class Shape:
    """What a server does with its port: equal for two that do the same."""

    kinds: tuple[str, ...]
    hosts: tuple[str, ...]
    moves: tuple[Move, ...]
    listens: tuple[bool, ...]
    workers: bool
    on_accepted: tuple[tuple[str, int], ...]
    options_known: bool

    @property
    def protocol(self) -> str:
        """``tcp`` or ``udp``."""
        return self.kinds[0][:3]

    @property
    def options(self) -> frozenset[str]:
        """The options that it sets to another value than 0."""
        return frozenset(str(move.args[0]) for move in self.moves if move.verb == "setsockopt" and move.args[1])

    @property
    def distinct(self) -> list[int]:
        """Its sockets, of those that do the same only the first."""
        seen: dict[tuple[object, ...], int] = {}
        for member in range(len(self.kinds)):
            seen.setdefault(self.doing(member), member)
        return sorted(seen.values())

    @property
    def twins(self) -> bool:
        """Whether several of its sockets have the same address."""
        return len(set(zip(self.kinds, self.hosts, strict=True))) < len(self.kinds)

    def doing(self, member: int) -> tuple[object, ...]:
        """What one socket does."""
        return (self.kinds[member], self.hosts[member], *((m.verb, m.args) for m in self.moves if m.member == member))


@dataclass
class Group:
    """A server's sockets at one port, with all the ports where it does the same."""

    shape: Shape
    sockets: list[Recorded]
    places: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    @property
    def ports(self) -> list[str]:
        """The ports where it does the same."""
        return list(self.places)

    @property
    def title(self) -> str:
        """Its sockets and addresses as they were recorded."""
        shown = dict.fromkeys(f"{one.kind} {one.address}" for one in self.sockets if one.address)
        more = f", and the same at port {', '.join(self.ports[1:4])}{' and others' * (len(self.ports) > 4)}" if self.ports[1:] else ""
        return ", ".join(shown) + more


def groups_of(recording: Recording) -> list[Group]:
    """The servers of a recording; those that do the same are one."""
    found: dict[Shape, Group] = {}
    told: dict[tuple[object, ...], Group] = {}
    for sockets in _together(recording.servers):
        story = _story(sockets)
        group = told.get(story)
        if group is None:
            shape = _shape(sockets)
            group = told[story] = found.setdefault(shape, Group(shape, sockets))
        group.places[sockets[0].address.port if sockets[0].address else ""] = None
        for one in sockets:
            group.notes |= one.notes
        if len(sockets) > len(group.shape.kinds):
            group.notes[f"{len(sockets)} sockets at these addresses; of those that do the same {ENOUGH} are played, of all {MOST}"] = None
    return list(found.values())


def drawn(recording: Recording) -> list[Recorded]:
    """The servers whose port the system chose."""
    return [one for one in recording.servers if _port(one) == "0"]


def _port(one: Recorded) -> str:
    """Its port; one that was told by that of another socket is the system's choice, too."""
    port = one.address.port if one.address else "0"
    return "0" if port.startswith("port(") else port


def _together(servers: Iterable[Recorded]) -> list[list[Recorded]]:
    """Sockets of one protocol and port that were open at the same time, each such generation for itself."""
    found: list[list[Recorded]] = []
    latest: dict[tuple[str, str], list[Recorded]] = {}
    ends: dict[tuple[str, str], float] = {}
    placed = [(_bound_at(one), one) for one in servers if _port(one) != "0"]
    for line, one in sorted(placed, key=lambda found: found[0]):
        key = (one.protocol, _port(one))
        if ends.get(key, 0) <= line:
            latest[key] = []
            found.append(latest[key])
        latest[key].append(one)
        ends[key] = max(ends.get(key, 0), one.closed_at or math.inf)
    return found


def _bound_at(one: Recorded) -> int:
    for act in one.acts:
        if act.verb == "bind" and act.granted:
            return act.line
    return one.line


def _story(sockets: Sequence[Recorded]) -> tuple[object, ...]:
    """What decides the shape, and is told at once: logs have thousands of servers that do the same, each with one socket."""
    if len(sockets) > 1:
        return tuple(map(id, sockets))
    (one,) = sockets
    acts = tuple((act.verb, act.verb != "bind" and act.args) for act in one.acts if _counts(act))
    host = one.address and one.address.host
    return one.kind, host, one.listening, one.inherited, len(one.workers) > 1, tuple(one.on_accepted.items()), acts


def _shape(sockets: Sequence[Recorded]) -> Shape:
    hosts = _hosts(sockets)
    kept = _kept(sockets, hosts)
    processes = {number: place for place, number in enumerate(dict.fromkeys(one.process for one in kept))}
    moves: list[tuple[int, int, Move]] = []
    for member, one in enumerate(kept):
        mine = processes[one.process]
        moves.append((one.line, member, Move(member, "socket", (one.kind,), mine)))
        if one.inherited and one.address:
            moves.append((one.line, member, Move(member, "bind", (hosts[id(one)],), mine)))
        moves += [(act.line, member, _move(member, act, hosts[id(one)], mine)) for act in one.acts if _counts(act)]
    return Shape(
        tuple(one.kind for one in kept),
        tuple(hosts[id(one)].host for one in kept),
        tuple(move for _, _, move in sorted(moves, key=lambda found: found[:2])),
        tuple(one.listening for one in kept),
        any(len(one.workers) > 1 for one in sockets),
        tuple(next((tuple(one.on_accepted.items()) for one in sockets if one.on_accepted), ())),
        not any(one.inherited for one in sockets),
    )


def _counts(act: Act) -> bool:
    return act.verb in SETUP and act.granted


def _move(member: int, act: Act, address: Address, process: int) -> Move:
    return Move(member, act.verb, (address,) if act.verb == "bind" else act.args, process)


def _hosts(sockets: Sequence[Recorded]) -> dict[int, Address]:
    """Each socket's address with a host that every machine has."""
    names: dict[str, dict[str, str]] = {}
    return {id(one): Address(_host(one.address.host, names)) for one in sockets if one.address}


def _host(host: str, names: dict[str, dict[str, str]]) -> str:
    kind = _kind(host)
    if not kind:
        return host
    alike = names.setdefault(kind, {})
    return alike.setdefault(host, f"{_STARTS[kind]}{len(alike) + 1}")


@lru_cache(maxsize=1024)
def _kind(host: str) -> str:
    """Which kind of specific address it is; nothing for one that every machine has."""
    address = Address(host)
    if address.is_wildcard or address.is_multicast:
        return ""
    return "mapped" if host.lower().startswith("::ffff:") and "." in host else str(address.family)


#: What stands for the specific addresses of this machine, in the order in which they come.
_STARTS = {"4": "127.0.0.", "6": "::", "mapped": "::ffff:127.0.0."}


def _kept(sockets: Sequence[Recorded], hosts: dict[int, Address]) -> list[Recorded]:
    """Of sockets that do the same only a few."""
    seen: dict[tuple[object, ...], int] = {}
    kept: list[Recorded] = []
    for one in sockets:
        same = (one.kind, hosts[id(one)], *((act.verb, act.args) for act in one.acts if act.verb == "setsockopt"))
        seen[same] = seen.get(same, 0) + 1
        if seen[same] <= ENOUGH and len(kept) < MOST:
            kept.append(one)
    return kept
