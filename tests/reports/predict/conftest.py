"""How `predict` is asked, also of models that are not sure."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.models import MODELS
from reports.__main__ import main
from tests.language.test_worlds import Silent, Torn
from tests.reports.predict.asking import feed


@pytest.fixture(autouse=True)
def unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "torn", Torn)
    monkeypatch.setitem(MODELS, "gap", Silent)


@pytest.fixture
def predict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(text: str | bytes, *options: str, platform: str = "linux") -> tuple[int, str, str]:
        feed(monkeypatch, text)
        status = main(["predict", "--platform", platform, *options, "-"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call
