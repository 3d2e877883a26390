from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from fixtures.agent import parse_netstat, parse_proc_net_tcp
from fixtures.kernel import Bench
from fixtures.ports import Ports
from fixtures.stack import Broken, Inconclusive
from fixtures.verdicts import observe
from fixtures.words import EADDRINUSE, LOOPBACK, OK
from suites import test_duplicate_bind as duplicate


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench("host")
    yield bench
    bench.close()


def test_a_killed_agent_is_broken_and_replaced(bench: Bench) -> None:
    stack = bench.stack()
    first = stack.tcp4()
    process = bench.agent().process
    process.kill()
    process.wait()
    with pytest.raises(Broken, match="the process that owns A is gone"):
        first.bind(LOOPBACK)
    stack.close()
    assert observe(duplicate.test_e1_without_options, bench.stack()).held
    assert bench.agent().process.pid != process.pid


def test_an_agent_that_dies_within_a_call_is_broken(bench: Bench) -> None:
    agent = bench.agent()
    agent.process.kill()
    with pytest.raises(Broken, match="died in probe"):
        agent.ask("probe")
    assert observe(duplicate.test_e1_without_options, bench.stack()).held


def test_a_foreign_holder_is_passed_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    free = bench.new_port()
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        monkeypatch.setattr(bench, "_ports", Ports([foreign.getsockname()[1], free]))
        assert bench.new_port() == free


def test_a_foreign_holder_is_not_the_answer_of_the_kernel(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        monkeypatch.setattr(bench, "new_port", lambda: port)
        seen = observe(duplicate.test_e1_without_options, bench.stack())
    assert (seen.problem, seen.why) == ("inconclusive", f"port {port} was taken by a foreign process")
    assert EADDRINUSE not in [answer for _, answer in seen.trace]


def test_close_leaves_no_socket(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    port = bench.new_port()
    monkeypatch.setattr(bench, "new_port", lambda: port)
    for _ in range(2):
        stack = bench.stack()
        server = stack.tcp4()
        assert (server.bind(LOOPBACK), server.listen()) == (OK, OK)
        stack.close()


def test_an_accept_without_a_connection_is_inconclusive(bench: Bench) -> None:
    stack = bench.stack()
    server = stack.tcp4()
    server.bind(LOOPBACK)
    server.listen()
    with pytest.raises(Inconclusive):
        server.accept()
    stack.close()


@pytest.mark.parametrize(
    ("line", "states"),
    [
        ("tcp4       0      0  127.0.0.1.8080         127.0.0.1.51000        TIME_WAIT", ["TIME_WAIT"]),
        ("tcp46      0      0  *.8080                 *.*                    LISTEN", ["LISTEN"]),
        ("tcp        0      0 127.0.0.1:8080          0.0.0.0:*               LISTEN", ["LISTEN"]),
        ("tcp6       0      0 ::1:8080                ::1:51000               FIN_WAIT2", ["FIN_WAIT_2"]),
        ("  TCP    127.0.0.1:8080         127.0.0.1:51000        CLOSE_WAIT", ["CLOSE_WAIT"]),
        ("  TCP    [::]:8080              [::]:0                 LISTENING", ["LISTEN"]),
        ("127.0.0.1.8080       127.0.0.1.51000      131072      0 131072      0 TIME_WAIT", ["TIME_WAIT"]),
        ("tcp4       0      0  127.0.0.1.51000        127.0.0.1.8080         ESTABLISHED", []),
        ("udp4       0      0  127.0.0.1.8080         *.*", []),
        ("Active Internet connections (including servers)", []),
    ],
)
def test_netstat(line: str, states: list[str]) -> None:
    assert parse_netstat(line + "\n", 8080) == states


def test_proc_net_tcp() -> None:
    text = (
        "  sl  local_address rem_address   st tx_queue rx_queue\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n"
        "   1: 0100007F:1F90 0100007F:C738 06 00000000:00000000\n"
        "   2: 0100007F:C738 0100007F:1F90 01 00000000:00000000\n"
    )
    assert sorted(parse_proc_net_tcp(text, 8080)) == ["LISTEN", "TIME_WAIT"]
