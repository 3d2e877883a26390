"""Parameters that are a sample, and those that only the exhaustive tests try."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet


def exhaustively(*rows: Any) -> list[ParameterSet]:
    """These too, where the whole product is tested: ``parametrize("name", ["linux", *exhaustively("windows", "macos")])``."""
    return [pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=pytest.mark.exhaustive) for row in rows]
