"""What a holder is to somebody who is refused its port: one of a dozen causes, each with the experiments that ask the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fixtures.language.words import FIN_WAIT_2, LISTEN, TIME_WAIT, Address
from fixtures.machine.holding import BOUND, Holder
from reports.why.world import Newcomer

RANGE = "net.ipv4.ip_local_port_range"


@dataclass(frozen=True)
class Cause:
    """A cause by its word, and what it means. ``{...}`` stands for what the holder tells."""

    word: str
    says: str
    experiments: tuple[str, ...] = ()


_EVERY = (
    Cause(
        "inherited",
        "A child inherited the socket; it stays open until the last process that has it closes it or ends.",
        ("tcp/descriptors/closed-in-one/inherit/second-reuseaddr", "tcp/descriptors/closed-in-one/inherit/second-none"),
    ),
    Cause(
        "left-over",
        "Whoever started this process has ended. If it is not the server itself, it inherited the socket, which stays open until it ends.",
        ("tcp/descriptors/closed-in-one/inherit/second-reuseaddr", "tcp/descriptors/closed-in-one/inherit/second-none"),
    ),
    Cause("listener", "It listens at this address.", ("tcp/duplicate/specific/bind-listen-bind-listen/none-then-reuseaddr",)),
    Cause(
        "other-address",
        "It listens at another address that overlaps with this one: one of the two is a wildcard.",
        ("tcp/duplicate/wildcard-then-specific/bind-listen-bind-listen/reuseaddr-then-reuseaddr", "tcp/dual-stack/default/any4"),
    ),
    Cause(
        "other-user",
        "It has SO_REUSEPORT, but its process belongs to another user.",
        ("tcp/takeover/listening/stranger-stranger2/reuseport",),
    ),
    Cause(
        "bound",
        "It is bound and does not listen, so that ss -l and netstat -l do not show it.",
        ("tcp/duplicate/specific/bind-bind-listen-listen/none-then-none", "tcp/takeover/bound/self-other/none"),
    ),
    Cause(
        "time-wait",
        "A connection of the past: this side closed first, and TIME_WAIT keeps the port.",
        ("tcp/time-wait/server-closes-first/old-none/new-reuseaddr", "tcp/time-wait/server-closes-first/old-reuseaddr/new-reuseaddr"),
    ),
    Cause(
        "itself",
        "A client is connected to itself: it tried a local port until its own port was the destination's.",
        ("tcp/after-failure/connect-to-itself/no-options",),
    ),
    Cause(
        "outgoing",
        "An outgoing connection, whose port the system drew from its range.",
        ("tcp/outgoing/server-on-client-port/wildcard/client-none/server-reuseaddr",),
    ),
    Cause(
        "connection",
        "A connection that a server at this port accepted and that is still open.",
        ("tcp/dead-server/established/old-none/new-reuseaddr", "tcp/dead-server/established/old-reuseaddr/new-reuseaddr"),
    ),
    Cause(
        "closing",
        "A connection that nobody has any more and that is still being closed.",
        ("tcp/dead-server/last-ack/old-none/new-reuseaddr",),
    ),
    Cause(
        "stub",
        "A stub resolver (systemd-resolved) holds this port of 127.0.0.53 and 127.0.0.54.",
        ("tcp/duplicate/specific-then-wildcard/bind-listen-bind-listen/none-then-none",),
    ),
    Cause(
        "udp",
        "A UDP socket is bound here; without an option on both it shares with nobody.",
        ("udp4/duplicate/same-specific/none-reuseaddr",),
    ),
    Cause(
        "udp-outgoing",
        "A UDP client, whose port the system may have drawn from its range.",
        ("udp/outgoing/connected-local-port/first-none/second-none",),
    ),
)
CAUSES = {cause.word: cause for cause in _EVERY}
_STUBS = ("127.0.0.53", "127.0.0.54")
_DNS = 53


def cause_of(holder: Holder, every: Sequence[Holder], newcomer: Newcomer, settings: Mapping[str, str]) -> Cause:
    """The cause that a holder is, by what the kernel shows of it."""
    return CAUSES[_word(holder, every, newcomer, settings)]


def _word(holder: Holder, every: Sequence[Holder], newcomer: Newcomer, settings: Mapping[str, str]) -> str:
    row = holder.row
    if row.host in _STUBS and row.port == _DNS:
        return "stub"
    if row.remote is not None:
        return _of_connection(holder, every, settings)
    if any(owner.inherits for owner in holder.owners):
        return "inherited"
    if any(owner.left_over for owner in holder.owners):
        return "left-over"
    if row.state == BOUND:
        return "bound"
    if row.protocol == "udp":
        return "udp-outgoing" if drawn(row.port, settings) and Address(row.host).is_wildcard else "udp"
    both = newcomer.has("SO_REUSEPORT") and (holder.options or {}).get("SO_REUSEPORT")
    if both and row.uid != newcomer.uid:
        return "other-user"
    return "listener" if row.host == newcomer.host else "other-address"


def _of_connection(holder: Holder, every: Sequence[Holder], settings: Mapping[str, str]) -> str:
    row = holder.row
    if row.protocol == "udp":
        return "udp-outgoing" if drawn(row.port, settings) else "udp"
    if row.remote == (row.host, row.port):
        return "itself"
    if is_outgoing(holder, every, settings):
        return "outgoing"
    if row.state == TIME_WAIT or (row.state == FIN_WAIT_2 and not row.inode):
        return "time-wait"
    return "connection" if row.inode else "closing"


def is_outgoing(holder: Holder, every: Sequence[Holder], settings: Mapping[str, str]) -> bool:
    """Whether a connection was probably opened from here: its port is of the range from which the system draws, its peer's is not,
    and nobody listens at it. The kernel does not tell."""
    row = holder.row
    if row.remote is None or any(one.row.state == LISTEN for one in every):
        return False
    return drawn(row.port, settings) and not drawn(row.remote[1], settings)


def drawn(port: int, settings: Mapping[str, str]) -> bool:
    """Whether the system draws this port for who does not name one."""
    words = settings.get(RANGE, "").split()
    return len(words) == 2 and int(words[0]) <= port <= int(words[1])
