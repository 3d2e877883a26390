from __future__ import annotations

import _socket
import errno
import random
import socket
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Broken, Inconclusive, Untestable, format_trace
from fixtures.language.words import Answer
from fixtures.machine.bench import Bench, MissingPrivilege
from fixtures.machine.kernel import Kernel
from fixtures.machine.sockets import is_of_the_kernel
from fixtures.models import Platform, this_platform
from fixtures.models.answers import ok
from fixtures.models.block import Block, Cover
from fixtures.models.linux import Linux
from fixtures.models.linux import clauses as C
from fixtures.pairs.answers import ABSENT, NOT_SHOWN, WIDTH
from fixtures.pairs.engine import each, in_order, observe
from fixtures.pairs.findings import SCREEN, examine, screen
from fixtures.pairs.forecast import Forecast
from fixtures.pairs.loops import Loops
from fixtures.pairs.product import EQUIVALENCES, Kind, Pairs, State, kinds
from fixtures.pairs.script import script
from fixtures.record.verdicts import observe as observe_script
from tests.helpers.sampling import exhaustively

LINUX = Platform("linux")
OTHERS = ("stevens", "freebsd", "netbsd")


def kind(name: str) -> Kind:
    return next(kind for kind in kinds() if str(kind) == name)


def forecast(model: type[Linux] = Linux) -> Forecast:
    return Forecast(lambda choices: model(0, {}, "", choices))


class IgnoresTheUser(Linux):
    def may_bind(self, new: Block, local: Cover) -> Answer:
        answer = super().may_bind(new, local)
        return ok(C.REUSEPORT_SHARES) if answer.because is C.REUSEPORT_SAME_USER else answer


class ForgetsClearing(Linux):
    def on_setsockopt(self, block: Block, name: str, value: int | str) -> Answer:
        return super().on_setsockopt(block, name, 1 if name == "SO_REUSEADDR" else value)


class TimeWaitIsFree(Linux):
    def may_bind(self, new: Block, local: Cover) -> Answer:
        answer = super().may_bind(new, local)
        return ok(C.ADDRESSES_APART) if answer.because is C.TIME_WAIT_KEEPS_OPTIONS else answer


class MappedIsAnother(Linux):
    def may_bind(self, new: Block, local: Cover) -> Answer:
        return ok(C.ADDRESSES_APART) if new.family == 6 and local.v6 is None else super().may_bind(new, local)


class ConnectIsFree(Linux):
    def may_connect(self, block: Block, twins: list[Block]) -> Answer:
        return super().may_connect(block, [])


LIARS = [
    (IgnoresTheUser, "tcp/pairs/bound/stranger", "stranger: tcp"),
    *exhaustively(
        (ForgetsClearing, "udp/pairs/connected/same", "setsockopt(SO_REUSEADDR, 0)"),
        (TimeWaitIsFree, "tcp/pairs/child-time-wait/other", "D.bind"),
        (MappedIsAnother, "udp/pairs/bound/other", "::ffff:"),
        (ConnectIsFree, "tcp/pairs/client-established/same", "D.connect"),
    ),
]


