"""NetBSD and OpenBSD: their tables, their projects' own tests, and the traps of their sources."""

from __future__ import annotations

import pytest

from fixtures.clauses import Reason
from fixtures.models import netbsd as n
from fixtures.models import openbsd as o
from fixtures.models.base import Model
from fixtures.models.netbsd import NetBSD
from fixtures.models.openbsd import OpenBSD
from fixtures.notation import parse
from fixtures.rules import COMPLETELY_DUPLICATE, MULTICAST, NO_OPTIONS, REUSEPORT_ALL, SAME_CONNECTION, V6ONLY, WILDCARD_AND_SPECIFIC
from fixtures.worlds import Choices
from tests.cells import Table, wrong_cells

SHARED = ("none", "RA", "RP", "RA+RP")
ALL_PAIRS = "; ".join(f"{one},{two}" for one in SHARED for two in SHARED)
NEITHER = "none,none; RA,none; RP,none; RA+RP,none"
PERMIT = "none,RA; RA,RA; none,RP; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP; none,RA+RP"
SHARE = "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP"

TCP_RELATIONS = ("S=S", "W=W", "W>S", "S>W", "s6=s6", "6=6", "6>s6")
TCP: Table = {
    NEITHER: "BBBB " * 7,
    PERMIT: "BBoo BBoo oooo oooo BBoo BBoo oooo",
    SHARE: "oooo " * 7,
}
UDP_RELATIONS = (*TCP_RELATIONS, "M=M")
UDP: Table = {
    NEITHER: "B " * 8,
    "none,RA; none,RP; none,RA+RP": "B B o o B B o B",
    "RA,RA; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP": "B B o o B B o o",
    SHARE: "o " * 8,
}
FREE = ("S/S'", "6>W", "W>6")
#: From IPv4 to a dual-stack wildcard nothing is in the way, in the other direction it is a wildcard like any other.
NETBSD_ACROSS = ("D>W", "W>D", "D>S", "S>D", "D=D")
NETBSD_ACROSS_TCP: Table = {
    NEITHER: "BBBB oooo BBBB oooo BBBB",
    PERMIT: "oooo oooo oooo oooo BBoo",
    SHARE: "oooo " * 5,
}
NETBSD_ACROSS_UDP: Table = {
    NEITHER: "B o B o B",
    PERMIT: "o o o o B",
    SHARE: "o " * 5,
}
NETBSD_STRANGER: Table = {
    PERMIT: "BBBB BBBB BBBB BBBB BBoo BBoo oooo",
    SHARE: "BBBB ooBB BBBB BBBB oooo oooo oooo",
}
OPENBSD_STRANGER: Table = {
    NEITHER: "BBBB " * 7,
    PERMIT: "BBBB " * 7,
    SHARE: "BBBB " * 7,
}
TABLES: dict[str, tuple[type[Model], str, str, tuple[str, ...], Table]] = {
    "netbsd-tcp": (NetBSD, "tcp", "", TCP_RELATIONS, TCP),
    "netbsd-tcp-across": (NetBSD, "tcp", "", NETBSD_ACROSS, NETBSD_ACROSS_TCP),
    "netbsd-tcp-stranger": (NetBSD, "tcp", "stranger: ", TCP_RELATIONS, NETBSD_STRANGER),
    "netbsd-tcp-free": (NetBSD, "tcp", "", FREE, {ALL_PAIRS: "oooo " * 3}),
    "netbsd-tcp-free-stranger": (NetBSD, "tcp", "stranger: ", FREE, {ALL_PAIRS: "oooo " * 3}),
    "netbsd-udp": (NetBSD, "udp", "", UDP_RELATIONS, UDP),
    "netbsd-udp-across": (NetBSD, "udp", "", NETBSD_ACROSS, NETBSD_ACROSS_UDP),
    "netbsd-udp-free": (NetBSD, "udp", "", FREE, {ALL_PAIRS: "o " * 3}),
    "openbsd-tcp": (OpenBSD, "tcp", "", TCP_RELATIONS, TCP),
    "openbsd-tcp-stranger": (OpenBSD, "tcp", "stranger: ", TCP_RELATIONS, OPENBSD_STRANGER),
    "openbsd-tcp-free": (OpenBSD, "tcp", "", FREE, {ALL_PAIRS: "oooo " * 3}),
    "openbsd-tcp-free-stranger": (OpenBSD, "tcp", "stranger: ", ("S/S'", "6>W"), {ALL_PAIRS: "oooo " * 2}),
    "openbsd-udp": (OpenBSD, "udp", "", UDP_RELATIONS, UDP),
    "openbsd-udp-free": (OpenBSD, "udp", "", FREE, {ALL_PAIRS: "o " * 3}),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str) -> None:
    model, protocol, actor, relations, rows = TABLES[table]
    wrong = wrong_cells(model, protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)


