"""Scripts by chance: what a kernel that stands in for a platform answers is what the platform's model says, who receives included."""

from __future__ import annotations

import pytest

from tests.helpers.sampling import exhaustively
from tests.standin.both import compare, scripts
from tests.standin.running import NOBODY, linux

#: The scripts have strangers.
pytestmark = [linux, pytest.mark.skipif(NOBODY is None, reason="other users need root")]


@pytest.mark.parametrize("platform", ["windows", *exhaustively("freebsd", "macos")])
def test_a_sample_of_scripts(platform: str) -> None:
    tally = compare(platform, scripts(platform, 6, seed=2))
    assert tally.unexplained == []
    assert tally.played == 6


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("platform", ["freebsd", "windows", "macos", "netbsd", "openbsd", "solaris", "illumos", "dragonfly"])
def test_two_thousand_scripts(platform: str) -> None:
    tally = compare(platform, scripts(platform, 2000, seed=1))
    print(tally.line(platform))
    assert tally.unexplained == []
    assert tally.share >= 99
