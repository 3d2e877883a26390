"""The servers of a recording: the sockets that hold one port together, and their calls, without this machine's addresses."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import count

from fixtures.language.notation import Call
from fixtures.language.words import Address, Option
from reports.calls import Recorded, Recording
from reports.calls.files import UnixName
from reports.calls.sockets import RESERVED_BELOW, Act, is_reserved
from reports.porting.at_path import unix_shape
from reports.porting.shape import Shape, numbered

#: What a server does to start.
SETUP = ("setsockopt", "bind", "listen", "join")
#: How many sockets that do the same are played.
ENOUGH = 2
#: How many sockets of one port are played.
MOST = 20


@dataclass
class Group:
    """A server: its sockets at one port, and all the ports where it does the same."""

    shape: Shape
    sockets: list[Recorded]
    #: Those that are played, each a member of the shape.
    members: list[Recorded]
    places: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    @property
    def ports(self) -> list[str]:
        """The ports where it does the same."""
        return list(self.places)

    @property
    def is_unix(self) -> bool:
        """Whether it is a server on AF_UNIX, so that its ports are paths."""
        return self.shape.protocol == "unix"

    @cached_property
    def title(self) -> str:
        """Its sockets and addresses as they were recorded."""
        named = dict.fromkeys((one.kind, one.place, _at(one)) for one in self.sockets[: 1 if self.is_unix else None] if one.place)
        shown = [f"{kind} {place}{at}" for kind, place, at in named]
        more = (
            f", and the same at {'' if self.is_unix else 'port '}{', '.join(self.ports[1:4])}{' and others' * (len(self.ports) > 4)}"
            if self.ports[1:]
            else ""
        )
        return ", ".join(shown) + more


def groups_of(recording: Recording) -> list[Group]:
    """The servers of a recording. Those that do the same are one."""
    found: dict[Shape, Group] = {}
    told: dict[tuple[object, ...], Group] = {}
    every = recording.servers
    servers = [one for one in every if not one.is_unix]
    low = _lowest(servers)
    for sockets in _together(servers):
        story = _story(sockets, low)
        group = told.get(story)
        if group is None:
            shape, members = _shape(sockets, low)
            group = told[story] = found.setdefault(shape, Group(shape, sockets, members))
        group.places[f"{_port(sockets[0])}{_at(sockets[0])}"] = None
        for one in sockets:
            group.notes |= one.notes
        if len(sockets) > len(group.shape.kinds):
            group.notes[f"{len(sockets)} sockets at these addresses; of those that do the same {ENOUGH} are played, of all {MOST}"] = None
    for one in every:
        if one.is_unix:
            unix, notes = unix_shape(one, recording)
            group = found.setdefault(unix, Group(unix, [], []))
            group.places[str(one.name)] = None
            group.sockets.append(one)
            group.members.append(one)
            group.notes |= notes | one.notes
    return list(found.values())


def _at(one: Recorded) -> str:
    """The interface that a socket is restricted to, as it is written behind an address."""
    return f"%{one.device}" if one.device else ""


def drawn(recording: Recording) -> list[Recorded]:
    """The servers whose port was chosen by the system."""
    return [one for one in recording.servers if not one.is_unix and _port(one) == "0"]


def _port(one: Recorded) -> str:
    """Its port. One that is named after another socket was chosen by the system, so it is 0 as well."""
    port = one.address.port if one.address else "0"
    return "0" if port.startswith("port(") else port


def _together(servers: Iterable[Recorded]) -> list[list[Recorded]]:
    """The sockets of one protocol and port that were open at the same time.

    A port that was free for a while has several such lists. So has one with sockets that are
    restricted to interfaces, because those of different interfaces never meet (Linux,
    inet_csk_get_port and udp_lib_lport_inuse compare sk_bound_dev_if).
    """
    found: list[list[Recorded]] = []
    latest: dict[tuple[str, str, str], list[Recorded]] = {}
    ends: dict[tuple[str, str, str], float] = {}
    placed = [(_bound_at(one), one) for one in servers if _port(one) != "0"]
    for line, one in sorted(placed, key=lambda found: found[0]):
        key = (one.protocol, _port(one), one.device)
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


def _story(sockets: Sequence[Recorded], low: str) -> tuple[object, ...]:
    """What decides the shape, and is quick to tell: some logs have thousands of servers that do the same, each with one socket."""
    if len(sockets) > 1:
        return tuple(map(id, sockets))
    (one,) = sockets
    acts = tuple((act.verb, act.verb not in ("bind", "listen") and act.args) for act in setup(one))
    host = one.address and one.address.host
    return one.kind, host, _played_port(one, low), one.listening, one.inherited, len(one.workers) > 1, tuple(one.on_accepted.items()), acts


def _lowest(servers: Iterable[Recorded]) -> str:
    """The lowest port. All that are reserved are played under it, so that a server at 80 and 443 is one."""
    return str(min((int(port) for port in map(_port, servers) if port.isdecimal() and port != "0"), default=RESERVED_BELOW))


def _played_port(one: Recorded, low: str) -> str:
    """A reserved port is played as a number, and any other as P."""
    return low if one.address and is_reserved(one.address) else "P"


def _shape(sockets: Sequence[Recorded], low: str) -> tuple[Shape, list[Recorded]]:
    """What these sockets do, and those of them that are played."""
    hosts = _hosts(sockets, _played_port(sockets[0], low))
    kept = _kept(sockets, hosts)
    processes = {number: place for place, number in enumerate(dict.fromkeys(one.process for one in kept))}
    calls: list[tuple[int, int, Call]] = []
    for member, one in enumerate(kept):
        name, actor = numbered("A", member), "other" if processes[one.process] else None
        calls.append((one.line, member, Call(one.kind, makes=name, actor=actor)))
        if one.inherited and one.address:
            calls.append((one.line, member, Call("bind", (hosts[id(one)],), on=name)))
        calls += [(act.line, member, _call(name, act, hosts[id(one)])) for act in setup(one)]
    shape = Shape(
        tuple(one.kind for one in kept),
        tuple(hosts[id(one)].host for one in kept),
        tuple(call for _, _, call in sorted(calls, key=lambda found: found[:2])),
        tuple(one.listening for one in kept),
        any(len(one.workers) > 1 for one in sockets),
        next((_options(one.on_accepted) for one in sockets if one.on_accepted), ()),
        not any(one.inherited for one in sockets),
        _played_port(sockets[0], low),
        _own(kept, hosts),
    )
    return shape, kept


def _options(values: Mapping[str, int]) -> tuple[Option, ...]:
    return tuple(Option(name, value) for name, value in values.items())


def setup(one: Recorded) -> list[Act]:
    """What a socket does to start. Of SO_LINGER only what a later connection can inherit: a server that closes may set it last."""
    return [act for act in one.acts if act.verb in SETUP and act.granted and not _closes(act, one)]


def _closes(act: Act, one: Recorded) -> bool:
    if act.args[:1] != ("SO_LINGER",):
        return False
    listened = next((other.line for other in one.acts if other.verb == "listen"), act.line)
    return act.line > max(listened, one.accepted_at)


def _call(name: str, act: Act, address: Address) -> Call:
    """A call as it is played. A queue holds everybody there: what a small one does is told apart from the situations (``warnings``)."""
    if act.verb in ("bind", "listen"):
        return Call(act.verb, (address,) if act.verb == "bind" else (), on=name)
    return Call(act.verb, tuple(arg for arg in act.args if not isinstance(arg, UnixName)), on=name)


def _hosts(sockets: Sequence[Recorded], port: str) -> dict[int, Address]:
    """The address of each socket. Those of this machine alone get names that every machine has."""
    hosts = dict.fromkeys(one.address.host for one in sockets if one.address)
    free = {kind: _free(start, hosts) for kind, start in _STARTS.items()}
    names = {host: next(free[kind]) if (kind := _kind(host)) else host for host in hosts}
    return {id(one): Address(names[one.address.host], port) for one in sockets if one.address}


def _free(start: str, taken: Container[str]) -> Iterator[str]:
    return (host for number in count(1) if (host := f"{start}{number}") not in taken)


def _own(sockets: Sequence[Recorded], hosts: Mapping[int, Address]) -> tuple[str, ...]:
    """The addresses that stand for others, which the machine has."""
    found = dict.fromkeys(hosts[id(one)].host for one in sockets if one.address and _kind(one.address.host))
    return tuple(host.removeprefix("::ffff:") for host in found)


@lru_cache(maxsize=1024)
def _kind(host: str) -> str:
    """What kind of specific address it is. Nothing for one that is no machine's own, be it of the loopback network."""
    address = Address(host)
    if address.is_wildcard or address.is_multicast or address.in_loopback_net or host == "::1":
        return ""
    return "mapped" if host.lower().startswith("::ffff:") and "." in host else str(address.family)


#: What the specific addresses of this machine are replaced with; a number follows.
_STARTS = {"4": "127.0.0.", "6": "::", "mapped": "::ffff:127.0.0."}


def _kept(sockets: Sequence[Recorded], hosts: dict[int, Address]) -> list[Recorded]:
    """The sockets that are played: only a few of those that do the same."""
    seen: dict[tuple[object, ...], int] = {}
    kept: list[Recorded] = []
    for one in sockets:
        same = (one.kind, hosts[id(one)], one.listening, *((act.verb, act.args) for act in one.acts if act.verb in ("setsockopt", "join")))
        seen[same] = seen.get(same, 0) + 1
        if seen[same] <= ENOUGH and len(kept) < MOST:
            kept.append(one)
    return kept
