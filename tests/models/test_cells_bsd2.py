"""NetBSD and OpenBSD: their tables, their projects' own tests, and the traps of their sources."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.language.words import Answer
from fixtures.models import situations as S
from fixtures.models.base import Model
from fixtures.models.inpcb import Says
from fixtures.models.netbsd import NetBSD
from fixtures.models.netbsd import clauses as n
from fixtures.models.openbsd import OpenBSD
from fixtures.models.openbsd import clauses as o
from fixtures.specification.clauses import Reason
from fixtures.specification.worlds import Choices
from tests.helpers.cells import Table, wrong_cells

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
    stack = model(settings={"addresses": "10.0.0.10,fc00::10"})
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


EDGES = {NetBSD: NetBSD.edges, OpenBSD: OpenBSD.edges}
NOBODY6 = {model: edges.because(S.NOBODY_RECEIVES, 6) for model, edges in EDGES.items()}
TWO = "A = {0}({1})\nA.bind({2}:P)\nB = {3}({4})\nB.bind({5}:P)"


def played(model: type[Model], version: str, text: str) -> Answer:
    """The answer to the last call of a script."""
    stack = model(version=version)
    return [stack.perform(call) for call, _ in parse(text)][-1]


def two(first: str, second: str) -> str:
    """Two binds: each a kind of socket, its options and its address."""
    (one, options, address), (other, others, another) = (word.split("|") for word in (first, second))
    return TWO.format(one, options, address, other, others, another)


#: What lets in and what is in the way, the same of both: the first socket, the second, the answer, and the name of the clause.
BINDS = [
    ("tcp{0}||{1}", "tcp{0}||{1}", "EADDRINUSE", "held"),
    ("tcp{0}||{2}", "tcp{0}||{1}", "EADDRINUSE", "held"),
    ("tcp{0}|SO_REUSEADDR|{1}", "tcp{0}|SO_REUSEADDR|{1}", "EADDRINUSE", "twin"),
    ("udp{0}|SO_REUSEADDR|{1}", "udp{0}|SO_REUSEPORT|{1}", "EADDRINUSE", "twin"),
    ("tcp{0}|SO_REUSEPORT|{1}", "tcp{0}|SO_REUSEPORT|{1}", "ok", "both_reuseport"),
    ("tcp{0}||{2}", "tcp{0}|SO_REUSEADDR|{1}", "ok", "past_wildcards"),
    ("tcp{0}||{1}", "tcp{0}|SO_REUSEPORT|{2}", "ok", "past_wildcards"),
    ("udp{0}|SO_REUSEADDR|{3}", "udp{0}|SO_REUSEADDR|{3}", "ok", "group"),
    ("udp{0}||{3}", "udp{0}|SO_REUSEADDR|{3}", "EADDRINUSE", "group_twin"),
    ("udp{0}|SO_REUSEADDR|{3}", "udp{0}||{3}", "EADDRINUSE", "held"),
]
SAYS: dict[type[Model], dict[int, Says]] = {NetBSD: {4: n.IPV4, 6: n.IPV6}, OpenBSD: {4: o.IPV4, 6: o.IPV6}}
HOSTS = {4: ("4", "127.0.0.1", "0.0.0.0", "224.0.0.251"), 6: ("6", "[::1]", "[::]", "[ff05::fb]")}


@pytest.mark.parametrize("model", [NetBSD, OpenBSD])
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(("first", "second", "answer", "name"), BINDS)
def test_what_lets_in_and_what_is_in_the_way(model: type[Model], family: int, first: str, second: str, answer: str, name: str) -> None:
    last = played(model, "", two(first.format(*HOSTS[family]), second.format(*HOSTS[family])))
    assert (last.name, last.because) == (answer, getattr(SAYS[model][family], name))


PAIR = "A = {0}4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = {0}4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)\n"
LISTENING = PAIR.format("tcp") + "B.listen()\nA.listen()\n"
TARGET = "T = tcp4()\nT.bind(127.0.0.1:Q)\nT.listen()\n"


CLIENT = "A.connect(127.0.0.1:Q)\n"
MAPPED_CLIENT = "C = tcp6(IPV6_V6ONLY=0, SO_REUSEPORT)\nC.bind([::ffff:127.0.0.1]:P)\nC.connect([::ffff:127.0.0.1]:Q)"
UDP_PAIR = "T = udp4()\nT.bind(127.0.0.1:Q)\n" + PAIR.format("udp") + CLIENT
MAPPED_LISTENS = "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nA.listen()\n"


@pytest.mark.parametrize(
    ("model", "version", "text", "answer", "because"),
    [
        (NetBSD, "", DUAL + "B = tcp4()\nB.bind(0.0.0.0:P)", "EADDRINUSE", n.MAPPED_FIRST),
        (NetBSD, "", DUAL + "B = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)", "ok", n.NEVER_THE_SAME),
        (NetBSD, "", DUAL + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", n.PAST_WILDCARDS6),
        (NetBSD, "", two("tcp4||0.0.0.0", "tcp6|IPV6_V6ONLY=0|[::]"), "ok", n.FAMILIES_APART),
        (NetBSD, "", two("tcp4||0.0.0.0", "tcp6||[::]"), "ok", n.WITHOUT_IPV4),
        (NetBSD, "", two("tcp6|IPV6_V6ONLY=1|[::]", "tcp4||0.0.0.0"), "ok", n.UNHELD),
        (NetBSD, "", two("tcp4||127.0.0.2", "tcp4||127.0.0.1"), "ok", n.OTHER_ADDRESS),
        (NetBSD, "", two("tcp4||127.0.0.1", "tcp6|IPV6_V6ONLY=0|[::ffff:127.0.0.1]"), "EADDRINUSE", n.IPV4_TOO),
        (
            NetBSD,
            "",
            two("tcp6|IPV6_V6ONLY=0, SO_REUSEADDR|[::ffff:127.0.0.1]", "tcp4|SO_REUSEADDR|127.0.0.1"),
            "EADDRINUSE",
            n.MAPPED_FIRST,
        ),
        (
            NetBSD,
            "",
            "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:0.0.0.0]:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::]:P)",
            "ok",
            n.NEVER_THE_SAME,
        ),
        (NetBSD, "", DUAL + "B = tcp6(IPV6_V6ONLY=0)\nB.bind([::ffff:127.0.0.1]:P)", "EADDRINUSE", n.HELD6),
        (NetBSD, "", DUAL + "B = tcp6(IPV6_V6ONLY=0, SO_REUSEADDR)\nB.bind([::ffff:0.0.0.0]:P)", "ok", n.NEVER_THE_SAME),
        (NetBSD, "", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EINVAL", EDGES[NetBSD].because(S.BIND_MAPPED_V6ONLY)),
        (NetBSD, "", "A = tcp6()\nA.connect([::ffff:127.0.0.1]:P)", "EINVAL", EDGES[NetBSD].because(S.CONNECT_MAPPED_V6ONLY)),
        (NetBSD, "", GROUP_OF_ROOT.format("SO_REUSEPORT"), "ok", n.EITHER_WIDENS),
        (NetBSD, "7", GROUP_OF_ROOT.format("SO_REUSEPORT"), "EADDRINUSE", n.GROUP_TWIN),
        (NetBSD, "", two("udp6|SO_REUSEADDR|[ff05::fb]", "udp6|SO_REUSEPORT|[ff05::fb]"), "ok", n.EITHER_WIDENS6),
        (NetBSD, "", two("tcp4|SO_REUSEPORT|127.0.0.1", "stranger: tcp4|SO_REUSEPORT|127.0.0.1"), "EADDRINUSE", n.OTHER_USER),
        (NetBSD, "", two("tcp4|SO_REUSEPORT|0.0.0.0", "stranger: tcp4|SO_REUSEPORT|0.0.0.0"), "ok", n.BOTH_REUSEPORT),
        (NetBSD, "", two("tcp6|SO_REUSEPORT|[::1]", "stranger: tcp6|SO_REUSEPORT|[::1]"), "ok", n.BOTH_REUSEPORT6),
        (NetBSD, "", SERVED + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", n.CHILDREN_UNLISTED),
        (NetBSD, "", SERVED + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", n.HELD),
        (NetBSD, "", SERVED + "B = tcp4()\nB.bind(127.0.0.1:port(C))", "EADDRINUSE", n.HELD_BY_A_CONNECTION),
        (NetBSD, "", SERVED + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:port(C))", "ok", n.PAST_CONNECTIONS),
        (NetBSD, "", MAPPED_LISTENS + "B = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nB.listen()\nconnections(127.0.0.1:P)", "B", n.IPV4_FIRST),
        (NetBSD, "", MAPPED_LISTENS + "connections(127.0.0.1:P)", "A", n.EXACT6),
        (NetBSD, "", DUAL + "A.listen()\nconnections(127.0.0.1:P)", "A", n.WILDCARD6),
        (NetBSD, "", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections(127.0.0.1:P)", "none", n.WITHOUT_IPV4),
        (
            NetBSD,
            "",
            "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nconnections([::1]:P)",
            "none",
            NOBODY6[NetBSD],
        ),
        (NetBSD, "", TARGET + "A = tcp6(IPV6_V6ONLY=0)\nA.connect([::ffff:0.0.0.0]:Q)", "EHOSTUNREACH", n.NO_ROUTE_TO_ANY),
        (NetBSD, "", "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nA.connect([::]:Q)", "EINVAL", n.MAPPED_AND_NOT),
        (NetBSD, "", "A = udp6(IPV6_V6ONLY=0)\nA.bind([::1]:P)\nA.connect([::ffff:127.0.0.1]:Q)", "EINVAL", n.MAPPED_AND_NOT),
        (NetBSD, "", "A = tcp6()\nA.connect([::ffff:127.0.0.1]:Q)\nA.bind([::1]:P)", "EINVAL", n.PORT_DRAWN),
        (NetBSD, "", TARGET + "A = tcp4()\nA.connect(0.0.0.0:Q)", "ok", n.TO_ANY),
        (NetBSD, "", TARGET + PAIR.format("tcp") + CLIENT + MAPPED_CLIENT, "ETIMEDOUT", n.SYN_TO_ANOTHER),
        (NetBSD, "", UDP_PAIR + MAPPED_CLIENT.replace("tcp", "udp"), "ok", n.CONNECTIONS_APART),
        (OpenBSD, "", "A = tcp6(IPV6_V6ONLY=0)", "EINVAL", o.WITHOUT_IPV4),
        (OpenBSD, "", "A = tcp6()\nA.getsockopt(IPV6_V6ONLY)", "1", o.WITHOUT_IPV4),
        (OpenBSD, "", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", o.NO_MAPPED),
        (OpenBSD, "", "A = udp6()\nA.connect([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", o.NO_MAPPED_PEER),
        (OpenBSD, "", "A = tcp6()\nA.bind([::1]:P)\nA.bind([::ffff:127.0.0.1]:P)", "EINVAL", EDGES[OpenBSD].because(S.BIND_BOUND)),
        (OpenBSD, "", "A = tcp4()\nA.connect(0.0.0.0:P)", "EINVAL", o.TO_ANY),
        (OpenBSD, "", two("tcp4||0.0.0.0", "tcp6||[::]"), "ok", o.TCP_APART),
        (OpenBSD, "", two("udp6||[::]", "udp4||0.0.0.0"), "ok", o.APART["udp"]),
        (OpenBSD, "", two("tcp6|IPV6_V6ONLY=1|[::]", "tcp4||0.0.0.0"), "ok", o.UNHELD),
        (OpenBSD, "", two("tcp4||127.0.0.2", "tcp4||127.0.0.1"), "ok", o.OTHER_ADDRESS),
        (OpenBSD, "", SERVED + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", o.HELD),
        (OpenBSD, "", SERVED + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", o.HELD_BY_A_CONNECTION),
        (OpenBSD, "", SERVED + "A.close()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", o.PAST_CONNECTIONS),
        (OpenBSD, "", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections(127.0.0.1:P)", "none", o.TCP_APART),
        (
            OpenBSD,
            "",
            "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nconnections([::1]:P)",
            "none",
            NOBODY6[OpenBSD],
        ),
        (OpenBSD, "5.6", GROUP_OF_ROOT.format("SO_REUSEADDR"), "EADDRINUSE", o.GROUP_OTHER_USER),
        (OpenBSD, "6.4", GROUP_OF_ROOT.format("SO_REUSEADDR"), "EADDRINUSE", o.GROUP_OTHER_USER),
        (OpenBSD, "6.4", two("udp6|SO_REUSEADDR|[ff05::fb]", "stranger: udp6|SO_REUSEADDR|[ff05::fb]"), "EADDRINUSE", o.GROUP_OTHER_USER6),
        (OpenBSD, "7.0", GROUP_OF_ROOT.format("SO_REUSEADDR"), "unknown", o.GROUP_OTHER_USER_GAP),
        (OpenBSD, "7.8", GROUP_OF_ROOT.format("SO_REUSEADDR"), "ok", o.GROUP),
        (OpenBSD, "", GROUP_OF_ROOT.format("SO_REUSEPORT"), "ok", o.EITHER_WIDENS),
        (OpenBSD, "", two("udp6|SO_REUSEADDR|[ff05::fb]", "udp6|SO_REUSEPORT|[ff05::fb]"), "ok", o.EITHER_WIDENS6),
        (OpenBSD, "5.6", two("udp4|SO_REUSEADDR|224.0.0.251", "udp4|SO_REUSEPORT|224.0.0.251"), "EADDRINUSE", o.GROUP_TWIN),
        (OpenBSD, "5.6", two("tcp6|SO_REUSEPORT|[::1]", "stranger: tcp6|SO_REUSEPORT|[::1]"), "ok", o.BOTH_REUSEPORT6),
        (OpenBSD, "6.0", two("tcp6|SO_REUSEPORT|[::1]", "stranger: tcp6|SO_REUSEPORT|[::1]"), "EADDRINUSE", o.OTHER_USER6),
        # The closest holder is the stranger's own; the one of root at the wildcard is not asked.
        (
            OpenBSD,
            "",
            "A = stranger: tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)\n"
            "C = stranger: tcp4(SO_REUSEPORT)\nC.bind(127.0.0.1:P)",
            "ok",
            o.BOTH_REUSEPORT,
        ),
        (OpenBSD, "", two("stranger: tcp4|SO_REUSEPORT|0.0.0.0", "tcp4|SO_REUSEADDR|127.0.0.1"), "ok", o.PAST_WILDCARDS),
    ],
)
def test_answer_and_reason(model: type[Model], version: str, text: str, answer: str, because: Reason) -> None:
    last = played(model, version, text)
    assert (last.name, last.because) == (answer, because)


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
    for model, because in ((NetBSD, n.FOUR_TUPLE), (OpenBSD, o.FOUR_TUPLE)):
        answer = played(model, "", text)
        assert (answer.name, answer.because) == ("EADDRINUSE", because)


#: The same of both, by the name of the clause in their modules.
REASONS = [
    (TARGET, "ok", "LISTEN_IS_FREE"),
    (SERVED + "D.getsockopt(SO_REUSEADDR)", "0", "INHERITS"),
    (SERVED + "A.getsockopt(SO_REUSEADDR)", "0", "GET_OPTION"),
    (PAIR.format("udp") + "connections(127.0.0.1:P)", "B", "EXACT"),
    ("A = udp4()\nA.bind(0.0.0.0:P)\nconnections(127.0.0.1:P)", "A", "WILDCARD"),
    ("A = udp6()\nA.bind([::1]:P)\nconnections([::1]:P)", "A", "EXACT6"),
    ("A = udp6()\nA.bind([::]:P)\nconnections([::1]:P)", "A", "WILDCARD6"),
    ("A = udp4()\nA.bind(0.0.0.0:P)\nA.join(224.0.0.251)\nconnections(224.0.0.251:P)", "A", "MEMBERS"),
]


@pytest.mark.parametrize(("text", "answer", "name"), REASONS)
def test_reasons_of_both(text: str, answer: str, name: str) -> None:
    for model, clauses in ((NetBSD, n), (OpenBSD, o)):
        last = played(model, "", text)
        assert (last.name, last.because) == (answer, getattr(clauses, name))
