"""The scenes of the porting report: what happens to a recorded server. Each plays on a rehearsal, and gives its calls their roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fixtures.language.notation import Call
from fixtures.language.scenes import close_in_turn, connected, left_time_wait
from fixtures.language.stack import Actor, Socket
from fixtures.language.words import (
    LIMITED_BROADCAST,
    LOOPBACK,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    SO_REUSEPORT_LB,
    WILDCARD,
    Address,
    Option,
)
from reports.porting.rehearsal import Attempt, Rehearsal, Role
from reports.porting.shape import Shape, numbered

#: A server starts if these are granted. It goes on if an option is refused.
_STARTING = ("bind", "listen")


@dataclass(frozen=True)
class Edit:
    """Another way to write a server: options that it does not set, and options that it sets before bind."""

    without: tuple[str, ...] = ()
    with_: tuple[Option, ...] = ()

    def options(self, kind: str) -> list[Option]:
        """The options that a socket of this kind sets before bind."""
        return [option for option in self.with_ if option.name not in _foreign(kind)]


AS_RECORDED = Edit()


# The server and the newcomer.


def _started(
    rehearsal: Rehearsal, shape: Shape, edit: Edit, letter: str, members: Sequence[int], actor: Actor | None = None
) -> list[Socket]:
    """These members of the server start, in the process of ``actor`` or in those of the recording."""
    names = {numbered("A", member): numbered(letter, place) for place, member in enumerate(members)}
    rehearsal.stands_for |= dict(zip(names.values(), members, strict=True))
    made: dict[str, Socket] = {}
    for call in shape.calls:
        name = names.get(call.makes or call.on or "")
        if name is None or (call.verb == "setsockopt" and call.args[0] in edit.without):
            continue
        if call.makes:
            rehearsal.answer(call._replace(makes=name, actor=actor.name if actor else call.actor))
            made[name] = Socket(rehearsal, name, call.verb)
            _set(made[name], edit.options(call.verb))
        else:
            rehearsal.answer(call._replace(on=name))
    return [made[name] for name in names.values()]


def _set(one: Socket, options: Iterable[Option]) -> None:
    for option in options:
        one.set(option)


def _repeated(one: Socket, settings: Iterable[Call], rehearsal: Rehearsal) -> None:
    """Set the same options on this socket."""
    for call in settings:
        rehearsal.answer(call._replace(on=one.name))


def _served(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> list[Socket]:
    """The server starts, before anything is asked."""
    with rehearsal.role(Role.SERVES, *_STARTING):
        return _started(rehearsal, shape, edit, "A", shape.distinct)


def _started_again(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """The server starts once more. Whether it may is the question."""
    with rehearsal.role(Role.ASKED, *_STARTING):
        again = _started(rehearsal, shape, edit, "B", shape.distinct, rehearsal.other)
    rehearsal.mine |= {one.name for one in again}


def _newcomer(rehearsal: Rehearsal, shape: Shape, edit: Edit, kind: str, address: Address) -> None:
    """Another socket, with the options of the server's first, binds this address. Whether it may is the question."""
    rehearsal.call_the_next("B")
    newcomer = rehearsal.other.socket(kind)
    left_out = (*edit.without, *_foreign(kind))
    _repeated(newcomer, [call for call in shape.settings_of(0) if call.args[0] not in left_out], rehearsal)
    _set(newcomer, edit.options(kind))
    _binds(rehearsal, newcomer, address, listens=any(shape.listens))


def _binds(rehearsal: Rehearsal, newcomer: Socket, address: Address, *, listens: bool) -> None:
    rehearsal.mine.add(newcomer.name)
    with rehearsal.role(Role.ASKED):
        newcomer.bind(address)
        if listens:
            newcomer.listen()


def _foreign(kind: str) -> tuple[str, ...]:
    """The options that sockets of this kind do not have."""
    return ("IPV6_V6ONLY",) if kind.endswith("4") else ()


def _asks_who_receives(rehearsal: Rehearsal, *addresses: Address) -> None:
    with rehearsal.role(Role.RECEIVES):
        for address in addresses:
            rehearsal.connections(address)


def _reached(address: Address) -> Address:
    """Where a client connects to reach a socket."""
    if address.is_wildcard:
        return replace(address, host="::1" if address.host == "::" else "127.0.0.1")
    return replace(address, host=address.host.removeprefix("::ffff:") if "." in address.host else address.host)


def _all_reached(shape: Shape) -> list[Address]:
    """Where clients reach the server: at its multicast groups, or if it joined none, at each of its addresses."""
    hosts = shape.groups or [shape.hosts[member] for member in shape.distinct]
    return list(dict.fromkeys(_reached(Address(host, shape.port)) for host in hosts))


# The scenes.


