"""The checks of what is installed: their verdicts, libraries that lie, and the suite."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.language.words import SO_REUSEADDR, SO_REUSEPORT
from fixtures.libraries import checks, policies
from fixtures.libraries.policies import QUESTIONS, Setting, load
from fixtures.libraries.scene import REFUSED, STARTS
from fixtures.machine.bench import Bench
from fixtures.models import Platform, this_platform
from fixtures.record.runfile import read_run
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.policies import named

LINUX = Platform("linux")

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what was accepted is read in /proc")


# The verdicts.


def seen(*options: str, kind: str = "tcp4", **more: object) -> dict[str, Any]:
    one = {"kind": kind, "host": "127.0.0.1", "port": 1024, "listening": kind == "tcp4", "options": list(options)}
    return {"sockets": [one], **more}


def verdict(identifier: str, question: str, found: dict[str, Any], platform: Platform = LINUX) -> str:
    return checks.judge(named(identifier), question, platform, found, {}).verdict


def test_what_is_recorded_conforms() -> None:
    assert verdict("asyncio", "options", seen("SO_REUSEADDR")) == "conforms"
    assert verdict("asyncio", "second-start", seen("SO_REUSEADDR", outcome=REFUSED)) == "conforms"
    assert verdict("asyncio", "restart", seen("SO_REUSEADDR", outcome=STARTS)) == "conforms"


@pytest.mark.parametrize("options", [(), ("SO_REUSEPORT",), ("SO_REUSEADDR", "SO_REUSEPORT")])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_library_that_sets_another_option_is_a_surprise(question: str, options: tuple[str, ...]) -> None:
    found = checks.judge(named("asyncio"), question, LINUX, seen(*options, outcome=REFUSED), {})
    assert found.verdict == "surprise"
    assert "CPython 3.4.4 to 3.13, Lib/asyncio/base_events.py, create_server sets SO_REUSEADDR" in found.why


@pytest.mark.parametrize(("question", "outcome"), [("second-start", STARTS), ("restart", REFUSED)])
def test_a_library_that_does_more_than_set_options_is_a_surprise(question: str, outcome: str) -> None:
    found = checks.judge(named("asyncio"), question, LINUX, seen("SO_REUSEADDR", outcome=outcome), {})
    assert found.verdict == "surprise"
    assert "the model of linux says" in found.why


def test_two_sockets_that_differ_are_told_apart() -> None:
    both = {"sockets": [*seen("SO_REUSEADDR")["sockets"], *seen()["sockets"]]}
    found = checks.judge(named("asyncio"), "options", LINUX, both, {})
    assert (found.verdict, found.observed) == ("surprise", "SO_REUSEADDR / none")


@pytest.mark.parametrize("word", ["untestable", "inconclusive", "broken"])
def test_what_prevents_an_answer_is_named(word: str) -> None:
    found = checks.judge(named("asyncio"), "options", LINUX, {word: "why"}, {})
    assert (found.verdict, found.why) == (word, "why")


def test_a_platform_of_which_nobody_has_said_it_is_unrecorded() -> None:
    policy = replace(named("asyncio"), sets={"posix": Setting(), "windows": Setting()})
    assert checks.judge(policy, "options", LINUX, seen(), {}).verdict == "unrecorded"
    assert verdict("asyncio", "restart", seen(outcome=STARTS), Platform("cygwin")) == "unrecorded"


def test_a_library_that_is_absent_is_untestable() -> None:
    absent = replace(named("waitress"), needs="no-such-distribution")
    found = checks.check(absent, "options", LINUX, "namespace", 1024, {})
    assert (found.verdict, found.why) == ("untestable", "no-such-distribution is not installed; run: tox -e libraries")
    gone = checks.check(replace(named("asyncore"), module="no_such_module"), "options", LINUX, "namespace", 1024, {})
    assert (gone.verdict, "has no no_such_module" in gone.why) == ("untestable", True)


def test_what_binds_the_wildcard_wants_a_namespace() -> None:
    policy = replace(named("portpicker"), needs=policies.STDLIB)
    assert checks.check(policy, "options", LINUX, "host", 1024, {}).verdict == "untestable"


# Libraries that every Python has, on this machine.


@pytest.fixture(scope="module")
def bench() -> Bench:
    bench = Bench()
    bench.close()
    return bench


@linux_only
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("identifier", ["asyncio", "socketserver-tcp"])
def test_on_this_machine(bench: Bench, identifier: str, question: str) -> None:
    found = checks.check(named(identifier), question, this_platform(), bench.isolation, 20000, {})
    assert (found.verdict, found.why if found.verdict != "conforms" else "") == ("conforms", "")
    assert found.trace[1] == "A.bind(127.0.0.1:P) = ok"
    if (identifier, question) == ("socketserver-tcp", "restart"):
        assert found.trace[-3:] == ("shows(127.0.0.1:P, TIME_WAIT) = ok", "D = other: tcp4()", "D.bind(127.0.0.1:P) = EADDRINUSE")


@linux_only
def test_a_second_socket_of_udp_without_options(bench: Bench) -> None:
    assert checks.check(named("socketserver-udp"), "second-start", this_platform(), bench.isolation, 20001, {}).observed == REFUSED


@linux_only
def test_a_library_that_lies_on_this_machine(bench: Bench) -> None:
    lying = replace(named("asyncio"), sets={"posix": Setting((SO_REUSEADDR, SO_REUSEPORT), "source"), "windows": Setting()})
    found = checks.check(lying, "options", this_platform(), bench.isolation, 20002, {})
    assert (found.verdict, found.expected, found.observed) == ("surprise", "SO_REUSEADDR SO_REUSEPORT", "SO_REUSEADDR")


@linux_only
def test_nothing_is_left_after_a_kill() -> None:
    words = [sys.executable, "-c", f"{_HOLD}hold('second-start')"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "ADDRINUSE_MARK": "left-behind-by-a-test"}) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert _marked()
        os.kill(holder.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while left := _marked():
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


_HOLD = """\
import subprocess, sys, time
def hold(question):
    words = [sys.executable, "-m", "fixtures.libraries.scene", "multiprocessing-listener", question, "host", "0"]
    scene = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(1)
    print("started", flush=True)
    time.sleep(60)
