"""What must hold of every workflow; zizmor and actionlint see the rest in `tox -e lint`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.catalogue import ROOT

#: What the workflows that publish may do besides reading.
PUBLISHING = {"pages.yml": {"pages: write", "id-token: write"}, "release.yml": {"contents: write", "id-token: write"}}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_say_which_version_that_is(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for line in used:
        assert line.startswith("./") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_scripts_hold_no_expression(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    scripts = re.findall(r"^( *)(?:- )?run: \|\n((?:\1  .*\n|\n)+)|^ *(?:- )?run: (?!\|)(.*)", text, re.MULTILINE)
    assert scripts
    assert not [script for script in scripts if "${{" in "".join(script)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_permission_but_what_a_job_asks_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "\npermissions: {}\n" in text
    publishing = PUBLISHING.get(path.name, set())
    assert set(re.findall(r"^ {6}(\w[\w-]*: (?:read|write))$", text, re.MULTILINE)) == {"contents: read"} | publishing