@pytest.mark.parametrize(("liar", "name", "seen"), LIARS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_liar_is_caught_with_a_small_script(liar: type[Linux], name: str, seen: str) -> None:
    found = examine(kind(name), forecast(liar).answers, forecast())
    assert found.verdict == "surprise"
    smallest = min((group.script for group in found.groups), key=len)
    assert len(smallest) <= 13
    assert any(seen in line for group in found.groups for line in group.script)
    assert any("# the model says" in line for line in smallest)
    assert parse("\n".join(line.partition(" = ok")[0].partition("#")[0] for line in smallest if "= not made" not in line))
    assert len(screen([{"id": name, "pairs": found.record()}])) <= SCREEN + 1


@pytest.mark.parametrize("name", ["tcp/pairs/listening/other", "udp/pairs/connected/other"])
def test_the_truth_conforms(name: str) -> None:
    found = examine(kind(name), forecast().answers, forecast())
    assert (found.verdict, found.groups) == ("conforms", [])
    assert sum(found.answers.values()) == found.count == len(Pairs(kind(name)))


def test_an_answer_that_does_not_come_again_is_inconclusive() -> None:
    stack = forecast()
    first: list[bool] = []

    def disturbed(pairs: Pairs, numbers: list[int]) -> bytes:
        answers = bytearray(stack.answers(pairs, numbers))
        if not first:
            first.append(True)
            answers[0] = 98 if answers[0] == 0 else 0
        return bytes(answers)

    found = examine(kind("udp/pairs/closed/other"), disturbed, forecast())  # type: ignore[arg-type]
    assert found.verdict == "inconclusive"
    assert "did not come again" in found.why


@pytest.mark.parametrize("problem", [Untestable, Inconclusive, Broken])
def test_a_bench_that_does_not_get_through_says_so(problem: type[Exception]) -> None:
    def ends(pairs: Pairs, numbers: Sequence[int]) -> bytes:
        raise problem("work by main did not end")

    found = examine(kind("udp/pairs/closed/other"), ends, forecast())
    assert (found.verdict, found.why, found.count) == (problem.__name__.lower(), "work by main did not end", 0)


@pytest.mark.parametrize(("shown", "verdict"), [(0, "untestable"), (5, "inconclusive")])
def test_a_state_that_does_not_show_is_no_disagreement(shown: int, verdict: str) -> None:
    stack = forecast()

    def partly(pairs: Pairs, numbers: Sequence[int]) -> bytes:
        answers = stack.answers(pairs, numbers)
        return answers[: WIDTH * shown] + bytes((NOT_SHOWN, 255, 255)) * (len(numbers) - shown)

    found = examine(kind("tcp/pairs/child-time-wait/other"), partly, forecast())
    assert (found.verdict, found.groups) == (verdict, [])
    assert "TIME_WAIT" in found.why


class Elsewhere(_socket.socket):
    """A socket as of a stack that was loaded: it lacks TCP_INFO and TCP_QUICKACK, and refuses SO_LINGER and small buffers."""

    def getsockopt(self, *arguments: int) -> bytes:  # type: ignore[override]
        raise OSError(errno.ENOPROTOOPT, "TCP_INFO")

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:  # type: ignore[override]
        if (level, option) in ((socket.IPPROTO_TCP, socket.TCP_QUICKACK), (socket.SOL_SOCKET, socket.SO_SNDBUF)):
            raise OSError(errno.ENOPROTOOPT, "absent")
        if (level, option) in ((socket.SOL_SOCKET, socket.SO_LINGER), (socket.SOL_SOCKET, socket.SO_RCVBUF)):
            raise OSError(errno.EINVAL, "refused")
        super().setsockopt(level, option, value)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the loops are Linux'")
@pytest.mark.parametrize("name", ["tcp/pairs/child-last-ack/same", "tcp/pairs/child-fin-wait-2/same"])
def test_a_loaded_stack_is_set_up_without_what_it_lacks(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = array("H", [one.getsockname()[1], other.getsockname()[1]])
    loops = Loops(kind(name), factory=Elsewhere, own=False, diagnosis=SimpleNamespace(state=lambda *_: 0))
    numbers = array("I", [0])
    try:
        targets = array("H", loops.prepare(numbers, ports[:1], (ports[1], ports[1])))
        assert list(targets) == [1]
        assert loops.bind(numbers, ports[:1], targets) == bytes([NOT_SHOWN])
    finally:
        loops.end_seconds()
        loops.end_firsts()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the loops are Linux'")
def test_an_option_that_a_loaded_stack_lacks_is_absent(bench: Bench) -> None:
    class Without(_socket.socket):
        def setsockopt(self, level: int, option: int, value: int | bytes) -> None:  # type: ignore[override]
            if option == socket.SO_REUSEPORT:
                raise OSError(errno.ENOPROTOOPT, "SO_REUSEPORT")
            super().setsockopt(level, option, value)

    loops = Loops(kind("udp/pairs/bound/same"), factory=Without)
    numbers = array("I", range(0, len(loops.pairs), 40))
    ports = array("H", [bench.new_port() for _ in numbers])
    targets = array("H", loops.prepare(numbers, ports, (bench.new_port(), bench.new_port())))
    codes = loops.bind(numbers, ports, targets)
    loops.end_seconds()
    loops.end_firsts()
    for number, code in zip(numbers, codes, strict=True):
        assert (code == ABSENT) == ("SO_REUSEPORT" in str(script(loops.pairs[number]).calls)), script(loops.pairs[number])


def test_pairs_whose_option_is_absent_are_passed_over() -> None:
    stack = forecast()

    def lacks(pairs: Pairs, numbers: Sequence[int]) -> bytes:
        return bytes((ABSENT, 255, 255)) * 10 + stack.answers(pairs, numbers)[10 * WIDTH :]

    found = examine(kind("udp/pairs/closed/other"), lacks, forecast())
    assert (found.verdict, found.why) == ("conforms", f"an option is absent in 10 of {found.count} pairs")


class Agreeable:
    """A socket whose calls all succeed, but for connect_ex."""

    def __init__(self, *_: object) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None

    def _accept(self) -> tuple[int, tuple[str, int]]:
        return 0, ("127.0.0.1", 9)

    def connect_ex(self, _: object) -> int:
        return errno.ECONNREFUSED


def test_a_state_that_never_shows_is_not_waited_for_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[int] = set()

    def never(ip: int, local: str, port: int, remote: str, to: int) -> int:
        asked.add(port)
        return 0

    monkeypatch.setattr("fixtures.pairs.loops.time.sleep", lambda _: None)
    loops = Loops(kind("tcp/pairs/child-time-wait/same"), factory=Agreeable, diagnosis=SimpleNamespace(state=never))
    numbers, ports = array("I", range(20)), array("H", range(1, 21))
    targets = array("H", loops.prepare(numbers, ports, (30, 31)))
    assert asked == {1, 2, 3, 4, 5}
    assert loops.bind(numbers, ports, targets) == bytes([NOT_SHOWN]) * 20


def test_refused_connects_are_few_in_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("fixtures.pairs.loops.time.sleep", pauses.append)
    loops = Loops(kind("tcp/pairs/bound/same"), own=False, factory=Agreeable)
    how = loops.pairs.how
    numbers = array("I", [number for number in range(5000) if how[number % len(how)][2] == "connect"][:200])
    ports = array("H", range(1, len(numbers) + 1))
    loops.bind(numbers, ports, array("H", loops.prepare(numbers, ports, (300, 301))))
    assert loops.last() == bytes([errno.ECONNREFUSED]) * 200
    assert pauses == [1, 1, 1, 1]


def test_a_socket_of_a_loaded_stack_is_told_from_the_kernels() -> None:
    with socket.socket() as own, open("/dev/null", "rb") as stands_for_one:
        assert is_of_the_kernel(own)
        assert not is_of_the_kernel(SimpleNamespace(fileno=stands_for_one.fileno))  # type: ignore[arg-type]
        assert not is_of_the_kernel(SimpleNamespace(fileno=lambda: 100_000))  # type: ignore[arg-type]


def test_a_platform_without_a_model_is_unrecorded() -> None:
    assert examine(kind("udp/pairs/closed/other"), forecast().answers, None).verdict == "unrecorded"


def test_there_are_enough_and_each_is_another() -> None:
    assert sum(len(Pairs(kind)) for kind in kinds()) >= 100_000
    assert sum(len(Pairs(kind, whole=True)) for kind in kinds()) >= 1_000_000
    pairs = list(Pairs(kind("tcp/pairs/bound/same")))
    assert len(set(pairs)) == len(pairs)


def test_every_equivalence_drops_something_and_says_why() -> None:
    # Of the million pairs so many that each equivalence drops some.
    whole = [pairs[number] for kind in kinds() for pairs in [Pairs(kind, whole=True)] for number in range(0, len(pairs), 31)]
    for equivalence in EQUIVALENCES:
        assert equivalence.statement.endswith(".")
        assert equivalence.reason.endswith(".")
        if not equivalence.identity:
            assert any(equivalence.drops(pair) for pair in whole), equivalence.name


@pytest.mark.parametrize("spec", ["linux", *exhaustively("windows", *OTHERS)])
def test_sharing_changes_no_prediction(spec: str) -> None:
    platform, chosen = Platform(spec), random.Random(spec)
    for one in chosen.sample(kinds(), 4):
        pairs = Pairs(one)
        shared = Forecast(lambda choices: platform.make(0, {}, choices))
        predicted = shared.of_kind(pairs)
        for number in chosen.sample(range(len(pairs)), 60):
            assert predicted.allowed(number) == shared.of(pairs[number]), pairs[number]


def test_a_seed_decides_the_order() -> None:
    pairs = Pairs(kind("udp/pairs/closed/other"))
    assert pairs.order(1) == pairs.order(1) != pairs.order(2)
    assert sorted(pairs.order(1)) == pairs.order(None)
    assert in_order([1, 0], b"abcdef") == b"defabc"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    try:
        made = Bench("namespace")
    except MissingPrivilege:
        pytest.skip("needs a network namespace")
    yield made
    made.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a network namespace")
@pytest.mark.parametrize("state", dict.fromkeys(kind.state for kind in kinds()), ids=lambda state: state.name)
def test_the_loops_make_the_calls_of_the_notation(bench: Bench, state: State) -> None:
    """A few pairs of each state, tried call by call by the stack that the experiments use: the answers are the same."""
    chosen = random.Random(state.name)
    for one in (kind for kind in kinds() if kind.state == state and (kind.actor == "same" or (kind.actor == "other" and bench.privileged))):
        pairs = Pairs(one)
        numbers = chosen.sample(range(len(pairs)), 4)
        for number, answer in zip(numbers, each(observe(bench, pairs, numbers)), strict=True):
            written = script(pairs[number])
            seen = observe_script(lambda stack, calls=written.calls: stack.play(calls), Kernel(bench))  # type: ignore[misc]
            lines = format_trace(seen.trace)
            wanted = [b"ok" if code == 0 else code for code in answer if code != 255]
            assert len(wanted) <= WIDTH
            assert (lines[len(written.before) + 1].endswith("= ok")) == (answer[0] == 0), lines
            if answer[0] == 0 and answer[2] != 255:
                assert lines[len(written.calls) - 1].endswith("= ok") == (answer[2] == 0), lines


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="this kernel's model is Linux'")
def test_an_order_disturbs_nothing(bench: Bench) -> None:
    pairs = Pairs(kind("tcp/pairs/client-time-wait/same"))
    chosen = pairs.order(0)[:600]
    answers = observe(bench, pairs, chosen)
    again = observe(bench, pairs, chosen[::-1])
    assert list(each(again))[::-1] == list(each(answers))
    assert this_platform().name == "linux"


def test_the_host_has_not_enough_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("uses Linux' loopback")
    host = Bench("host")
    try:
        found = examine(kind("udp/pairs/closed/same"), lambda pairs, numbers: observe(host, pairs, numbers), None)
        assert (found.verdict, "namespace" in found.why) == ("untestable", True)
        # A stack that starts anew with its process has all ports to itself.
        monkeypatch.setattr(Bench, "one_stack", False)
        assert host.private
        assert len(observe(host, Pairs(kind("udp/pairs/closed/same")), range(3))) == 3 * WIDTH
        other = examine(kind("udp/pairs/closed/other"), lambda pairs, numbers: observe(host, pairs, numbers), None)
        assert (other.verdict, other.why) == ("untestable", "each process has a network stack of its own here")
    finally:
        host.close()
