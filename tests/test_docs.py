from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.models import MODELS
from reports.__main__ import main
from reports.catalogue import ROOT, all_rows
from reports.claims import load
from reports.porting.judge import PORTING_VERDICTS
from reports.porting.trials import TRIALS

WITHIN_README = """\
looser    second-instance: May a second instance start while the first runs, and who receives?
    linux   refused (bind: EADDRINUSE)
    windows starts; who receives is undetermined"""


def test_the_example_is_what_predict_prints(tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]) -> None:
    _, script, _, printed, *_ = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8").split("```\n")
    path = tmp_path_factory.mktemp("docs") / "server.txt"
    path.write_text(script, encoding="utf-8")
    assert main(["predict", "--platform", "linux", str(path)]) == 1
    out = capsys.readouterr().out
    assert out == printed
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert next(line for line in out.splitlines() if line.startswith("!")) in readme.splitlines()


def test_the_porting_report_of_the_example(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "porting.md").read_text(encoding="utf-8")
    command = next(line for line in page.splitlines() if "nginx-reuseport.log` prints" in line).split("`")[1]
    assert main(command.removeprefix("python -m reports ").split()) == 1
    assert capsys.readouterr().out == page.split("```\n")[2]
    assert f"{WITHIN_README}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert main(["port", "--from", "linux", "--to", "windows", "tests/data/calls/uvicorn.log"]) == 1
    assert f"{WITHIN_README}\n" in capsys.readouterr().out


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
    totals = re.search(r"^(\d+) conforms, (\d+) variant, (\d+) untestable in", readme, re.MULTILINE)
    assert totals
    assert sum(map(int, totals.groups())) == pytest.approx(len(all_rows()), rel=0.1), "run the suite, and paste what it prints"
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
    said = {row[1].strip(" `"): row[2].strip() for row in rows}
    assert said == {name: ", ".join(model.releases) for name, model in MODELS.items()}
