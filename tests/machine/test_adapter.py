"""Adapters: the examples of docs/adapter.md, and processes that keep no promise."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.plugins.recorder import again
from fixtures.record.runfile import Run, read_run
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.sampling import exhaustively

EXAMPLES = ROOT / "docs" / "adapter"
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the example names Linux' own options")


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    program = tmp_path_factory.mktemp("adapter") / "adapter"
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-o", str(program), str(EXAMPLES / "kernel.c")], check=True)
    return program


def run(command: str, record: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], Run | None]:
    words = [sys.executable, "-m", "addrinuse", "run", "-n", "0", "--stack-command", command, "--record", str(record), *options]
    done = subprocess.run(words, cwd=ROOT, env=inherited("GITHUB_"), capture_output=True, text=True, check=False, timeout=300)
    return done, read_run(record) if record.exists() else None


@ON_LINUX
def test_the_kernel_answers_through_the_example_in_c(adapter: Path, tmp_path: Path) -> None:
    done, found = run(str(adapter), tmp_path / "run.jsonl", "-k", "tcp/stevens-s or udp/stevens-s or tcp4/calls or udp/calls")
    assert done.returncode == 0, done.stdout
    assert found
    assert found.header["fingerprint"]["adapter"] == str(adapter)
    testable = [record for record in found.traces if record["verdict"] in ("conforms", "variant")]
    assert len(testable) >= 0.9 * len(found.traces)


#: Some of each chapter, for whoever does not try all experiments.
SAMPLE = "unix/abstract or unix/permission or unix/rename or unixgram/conn or inherit or udp/takeover or stevens-s11"


def natively(record: Path, *options: str) -> Run:
    """The run of the same experiments without an adapter."""
    words = [sys.executable, "-m", "addrinuse", "run", "-n", "0", "--isolation", "host", "--record", str(record), *options]
    subprocess.run(words, cwd=ROOT, env=inherited("GITHUB_"), check=False, capture_output=True, timeout=300)
    return read_run(record)


@ON_LINUX
@pytest.mark.parametrize("chosen", [SAMPLE, *exhaustively("")], ids=lambda chosen: "sample" if chosen else "all")
def test_nine_of_ten_experiments_have_the_verdict_that_they_have_without(adapter: Path, tmp_path: Path, chosen: str) -> None:
    options = ("-k", chosen) if chosen else ()
    _, through = run(str(adapter), tmp_path / "adapter.jsonl", *options)
    own = {record["id"]: record["verdict"] for record in natively(tmp_path / "own.jsonl", *options).traces}
    assert through
    there = {record["id"]: record["verdict"] for record in through.traces if record["verdict"] != "untestable"}
    assert there.items() <= own.items()
    for chapter in (is_unix, is_ip):
        testable = {name for name, verdict in own.items() if verdict in ("conforms", "variant") and chapter(name)}
        assert testable
        assert len(testable & there.keys()) >= 0.9 * len(testable)


def is_unix(name: str) -> bool:
    return name.startswith("unix")


def is_ip(name: str) -> bool:
    return not is_unix(name)


@ON_LINUX
def test_an_adapter_leaves_the_folder_of_the_experiment_alone(adapter: Path, tmp_path: Path) -> None:
    inside, beside = tmp_path / "inside", tmp_path / "beside"
    for folder in (inside, beside):
        folder.mkdir()
    (inside / "Out").symlink_to(beside)
    told = asked(
        adapter,
        ["settle", hexed(inside)],
        ["make", hexed(inside / "F")],
        ["make", hexed("G/")],
        ["unix_create", "A", "unix", []],
        ["unix_bind", "A", hexed("../beside/F")],
        ["unix_bind", "A", hexed(inside / "Out" / "F")],
        ["unlink", hexed(beside)],
        ["rename", hexed("F"), hexed(beside / "F")],
        ["link", hexed("G/L"), hexed("../../beside/F")],
        ["unix_bind", "A", hexed("G/S")],
    )
    outside = {"untestable": "a path leads out of the folder of the experiment"}
    granted = {"answer": "ok"}
    assert told[:3] == [granted] * 3
    assert told[4:9] == [outside] * 5
    assert told[9] == {"answer": "ok", "name": hexed("G/S")}
    assert list(beside.iterdir()) == []


@ON_LINUX
def test_an_adapter_outlives_what_no_run_asks(adapter: Path) -> None:
    many = [["create", f"N{number}", "udp4", []] for number in range(300)]
    told = asked(
        adapter,
        *many,
        ["reset"],
        ["create", "A", "udp4", []],
        ["bind", "A"],
        ["unix_name", "A"],
        ["datagrams", "127.0.0.1", 9, 400],
        ["drain", ["A"] * 90, "udp", True],
        ["settle", hexed("x" * 5000)],
        ["close", "B"],
        [""],
        [],
    )
    assert told[0]["answer"] == "ok"
    assert "broken" in told[299]
    assert told[301]["answer"] == "ok"
    assert told[302] == {"broken": "bind needs more words"}
    assert told[-4:] == [
        {"answer": "ENAMETOOLONG"},
        {"answer": "EBADF"},
        {"untestable": "this adapter has no "},
        {"broken": "an empty request"},
    ]


def hexed(path: object) -> str:
    return os.fsencode(str(path)).hex()


def asked(adapter: Path, *requests: list[Any]) -> list[Any]:
    """What an adapter answers to these requests, one after another."""
    lines = "".join(f"{json.dumps(request)}\n" for request in requests)
    done = subprocess.run([adapter, "main"], input=lines, capture_output=True, text=True, check=True, timeout=20)
    ready, *told = map(json.loads, done.stdout.splitlines())
    assert ready == {"ready": True}
    assert len(told) == len(requests)
    return told


RUN = """
import sys, time
from fixtures.language.notation import parse
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel

