"""The marker of the minimum; and the situations of one server go to one worker."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.helpers.scheduling import Together


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "minimum: a server of the minimum set, which is run with every change")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log, server_of)


def server_of(nodeid: str) -> str:
    """The server of a test; the test itself if it is of none."""
    found = re.search(r"\[(.+)-\w+\]$", nodeid)
    return found[1] if found else nodeid
