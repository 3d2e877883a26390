"""The entries of the page *My situation*: what people want, and the experiments that say whether a platform grants it."""

from __future__ import annotations

from dataclasses import dataclass

from reports.cells import UNKNOWN, UNTESTABLE, Cell


@dataclass(frozen=True)
class Wish:
    """A wish in a few words, the experiment that asks it, and the answers that grant it."""

    words: str
    experiment: str
    hopes: tuple[str, ...]

    def granted(self, cell: Cell) -> str:
        """``yes``, ``no``, or ``maybe`` if sources differ; a mark if the platform gives no answer."""
        if cell.outcome in (UNKNOWN, UNTESTABLE):
            return {UNKNOWN: "?", UNTESTABLE: "-"}[cell.outcome]
        given = [answer in self.hopes for answer in cell.answers]
        return "yes" if all(given) else "maybe" if any(given) else "no"


@dataclass(frozen=True)
class Entry:
    """What somebody wants to do, and what that asks of a platform."""

    anchor: str
    title: str
    about: str
    wishes: tuple[Wish, ...]


BINDS = ("bind ok",)
STARTS = ("bind ok", "listen ok")
REFUSED = ("bind EADDRINUSE", "bind EACCES")
DUPLICATE = "tcp/duplicate/specific"
LEFT = "tcp/dead-server"
WAITING = "tcp/time-wait"
STOLEN = "tcp/takeover"
GROUP = "udp4/multicast"
BESIDE = "tcp/duplicate/wildcard-then-specific/bind-listen-bind-listen"
PORTS = "tcp/ephemeral/connect"