bench = Bench("host", command=sys.argv[1:])
stack = Kernel(bench)
for call, _ in parse("A = unix()\\nA.bind(/F)\\nmake(/D/)\\nB = other: unix()\\nB.bind(/D/F)\\nchmod(/D, 0500)"):
    stack.perform(call)
print(bench.folders.home, *bench.pids, flush=True)
time.sleep(60)
"""


@ON_LINUX
def test_no_file_is_left_when_a_run_through_an_adapter_is_killed(adapter: Path) -> None:
    words = [sys.executable, "-c", RUN, str(adapter)]
    with subprocess.Popen(words, cwd=ROOT, env=inherited(), stdout=subprocess.PIPE, text=True) as playing:
        assert playing.stdout
        home, *pids = playing.stdout.readline().split()
        assert (Path(home) / "1" / "F").is_socket()
        assert len(pids) == 3
        playing.kill()
    end = time.monotonic() + 20
    while (Path(home).exists() or any(Path(f"/proc/{pid}/fd").exists() for pid in pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(home).exists()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.exhaustive
@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
@ON_LINUX
def test_node_answers_for_udp(tmp_path: Path) -> None:
    asked = "udp4/duplicate or unreachable or before-error or s11/theft or abstract/theft"
    done, found = run(f"node {EXAMPLES / 'node.js'}", tmp_path / "run.jsonl", "-k", asked)
    assert done.returncode == 0, done.stdout
    assert found
    told = {record["id"]: record for record in found.traces}
    assert told["unix/abstract/theft"]["why"] == "Node binds no socket of AF_UNIX without listening"
    assert told["tcp/stevens-s11/theft"]["why"] == "Node binds no TCP socket without listening"
    assert told["udp/calls/data-before-error"]["why"] == "Node has taken an error from the socket before this call"
    assert told["udp/calls/recv-after-port-unreachable/closed"]["verdict"] == "conforms"
    assert sum(record["verdict"] in ("conforms", "variant") for record in found.traces) > 5


LIARS = {
    "says nothing": ("", "died in start"),
    "cannot start": ('print(\'{"failed": "there is no stack"}\', flush=True)', "there is no stack"),
    "talks nonsense": ("print('hello', flush=True); [print('hello', flush=True) for _ in sys.stdin]", "hello"),
    "can do nothing": (
        'print(\'{"ready": true}\', flush=True); [print(\'{"untestable": "no sockets here"}\', flush=True) for _ in sys.stdin]',
        "no sockets here",
    ),
}


def run_liar(liar: str, tmp_path: Path) -> str:
    program, told = LIARS[liar]
    (tmp_path / "liar.py").write_text(f"import sys\n{program}\n", encoding="utf-8")
    one = ("suites/test_stevens_rules.py", "-k", "tcp/stevens-s11/theft")
    done, _ = run(f"{sys.executable} {tmp_path / 'liar.py'}", tmp_path / "run.jsonl", *one)
    said = done.stdout + done.stderr
    assert told in said
    assert "Traceback" not in said
    assert " conforms" not in said
    return said


@pytest.mark.parametrize("liar", ["talks nonsense", *exhaustively("says nothing", "cannot start")])
def test_an_adapter_that_does_not_start_is_one_line(liar: str, tmp_path: Path) -> None:
    (line,) = filter(None, run_liar(liar, tmp_path).splitlines())
    assert line.startswith("ERROR: the process of main did not start: ")


@pytest.mark.exhaustive
def test_an_adapter_that_can_do_nothing_is_told(tmp_path: Path) -> None:
    assert "untestable" in run_liar("can do nothing", tmp_path)


def test_the_command_that_runs_a_failure_again_names_the_adapter() -> None:
    given = {"--isolation": "host", "--stack-command": "./adapter one"}
    item = SimpleNamespace(nodeid="suites/test_x.py::test_y", config=SimpleNamespace(getoption=given.get))
    assert again(cast("pytest.Item", item)).endswith(" run 'suites/test_x.py::test_y' --isolation host --stack-command './adapter one'")


def test_the_page_names_every_request_of_the_example() -> None:
    page = (ROOT / "docs" / "adapter.md").read_text(encoding="utf-8")
    requests = set(re.findall(r"\bO[NF]\((\w+), \d", (EXAMPLES / "kernel.c").read_text(encoding="utf-8")))
    assert len(requests) > 40
    assert sorted(name for name in requests if f'["{name}"' not in page) == []
