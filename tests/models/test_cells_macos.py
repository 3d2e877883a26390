from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.models.macos import MacOS
from fixtures.models.macos import arrivals as a
from fixtures.models.macos import call_clauses as k
from fixtures.models.macos import clauses as v
from fixtures.models.macos import connect_clauses as n
from fixtures.models.macos.edges import EDGES
from fixtures.models.situations import CONNECT_REFUSED, NOBODY_RECEIVES
from fixtures.specification.clauses import Reason
from tests.helpers.cells import Table, wrong_cells

TCP = ("S=S", "W=W", "W>S", "S>W", "D>W", "W>D", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6")
UDP = ("S=S", "W=W", "W>S", "S>W", "D>W", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6", "M=M")
FREE = ("S/S'", "6>W", "W>6")
NO = "none,none; RA,none; RP,none"
ONE_SIDED = "none,RA; RA,RA; none,RP; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP"
SHARED = "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP"
EVERY = "; ".join((NO, ONE_SIDED, SHARED))

SAME_USER: Table = {
    NO: "BBBB BBBB BBBB BBBB BBBB ooBB BBBB BBBB BBBB BBBB BBBB BBBB",
    ONE_SIDED: "BBoo BBoo oooo oooo BBoo oooo oooo oooo BBoo BBoo BBoo oooo",
    SHARED: "oooo " * 12,
}
OTHER_USER: Table = {
    "none,RA; RA,RA; none,RP; RA,RP; RA,RA+RP": "BBBB BBBB BBBB BBBB BBBB ooBB BBBB BBBB BBBB BBBB BBBB BBBB",
    SHARED: "BBBB ooBB BBBB BBBB ooBB oooo BBBB oooo ooBB BBBB ooBB BBBB",
    "RP,RA; RA+RP,RA": "BBBB BBBB BBBB BBBB BBBB oooo BBBB oooo BBBB BBBB BBBB BBBB",
}
UDP_SAME: Table = {
    NO: "B B B B B B B B B B B B",
    "none,RA; none,RP; RA,RP": "B B o o B o o B B B o B",
    "RA,RA; RP,RA; RA+RP,RA; RA,RA+RP": "B B o o B o o B B B o o",
    SHARED: "o " * 12,
}
TABLES: dict[str, tuple[str, str, tuple[str, ...], Table]] = {
    "tcp": ("tcp", "", TCP, SAME_USER),
    "tcp-free": ("tcp", "", FREE, {EVERY: "oooo " * 3}),
    "tcp-other": ("tcp", "stranger: ", TCP, OTHER_USER),
    "tcp-other-free": ("tcp", "stranger: ", FREE, {"; ".join(OTHER_USER): "oooo " * 3}),
    "udp": ("udp", "", UDP, UDP_SAME),
    "udp-free": ("udp", "", (*FREE, "W>D"), {EVERY: "o " * 4}),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str) -> None:
    protocol, actor, relations, rows = TABLES[table]
    wrong = wrong_cells(MacOS, protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)


GROUP = "A = tcp4(SO_REUSEPORT)\nA.bind({0}:P)\nA.listen()\nB = tcp4(SO_REUSEPORT)\nB.bind({0}:P)\n"
DUAL = "A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)"
IPV4_FIRST = "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6()\nB.bind([::]:P)"
SERVED = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"
LEFT = SERVED + "D.close()\nC.recv(1)\nC.close()\n"
MULTICAST_PAIR = "A = udp4({})\nA.bind(224.0.0.251:P)\nB = udp4({})\nB.bind(224.0.0.251:P)"
PAIR = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)\nC.connect(127.0.0.1:P)\n"
TWO = "A = {}\nA.bind({}:P)\nB = {}\nB.bind({}:P)"
UDP_TWINS = TWO.format("udp4(SO_REUSEPORT)", "127.0.0.1", "udp4(SO_REUSEPORT)", "127.0.0.1")
UDP_TWINS += "\nA.connect(127.0.0.1:Q)\nB.connect(127.0.0.1:Q)"
CASES: list[tuple[str, str, Reason | None]] = [
    # Who receives: the newest specific socket, the oldest wildcard; nobody asks who listens.
    (GROUP.format("127.0.0.1") + "B.listen()\nconnections(127.0.0.1:P)", "B", a.EXACT),
    (GROUP.format("0.0.0.0") + "B.listen()\nconnections(127.0.0.1:P)", "A", a.OLDEST_WILDCARD),
    (GROUP.format("127.0.0.1") + "connections(127.0.0.1:P)", "none", a.EXACT),
    (GROUP.format("0.0.0.0") + "connections(127.0.0.1:P)", "A", a.OLDEST_WILDCARD),
    ("A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::1]:P)", "A", a.EXACT_IPV6),
    ("A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", a.WILDCARD),
    (
        TWO.format("tcp6(SO_REUSEPORT)", "[::]", "tcp6(SO_REUSEPORT)", "[::]") + "\nA.listen()\nconnections([::1]:P)",
        "A",
        a.OLDEST_WILDCARD_IPV6,
    ),
    ("A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections([::1]:P)", "A", a.WILDCARD_IPV6),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nconnections(127.0.0.2:P)", "none", EDGES.because(NOBODY_RECEIVES)),
    ("A = tcp6()\nA.bind([::1]:P)\nconnections([::2]:P)", "none", EDGES.because(NOBODY_RECEIVES, 6)),
    # bind: what was in the way, or let it in.
    ("A = tcp4()\nA.bind(127.0.0.1:P)", "ok", v.NOBODY_HOLDS),
    ("A = tcp6()\nA.bind([::1]:P)", "ok", v.NOBODY_HOLDS_IPV6),
    (TWO.format("tcp4()", "127.0.0.1", "tcp4()", "127.0.0.2"), "ok", v.OTHER_ADDRESS),
    (TWO.format("tcp4()", "127.0.0.1", "tcp6()", "[::1]"), "ok", v.OTHER_ADDRESS_IPV6),
    (TWO.format("tcp4()", "127.0.0.1", "tcp4()", "0.0.0.0"), "EADDRINUSE", v.IN_USE),
    (TWO.format("tcp6(SO_REUSEADDR)", "[::1]", "tcp6(SO_REUSEADDR)", "[::1]"), "EADDRINUSE", v.TWIN_NEEDS_REUSEPORT_IPV6),
    (TWO.format("tcp4(SO_REUSEADDR)", "127.0.0.1", "tcp4(SO_REUSEPORT)", "127.0.0.1"), "EADDRINUSE", v.TWIN_LACKS_REUSEPORT),
    (TWO.format("tcp6(SO_REUSEADDR)", "[::1]", "tcp6(SO_REUSEPORT)", "[::1]"), "EADDRINUSE", v.TWIN_LACKS_REUSEPORT_IPV6),
    (TWO.format("tcp6(SO_REUSEPORT)", "[::1]", "tcp6(SO_REUSEPORT)", "[::1]"), "ok", v.REUSEPORT_SHARES_IPV6),
    (TWO.format("tcp6()", "[::]", "tcp6(SO_REUSEADDR)", "[::1]"), "ok", v.ONLY_TWINS_IPV6),
    (TWO.format("udp6()", "[ff05::fb]", "udp6(SO_REUSEPORT)", "[ff05::fb]"), "EADDRINUSE", v.GROUP_HOLDER_LACKS_IPV6),
    (TWO.format("udp6(SO_REUSEADDR)", "[ff05::fb]", "udp6(SO_REUSEADDR)", "[ff05::fb]"), "ok", v.GROUP_SHARES_IPV6),
    (LEFT + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.CONNECTION_HOLDS),
    # [::] takes IPv4 unless told otherwise.
    ("A = tcp6()\nA.getsockopt(IPV6_V6ONLY)", "0", None),
    (DUAL, "EADDRINUSE", v.IN_USE),
    (IPV4_FIRST, "ok", v.DUAL_BESIDE_IPV4),
    ("A = tcp6(IPV6_V6ONLY=1)\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", v.MAPPED_V6ONLY),
    ("A = tcp6()\nA.bind([::]:P)\nB = tcp6()\nB.bind([::ffff:0.0.0.0]:P)", "ok", v.MAPPED_WILDCARDS),
    ("A = tcp6()\nA.bind([::ffff:0.0.0.0]:P)\nB = tcp6()\nB.bind([::]:P)", "EADDRINUSE", v.IN_USE_IPV6),
    # First SO_REUSEPORT, second SO_REUSEADDR.
    (
        "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
        "EADDRINUSE",
        v.TWIN_NEEDS_REUSEPORT,
    ),
    # Multicast widens by the new socket's SO_REUSEADDR only.
    (MULTICAST_PAIR.format("SO_REUSEADDR", "SO_REUSEPORT"), "EADDRINUSE", v.GROUP_HOLDER_LACKS),
    (MULTICAST_PAIR.format("SO_REUSEPORT", "SO_REUSEADDR"), "ok", v.GROUP_SHARES),
    # Options set late count.
    (
        "A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 1)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
        "ok",
        v.REUSEPORT_SHARES,
    ),
    # Connections and TIME_WAIT hold the port against other users, not against root.
    (SERVED + "B = stranger: tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.OTHER_USER),
    (LEFT + "B = stranger: tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.OTHER_USER),
    (LEFT + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", v.PASSES_CONNECTIONS),
    (LEFT + "elapse(30)\nB = stranger: tcp4()\nB.bind(127.0.0.1:P)", "ok", None),
    ("A = stranger: tcp4()\nA.bind(0.0.0.0:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", v.ONLY_TWINS),
    (
        "A = tcp6(IPV6_V6ONLY=1, SO_REUSEPORT)\nA.bind([::]:P)\nB = stranger: tcp6(IPV6_V6ONLY=1, SO_REUSEPORT)\nB.bind([::1]:P)",
        "EADDRINUSE",
        v.OTHER_USER_IPV6,
    ),
    # listen, connect, accept and shutdown.
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", "ok", k.LISTEN_IS_FREE),
    ("A = tcp6()\nA.bind([::1]:P)\nA.listen()", "ok", k.LISTEN_IS_FREE_IPV6),
    (PAIR.replace("C.connect(127.0.0.1:P)", "C.connect(0.0.0.0:P)"), "ok", n.TO_THE_FIRST),
    ("A = tcp6()\nA.bind([::1]:P)\nA.listen()\nC = tcp6()\nC.connect([::]:P)", "ok", n.TO_LOOPBACK),
    ("A = tcp4()\nA.connect(127.0.0.1:P)", "ECONNREFUSED", EDGES.because(CONNECT_REFUSED)),
    (UDP_TWINS, "EADDRINUSE", n.SAME_CONNECTION_UDP),
    (LEFT + "elapse(30)", "ok", k.HALF_A_MINUTE),
    (PAIR + "D = tcp4(SO_REUSEADDR)\nD.bind(127.0.0.1:Q)\nD.connect(127.0.0.1:P)", "EADDRINUSE", n.SAME_CONNECTION),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RD)", "ENOTCONN", k.SHUTDOWN_LISTENER),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RD)\nconnections(127.0.0.1:P)", "A", None),
]


@pytest.mark.parametrize(("text", "answer", "because"), CASES)
def test_answer_and_reason(text: str, answer: str, because: Reason | None) -> None:
    stack = MacOS()
    stack.play(call for call, _ in parse(text))
    found = stack.trace[-1][1]
    assert found.name == answer
    assert because is None or found.because == because