ENTRIES = (
    Entry(
        "restart",
        "Restart a server at once",
        "The server ended; may the next one bind its port now? That depends on who closed first, and on some systems on the options "
        "of the old server.",
        (
            Wish("nobody had connected; no options", f"{LEFT}/never-connected/no-options", BINDS),
            Wish("the client closed first; no options", f"{WAITING}/client-closes-first/old-none/new-none", BINDS),
            Wish("the server closed first (TIME_WAIT); no options", f"{WAITING}/server-closes-first/old-none/new-none", BINDS),
            Wish("TIME_WAIT; SO_REUSEADDR on the new server only", f"{WAITING}/server-closes-first/old-none/new-reuseaddr", BINDS),
            Wish("TIME_WAIT; SO_REUSEADDR on the old and the new", f"{WAITING}/server-closes-first/old-reuseaddr/new-reuseaddr", BINDS),
            Wish("a client is still connected; no options", f"{LEFT}/established/old-none/new-none", BINDS),
            Wish("a client is still connected; SO_REUSEADDR on the new only", f"{LEFT}/established/old-none/new-reuseaddr", BINDS),
            Wish("a client is still connected; SO_REUSEADDR on both", f"{LEFT}/established/old-reuseaddr/new-reuseaddr", BINDS),
            Wish(
                "TIME_WAIT; SO_EXCLUSIVEADDRUSE on both",
                "tcp/exclusive/restart/time-wait/exclusiveaddruse-exclusiveaddruse",
                BINDS,
            ),
        ),
    ),
    Entry(
        "workers",
        "Many workers, one port",
        "Several processes serve one port. May they all bind it, and do all of them get connections?",
        (
            Wish("SO_REUSEPORT on both: may the second bind?", f"{DUPLICATE}/bind-listen-bind-listen/reuseport-then-reuseport", STARTS),
            Wish("SO_REUSEPORT on both: do both get connections?", "tcp4/reuseport/receives/reuseport", ("connections both",)),
            Wish("SO_REUSEPORT, UDP: do both get datagrams?", "udp4/reuseport/receives/reuseport", ("connections both",)),
            Wish("SO_REUSEPORT_LB: do both get connections?", "tcp4/reuseport-lb/receives/specific", ("connections both",)),
            Wish("SO_REUSEADDR on both instead: may both start?", f"{DUPLICATE}/bind-listen-bind-listen/reuseaddr-then-reuseaddr", STARTS),
            Wish(
                "one listener, inherited: does the worker get the connections?",
                "tcp/descriptors/still-receives/inherit",
                ("connections B",),
            ),
        ),
    ),
    Entry(
        "alone",
        "Nobody may take my port",
        "A second program, perhaps of another user, asks for the port of a running server. “yes” means that it is refused.",
        (
            Wish("no options; a second program sets SO_REUSEADDR", f"{DUPLICATE}/bind-listen-bind-listen/none-then-reuseaddr", REFUSED),
            Wish("SO_REUSEADDR on both, same user", f"{STOLEN}/listening/self-other/reuseaddr", REFUSED),
            Wish("SO_REUSEADDR on both, another user", f"{STOLEN}/listening/stranger-stranger2/reuseaddr", REFUSED),
            Wish("SO_REUSEPORT on both, another user", f"{STOLEN}/listening/stranger-stranger2/reuseport", REFUSED),
            Wish(
                "the server has the wildcard, another user asks for 127.0.0.1; no options",
                f"{STOLEN}/theft/bind/stranger-stranger2/none",
                REFUSED,
            ),
            Wish("the same; SO_REUSEADDR on both", f"{STOLEN}/theft/bind/stranger-stranger2/reuseaddr", REFUSED),
            Wish("UDP, SO_REUSEADDR on both, another user", "udp/takeover/same/stranger-stranger2/reuseaddr", REFUSED),
            Wish(
                "SO_EXCLUSIVEADDRUSE; a second program sets SO_REUSEADDR",
                "tcp/duplicate/exclusive/bind-listen-bind-listen/exclusiveaddruse-then-reuseaddr",
                REFUSED,
            ),
        ),
    ),
    Entry(
        "dual-stack",
        "IPv4 and IPv6 on one port",
        "One socket for both families, or one for each?",
        (
            Wish("a server on [::] gets IPv4 connections, unasked", "tcp/dual-stack/default/receives", ("connections A",)),
            Wish("with IPV6_V6ONLY=0 it gets them", "tcp/dual-stack/receives/dual/ipv4", ("connections A",)),
            Wish("beside [::] by default, another may bind 0.0.0.0", "tcp/dual-stack/default/any4", BINDS),
            Wish("beside [::] by default, another may bind 127.0.0.1", "tcp/dual-stack/default/loopback4", BINDS),
            Wish("beside [::] with IPV6_V6ONLY=1, another may bind 0.0.0.0", "tcp/dual-stack/apart/v6only-then-any4", BINDS),
            Wish("0.0.0.0 first, then [::] with IPV6_V6ONLY=1", "tcp/dual-stack/apart/any4-then-v6only", BINDS),
        ),
    ),
    Entry(
        "upgrade",
        "Two versions during an upgrade",
        "The new version starts while the old one still serves, and takes over when the old one closes.",
        (
            Wish("SO_REUSEPORT on both: may the new one start?", f"{DUPLICATE}/bind-listen-bind-listen/reuseport-then-reuseport", STARTS),
            Wish("SO_REUSEPORT only on the new one", f"{DUPLICATE}/bind-listen-bind-listen/none-then-reuseport", STARTS),
            Wish(
                "the old one closes: does the new one get the connections?", "tcp/duplicate/receives-after-close/first", ("connections B",)
            ),
            Wish(
                "SO_REUSEPORT on both, a client waits at the old one, which closes: is it spared?",
                "tcp4/reuseport/groups/waiting-connection",
                ("recv EAGAIN",),
            ),
            Wish(
                "the old one clears SO_REUSEPORT before the new one starts: does the new one get all?",
                "tcp4/reuseport/groups/cleared-by-the-older",
                ("connections B",),
            ),
            Wish(
                "the new one inherits the listener and the old closes it: does it get them?",
                "tcp/descriptors/still-receives/inherit",
                ("connections B",),
            ),
            Wish(
                "SO_REUSEADDR on both, the old one listens: may the new one start?",
                f"{DUPLICATE}/bind-listen-bind-listen/reuseaddr-then-reuseaddr",
                STARTS,
            ),
        ),
    ),
    Entry(
        "free-port",
        "Find a free port for a test",
        "Port 0 asks the system; a probe binds a port, closes it, and hopes. “yes” means that you can rely on this.",
        (
            Wish("a port that was bound and closed can be bound again", "tcp/dead-server/never-connected/no-options", BINDS),
            Wish("a probe without options notices a server", f"{DUPLICATE}/bind-listen-bind-listen/reuseaddr-then-none", REFUSED),
            Wish(
                "a probe with SO_REUSEADDR notices a server without options",
                f"{DUPLICATE}/bind-listen-bind-listen/none-then-reuseaddr",
                REFUSED,
            ),
            Wish(
                "a probe with SO_REUSEADDR notices a server with it",
                f"{DUPLICATE}/bind-listen-bind-listen/reuseaddr-then-reuseaddr",
                REFUSED,
            ),
            Wish(
                "a probe of 127.0.0.1 notices a server on 0.0.0.0",
                "tcp/duplicate/wildcard-then-specific/bind-listen-bind-listen/none-then-none",
                REFUSED,
            ),
            Wish(
                "port 0 never gives a port that is held, SO_REUSEADDR on both",
                "tcp/ephemeral/exhausted/first-reuseaddr/second-reuseaddr",
                REFUSED,
            ),
            Wish("the same for UDP", "udp/ephemeral/exhausted/first-reuseaddr/second-reuseaddr", REFUSED),
        ),
    ),
    Entry(
        "beside",
        "One server everywhere, another on one address",
        "A server has the wildcard. Another wants the same port on a single address. May it start, and who gets what is sent there?",
        (
            Wish("no options on either: may the second start?", f"{BESIDE}/none-then-none", STARTS),
            Wish("SO_REUSEADDR on both: may the second start?", f"{BESIDE}/reuseaddr-then-reuseaddr", STARTS),
            Wish("SO_REUSEPORT on both: may the second start?", f"{BESIDE}/reuseport-then-reuseport", STARTS[1:]),
            Wish(
                "the one on the address came first, the wildcard second; SO_REUSEADDR on both",
                "tcp/duplicate/specific-then-wildcard/bind-listen-bind-listen/reuseaddr-then-reuseaddr",
                STARTS,
            ),
            Wish("SO_REUSEADDR: does the one on the address get what goes there?", "tcp/stevens-s11/theft", ("connections B",)),
            Wish(
                "SO_REUSEPORT: does the one on the address get what goes there?",
                "tcp4/reuseport/receives/specific-beside-wildcard",
                ("connections A",),
            ),
            Wish("two single addresses, no options: may both listen?", "tcp/different-addresses/listening", STARTS[1:]),
        ),
    ),
    Entry(
        "error",
        "Learn that the port is taken",
        "At which call does the refusal come? “yes” means at bind, “no” at listen or never.",
        (
            Wish("no options, nobody listens yet", "tcp/duplicate/no-option", REFUSED),
            Wish("SO_REUSEADDR on both, nobody listens yet", "tcp/duplicate/both-reuseaddr/unlistened", REFUSED),
            Wish("SO_REUSEADDR on both, the first listens", f"{DUPLICATE}/bind-listen-bind-listen/reuseaddr-then-reuseaddr", REFUSED),
            Wish(
                "SO_REUSEADDR on both, both bind before the first listens",
                f"{DUPLICATE}/bind-bind-listen-listen/reuseaddr-then-reuseaddr",
                REFUSED,
            ),
        ),
    ),
    Entry(
        "multicast",
        "Several receivers of one multicast group",
        "Several programs listen to one group and port: may they all bind it, and does each get every datagram?",
        (
            Wish("SO_REUSEADDR on both, bound to the group", f"{GROUP}/bind/reuseaddr-reuseaddr", BINDS),
            Wish("SO_REUSEPORT on both, bound to the group", f"{GROUP}/bind/reuseport-reuseport", BINDS),
            Wish("SO_REUSEPORT on the first, SO_REUSEADDR on the second", f"{GROUP}/bind/reuseport-reuseaddr", BINDS),
            Wish("SO_REUSEADDR on the first, SO_REUSEPORT on the second", f"{GROUP}/bind/reuseaddr-reuseport", BINDS),
            Wish("SO_REUSEADDR on both, bound to the wildcard", f"{GROUP}/wildcard/reuseaddr", BINDS),
            Wish("SO_REUSEPORT on both, bound to the wildcard", f"{GROUP}/wildcard/reuseport", BINDS),
            Wish("SO_REUSEADDR: does each get every datagram?", f"{GROUP}/copies/group/reuseaddr", ("connections each",)),
            Wish("SO_REUSEPORT: does each get every datagram?", f"{GROUP}/copies/group/reuseport", ("connections each",)),
        ),
    ),
    Entry(
        "clients",
        "Many outgoing connections from one address",
        "A client binds before it connects, perhaps to the port on which it listens (hole punching). Or its ports run out, which Windows "
        "calls 10048 (WSAEADDRINUSE) at connect. The lines about a range with one port need IP_LOCAL_PORT_RANGE.",
        (
            Wish("bind a port, then connect", "tcp/outgoing/bind-before-connect/no-options", ("connect ok",)),
            Wish("one port, two destinations, SO_REUSEADDR", "tcp/outgoing/two-destinations/reuseaddr", ("connect ok",)),
            Wish("the same destination a second time from one port", "tcp/outgoing/duplicate-four-tuple/reuseaddr", ("connect ok",)),
            Wish(
                "from the port on which the program listens, SO_REUSEPORT on both",
                "tcp/outgoing/own-listening-port/reuseport",
                ("connect ok",),
            ),
            Wish("a range of one port, two destinations, connect without bind", f"{PORTS}/other-destination/no-options", ("connect ok",)),
            Wish("the same; the first bound port 0 before it connected", f"{PORTS}/other-destination-bound/no-options", ("connect ok",)),
            Wish("the one port is in TIME_WAIT with another server", f"{PORTS}/time-wait-other-destination/no-options", ("connect ok",)),
            Wish("a client without bind leaves its port to servers", "tcp/outgoing/implicit-port/none", BINDS),
        ),
    ),
    Entry(
        "held",
        "The port is taken, and not by my server",
        "A child that inherited the socket, an outgoing connection that drew the port, a client that is connected to itself, a socket "
        "that does not listen: may a server bind beside them? addrinuse why ADDRESS:PORT tells which it is on your machine.",
        (
            Wish("a child still has the listening socket; no options", "tcp/descriptors/closed-in-one/inherit/second-none", BINDS),
            Wish("a child still has it; SO_REUSEADDR on both", "tcp/descriptors/closed-in-one/inherit/second-reuseaddr", BINDS),
            Wish(
                "an outgoing connection drew the port; no options",
                "tcp/outgoing/server-on-client-port/wildcard/client-none/server-none",
                BINDS,
            ),
            Wish(
                "an outgoing connection drew the port; SO_REUSEADDR on the server",
                "tcp/outgoing/server-on-client-port/wildcard/client-none/server-reuseaddr",
                BINDS,
            ),
            Wish("a socket is bound and does not listen; no options", f"{DUPLICATE}/bind-bind-listen-listen/none-then-none", STARTS),
            Wish("connect to the own port is refused", "tcp/after-failure/connect-to-itself/no-options", ("connect EINVAL",)),
            Wish("a port below 1024 as a user, at one address", "tcp4/address/reserved-port", BINDS),
            Wish("a port below 1024 as a user, at the wildcard", "tcp4/address/reserved-port-at-the-wildcard", BINDS),
            Wish("127.0.0.0/8 is the machine's own, all of it", "tcp4/address/loopback-net", BINDS),
        ),
    ),
    Entry(
        "stale-file",
        "A stale socket file (AF_UNIX)",
        "The server of a Unix socket ended or crashed, and its file is still there. What helps, and what takes the path from one that is "
        "alive? “yes” means that the line is true. A server that starts safely locks, connects, unlinks and binds: docs/unix.md has the "
        "code.",
        (
            Wish("bind over the stale file is granted", "unix/bind/stale", BINDS),
            Wish("SO_REUSEADDR helps", "unix/bind/reuseaddr/stale", BINDS),
            Wish("close removes the file", "unix/close/file", ("file none",)),
            Wish("connect tells that it is stale", "unix/connect/stale", ("connect ECONNREFUSED",)),
            Wish("connect tells a server that does not listen yet from a stale file", "unix/connect/bound-not-listening", ("connect ok",)),
            Wish("connect tells a server from a full one", "unix/queue/full", ("connect EAGAIN", "connect waits")),
            Wish("unlink and bind leave a live server its new clients", "unix/unlinked/receives", ("connections A",)),
            Wish("the old one's clean-up spares the new one's file", "unix/unlinked/two-live/clean-up-of-the-first", ("connections B",)),
            Wish("a rename over the old file loses no client", "unix/rename-over/receives", ("connections B",)),
            Wish("an abstract name is free when its socket is closed", "unix/abstract/closed", BINDS),
        ),
    ),
)

