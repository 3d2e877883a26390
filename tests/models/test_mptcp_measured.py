"""Multipath TCP as it was measured on real kernels, held against the model, and against this kernel where it can be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.language.notation import parse, parse_line
from fixtures.language.stack import Stack, Untestable
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models import platform as platform_of

LINUX = ("linux@6.1.192", "linux@6.12.118", "linux@6.18.44", "linux@7.3.4")
#: Of two sockets with the same options: what A and B answer to bind and listen, and who receives. B listens first where A did not.
SHARED = {
    ("", "bound"): "A.bind = ok, B.bind = EADDRINUSE, A.listen = ok, receives A",
    ("", "listening"): "A.bind = ok, A.listen = ok, B.bind = EADDRINUSE, receives A",
    ("SO_REUSEADDR", "bound"): "A.bind = ok, B.bind = ok, B.listen = ok, A.listen = EADDRINUSE, receives B",
    ("SO_REUSEADDR", "listening"): "A.bind = ok, A.listen = ok, B.bind = EADDRINUSE, receives A",
    ("SO_REUSEPORT", "bound"): "A.bind = ok, B.bind = ok, B.listen = ok, A.listen = ok, receives both",
    ("SO_REUSEPORT", "listening"): "A.bind = ok, A.listen = ok, B.bind = ok, B.listen = ok, receives both",
}
PAIRS = (("mptcp", "mptcp"), ("tcp", "mptcp"), ("mptcp", "tcp"))
SERVED = "A = mptcp4({old})\nA.bind(127.0.0.1:P)\nA.listen()\nB = {client}4()\nB.connect(127.0.0.1:P) = ok\nC = A.accept()\n"
LEFT = SERVED + "C.close()\nB.recv(1) = end\nB.close()\nshows(127.0.0.1:P, TIME_WAIT)\nA.close()\n"
AGAIN = "D = {kind}4({new})\nD.bind(127.0.0.1:P) = {answer}"


def left(script: str, client: str, kind: str, old: str, new: str, answer: str) -> str:
    """A server is gone, and another wants its address."""
    return (script + AGAIN).format(client=client, kind=kind, old=old, new=new, answer=answer)


MEASURED = {
    **{
        f"time-wait/{kind}/{new or 'none'}": left(LEFT, "mptcp", kind, old, new, answer)
        for kind in ("mptcp", "tcp")
        for old, new, answer in (("", "", "EADDRINUSE"), ("SO_REUSEADDR", "SO_REUSEADDR", "ok"), ("SO_REUSEPORT", "SO_REUSEPORT", "ok"))
    },
    **{
        f"connection-remains/{new or 'none'}": left(SERVED + "A.close()\n", "mptcp", "mptcp", "SO_REUSEADDR", new, answer)
        for new, answer in (("", "EADDRINUSE"), ("SO_REUSEADDR", "ok"))
    },
    "two-addresses": (
        "A = mptcp4()\nA.bind(127.0.0.1:P) = ok\nB = mptcp4()\nB.bind(127.0.0.2:P) = ok\nC = tcp4()\nC.bind(127.0.0.1:P) = EADDRINUSE\n"
        "D = mptcp4()\nD.bind(0.0.0.0:P) = EADDRINUSE"
    ),
    "waiting-at-close": (
        "A = mptcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nB = mptcp4()\nB.connect(127.0.0.1:P) = ok\nA.close()\nB.recv(1) = ECONNRESET\n"
        "D = mptcp4()\nD.bind(127.0.0.1:P) = ok"
    ),
    "options": ("A = mptcp6(SO_REUSEADDR, SO_REUSEPORT, IPV6_V6ONLY=1)\nA.getsockopt(SO_REUSEADDR) = 1\nA.getsockopt(SO_REUSEPORT) = 1"),
    "option-after-listen": (
        "A = mptcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.setsockopt(SO_REUSEPORT, 1) = ok\nB = mptcp4(SO_REUSEPORT)\n"
        "B.bind(127.0.0.1:P) = ok"
    ),
}


def told(stack: Stack, first: str, second: str, options: str, state: str) -> str:
    """What two sockets answer, in the order of the calls."""
    answers = []

    def ask(line: str) -> str:
        answer = stack.answer(parse_line(line)[0]).name
        answers.append(f"{line.split('(')[0]} = {answer}")
        return answer

    stack.play([parse_line(f"A = {first}4({options})")[0], parse_line(f"B = {second}4({options})")[0]])
    ask("A.bind(127.0.0.1:P)")
    if state == "listening":
        ask("A.listen()")
    if ask("B.bind(127.0.0.1:P)") == "ok":
        ask("B.listen()")
    if state == "bound":
        ask("A.listen()")
    receives = stack.answer(parse_line("connections(127.0.0.1:P)")[0])
    return ", ".join([*answers, f"receives {receives}"])


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("row", SHARED, ids="-".join)
def test_two_sockets_answer_as_measured(bench: Bench, pair: tuple[str, str], row: tuple[str, str]) -> None:
    for name in LINUX:
        assert told(platform_of(name).make(), *pair, *row) == SHARED[row]
    kernel = Kernel(bench)
    try:
        assert told(kernel, *pair, *row) == SHARED[row]
    except Untestable as absent:
        pytest.skip(str(absent))
    finally:
        kernel.close()


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("platform", LINUX)
def test_the_model_answers_as_measured(platform: str, name: str) -> None:
    model = platform_of(platform).make()
    for call, answer in parse(MEASURED[name]):
        found = model.answer(call)
        assert answer in (None, found), f"{call}: {found}"


@pytest.mark.parametrize("platform", ["freebsd", "macos", "windows", "gvisor", "wine", "linux@5.4"])
def test_it_is_untestable_by_name_where_it_is_absent(platform: str) -> None:
    with pytest.raises(Untestable, match="Multipath TCP is absent"):
        platform_of(platform).make().mptcp4()


def test_it_is_untestable_where_it_is_switched_off() -> None:
    with pytest.raises(Untestable, match="Multipath TCP is absent"):
        platform_of("linux").make(settings={"net.mptcp.enabled": "0"}).mptcp4()
