"""Each Python library is started as its users start it: what it sets, whether a second start fails, whether a restart does."""

from __future__ import annotations

import pytest

from fixtures.libraries.policies import Policy, load


def asking(question: str) -> pytest.MarkDecorator:
    """The policies of which a question is asked."""
    return pytest.mark.parametrize("policy", [one for one in load() if question in one.asks], ids=str)


@pytest.mark.library("options")
@asking("options")
def test_options(policy: Policy) -> None:
    """Does the library set on its sockets what is recorded of it, and nothing else?"""


@pytest.mark.library("second-start")
@asking("second-start")
def test_second_start(policy: Policy) -> None:
    """May it be started a second time on its address while the first runs?"""


@pytest.mark.library("restart")
@asking("restart")
def test_restart(policy: Policy) -> None:
    """May it start again while a connection that it closed first is in TIME_WAIT?"""
