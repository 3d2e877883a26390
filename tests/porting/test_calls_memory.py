"""A log is followed while it is read: how much memory that takes does not depend on how long the log is."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from reports.calls import read_calls
from tests import big_logs


def peak(log: Callable[[], Iterator[str]], lines: int, path: Path) -> int:
    """The most bytes that were in use while a log of so many lines was read."""
    path.write_text("\n".join(islice(log(), lines)), encoding="utf-8")
    tracemalloc.start()
    try:
        read_calls(str(path))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("log", [big_logs.long_lived, big_logs.forking], ids=lambda log: log.__name__)
def test_a_longer_log_takes_no_more_memory(log: Callable[[], Iterator[str]], tmp_path: Path) -> None:
    peak(log, 3000, tmp_path / "warm.log")
    short, long = (peak(log, lines, tmp_path / f"{lines}.log") for lines in (5000, 15000))
    assert long < short * 1.2, (short, long)
