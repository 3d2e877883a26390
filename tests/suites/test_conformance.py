from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixtures.record.runfile import read_run
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.sampling import exhaustively

PYTEST = (sys.executable, "-m", "pytest", "suites/test_duplicate_bind.py")


#: Linux lets both bind, Stevens does not.
E3 = "tcp/duplicate/specific/bind-bind-listen-listen/reuseaddr-then-reuseaddr"


def conformance(*options: str, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*under, *PYTEST, *options], cwd=ROOT, env=inherited(), capture_output=True, text=True, check=False, timeout=100)


def test_linux_is_linux() -> None:
    done = conformance("--stack", "linux")
    assert done.returncode == 0, done.stdout
    assert " conforms" in done.stdout.splitlines()[-1]
    assert "A sample" not in done.stdout


@pytest.mark.parametrize(("stack", "platform", "word"), [("stevens", "linux", "stale"), *exhaustively(("linux", "stevens", "surprise"))])
def test_one_stack_taken_for_another(stack: str, platform: str, word: str) -> None:
    done = conformance("--stack", stack, "--platform", platform, "-k", E3)
    assert done.returncode == 1, done.stdout
    for part in (f"{word}: tcp/duplicate/", "question  E3:", "  ! B.", f"the model {platform} says: ", "again     python -m addrinuse run"):
        assert part in done.stdout
    assert f"--stack {stack} --platform {platform}" in done.stdout


def test_an_experiment_runs_by_its_id() -> None:
    done = conformance("--stack", "linux", "-k", "tcp/duplicate/both-reuseaddr/unlistened", "--collect-only", "-q")
    assert [line for line in done.stdout.splitlines() if "::" in line] == [
        "suites/test_duplicate_bind.py::test_e2_both_set_reuseaddr_and_neither_listens"
    ]


def test_a_platform_without_a_model() -> None:
    done = conformance("--stack", "linux", "--platform", "plan9", "-k", "test_e1")
    assert done.returncode == 6, done.stdout
    assert "unrecorded" in done.stdout


def test_no_such_stack() -> None:
    done = conformance("--stack", "nosuch")
    assert done.returncode == 4
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--stack nosuch: no such platform" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("stack", ["kernel", *exhaustively("linux")])
def test_the_record_is_the_same_with_workers(tmp_path: Path, stack: str) -> None:
    runs = []
    for workers in ("0", "2"):
        path = tmp_path / f"{workers}.jsonl"
        done = conformance("--stack", stack, "--record", str(path), "-n", workers, "-k", "test_e1 or test_e2")
        assert done.returncode in (0, 1, 6), done.stderr
        runs.append([(trace["id"], trace["trace"], trace["verdict"]) for trace in read_run(path).traces])
    assert runs[0]
    assert runs[0] == runs[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.jsonl", "2.jsonl"]


def descendants(pid: int) -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # ended meanwhile
            continue
    found, new = set[int](), {pid}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in new} - found
    return found - {pid}


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_nothing_is_left_after_a_kill(tmp_path: Path, workers: str) -> None:
    command = [*PYTEST, "--record", str(tmp_path / "run.jsonl"), "-n", workers]
    none = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=inherited(), stdout=none, stderr=none, start_new_session=True) as run:
        try:
            end = time.monotonic() + 60
            while not (agents := {pid for pid in descendants(run.pid) if b"fixtures.machine.agent" in _command(pid)}):
                assert run.poll() is None
                assert time.monotonic() < end
                time.sleep(0.02)
            family = descendants(run.pid)
        finally:
            os.kill(run.pid, signal.SIGKILL)
    assert agents <= family
    end = time.monotonic() + 20
    while (left := set(filter(is_running, family))) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == set()
    assert list(tmp_path.iterdir()) == []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def marked(mark: str) -> set[int]:
    """The processes that were started by one with this word in its environment, however they are related by now."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found |= {int(path.parent.name)} if mark.encode() in path.read_bytes() else set()
        except OSError:  # ended meanwhile, or another user's
            continue
    return found


@pytest.mark.exhaustive
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_left_after_a_kill_at_any_moment_of_a_run(tmp_path: Path, seed: int) -> None:
    kept, temporary, mark = tmp_path / "kept", tmp_path / "temporary", f"killed-{os.getpid()}-{seed}"
    for folder in (kept, temporary):
        folder.mkdir()
    command = [sys.executable, "-m", "addrinuse", "run", "--record", str(kept / "run.jsonl")]
    environment, none = inherited(TMPDIR=str(temporary), ADDRINUSE_MARK=mark), subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=none, stderr=none, start_new_session=True) as run:
        # A run takes ten seconds on two idle cores. One that ended before was not killed.
        time.sleep(random.Random(seed).uniform(0.2, 8))
        run.kill()
    end = time.monotonic() + 20
    while (left := marked(mark)) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == set()
    assert list(temporary.iterdir()) == []
    assert run.returncode == 0 or list(kept.iterdir()) == []


def test_isolation_that_cannot_be_had_is_one_line_and_a_usage_error() -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-U", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespace to be unprivileged in")
    done = conformance("-q", "--isolation", "namespace", under=(unshare, "-U"))
    said = (done.stdout + done.stderr).strip()
    assert done.returncode == 4, said
    assert "choose the isolation 'host'" in said
    assert "Traceback" not in said
