"""What is generated is what the sources say, and the command beside a printed block prints that block."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports import render, site
from reports.__main__ import main
from reports.catalogue import ROOT
from reports.inputs import BadInput
from tests.helpers.site import gathered


def test_nothing_is_stale() -> None:
    assert [str(path.relative_to(ROOT)) for path in render.stale(gathered())] == [], render.REMEDY


@pytest.mark.parametrize("page", [render.PREDICT, render.PORTING], ids=lambda page: page.stem)
def test_the_command_of_a_page_prints_what_is_rendered(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page.read_text(encoding="utf-8")
    found = re.search(r"`addrinuse ([^`]+)` prints\n\n```\n(.*?)```\n", text, re.DOTALL)
    assert found
    (tmp_path / "server.txt").write_text(text.split("```\n")[1], encoding="utf-8")
    monkeypatch.chdir(ROOT)
    words = [str(tmp_path / word) if word == "server.txt" else word for word in found[1].split()]
    assert main(words) == 1
    assert capsys.readouterr().out == found[2]


def test_the_verb_writes_what_is_stale_and_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "ROOT", tmp_path)
    changed, gone = tmp_path / "changed.md", tmp_path / "gone.md"
    gone.write_text("a chapter that there was", encoding="utf-8")
    cells = gathered()
    monkeypatch.setattr(site, "gather", lambda: cells)
    monkeypatch.setattr(render, "stale", lambda found: {changed: "new\n", gone: ""} if found is cells else {})
    assert main(["render"]) == 0
    assert capsys.readouterr().out == "changed.md\ngone.md\n"
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("changed.md", "new\n")]


PAGE = Path("page.md")


def test_a_block_is_replaced_and_nothing_else() -> None:
    page = "```\nfirst\n```\nit prints\n\n```\nold\n```\n\n```\nlast\n```\n"
    assert render.fenced(PAGE, page, "it prints", "new\n") == page.replace("old", "new")
    with pytest.raises(BadInput, match=r"page\.md: nothing is fenced after 'it says'"):
        render.fenced(PAGE, page, "it says", "new\n")


def test_a_table_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("| a |\n|---|\n\nText.\n\n| b |\n|---|\n| old |\n| older |\n\nMore.\n", encoding="utf-8")
    assert render.tabled(path, "| b |\n|---|\n| new |\n") == "| a |\n|---|\n\nText.\n\n| b |\n|---|\n| new |\n\nMore.\n"
    with pytest.raises(BadInput, match=r"page\.md: there is no table"):
        render.tabled(path, "| c |\n")
