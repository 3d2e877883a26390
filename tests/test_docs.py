from __future__ import annotations

import pytest

from fixtures.models import MODELS
from reports.__main__ import main
from reports.catalogue import ROOT


def test_the_example_is_what_predict_prints(tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]) -> None:
    _, script, _, printed, *_ = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8").split("```\n")
    path = tmp_path_factory.mktemp("docs") / "server.txt"
    path.write_text(script, encoding="utf-8")
    assert main(["predict", "--platform", "linux", str(path)]) == 1
    out = capsys.readouterr().out
    assert out == printed
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert next(line for line in out.splitlines() if line.startswith("!")) in readme.splitlines()


def test_the_table_of_platforms_is_true() -> None:
    rows = [line.split("|") for line in (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    said = {row[1].strip(" `"): row[2].strip() for row in rows}
    assert said == {name: ", ".join(model.releases) for name, model in MODELS.items()}
