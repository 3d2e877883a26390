"""The one file for old systems: what it performs is what the suites say, on every model and on this kernel."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fixtures.machine import identity, tcp_states
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models import Platform
from fixtures.record.runfile import Run, read_run
from fixtures.record.verdicts import observe
from reports import probing
from reports.__main__ import main
from reports.catalogue import by_id
from reports.plans import plan_of, written
from reports.recorded import UNFINISHED, judged_again
from tests.helpers.sampling import exhaustively

#: Other interpreters to try the probe on, separated as in PATH; python2.7 is tried wherever there is one.
INTERPRETERS = [path for path in os.environ.get("ADDRINUSE_PYTHONS", "").split(os.pathsep) if path]


def runs(python: str | None) -> bool:
    """Whether this is an interpreter, and no placeholder for one."""
    return bool(python) and subprocess.run([str(python), "-c", ""], capture_output=True, check=False).returncode == 0


OLD = shutil.which("python2.7")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the probe is for systems like Unix")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("built") / "dist" / "probe.py"
    assert main(["probe", "--write", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def probe(built: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("addrinuse_probe", built)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_printed_or_written(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe"]) == 0
    assert capsys.readouterr().out == built.read_text(encoding="ascii")
    assert main(["probe", "--write", str(built / "below.py")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_it_is_one_file_of_the_standard_library(built: Path) -> None:
    nodes = list(ast.walk(ast.parse(built.read_text(encoding="ascii"))))
    imported = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    imported += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name not in sys.stdlib_module_names] == []
    later_than_python_2 = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom, ast.Starred)
    calls = [part for node in nodes if isinstance(node, ast.Call) for part in node.args]
    assert [ast.dump(node) for node in nodes if isinstance(node, later_than_python_2) and node not in calls] == []
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions if node.returns or any(one.annotation for one in node.args.args)] == []


def calls_of(plan: Any, answers: Iterator[str]) -> list[str]:
    """The calls of a plan of the probe, for these answers."""
    calls: list[str] = []
    while plan:
        text, branches = (plan, {}) if isinstance(plan, str) else plan
        answer = ""
        for line in text.split("; "):
            calls.append(line)
            answer = next(answers, "")
        plan = branches.get(answer, branches.get("", ""))
    return calls


@pytest.mark.parametrize("name", ["linux", *exhaustively("stevens", "netbsd", "solaris", "hpux", "tru64")])
def test_a_plan_makes_the_calls_of_its_script(probe: ModuleType, name: str) -> None:
    different = []
    for identifier, _, question, plan in probe.EXPERIMENTS:
        row = by_id()[identifier]
        assert question == row.experiment.question
        for seen in Platform(name).predict(row.script):
            made = [str(call) for call, _ in seen.trace]
            planned = calls_of(plan, iter([answer.name for _, answer in seen.trace]))
            if made != (planned[: len(made)] if seen.problem else planned):
                different.append(identifier)
    assert different == []


def test_what_is_left_out_needs_what_the_probe_has_not(probe: ModuleType) -> None:
    there = {experiment[0] for experiment in probe.EXPERIMENTS}
    assert there == {row.experiment.id for row in probing.chosen()}
    words = [f"{word}(" for word in probing.LEFT_OUT_CALLS] + list(probing.LEFT_OUT_OPTIONS)
    for identifier in by_id().keys() - there:
        assert any(word in written(plan_of(by_id()[identifier].script)) for word in words)


def performed(built: Path, folder: Path, python: str, only: str) -> Run:
    path = folder / "run.jsonl"
    command = [python, str(built), "--output", str(path), "--only", only]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    assert "addrinuse add" in done.stdout
    assert [one.name for one in folder.iterdir()] == ["run.jsonl"]
    return read_run(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems are where the probe is news")
@pytest.mark.parametrize("python", [sys.executable, *INTERPRETERS, *([OLD] if OLD and runs(OLD) else [])])
@pytest.mark.parametrize(
    "only",
    ["tcp/stevens", "time-wait/l", *exhaustively("tcp/takeover/", "tcp/calls/", "udp4/", "reuseport/receives")],
)
def test_on_this_kernel_it_records_what_the_suite_sees(built: Path, tmp_path: Path, python: str, only: str) -> None:
    run = performed(built, tmp_path, python, only)
    assert run.traces
    bench = Bench("host")
    different = []
    try:
        for record in run.traces:
            seen = observe(by_id()[record["id"]].script, Kernel(bench))
            assert record["verdict"] != "broken", record
            if not seen.problem and record["verdict"] == "unrecorded" and seen.lines != record["trace"]:
                different.append((record["id"], record["trace"], seen.lines))
    finally:
        bench.close()
    assert different == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="judges with the model of Linux")
def test_its_run_is_judged_when_it_is_added(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = performed(built, tmp_path, sys.executable, "tcp/duplicate/specific/")
    assert {record["held"] for record in run.traces} == {None}
    judged = {record["id"]: record["verdict"] for record in judged_again(tmp_path / "run.jsonl", run)}
    assert set(judged.values()) <= {"conforms", "variant"}
    kept = tmp_path / "runs"
    assert main(["add", str(tmp_path / "run.jsonl"), "--runs", str(kept), "--write"]) == 0
    assert "cells observed, 0 that say something else" in capsys.readouterr().out
    added = read_run(next(kept.iterdir()))
    assert {record["id"]: record["verdict"] for record in added.traces} == judged
    assert added.header == run.header


def test_each_problem_has_its_own_word(probe: ModuleType) -> None:
    assert set(probe.WORDS) == set(UNFINISHED)


@pytest.mark.parametrize(
    "line",
    [
        "tcp4       0      0 127.0.0.1.8080         127.0.0.1.49152        TIME_WAIT",
        "tcp        0      0  *.8080                *.*                    LISTEN",
        "127.0.0.1.8080       *.*                0      0 128000      0 LISTEN",
        "  TCP    127.0.0.1:8080    0.0.0.0:0    LISTENING",
        "udp        0      0 127.0.0.1.8080         *.*",
        "tcp        0      0  127.0.0.1.8081        127.0.0.1.8080         ESTABLISHED",
        "Active Internet connections",
    ],
)
def test_it_reads_netstat_as_the_suite_does(probe: ModuleType, line: str) -> None:
    assert probe.parse_netstat(line, 8080) == tcp_states.parse_netstat(line, 8080)


def test_it_reads_the_table_of_linux_as_the_suite_does(probe: ModuleType) -> None:
    text = "  sl  local_address\n   0: 0100007F:1F90 00000000:0000 0A 0:0\n   1: 0100007F:1F90 0100007F:C738 06 0:0\n"
    assert probe.parse_proc_net_tcp(text, 8080) == tcp_states.parse_proc_net_tcp(text, 8080) == ["LISTEN", "TIME_WAIT"]


@pytest.mark.parametrize(
    ("system", "release", "version", "expected"),
    [
        ("linux2", "2.6.32", "#1", "linux@2.6.32"),
        ("hp-ux11", "B.11.31", "U", "hpux@11.31"),
        ("osf1V5", "V5.1", "2650", "tru64@5.1"),
        ("aix7", "2", "7", "aix@7.2"),
        ("sunos5", "5.10", "Generic_142910-17", "solaris@10"),
        ("sunos5", "5.11", "11.4.0.15.0", "solaris@11.4.0.15.0"),
        ("sunos5", "5.11", "omnios-r151046", "illumos@omnios-r151046"),
        ("freebsd14", "14.1-RELEASE", "FreeBSD", "freebsd@14.1-RELEASE"),
        ("irix6", "6.5", "1", "irix6@6.5"),
    ],
)
def test_it_names_the_platform_as_the_suite_does(
    probe: ModuleType, monkeypatch: pytest.MonkeyPatch, system: str, release: str, version: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "release", lambda: release)
    monkeypatch.setattr(platform, "version", lambda: version)
    assert probe.this_platform() == expected
    if system != "linux2":
        assert f"{identity.platform_name()}@{identity.platform_version()}" == expected


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--nosuch"], "no such option"),
        (["--only"], "value is missing"),
        (["--only", "nosuch"], "no experiment"),
        (["--option", "X=Y"], "0x200"),
    ],
)
def test_a_wrong_option_is_one_line(built: Path, words: list[str], part: str) -> None:
    done = subprocess.run([sys.executable, str(built), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_list_has_every_question(capsys: pytest.CaptureFixture[str], probe: ModuleType) -> None:
    probe.main(["--list"])
    assert len(capsys.readouterr().out.splitlines()) == len(probe.EXPERIMENTS)


def test_an_option_without_a_name_here_is_absent_until_its_number_is_told(probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(probe.OPTIONS, "SO_REUSEPORT", raising=False)
    hands = probe.Hands()
    assert hands.ask("create", "A", "tcp4", [["SO_REUSEPORT", 1]]) == {"untestable": "option SO_REUSEPORT is absent"}
    probe.usage(["--option", "SO_REUSEPORT=15"])
    assert probe.OPTIONS["SO_REUSEPORT"][1] == 15
    assert json.dumps(probe.fingerprint())


def test_it_lists_into_a_pipe_that_closes(built: Path) -> None:
    words = ["bash", "-c", f"{sys.executable} {built} --list | head -1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


@pytest.mark.parametrize("output", ["missing/run.jsonl", "."])
def test_an_output_that_cannot_be_written_is_refused_before_the_run(output: str, built: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(built), "--output", output], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "cannot be written" in done.stderr


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no /dev/null")
def test_an_output_that_is_a_device_stays_one(built: Path, tmp_path: Path) -> None:
    words = [sys.executable, str(built), "--output", "/dev/null", "--only", "tcp/stevens-s11/theft"]
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert Path("/dev/null").is_char_device()
