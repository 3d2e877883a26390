"""Answers of which nobody is sure: unknown, disputed, and left open."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, LOOPBACK, OK, Answer
from fixtures.models.block import Block, Cover
from fixtures.models.linux import Linux
from fixtures.models.stevens import Stevens
from fixtures.record.verdicts import judge, observe, predict
from fixtures.specification.clauses import Clause, Dispute, Gap, Side
from fixtures.specification.rules import NO_OPTIONS
from fixtures.specification.sources import POSIX, UNP
from fixtures.specification.versions import VersionError, order
from fixtures.specification.worlds import Choices, every_world

HERE = UNP.at("§7.5")
GAP = Gap("nowhere/gap", "No document says who may bind.", NO_OPTIONS, HERE, ("bind",))
DISPUTE = Dispute(
    "nowhere/dispute",
    "The page and the table differ.",
    NO_OPTIONS,
    (Side("ok", "documented", HERE), Side("EADDRINUSE", "reported", POSIX.at("bind"))),
    ("bind",),
)


class Silent(Stevens):
    def may_bind(self, new: Block, local: Cover) -> Answer:
        return Answer("unknown", GAP) if self.holders(new.port, new.protocol) else super().may_bind(new, local)


class Torn(Stevens):
    def may_bind(self, new: Block, local: Cover) -> Answer:
        return self.either(DISPUTE, "ok", "EADDRINUSE") if self.holders(new.port, new.protocol) else super().may_bind(new, local)


def second_bind(stack: Stack) -> None:
    stack.tcp4().bind(LOOPBACK)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


def third_bind(stack: Stack) -> None:
    second_bind(stack)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@pytest.mark.parametrize(("widths", "worlds"), [((), 1), ((3,), 3), ((2, 2), 4), ((2, 3, 2), 12)])
def test_every_combination_is_one_world(widths: tuple[int, ...], worlds: int) -> None:
    found = every_world(lambda choices: tuple(choices.pick(range(width)) for width in widths))
    assert len(found) == len(set(found)) == worlds


def test_a_choice_that_only_one_world_meets() -> None:
    def play(choices: Choices) -> str:
        return choices.pick("ab") + (choices.pick("xyz") if choices.pick((True, False)) else "")

    assert sorted(every_world(play)) == ["a", "ax", "ay", "az", "b", "bx", "by", "bz"]


def test_a_disputed_answer_permits_both_sides() -> None:
    predicted = predict(second_bind, lambda choices: Torn(choices=choices))
    assert [one.held for one in predicted] == [False, True]
    assert judge(observe(second_bind, Stevens()), predicted).verdict == "conforms"
    assert judge(observe(second_bind, Torn()), predicted).verdict == "variant"


def test_an_unknown_answer_judges_nothing() -> None:
    predicted = predict(third_bind, lambda choices: Silent(choices=choices))
    found = judge(observe(third_bind, Linux()), predicted)
    assert (found.verdict, found.why) == ("unrecorded", GAP.statement)
    assert judge(observe(third_bind, Silent()), predicted).verdict == "unrecorded"


def test_what_follows_an_unknown_answer_is_unknown_and_nothing_else_is() -> None:
    stack = Silent()
    script = (
        "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P)\nB.listen()\nC = B.accept()\nC.recv(1)\nconnections(127.0.0.1:P)"
    )
    answers = [stack.perform(call).name for call, _ in parse(script)]
    assert answers == ["ok", "ok", "ok"] + ["unknown"] * 5
    assert [stack.perform(call).name for call, _ in parse("D = tcp4()\nD.bind(127.0.0.1:Q)\nD.listen()")] == ["ok"] * 3


@pytest.mark.parametrize("sides", [(), DISPUTE.sides[:1]])
def test_a_dispute_has_two_sides(sides: tuple[Side, ...]) -> None:
    with pytest.raises(ValueError, match="two sides"):
        Dispute("nowhere/one-sided", "It is said.", NO_OPTIONS, sides, ("bind",))


@pytest.mark.parametrize("basis", ["unknown", "disputed", "guessed"])
def test_a_clause_knows_how_it_is_known(basis: str) -> None:
    with pytest.raises(ValueError, match="basis"):
        Clause("nowhere/unfounded", "It is said.", basis, HERE, ("bind",))


def test_a_clause_without_a_source_does_not_load() -> None:
    with pytest.raises(ValueError, match="without a source"):
        Clause("nowhere/unfounded", "It is said.", "source", None, ("bind",))  # type: ignore[arg-type]


def test_versions_are_ordered() -> None:
    numbers = ["3.8", "3.10", "5.10.223", "6.1", "6.18.44-generic", "10"]
    assert sorted(numbers, key=order) == numbers
    assert order("6.18.0") == order("6.18")
    assert order("Vista", ("xp", "vista")) > order("xp", ("xp", "vista"))
    assert order("2003", ("xp", "vista"), {"2003": "vista"}) == order("vista", ("xp", "vista"))


@pytest.mark.parametrize(("version", "eras"), [("new", ()), ("", ()), ("7", ("xp", "vista"))])
def test_a_version_that_cannot_be_placed(version: str, eras: tuple[str, ...]) -> None:
    with pytest.raises(VersionError, match="expected"):
        order(version, eras)


def test_a_clause_applies_between_its_versions() -> None:
    passing = Clause("linux/passing", "For a while.", "source", HERE, ("bind",), since="3.9", until="6.1")
    assert [Linux(version=version).applies(passing) for version in ("3.8", "3.9", "6.0.9", "6.1", "")] == [False, True, True, False, False]
    assert Linux().perform(parse("A = tcp4()")[0][0]) == OK
