"""What a session keeps of its items: each of them, each once, whatever became of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fixtures.plugins.recorder import once
from fixtures.plugins.subject import subject_of
from fixtures.record.runfile import Record, as_broken, read_run
from fixtures.record.verdicts import FAILURES
from reports.__main__ import main
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.sampling import exhaustively

DUPLICATE = "suites/test_duplicate_bind.py"
E1 = "tcp/duplicate/no-option"
#: What happens to the items of this name: a plugin of the tests, which is imported by the run.
PLUGIN = """
import os
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if os.environ["HOW"] == "setup" and item.name.startswith("test_e1"):
        raise RuntimeError("no luck\\x1b[31m today")

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if item.name.startswith("test_e1"):
        if os.environ["HOW"] == "die":
            os._exit(9)
        if os.environ["HOW"] == "call":
            raise RuntimeError("no luck\\x1b[31m today")

@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc):
    if os.environ["HOW"] == "repeat":
        metafunc.fixturenames.append("_repeat_step")
        metafunc.parametrize("_repeat_step", range(2))

@pytest.fixture
def _repeat_step(request):
    return request.param
"""


def suite(folder: Path, *options: str, how: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "misfortune.py").write_text(PLUGIN, encoding="ascii")
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    words = (sys.executable, "-m", "pytest", "-q", "-p", "misfortune", DUPLICATE, "-k", "test_e1 or test_e2", "--stack", "linux")
    return subprocess.run(
        [*words, *options],
        cwd=ROOT,
        env=inherited(HOW=how, PYTHONPATH=path),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def taken_for(name: str) -> pytest.Config:
    """What pytest has read from ``--stack linux --platform NAME``."""
    return SimpleNamespace(getoption={"--stack": "linux", "--platform": name}.get)  # type: ignore[return-value]


def record(identifier: str, verdict: str) -> Record:
    made = as_broken(identifier, "chapter", "question?", "why")
    made["verdict"] = verdict
    return made


def test_each_item_is_kept_once() -> None:
    records = [record("a", "conforms"), record("b", "surprise"), record("a", "broken"), record("a", "surprise"), record("b", "conforms")]
    assert [(one["id"], one["verdict"]) for one in once(records, FAILURES)] == [("a", "broken"), ("b", "surprise")]


@pytest.mark.parametrize(
    ("how", "workers"),
    [("die", "1"), *exhaustively(("call", "0"), ("setup", "0"), ("call", "2"))],
)
def test_what_crashes_is_broken_in_the_run(how: str, workers: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = suite(tmp_path, "-n", workers, "--record", str(tmp_path / "run.jsonl"), how=how)
    assert done.returncode == 1, done.stdout
    found = {record["id"]: record for record in read_run(tmp_path / "run.jsonl").traces}
    assert len(found) > 1
    assert {one for one, record in found.items() if record["verdict"] == "broken"} == {E1}
    assert ("crashed while running" if how == "die" else f"it crashed in {how}: RuntimeError: no luck [31m today") in found[E1]["why"]
    assert found[E1]["question"].endswith("?")
    assert main(["show", str(tmp_path / "run.jsonl")]) == 0
    assert "broken" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [pytest.param((), id="repeated"), pytest.param(("-n", "2", "--dist", "each"), id="each", marks=pytest.mark.exhaustive)]
)
def test_an_item_that_runs_twice_is_one_trace(options: tuple[str, ...], tmp_path: Path) -> None:
    done = suite(tmp_path, *options, "--record", str(tmp_path / "run.jsonl"), how="" if options else "repeat")
    assert done.returncode == 0, done.stdout
    assert E1 in [record["id"] for record in read_run(tmp_path / "run.jsonl").traces]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("linx", "near are linux"),
        ("Linux", "near are linux"),
        ("windws@10", "near are windows"),
        ("darwin", "near are macos"),
        ("bsd", "near are freebsd, openbsd, netbsd"),
        ("macosx", "near are macos"),
        ("MyKernel", "write NAME or NAME@VERSION"),
        ("mykernel@1/2", "write NAME or NAME@VERSION"),
        ("linux@nonsense", "linux@nonsense"),
        ("linux@", "linux@"),
    ],
)
def test_a_platform_that_is_misspelled_is_refused(name: str, said: str) -> None:
    with pytest.raises(pytest.UsageError) as caught:
        subject_of(taken_for(name))
    (line,) = str(caught.value).splitlines()
    assert line.startswith((f"--platform {name}", f"--platform '{name}'"))
    assert said in line


def test_what_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    done = suite(tmp_path, "--platform", "linx")
    assert done.returncode == 4
    assert done.stderr.strip() == "ERROR: --platform linx: no such platform; near are linux"


@pytest.mark.parametrize("name", ["plan9", "haiku@r1", "freertos"])
def test_a_platform_that_nobody_knows_has_no_model(name: str) -> None:
    platform = subject_of(taken_for(name)).platform
    assert (str(platform), platform.model) == (name, None)


def test_on_a_platform_that_nobody_knows_a_run_is_unrecorded(tmp_path: Path) -> None:
    done = suite(tmp_path, "--platform", "haiku@r1", "--record", str(tmp_path / "run.jsonl"))
    assert done.returncode == 6
    assert read_run(tmp_path / "run.jsonl").header["platform"] == "haiku@r1"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_allow_list_without_end_is_refused(tmp_path: Path) -> None:
    done = suite(tmp_path, "--allow", "/dev/full")
    assert done.returncode == 4
    assert "larger than 1 MB" in done.stderr
