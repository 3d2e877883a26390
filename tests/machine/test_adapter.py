"""Adapters: the examples of docs/adapter.md, and processes that keep no promise."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


@ON_LINUX
@pytest.mark.exhaustive
def test_nine_of_ten_experiments_have_the_verdict_that_they_have_without(adapter: Path, tmp_path: Path) -> None:
    options = ("--isolation", "host")
    _, through = run(str(adapter), tmp_path / "adapter.jsonl")
    words = [sys.executable, "-m", "addrinuse", "run", "-n", "0", *options, "--record", str(tmp_path / "own.jsonl")]
    subprocess.run(words, cwd=ROOT, check=False, capture_output=True)
    assert through
    own = {record["id"]: record["verdict"] for record in read_run(tmp_path / "own.jsonl").traces}
    # The protocol has no words for AF_UNIX.
    testable = {name for name, verdict in own.items() if verdict in ("conforms", "variant") and not name.startswith("unix")}
    there = {record["id"]: record["verdict"] for record in through.traces if record["verdict"] != "untestable"}
    assert there.items() <= own.items()
    assert len(there) >= 0.9 * len(testable)


@pytest.mark.exhaustive
@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
@ON_LINUX
def test_node_answers_for_udp(tmp_path: Path) -> None:
    asked = "udp4/duplicate or unreachable or before-error or s11/theft"
    done, found = run(f"node {EXAMPLES / 'node.js'}", tmp_path / "run.jsonl", "-k", asked)
    assert done.returncode == 0, done.stdout
    assert found
    told = {record["id"]: record for record in found.traces}
    assert told["tcp/stevens-s11/theft"]["why"] == "Node binds no TCP socket without listening"
    assert told["udp/calls/data-before-error"]["why"] == "Node has taken an error from the socket before this call"
    assert told["udp/calls/recv-after-port-unreachable/closed"]["verdict"] == "conforms"
    assert sum(record["verdict"] in ("conforms", "variant") for record in found.traces) > 5


LIARS = {
    "says nothing": ("", "broken"),
    "cannot start": ('print(\'{"failed": "there is no stack"}\', flush=True)', "there is no stack"),
    "talks nonsense": ("print('hello', flush=True); [print('hello', flush=True) for _ in sys.stdin]", "hello"),
    "can do nothing": (
        'print(\'{"ready": true}\', flush=True); [print(\'{"untestable": "no sockets here"}\', flush=True) for _ in sys.stdin]',
        "no sockets here",
    ),
}


@pytest.mark.parametrize("liar", ["talks nonsense", *exhaustively(*(name for name in LIARS if name != "talks nonsense"))])
def test_an_adapter_that_keeps_no_promise_is_told(liar: str, tmp_path: Path) -> None:
    program, told = LIARS[liar]
    (tmp_path / "liar.py").write_text(f"import sys\n{program}\n", encoding="utf-8")
    one = ("suites/test_stevens_rules.py", "-k", "tcp/stevens-s11/theft")
    done, _ = run(f"{sys.executable} {tmp_path / 'liar.py'}", tmp_path / "run.jsonl", *one)
    assert told in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert " conforms" not in done.stdout


def test_the_page_names_every_request_of_the_example() -> None:
    page = (ROOT / "docs" / "adapter.md").read_text(encoding="utf-8")
    requests = set(re.findall(r'IS\("(\w+)"\)', (EXAMPLES / "kernel.c").read_text(encoding="utf-8")))
    assert sorted(name for name in requests if f'["{name}"' not in page) == []
