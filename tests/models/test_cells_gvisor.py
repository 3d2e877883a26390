"""gVisor, cell by cell, and which clause decides: the traps are those of its source and of the recorded run."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.language.words import Answer
from fixtures.models.gvisor import GVisor
from fixtures.models.gvisor.edges import EDGES
from tests.helpers.cells import Table, wrong_cells
from tests.models.test_models import ALL_PAIRS, FREE, LINUX_RELATIONS, LINUX_UDP

GVISOR_TCP: Table = {
    "none,none; RA,none; none,RA; RP,none; RP,RA; RA+RP,none": "BBBB " * 12,
    "RA,RA; RA+RP,RA; RA,RA+RP": "LBoo LBoo oooo oooo LBoo LBoo oooo oooo LBoo LBoo LBoo oooo",
    "none,RP; RA,RP; none,RA+RP": "BBoo " * 12,
    "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP": "oooo " * 12,
}
TABLES: dict[str, tuple[str, tuple[str, ...], Table]] = {
    "tcp": ("tcp", LINUX_RELATIONS, GVISOR_TCP),
    "tcp-free": ("tcp", FREE, {"; ".join(ALL_PAIRS): "oooo " * 3}),
    "udp": ("udp", (*LINUX_RELATIONS, "M=M"), LINUX_UDP),
    "udp-free": ("udp", FREE, {"; ".join(ALL_PAIRS): "o " * 3}),
}


@pytest.mark.parametrize("actor", ["", "other: ", "stranger: "])
@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str, actor: str) -> None:
    """No user counts."""
    protocol, relations, rows = TABLES[table]
    wrong = wrong_cells(GVisor, protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)


RA, RP, BOTH = "SO_REUSEADDR", "SO_REUSEPORT", "SO_REUSEADDR, SO_REUSEPORT"
HELD = "A = tcp4()\nA.bind(127.0.0.1:P)\n"
TWINS = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nB = tcp4({1})\nB.bind(127.0.0.1:P)"
UDP_TWINS = "A = udp4({0})\nA.bind(127.0.0.1:P)\nB = udp4({1})\nB.bind(127.0.0.1:P)\n"
GROUP_TWINS = "A = udp4({0})\nA.bind(224.0.0.251:P)\nB = udp4({1})\nB.bind(224.0.0.251:P)"
WILDCARD = "A = tcp4({0})\nA.bind(0.0.0.0:P)\nB = tcp4({1})\nB.bind(127.0.0.1:P)"
LISTENING = TWINS.format(RA, RA) + "\nA.listen()\nB.listen()"
SERVER = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\n"
REMNANT = SERVER + "A.close()\n"
TIME_WAIT = REMNANT + "D.close()\nC.recv(1)\nC.close()\n"
AGAIN = "B = tcp4({1})\nB.bind(127.0.0.1:P)"
CLIENT = (
    "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4()\nA.bind({0}:Q)\nA.connect(127.0.0.1:P)\nC = L.accept()\nC.close()\nA.recv(1)\n"
)
DUAL = "A = tcp6(IPV6_V6ONLY=0, SO_REUSEPORT)\nA.bind([::]:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)\nA.listen()\nB.listen()\n"
SAME_TUPLE = (
    "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:Q)\n"
    "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\nB.connect(127.0.0.1:P)\n"
)
REFUSED_BIND = "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::ffff:127.0.0.1]:P)\n"
REFUSED = HELD + "A.connect(127.0.0.1:Q)\n"
SHUT = HELD + "A.listen()\nA.shutdown(RDWR)\n"
SERVER6 = "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nC = tcp6(IPV6_V6ONLY=0)\nC.connect([::1]:P)\nD = A.accept()\n"
MAPPED_UDP = "A = udp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:Q)\n"
UNREAD = SERVER.format("") + "C.send(1)\n"
ABORTED = UNREAD + "D.shutdown(RDWR)\n"
RESET = SERVER.format("") + "C.setsockopt(SO_LINGER, 0)\nC.close()\n"
OVER = SERVER.format("") + "D.shutdown(WR)\nC.recv(1)\nC.shutdown(WR)\n"
FROM_A_GROUP = "A = udp4()\nA.bind(224.0.0.251:Q)\nA.connect(0.0.0.0:P)"
THREE = (
    "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.2:P)\n"
    "C = tcp4(SO_REUSEADDR, SO_REUSEPORT)\nC.bind(0.0.0.0:P)"
)
UDP_CLIENT = "A = udp4()\nA.bind(0.0.0.0:P)\nA.connect(127.0.0.1:Q)\n"
REFUSED_TUPLE = "".join(f"{one} = udp4(SO_REUSEPORT)\n{one}.bind(127.0.0.1:P)\n{one}.connect(127.0.0.1:Q)\n" for one in "AB")
FREED = "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::1]:P)\nA.listen()\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::]:Q)\nB.connect([::1]:P)\n"
OTHER_PEER = "A.connect(127.0.0.1:Q)\nB.connect(127.0.0.1:Q)"

MEETS_ITSELF = "A = udp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nA.connect(127.0.0.1:Q)"
SHUTS_BOUND = "A = udp4()\nA.bind(127.0.0.1:P)\nA.shutdown(WR)"
TO_WILDCARD = HELD + "A.listen()\nB = tcp4()\nB.connect(0.0.0.0:P)"
FROM_MAPPED = "A = tcp6()\nA.bind([::ffff:127.0.0.1]:Q)\nA.connect([::]:P)"
FROM_MAPPED_ANY = "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nB = tcp6()\nB.bind([::ffff:0.0.0.0]:Q)\nB.connect([::]:P)"
#: Script, the last answer, the clause that decides it.
CASES: list[tuple[str, str, str]] = [
    # A port that nobody holds there.
    ("A = tcp4()\nA.bind(127.0.0.1:P)", "ok", "free-port"),
    (HELD + "B = udp4()\nB.bind(127.0.0.1:P)", "ok", "free-port"),
    (HELD + "B = tcp6(IPV6_V6ONLY=1)\nB.bind([::]:P)", "ok", "free-port"),
    (HELD + "B = tcp4()\nB.bind(127.0.0.2:P)", "ok", "other-addresses"),
    (HELD + "B = tcp6(IPV6_V6ONLY=0)\nB.bind([::1]:P)", "ok", "free-port"),
    ("A = tcp4()\nA.bind(127.0.0.1:0)", "ok", "bind-draws"),
    # What lets a socket in beside others, and what is in the way.
    (TWINS.format("", ""), "EADDRINUSE", "no-option"),
    (TWINS.format(RA, ""), "EADDRINUSE", "no-option"),
    (TWINS.format("", RA), "EADDRINUSE", "both-need-the-option"),
    (TWINS.format(RP, RA), "EADDRINUSE", "both-need-the-option"),
    (TWINS.format(RA, RA), "ok", "unlistened-duplicates"),
    (TWINS.format(RP, RP), "ok", "reuseport-shared"),
    (TWINS.format(BOTH, BOTH), "ok", "reuseport-shared"),
    (TWINS.format(RP, "") + "\nB.setsockopt(SO_REUSEPORT, 1)\nB.bind(127.0.0.1:P)", "ok", "reuseport-shared"),
    (WILDCARD.format(RA, RA), "ok", "wildcard-shared"),
    (WILDCARD.format("", RA), "EADDRINUSE", "both-need-the-option"),
    (HELD + "B = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)", "EADDRINUSE", "both-need-the-option"),
    (UDP_TWINS.format(RA, RA).rstrip(), "ok", "udp-duplicates"),
    (GROUP_TWINS.format(RA, RA), "ok", "group-shared"),
    (GROUP_TWINS.format(RP, RP), "ok", "reuseport-shared"),
    (GROUP_TWINS.format(RP, RA), "EADDRINUSE", "multicast-unmixed"),
    (GROUP_TWINS.format("", RA), "EADDRINUSE", "both-need-the-option"),
    # For the wildcard each address is asked for itself.
    (THREE, "ok", "each-address-for-itself"),
    # The options of the moment of bind.
    (HELD + "A.setsockopt(SO_REUSEPORT, 1)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)", "EADDRINUSE", "options-frozen-at-bind"),
    (
        TWINS.format(RP, "").replace("B =", "A.setsockopt(SO_REUSEPORT, 0)\nB =").replace("tcp4()", "tcp4(SO_REUSEPORT)"),
        "ok",
        "options-frozen-at-bind",
    ),
    (
        "A = udp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEADDR, 1)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
        "EADDRINUSE",
        "udp-options-frozen-at-bind",
    ),
    # Who listens: a refused listen ends the socket.
    (HELD + "A.listen()", "ok", "listen-alone"),
    (TWINS.format(RA, RA) + "\nA.listen()\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:P)", "EADDRINUSE", "listener-needs-reuseport"),
    (WILDCARD.format(RA, RA) + "\nA.listen()\nB.listen()", "ok", "listen-alone"),
    (TWINS.format(RP, RP) + "\nA.listen()\nB.listen()", "ok", "listen-shared"),
    (LISTENING, "EADDRINUSE", "second-listen-refused"),
    (LISTENING + "\nA.close()\nB.listen()", "EINVAL", "refused-listen-ends-the-socket"),
    (LISTENING + "\nB.connect(127.0.0.1:P)", "EINVAL", "connect-after-refused-listen"),
    (LISTENING + "\nB.bind(127.0.0.1:Q)", "EINVAL", "bind-bound"),
    (LISTENING + "\nA.close()\nC = tcp4()\nC.bind(127.0.0.1:P)", "ok", "free-port"),
    # A refused connection ends it, too.
    (REFUSED.rstrip(), "ECONNREFUSED", "refused-connect-ends-the-socket"),
    (REFUSED + "A.listen()", "EINVAL", "listen-after-refusal"),
    (REFUSED + "A.connect(127.0.0.1:Q)", "ECONNABORTED", "connect-after-refusal"),
    (REFUSED + "A.recv(1)", "end", "recv-end"),
    (REFUSED + "B = tcp4()\nB.bind(127.0.0.1:P)", "ok", "free-port"),
    # Children and TIME_WAIT: SO_REUSEPORT passes, SO_REUSEADDR needs that of the listener, which the child does not read.
    ((REMNANT + AGAIN).format("", ""), "EADDRINUSE", "no-option"),
    ((REMNANT + AGAIN).format("", RA), "EADDRINUSE", "child-keeps-options"),
    ((REMNANT + AGAIN).format("", RP), "ok", "connection-passes-reuseport"),
    ((REMNANT + AGAIN).format(RA, RA), "ok", "connection-shares-reuseaddr"),
    ((REMNANT + "D.setsockopt(SO_REUSEADDR, 1)\n" + AGAIN).format("", RA), "EADDRINUSE", "options-frozen-at-bind"),
    ((REMNANT + "D.getsockopt(SO_REUSEADDR)").format(RA), "0", "child-reads-no-options"),
    ((REMNANT + "D.getsockopt(SO_REUSEPORT)").format(RA), "0", "getsockopt"),
    ((SERVER + "E = tcp4(SO_REUSEADDR)\nE.bind(127.0.0.1:port(C))").format(""), "EADDRINUSE", "child-keeps-options"),
    (
        (SERVER.replace("C = tcp4()", "C = tcp4(SO_REUSEADDR)") + "E = tcp4(SO_REUSEADDR)\nE.bind(127.0.0.1:port(C))").format(""),
        "ok",
        "connection-shares-reuseaddr",
    ),
    ((TIME_WAIT + AGAIN).format("", RA), "EADDRINUSE", "time-wait-keeps-options"),
    ((TIME_WAIT + AGAIN).format("", RP), "ok", "connection-passes-reuseport"),
    ((TIME_WAIT + AGAIN).format("SO_LINGER=0", ""), "EADDRINUSE", "no-option"),
    ((TIME_WAIT + "elapse(60)\n" + AGAIN).format("", ""), "ok", "free-port"),
    # A client of the wildcard holds more than its address, and for ever.
    (CLIENT.format("127.0.0.1") + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:Q)", "ok", "free-port"),
    (CLIENT.format("0.0.0.0") + "B = tcp4()\nB.bind(127.0.0.2:Q)", "EADDRINUSE", "client-keeps-the-wildcard"),
    (CLIENT.format("0.0.0.0") + "B = tcp4()\nB.bind(127.0.0.1:Q)", "EADDRINUSE", "no-option"),
    (CLIENT.format("0.0.0.0") + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:Q)", "EADDRINUSE", "client-leaves-the-wildcard-held"),
    (CLIENT.format("0.0.0.0") + "A.close()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)", "EADDRINUSE", "client-leaves-the-wildcard-held"),
    (UDP_CLIENT + "B = udp4()\nB.bind(127.0.0.2:P)", "EADDRINUSE", "udp-client-keeps-the-wildcard"),
    (UDP_CLIENT + "A.close()\nB = udp4()\nB.bind(0.0.0.0:P)", "ok", "free-port"),
    ("A = udp6(IPV6_V6ONLY=0)\nA.connect([::1]:P)\nB = udp4()\nB.bind(0.0.0.0:port(A))", "EADDRINUSE", "udp-client-of-both-families"),
    ("A = udp6(IPV6_V6ONLY=1)\nA.connect([::1]:P)\nB = udp4()\nB.bind(0.0.0.0:port(A))", "ok", "free-port"),
    # Four-tuples.
    (UDP_TWINS.format(RP, RP) + OTHER_PEER, "EADDRINUSE", "four-tuple-once"),
    (UDP_TWINS.format(RA, RA) + OTHER_PEER, "ok", "udp-connect-shared"),
    (UDP_TWINS.format(RP, RP).replace("127.0.0.1:P", "0.0.0.0:P", 1) + OTHER_PEER, "ok", "udp-connect-shared"),
    (MEETS_ITSELF, "ok", "connect-udp"),
    (SAME_TUPLE.rstrip(), "EADDRNOTAVAIL", "four-tuple-not-available"),
    (SAME_TUPLE + "B.listen()", "EADDRINUSE", "refused-tuple-stays"),
    (HELD + "A.connect(127.0.0.1:P)", "ok", "connect-to-itself"),
    # A refused bind stays with the socket.
    (REFUSED_BIND + "B.bind([::1]:P)", "EINVAL", "refused-bind-bars-the-other-family"),
    (REFUSED_BIND + "A.close()\nB.bind([::]:P)\nB.listen()\nconnections(127.0.0.2:P)", "none", "refused-bind-hides-the-wildcard"),
    (REFUSED_BIND + "A.close()\nB.bind([::]:P)\nB.close()\nC = tcp4()\nC.bind(127.0.0.2:P)", "EADDRINUSE", "refused-bind-stays"),
    (REFUSED_BIND.replace("tcp", "udp") + "B.bind([::1]:P)", "ok", "free-port"),
    # shutdown keeps the port, listen opens it again.
    (SHUT.rstrip(), "ok", "shutdown-keeps-the-port"),
    (SHUT + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", "no-option"),
    (SHUT + "connections(127.0.0.1:P)", "none", "deaf-listener"),
    (SHUT + "A.listen()", "ok", "listen-again"),
    (SHUT + "A.listen()\nconnections(127.0.0.1:P)", "A", "address-before-wildcard"),
    (SHUTS_BOUND, "ENOTCONN", "shutdown-udp-unconnected"),
    # Mapped addresses and dual stack.
    ("A = tcp6(IPV6_V6ONLY=1)\nA.bind([::ffff:127.0.0.1]:P)", "EHOSTUNREACH", "mapped-unreachable"),
    ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", "no-option"),
    ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::1]:P)\nA.getsockopt(IPV6_V6ONLY)", "0", "get-v6only"),
    ("A = tcp6()\nA.bind([::1]:P)\nA.setsockopt(IPV6_V6ONLY, 1)", "EINVAL", "set-v6only-bound"),
    # Who receives.
    (DUAL + "connections(127.0.0.1:P)", "both", "reuseport-balances"),
    (DUAL + "connections([::1]:P)", "A", "address-before-wildcard"),
    (UDP_TWINS.format(RA, RA) + "connections(127.0.0.1:P)", "B", "last-bound-receives"),
    (UDP_TWINS.format(BOTH, BOTH) + "connections(127.0.0.1:P)", "both", "reuseport-balances"),
    (UDP_TWINS.format(BOTH, RA) + "connections(127.0.0.1:P)", "B", "last-bound-receives"),
    ("connections(127.0.0.1:P)", "none", "nobody-receives"),
    # To the wildcard.
    (TO_WILDCARD, "ok", "to-the-wildcard-is-loopback"),
    (FROM_MAPPED_ANY, "ok", "to-the-wildcard-is-loopback"),
    (HELD + "A.listen()\nB = tcp4()\nB.bind(127.0.0.1:Q)\nB.connect(0.0.0.0:P)", "ok", "to-the-wildcard"),
    (HELD + "A.listen()\nB = tcp4()\nB.bind(127.0.0.2:Q)\nB.connect(0.0.0.0:P)", "ECONNREFUSED", "refused-connect-ends-the-socket"),
    (FROM_MAPPED, "EADDRNOTAVAIL", "mapped-has-no-route-to-the-wildcard"),
    # Data and the end.
    ("A = udp4()\nA.send(1)", "EDESTADDRREQ", "send-binds"),
    ("A = udp4()\nA.send(1)\nA.bind(127.0.0.1:P)", "EINVAL", "bind-bound-udp"),
    ("A = tcp4()\nA.send(1)", "EPIPE", "send-unconnected"),
    (SERVER.format("") + "D.close()\nC.send(1)", "ok", "broken-pipe"),
    (SERVER.format("") + "C.shutdown(WR)\nD.recv(1)\nC.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)", "end", "reset-after-end"),
    (SERVER.format("") + "C.shutdown(WR)\nD.recv(1)\nC.setsockopt(SO_LINGER, 0)\nC.close()\nD.send(1)", "EPIPE", "reset-after-end"),
    (SERVER.format("") + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)", "ECONNRESET", "recv-reset"),
    (SERVER.format("") + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.send(1)\nD.send(1)", "EPIPE", "send-broken"),
    # A refused four-tuple, and a listen that was none of TCP's.
    (REFUSED_TUPLE + "connections(127.0.0.1:P)", "none", "refused-connect-unregisters"),
    (REFUSED_TUPLE + "A.close()\nC = udp4()\nC.bind(127.0.0.1:P)", "ok", "refused-connect-gives-the-port-back"),
    (REFUSED_TUPLE + "B.close()\nC = udp4()\nC.bind(127.0.0.1:P)", "ok", "port-given-back-twice"),
    (
        REFUSED_TUPLE + "B.connect(127.0.0.1:R)\nC = udp4()\nC.bind(127.0.0.1:R)\nC.connect(127.0.0.1:P)\nC.send(1)\nB.recv(1)",
        "ok",
        "connected-receives",
    ),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", "address-before-wildcard"),
    # Groups.
    ("A = udp4()\nA.bind(0.0.0.0:P)\nB = udp4()\nB.join(224.0.0.251)\nconnections(224.0.0.251:P)", "A", "group-heard-by-all"),
    (SERVER.format("") + "C.shutdown(RDWR)\nD.send(1)", "ok", "shutdown-of-both-resets"),
    ("A = udp4()\nB = A.accept()", "EOPNOTSUPP", "accept-udp"),
    # What bind asks before it asks who else is there.
    ("A = tcp4()\nA.bind(192.0.2.1:P)", "EADDRNOTAVAIL", "bind-foreign-address"),
    ("A = udp6(IPV6_V6ONLY=1)\nA.bind([::ffff:192.0.2.1]:P)", "EHOSTUNREACH", "mapped-unreachable"),
    ("A = tcp4()\nA.bind(127.0.0.53:P)", "ok", "loopback-net"),
    ("A = stranger: udp6()\nA.bind([::1]:1023)", "ok", "no-reserved-ports"),
    ("A = tcp4()\nA.bind(224.0.0.251:P)", "EADDRNOTAVAIL", "bind-group-over-tcp"),
    ("A = udp4()\nA.bind(224.0.0.251:P)", "ok", "free-port"),
    ("A = tcp4()\nA.bind(224.0.0.251:P)\nA.bind(127.0.0.1:P)", "ok", "free-port"),
    # The family of the own address.
    (MAPPED_UDP + "A.connect([::1]:P)", "EINVAL", "refused-bind-bars-the-other-family"),
    (MAPPED_UDP + "A.connect([::ffff:127.0.0.1]:P)", "ok", "connect-udp"),
    ("A = udp6(IPV6_V6ONLY=0)\nA.connect([::1]:P)\nA.connect([::ffff:127.0.0.1]:P)", "ENETUNREACH", "refused-bind-bars-the-other-family"),
    ("A = udp6(IPV6_V6ONLY=0)\nA.bind([::]:Q)\nA.connect([::1]:P)\nA.connect([::ffff:127.0.0.1]:P)", "ok", "connect-udp"),
    ("A = tcp6(IPV6_V6ONLY=1)\nA.connect([::ffff:127.0.0.1]:P)", "EHOSTUNREACH", "connect-to-mapped"),
    ("A = udp6(IPV6_V6ONLY=1)\nA.bind([::1]:Q)\nA.connect([::ffff:127.0.0.1]:P)", "ENETUNREACH", "refused-bind-bars-the-other-family"),
    (SERVER6 + "C.connect([::ffff:127.0.0.1]:P)", "ENETUNREACH", "refused-bind-bars-the-other-family"),
    ("A = tcp6(IPV6_V6ONLY=0)\nA.connect([::1]:P)\nA.connect([::ffff:127.0.0.1]:P)", "ENETUNREACH", "refused-bind-bars-the-other-family"),
    # To a group.
    ("A = tcp4()\nA.connect(224.0.0.251:P)", "ENETUNREACH", "connect-to-group"),
    ("A = tcp4()\nA.bind(0.0.0.0:Q)\nA.connect(224.0.0.251:P)", "ENETUNREACH", "connect-to-group"),
    (HELD + "A.connect(224.0.0.251:Q)", "ETIMEDOUT", "bound-client-of-a-group"),
    (HELD + "A.connect(224.0.0.251:Q)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", "free-port"),
    ("A = udp4()\nA.connect(224.0.0.251:P)", "ENETUNREACH", "udp-connect-to-group"),
    ("A = tcp4()\nA.join(224.0.0.251)", "ok", "join-over-tcp"),
    ("A = tcp4()\nA.join(224.0.0.251)\nA.join(224.0.0.251)", "ok", "join-over-tcp"),
    ("A = udp4()\nA.join(224.0.0.251)\nA.join(224.0.0.251)", "EADDRINUSE", "join-again"),
    # A listener that takes nobody.
    (SHUT + "B = A.accept()", "EINVAL", "accept-of-a-deaf-listener"),
    # Unread data, and ends that reset their connection.
    (UNREAD + "D.close()", "ok", "unread-data-resets"),
    (UNREAD + "D.close()\nC.recv(1)", "ECONNRESET", "recv-reset"),
    (UNREAD + "E = D.dup()\nD.close()", "ok", "close"),
    (UNREAD + "D.recv(1)\nD.close()", "ok", "close"),
    (UNREAD + "D.shutdown(WR)", "ok", "shutdown"),
    (UNREAD + "D.shutdown(RD)\nD.shutdown(WR)", "ok", "shutdown-of-both-with-unread-data-resets"),
    (ABORTED + "C.recv(1)", "ECONNRESET", "recv-reset"),
    (ABORTED + "D.recv(1)", "ok", "recv"),
    (ABORTED + "D.recv(1)\nD.recv(1)", "ECONNABORTED", "aborted"),
    (ABORTED + "D.recv(1)\nD.recv(1)\nD.recv(1)", "end", "recv-end"),
    (ABORTED + "D.send(1)", "ECONNABORTED", "aborted"),
    (ABORTED + "D.send(1)\nD.send(1)", "EPIPE", "send-broken"),
    (ABORTED + "D.connect(127.0.0.1:P)", "ECONNABORTED", "aborted"),
    (ABORTED + "D.send(1)\nD.connect(127.0.0.1:P)", "ECONNABORTED", "connect-after-refusal"),
    (SERVER.format("") + "C.shutdown(RDWR)\nD.send(1)\nC.recv(1)", "ECONNABORTED", "aborted"),
    (SERVER.format("") + "C.shutdown(RD)\nC.recv(1)", "end", "recv-shut"),
    (SERVER.format("") + "D.shutdown(RD)\nC.send(1)", "ok", "send"),
    (SERVER.format("") + "D.shutdown(RD)\nC.send(1)\nD.recv(1)", "ok", "recv"),
    (SERVER.format("") + "D.shutdown(RD)\nC.send(1)\nD.recv(1)\nD.recv(1)", "end", "recv-shut"),
    (SERVER.format("") + "D.shutdown(RD)\nC.send(1)\nD.close()", "ok", "unread-data-resets"),
    (UNREAD + "D.shutdown(RD)\nD.recv(1)", "ok", "recv"),
    (UNREAD + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)", "ok", "data-before-reset"),
    (UNREAD + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)\nD.recv(1)", "ECONNRESET", "recv-reset"),
    # What a socket whose connection is over answers.
    (RESET + "D.connect(127.0.0.1:P)", "ECONNRESET", "connect-after-reset"),
    (RESET + "D.connect(127.0.0.1:P)\nD.connect(127.0.0.1:P)", "ECONNABORTED", "connect-after-refusal"),
    (RESET + "D.recv(1)\nD.connect(127.0.0.1:P)", "ECONNABORTED", "connect-after-refusal"),
    (RESET + "D.listen()", "EINVAL", "listen-after-refusal"),
    (OVER + "C.connect(127.0.0.1:P)", "EINVAL", "connect-closed"),
    (OVER + "D.connect(127.0.0.1:P)", "EISCONN", "connect-connected"),
    (SERVER.format("") + "C.shutdown(WR)\nC.setsockopt(SO_LINGER, 0)\nC.close()\nD.connect(127.0.0.1:P)", "EINVAL", "connect-closed"),
    # Port 0 never shares, nor does an implicit port.
    ("A = tcp4()\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:port(A))", "EADDRINUSE", "both-need-the-option"),
]


#: What a release changed: the script, the answer before and its clause, the release, the answer since then and its clause.
CHANGES = [
    (SAME_TUPLE.rstrip(), "EADDRINUSE", "four-tuple-once", "20230517", "EADDRNOTAVAIL", "four-tuple-not-available"),
    (SHUTS_BOUND, "ok", "bound-udp-shuts", "20230621", "ENOTCONN", "shutdown-udp-unconnected"),
    (MEETS_ITSELF, "EADDRINUSE", "udp-connect-meets-itself", "20231120", "ok", "connect-udp"),
    (TO_WILDCARD, "ok", "to-the-wildcard-unbound", "20240715", "ok", "to-the-wildcard-is-loopback"),
    (REFUSED_TUPLE + "connections(127.0.0.1:P)", "B", "address-before-wildcard", "20231120", "none", "refused-connect-unregisters"),
    (FREED + "C = tcp4()\nC.bind(127.0.0.1:Q)", "EADDRINUSE", "client-keeps-the-wildcard", "20250429", "ok", "client-frees-ipv4"),
    (FROM_A_GROUP, "ok", "to-the-wildcard-unbound", "20240715", "ENETUNREACH", "from-a-group-to-the-wildcard"),
    (FROM_MAPPED, "EHOSTUNREACH", "mapped-to-the-wildcard", "20240715", "EADDRNOTAVAIL", "mapped-has-no-route-to-the-wildcard"),
]


def last(text: str, version: str = "") -> Answer:
    model = GVisor(version=version)
    return [model.perform(call) for call, _ in parse(text)][-1]


@pytest.mark.parametrize(("text", "answer", "clause"), CASES)
def test_answer_and_clause(text: str, answer: str, clause: str) -> None:
    found = last(text)
    assert found.name == answer
    assert found.because
    assert found.because.id == f"gvisor/{clause}"


@pytest.mark.parametrize(("text", "before", "clause", "release", "since", "new_clause"), CHANGES)
def test_what_a_release_changed(text: str, before: str, clause: str, release: str, since: str, new_clause: str) -> None:
    for version, answer, reason in ((str(int(release) - 1), before, clause), (release, since, new_clause)):
        found = last(text, version)
        assert (found.name, found.because and found.because.id) == (answer, f"gvisor/{reason}")


def test_nothing_is_inherited() -> None:
    """gVisor has no ancestor: what its table does not say is not known."""
    assert EDGES.ancestor is None
