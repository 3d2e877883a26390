"""What servers and libraries set: the data, the checks of what is installed, lying libraries, and the chapter."""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import jsonschema
import pytest

from fixtures.language.words import SO_REUSEADDR, SO_REUSEPORT
from fixtures.libraries import checks, policies
from fixtures.libraries.policies import FILE, QUESTIONS, Policy, Setting, load
from fixtures.libraries.scene import REFUSED, STARTS
from fixtures.libraries.starters import STARTERS
from fixtures.machine.bench import Bench
from fixtures.models import Platform, this_platform
from fixtures.record.runfile import RunError, read_run, write_run
from fixtures.specification.clauses import BASES
from reports.__main__ import main
from reports.calls import parse_calls
from reports.catalogue import ROOT
from reports.libraries import answers, page
from reports.libraries.answers import chapter, contradictions, runs
from reports.porting.player import Player
from reports.porting.recognised import Libraries
from reports.porting.report import report

LINUX = Platform("linux")
LIVE = [policy for policy in load() if policy.needs]
HOSTS = {"github.com", "gitlab.torproject.org"}

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what was accepted is read in /proc")


def named(identifier: str) -> Policy:
    return next(one for one in load() if one.id == identifier)


# The data.


def test_the_file_has_the_shape_of_its_schema() -> None:
    schema = json.loads(FILE.with_name("policies.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(FILE.read_text(encoding="utf-8")), schema)


def test_there_are_72_libraries_49_of_them_checked() -> None:
    assert (len(load()), len(LIVE)) == (72, 49)
    assert [name for name, times in Counter(one.id for one in load()).items() if times > 1] == []


def test_each_has_checks_or_a_reason() -> None:
    for policy in load():
        assert bool(policy.asks) != bool(policy.why_not), policy.id
        assert not policy.asks or set(policy.asks) | set(policy.not_asked) == set(QUESTIONS), policy.id


def test_each_that_is_checked_can_be_started() -> None:
    assert set(STARTERS) == {policy.id for policy in LIVE}


def test_every_source_says_where_it_is() -> None:
    for policy in load():
        link = urlparse(policy.source["link"])
        assert link.hostname in HOSTS, policy.id
        assert link.path.strip("/").count("/") >= 1, policy.id
        assert policy.source["version"] == policy.version, policy.id


def test_what_must_be_installed_is_in_tox() -> None:
    wanted = {policy.needs.lower() for policy in LIVE if policy.needs != policies.STDLIB}
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    lines = tox["testenv:libraries"]["deps"].splitlines()
    assert {line.partition(">=")[0].lower() for line in lines if ">=" in line} == wanted


@pytest.mark.parametrize(
    ("identifier", "platform", "sets"),
    [
        ("asyncio", "linux", "SO_REUSEADDR"),
        ("asyncio", "windows", "none"),
        ("asyncio", "cygwin", "none"),
        ("asyncio", "wine", "none"),
        ("tornado", "cygwin", "SO_REUSEADDR"),
        ("haproxy", "freebsd", "SO_REUSEADDR SO_REUSEPORT SO_REUSEPORT_LB"),
        ("gunicorn", "windows", "-"),
    ],
)
def test_what_it_sets_is_by_platform(identifier: str, platform: str, sets: str) -> None:
    assert str(named(identifier).on(platform)) == sets


# What was recorded.


def test_a_run_was_recorded_and_nothing_in_it_is_gone() -> None:
    known = {policy.check_id(question) for policy in load() for question in policy.asks}
    for path in runs():
        assert {trace["id"] for trace in read_run(path).traces} <= known
    assert {trace["id"] for path in runs() for trace in read_run(path).traces} == known


def test_a_run_says_of_which_version(tmp_path: Path) -> None:
    run = read_run(runs()[0])
    schema = json.loads((ROOT / "reports" / "run.schema.json").read_text(encoding="utf-8"))
    for trace in run.traces:
        jsonschema.validate(trace, schema)
    forged = run.traces[0]
    forged["library"] = {"id": "asyncio"}
    write_run(tmp_path / "run.jsonl", {name: value for name, value in run.header.items() if name != "format"}, [forged])
    with pytest.raises(RunError, match="line 2: a library without its id, its version"):
        read_run(tmp_path / "run.jsonl")


def test_a_recorded_run_is_what_the_models_still_say() -> None:
    for path in runs():
        for trace in read_run(path).traces:
            policy, question = named(trace["library"]["id"]), trace["id"].rpartition("/")[2]
            expected = str(policy.on("linux")) if question == "options" else " or ".join(checks.predict(policy, question, LINUX).outcomes)
            assert (trace["verdict"], trace["library"]["observed"]) == ("conforms", expected), trace["id"]


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
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:asyncio", "-p", "no:anyio", *words]
    return subprocess.run(command, cwd=ROOT, env=inherited, capture_output=True, text=True, check=False, timeout=100)


def test_it_is_collected_only_when_it_is_named() -> None:
    assert "suites/libraries" not in suite("suites", "--collect-only", "-q").stdout
    named_alone = suite("suites/libraries", "--collect-only", "-q").stdout
    assert named_alone.count("suites/libraries/test_libraries.py::") == sum(len(policy.asks) for policy in load())


@linux_only
def test_a_drift_fails_the_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    done = suite("suites/libraries", "-k", "test_options and (asyncio or socketserver-tcp) and not datagram", "--platform", "windows")
    assert done.returncode == 1, done.stdout
    for part in ("surprise: library/asyncio/options", "expected  none on windows", "observed  SO_REUSEADDR", "again     python -m pytest"):
        assert part in done.stdout
    done = suite("suites/libraries", "-k", "test_options and socketserver-tcp", "--record", str(path))
    assert done.returncode == 0, done.stdout
    (trace,) = read_run(path).traces
    assert (trace["id"], trace["trace"][0]) == ("library/socketserver-tcp/options", "A = tcp4()")


def test_a_model_runs_no_library() -> None:
    done = suite("suites/libraries", "-k", "test_restart and asyncio", "--stack", "linux")
    assert (done.returncode, "1 untestable" in done.stdout) == (0, True)


# The chapter.


def test_the_page_is_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == page()


def test_every_cell_has_a_basis_and_reasons() -> None:
    for one in chapter(load(), [platform.name for platform in answers.everywhere()])["libraries"]:
        assert one["source"]["link"], one["id"]
        for cell in answers.cells(one):
            assert cell["basis"] in BASES or cell["note"], (one["id"], cell)
            assert cell.get("because") or "text" in cell, (one["id"], cell)


def test_what_was_seen_agrees_with_what_is_predicted() -> None:
    data = chapter(load(), ["linux"])
    assert contradictions(data) == []
    for one in data["libraries"]:
        for question in answers.ASKED:
            if (cell := one["on"]["linux"][question]) and cell["seen"]:
                assert cell["brief"].startswith(cell["seen"]), (one["id"], question)


def test_a_contradiction_is_status_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(answers, "_recorded", lambda: {("library/trio/restart", "linux"): {"id": "library/trio/restart", **_SURPRISE}})
    assert main(["libraries", "trio"]) == 1
    assert "seen: restart: refused (surprise; 0.35.0, Linux 6.18, 2026-11-21)" in capsys.readouterr().out


_SURPRISE = {"verdict": "surprise", "observed": "refused", "version": "0.35.0", "kernel": "Linux 6.18", "when": "2026-11-21"}


def test_the_page_says_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    command = next(line for line in page.splitlines() if line.startswith("python -m reports libraries"))
    assert main(command.split()[3:]) == 0
    out = capsys.readouterr().out
    for line in page.split(command)[1].split("```\n")[2].splitlines():
        assert f"{line}\n" in out


def test_one_library_on_chosen_platforms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "Twisted", "--platform", "linux,windows", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in data["libraries"]] == ["twisted-tcp", "twisted-udp"]
    assert data["libraries"][0]["on"]["windows"]["restart"]["because"][0]["id"] == "windows/time-wait-does-not-block"
    assert main(["libraries", "trio", "--platform", "all"]) == 0
    assert "illumos sets SO_REUSEADDR (source)" in capsys.readouterr().out
    assert main(["libraries"]) == 0
    assert capsys.readouterr().out.startswith("72 servers and libraries; 49 were started")


def test_explain_tells_a_library_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "trio", "--platform", "all"]) == 0
    told = capsys.readouterr().out
    for words in ("trio", "library/trio", "library/trio/restart"):
        assert main(["explain", words]) == 0
        assert capsys.readouterr().out == told
    assert "as tcp/time-wait/server-closes-first/old-reuseaddr/new-reuseaddr" in told


