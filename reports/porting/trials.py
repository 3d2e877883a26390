"""What a server can meet. Each trial is a question and the scene that asks it; the report calls it a situation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fixtures.language.words import LIMITED_BROADCAST, SO_BROADCAST, WILDCARD, Address
from reports.porting import path_scenes, server_scenes
from reports.porting.at_path import UnixShape
from reports.porting.rehearsal import Attempt, Rehearsal
from reports.porting.server_scenes import AS_RECORDED, Edit
from reports.porting.shape import Shape, numbered
from reports.porting.words import BETTER, BREAKS, RISK

#: How much the sockets in question get, from nothing to everything. ``NEVER``: the server itself does not start.
NEVER, REFUSED, GRANTED, SHARED, ALL = -1, 0, 1, 2, 3
#: Not a rank: it is granted in several worlds, with different ranks.
MANY_RANKS = 4


def _once(shape: Shape) -> tuple[None]:
    return (None,)


def _known(shape: Shape) -> str:
    return ""


@dataclass(frozen=True)
class Trial:
    """A question about a server. ``name`` is it in a few words, ``scene`` asks it, and ``words`` say what each rank means here."""

    id: str
    name: str
    question: str
    applies: Callable[[Shape], bool]
    scene: Callable[[Rehearsal, Shape, Edit], None]
    words: Mapping[int, str]
    experiments: tuple[str, ...] = ()
    #: The scene is played once for each of these.
    attempts: Callable[[Shape], Iterable[Attempt | None]] = _once
    #: What it means to the owner if the sockets in question get less on the target, and if they get more.
    less: str = BREAKS
    more: str = BETTER
    #: Whether the owner may count on the newcomer's share, so that losing it breaks something.
    shared_on_purpose: bool = False
    #: Whether it asks about a process that was forked.
    forks: bool = False
    #: The scene for a server on AF_UNIX, if it is another one.
    at_path: Callable[[Rehearsal, Shape, Edit], None] | None = None
    #: Why the log does not show what the question is about; empty if it does.
    unknown: Callable[[Shape], str] = _known

    def rehearse(self, shape: Shape, edit: Edit = AS_RECORDED) -> list[Rehearsal]:
        """The rehearsals of the scene, one for each attempt."""
        return [self._rehearsed(attempt, shape, edit) for attempt in self.attempts(shape)]

    def _rehearsed(self, attempt: Attempt | None, shape: Shape, edit: Edit) -> Rehearsal:
        rehearsal = Rehearsal(attempt)
        scene = self.at_path if self.at_path and isinstance(shape, UnixShape) else self.scene
        scene(rehearsal, shape, edit)
        return rehearsal


# Which servers are asked.


def _is_server(shape: Shape) -> bool:
    return not isinstance(shape, UnixShape) and not any(Address(host).is_multicast for host in shape.hosts)


def _leaves_specific(shape: Shape) -> bool:
    """It holds the wildcard, and not also the address that the newcomer would bind."""
    newcomers = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    first = shape.hosts[0]
    return _is_server(shape) and Address(first).is_wildcard and newcomers.get(first) not in shape.hosts


def _listens(shape: Shape) -> bool:
    return _is_server(shape) and any(shape.listens) and shape.protocol == "tcp"


def _dual(shape: Shape) -> list[int]:
    """The members on ``::`` that are not restricted to IPv6."""
    kept_to_ipv6 = {call.on for call in shape.settings if call.args == ("IPV6_V6ONLY", 1)}
    return [member for member, host in enumerate(shape.hosts) if host == "::" and numbered("A", member) not in kept_to_ipv6]


def _may_take_ipv4(shape: Shape) -> bool:
    return bool(_dual(shape)) and not any(kind.endswith("4") for kind in shape.kinds)


def _hears_broadcasts(shape: Shape) -> bool:
    """Whether it is one of the programs that look for each other by broadcasts: it may send them, and takes them."""
    heard = any(host in (WILDCARD.host, LIMITED_BROADCAST.host) for host in shape.hosts)
    return shape.protocol == "udp" and SO_BROADCAST.name in shape.options and heard and not shape.groups


def _always(shape: Shape) -> bool:
    return True


NOT_STARTED = "the server itself does not start"
_NEVER = {NEVER: NOT_STARTED}
_PLAIN = {**_NEVER, REFUSED: "refused", GRANTED: "starts"}
_NEWCOMER = {
    **_NEVER,
    REFUSED: "refused",
    GRANTED: "starts, and receives nothing",
    SHARED: "starts, and shares",
    ALL: "starts, and takes all",
    MANY_RANKS: "starts; who receives is undetermined",
}
_NEIGHBOUR = {**_NEWCOMER, GRANTED: "starts, and receives nothing there", ALL: "starts, and takes all there"}

TRIALS = (
    Trial("start", "start", "Do the recorded calls succeed?", _always, server_scenes.start, _PLAIN, at_path=path_scenes.start),
    Trial(
        "restart-live",
        "restart with live connections",
        "Can the server start again at once after a crash, while its old connections are open?",
        _listens,
        server_scenes.restart_live,
        {**_NEVER, REFUSED: "refused", GRANTED: "starts again"},
        ("tcp/dead-server/established/old-none/new-none", "tcp/dead-server/established/old-reuseaddr/new-reuseaddr"),
    ),
    Trial(
        "restart-time-wait",
        "restart over TIME_WAIT",
        "Can the server start again at once, while connections that it closed are in TIME_WAIT?",
        _listens,
        server_scenes.restart_time_wait,
        {**_NEVER, REFUSED: "refused", GRANTED: "starts again"},
        (
            "tcp/time-wait/server-closes-first/old-none/new-none",
            "tcp/time-wait/server-closes-first/old-reuseaddr/new-reuseaddr",
        ),
    ),
    Trial(
        "second-instance",
        "second instance",
        "Can a second instance start while the first runs, and who receives?",
        _always,
        server_scenes.second_instance,
        _NEWCOMER,
        ("tcp/stevens-s5/two-servers", "tcp/duplicate/both-reuseaddr/unlistened"),
        less=BETTER,
        more=RISK,
        shared_on_purpose=True,
        at_path=path_scenes.second_instance,
        unknown=path_scenes.no_way_told,
    ),
    Trial(
        "workers",
        "workers with a socket each",
        "Do all its sockets at one address get a share?",
        lambda shape: shape.twins,
        server_scenes.workers,
        {**_NEVER, REFUSED: "refused", GRANTED: "one of them receives all", SHARED: "they share", ALL: "they share"},
        ("tcp4/reuseport/receives/reuseport", "tcp4/reuseport-lb/receives/specific"),
    ),
    Trial(
        "inherited",
        "receiving through an inherited socket",
        "Does a worker that inherited the socket receive after its parent has closed it?",
        lambda shape: shape.workers and _is_server(shape),
        server_scenes.inherited,
        {**_NEVER, REFUSED: "impossible", GRANTED: "receives nothing", SHARED: "receives", ALL: "receives"},
        ("tcp/descriptors/still-receives/inherit",),
        forks=True,
    ),
    Trial(
        "specific-beside-wildcard",
        "neighbour at a specific address",
        "Can a server with the same options bind a specific address beside its wildcard, and who receives there?",
        _leaves_specific,
        server_scenes.beside,
        _NEIGHBOUR,
        ("tcp/stevens-s2/three-servers", "tcp/stevens-s10/wildcard-listens-first"),
        less=BETTER,
        more=RISK,
    ),
    Trial(
        "wildcard-beside-specific",
        "neighbour on the wildcard",
        "Can a server with the same options bind the wildcard beside its address, and who receives there?",
        lambda shape: _is_server(shape) and not Address(shape.hosts[0]).is_wildcard,
        server_scenes.beside,
        _NEIGHBOUR,
        ("tcp/stevens-s2/three-servers",),
        less=BETTER,
        more=RISK,
    ),
    Trial(
        "ipv4-through-ipv6",
        "receiving IPv4 through [::]",
        "Does its IPv6 wildcard receive IPv4?",
        _may_take_ipv4,
        server_scenes.ipv4_through_ipv6,
        {**_NEVER, REFUSED: "does not receive it", GRANTED: "does not receive it", SHARED: "receives it", ALL: "receives it"},
        ("tcp6/dual-stack/default/option",),
        more=RISK,  # whoever comes over IPv4 reaches what was kept from him
    ),
    Trial(
        "ipv4-beside-ipv6",
        "neighbour on 0.0.0.0",
        "Can a server with the same options bind 0.0.0.0 beside its IPv6 wildcard, and who receives IPv4?",
        _may_take_ipv4,
        server_scenes.ipv4_beside_ipv6,
        _NEIGHBOUR,
        ("tcp/winsock/both-stacks/dual-none-then-any4-none",),
        less=BETTER,
        more=RISK,
    ),
    Trial(
        "another-user",
        "another user",
        "Can a process of another user take the port, whatever options it sets?",
        _is_server,
        server_scenes.another_user,
        {
            **_NEVER,
            REFUSED: "refused",
            GRANTED: "binds, and receives nothing",
            SHARED: "takes a share",
            ALL: "takes all",
            MANY_RANKS: "binds; who receives is undetermined",
        },
        ("tcp/stevens-s11/theft",),
        server_scenes.attempts,
        less=BETTER,
        more=RISK,
    ),
    Trial(
        "broadcast-heard",
        "hearing broadcasts",
        "Does the server hear what is sent to everybody (255.255.255.255) at its port?",
        _hears_broadcasts,
        server_scenes.broadcasts,
        {**_NEVER, GRANTED: "does not hear them", SHARED: "hears them", ALL: "hears them"},
        ("udp4/broadcast/hears/one",),
    ),
    Trial(
        "broadcast-shared",
        "a second instance that hears broadcasts",
        "Can a second instance start while the first runs, and does each hear what is sent to everybody?",
        _hears_broadcasts,
        server_scenes.broadcasts_of_two,
        {**_NEVER, REFUSED: "refused", GRANTED: "starts, and hears none", SHARED: "each hears all", ALL: "starts, and hears all alone"},
        ("udp4/broadcast/hears/two/reuseaddr", "udp4/broadcast/hears/two/reuseport"),
        shared_on_purpose=True,
    ),
    Trial(
        "stale-file",
        "stale socket file",
        "Can the server start again after a crash, which leaves its socket file?",
        path_scenes.is_at_a_path,
        path_scenes.crash,
        {**_NEVER, REFUSED: "refused", GRANTED: "starts again"},
        ("unix/bind/stale", "unix/bind/killed", "unix/connect/stale"),
        unknown=path_scenes.no_way_told,
    ),
    Trial(
        "path-restart",
        "restart after its end",
        "Can the server start again after it has ended as usual?",
        path_scenes.is_unix,
        path_scenes.restart,
        {**_NEVER, REFUSED: "refused", GRANTED: "starts again"},
        ("unix/close/file", "unix/bind/stale", "unix/abstract/closed"),
        unknown=path_scenes.no_end_told,
    ),
    Trial(
        "whose-file",
        "end of the first of two",
        "A second instance has taken the path, and the first one ends. Do clients still reach the second?",
        path_scenes.takes,
        path_scenes.whose_file,
        {**_NEVER, GRANTED: "no: the first one has unlinked the other's file", ALL: "yes"},
        ("unix/unlinked/two-live/clean-up-of-the-first", "unix/unlinked/two-live/close-of-the-first"),
        unknown=path_scenes.no_care_told,
    ),
)
