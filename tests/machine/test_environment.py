"""A machine that is in the way: named at once, and never taken for the kernel's answer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.language.notation import parse_line
from fixtures.language.stack import Broken, Untestable
from fixtures.machine import child
from fixtures.machine.bench import BUCKETS, CLIENT_PORTS, RANGE, RESERVED, Bench, NoLoopback, unsuited
from fixtures.machine.kernel import Kernel
from fixtures.machine.ports import host_ports, reserved_ports
from fixtures.models import Platform, this_platform
from fixtures.plugins.subject import Subject
from fixtures.record.runfile import read_run
from reports.__main__ import main
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.sampling import exhaustively

SUITE = (sys.executable, "-m", "pytest", "-q", "-n", "0")
DUPLICATE = "suites/test_duplicate_bind.py"


def run(*words: str, under: tuple[str, ...] = (), **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*under, *words], cwd=ROOT, env=inherited(**changed), capture_output=True, text=True, check=False, timeout=100)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line]
    assert len(lines) == 1, done.stdout + done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench("host")
    yield bench
    bench.close()


# --- Python and the environment

WITHOUT_ASSERTIONS = {"pytest": (*SUITE[1:], DUPLICATE), "reports": ("-m", "reports", "explain")}


@pytest.mark.parametrize("words", WITHOUT_ASSERTIONS.values(), ids=WITHOUT_ASSERTIONS)
@pytest.mark.parametrize("how", ["option", *exhaustively("environment")])
def test_a_python_that_leaves_assertions_out_is_refused(words: tuple[str, ...], how: str) -> None:
    done = run(sys.executable, "-O", *words) if how == "option" else run(sys.executable, *words, PYTHONOPTIMIZE="1")
    assert done.returncode == 2
    assert "run it without them" in one_line(done)


@pytest.mark.parametrize("value", ["abc", *exhaustively("", "0", "-1", "nan", "inf", "1e9")])
def test_a_patience_that_is_none_is_refused(value: str) -> None:
    done = run(sys.executable, "-c", "import fixtures", ADDRINUSE_PATIENCE=value)
    assert done.returncode == 2
    assert f"ADDRINUSE_PATIENCE={value!r} is not" in one_line(done)


def test_a_variable_of_xdist_makes_no_worker() -> None:
    done = run(*SUITE, DUPLICATE, "-k", "test_e1", "--stack", "linux", PYTEST_XDIST_WORKER="foo", PYTEST_XDIST_WORKER_COUNT="bar")
    assert done.returncode == 0, done.stdout


# --- what the process may have


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes Linux' needs of descriptors")
def test_experiments_that_lack_descriptors_are_broken_in_the_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = f"import os, resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); os.execv({sys.executable!r}, {[*SUITE]!r} + "
    words = [DUPLICATE, "-k", "test_e4 or test_e1", "--record", str(tmp_path / "run.jsonl")]
    done = run(sys.executable, "-c", f"{code}{words!r})")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "KeyError" not in done.stdout
    broken = [record for record in read_run(tmp_path / "run.jsonl").traces if record["verdict"] == "broken"]
    assert broken
    assert {record["why"].partition(": this")[0] for record in broken} == {"connect_many: EMFILE"}
    assert main(["show", words[-1]]) == 0
    assert f"{len(broken)}" in capsys.readouterr().out.splitlines()[2]
    assert main(["merge", words[-1]]) == 1


def test_a_process_that_cannot_be_started_is_broken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(child.subprocess, "Popen", refused)  # type: ignore[attr-defined]
    with pytest.raises(Broken, match="no process can be started: EAGAIN"):
        bench.agent("third")


# --- loopback


def inside(setup: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run in a network namespace of its own, which is then the host."""
    unshare, ip = shutil.which("unshare"), shutil.which("ip")
    if unshare is None or ip is None or run(unshare, "-rn", "true").returncode:
        pytest.skip("needs unshare, ip and a network namespace")
    return run(unshare, "-rn", "sh", "-c", f'{setup}; exec "$@"', "sh", *words)


@pytest.mark.parametrize(
    ("setup", "why"), [("true", "TCP to 127.0.0.1"), *exhaustively(("ip link set lo up; ip addr del 127.0.0.1/8 dev lo", "binds"))]
)
def test_no_loopback_is_said_once(setup: str, why: str) -> None:
    done = inside(setup, *SUITE, DUPLICATE, "--isolation", "host")
    assert done.returncode == 4
    line = one_line(done)
    assert why in line
    assert "bring the loopback interface up" in line