#: The first world of the tables sees connections; in the other, which most ports are in, bind does not.
BLIND: Table = {
    NEITHER: "BBoo " * 7,
    PERMIT: "BBoo BBoo oooo oooo BBoo BBoo oooo",
    SHARE: "oooo " * 7,
}


def test_most_ports_of_netbsd_hide_connections_from_bind() -> None:
    wrong = wrong_cells(lambda: NetBSD(choices=Choices((1,))), "tcp", "", TCP_RELATIONS, BLIND)
    assert not wrong, "\n".join(wrong)


#: NetBSD's inpcb_bind.c, which is OpenBSD's runtest.c: each word is a socket, all stay open. W wildcard, L local or the group;
#: a SO_REUSEADDR, p SO_REUSEPORT; x refused.
UNICAST = ["L Wx Wa", "W Lx La", "Lp Lp Lax Lx", "Wp Wp Wax Wx", "La Lax Lpx", "Wa Wax Wpx"]
GROUP = [
    "L Lax Lpx Lapx",
    "Lp Lx Lp La Lap",
    "La Lx La Lp Lap",
    "Lap Lx Lp La Lap",
    "Lap La Lp",
    "Lap La La Lap Lp",
    "Lap La Lap La Lp",
]
GROUP6 = ["L Wx Wa", "W Lx La", "Lp Lp La Lx", "Wp Wp Wax Wx", "La La Lp Lx", "Wa Wax Wpx Wx"]
OWN_TESTS = [
    *(("4", "10.0.0.10", row) for row in UNICAST),
    *(("6", "[fc00::10]", row) for row in UNICAST),
    *(("4", "224.0.2.1", row) for row in GROUP),
    *(("6", "[ff1e::123]", row) for row in GROUP + GROUP6),
]


@pytest.mark.parametrize("model", [NetBSD, OpenBSD])
@pytest.mark.parametrize(("family", "local", "row"), OWN_TESTS)
def test_their_own_tests(model: type[Model], family: str, local: str, row: str) -> None:
    stack = model()
    wildcard = "0.0.0.0" if family == "4" else "[::]"
    for number, word in enumerate(row.split()):
        options = ", ".join(name for letter, name in (("a", "SO_REUSEADDR"), ("p", "SO_REUSEPORT")) if letter in word)
        host = wildcard if word[0] == "W" else local
        text = f"A{number} = udp{family}({options})\nA{number}.bind({host}:P)"
        answers = [stack.perform(call).name for call, _ in parse(text)]
        assert answers[-1] == ("EADDRINUSE" if "x" in word else "ok"), word


DUAL = "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\n"
GROUP_OF_ROOT = "A = udp4(SO_REUSEADDR)\nA.bind(224.0.0.251:P)\nB = stranger: udp4({0})\nB.bind(224.0.0.251:P)"
SERVED = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\n"


