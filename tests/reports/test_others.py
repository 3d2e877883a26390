"""Our models against what other projects' own test suites expect (reports/others/, docs/others.md)."""

from __future__ import annotations

import pytest

from reports.others import Case, Judged, cases, judge, suites

SUITES = {suite["path"]: suite for suite in suites()}


def judged(name: str) -> list[tuple[Case, list[Judged]]]:
    return [(case, judge(case)) for case in cases(SUITES[name])]


@pytest.mark.parametrize("name", SUITES)
def test_no_model_contradicts_a_suite_unless_a_reason_is_given(name: str) -> None:
    wrong = [f"{case}: {one.said}" for case, found in judged(name) if not case.held for one in found if one.what == "contradicts"]
    assert wrong == []


@pytest.mark.parametrize("name", SUITES)
def test_what_is_held_is_still_contradicted(name: str) -> None:
    held = [case for case in cases(SUITES[name]) if case.held]
    assert [str(case) for case in held if not any(one.what == "contradicts" for one in judge(case))] == []


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_says_where_it_was_read(name: str) -> None:
    suite = SUITES[name]
    assert suite["suite"]
    assert suite["source"]
    assert suite["link"].startswith("https://")
    assert all(group["function"] and group["platforms"] for group in suite["groups"])


@pytest.mark.parametrize("name", SUITES)
def test_every_script_of_a_suite_expects_something(name: str) -> None:
    found = [(str(case), len(case.expected) + len(case.starts)) for case in cases(SUITES[name])]
    assert [label for label, count in found if not count] == []


def test_the_suites_cover_most_platforms() -> None:
    asked = {case.platform.partition("@")[0] for name in SUITES for case in cases(SUITES[name])}
    assert len(asked) >= 14
