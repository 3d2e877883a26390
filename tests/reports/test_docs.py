from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.models import MODELS
from reports.__main__ import main
from reports.catalogue import ROOT, all_rows
from reports.cells import BASIS_LETTERS
from reports.claims import load
from reports.porting.trials import TRIALS
from reports.porting.words import PORTING_VERDICTS


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_a_link_leads_somewhere(path: Path) -> None:
    lost = []
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", path.read_text(encoding="utf-8")):
        there = path.parent / target if target else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(f"{target}#{anchor}")
    assert lost == []


def anchors(path: Path) -> list[str]:
    """The names that a page's headings have on GitHub."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_numbers_of_the_readme_are_about_right() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    totals = re.search(r"^\d+ conforms, .* in [\d.]+s$", readme, re.MULTILINE)
    assert totals
    counts = re.findall(r"(\d+) [a-z]+(?:,| in)", totals[0])
    assert sum(map(int, counts)) == pytest.approx(len(all_rows()), rel=0.1), "run the suite, and paste what it prints"
    assert len(all_rows()) > 2000, "README says: more than two thousand"
    claims = re.search(r"disputed.md\): (\d+) cited claims", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"))
    assert claims
    assert int(claims[1]) == len(load())


def test_the_words_of_the_porting_report_are_explained() -> None:
    page = (ROOT / "docs" / "porting.md").read_text(encoding="utf-8").splitlines()
    rows = [[word.strip(" `") for word in line.split("|")[1:-1]] for line in page if line.startswith("|")]
    assert [row[0] for row in rows if row[0] in {one.id for one in TRIALS}] == [one.id for one in TRIALS]
    assert {row[0]: row[1] for row in rows if row[0] in PORTING_VERDICTS} == PORTING_VERDICTS


def test_the_table_of_platforms_is_true() -> None:
    rows = [line.split("|") for line in (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    said = {row[1].strip(" `"): (row[2].strip(), row[3].strip()) for row in rows if not re.fullmatch(" `[A-Z]` ", row[1])}
    assert said == {name: (", ".join(model.releases), model.span()) for name, model in MODELS.items()}


def test_the_letters_of_the_cells_are_explained() -> None:
    page = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
    assert {basis: letter for letter, basis in re.findall(r"^\| `([A-Z])` \| ([\w ]+) \|", page, re.MULTILINE)} == BASIS_LETTERS


def test_the_examples_of_the_porting_report_are_true(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "porting.md").read_text(encoding="utf-8")
    main(["port", "--from", "linux", "--to", "freebsd", "tests/data/calls/nginx-reuseport.log"])
    assert f"```\n{capsys.readouterr().out}```\n" in page
    main(["port", "--from", "linux", "--to", "macos", "tests/data/unix/redis.log"])
    assert f"```\n{capsys.readouterr().out}```\n" in page
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Port a server")[2].partition("## Cite it")[0]
    main(["port", "--from", "linux", "--to", "windows", "tests/data/calls/http-server.log"])
    said = capsys.readouterr().out.splitlines()
    shown = [line for line in readme.split("```")[1].splitlines() if line and not line.startswith("$ ")]
    assert shown
    assert [line for line in shown if line not in said] == []
