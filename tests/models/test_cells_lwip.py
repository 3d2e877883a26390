"""lwIP, cell by cell; and each clause of it where it decides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Untestable
from fixtures.language.words import LOOPBACK, SO_REUSEADDR, SO_REUSEPORT
from fixtures.models.base import Model
from fixtures.models.lwip import LwIP
from fixtures.models.lwip import clauses as C
from fixtures.models.lwip import clauses_api as A
from fixtures.models.lwip import clauses_udp as U
from fixtures.specification.clauses import Reason
from tests.helpers.cells import Table, wrong_cells

RELATIONS = ("S=S", "W=W", "W>S", "S>W", "s6=s6", "6=6", "6>s6")
APART = ("S/S'", "6>W", "W>6")
DUAL = ("D>W", "W>D", "D>S", "S>D", "D=D")
PAIRS = "none,none; RA,none; none,RA; RA,RA"

TCP: Table = {
    "none,none; RA,none": "BBBB " * 7,
    "none,RA": "BBBo " * 7,
    "RA,RA": "LLoo LLoo oooo oooo LLoo LLoo oooo",
}
TCP_DUAL: Table = {
    "none,none; RA,none": "BBBB " * 4 + "BBoo",
    "none,RA": "BBBo " * 4 + "BBoo",
    "RA,RA": "oooo " * 4 + "LLoo",
}
UDP: Table = {"none,none; RA,none; none,RA": "B " * 7, "RA,RA": "o " * 7}
TABLES: dict[str, tuple[Callable[[], Model], str, tuple[str, ...], Table]] = {
    "tcp": (LwIP, "tcp", RELATIONS, TCP),
    "tcp-apart": (LwIP, "tcp", APART, {PAIRS: "oooo " * 3}),
    "tcp-dual": (LwIP, "tcp", DUAL, TCP_DUAL),
    "udp": (LwIP, "udp", RELATIONS, UDP),
    "udp-apart": (LwIP, "udp", APART, {PAIRS: "o " * 3}),
    "not-compiled": (partial(LwIP, settings={"SO_REUSE": "0"}), "tcp", RELATIONS, {"none,none": "BBBB " * 7}),
}


@pytest.mark.parametrize("actor", ["", "other: ", "stranger: "])
@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str, actor: str) -> None:
    """lwIP knows no users."""
    make, protocol, relations, rows = TABLES[table]
    wrong = wrong_cells(make, protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)


RA = "SO_REUSEADDR"
TWINS = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nB = tcp4({1})\nB.bind(127.0.0.1:P)"
UDP_TWINS = TWINS.replace("tcp", "udp")
BESIDE_WILDCARD = "A = {0}4({1})\nA.bind(0.0.0.0:P)\nB = {0}4({2})\nB.bind(127.0.0.1:P)"
LISTENING = TWINS.format(RA, RA) + "\nA.listen()\nB.listen()"
REMNANT = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"
TIME_WAIT = REMNANT + "D.close()\nC.recv(1)\nC.close()\n"
AGAIN = "B = tcp4({1})\nB.bind(127.0.0.1:P)"
PAIR = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp4()\nB.connect(127.0.0.1:P)\nC = A.accept()\n"
BOTH_WILDCARDS = (
    "A = tcp6(IPV6_V6ONLY=0, SO_REUSEADDR)\nA.bind([::]:P)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nB.listen()\n"
)
GROUP_TWINS = (
    "A = udp4(SO_REUSEADDR)\nA.bind({}:P)\nA.join(224.0.0.251)\n"
    "B = udp4(SO_REUSEADDR)\nB.bind({}:P)\nB.join(224.0.0.251)\nconnections(224.0.0.251:P)"
)
SAME_TUPLE = (
    "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:Q)\nB = tcp4(SO_REUSEADDR)\n"
    "B.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\n"
)
REFUSED = "A = tcp4()\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\n"
NOT_COMPILED = partial(LwIP, settings={"SO_REUSE": "0"})

#: Script, the last answer, the clause that decided it (None: any).
TCP_BIND: list[tuple[str, str, Reason | None]] = [
    ("A = tcp4()\nA.bind(127.0.0.1:P)", "ok", C.PORT_FREE),
    ("A = tcp4()\nA.bind(127.0.0.1:0)", "ok", C.DRAWN),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.2:P)", "ok", C.OTHER_ADDRESS),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp6()\nB.bind([::1]:P)", "ok", C.OTHER_FAMILY_BOUND),
    (TWINS.format("", ""), "EADDRINUSE", C.LACKS_THE_OPTION),
    (TWINS.format(RA, ""), "EADDRINUSE", C.LACKS_THE_OPTION),
    (TWINS.format("", RA), "EADDRINUSE", C.BOTH_NEED),
    (TWINS.format(RA, RA), "ok", C.UNLISTENED_DUPLICATES),
    (BESIDE_WILDCARD.format("tcp", RA, RA), "ok", C.BOTH_HAVE),
    (BESIDE_WILDCARD.format("tcp", "", RA), "EADDRINUSE", C.BOTH_NEED),
    ((REMNANT + AGAIN).format("", RA), "EADDRINUSE", C.CHILD_KEEPS_OPTION),
    ((REMNANT + AGAIN).format(RA, RA), "ok", C.CONNECTION_AGREES),
    ((REMNANT + AGAIN).format("", ""), "EADDRINUSE", C.LACKS_THE_OPTION),
    ((TIME_WAIT + AGAIN).format("", RA), "ok", C.TIME_WAIT_NOT_SEEN),
    ((TIME_WAIT + AGAIN).format("", ""), "EADDRINUSE", C.TIME_WAIT_IN_THE_WAY),
    ((TIME_WAIT + "elapse(121)\n" + AGAIN).format("", ""), "ok", C.PORT_FREE),
    ((TIME_WAIT + AGAIN).format("SO_LINGER=0", ""), "EADDRINUSE", None),
    ("A = tcp6()\nA.bind([::]:P)\nB = tcp6()\nB.bind([::1]:P)", "ok", C.DUAL_IS_IPV4),
    ("A = tcp6()\nA.bind([::]:P)\nA.setsockopt(IPV6_V6ONLY, 1)\nB = tcp4()\nB.bind(0.0.0.0:P)", "EADDRINUSE", C.LACKS_THE_OPTION),
    ("A = tcp6(IPV6_V6ONLY=1)\nA.bind([::ffff:127.0.0.1]:P)", "ok", A.MAPPED_DESPITE_V6ONLY),
    # What is bound is bound again.
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)", "ok", C.SECOND_BIND),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:P)", "EADDRINUSE", C.SECOND_BIND),
    ("A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:P)", "ok", C.SECOND_BIND),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)\nB = tcp4()\nB.bind(127.0.0.2:P)", "unknown", C.SECOND_BIND),
    ("A = tcp4()\nA.listen()\nA.bind(127.0.0.1:P)", "EINVAL", None),
]
UDP_BIND: list[tuple[str, str, Reason | None]] = [
    ("A = udp4()\nA.bind(127.0.0.1:P)", "ok", U.UDP_PORT_FREE),
    ("A = udp4()\nA.bind(127.0.0.1:0)", "ok", U.UDP_DRAWN),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\nB.bind(127.0.0.2:P)", "ok", U.UDP_OTHER_ADDRESS),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nB = udp6(IPV6_V6ONLY=1)\nB.bind([::]:P)", "ok", U.UDP_OTHER_FAMILY),
    (UDP_TWINS.format(RA, ""), "EADDRINUSE", U.UDP_LACKS_THE_OPTION),
    (UDP_TWINS.format("", RA), "EADDRINUSE", U.UDP_BOTH_NEED),
    (UDP_TWINS.format(RA, RA), "ok", U.UDP_DUPLICATES),
    (BESIDE_WILDCARD.format("udp", RA, RA), "ok", U.UDP_BOTH_HAVE),
    ("A = udp6()\nA.bind([::]:P)\nB = udp6()\nB.bind([::1]:P)", "EADDRINUSE", U.UDP_LACKS_THE_OPTION),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)", "ok", U.UDP_MOVES),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)\nB = udp4()\nB.bind(127.0.0.1:P)", "ok", U.UDP_PORT_FREE),
]
LISTEN: list[tuple[str, str, Reason | None]] = [
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", "ok", C.LISTEN_UNCHECKED),
    (LISTENING, "EADDRINUSE", C.SECOND_LISTEN),
    (LISTENING + "\nA.close()\nB.listen()", "ok", C.LISTENS_ALONE),
    ("A = tcp4()\nA.listen()", "ok", C.LISTENS_AT_ZERO),
    ("A = tcp6(IPV6_V6ONLY=1)\nA.listen()", "ok", A.LISTENS_FOR_BOTH),
    ("A = tcp4(SO_REUSEADDR)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.listen()", "EADDRINUSE", C.SECOND_LISTEN),
    ("A = udp4()\nB = A.accept()", "EOPNOTSUPP", A.ACCEPT_UDP),
]
CONNECT: list[tuple[str, str, Reason | None]] = [
    ("A = tcp4()\nA.connect(127.0.0.1:P)", "ECONNRESET", C.REFUSED_IS_RESET),
    ("A = tcp4()\nA.connect(0.0.0.0:P)", "ECONNABORTED", C.TO_WILDCARD),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:P)", "ECONNABORTED", C.SELF_ABORTS),
    ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::1]:Q)\nA.connect([::ffff:127.0.0.1]:P)", "ECONNABORTED", C.OTHER_FAMILY),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.connect(0.0.0.0:P)", "EISCONN", A.CONNECT_LISTENER),
    ("A = tcp6(IPV6_V6ONLY=1)\nA.bind([::]:Q)\nA.connect([::ffff:127.0.0.1]:P)", "ECONNRESET", C.REFUSED_IS_RESET),
    ("A = udp6(IPV6_V6ONLY=1)\nA.connect([::ffff:127.0.0.1]:P)", "ok", A.MAPPED_CONNECT),
    (PAIR + "B.connect(0.0.0.0:P)", "EISCONN", None),
    (SAME_TUPLE + "B.connect(127.0.0.1:P)", "EADDRINUSE", C.SAME_ADDRESSES),
    (SAME_TUPLE + "B.setsockopt(SO_REUSEADDR, 0)\nB.connect(127.0.0.1:P)", "ok", C.CONNECT_UNCHECKED),
    (UDP_TWINS.format(RA, RA) + "\nA.connect(127.0.0.1:Q)\nB.connect(127.0.0.1:Q)", "ok", U.UDP_CONNECT_UNCHECKED),
    ("A = udp4()\nA.connect(127.0.0.1:P)", "ok", U.UDP_STAYS_WILD),
    # A socket that has lost its control block.
    (REFUSED + "A.connect(127.0.0.1:P)", "ENOTCONN", A.REFUSED_CONNECT_ENDS),
    (REFUSED + "A.listen()", "ENOTCONN", A.ENDED_LISTEN),
    (REFUSED + "A.bind(127.0.0.1:Q)", "EINVAL", A.ENDED_BIND),
    (REFUSED + "A.setsockopt(SO_REUSEADDR, 1)", "EINVAL", A.ENDED_OPTION),
    (REFUSED + "A.setsockopt(SO_LINGER, 0)", "ok", None),
    (REFUSED + "A.getsockopt(SO_REUSEADDR)", "EINVAL", A.ENDED_GETSOCKOPT),
    (REFUSED + "B = A.accept()", "ECONNRESET", A.FAILURE_TOLD),
    (REFUSED + "B = tcp4()\nB.bind(127.0.0.1:Q)", "ok", C.PORT_FREE),
    ("A = tcp4()\nA.shutdown(RD)\nA.shutdown(WR)\nA.bind(127.0.0.1:P)", "EINVAL", A.ENDED_BIND),
]
RECEIVES: list[tuple[str, str, Reason | None]] = [
    (BOTH_WILDCARDS + "connections(127.0.0.1:P)", "both", C.EXACT_LISTENER),
    (BOTH_WILDCARDS + "C = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:P)\nC.listen()\nconnections(127.0.0.1:P)", "C", C.EXACT_LISTENER),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)", "none", C.NO_LISTENER),
    (UDP_TWINS.format(RA, RA) + "\nconnections(127.0.0.1:P)", "A", U.OLDEST_OF_SPECIFIC),
    (BESIDE_WILDCARD.format("udp", RA, RA) + "\nconnections(127.0.0.1:P)", "B", U.UDP_SPECIFIC_FIRST),
    (GROUP_TWINS.format("224.0.0.251", "224.0.0.251"), "A", U.ONE_COPY),
    (GROUP_TWINS.format("0.0.0.0", "224.0.0.251"), "B", U.ONE_COPY),
    (GROUP_TWINS.format("0.0.0.0", "0.0.0.0"), "B", U.ONE_COPY),
    ("A = udp4()\nA.bind(0.0.0.0:P)\nconnections(224.0.0.251:P)", "none", U.NOT_A_MEMBER),
    ("A = tcp4()\nA.join(224.0.0.251)", "ENOPROTOOPT", A.JOIN_OVER_TCP),
    ("A = udp4()\nA.join(127.0.0.1)", "EADDRNOTAVAIL", A.JOIN_NOT_AVAILABLE),
    ("A = udp4()\nA.join(224.0.0.251)\nA.join(224.0.0.251)", "ok", U.JOIN_AGAIN),
]
DATA: list[tuple[str, str, Reason | None]] = [
    ("A = udp6()\nA.bind([::ffff:127.0.0.1]:P)\nA.connect([::1]:Q)\nA.send(1)", "EINVAL", U.UDP_KEEPS_TO_ITS_INTERFACE),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nA.connect(0.0.0.0:Q)\nA.send(1)", "ok", U.DATAGRAM_TO_WILDCARD),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nA.send(1)\nA.recv(1)", "EAGAIN", U.UNREACHABLE_UNHEARD),
    ("A = udp4()\nA.send(1)", "ok", U.SENDS_WITHOUT_PEER),
    (PAIR + "C.close()\nB.send(1)", "ok", C.SENT_TO_THE_CLOSED),
    (PAIR + "B.shutdown(WR)\nB.send(1)", "ENOTCONN", C.NO_PIPE),
    (PAIR + "C.shutdown(RD)\nB.send(1)\nC.send(1)", "ECONNABORTED", A.FAILURE_TOLD),
    (PAIR + "C.shutdown(RDWR)\nB.send(1)\nC.send(1)", "ENOTCONN", A.ENDED_SEND),
    (PAIR + "C.close()\nB.send(1)\nB.recv(1)\nB.send(1)", "ENOTCONN", A.ENDED_SEND),
    (PAIR + "C.close()\nB.send(1)\nB.send(1)\nB.recv(1)\nB.recv(1)", "ECONNRESET", A.FAILURE_TOLD),
    (PAIR + "C.close()\nB.send(1)\nB.send(1)\nB.recv(1)\nB.recv(1)\nB.recv(1)", "ENOTCONN", A.FAILURE_WAS_TOLD),
    (PAIR + "A.recv(1)", "ENOTCONN", A.RECV_LISTENER),
    (PAIR + "C.close()\nB.recv(1)\nB.recv(1)", "ENOTCONN", A.END_IS_TOLD_ONCE),
    ("A = tcp4()\nA.recv(1)", "EAGAIN", A.RECV_WAITS),
]
END: list[tuple[str, str, Reason | None]] = [
    (PAIR + "B.send(1)\nC.close()", "ok", C.UNREAD_RESETS),
    (PAIR + "B.setsockopt(SO_LINGER, 0)\nB.close()", "ok", A.LINGER_NEEDS_DATA),
    (PAIR + "A.shutdown(WR)", "ENOTCONN", A.LISTENER_SHUTS_WHOLE),
    (PAIR + "A.shutdown(RDWR)", "ok", C.LISTENER_CLOSES),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RDWR)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", C.PORT_FREE),
    (PAIR + "B.shutdown(WR)\nC.shutdown(WR)", "ok", None),
    (PAIR + "C.shutdown(WR)\nC.shutdown(WR)", "ENOTCONN", C.SHUT_AGAIN),
    (PAIR + "C.shutdown(RD)\nC.shutdown(WR)", "ok", A.SHUTS_BOTH),
    (PAIR + "C.shutdown(RD)\nC.shutdown(WR)\nC.shutdown(WR)", "ENOTCONN", A.ENDED_SHUTDOWN),
    ("A = tcp4()\nA.shutdown(RD)", "ok", A.EARLY_SHUTDOWN),
    ("A = udp4()\nA.shutdown(RD)", "EOPNOTSUPP", A.NO_UDP_SHUTDOWN),
    (PAIR.replace("tcp4()", "tcp4(SO_REUSEADDR)", 1) + "C.getsockopt(SO_REUSEADDR)", "1", C.INHERITED),
    ("A = tcp6()\nA.bind([::]:P)\nA.setsockopt(IPV6_V6ONLY, 1)", "ok", A.V6ONLY_LATE),
]


@pytest.mark.parametrize(("text", "answer", "because"), [*TCP_BIND, *UDP_BIND, *LISTEN, *CONNECT, *RECEIVES, *DATA, *END])
def test_answer_and_clause(text: str, answer: str, because: Reason | None) -> None:
    model = LwIP()
    found = [model.perform(call) for call, _ in parse(text)][-1]
    assert found.name == answer
    assert because in (None, found.because)


def test_as_it_comes_it_has_no_option() -> None:
    model = NOT_COMPILED()
    refused = [model.perform(call) for call, _ in parse("A = tcp4()\nA.setsockopt(SO_REUSEADDR, 1)")][-1]
    assert (refused.name, refused.because) == ("ENOPROTOOPT", A.NO_SO_REUSE)
    with pytest.raises(Untestable):
        NOT_COMPILED().tcp4(SO_REUSEADDR)
    with pytest.raises(Untestable):
        LwIP().tcp4(SO_REUSEPORT)
    assert NOT_COMPILED().tcp4().bind(LOOPBACK).name == "ok"
