"""`addrinuse run --every N`: a sample, always the same, which says that it is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.plugins.sample import ordinal
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.sampling import exhaustively


def conformance(*options: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pytest", "suites/test_duplicate_bind.py", "--stack", "linux", "-k", "wildcard6 and reuseaddr-reuseaddr"]
    return subprocess.run([*words, *options], cwd=ROOT, env=inherited(), capture_output=True, text=True, check=False, timeout=100)


def collected(*options: str) -> list[str]:
    return [line for line in conformance("--collect-only", "-q", *options).stdout.splitlines() if "::" in line]


@pytest.fixture(scope="module")
def everything() -> list[str]:
    return collected()


def test_every_third_of_what_k_left_from_the_first_on(everything: list[str]) -> None:
    assert len(everything) > 3
    assert collected("--every", "3") == everything[::3]


@pytest.mark.parametrize("workers", ["2", *exhaustively("0")])
def test_the_closing_lines_say_of_how_many(workers: str, everything: list[str]) -> None:
    done = conformance("--every", "2", "-n", workers)
    assert done.returncode == 0, done.stdout
    assert f"A sample: every 2nd of {len(everything)} experiments." in done.stdout.splitlines()


@pytest.mark.parametrize("number", ["0", *exhaustively("-2", "few")])
def test_no_sample_of_none(number: str) -> None:
    done = conformance("--every", number)
    assert done.returncode == 4
    assert f"argument --every: {number} is not a number of at least 1" in done.stderr


@pytest.mark.exhaustive
def test_a_sample_leaves_the_allow_list_alone(tmp_path: Path) -> None:
    path = tmp_path / "allowed"
    path.write_text("tcp/no-such-experiment surprise 9999-12-31 seen elsewhere\n", encoding="utf-8")
    words = [sys.executable, "-m", "addrinuse", "run", "--stack", "linux", "--every", "500", "--allow", str(path)]
    done = subprocess.run(words, cwd=ROOT, env=inherited(), capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout
    assert "no experiment needs this any more" not in done.stdout


def test_ordinals() -> None:
    assert [ordinal(number) for number in (2, 3, 6, 11, 12, 13, 21, 101, 111)] == [
        *("2nd", "3rd", "6th", "11th", "12th", "13th", "21st", "101st", "111th"),
    ]
