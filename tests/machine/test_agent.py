"""What an agent says where the trouble is the bench's own, and where a stack answers otherwise than Linux."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import format_trace
from fixtures.machine import agent as module
from fixtures.machine import crowd, options
from fixtures.machine.agent import CALLS, Agent
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models.linux import Linux
from reports.catalogue import ROOT


def raising(number: int | None) -> Callable[..., Any]:
    def refuse(*_: object) -> None:
        raise TimeoutError("timed out") if number is None else OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("name", ["EMFILE", "ENFILE", "ENOMEM"])
@pytest.mark.parametrize("request_", [["create", "A", "tcp4", []], ["connect_many", "127.0.0.1", 9, 4], ["datagrams", "127.0.0.1", 9, 4]])
def test_a_process_that_has_no_more_is_no_answer(request_: list[Any], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, opens in ((module, "open_socket"), (crowd, "open_socket"), (crowd, "sender_to")):
        monkeypatch.setattr(place, opens, raising(getattr(errno, name)))
    reply = Agent().answer(request_)
    assert list(reply) == ["broken"]
    assert reply["broken"].startswith(f"{request_[0]}: {name}: ")


@pytest.mark.parametrize("verb", [name[3:] for name in dir(Agent) if name.startswith("do_") and name[3:] not in CALLS])
def test_an_error_in_a_verb_of_the_bench_is_broken(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Agent, f"do_{verb}", raising(errno.ECONNREFUSED))
    assert Agent().answer([verb]) == {"broken": f"{verb}: ECONNREFUSED: Connection refused"}


@pytest.mark.parametrize("verb", CALLS)
def test_an_error_in_a_call_is_its_answer(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Agent, f"do_{verb}", raising(errno.ECONNREFUSED))
    assert Agent().answer([verb]) == {"answer": "ECONNREFUSED", "native": None}


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform != "linux", reason="only Linux' agents fork")
def test_a_fork_that_is_refused_is_not_the_answer_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", raising(errno.EAGAIN))
    assert Agent().answer(["run", "echo_once", "127.0.0.1", 9, []])["broken"].startswith("run: EAGAIN: ")


@pytest.mark.skipif(not hasattr(signal, "SIGCHLD"), reason="this system has no SIGCHLD")
def test_an_ignored_sigchld_is_not_inherited() -> None:
    code = """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from fixtures.language.words import LOOPBACK
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
bench = Bench("host")
print(Kernel(bench).run("echo_once", LOOPBACK))
bench.close()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.stdout == "ok\n", done.stderr


class Refusing(SimpleNamespace):
    """A client whose connect fails."""

    def __init__(self, number: int | None) -> None:
        super().__init__(connect=raising(number), settimeout=lambda _: None, setsockopt=lambda *_: None, close=lambda: None)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ETIMEDOUT, {"answer": "ok", "connected": 0}),
        (errno.ECONNREFUSED, {"answer": "ok", "connected": 0}),
        (None, {"inconclusive": "connection 1 to port 9 was not made in time"}),
        (errno.EAGAIN, {"broken": "connect_many: EAGAIN: Resource temporarily unavailable"}),
    ],
)
def test_what_a_refused_client_says(number: int | None, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "open_socket", lambda *_: Refusing(number))
    assert Agent().answer(["connect_many", "127.0.0.1", 9, 4]) == said