_BOTH_REUSEADDR = f"{DUPLICATE}/bind-listen-bind-listen/reuseaddr-then-reuseaddr"
#: Twelve lines for the README's picture and the first page of the site. Each says what is granted, as the same experiment may be wished
#: to be granted in one entry and to be refused in another.
HEADLINES = (
    Wish("Restart in TIME_WAIT without options", f"{WAITING}/server-closes-first/old-none/new-none", BINDS),
    Wish("Restart in TIME_WAIT, SO_REUSEADDR on the new server only", f"{WAITING}/server-closes-first/old-none/new-reuseaddr", BINDS),
    Wish("Restart in TIME_WAIT, SO_REUSEADDR on the old and the new", f"{WAITING}/server-closes-first/old-reuseaddr/new-reuseaddr", BINDS),
    Wish("SO_REUSEADDR on both, nobody listens: it is refused", "tcp/duplicate/both-reuseaddr/unlistened", REFUSED),
    Wish("SO_REUSEADDR on both, the first listens: it is refused", _BOTH_REUSEADDR, REFUSED),
    Wish("SO_REUSEPORT on both: both may listen", f"{DUPLICATE}/bind-listen-bind-listen/reuseport-then-reuseport", STARTS),
    Wish("SO_REUSEPORT on both: both get connections", "tcp4/reuseport/receives/reuseport", ("connections both",)),
    Wish("SO_REUSEPORT on both: another user is refused", f"{STOLEN}/listening/stranger-stranger2/reuseport", REFUSED),
    Wish("UDP, SO_REUSEADDR on both: another user is refused", "udp/takeover/same/stranger-stranger2/reuseaddr", REFUSED),
    Wish("The wildcard and one address, no options: both may listen", f"{BESIDE}/none-then-none", STARTS),
    Wish("The same, SO_REUSEADDR on both", f"{BESIDE}/reuseaddr-then-reuseaddr", STARTS),
    Wish("A server on [::] gets IPv4 connections unasked", "tcp/dual-stack/default/receives", ("connections A",)),
)