def test_what_follows_from_options_has_an_experiment_that_asks_the_same() -> None:
    without = set()
    for policy in load():
        for platform in answers.everywhere():
            sets = str(policy.on(platform.name))
            for question in answers.ASKED:
                applies = sets not in ("-", "unknown") and not (question == "restart" and policy.protocol == "udp")
                identifier = answers.explaining(question, policy.socket, sets)
                if applies and not identifier:
                    without.add((question, sets))
                elif applies:
                    set_by = {str(option).removeprefix("SO_").lower() for option in policy.on(platform.name).options if option.value}
                    assert set(re.split(r"[/+-]", identifier)) & {"reuseaddr", "reuseport", "exclusiveaddruse"} == set_by, identifier
    several = {"SO_REUSEADDR SO_REUSEPORT SO_REUSEPORT_LB", "SO_REUSEADDR SO_REUSEPORT IPV6_V6ONLY=0", "SO_EXCLUSIVEADDRUSE IPV6_V6ONLY=0"}
    assert without == {(question, sets) for sets in several for question in answers.ASKED}


@pytest.mark.parametrize("words", [["nosuch"], ["trio", "--platform", "nosuch"]])
def test_a_wrong_word_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# The porting report.


def ported(script: str, name: str, target: str = "windows") -> Libraries:
    return report(parse_calls(script.encode(), name), name, LINUX, [Platform(target)], Player(1000, {})).servers[0].libraries