"""


def _marked() -> list[str]:
    """The processes that have the mark of the test in their environments."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                marked = b"ADDRINUSE_MARK=left-behind-by-a-test" in (folder / "environ").read_bytes()
            except OSError:
                continue
            found += [folder.name] if marked else []
    return found


# The suite.


def suite(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:asyncio", "-p", "no:anyio", *words]
    return subprocess.run(command, cwd=ROOT, env=inherited(), capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.exhaustive
def test_it_is_collected_only_when_it_is_named() -> None:
    assert "suites/libraries" not in suite("suites", "--collect-only", "-q").stdout
    named_alone = suite("suites/libraries", "--collect-only", "-q").stdout
    assert named_alone.count("suites/libraries/test_libraries.py::") == sum(len(policy.asks) for policy in load())


@linux_only
def test_a_drift_fails_the_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    done = suite("suites/libraries", "-k", "test_options and (asyncio or socketserver-tcp) and not datagram", "--platform", "windows")
    assert done.returncode == 1, done.stdout
    for part in ("surprise: library/asyncio/options", "expected  none on windows", "observed  SO_REUSEADDR", "again     python -m addr"):
        assert part in done.stdout
    done = suite("suites/libraries", "-k", "test_options and socketserver-tcp", "--record", str(path))
    assert done.returncode == 0, done.stdout
    (trace,) = read_run(path).traces
    assert (trace["id"], trace["trace"][0]) == ("library/socketserver-tcp/options", "A = tcp4()")


def test_a_model_runs_no_library() -> None:
    done = suite("suites/libraries", "-k", "test_restart and asyncio", "--stack", "linux")
    assert (done.returncode, "1 untestable" in done.stdout) == (0, True)