def test_ports_that_run_out_are_the_bench_s(monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter([SimpleNamespace(**vars(Refusing(None)) | {"connect": lambda _: None}), Refusing(errno.EADDRNOTAVAIL)])
    monkeypatch.setattr(crowd, "open_socket", lambda *_: next(made))
    assert Agent().answer(["connect_many", "127.0.0.1", 9, 4])["broken"].startswith("connect_many: EADDRNOTAVAIL")


def holder_of(sock: object, monkeypatch: pytest.MonkeyPatch) -> Agent:
    """An agent whose A is this socket."""
    monkeypatch.setattr(module, "open_socket", lambda *_: sock)
    agent = Agent()
    assert agent.answer(["create", "A", "tcp4", []]) == {"answer": "ok"}
    return agent


def test_a_listener_that_was_shut_down_does_not_say_aborted_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = holder_of(SimpleNamespace(accept=raising(errno.ECONNABORTED), settimeout=lambda _: None), monkeypatch)
    assert agent.answer(["drain", ["A"], "tcp", False]) == {"answer": "ok", "counts": {"A": 0}}


def test_a_connection_that_has_ended_may_refuse_so_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    class Ended(socket.socket):
        def setsockopt(self, *_: object) -> None:
            raise OSError(errno.EINVAL, "so_options are locked")

        def close(self) -> None:
            closed.append(True)
            super().close()

    waiting: list[socket.socket] = [Ended()]

    def accept() -> tuple[socket.socket, None]:
        if not waiting:
            raise BlockingIOError(errno.EAGAIN, "nobody waits")
        return waiting.pop(), None

    agent = holder_of(SimpleNamespace(accept=accept, settimeout=lambda _: None), monkeypatch)
    assert agent.answer(["drain", ["A"], "tcp", False]) == {"answer": "ok", "counts": {"A": 1}}
    assert closed


def test_a_socket_that_lost_its_name_has_answered_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = holder_of(SimpleNamespace(family=socket.AF_INET, bind=lambda _: None, getsockname=raising(errno.EINVAL)), monkeypatch)
    assert agent.answer(["bind", "A", "127.0.0.1", 9]) == {"answer": "ok"}


def test_a_connection_is_not_full_while_an_acknowledgement_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    class Full(SimpleNamespace):
        def send(self, _: memoryview) -> int:
            raise BlockingIOError

    def never(*arguments: Any) -> tuple[list[int], list[int], list[int]]:
        waits.append(arguments[3])
        return [], [], []

    monkeypatch.setattr(select, "select", never)
    agent = holder_of(Full(settimeout=lambda _: None), monkeypatch)
    for pause in (0, 0.25):
        assert agent.answer(["send", "A", 10, pause]) == {"answer": "ok"}
    assert waits == [module.ROOM_DEADLINE, module.ROOM_DEADLINE + 0.25]
    assert waits[1] > 0.2  # more than the 100 ms for which BSDs delay an acknowledgement


def test_an_option_of_a_loaded_stack_is_tried_and_not_guessed() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("a stack that is loaded is loaded on Linux")
    assert "SO_REUSEPORT_LB" in options.OPTIONS
    with socket.socket() as sock, pytest.raises(options.Absent, match="SO_REUSEPORT_LB"):
        options.set_option(sock, "SO_REUSEPORT_LB", 1)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench("host")
    yield bench
    bench.close()


SCRIPTS = {
    "a listener at another address": """
        A = tcp6()
        A.bind([::1]:P)
        A.listen()
        B = tcp6()
        B.connect([::1]:P)
        connections(127.0.0.1:P)
        B.send(1)
        """,
    "who waits is accepted afterwards": """
        A = tcp4()
        A.bind(127.0.0.1:P)
        A.listen()
        B = tcp4()
        B.connect(127.0.0.1:P)
        connections(127.0.0.1:P)
        B.send(1)
        C = A.accept()
        C.recv(1)
        C.send(1)
        B.recv(1)
        """,
    "a datagram that waits": """
        A = udp4()
        A.bind(127.0.0.1:P)
        B = udp4()
        B.connect(127.0.0.1:P)
        B.send(1)
        connections(127.0.0.1:P)
        A.recv(1)
        """,
    "who waits is reset with the listener": """
        A = tcp4()
        A.bind(127.0.0.1:P)
        A.listen()
        B = tcp4()
        B.connect(127.0.0.1:P)
        connections(127.0.0.1:P)
        A.close()
        B.recv(1)
        """,
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="compares with Linux")
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_question_who_receives_disturbs_nobody(script: str, bench: Bench) -> None:
    calls = [call for call, _ in parse(script)]
    kernel, model = Kernel(bench), Linux()
    kernel.play(calls)
    kernel.close()
    model.play(calls)
    assert format_trace(kernel.trace) == format_trace(model.trace)
