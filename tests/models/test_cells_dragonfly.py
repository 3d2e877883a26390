from __future__ import annotations

from functools import partial

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Unknown
from fixtures.models.dragonfly import DragonFly
from fixtures.models.dragonfly import clauses as v
from fixtures.specification.clauses import Reason
from fixtures.specification.worlds import Choices, every_world
from tests.helpers.cells import Table, wrong_cells

RELATIONS = ("S=S", "W=W", "W>S", "S>W", "s6=s6", "6=6", "6>s6")
FREE = ("S/S'", "6>W", "W>6")
NO = "none,none; RA,none; RP,none"
ONE_SIDED = "none,RA; RA,RA; none,RP; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP"
SHARED = "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP"
SAME_USER: Table = {NO: "BBBB " * 7, ONE_SIDED: "BBoo BBoo oooo oooo BBoo BBoo oooo", SHARED: "oooo " * 7}


@pytest.mark.parametrize("version", DragonFly.releases)
def test_every_cell_of_the_table(version: str) -> None:
    make = partial(DragonFly, version=version)
    wrong = wrong_cells(make, "tcp", "", RELATIONS, SAME_USER)
    wrong += wrong_cells(make, "tcp", "", FREE, {"; ".join(SAME_USER): "oooo " * 3})
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("kind", "place", "worlds"),
    [("tcp4", "127.0.0.1:P", {"ok", "EADDRINUSE"}), ("tcp4", "0.0.0.0:P", {"ok"}), ("tcp6", "[::]:P", {"ok", "EADDRINUSE"})],
)
def test_other_users_are_disputed(kind: str, place: str, worlds: set[str]) -> None:
    script = f"A = {kind}(SO_REUSEPORT)\nA.bind({place})\nB = stranger: {kind}(SO_REUSEPORT)\nB.bind({place})"

    def play(choices: Choices) -> str:
        stack = DragonFly(choices=choices)
        stack.play(call for call, _ in parse(script))
        return stack.trace[-1][1].name

    assert set(every_world(play)) == worlds