def test_no_loopback_keeps_a_bench_from_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"ipv6": True, "second": None, "lost": {"tcp4": "TCP to 127.0.0.1: ECONNREFUSED"}}
    asked = child.Child.ask
    monkeypatch.setattr(child.Child, "ask", lambda self, verb, *args: found if verb == "probe" else asked(self, verb, *args))
    with pytest.raises(NoLoopback, match="let the firewall pass it"):
        Bench("host")


@pytest.mark.parametrize("kind", ["tcp6", "udp4", "udp6"])
def test_a_kind_that_loopback_loses_is_untestable(kind: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "lost", {kind: f"{kind}: no answer"})
    with pytest.raises(Untestable, match=f"{kind}: no answer"):
        Kernel(bench).perform(parse_line(f"A = {kind}()")[0])
    stack = Kernel(bench)
    stack.perform(parse_line("A = tcp4()")[0])
    stack.close()


def test_datagrams_that_loopback_loses_are_not_asked_about(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "lost", {"udp4": "no answer"})
    stack = Kernel(bench)
    for line in ("A = udp6(IPV6_V6ONLY=0)", "A.bind([::]:P)"):
        stack.perform(parse_line(line)[0])
    with pytest.raises(Untestable, match="no answer"):
        stack.perform(parse_line("connections(127.0.0.1:P)")[0])
    stack.close()


# --- settings of the kernel


def test_reserved_ports_are_not_given_out() -> None:
    reserved = reserved_ports("2000-64990,65000")
    assert {2000, 64990, 65000} <= reserved
    ports = host_ports((32768, 60999), reserved=reserved)
    assert {ports.take() for _ in range(ports.left)} == {*range(64991, 65536)} - {65000}
    assert reserved_ports("") == frozenset()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({RANGE: "32768 60999", RESERVED: "", BUCKETS: "512"}, ""),
        ({}, ""),
        ({RANGE: "50000 50009"}, f"leaves 10 ports to clients, and the experiments need {CLIENT_PORTS}"),
        ({RANGE: "32768 60999", RESERVED: "32768-60900"}, "leaves 99 ports"),
        ({BUCKETS: "0"}, "tcp_max_tw_buckets=0"),
    ],
)
def test_settings_under_which_the_kernel_is_not_what_answers(settings: dict[str, str], why: str) -> None:
    assert why in unsuited(settings)
    assert bool(why) == bool(unsuited(settings))


def test_under_such_settings_everything_is_untestable_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "unsuited", "net.ipv4.tcp_max_tw_buckets=0")
    with pytest.raises(Untestable, match="tcp_max_tw_buckets"):
        Kernel(bench).tcp4()


@pytest.mark.skipif(this_platform().name != "linux", reason="a setting of Linux")
@pytest.mark.parametrize(
    ("setting", "suite"),
    [
        ("net/ipv6/bindv6only:1", "suites/dual_stack/test_option.py"),
        *exhaustively(("net/ipv4/ip_local_reserved_ports:2000-3000,40000-40100", "suites/ephemeral")),
    ],
)
def test_a_setting_makes_no_surprise(setting: str, suite: str, tmp_path: Path) -> None:
    name, _, value = setting.partition(":")
    change = f"ip link set lo up && echo {value} > /proc/sys/{name}"
    words = (suite, "--isolation", "host", "--record", str(tmp_path / "run.jsonl"))
    done = inside(change, *SUITE, *words)
    assert done.returncode == 0, done.stdout[-3000:]
    variants: Any = [one["id"] for record in read_run(tmp_path / "run.jsonl").traces for one in record["variants"]]
    assert ("linux/bindv6only" in variants) == ("bindv6only" in setting)


# --- a bench that does not open


def test_a_bench_that_does_not_open_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    class Refuses(Bench):
        def __init__(self, isolation: str, *_: object, **__: object) -> None:
            tried.append(isolation)
            raise Broken("the process of main did not start")

    monkeypatch.setattr("fixtures.plugins.subject.Bench", Refuses)
    subject = Subject(None, Platform("linux"), "host", slow=False)
    for _ in range(3):
        with pytest.raises(Broken, match="the process of main"):
            _ = subject.bench
    subject.close()
    assert tried == ["host"]
