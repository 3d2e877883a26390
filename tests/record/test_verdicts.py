from __future__ import annotations

import pytest

from fixtures.language.notation import Call
from fixtures.language.stack import Broken, Inconclusive, NoSuchFamily, NoSuchUser, Stack, Untestable
from fixtures.language.words import EADDRINUSE, LOOPBACK, SO_EXCLBIND, SO_REUSEADDR, Answer
from fixtures.models.base import Model
from fixtures.models.linux import Linux
from fixtures.models.lwip import LwIP
from fixtures.models.stevens import Stevens
from fixtures.record.verdicts import FAILURES, PAUSES, VERDICTS, Judgement, judge, judge_repeatedly, observe
from suites import test_duplicate_bind as duplicate
from tests.helpers.liars import AlwaysInUse, AlwaysOk, Crashes, Hangs, IgnoresSecondListen, RefusesTooLate


def both_reuseaddr(order: duplicate.Order, stack: Stack) -> None:
    first, second = (duplicate.Server(stack.tcp4(SO_REUSEADDR), LOOPBACK) for _ in range(2))
    assert duplicate.start_two(first, second, order) == EADDRINUSE


def listen_late(stack: Stack) -> None:
    both_reuseaddr(duplicate.BIND_FIRST, stack)


def listen_early(stack: Stack) -> None:
    both_reuseaddr(duplicate.IN_TURN, stack)


def without_exclbind(stack: Stack) -> None:
    stack.tcp4(SO_EXCLBIND)


SCRIPTS = (
    duplicate.test_e1_without_options,
    duplicate.test_e2_both_set_reuseaddr_and_neither_listens,
    duplicate.test_the_loser_takes_over,
    listen_late,
    listen_early,
)
#: What each script is judged to be when this stack answers and Linux is expected.
LIARS: dict[type[Model], tuple[str, ...]] = {
    Linux: ("conforms", "variant", "variant", "variant", "conforms"),
    AlwaysOk: ("surprise", "variant", "surprise", "surprise", "surprise"),
    AlwaysInUse: ("surprise", "stale", "surprise", "surprise", "surprise"),
    IgnoresSecondListen: ("conforms", "variant", "surprise", "surprise", "conforms"),
    RefusesTooLate: ("surprise", "variant", "variant", "variant", "surprise"),
    Crashes: ("broken",) * 5,
    Hangs: ("inconclusive",) * 5,
}


