"""What continuous integration reads: JUnit's file, annotations, the summary of a step, strictness and the allow-list."""

from __future__ import annotations

import datetime
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from fixtures.record import ci
from fixtures.record.allow import Allowed, AllowError, idle, read_allowed
from tests.helpers.records import record_of
from tests.helpers.sampling import exhaustively
from tests.suites.test_conformance import conformance

TODAY = datetime.date(2026, 6, 30)
E2 = "tcp/duplicate/both-reuseaddr/unlistened"
#: Linux has no such option.
EXCLUSIVE = "tcp/exclusive/both-options/reuseaddr-then-exclusiveaddruse"


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    return tmp_path / "summary.md"


@pytest.mark.parametrize("workers", ["0", *exhaustively("2")])
def test_a_failing_run_on_github(tmp_path: Path, summary: Path, workers: str) -> None:
    junit = tmp_path / "junit.xml"
    done = conformance("--stack", "stevens", "--platform", "linux", "-k", "test_e1 or test_e2", "-n", workers, "--junitxml", str(junit))
    assert done.returncode == 1
    annotations = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert len(annotations) == 1
    assert annotations[0].startswith("::error file=suites/test_duplicate_bind.py,line=")
    assert f",title=stale%3A {E2}::stale: {E2}%0A  The model promises" in annotations[0]
    page = summary.read_text(encoding="utf-8")
    assert page.count("### addrinuse: stevens as linux") == 1
    assert "| duplicate bind | 1 | 1 |" in page
    assert f"<summary>stale: {E2}</summary>" in page
    cases = ET.parse(junit).getroot().iter("testcase")
    properties = [{one.get("name"): one.get("value") for one in case.iter("property")} for case in cases]
    assert {"experiment": E2, "verdict": "stale"} in properties
    assert all(set(one) == {"experiment", "verdict"} for one in properties)


def test_elsewhere_nothing_is_told_to_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert "::error" not in conformance("--stack", "stevens", "--platform", "linux", "-k", "test_e2").stdout


def test_a_summary_that_cannot_be_written_is_one_line(summary: Path) -> None:
    summary.mkdir()
    done = conformance("--stack", "linux", "-k", "test_e1")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("GITHUB_STEP_SUMMARY: ")]


def test_an_annotation_is_one_line_whatever_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    said = ci.annotation(tmp_path / "a,b.py", 7, "50%: x, y", "first\r\nsecond::error::100%")
    assert said == "::error file=a%2Cb.py,line=7,title=50%25%3A x%2C y::first%0D%0Asecond::error::100%25"


def test_a_summary_has_an_end() -> None:
    page = ci.summary("here", [], {f"{number:03}": "told" for number in range(200)})
    assert page.count("<details>") == ci.MANY
    assert "150 more fail" in page


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["-k", "test_e2", "--strict-variants"], 1),
        (["-k", f"test_e2 or {EXCLUSIVE}", "suites/exclusive", "--strict-coverage"], 1),
        *exhaustively(
            (["-k", "test_e1", "--strict-variants", "--strict-coverage"], 0),
            (["-k", f"test_e2 or {EXCLUSIVE}", "suites/exclusive"], 0),
            (["-k", "test_e2"], 0),
            (["-k", "test_e2", "--strict-coverage"], 0),
        ),
    ],
)
def test_strictness(options: list[str], status: int) -> None:
    done = conformance("--stack", "linux", *options)
    assert done.returncode == status, done.stdout


def allow_list(folder: Path, *lines: str) -> Path:
    path = folder / "allowed.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_allowed_does_not_fail(tmp_path: Path) -> None:
    path = allow_list(tmp_path, "# comment", "", "tcp/duplicate/both-* variant 9999-12-31 known since 2008")
    done = conformance("--stack", "linux", "-k", "test_e2", "--strict-variants", "--allow", str(path))
    assert done.returncode == 0, done.stdout
    assert "allowed until 9999-12-31: 1 x variant: tcp/duplicate/both-*: known since 2008" in done.stdout


def test_what_needs_no_allowance_fails_in_one_line(tmp_path: Path) -> None:
    path = allow_list(tmp_path, f"{E2} surprise 9999-12-31 it was one", "udp/* surprise 9999-12-31 not in this run")
    done = conformance("--stack", "linux", "-k", "test_e2", "--allow", str(path))
    assert done.returncode == 1
    said = [line for line in done.stdout.splitlines() if line.startswith("--allow ")]
    assert said == [f"--allow {path}: line 1: {E2} surprise: no experiment needs this any more; take it away"]


def test_an_expired_allowance_is_a_usage_error(tmp_path: Path) -> None:
    path = allow_list(tmp_path, f"{E2} variant 2000-01-01 for a while")
    done = conformance("--stack", "linux", "-k", "test_e2", "--allow", str(path), "-n", "2")
    assert done.returncode == 4
    assert done.stderr.strip() == f"ERROR: --allow {path}: line 1: {E2} was allowed until 2000-01-01; " + (
        "fix it, give it a later date, or delete the line"
    )


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("tcp/a variant", "line 1: expected EXPERIMENT VERDICT UNTIL REASON"),
        ("tcp/a variant 2027-01-01", "line 1: expected EXPERIMENT VERDICT UNTIL REASON"),
        ("tcp/a conforms 2027-01-01 why", "'conforms' is not a verdict that can fail"),
        ("tcp/a variant tomorrow why", "'tomorrow' is not a date"),
        ("tcp/a variant 2026-06-29 why", "was allowed until 2026-06-29"),
    ],
)
def test_an_allow_list_that_does_not_read(tmp_path: Path, line: str, part: str) -> None:
    with pytest.raises(AllowError) as caught:
        read_allowed(allow_list(tmp_path, line), TODAY)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_allow_list_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "binary"):
        with pytest.raises(AllowError, match="cannot be read"):
            read_allowed(path, TODAY)


def test_the_last_day_still_counts(tmp_path: Path) -> None:
    assert read_allowed(allow_list(tmp_path, "tcp/a variant 2026-06-30 a  reason of words"), TODAY) == [
        Allowed(1, "tcp/a", "variant", TODAY, "a  reason of words")
    ]


def test_which_entries_are_idle() -> None:
    records = [record_of("tcp/a", "variant"), record_of("tcp/b", "conforms")]
    entries = [Allowed(n, pattern, "variant", TODAY, "") for n, pattern in enumerate(("tcp/*", "tcp/b", "udp/*"))]
    assert idle(entries, records, whole=False) == entries[1:2]
    assert idle(entries, records, whole=True) == entries[1:]
