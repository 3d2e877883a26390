"""What the tests of `predict` share: a script, and how it is asked."""

from __future__ import annotations

import io
import sys

import pytest

from fixtures.models import Platform
from reports.predict import Predictor
from reports.scripts import read_script

CLASH = """\
# two servers
A = tcp4(SO_REUSEADDR)

A.bind(127.0.0.1:P)
A.listen()
B = tcp4(SO_REUSEADDR)
B.bind(127.0.0.1:P)
"""


def feed(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    content = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def answers(text: str, platform: str = "linux", uid: int = 0, settings: dict[str, str] | None = None) -> list[str]:
    name, _, version = platform.partition("@")
    return ["|".join(one.names) for one in Predictor(Platform(name, version), uid, settings).predict(read_script(text))]