@pytest.mark.parametrize(
    ("model", "version", "text", "answer", "because"),
    [
        (NetBSD, "", DUAL + "B = tcp4()\nB.bind(0.0.0.0:P)", "EADDRINUSE", NO_OPTIONS),
        (NetBSD, "", DUAL + "B = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)", "ok", n.FAMILIES_APART),
        (NetBSD, "", "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::]:P)", "ok", n.FAMILIES_APART),
        (NetBSD, "", "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6()\nB.bind([::]:P)", "ok", n.WITHOUT_IPV4),
        (NetBSD, "", "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::ffff:127.0.0.1]:P)", "EADDRINUSE", NO_OPTIONS),
        (
            NetBSD,
            "",
            "A = tcp6(IPV6_V6ONLY=0, SO_REUSEADDR)\nA.bind([::ffff:127.0.0.1]:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            "EADDRINUSE",
            COMPLETELY_DUPLICATE,
        ),
        (
            NetBSD,
            "",
            "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:0.0.0.0]:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::]:P)",
            "ok",
            n.FAMILIES_APART,
        ),
        (NetBSD, "", DUAL + "B = tcp6(IPV6_V6ONLY=0)\nB.bind([::ffff:127.0.0.1]:P)", "EADDRINUSE", NO_OPTIONS),
        (NetBSD, "", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EINVAL", V6ONLY),
        (NetBSD, "", "A = tcp6()\nA.connect([::ffff:127.0.0.1]:P)", "EINVAL", V6ONLY),
        (NetBSD, "", GROUP_OF_ROOT.format("SO_REUSEPORT"), "ok", n.EITHER_WIDENS),
        (NetBSD, "7", GROUP_OF_ROOT.format("SO_REUSEPORT"), "EADDRINUSE", MULTICAST),
        (NetBSD, "", SERVED + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", n.CHILDREN_UNLISTED),
        (NetBSD, "", SERVED + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", NO_OPTIONS),
        (
            NetBSD,
            "",
            "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nA.listen()\n"
            "B = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nB.listen()\nconnections(127.0.0.1:P)",
            "B",
            n.IPV4_FIRST,
        ),
        (OpenBSD, "", "A = tcp6(IPV6_V6ONLY=0)", "EINVAL", o.WITHOUT_IPV4),
        (OpenBSD, "", "A = tcp6()\nA.getsockopt(IPV6_V6ONLY)", "1", o.WITHOUT_IPV4),
        (OpenBSD, "", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", o.NO_MAPPED),
        (OpenBSD, "", "A = udp6()\nA.connect([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", o.NO_MAPPED),
        (OpenBSD, "", "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6()\nB.bind([::]:P)", "ok", o.WITHOUT_IPV4),
        (OpenBSD, "5.6", GROUP_OF_ROOT.format("SO_REUSEADDR"), "EADDRINUSE", o.GROUP_OTHER_USER),
        (OpenBSD, "6.4", GROUP_OF_ROOT.format("SO_REUSEADDR"), "EADDRINUSE", o.GROUP_OTHER_USER),
        (OpenBSD, "7.0", GROUP_OF_ROOT.format("SO_REUSEADDR"), "unknown", o.GROUP_OTHER_USER_GAP),
        (OpenBSD, "7.8", GROUP_OF_ROOT.format("SO_REUSEADDR"), "ok", MULTICAST),
        (OpenBSD, "", GROUP_OF_ROOT.format("SO_REUSEPORT"), "ok", o.EITHER_WIDENS),
        (
            OpenBSD,
            "5.6",
            "A = udp4(SO_REUSEADDR)\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEPORT)\nB.bind(224.0.0.251:P)",
            "EADDRINUSE",
            MULTICAST,
        ),
        (OpenBSD, "5.6", "A = tcp6(SO_REUSEPORT)\nA.bind([::1]:P)\nB = stranger: tcp6(SO_REUSEPORT)\nB.bind([::1]:P)", "ok", REUSEPORT_ALL),
        (
            OpenBSD,
            "6.0",
            "A = tcp6(SO_REUSEPORT)\nA.bind([::1]:P)\nB = stranger: tcp6(SO_REUSEPORT)\nB.bind([::1]:P)",
            "EADDRINUSE",
            o.OTHER_USER6,
        ),
        # The closest holder is the stranger's own; the one of root at the wildcard is not asked.
        (
            OpenBSD,
            "",
            "A = stranger: tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)\n"
            "C = stranger: tcp4(SO_REUSEPORT)\nC.bind(127.0.0.1:P)",
            "ok",
            REUSEPORT_ALL,
        ),
        (
            OpenBSD,
            "",
            "A = stranger: tcp4(SO_REUSEPORT)\nA.bind(0.0.0.0:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            "ok",
            WILDCARD_AND_SPECIFIC,
        ),
    ],
)
def test_answer_and_reason(model: type[Model], version: str, text: str, answer: str, because: Reason) -> None:
    stack = model(version=version)
    answers = [stack.perform(call) for call, _ in parse(text)]
    assert (answers[-1].name, answers[-1].because) == (answer, because)


PAIR = "A = {0}4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = {0}4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)\n"
LISTENING = PAIR.format("tcp") + "B.listen()\nA.listen()\n"
TARGET = "T = tcp4()\nT.bind(127.0.0.1:Q)\nT.listen()\n"


@pytest.mark.parametrize("model", [NetBSD, OpenBSD])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (LISTENING + "connections(127.0.0.1:P)", "B"),
        (PAIR.format("tcp") + "A.listen()\nconnections(127.0.0.1:P)", "none"),
        (PAIR.format("udp") + "connections(127.0.0.1:P)", "B"),
        (TARGET + PAIR.format("tcp") + "A.connect(127.0.0.1:Q)\nB.connect(127.0.0.1:Q)", "EADDRINUSE"),
        (PAIR.format("udp") + "A.connect(127.0.0.1:Q)\nB.connect(127.0.0.1:Q)", "EADDRINUSE"),
        ("A = udp4()\nA.bind(0.0.0.0:P)\nA.connect(127.0.0.1:Q)\nB = udp4()\nB.bind(127.0.0.2:P)", "ok"),
        ("A = udp4()\nA.bind(0.0.0.0:P)\nA.connect(127.0.0.1:Q)\nB = udp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE"),
        ("A = udp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok"),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RDWR)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok"),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(WR)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok"),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RD)\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE"),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.listen()", "ok"),
        ("A = tcp4()\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:port(A))", "EADDRINUSE"),
        ("A = tcp4()\nA.bind(127.0.0.1:0)\nB = tcp4()\nB.bind(127.0.0.1:port(A))", "EADDRINUSE"),
        ("A = tcp6()\nA.bind([::]:P)\nA.setsockopt(IPV6_V6ONLY, 0)", "EINVAL"),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 1)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)", "ok"),
        (
            "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 0)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
            "EADDRINUSE",
        ),
    ],
)
def test_what_both_do(model: type[Model], text: str, answer: str) -> None:
    stack = model()
    assert [stack.perform(call).name for call, _ in parse(text)][-1] == answer


def test_a_twin_of_a_time_wait_connection_is_refused() -> None:
    closed = "C.close()\nD.recv(1)\nD.close()\nshows(127.0.0.1:Q, TIME_WAIT)\n"
    again = "E = tcp4(SO_REUSEADDR)\nE.bind(127.0.0.1:Q)\nE.connect(127.0.0.1:P)"
    text = SERVED.replace("C.connect", "C.bind(127.0.0.1:Q)\nC.connect") + closed + again
    for model in (NetBSD, OpenBSD):
        stack = model()
        answer = [stack.perform(call) for call, _ in parse(text)][-1]
        assert (answer.name, answer.because) == ("EADDRINUSE", SAME_CONNECTION)
