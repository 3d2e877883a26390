from __future__ import annotations

from functools import partial

import pytest

from fixtures.clauses import Reason
from fixtures.models import dragonfly as v
from fixtures.models.dragonfly import DragonFly
from fixtures.notation import parse
from fixtures.rules import MOST_SPECIFIC, MULTICAST
from fixtures.stack import Unknown
from fixtures.worlds import Choices, every_world
from tests.cells import Table, wrong_cells

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
CASES: list[tuple[str, str, str, Reason | None]] = [
    ("", GROUP.format("127.0.0.1", "B.listen()\n"), "both", v.REUSEPORT_BALANCES),
    ("", GROUP.format("0.0.0.0", "B.listen()\n"), "both", v.REUSEPORT_BALANCES),
    ("3.4", GROUP.format("127.0.0.1", "B.listen()\n"), "B", MOST_SPECIFIC),
    ("3.4", GROUP.format("0.0.0.0", "B.listen()\n"), "A", v.OLDEST_WILDCARD),
    ("", GROUP.format("127.0.0.1", ""), "A", v.ONLY_LISTENERS),
    ("", "A = udp4(SO_REUSEADDR)\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)", "ok", MULTICAST),
    ("", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", v.MAPPED),
    ("", "A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", "ok", None),
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
