from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path, PurePath

import pytest

from fixtures.language.experiment import chapter_of, experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EXCLUSIVE, IPV6_V6ONLY, LOOPBACK, NONE, REUSEADDR, REUSEBOTH, SO_REUSEADDR, WILDCARD6, Options
from fixtures.specification.rules import COMPLETELY_DUPLICATE, NO_OPTIONS
from fixtures.specification.sources import LITE2
from reports.catalogue import ROOT, all_rows
from tests.helpers.children import inherited

ID = re.compile(r"[a-z0-9]+(/[a-z0-9+.-]+)+")


def test_ids_are_unique_and_permanent_words() -> None:
    ids = [row.experiment.id for row in all_rows()]
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert [name for name in ids if not ID.fullmatch(name)] == []


def test_every_question_is_one() -> None:
    assert [row.experiment.id for row in all_rows() if not row.experiment.question.endswith("?") or "{" in row.experiment.question] == []


def test_a_question_can_be_read_at_once() -> None:
    assert [row.experiment.id for row in all_rows() if len(row.experiment.question) > 100] == []


def test_a_rule_may_differ_by_row() -> None:
    @experiment("tcp/one/{first}", rule=lambda second: COMPLETELY_DUPLICATE if second else NO_OPTIONS, cites=(LITE2.at("in_pcbbind"),))
    def script(stack: Stack, first: Options, second: Options) -> None:
        """Who may bind beside {first.aloud}?"""

    rows = [script.experiment.with_parameters({"first": REUSEBOTH, "second": second}) for second in (NONE, REUSEADDR)]  # type: ignore[attr-defined]
    assert [row.id for row in rows] == ["tcp/one/reuseaddr+reuseport"] * 2
    assert [row.question for row in rows] == ["Who may bind beside both options?"] * 2
    assert [row.rule for row in rows] == [NO_OPTIONS, COMPLETELY_DUPLICATE]
    assert [row.cites for row in rows] == [(rule.source, LITE2.at("in_pcbbind")) for rule in (NO_OPTIONS, COMPLETELY_DUPLICATE)]


def test_options_and_addresses_are_said_aloud() -> None:
    assert [options.aloud for options in (NONE, REUSEADDR, REUSEBOTH, EXCLUSIVE)] == [
        "no options",
        "SO_REUSEADDR",
        "both options",
        "exclusive use",
    ]
    assert Options(SO_REUSEADDR, IPV6_V6ONLY.off).aloud == "SO_REUSEADDR and IPV6_V6ONLY=0"
    assert [address.aloud for address in (LOOPBACK, WILDCARD6)] == ["127.0.0.1", "[::]"]


def test_a_function_is_one_experiment() -> None:
    @experiment("tcp/one/thing", rule=NO_OPTIONS)
    def script(stack: Stack) -> None:
        """Is it one?"""

    with pytest.raises(ValueError, match="is an experiment already"):
        experiment("tcp/another/thing", rule=NO_OPTIONS)(script)


def test_a_chapter_is_a_file_or_a_folder_of_them() -> None:
    assert chapter_of(PurePath("suites", "test_time_wait.py")) == "time wait"
    assert chapter_of(PurePath("suites", "dual_stack", "test_bind.py")) == "dual stack"


def test_pytest_collects_what_the_catalogue_has() -> None:
    words = [sys.executable, "-m", "pytest", "suites", "--collect-only", "-q", "--pairs", "none"]
    collected = subprocess.run(words, cwd=ROOT, env=inherited(), capture_output=True, text=True, check=True).stdout
    found = {line.partition("[")[0] for line in collected.splitlines() if line.startswith("suites/")}
    assert found == {row.test for row in all_rows()}


def test_without_pytest_it_is_said_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("raise ModuleNotFoundError(name='pytest')\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    words = [sys.executable, "-m", "reports", "explain", "tcp/duplicate/no-option"]
    seen = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (seen.returncode, seen.stderr.count("\n")) == (2, 1)
    assert "pytest is not there for" in seen.stderr
