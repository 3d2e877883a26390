"""The situations that a server meets, as scripts in the notation: what is given, what is asked, and who receives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fixtures.language.words import Address
from reports.porting.groups import Move, Shape
from reports.scripts import Step, read_script

#: How much the one who is asked about gets, from nothing to everything. ``NEVER``: the server itself does not start.
NEVER, REFUSED, GRANTED, SHARED, ALL = -1, 0, 1, 2, 3


@dataclass(frozen=True)
class Edit:
    """Another way to write a server: options taken away, and options set before bind."""

    without: tuple[str, ...] = ()
    with_: tuple[tuple[str, int], ...] = ()


AS_RECORDED = Edit()


@dataclass
class Script:
    """A situation of one server. The lists number lines: what must succeed, what is asked, and who receives."""

    lines: list[str] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    #: Of what is given, the calls that only make the situation; where one fails nothing can be said.
    staged: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    receives: list[int] = field(default_factory=list)
    #: The names of the sockets that are asked about; none where it is asked whether there are several that receive.
    mine: set[str] = field(default_factory=set)
    #: With which options another user tries, where that is the question.
    attempt: str = ""

    @cached_property
    def steps(self) -> list[Step]:
        """The script as it is played."""
        return read_script("\n".join(self.lines))

    def add(self, line: str, *roles: list[int]) -> None:
        """Add a line in its roles."""
        for role in roles:
            role.append(len(self.lines))
        self.lines.append(line)


@dataclass(frozen=True)
class Situation:
    """A question about a server; ``words`` say what each rank means here."""

    id: str
    question: str
    applies: Callable[[Shape], bool]
    write: Callable[[Shape, Edit], list[Script]]
    words: Mapping[int, str]
    experiments: tuple[str, ...] = ()


def _start(script: Script, shape: Shape, edit: Edit, letter: str, members: Sequence[int], *roles: list[int], actor: str = "") -> list[str]:
    """Write how the server starts; gives the names of its sockets. Options that are refused stop nobody, unless they are asked about."""
    names = {member: f"{letter}{place or ''}" for place, member in enumerate(members)}
    everything = any(role is script.asked for role in roles) and letter == "A"
    for move in shape.moves:
        if move.member in names and not (move.verb == "setsockopt" and move.args[0] in edit.without):
            name = names[move.member]
            decides = everything or move.verb in ("bind", "listen")
            script.add(_owned(move, name, actor), *(roles if decides else ()))
            if move.verb == "socket":
                _write_options(script, shape.kinds[move.member], name, edit, roles if everything else ())
    return list(names.values())


def _write_options(script: Script, kind: str, name: str, edit: Edit, roles: Sequence[list[int]]) -> None:
    for option, value in edit.with_:
        if option != "IPV6_V6ONLY" or kind.endswith("6"):
            script.add(f"{name}.setsockopt({option}, {value})", *roles)


def _owned(move: Move, name: str, actor: str) -> str:
    who = actor or ("other: " if move.process else "")
    return move.written(name).replace("= ", f"= {who}") if move.verb == "socket" and who else move.written(name)


def _reached(host: str) -> Address:
    """Where a client connects to reach a socket."""
    address = Address(host)
    if address.is_wildcard:
        return Address("::1" if host == "::" else "127.0.0.1")
    return Address(host.removeprefix("::ffff:") if "." in host else host)


def _kind_of(protocol: str, address: Address) -> str:
    return f"{protocol}{address.family}"


def _served(script: Script, shape: Shape, edit: Edit) -> list[str]:
    return _start(script, shape, edit, "A", shape.distinct, script.given)


def _resets(shape: Shape) -> bool:
    """Whether the server ends connections with a reset, so that none leaves TIME_WAIT."""
    on_listener = any(move.verb == "setsockopt" and move.args == ("SO_LINGER", 0) for move in shape.moves)
    return on_listener or ("SO_LINGER", 0) in shape.on_accepted


def _restart(shape: Shape, edit: Edit, *, time_wait: bool) -> list[Script]:
    script = Script()
    names = _served(script, shape, edit)
    for place, member in enumerate(shape.distinct):
        address = _reached(shape.hosts[member])
        client, child = f"C{place or ''}", f"D{place or ''}"
        script.add(f"{client} = other: {_kind_of('tcp', address)}()")
        script.add(f"{client}.connect({address})", script.given, script.staged)
        script.add(f"{child} = {names[place]}.accept()", script.given, script.staged)
        for option, value in shape.on_accepted:
            script.add(f"{child}.setsockopt({option}, {value})")
        if time_wait:
            _close_first(script, client, child, address, resets=_resets(shape))
    for name in names:
        script.add(f"{name}.close()")
    script.mine |= {*_start(script, shape, edit, "B", shape.distinct, script.asked, actor="other: ")}
    return [script]


def _close_first(script: Script, client: str, child: str, address: Address, *, resets: bool) -> None:
    script.add(f"{child}.close()")
    script.add(f"{client}.recv(1)")
    script.add(f"{client}.close()")
    if not resets:
        script.add(f"shows({address}, TIME_WAIT)", script.given, script.staged)


def _starts(shape: Shape, edit: Edit) -> list[Script]:
    script = Script()
    script.mine |= {*_start(script, shape, edit, "A", range(len(shape.kinds)), script.asked)}
    return [script]


def _second(shape: Shape, edit: Edit) -> list[Script]:
    script = Script()
    _served(script, shape, edit)
    script.mine |= {*_start(script, shape, edit, "B", shape.distinct, script.asked, actor="other: ")}
    for member in shape.distinct:
        script.add(f"connections({_reached(shape.hosts[member])})", script.receives)
    return [script]


def _workers(shape: Shape, edit: Edit) -> list[Script]:
    script = Script()
    _start(script, shape, edit, "A", range(len(shape.kinds)), script.asked)
    twin = next(host for host in shape.hosts if shape.hosts.count(host) > 1)
    script.add(f"connections({_reached(twin)})", script.receives)
    return [script]


def _inherited(shape: Shape, edit: Edit) -> list[Script]:
    script = Script()
    names = _served(script, shape, edit)
    for place, name in enumerate(names):
        script.add(f"B{place or ''} = {name}.inherit()", script.asked)
        script.add(f"{name}.close()")
        script.mine.add(f"B{place or ''}")
    for member in shape.distinct:
        script.add(f"connections({_reached(shape.hosts[member])})", script.receives)
    return [script]


def _beside(shape: Shape, edit: Edit) -> list[Script]:
    script = Script()
    _served(script, shape, edit)
    host = shape.hosts[0]
    other = _reached(host) if Address(host).is_wildcard else Address("::" if Address(host).family == 6 else "0.0.0.0")
    if "." in host and ":" in host:
        other = Address(f"::ffff:{other.host}") if ":" not in other.host else Address("::ffff:0.0.0.0")
    _newcomer(script, shape, edit, "other: ", shape.kinds[0], other)
    script.add(f"connections({_reached(host)})", script.receives)
    return [script]


def _newcomer(script: Script, shape: Shape, edit: Edit, actor: str, kind: str, address: Address) -> None:
    """Another socket with the options of the server's first, at another address."""
    script.add(f"B = {actor}{kind}()")
    script.mine.add("B")
    for move in shape.moves:
        if move.member == 0 and move.verb == "setsockopt" and move.args[0] not in (*edit.without, *_foreign(kind)):
            script.add(move.written("B"))
    _write_options(script, kind, "B", edit, ())
    _binds(script, shape, address)


