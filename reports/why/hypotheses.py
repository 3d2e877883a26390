"""Which holders would refuse a call, when nobody can look: every kind of holder is put on the model, likeliest first."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from fixtures.language.words import ESTABLISHED, LISTEN, TIME_WAIT, UNKNOWN, Address
from fixtures.machine.holding import BOUND, UNCONNECTED, Holder, Row
from fixtures.models import Platform
from fixtures.models import situations as S
from fixtures.specification.clauses import Reason
from reports.why.causes import CAUSES, Cause
from reports.why.world import Newcomer, Supposed, World, supposed

_PEER = {4: ("192.0.2.1", 443), 6: ("2001:db8::1", 443)}
_CLIENT = {4: ("192.0.2.1", 50000), 6: ("2001:db8::1", 50000)}
_LOOPBACK = {4: "127.0.0.1", 6: "::1"}
_WILDCARD = {4: "0.0.0.0", 6: "::"}
#: A user who is neither root nor the one who asks.
_SOMEBODY_ELSE = 60002


@dataclass(frozen=True)
class Hypothesis:
    """A kind of holder, the options with which it refuses, in words, and the clause by which it does."""

    says: str
    options: str
    cause: Cause
    because: Reason | None

    def __str__(self) -> str:
        return f"{self.says}{self.options}"


@functools.lru_cache(maxsize=1000)
def _hypotheses(platform: Platform, newcomer: Newcomer, call: str, errno: str) -> tuple[Hypothesis, ...]:
    world = World(platform)
    found = [one for says, row in _kinds(newcomer) if (one := _tried(world, newcomer, call, errno, says, row))]
    return tuple({str(one): one for one in found}.values())


def hypotheses(platform: Platform, newcomer: Newcomer, call: str, errno: str) -> list[Hypothesis]:
    """The holders each of which alone would make this call fail with this errno, likeliest first."""
    return list(_hypotheses(platform, newcomer, call, errno))


def _kinds(newcomer: Newcomer) -> Iterator[tuple[str, Row]]:
    """What can hold a port, likeliest first, with its place."""
    states = {
        "tcp": (LISTEN, "a listener at {} (a server, or a child that inherited its socket)"),
        "udp": (UNCONNECTED, "a UDP socket at {}"),
    }
    state, what = states[newcomer.protocol]
    for host in _places(newcomer):
        yield what.format(Address(host, str(newcomer.port))), _row(newcomer, host, state)
        what = what.partition(" (")[0]
    own = newcomer.host if not newcomer.address.is_wildcard else _LOOPBACK[newcomer.family]
    family = Address(own).family
    if newcomer.protocol == "udp":
        yield f"a UDP client that drew port {newcomer.port}", _row(newcomer, own, ESTABLISHED, _PEER[family])
        return
    yield f"TIME_WAIT of a connection that a server at port {newcomer.port} closed first", _row(newcomer, own, TIME_WAIT, _CLIENT[family])
    yield f"a connection that a server at port {newcomer.port} accepted", _row(newcomer, own, ESTABLISHED, _CLIENT[family])
    yield f"a socket that is bound to {newcomer.address} and does not listen", _row(newcomer, newcomer.host, BOUND)
    yield f"an outgoing connection that drew port {newcomer.port}", _row(newcomer, own, ESTABLISHED, _PEER[family])
    if own == _LOOPBACK[family]:
        yield "a client that is connected to itself", _row(newcomer, own, ESTABLISHED, (own, newcomer.port))


def _places(newcomer: Newcomer) -> list[str]:
    """The addresses at which a holder meets the newcomer: its own, the wildcards, and for a wildcard one address."""
    hosts = [newcomer.host, *_WILDCARD.values(), *([*_LOOPBACK.values()] if newcomer.address.is_wildcard else [])]
    return list(dict.fromkeys(hosts))


def _row(newcomer: Newcomer, host: str, state: str, remote: tuple[str, int] | None = None) -> Row:
    has_owner = state != TIME_WAIT
    v6only = False if host == "::" else None
    uid, inode = (newcomer.uid, 1) if has_owner else (None, None)
    return Row(newcomer.protocol, Address(host).family, state, host, newcomer.port, remote, uid, inode, None, v6only)


def _tried(world: World, newcomer: Newcomer, call: str, errno: str, says: str, row: Row) -> Hypothesis | None:
    """The hypothesis, if with some options this holder refuses the call so. Another user counts only if his are refused more often."""
    model = world.platform.model
    assert model
    mine, reason = _refusing(world, supposed(Holder(row), model), newcomer, call, errno)
    every = [_names(one) for one in supposed(Holder(row), model)]
    cause = CAUSES[_cause(row, newcomer)]
    if mine:
        return Hypothesis(says, _spoken(mine, every), cause, reason)
    if row.inode is None:
        return None
    theirs, reason = _refusing(world, supposed(Holder(replace(row, uid=_SOMEBODY_ELSE)), model), newcomer, call, errno)
    return Hypothesis(f"{says}, of another user", _spoken(theirs, every), CAUSES["other-user"], reason) if theirs else None


def _refusing(
    world: World, several: Sequence[Supposed], newcomer: Newcomer, call: str, errno: str
) -> tuple[list[frozenset[str]], Reason | None]:
    found, reason = [], None
    for one in several:
        outcomes = world.outcomes([], newcomer, late=[one]) if call == "listen" else world.outcomes([one], newcomer)
        refused = next((outcome for outcome in outcomes if (outcome.call, outcome.answer) == (call, errno)), None)
        if refused and all(outcome.answer != UNKNOWN.name for outcome in outcomes):
            found.append(_names(one))
            reason = reason or refused.because
    return found, reason


def _names(one: Supposed) -> frozenset[str]:
    return frozenset(name for name, value in one.options if value and name != "IPV6_V6ONLY")


def _cause(row: Row, newcomer: Newcomer) -> str:
    if row.protocol == "udp":
        return "udp-outgoing" if row.remote else "udp"
    if row.state in (TIME_WAIT, BOUND):
        return "time-wait" if row.remote else "bound"
    if row.remote is None:
        return "listener" if row.host == newcomer.host else "other-address"
    if row.remote == (row.host, row.port):
        return "itself"
    return "outgoing" if row.remote in _PEER.values() else "connection"


def _spoken(refusing: Collection[frozenset[str]], every: Collection[frozenset[str]]) -> str:
    """The options with which a holder refuses, in words."""
    names = sorted({name for one in every for name in one})
    rest = [one for one in every if one not in refusing]
    if not rest:
        return ", whatever its options"
    for name in names:
        if set(refusing) == {one for one in every if name not in one}:
            others = [other for other in names if other != name]
            return f", without {name}" + (f" (or with {others[0]} alone)" if len(names) == 2 and frozenset(others) in refusing else "")
        if set(refusing) == {one for one in every if name in one}:
            return f", with {name}"
    if list(refusing) == [frozenset()]:
        return ", without options"
    if len(rest) == 1 and rest[0] == frozenset(names):
        return f", unless it has both {' and '.join(names)}"
    return ", with " + ", or with ".join(" and ".join(sorted(one)) or "no option" for one in refusing)


def before_anybody(platform: Platform, newcomer: Newcomer, errno: str) -> Reason | None:
    """What refuses a bind with this errno before it asks who else is there."""
    model = platform.make()
    if errno == "EADDRNOTAVAIL":
        return model.edges.because(S.BIND_FOREIGN, newcomer.family)
    found = World(platform).outcome([], newcomer)
    return found.because if (found.call, found.answer) == ("bind", errno) else None
