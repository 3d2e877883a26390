"""Wine: its tables of outcomes cell by cell, and each clause of it where it decides."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.models import situations as S
from fixtures.models.wine import Wine, host
from fixtures.models.wine import clauses as C
from fixtures.models.wine import clauses_calls as K
from fixtures.models.wine.edges import EDGES
from fixtures.specification.clauses import Reason
from tests.helpers.cells import Table, wrong_cells
from tests.models.test_cells_windows import FREE, PAIRS, RELATIONS

TCP: Table = {
    "none,none; RA,none": "BBoo BBoo LBoo LBoo LBoo LBoo LBoo LBoo BBoo BBoo BBoo LBoo",
    "none,RA": "AAoo AAoo LAoo LAoo LAoo LAoo LAoo LAoo AAoo AAoo AAoo LAoo",
    "RA,RA": "LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo",
    "EX,none": "BBoo AAoo AAoo LBoo AAoo LBoo AAoo LBoo AAoo BBoo AAoo AAoo",
    "none,EX; RA,EX": "BBoo BBoo LBoo BBoo LBoo BBoo LBoo BBoo BBoo BBoo BBoo LBoo",
    "EX,EX": "BBoo AAoo AAoo BBoo AAoo AAoo AAoo BBoo AAoo BBoo AAoo AAoo",
    "EX,RA": "AAoo AAoo AAoo LAoo AAoo LAoo AAoo LAoo AAoo AAoo AAoo AAoo",
}
# Different specific addresses clash too; nothing else of IPv4 and IPv6 apart does.
UDP: Table = {
    "none,none; RA,none; EX,none; none,EX; RA,EX; EX,EX": "B " * 12 + "B",
    "none,RA; EX,RA": "A " * 12 + "A",
    "RA,RA": "o " * 12 + "o",
}
TABLES: dict[str, tuple[str, tuple[str, ...], Table]] = {
    "tcp": ("tcp", RELATIONS, TCP),
    "tcp-free": ("tcp", FREE, {PAIRS: "oooo oooo oooo"}),
    "udp": ("udp", (*RELATIONS, "S/S'"), UDP),
    "udp-free": ("udp", ("6>W", "W>6"), {PAIRS: "o o"}),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str) -> None:
    protocol, relations, rows = TABLES[table]
    wrong = wrong_cells(lambda: Wine(version="8.0"), protocol, "", relations, rows)
    assert not wrong, "\n".join(wrong)


RA, EX = "SO_REUSEADDR", "SO_EXCLUSIVEADDRUSE"
TWINS = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nB = tcp4({1})\nB.bind(127.0.0.1:P)\n"
BESIDE_WILDCARD = "A = tcp4({0})\nA.bind(0.0.0.0:P)\nB = tcp4({1})\nB.bind(127.0.0.1:P)\n"
UDP_TWINS = TWINS.replace("tcp", "udp")
CHILD = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\n"
CLOSED = "A.close()\nD.close()\nC.recv(1)\nC.close()\n"
#: A client that was refused, and refused twice; a datagram to a port that nobody has.
ONCE = "A = tcp4()\nA.connect(127.0.0.1:P)\n"
IN_VAIN = ONCE + "A.connect(127.0.0.1:P)\n"
UNHEARD = "A = udp4()\nA.connect(127.0.0.1:P)\nA.send(1)\n"
#: A client that bound itself, and is reset.
RESET = "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4()\nA.bind(127.0.0.1:{0})\nA.connect(127.0.0.1:P)\nD = L.accept()\n"
ABORTED = "D.setsockopt(SO_LINGER, 0)\nD.close()\nA.recv(1)\n"

#: Script, the last answer, the clause that decided it (None: any).
CASES: list[tuple[str, str, Reason | None]] = [
    # wineserver's tree.
    (TWINS.format("", ""), "EADDRINUSE", C.SAME_ADDRESS),
    (TWINS.format("", RA), "EACCES", C.EACCES),
    (TWINS.format(RA, RA), "ok", C.UNLISTENED_SHARE),
    (TWINS.format(EX, ""), "EADDRINUSE", C.EXCLUSIVE),
    (BESIDE_WILDCARD.format(EX, ""), "EACCES", C.EACCES),
    (BESIDE_WILDCARD.format("", ""), "ok", C.UNLISTENED_SHARE),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEADDR, 1)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "EACCES", C.EACCES),
    (RESET.format("Q") + ABORTED + "B = tcp4()\nB.bind(127.0.0.1:Q)", "EADDRINUSE", C.KEEPS_NAMED_PORT),
    (RESET.format("0") + ABORTED + "B = tcp4()\nB.bind(127.0.0.1:port(A))", "EADDRINUSE", C.KEEPS_DRAWN_PORT),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)", "EINVAL", EDGES.because(S.BIND_BOUND)),
    # The host, on which SO_REUSEADDR is on.
    ("A = tcp4()\nA.bind(127.0.0.1:P)", "ok", host.PORT_FREE),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.2:P)", "ok", host.ADDRESSES_APART),
    (CHILD.format("") + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", C.CONNECTIONS_ARE_FREE),
    (CHILD.format("") + CLOSED + "B = tcp4()\nB.bind(127.0.0.1:P)", "ok", C.TIME_WAIT_IS_FREE),
    ("A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", host.LISTENER_BLOCKS),
    ("A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "EACCES", C.HOST_EACCES),
    ("A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", "ok", C.V6ONLY_DEFAULT),
    ("A = tcp6()\nA.getsockopt(IPV6_V6ONLY)", "1", C.V6ONLY_DEFAULT),
    # UDP.
    (UDP_TWINS.format("", RA), "EACCES", C.HOST_EACCES),
    (UDP_TWINS.format(EX, ""), "EADDRINUSE", C.UDP_HOST),
    (UDP_TWINS.format(RA, RA), "ok", C.UDP_SHARES),
    (UDP_TWINS.format(RA, RA) + "connections(127.0.0.1:P)", "B", host.UDP_NEWEST),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\nB.bind(127.0.0.2:P)", "EADDRINUSE", C.UDP_INTERFACE),
    # listen: as Linux.
    ("A = tcp4()\nA.listen()", "EINVAL", K.LISTEN_UNBOUND),
    (TWINS.format(RA, RA) + "A.listen()", "ok", host.LISTEN_GRANTED),
    (TWINS.format(RA, RA) + "A.listen()\nB.listen()", "EADDRINUSE", host.SECOND_LISTEN),
    (TWINS.format(RA, RA) + "A.listen()\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:P)", "EACCES", C.HOST_EACCES),
    # A socket that was refused is still connecting on the host.
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.connect(127.0.0.1:P)", "EINVAL", K.CONNECT_LISTENER),
    (ONCE, "ECONNREFUSED", EDGES.because(S.CONNECT_REFUSED)),
    (ONCE + "A.recv(1)", "end", K.REFUSED_READS_AS_END),
    (ONCE + "A.listen()", "EINVAL", K.REFUSED_THEN_LISTEN),
    (IN_VAIN, "ECONNABORTED", K.REFUSED_THEN_CONNECT),
    ("A = udp6()\nA.connect([::ffff:127.0.0.1]:P)\nA.listen()", "EINVAL", K.LISTEN_UNBOUND),
    ("A = udp4()\nA.join([ff05::fb])", "EINVAL", K.JOIN_OTHER_FAMILY),
    (IN_VAIN + "A.connect(127.0.0.1:P)", "ECONNREFUSED", host.USABLE_AGAIN),
    (IN_VAIN + "A.listen()", "ok", K.LISTENS_ELSEWHERE),
    (IN_VAIN + "A.listen()\nconnections(127.0.0.1:port(A))", "none", EDGES.because(S.NOBODY_RECEIVES)),
    (IN_VAIN + "A.bind(127.0.0.1:P)", "EINVAL", EDGES.because(S.BIND_BOUND)),
    ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:Q)\nA.connect([::1]:P)", "EOPNOTSUPP", K.NOT_SUPPORTED),
    # Of a UDP socket the first error alone is lost; a reset is never told.
    (UNHEARD, "ok", K.FIRST_ERROR_TAKEN),
    (UNHEARD + "A.recv(1)", "EAGAIN", K.FIRST_ERROR_TAKEN),
    (UNHEARD + "A.send(1)\nA.recv(1)", "ECONNREFUSED", EDGES.because(S.ERROR_UDP)),
    (UNHEARD + "A.send(1)\nA.send(1)", "ECONNREFUSED", EDGES.because(S.ERROR_UDP)),
    (RESET.format("Q") + ABORTED, "end", K.RESET_READS_AS_END),
    (RESET.format("Q") + ABORTED + "A.send(1)", "ECONNRESET", K.SEND_RESETS),
    ("A = tcp4()\nA.send(1)", "ECONNRESET", K.SEND_RESETS),
    ("A = udp4()\nA.send(1)", "EINVAL", K.NO_PEER_IS_INVALID),
    # shutdown, and the halves.
    (CHILD.format("") + "A.shutdown(RDWR)", "ENOTCONN", K.SHUTDOWN_LISTENER),
    (CHILD.format("") + "D.shutdown(WR)", "ok", EDGES.because(S.SHUTDOWN)),
    (CHILD.format("") + "D.shutdown(WR)\nD.send(1)", "ESHUTDOWN", K.SHUT_HALF),
    (CHILD.format("") + "D.shutdown(RD)\nD.recv(1)", "ESHUTDOWN", K.SHUT_HALF_RECV),
    (UNHEARD + "A.shutdown(RDWR)\nA.recv(1)", "ESHUTDOWN", K.SHUT_HALF_RECV),
    (UNHEARD + "A.shutdown(RD)\nA.send(1)", "ok", None),
    ("A = udp4()\nA.shutdown(RD)", "ok", K.UDP_SHUTS),
    (RESET.format("Q") + ABORTED + "A.shutdown(WR)", "ok", K.SHUTDOWN_AFTER_RESET),
    # Options and groups.
    ("A = tcp4()\nA.setsockopt(SO_REUSEADDR, 1)", "ok", K.SET_REUSEADDR),
    ("A = tcp4()\nA.setsockopt(SO_EXCLUSIVEADDRUSE, 1)", "ok", K.SET_EXCLUSIVE),
    ("A = tcp4(SO_EXCLUSIVEADDRUSE)\nA.setsockopt(SO_REUSEADDR, 1)", "EINVAL", EDGES.because(S.SET_BOTH)),
    ("A = tcp4(SO_REUSEADDR)\nA.setsockopt(SO_EXCLUSIVEADDRUSE, 1)", "EINVAL", K.EXCLUSIVE_BESIDE_REUSE),
    ("A = tcp4()\nA.getsockopt(SO_REUSEADDR)", "0", K.GET_REUSEADDR),
    (CHILD.format(RA) + "D.getsockopt(SO_REUSEADDR)", "1", K.INHERITED),
    ("A = tcp4(SO_EXCLUSIVEADDRUSE)\nA.getsockopt(SO_EXCLUSIVEADDRUSE)", "1", K.GET_EXCLUSIVE),
    ("A = tcp4()\nA.setsockopt(SO_REUSE_UNICASTPORT, 1)", "ok", K.SET_UNICASTPORT),
    ("A = tcp4()\nA.join(224.0.0.251)", "EINVAL", K.JOIN_OVER_TCP),
    ("A = tcp4()\nA.close()\nA.bind(127.0.0.1:P)", "EBADF", K.NO_DESCRIPTOR),
]


@pytest.mark.parametrize(("text", "answer", "because"), CASES)
def test_answer_and_clause(text: str, answer: str, because: Reason | None) -> None:
    model = Wine(version="8.0")
    found = [model.perform(call) for call, _ in parse(text)][-1]
    assert found.name == answer
    assert because in (None, found.because)


def test_between_users_only_the_host_decides() -> None:
    """Each user has a wineserver of his own."""
    model = Wine(version="8.0")
    text = "A = tcp4()\nA.bind(127.0.0.1:P)\nB = stranger: tcp4()\nB.bind(127.0.0.1:P)"
    found = [model.perform(call) for call, _ in parse(text)][-1]
    assert (found.name, found.because) == ("ok", C.UNLISTENED_SHARE)


def test_what_the_host_decides_has_the_kernels_place() -> None:
    assert {clause.source for clause in host.HOST.values()} == {clause.source for clause in host.HOST}
    assert all(clause.id.startswith("wine/") and not clause.since and not clause.until for clause in host.HOST.values())