def _binds(script: Script, shape: Shape, address: Address) -> None:
    script.add(f"B.bind({address})", script.asked)
    if shape.listens[0]:
        script.add("B.listen()", script.asked)


def _foreign(kind: str) -> tuple[str, ...]:
    return ("IPV6_V6ONLY",) if kind.endswith("4") else ()


def _ipv4(shape: Shape, edit: Edit) -> list[Script]:
    script = Script()
    script.mine |= {*_served(script, shape, edit)}
    script.add(f"connections({Address('127.0.0.1')})", script.receives)
    return [script]


def _ipv4_beside(shape: Shape, edit: Edit) -> list[Script]:
    script = Script()
    _served(script, shape, edit)
    _newcomer(script, shape, edit, "other: ", f"{shape.protocol}4", Address("0.0.0.0"))
    script.add(f"connections({Address('127.0.0.1')})", script.receives)
    return [script]


#: What another user may try, whatever the server has set.
ATTEMPTS = ((), ("SO_REUSEADDR",), ("SO_REUSEPORT",), ("SO_REUSEADDR", "SO_REUSEPORT"), ("SO_REUSEPORT_LB",))


def _another_user(shape: Shape, edit: Edit) -> list[Script]:
    return list(_thefts(shape, edit))


def _thefts(shape: Shape, edit: Edit) -> Iterator[Script]:
    for member in shape.distinct:
        host = shape.hosts[member]
        targets = dict.fromkeys((Address(host), _reached(host) if "." not in host or ":" not in host else Address(host)))
        for address in targets:
            for options in ATTEMPTS:
                script = Script(attempt=" and ".join(options) or "no option")
                _served(script, shape, edit)
                script.add(f"B = stranger: {shape.kinds[member]}({', '.join(options)})", script.given, script.staged)
                script.mine.add("B")
                for move in shape.moves:
                    if move.member == member and move.args[:1] == ("IPV6_V6ONLY",):
                        script.add(move.written("B"))
                _binds(script, shape, address)
                script.add(f"connections({_reached(address.host)})", script.receives)
                yield script


def _is_server(shape: Shape) -> bool:
    return not any(Address(host).is_multicast for host in shape.hosts)