@pytest.mark.parametrize(("liar", "expected"), LIARS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_lying_stack_is_caught(liar: type[Model], expected: tuple[str, ...]) -> None:
    found = tuple(judge(observe(script, liar()), [observe(script, Linux())]).verdict for script in SCRIPTS)
    assert found == expected
    assert liar is Linux or not {"conforms", "variant"}.issuperset(found)


def test_every_verdict_is_proved_here() -> None:
    proved = {verdict for row in LIARS.values() for verdict in row} | {"untestable", "unrecorded"}
    assert proved == set(VERDICTS)
    assert set(FAILURES) < proved


def test_untestable_names_what_is_absent() -> None:
    found = judge(observe(without_exclbind, Linux()), [observe(without_exclbind, Linux())])
    assert (found.verdict, found.why) == ("untestable", "option SO_EXCLBIND is absent")


def test_unrecorded_without_a_model() -> None:
    found = judge(observe(duplicate.test_e1_without_options, Linux()), [])
    assert (found.verdict, found.observed.lines[-1]) == ("unrecorded", "B.bind(127.0.0.1:P) = EADDRINUSE")


def test_a_platform_that_follows_the_rule_is_stale() -> None:
    script = duplicate.test_e2_both_set_reuseaddr_and_neither_listens
    assert judge(observe(script, Stevens()), [observe(script, Linux())]).verdict == "stale"


def test_a_model_that_cannot_answer_is_a_surprise() -> None:
    script = duplicate.test_e1_without_options
    assert judge(observe(script, Linux()), [observe(script, Hangs())]).verdict == "surprise"


def repeatedly(*stacks: type[Model], busy: bool) -> Judgement:
    left = iter(stacks)
    script = duplicate.test_e1_without_options
    return judge_repeatedly(script, lambda: next(left)(), [observe(script, Linux())], busy=busy)


@pytest.mark.parametrize(
    ("stacks", "busy", "expected"),
    [
        ((AlwaysOk,), False, ("surprise", 1)),
        ((AlwaysOk, Linux), True, ("conforms", 2)),
        ((Hangs, Linux), False, ("conforms", 2)),
        ((Hangs, Hangs, Hangs), True, ("inconclusive", 3)),
        ((AlwaysOk, AlwaysOk, AlwaysOk), True, ("surprise", 3)),
        ((AlwaysOk, AlwaysOk, AlwaysInUse), True, ("inconclusive", 3)),
        ((AlwaysOk, AlwaysInUse, AlwaysOk), True, ("inconclusive", 3)),
        ((Hangs, AlwaysOk), False, ("surprise", 2)),
        ((Crashes,), True, ("broken", 1)),
    ],
)
def test_attempts(stacks: tuple[type[Model], ...], busy: bool, expected: tuple[str, int]) -> None:
    found = repeatedly(*stacks, busy=busy)
    assert (found.verdict, found.attempts) == expected


def test_each_attempt_has_more_time() -> None:
    script, stacks = duplicate.test_e1_without_options, [AlwaysOk() for _ in PAUSES]
    left = iter(stacks)
    judge_repeatedly(script, lambda: next(left), [observe(script, Linux())], busy=True)
    assert [stack.pause for stack in stacks] == sorted({0.0, *PAUSES})


def test_a_recv_that_waits_in_vain_counts_only_where_the_model_says_that_it_waits() -> None:
    def script(stack: Stack) -> None:
        assert stack.tcp4().recv(1) == Answer("ENOTCONN")

    waits, refuses = observe(script, LwIP()), observe(script, Linux())
    assert [one.lines[-1] for one in (waits, refuses)] == ["A.recv(1) = EAGAIN", "A.recv(1) = ENOTCONN"]
    assert judge(waits, [waits]).verdict == "variant"
    assert [judge(waits, predicted).why for predicted in ([refuses], [])] == ["A.recv(1) did not end in time"] * 2
    assert judge(waits, [refuses]).verdict == "inconclusive"
    assert judge(refuses, [waits]).verdict == "stale"


@pytest.mark.parametrize("problem", [Broken, Inconclusive, Untestable])
def test_what_ends_a_script_hides_no_surprise_before_it(problem: type[Exception]) -> None:
    def ends(stack: Stack) -> None:
        stack.tcp4().bind(LOOPBACK)
        raise problem("the rest was not to be had")

    right, wrong = observe(ends, Linux()), observe(ends, AlwaysInUse())
    assert judge(right, [right]).verdict == problem.__name__.lower()
    found = judge(wrong, [right])
    assert (found.verdict, found.predicted) == ("surprise", right)
    assert f"{problem.__name__.lower()}: the rest was not to be had" in found.why
    assert judge(wrong, [right, wrong]).verdict == problem.__name__.lower()


def test_a_refused_accept_is_a_surprise_and_not_a_broken_bench() -> None:
    def accepts(stack: Stack) -> None:
        stack.tcp4().accept()

    seen, expected = observe(accepts, AlwaysInUse()), observe(accepts, AlwaysOk())
    assert (seen.problem, judge(seen, [expected]).verdict, judge(seen, [seen]).verdict) == ("broken", "surprise", "broken")


def test_a_socket_that_cannot_be_made_is_untestable_whatever_the_model_says() -> None:
    def makes(stack: Stack) -> None:
        stack.tcp6()

    class HasNoIPv6(Linux):
        def perform(self, call: Call) -> Answer:
            return Answer("EACCES")

    assert judge(observe(makes, HasNoIPv6()), [observe(makes, Linux())]).verdict == "untestable"


def test_a_recv_that_waits_hides_no_surprise_before_it() -> None:
    def script(stack: Stack) -> None:
        one = stack.tcp4()
        one.bind(LOOPBACK)
        assert one.recv(1) == Answer("ENOTCONN")

    class RefusesAndWaits(LwIP):
        def perform(self, call: Call) -> Answer:
            return EADDRINUSE if call.verb == "bind" else super().perform(call)

    assert judge(observe(script, RefusesAndWaits()), [observe(script, Linux())]).verdict == "surprise"


@pytest.mark.parametrize("absent", [NoSuchFamily, NoSuchUser])
def test_what_is_absent_is_untestable_whatever_its_kind(absent: type[Untestable]) -> None:
    def script(stack: Stack) -> None:
        raise absent("it is absent")

    seen = observe(script, Linux())
    assert judge(seen, []).verdict == "untestable"


def test_the_answer_of_the_first_bind_is_not_the_second() -> None:
    found = judge(observe(listen_early, RefusesTooLate()), [observe(listen_early, Linux())])
    assert found.observed.trace[-1][1] == EADDRINUSE
    assert found.observed.lines[-1].startswith("B.listen()")
    assert found.predicted is not None
    assert found.predicted.lines[-1].startswith("B.bind(")
