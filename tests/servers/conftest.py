"""The marker of the minimum."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "minimum: a server of the minimum set, which is run with every change")
