from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Unknown
from fixtures.models import platform
from fixtures.models.freebsd import FreeBSD
from fixtures.models.freebsd import arrivals as a
from fixtures.models.freebsd import clauses as v
from fixtures.models.freebsd import socket_clauses as w
from fixtures.models.freebsd.edges import EDGES
from fixtures.models.situations import CONNECT_CONNECTED, CONNECT_GROUP, CONNECT_UDP, NOBODY_RECEIVES
from fixtures.models.situations import MEMBERS as MEMBERS_HEAR
from fixtures.specification.clauses import Reason
from tests.helpers.cells import Table, wrong_cells
from tests.helpers.sampling import exhaustively

TCP = ("S=S", "W=W", "W>S", "S>W", "D>W", "W>D", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6")
UDP = ("S=S", "W=W", "W>S", "S>W", "D>W", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6", "M=M")
UDP_ALL = (*UDP[:5], "W>D", *UDP[5:])
FREE = ("S/S'", "6>W", "W>6")

NO = "none,none; RA,none; RP,none"
ONE_SIDED = "none,RA; RA,RA; none,RP; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP"
SHARED = "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP"
LB_NO = "LB,none"
LB_ONE_SIDED = "none,LB; LB,RP; RP,LB; LB,RA; RA,LB"
LB_SHARED = "LB,LB"

SAME_USER: Table = {
    NO: "BBBB BBBB BBBB BBBB BBBB ooBB BBBB BBBB BBBB BBBB BBBB BBBB",
    ONE_SIDED: "BBoo BBoo oooo oooo BBoo oooo oooo oooo BBoo BBoo BBoo oooo",
    SHARED: "oooo " * 12,
}
SAME_USER_LB: Table = dict(zip((LB_NO, LB_ONE_SIDED, LB_SHARED), SAME_USER.values(), strict=True))
REFUSED = "BBBB " * 12
LEFT_OVERS = "BBoo " * 12
WILDCARDS = "BBoo oooo BBoo BBoo oooo BBoo BBoo BBoo BBoo BBoo oooo BBoo"
OTHER_11: Table = {NO: REFUSED, ONE_SIDED: LEFT_OVERS, SHARED: WILDCARDS}
OTHER_12: Table = {f"{NO}; {LB_NO}": REFUSED, f"{ONE_SIDED}; {SHARED}; {LB_ONE_SIDED}": LEFT_OVERS, LB_SHARED: WILDCARDS}
OTHER_MAIN: Table = {f"{NO}; {LB_NO}": REFUSED, f"{ONE_SIDED}; {SHARED}; {LB_ONE_SIDED}; {LB_SHARED}": LEFT_OVERS}
UDP_SAME: Table = {
    NO: "B B B B B B B B B B B B",
    "none,RA; none,RP": "B B o o B o o B B B o B",
    "RA,RA; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP": "B B o o B o o B B B o o",
    SHARED: "o " * 12,
}
UDP_LB: Table = {
    LB_NO: "B B B B B B B B B B B -",
    LB_ONE_SIDED: "B B o o B o o B B B o -",
    LB_SHARED: "o o o o o o o o o o o -",
}
UDP_OTHER_MAIN: Table = {
    "none,none; RA,none; none,RA; RP,none; none,RP": "B " * 13,
    f"RA,RA; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP; {SHARED}": "B " * 12 + "o",
    f"{LB_NO}; {LB_ONE_SIDED}; {LB_SHARED}": "B " * 12 + "-",
}
EVERY = "; ".join((NO, ONE_SIDED, SHARED))
EVERY_LB = "; ".join((LB_NO, LB_ONE_SIDED, LB_SHARED))
TABLES: dict[str, tuple[tuple[str, ...], str, str, tuple[str, ...], Table]] = {
    "tcp": (("10.4", "11", "12", "14", "main"), "tcp", "", TCP, SAME_USER),
    "tcp-lb": (("12", "14", "main"), "tcp", "", TCP, SAME_USER_LB),
    "tcp-free": (("11", "12", "14", "main"), "tcp", "", FREE, {EVERY: "oooo " * 3}),
    "tcp-free-lb": (("12", "14", "main"), "tcp", "", FREE, {EVERY_LB: "oooo " * 3}),
    "tcp-other-11": (("10.4", "11", "11.4"), "tcp", "stranger: ", TCP, OTHER_11),
    "tcp-other-12": (("12", "13.1", "14.3"), "tcp", "stranger: ", TCP, OTHER_12),
    "tcp-other-main": (("15", "main"), "tcp", "stranger: ", TCP, OTHER_MAIN),
    "tcp-other-free": (("11", "12", "14", "main"), "tcp", "stranger: ", FREE, {EVERY: "oooo " * 3}),
    "tcp-other-free-lb": (("12", "14", "main"), "tcp", "stranger: ", FREE, {EVERY_LB: "oooo " * 3}),
    "udp": (("11", "12", "14", "main"), "udp", "", UDP, UDP_SAME),
    "udp-lb": (("12", "14", "main"), "udp", "", UDP, UDP_LB),
    "udp-free": (("11", "12", "14", "main"), "udp", "", (*FREE, "W>D"), {EVERY: "o " * 4}),
    "udp-free-lb": (("12", "14", "main"), "udp", "", (*FREE, "W>D"), {EVERY_LB: "o " * 4}),
    "udp-other-main": (("main",), "udp", "stranger: ", UDP_ALL, UDP_OTHER_MAIN),
    "udp-other-free": (("main",), "udp", "stranger: ", FREE, {EVERY: "o " * 3, EVERY_LB: "o " * 3}),
}


@pytest.mark.parametrize(
    ("table", "version"),
    [
        *((name, row[0][-1]) for name, row in TABLES.items()),
        *exhaustively(*((name, version) for name, row in TABLES.items() for version in row[0][:-1])),
    ],
)
def test_every_cell_of_the_table(table: str, version: str) -> None:
    _, protocol, actor, relations, rows = TABLES[table]
    wrong = wrong_cells(partial(FreeBSD, version=version), protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)


# FreeBSD's tests/sys/netinet/socket_afinet.c, multibind: the first sets its option after bind, the second tries without its own before.
MULTIBIND = [(first, second) for first in ("", "ADDR", "PORT", "PORT_LB") for second in ("", "ADDR", "PORT", "PORT_LB")]


@pytest.mark.parametrize("kind", ["tcp4", "udp4", "tcp6", "udp6"])
@pytest.mark.parametrize("wild", [False, True])
@pytest.mark.parametrize(("first", "second"), MULTIBIND)
def test_multibind(kind: str, wild: bool, first: str, second: str) -> None:
    loop = "[::1]:P" if kind.endswith("6") else "127.0.0.1:P"
    place = {"tcp4": "0.0.0.0:P", "udp4": "0.0.0.0:P"}.get(kind, "[::]:P") if wild else loop
    lines = [f"A = {kind}()", f"A.bind({place})"]
    lines += [f"A.setsockopt(SO_REUSE{first}, 1)"] if first else []
    for name, actor in (("B", "other: "), ("C", "stranger: ")):
        answers = {}
        for where in (place, loop):
            stack = platform("freebsd@main").make()
            more = [f"{name} = {actor}{kind}()", f"{name}.bind({where})"]
            more += [f"{name}.setsockopt(SO_REUSE{second}, 1)"] if second else []
            stack.play(call for call, _ in parse("\n".join([*lines, *more, f"{name}.bind({where})"])))
            tries = [answer.name for call, answer in stack.trace if call.on == name and call.verb == "bind"]
            assert tries[0] == "EADDRINUSE"
            answers[where] = tries[1]
        assert answers[place] == ("ok" if first == second and first.startswith("PORT") and actor == "other: " else "EADDRINUSE")


# The same file, bind_connected_port: a connection holds its port against nobody but UDP sockets of other users.
@pytest.mark.parametrize(("family", "loop", "any_"), [("4", "127.0.0.1", "0.0.0.0"), ("6", "[::1]", "[::]")])
@pytest.mark.parametrize("actor", ["other", "stranger"])
@pytest.mark.parametrize("wild", [True, False])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_bind_connected_port(family: str, loop: str, any_: str, actor: str, wild: bool, protocol: str) -> None:
    if protocol == "tcp":
        script = f"A = tcp{family}()\nA.bind({any_}:0)\nA.listen()\nC = tcp{family}()\nC.connect({loop}:port(A))\nD = A.accept()\n"
    else:
        script = f"C = udp{family}()\nC.bind({any_}:0)\nC.connect({loop}:6666)\n"
    where = f"{any_ if wild else loop}:port(C)"
    script += f"B = {actor}: {protocol}{family}()\nB.bind({where})\nB.setsockopt(SO_REUSEADDR, 1)\nB.bind({where})"
    stack = platform("freebsd@main").make()
    stack.play(call for call, _ in parse(script))
    tries = [answer.name for call, answer in stack.trace if call.on == "B" and call.verb == "bind"]
    assert tries == ["EADDRINUSE", "EADDRINUSE" if (actor, protocol) == ("stranger", "udp") else "ok"]


GROUP = "A = tcp4({0})\nA.bind({1}:P)\nB = tcp4({0})\nB.bind({1}:P)\nA.listen()\nB.listen()\nconnections(127.0.0.1:P)"
DUAL = "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)"
IPV4_FIRST = "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::]:P)"
BOTH = "A = tcp4(SO_REUSEPORT)\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp6(IPV6_V6ONLY=0, SO_REUSEPORT)\nB.bind([::]:P)\nB.listen()\n"
TWIN = "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)\n"
LB_TWIN = TWIN.replace("SO_REUSEPORT", "SO_REUSEPORT_LB")
PAIR = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)\nC.connect(127.0.0.1:P)\n"
SECOND = "D = tcp4(SO_REUSEADDR)\nD.bind(127.0.0.1:Q)\nD.connect(127.0.0.1:P)"
SERVED = (
    "A = tcp4({})\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nD.close()\nC.recv(1)\nC.close()\n"
)
LATE_LB = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT_LB, 1)\nA.listen()\nB = tcp4(SO_REUSEPORT_LB)\nB.bind(127.0.0.1:P)\n"
SIX = "A = tcp6(SO_REUSEADDR)\nA.bind([::]:P)\nB = stranger: tcp6(SO_REUSEADDR)\nB.bind([::1]:P)"
TWO = "A = {}\nA.bind({}:P)\nB = {}\nB.bind({}:P)"
MAPPED_SECOND = TWO.format("tcp4(SO_REUSEPORT)", "0.0.0.0", "tcp6(IPV6_V6ONLY=0, SO_REUSEPORT)", "[::ffff:0.0.0.0]")
MAPPED_SECOND += "\nA.listen()\nB.listen()\nconnections(127.0.0.1:P)"
LB_SIX = TWO.format("tcp6(SO_REUSEPORT_LB)", "[::1]", "tcp6(SO_REUSEPORT_LB)", "[::1]") + "\nA.listen()\nB.listen()\nconnections([::1]:P)"
LB_WILD = (
    TWO.format("tcp4(SO_REUSEADDR)", "127.0.0.1", "tcp4(SO_REUSEPORT_LB)", "0.0.0.0") + "\nA.listen()\nB.listen()\nconnections(127.0.0.1:P)"
)
CROSSING = "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:Q)\nA.connect([::1]:P)"
LISTENING = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\n"
INHERITING = LISTENING.replace("()", "(SO_REUSEADDR, SO_LINGER=0)", 1) + "C = tcp4()\nC.connect(127.0.0.1:P)\nE = A.accept()\n"
V6ONLY_LISTENER = "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\nA.listen()\nC = tcp6()\nC.connect([::1]:P)\nE = A.accept()\n"
REFUSED_CLIENT = "C = tcp4()\nC.connect(127.0.0.1:P)\n"
RESET_CLIENT = PAIR + "E = A.accept()\nE.setsockopt(SO_LINGER, 0)\nE.close()\n"
BOTH_SHUT = PAIR + "E = A.accept()\nC.shutdown(WR)\nE.close()\n"
MEMBERS = "A = udp4(SO_REUSEPORT)\nB = udp4(SO_REUSEPORT)\nA.bind(224.0.0.251:P)\nB.bind(224.0.0.251:P)\n"
MEMBERS6 = MEMBERS.replace("udp4", "udp6").replace("224.0.0.251", "[ff05::fb]")
CLEARED = "B.setsockopt(SO_REUSEPORT, 0)\n"
FROM_A_GROUP = "A = {0}()\nA.bind({1}:P)\nA.connect({2}:Q)\nA.send(1)\n"
RECONNECTED = "A = udp4(SO_REUSEADDR)\nA.bind(127.0.0.2:P)\nA.connect(127.0.0.1:Q)\nA.connect(127.0.0.1:R)\n"
NOT_RECONNECTED = (
    "B = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\nB.connect(127.0.0.1:R)\n"
    "A = udp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nA.connect(127.0.0.1:R)\n"
)
TO_ANY6 = "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nC = tcp6()\nC.connect([::]:P)"
CASES: list[tuple[str, str, str, Reason | None]] = [
    # Who receives: nobody shares without SO_REUSEPORT_LB.
    ("11", GROUP.format("SO_REUSEPORT", "127.0.0.1"), "B", a.EXACT_13),
    ("main", GROUP.format("SO_REUSEPORT", "127.0.0.1"), "B", a.EXACT),
    ("11", GROUP.format("SO_REUSEPORT", "0.0.0.0"), "A", a.OLDEST_WILDCARD),
    ("13.1", GROUP.format("SO_REUSEPORT", "0.0.0.0"), "A", a.OLDEST_WILDCARD),
    ("14", GROUP.format("SO_REUSEPORT", "0.0.0.0"), "B", a.WILDCARD),
    ("12", GROUP.format("SO_REUSEPORT_LB", "127.0.0.1"), "both", a.LB_BALANCES),
    ("main", GROUP.format("SO_REUSEPORT_LB", "0.0.0.0"), "both", a.LB_BALANCES),
    ("main", BOTH + "connections(127.0.0.1:P)", "B", a.NEWEST_WILDCARD),
    ("13.1", BOTH + "connections(127.0.0.1:P)", "A", a.OLDEST_WILDCARD),
    # A bound twin swallows connections; a member of a group waits for its listen on main.
    ("main", TWIN + "connections(127.0.0.1:P)", "none", a.EXACT),
    ("main", LB_TWIN + "connections(127.0.0.1:P)", "A", a.LB_BALANCES),
    ("main", LATE_LB + "B.listen()\nconnections(127.0.0.1:P)", "B", a.LB_BALANCES),
    ("main", GROUP.format("SO_REUSEPORT", "0.0.0.0"), "B", a.WILDCARD),
    ("11", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections([::1]:P)", "A", a.WILDCARD_13_IPV6),
    ("main", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections([::1]:P)", "A", a.WILDCARD_IPV6),
    ("11", "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::1]:P)", "A", a.EXACT_13_IPV6),
    ("main", "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::1]:P)", "A", a.EXACT_IPV6),
    ("main", MAPPED_SECOND, "A", a.MAPPED_LAST),
    ("main", LB_SIX, "both", a.LB_BALANCES_IPV6),
    ("main", LB_WILD, "B", a.LB_GROUP_FIRST),
    ("main", "A = tcp4()\nA.bind(127.0.0.1:P)\nconnections(127.0.0.2:P)", "none", EDGES.because(NOBODY_RECEIVES)),
    ("main", "A = tcp6()\nA.bind([::1]:P)\nconnections([::2]:P)", "none", EDGES.because(NOBODY_RECEIVES, 6)),
    # bind: what was in the way, or let it in.
    ("main", "A = tcp4()\nA.bind(127.0.0.1:P)", "ok", v.NOBODY_HOLDS),
    ("main", "A = tcp6()\nA.bind([::1]:P)", "ok", v.NOBODY_HOLDS_IPV6),
    ("main", TWO.format("tcp4()", "127.0.0.1", "tcp4()", "127.0.0.2"), "ok", v.OTHER_ADDRESS),
    ("main", TWO.format("tcp4()", "127.0.0.1", "tcp6()", "[::1]"), "ok", v.OTHER_ADDRESS_IPV6),
    ("main", TWO.format("tcp6()", "[::1]", "tcp6()", "[::1]"), "EADDRINUSE", v.IN_USE_IPV6),
    ("main", TWO.format("tcp4(SO_REUSEADDR)", "127.0.0.1", "tcp4(SO_REUSEADDR)", "127.0.0.1"), "EADDRINUSE", v.TWIN_NEEDS_REUSEPORT),
    ("main", TWO.format("udp4(SO_REUSEADDR)", "127.0.0.1", "udp4(SO_REUSEADDR)", "127.0.0.1"), "EADDRINUSE", v.TWIN_NEEDS_REUSEPORT),
    ("main", TWO.format("tcp6(SO_REUSEADDR)", "[::1]", "tcp6(SO_REUSEADDR)", "[::1]"), "EADDRINUSE", v.TWIN_NEEDS_REUSEPORT_IPV6),
    ("main", TWO.format("tcp4(SO_REUSEADDR)", "127.0.0.1", "tcp4(SO_REUSEPORT)", "127.0.0.1"), "EADDRINUSE", v.TWIN_LACKS_REUSEPORT),
    ("main", TWO.format("tcp6(SO_REUSEADDR)", "[::1]", "tcp6(SO_REUSEPORT)", "[::1]"), "EADDRINUSE", v.TWIN_LACKS_REUSEPORT_IPV6),
    ("main", TWO.format("tcp4(SO_REUSEPORT)", "127.0.0.1", "tcp4(SO_REUSEPORT)", "127.0.0.1"), "ok", v.REUSEPORT_SHARES),
    ("main", TWO.format("tcp6(SO_REUSEPORT)", "[::1]", "tcp6(SO_REUSEPORT)", "[::1]"), "ok", v.REUSEPORT_SHARES_IPV6),
    ("main", TWO.format("tcp6()", "[::]", "tcp6(SO_REUSEADDR)", "[::1]"), "ok", v.ONLY_TWINS_IPV6),
    ("main", TWO.format("tcp6(SO_REUSEPORT_LB)", "[::1]", "tcp6(SO_REUSEPORT_LB)", "[::1]"), "ok", v.REUSEPORT_LB_IPV6),
    ("main", TWO.format("tcp6(SO_REUSEPORT)", "[::1]", "tcp6(SO_REUSEPORT_LB)", "[::1]"), "EADDRINUSE", v.LB_ALONES[6]),
    ("main", TWO.format("udp4(SO_REUSEADDR)", "224.0.0.251", "udp4(SO_REUSEADDR)", "224.0.0.251"), "ok", v.GROUP_SHARES),
    ("main", TWO.format("udp4(SO_REUSEADDR)", "224.0.0.251", "udp4(SO_REUSEPORT)", "224.0.0.251"), "ok", v.MULTICAST_EITHER),
    ("main", TWO.format("udp4()", "224.0.0.251", "udp4(SO_REUSEPORT)", "224.0.0.251"), "EADDRINUSE", v.GROUP_HOLDER_LACKS),
    ("main", TWO.format("udp6(SO_REUSEADDR)", "[ff05::fb]", "udp6(SO_REUSEADDR)", "[ff05::fb]"), "ok", v.GROUP_SHARES_IPV6),
    ("main", TWO.format("udp6(SO_REUSEADDR)", "[ff05::fb]", "udp6(SO_REUSEPORT)", "[ff05::fb]"), "ok", v.MULTICAST_EITHER_IPV6),
    ("main", TWO.format("udp6()", "[ff05::fb]", "udp6(SO_REUSEPORT)", "[ff05::fb]"), "EADDRINUSE", v.GROUP_HOLDER_LACKS_IPV6),
    # 0.0.0.0 and [::].
    ("main", DUAL, "EADDRINUSE", v.IN_USE),
    ("main", IPV4_FIRST, "ok", v.DUAL_BESIDE_IPV4),
    ("main", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", v.MAPPED_V6ONLY),
    ("main", "A = tcp6()\nA.getsockopt(IPV6_V6ONLY)", "1", None),
    (
        "main",
        "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:0.0.0.0]:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::ffff:0.0.0.0]:P)",
        "ok",
        v.MAPPED_WILDCARDS,
    ),
    # SO_REUSEPORT_LB and SO_REUSEPORT do not mix; the flags are read as they are now.
    (
        "main",
        "A = tcp4(SO_REUSEPORT_LB)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
        "EADDRINUSE",
        v.TWIN_LACKS_REUSEPORT,
    ),
    ("main", "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT_LB)\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.LB_ALONE),
    ("12", "A = tcp4(SO_REUSEPORT_LB)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT_LB)\nB.bind(127.0.0.1:P)", "ok", v.REUSEPORT_LB),
    (
        "main",
        "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 0)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
        "EADDRINUSE",
        v.TWIN_LACKS_REUSEPORT,
    ),
    # connect.
    ("main", PAIR + SECOND, "EADDRINUSE", v.SAME_CONNECTION),
    ("main", PAIR + "C.connect(127.0.0.1:P)", "EISCONN", EDGES.because(CONNECT_CONNECTED)),
    ("main", PAIR.replace("C = tcp4(SO_REUSEADDR)", "C = tcp4(SO_REUSEADDR)\nC.setsockopt(SO_REUSEPORT_LB, 0)"), "ok", None),
    ("main", PAIR + "C.shutdown(RDWR)\nC.connect(127.0.0.1:P)", "EISCONN", EDGES.because(CONNECT_CONNECTED)),
    ("main", PAIR + "E = A.accept()\nC.close()\nE.recv(1)\nE.close()\n" + SECOND, "EADDRINUSE", v.SAME_CONNECTION),
    ("main", PAIR.replace("C = tcp4(SO_REUSEADDR)", "C = tcp4(SO_REUSEPORT_LB)"), "EOPNOTSUPP", v.LB_CONNECT),
    # TIME_WAIT: the new socket decides.
    ("main", SERVED.format("") + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.CONNECTION_HOLDS),
    ("main", SERVED.format("") + "A.close()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", v.PASSES_CONNECTIONS),
    ("11", SERVED.format("") + "A.close()\nB = stranger: tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", v.PASSES_CONNECTIONS),
    ("main", SERVED.format("") + "A.close()\nelapse(60)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", None),
    # Other users, and root.
    ("11", "A = tcp4(SO_REUSEPORT)\nA.bind(0.0.0.0:P)\nB = stranger: tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)", "ok", v.REUSEPORT_SHARES),
    (
        "12",
        "A = tcp4(SO_REUSEPORT)\nA.bind(0.0.0.0:P)\nB = stranger: tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)",
        "EADDRINUSE",
        v.OTHER_USER_12,
    ),
    (
        "main",
        "A = tcp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nB = stranger: tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
        "EADDRINUSE",
        v.OTHER_USER,
    ),
    ("main", "A = stranger: tcp4()\nA.bind(0.0.0.0:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", v.ONLY_TWINS),
    ("12", SIX, "EADDRINUSE", v.OTHER_USER_12_IPV6),
    ("11", SIX, "EADDRINUSE", v.OTHER_USER_11_IPV6),
    ("main", SIX, "EADDRINUSE", v.OTHER_USER_IPV6),
    ("main", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RDWR)", "ENOTCONN", v.SHUTDOWN_LISTENER),
    # listen, options, and the wildcard as a destination.
    ("main", CROSSING, "EAFNOSUPPORT", w.CROSSES),
    ("13", CROSSING, "EAFNOSUPPORT", w.CROSSES),
    ("11", CROSSING, "ETIMEDOUT", w.CROSSES_12),
    ("13", CROSSING.replace("tcp", "udp"), "EAFNOSUPPORT", w.CROSSES_UDP),
    ("11", CROSSING.replace("tcp", "udp"), "unknown", w.CROSSED_12),
    ("13", "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::1]:Q)\nA.connect([::ffff:127.0.0.1]:P)", "EAFNOSUPPORT", w.CROSSES),
    ("main", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", "ok", v.LISTEN_IS_FREE),
    ("main", "A = tcp6()\nA.bind([::1]:P)\nA.listen()", "ok", v.LISTEN_IS_FREE_IPV6),
    ("main", "A = tcp6()", "ok", v.V6ONLY_DEFAULT),
    ("13", INHERITING + "E.getsockopt(SO_REUSEADDR)", "1", w.INHERITS_13),
    ("13.1", INHERITING + "E.getsockopt(SO_REUSEADDR)", "0", w.INHERITS),
    ("main", INHERITING + "E.getsockopt(SO_LINGER)", "1", w.INHERITS),
    ("11", V6ONLY_LISTENER + "E.getsockopt(IPV6_V6ONLY)", "1", w.INHERITS_NO_V6ONLY),
    # SO_LINGER of 0: until 11 an accepted socket sends FIN.
    ("11", INHERITING + "E.close()\nC.recv(1)", "end", None),
    ("12", INHERITING + "E.close()\nC.recv(1)", "ECONNRESET", None),
    ("main", INHERITING + "E.close()\nC.recv(1)", "ECONNRESET", None),
    ("11", INHERITING + "E.close()", "ok", w.LINGER_11),
    # A client that was refused.
    ("main", REFUSED_CLIENT + "C.listen()", "EINVAL", w.DROPPED_LISTEN),
    ("main", REFUSED_CLIENT + "C.bind(127.0.0.1:Q)", "EINVAL", w.DROPPED_BIND),
    ("main", REFUSED_CLIENT + "C.connect(127.0.0.1:Q)", "ECONNREFUSED", w.DROPPED_CONNECT),
    ("main", REFUSED_CLIENT + "C.recv(1)", "end", w.DROPPED_RECV),
    ("main", REFUSED_CLIENT + "C.send(1)", "EPIPE", w.DROPPED_SEND),
    ("main", REFUSED_CLIENT + "C.shutdown(RDWR)", "ENOTCONN", None),
    # A connection that is over, or shut for both.
    ("main", RESET_CLIENT + "C.connect(127.0.0.1:P)", "ECONNREFUSED", w.DROPPED_CONNECT),
    ("main", RESET_CLIENT + "C.send(1)", "EPIPE", w.SEND_RESET),
    ("main", RESET_CLIENT + "C.recv(1)\nC.send(1)", "EPIPE", None),
    ("13", PAIR + "C.shutdown(RDWR)\nC.connect(127.0.0.1:P)", "EADDRINUSE", w.SHUT_CONNECTS),
    ("13", PAIR + "C.shutdown(RDWR)\nC.connect(127.0.0.2:P)", "unknown", w.SHUT_GAP),
    ("13", PAIR + "C.shutdown(RDWR)\nC.shutdown(RDWR)", "ENOTCONN", w.SHUT_TWICE),
    ("13", PAIR + "C.shutdown(WR)\nC.shutdown(WR)\nC.listen()", "ok", w.SHUT_LISTENS),
    ("13", BOTH_SHUT + "C.connect(127.0.0.1:P)", "EADDRINUSE", w.TIME_WAIT_CONNECTS),
    ("14", BOTH_SHUT + "C.connect(127.0.0.1:P)", "EISCONN", None),
    ("13", BOTH_SHUT + "C.listen()", "EINVAL", w.DROPPED_LISTEN),
    ("14", BOTH_SHUT + "C.listen()", "ok", w.SHUT_LISTENS),
    ("14", BOTH_SHUT + "C.listen()\nC.recv(1)", "unknown", w.SHUT_GAP),
    # shutdown of a listener, and of UDP.
    ("11", LISTENING + "A.shutdown(RDWR)\nC = tcp4()\nC.connect(127.0.0.1:P)\nF = A.accept()", "ok", None),
    ("12", LISTENING + "A.shutdown(RDWR)\nC = tcp4()\nC.connect(127.0.0.1:P)\nF = A.accept()", "ECONNABORTED", w.ABORTED),
    ("12", LISTENING + "A.shutdown(RD)\nC = tcp4()\nC.connect(127.0.0.1:P)\nF = A.accept()\nG = A.accept()", "ok", None),
    ("12", LISTENING + "A.shutdown(WR)\nC = tcp4()\nC.connect(127.0.0.1:P)\nF = A.accept()", "ok", None),
    ("11", LISTENING + "A.shutdown(RDWR)", "ENOTCONN", w.SHUTDOWN_LISTENER_11),
    ("10.4", LISTENING + "A.shutdown(RDWR)", "unknown", w.SHUTDOWN_10),
    ("10.4", "A = tcp4()\nA.shutdown(RDWR)", "unknown", w.SHUTDOWN_10),
    ("11", "A = udp4()\nA.shutdown(RDWR)\nA.connect(127.0.0.1:P)\nA.send(1)", "ok", None),
    ("12", "A = udp4()\nA.shutdown(RDWR)\nA.connect(127.0.0.1:P)\nA.send(1)", "EPIPE", None),
    ("12", "A = udp4()\nA.shutdown(WR)\nA.send(1)", "EPIPE", None),
    ("12", "A = udp4()\nA.shutdown(WR)", "ENOTCONN", w.SHUT_UDP),
    ("11", "A = udp4()\nA.shutdown(WR)", "ENOTCONN", w.SHUT_UDP_11),
    # shutdown of the reading half throws away what waits, and what comes.
    ("main", PAIR + "E = A.accept()\nC.send(1)\nE.shutdown(RD)\nE.recv(1)", "end", None),
    ("main", PAIR + "E = A.accept()\nE.shutdown(RDWR)\nC.send(1)\nE.recv(1)", "end", None),
    # What was sent comes before the reset.
    ("main", PAIR + "E = A.accept()\nE.send(1)\nE.setsockopt(SO_LINGER, 0)\nE.close()\nC.recv(1)", "ok", None),
    # Listeners, groups and mapped addresses as destinations.
    ("14", "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nA.connect([::1]:Q)", "EINVAL", w.LISTENER_CONNECTS_IPV6),
    ("main", "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nA.connect([::1]:Q)", "EOPNOTSUPP", None),
    ("main", "A = tcp6()\nA.connect([ff05::fb]:Q)", "EAFNOSUPPORT", EDGES.because(CONNECT_GROUP, 6)),
    ("main", "A = tcp6()\nA.bind([ff05::fb]:Q)", "EAFNOSUPPORT", w.GROUP_OVER_TCP),
    ("main", "A = tcp6()\nA.connect([::ffff:127.0.0.1]:Q)", "EINVAL", w.TO_MAPPED),
    ("main", "A = udp6()\nA.connect([::ffff:127.0.0.1]:Q)", "EINVAL", w.TO_MAPPED_UDP),
    # Groups.
    ("13", "A = udp6()\nA.join([ff05::fb])\nA.join([ff05::fb])", "EINVAL", w.JOIN_AGAIN_IPV6_13),
    ("14", "A = udp6()\nA.join([ff05::fb])\nA.join([ff05::fb])", "EADDRINUSE", None),
    ("main", "A = tcp4()\nA.join([ff05::fb])", "EINVAL", w.JOIN_OTHER_FAMILY),
    ("main", "A = tcp4()\nA.join(224.0.0.251)", "EOPNOTSUPP", w.JOIN_OVER_TCP),
    ("main", MEMBERS + "A.join(224.0.0.251)\nconnections(224.0.0.251:P)", "A", w.MEMBERS_ONLY),
    ("main", MEMBERS6 + "A.join([ff05::fb])\nconnections([ff05::fb]:P)", "each", w.MEMBERS_IPV6),
    ("main", MEMBERS6 + "A.join([ff05::fb])\nB.join([ff05::1])\nconnections([ff05::fb]:P)", "A", w.MEMBERS_IPV6),
    ("main", MEMBERS + "A.join(224.0.0.251)\nB.join(224.0.0.251)\nconnections(224.0.0.251:P)", "each", EDGES.because(MEMBERS_HEAR)),
    ("main", MEMBERS + "A.join(224.0.0.251)\nB.join(224.0.0.251)\n" + CLEARED + "connections(224.0.0.251:P)", "B", w.MEMBERS_STOP),
    ("main", MEMBERS6 + "A.join([ff05::fb])\n" + CLEARED + "connections([ff05::fb]:P)", "B", w.MEMBERS_STOP_IPV6),
    ("main", FROM_A_GROUP.format("udp4", "224.0.0.251", "127.0.0.1") + "A.send(1)", "ok", w.FROM_A_GROUP),
    ("main", FROM_A_GROUP.format("udp6", "[ff05::fb]", "[::1]") + "A.send(1)", "ok", w.FROM_A_GROUP_IPV6),
    ("main", "S = udp4()\nS.bind(127.0.0.1:Q)\n" + FROM_A_GROUP.format("udp4", "224.0.0.251", "127.0.0.1") + "S.recv(1)", "ok", None),
    # A UDP socket that connects again: its address, and what it holds meanwhile.
    ("13", RECONNECTED + "B = udp4(SO_REUSEADDR)\nB.bind(127.0.0.2:P)", "ok", None),
    ("main", RECONNECTED + "B = udp4(SO_REUSEADDR)\nB.bind(127.0.0.2:P)\nB.connect(127.0.0.1:R)", "EADDRINUSE", v.SAME_CONNECTION),
    ("13", RECONNECTED + "B = udp4(SO_REUSEADDR)\nB.bind(127.0.0.2:P)\nB.connect(127.0.0.1:R)", "ok", None),
    ("13", NOT_RECONNECTED + "E = udp4()\nE.bind(127.0.0.2:P)", "EADDRINUSE", None),
    ("14", NOT_RECONNECTED + "B.close()\nE = udp4()\nE.bind(0.0.0.0:P)", "ok", None),
    # The source of a connect from the wildcard is not the group that another is bound to.
    (
        "main",
        "A = udp6()\nA.bind([ff05::fb]:P)\nA.connect([::1]:Q)\nD = udp6(SO_REUSEADDR)\nD.bind([::]:P)\nD.connect([::1]:Q)",
        "ok",
        EDGES.because(CONNECT_UDP, 6),
    ),
    ("main", PAIR.replace("C.connect(127.0.0.1:P)", "C.connect(0.0.0.0:P)"), "ENETUNREACH", v.WILDCARD_FORBIDDEN),
    ("14", PAIR.replace("C.connect(127.0.0.1:P)", "C.connect(0.0.0.0:P)"), "ok", v.TO_THE_FIRST),
    ("14", TO_ANY6, "ok", v.TO_LOOPBACK),
    ("15", TO_ANY6, "ok", w.TO_LOOPBACK_15),
    ("main", TO_ANY6, "ENETUNREACH", w.WILDCARD_FORBIDDEN_IPV6),
]


@pytest.mark.parametrize(("version", "text", "answer", "because"), CASES)
def test_answer_and_reason(version: str, text: str, answer: str, because: Reason | None) -> None:
    stack = FreeBSD(version=version)
    with suppress(Unknown):
        stack.play(call for call, _ in parse(text))
    found = stack.trace[-1][1]
    assert found.name == answer
    assert because is None or found.because == because


def test_a_socket_of_a_client_bound_to_the_wildcard_gets_the_source_address() -> None:
    stack = FreeBSD()
    script = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.bind(0.0.0.0:Q)\nC.connect(127.0.0.1:P)\n"
    script += "B = tcp4()\nB.bind(127.0.0.2:Q)"
    stack.play(call for call, _ in parse(script))
    assert stack.trace[-1][1].name == "ok"


@pytest.mark.parametrize(("version", "since"), [("11", False), ("12", True), ("13.1-RELEASE", True), ("main", True)])
def test_versions(version: str, since: bool) -> None:
    assert FreeBSD(version=version).applies(v.REUSEPORT_LB) == since