SERVER = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:8000)\nA.listen()\n"


def test_a_server_is_recognised_by_the_name_of_its_log() -> None:
    (one,) = ported(SERVER, "logs/waitress-2.log").recognised
    assert (one.id, one.as_recorded, one.to) == ("library/waitress", True, {"windows": "SO_REUSEADDR (source)"})


def test_a_server_is_recognised_by_the_heading_of_its_recording() -> None:
    (one,) = ported(f"# gunicorn, recorded by addrinuse 0.1.0 with strace on linux\n{SERVER}", "x").recognised
    assert (one.id, one.to) == ("library/gunicorn", {"windows": "gunicorn does not run on Windows"})


def test_a_server_is_recognised_by_its_command() -> None:
    log = """\
1 execve("/usr/bin/python3", ["python3", "-m", "daphne"], 0x1 /* 9 vars */) = 0
1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3
1 bind(3, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
1 listen(3, 5) = 0
"""
    (one,) = ported(log, "calls.log").recognised
    assert (one.id, one.as_recorded, one.but) == ("library/daphne", False, "this server does not set SO_REUSEADDR")


def test_how_a_server_differs_from_its_library_is_said() -> None:
    found = ported(SERVER.replace("SO_REUSEADDR", "SO_REUSEADDR, SO_REUSEPORT"), "nginx.log")
    (line,) = found.told("linux")
    assert "sets SO_REUSEADDR (source) on linux by default; this server also sets SO_REUSEPORT" in line


def test_a_server_whose_options_are_not_in_the_log_is_not_said_to_differ() -> None:
    log = 'getsockname(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, [16]) = 0\nlisten(3, 5) = 0\n'
    (one,) = ported(log, "nginx.log").recognised
    assert (one.as_recorded, one.but) == (False, "what this server sets is not in the log")


def test_a_server_that_nobody_knows_is_like_others() -> None:
    found = ported(SERVER.replace("SO_REUSEADDR", "SO_REUSEADDR, SO_REUSEPORT"), "calls.txt")
    assert found.recognised == []
    assert found.alike == [f"library/{name}" for name in ("eventlet", "hypercorn-workers", "granian", "grpcio", "haproxy")]
