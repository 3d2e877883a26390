from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fixtures.language.notation import parse_line
from fixtures.language.stack import Broken, Inconclusive, Untestable
from fixtures.language.words import EADDRINUSE, LOOPBACK, OK
from fixtures.machine.bench import Bench
from fixtures.machine.child import Child
from fixtures.machine.iphlpapi import parse_table
from fixtures.machine.kernel import Kernel
from fixtures.machine.ports import Ports
from fixtures.machine.tcp_states import parse_netstat, parse_proc_net_tcp, tcp_states
from fixtures.record.verdicts import observe
from suites import test_duplicate_bind as duplicate


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench("host")
    yield bench
    bench.close()


def test_a_killed_agent_is_broken_and_replaced(bench: Bench) -> None:
    stack = Kernel(bench)
    first = stack.tcp4()
    process = bench.agent().process
    process.kill()
    process.wait()
    with pytest.raises(Broken, match="the process that owns A is gone"):
        first.bind(LOOPBACK)
    stack.close()
    assert observe(duplicate.test_e1_without_options, Kernel(bench)).held
    assert bench.agent().process.pid != process.pid


def test_an_agent_that_dies_within_a_call_is_broken(bench: Bench) -> None:
    agent = bench.agent()
    agent.process.kill()
    with pytest.raises(Broken, match="died in probe"):
        agent.ask("probe")
    assert observe(duplicate.test_e1_without_options, Kernel(bench)).held


def test_an_agent_that_was_ended_for_being_late_stays_inconclusive(bench: Bench) -> None:
    agent = bench.agent()
    agent.deadline = 0
    agent.end_if_late()
    for _ in range(2):
        with pytest.raises(Inconclusive, match="did not end within"):
            agent.ask("probe")
    assert observe(duplicate.test_e1_without_options, Kernel(bench)).held


def test_a_foreign_holder_is_passed_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    free = bench.new_port()
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        monkeypatch.setattr("fixtures.machine.bench.host_ports", lambda *_: Ports([foreign.getsockname()[1], free]))
        with contextlib.closing(Bench("host")) as another:
            assert another.new_port() == free


def test_a_foreign_holder_is_not_the_answer_of_the_kernel(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        monkeypatch.setattr(bench, "new_port", lambda: port)
        seen = observe(duplicate.test_e1_without_options, Kernel(bench))
    assert (seen.problem, seen.why) == ("inconclusive", f"port {port} was taken by a foreign process")
    assert EADDRINUSE not in [answer for _, answer in seen.trace]


def test_close_leaves_no_socket(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    port = bench.new_port()
    monkeypatch.setattr(bench, "new_port", lambda: port)
    for _ in range(2):
        stack = Kernel(bench)
        server = stack.tcp4()
        assert (server.bind(LOOPBACK), server.listen()) == (OK, OK)
        stack.close()


def test_an_accept_without_a_connection_is_inconclusive(bench: Bench) -> None:
    stack = Kernel(bench)
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


def test_a_table_of_many_pages_is_read_whole() -> None:
    with contextlib.ExitStack() as ending:
        listeners = [ending.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(120)]
        assert {port: tcp_states(port) for port in (one.getsockname()[1] for one in listeners)} == {
            one.getsockname()[1]: ["LISTEN"] for one in listeners
        }


def test_a_reply_that_is_none_is_broken() -> None:
    code = "print('{\"ready\": true}', flush=True); input(); print('Assertion failed')"
    agent = Child("main", [], set(), [sys.executable, "-c", code])
    with pytest.raises(Broken, match="answered probe with b'Assertion failed"):
        agent.ask("probe")


def test_what_a_stack_prints_is_no_reply() -> None:
    hangup = "a.Agent.do_hangup = lambda self: (os.write(1, b'Assertion'), {'answer': 'ok'})[1]"
    code = f"import os, fixtures.machine.agent as a; {hangup}; a.main([])"
    done = subprocess.run([sys.executable, "-c", code], input=b'["hangup"]\n', capture_output=True, check=True)
    assert [json.loads(line).get("answer") for line in done.stdout.splitlines()] == [None, "ok"]
    assert done.stderr == b"Assertion"


def test_processes_with_stacks_of_their_own_are_noticed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.need_one_stack()
    monkeypatch.setattr(Bench, "one_stack", False)
    for call in ("A = other: tcp4()", "A = stranger: tcp4()", "run(echo_once, 127.0.0.1:P)"):
        with pytest.raises(Untestable, match="a network stack of its own"):
            Kernel(bench).perform(parse_line(call)[0])


def test_a_state_that_the_system_never_shows_is_untestable(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "probed", lambda what: what != "time_wait")
    with pytest.raises(Untestable, match="does not show TIME_WAIT"):
        Kernel(bench).shows(LOOPBACK, "TIME_WAIT")
    monkeypatch.setattr(bench, "probed", lambda what: what != "orphans")
    with pytest.raises(Untestable, match="that nobody has open"):
        Kernel(bench).shows(LOOPBACK, "FIN_WAIT_2")


def test_this_system_shows_what_is_left_of_a_connection(bench: Bench) -> None:
    assert bench.probed("time_wait")
    assert bench.probed("orphans")


def test_windows_tables() -> None:
    four = struct.pack("<6I", 11, 0x0100007F, socket.htons(8080), 0, 0, 0)
    other = struct.pack("<6I", 2, 0, socket.htons(8081), 0, 0, 0)
    assert parse_table(struct.pack("<I", 2) + four + other, 4, 8080) == ["TIME_WAIT"]
    six = bytes(16) + struct.pack("<2I", 0, socket.htons(8080)) + bytes(24) + struct.pack("<2I", 8, 0)
    assert parse_table(struct.pack("<I", 1) + six, 6, 8080) == ["CLOSE_WAIT"]
    assert parse_table(struct.pack("<I", 1) + six, 6, 8081) == []