def start(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """The calls that were recorded."""
    with rehearsal.role(Role.ASKED):
        rehearsal.mine |= {one.name for one in _started(rehearsal, shape, edit, "A", range(len(shape.kinds)))}


def restart_live(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """The server ends while its connections are open, and starts again."""
    servers = _served(rehearsal, shape, edit)
    for _ in _clients(rehearsal, shape, servers):
        pass
    _close(servers)
    _started_again(rehearsal, shape, edit)


def restart_time_wait(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """The server ends its connections first, then itself, and starts again."""
    servers = _served(rehearsal, shape, edit)
    for client, accepted, address in _clients(rehearsal, shape, servers):
        if _resets(shape):
            close_in_turn(accepted, client)
        else:
            with rehearsal.role(Role.STAGES, "shows"):
                left_time_wait(rehearsal, address, accepted, client)
    _close(servers)
    _started_again(rehearsal, shape, edit)


def _clients(rehearsal: Rehearsal, shape: Shape, servers: Sequence[Socket]) -> Iterator[tuple[Socket, Socket, Address]]:
    """One client for each socket of the server, in another process: its socket, the server's end, and where it connected to."""
    reached = zip(servers, [_reached(shape.address(member)) for member in shape.distinct], shape.distinct, strict=True)
    listening = [(server, address) for server, address, member in reached if shape.listens[member]]
    for place, (server, address) in enumerate(listening):
        rehearsal.call_the_next(numbered("C", place), numbered("D", place))
        with rehearsal.role(Role.STAGES, "connect", "accept"):
            client, accepted = connected(rehearsal.other, server, address)
        _set(accepted, shape.on_accepted)
        yield client, accepted, address


def _resets(shape: Shape) -> bool:
    """Whether the server ends connections with a reset, so that none leaves TIME_WAIT."""
    return SO_LINGER_0 in shape.on_accepted or any(call.args == (SO_LINGER_0.name, 0) for call in shape.settings)


def _close(servers: Iterable[Socket]) -> None:
    for server in servers:
        server.close()


def second_instance(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """The server is started a second time."""
    _served(rehearsal, shape, edit)
    _started_again(rehearsal, shape, edit)
    _asks_who_receives(rehearsal, *_all_reached(shape))


def workers(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """The server starts with all its sockets, several of which have one address."""
    with rehearsal.role(Role.ASKED):
        _started(rehearsal, shape, edit, "A", range(len(shape.kinds)))
    twin = next(host for host in shape.hosts if shape.hosts.count(host) > 1)
    _asks_who_receives(rehearsal, *(_all_reached(shape) if shape.groups else [_reached(Address(twin, shape.port))]))


def inherited(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """Another process inherits each socket, and the server closes its own."""
    for place, server in enumerate(_served(rehearsal, shape, edit)):
        rehearsal.call_the_next(numbered("B", place))
        with rehearsal.role(Role.ASKED):
            worker = server.inherit()
        server.close()
        rehearsal.mine.add(worker.name)
    _asks_who_receives(rehearsal, *_all_reached(shape))


def beside(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """A server with the same options binds the wildcard beside a specific address, or the other way round."""
    _served(rehearsal, shape, edit)
    _newcomer(rehearsal, shape, edit, shape.kinds[0], _neighbour(shape.address(0)))
    _asks_who_receives(rehearsal, _reached(shape.address(0)))


def _neighbour(address: Address) -> Address:
    """A specific address beside a wildcard, and the wildcard beside a specific address, of the same form."""
    other = _reached(address) if address.is_wildcard else replace(address, host="::" if address.family == 6 else "0.0.0.0")
    if "." in address.host and address.family == 6:
        return replace(other, host="::ffff:0.0.0.0" if other.family == 6 else f"::ffff:{other.host}")
    return other


def ipv4_through_ipv6(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """A client comes over IPv4."""
    rehearsal.mine |= {one.name for one in _served(rehearsal, shape, edit)}
    _asks_who_receives(rehearsal, LOOPBACK.at(shape.port))


def ipv4_beside_ipv6(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """A server with the same options binds 0.0.0.0."""
    _served(rehearsal, shape, edit)
    _newcomer(rehearsal, shape, edit, f"{shape.protocol}4", WILDCARD.at(shape.port))
    _asks_who_receives(rehearsal, LOOPBACK.at(shape.port))


def broadcasts(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """Somebody sends to everybody at the port."""
    rehearsal.mine |= {one.name for one in _served(rehearsal, shape, edit)}
    _asks_who_receives(rehearsal, LIMITED_BROADCAST.at(shape.port))


def broadcasts_of_two(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """The server is started a second time, and somebody sends to everybody at the port."""
    _served(rehearsal, shape, edit)
    _started_again(rehearsal, shape, edit)
    _asks_who_receives(rehearsal, LIMITED_BROADCAST.at(shape.port))


#: What another user may set, whatever the server has set.
_TRIED = ((), (SO_REUSEADDR,), (SO_REUSEPORT,), (SO_REUSEADDR, SO_REUSEPORT), (SO_REUSEPORT_LB,))


def attempts(shape: Shape) -> Iterator[Attempt]:
    """Every attempt of another user: each address where a client reaches the server, with each set of options."""
    for member in shape.distinct:
        own = shape.address(member)
        mapped = "." in own.host and ":" in own.host
        for address in dict.fromkeys((own, own if mapped else _reached(own))):
            for options in _TRIED:
                yield Attempt(member, address, options)


def another_user(rehearsal: Rehearsal, shape: Shape, edit: Edit) -> None:
    """A process of another user makes an attempt."""
    attempt = rehearsal.attempt
    assert attempt
    _served(rehearsal, shape, edit)
    rehearsal.call_the_next("B")
    with rehearsal.role(Role.STAGES):
        thief = rehearsal.stranger.socket(shape.kinds[attempt.member], *attempt.options)
    rehearsal.stands_for[thief.name] = attempt.member
    _repeated(thief, [call for call in shape.settings_of(attempt.member) if call.args[0] == "IPV6_V6ONLY"], rehearsal)
    _binds(rehearsal, thief, attempt.address, listens=any(shape.listens))
    _asks_who_receives(rehearsal, _reached(attempt.address))
