"""What tests of several modules need."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.scheduling import Together, group_of, place_of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="also test the whole products of which the other tests try a sample")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "exhaustive: a whole product, which takes long; a sample of it is tested every time")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--exhaustive"):
        left_out = {item for item in items if item.get_closest_marker("exhaustive")}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: place_of(item.nodeid))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lasts as long as the tests. It took a twentieth of their time."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    return Together(config, log, group_of) if config.getoption("dist") == "loadgroup" else None


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Children hear SIGINT, as at a terminal; what a shell runs in the background ignores it, and hands that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