def _listens(shape: Shape) -> bool:
    return _is_server(shape) and shape.listens[0] and shape.protocol == "tcp"


def _dual(shape: Shape) -> list[int]:
    """The members on ``::`` that are not told to keep to IPv6."""
    kept_to_ipv6 = {move.member for move in shape.moves if move.verb == "setsockopt" and move.args == ("IPV6_V6ONLY", 1)}
    return [member for member, host in enumerate(shape.hosts) if host == "::" and member not in kept_to_ipv6]


def _may_take_ipv4(shape: Shape) -> bool:
    return bool(_dual(shape)) and not any(kind.endswith("4") for kind in shape.kinds)


def _always(shape: Shape) -> bool:
    return True


_NEVER = {NEVER: "the server itself does not start"}
_PLAIN = {**_NEVER, REFUSED: "refused", GRANTED: "starts"}
_NEWCOMER = {
    **_NEVER,
    REFUSED: "refused",
    GRANTED: "starts, and receives nothing",
    SHARED: "starts, and shares",
    ALL: "starts, and takes all",
}

SITUATIONS = (
    Situation("start", "Do the calls that were recorded succeed?", _always, _starts, _PLAIN),
    Situation(
        "restart-live",
        "May the server start again at once after a crash, while its old connections are open?",
        _listens,
        lambda shape, edit: _restart(shape, edit, time_wait=False),
        {**_NEVER, REFUSED: "refused", GRANTED: "starts again"},
        ("tcp/dead-server/established/old-none/new-none", "tcp/dead-server/established/old-reuseaddr/new-reuseaddr"),
    ),
    Situation(
        "restart-time-wait",
        "May the server start again at once, while connections that it closed are in TIME_WAIT?",
        _listens,
        lambda shape, edit: _restart(shape, edit, time_wait=True),
        {**_NEVER, REFUSED: "refused", GRANTED: "starts again"},
        (
            "tcp/time-wait/server-closes-first/old-none/new-none",
            "tcp/time-wait/server-closes-first/old-reuseaddr/new-reuseaddr",
        ),
    ),
    Situation(
        "second-instance",
        "May a second instance start while the first runs, and who receives?",
        _always,
        _second,
        _NEWCOMER,
        ("tcp/stevens-s5/two-servers", "tcp/duplicate/both-reuseaddr/unlistened"),
    ),
    Situation(
        "workers",
        "Do all its sockets at one address get a share?",
        lambda shape: shape.twins,
        _workers,
        {**_NEVER, REFUSED: "refused", GRANTED: "one of them receives all", SHARED: "they share", ALL: "they share"},
        ("tcp4/reuseport/receives/reuseport", "tcp4/reuseport-lb/receives/specific"),
    ),
    Situation(
        "inherited",
        "Does a worker that inherited the socket receive when its parent has closed it?",
        lambda shape: shape.workers and _is_server(shape),
        _inherited,
        {**_NEVER, REFUSED: "refused", GRANTED: "it does not", SHARED: "it does", ALL: "it does"},
        ("tcp/descriptors/still-receives/inherit",),
    ),
    Situation(
        "specific-beside-wildcard",
        "May a server with the same options bind a specific address beside its wildcard, and who receives there?",
        lambda shape: _is_server(shape) and Address(shape.hosts[0]).is_wildcard,
        _beside,
        _NEWCOMER,
        ("tcp/stevens-s2/three-servers", "tcp/stevens-s10/wildcard-listens-first"),
    ),
    Situation(
        "wildcard-beside-specific",
        "May a server with the same options bind the wildcard beside its address, and who receives there?",
        lambda shape: _is_server(shape) and not Address(shape.hosts[0]).is_wildcard,
        _beside,
        _NEWCOMER,
        ("tcp/stevens-s2/three-servers",),
    ),
    Situation(
        "ipv4-through-ipv6",
        "Does its IPv6 wildcard receive IPv4?",
        _may_take_ipv4,
        _ipv4,
        {**_NEVER, REFUSED: "it does not", GRANTED: "it does not", SHARED: "it does", ALL: "it does"},
        ("tcp6/dual-stack/default/option",),
    ),
    Situation(
        "ipv4-beside-ipv6",
        "May a server with the same options bind 0.0.0.0 beside its IPv6 wildcard, and who receives IPv4?",
        _may_take_ipv4,
        _ipv4_beside,
        _NEWCOMER,
        ("tcp/winsock/both-stacks/dual-none-then-any4-none",),
    ),
    Situation(
        "another-user",
        "Can a process of another user take the port, whatever options it sets?",
        _is_server,
        _another_user,
        {**_NEVER, REFUSED: "it cannot", GRANTED: "it can bind, and receives nothing", SHARED: "it takes a share", ALL: "it takes all"},
        ("tcp/stevens-s11/theft",),
    ),
)