GROUP = "A = tcp4(SO_REUSEPORT)\nA.bind({0}:P)\nA.listen()\nB = tcp4(SO_REUSEPORT)\nB.bind({0}:P)\n{1}connections(127.0.0.1:P)"
TWINS = "A = {0}({1})\nA.bind({2}:P)\nB = {0}({3})\nB.bind({4}:P)"
RA, RP = "SO_REUSEADDR", "SO_REUSEPORT"
LEFT = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"
ACCEPTED = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\n"
ONE_OF_TWO = "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\n"
SPECIFIC_GROUP = (
    "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)\nB.listen()\n"
    "connections(127.0.0.1:P)"
)
GROUP_V6 = "A = tcp6(SO_REUSEPORT)\nA.bind([::1]:P)\nA.listen()\nB = tcp6(SO_REUSEPORT)\nB.bind([::1]:P)\nB.listen()\nconnections([::1]:P)"
CLEARED = (
    "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.setsockopt(SO_REUSEPORT, 1)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)\n"
    "A.setsockopt(SO_REUSEPORT, 0)\nB.listen()\nconnections(127.0.0.1:P)"
)
CASES: list[tuple[str, str, str, Reason | None]] = [
    # Who may bind.
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)", "ok", v.FREE),
    ("", TWINS.format("tcp4", "", "127.0.0.1", "", "127.0.0.2"), "ok", v.OTHER_ADDRESS),
    ("", TWINS.format("tcp4", RA, "127.0.0.1", "", "0.0.0.0"), "EADDRINUSE", v.NO_OPTIONS),
    ("", TWINS.format("tcp4", "", "127.0.0.1", RA, "0.0.0.0"), "ok", v.WILDCARD_PASSED_OVER),
    ("", TWINS.format("tcp4", RA, "127.0.0.1", RA, "127.0.0.1"), "EADDRINUSE", v.REUSEADDR_SHARES_NOTHING),
    ("", TWINS.format("tcp4", RA, "127.0.0.1", RP, "127.0.0.1"), "EADDRINUSE", v.HOLDER_LACKS_REUSEPORT),
    ("", TWINS.format("tcp4", RP, "127.0.0.1", RP, "127.0.0.1"), "ok", v.BOTH_HAVE_REUSEPORT),
    ("", TWINS.format("udp4", RA, "224.0.0.251", RA, "224.0.0.251"), "ok", v.GROUP_SHARED),
    ("", TWINS.format("udp4", "", "224.0.0.251", RA, "224.0.0.251"), "EADDRINUSE", v.GROUP_HOLDER_LACKS),
    ("", LEFT + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", v.PEER_PASSED_OVER),
    ("", LEFT + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.NO_OPTIONS),
    ("", "A = tcp6()\nA.bind([::1]:P)", "ok", v.FREE_IPV6),
    ("", "A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", "ok", v.OTHER_FAMILY),
    ("", "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6()\nB.bind([::]:P)", "ok", v.OTHER_FAMILY_IPV6),
    ("", TWINS.format("tcp6", "", "[::1]", "", "[::]"), "EADDRINUSE", v.NO_OPTIONS_IPV6),
    ("", TWINS.format("tcp6", "", "[::1]", RA, "[::]"), "ok", v.WILDCARD_PASSED_OVER_IPV6),
    ("", TWINS.format("tcp6", RA, "[::1]", RA, "[::1]"), "EADDRINUSE", v.REUSEADDR_SHARES_NOTHING_IPV6),
    ("", TWINS.format("tcp6", RA, "[::1]", RP, "[::1]"), "EADDRINUSE", v.HOLDER_LACKS_REUSEPORT_IPV6),
    ("", TWINS.format("tcp6", RP, "[::1]", RP, "[::1]"), "ok", v.BOTH_HAVE_REUSEPORT_IPV6),
    ("", TWINS.format("udp6", RA, "[ff02::fb]", RA, "[ff02::fb]"), "ok", v.GROUP_SHARED_IPV6),
    ("", TWINS.format("udp6", "", "[ff02::fb]", RA, "[ff02::fb]"), "EADDRINUSE", v.GROUP_HOLDER_LACKS_IPV6),
    ("", "A = tcp6()", "ok", v.V6ONLY_DEFAULT),
    ("", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", v.MAPPED),
    # listen and connect.
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", "ok", v.LISTEN),
    ("", "A = tcp6()\nA.bind([::1]:P)\nA.listen()", "ok", v.LISTEN_IPV6),
    ("", ONE_OF_TWO + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)\nB.connect(127.0.0.1:P)", "EADDRINUSE", v.ONE_CONNECTION),
    ("", "A = udp4()\nA.connect(0.0.0.0:P)", "ok", v.TO_THE_FIRST_ADDRESS),
    # Options, and what is sent.
    ("", "A = tcp4(SO_REUSEADDR)\nA.getsockopt(SO_REUSEADDR)", "1", v.GET_OPTION),
    ("", ACCEPTED + "D.getsockopt(SO_REUSEADDR)", "1", v.ACCEPTED),
    ("", ACCEPTED + "C.send(1)", "ok", v.SEND),
    ("", "A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\nB.connect(127.0.0.1:P)\nB.send(1)", "ok", v.SEND_UDP),
    # Who receives.
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", v.SPECIFIC),
    ("", "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", v.WILDCARD),
    ("", "A = tcp4()\nA.bind(0.0.0.0:P)\nconnections(127.0.0.1:P)", "none", v.NOBODY),
    ("", "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::1]:P)", "A", v.SPECIFIC_IPV6),
    ("", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections([::1]:P)", "A", v.WILDCARD_IPV6),
    ("", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections(127.0.0.1:P)", "none", v.NOBODY),
    ("", GROUP.format("127.0.0.1", "B.listen()\n"), "both", v.REUSEPORT_BALANCES),
    ("", GROUP.format("0.0.0.0", "B.listen()\n"), "both", v.REUSEPORT_BALANCES),
    ("", SPECIFIC_GROUP, "B", v.GROUP_FIRST),
    ("", CLEARED, "B", v.NEWEST_WITHOUT_GROUP),
    ("", GROUP_V6, "both", v.REUSEPORT_BALANCES_IPV6),
    ("3.4", SPECIFIC_GROUP, "A", v.NEWEST_SPECIFIC),
    ("3.4", GROUP_V6, "B", v.SPECIFIC_IPV6),
    ("3.4", GROUP.format("127.0.0.1", "B.listen()\n"), "B", v.NEWEST_SPECIFIC),
    ("3.4", GROUP.format("0.0.0.0", "B.listen()\n"), "A", v.OLDEST_WILDCARD),
    ("", GROUP.format("127.0.0.1", ""), "A", v.ONLY_LISTENERS),
]


@pytest.mark.parametrize(("version", "text", "answer", "because"), CASES)
def test_answer_and_reason(version: str, text: str, answer: str, because: Reason | None) -> None:
    stack = DragonFly(version=version)
    stack.play(call for call, _ in parse(text))
    found = stack.trace[-1][1]
    assert found.name == answer
    assert because is None or found.because == because


@pytest.mark.parametrize(
    "text",
    [
        "A = tcp6(IPV6_V6ONLY=0)",
        "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RD)",
    ],
)
def test_what_is_not_known(text: str) -> None:
    with pytest.raises(Unknown):
        DragonFly().play(call for call, _ in parse(text))
