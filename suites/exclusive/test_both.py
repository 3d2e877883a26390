"""What has neither SO_EXCLUSIVEADDRUSE nor SO_EXCLBIND in its way?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EXCLBIND,
    EXCLUSIVE,
    LOOPBACK,
    OK,
    SECOND,
    SO_REUSEADDR,
    WILDCARD,
    Options,
)
from fixtures.specification.rules import DIFFERENT_ADDRESSES, EXCLUSIVE_BINDING, EXCLUSIVE_USE


@experiment("tcp/exclusive/different-addresses/{options}", rule=DIFFERENT_ADDRESSES)
@pytest.mark.parametrize("options", [EXCLUSIVE, EXCLBIND], ids=str)
def test_another_address_is_free(stack: Stack, options: Options) -> None:
    """A server with {options.aloud} listens at 127.0.0.1: may another with it bind 127.0.0.2?"""
    listening(stack, LOOPBACK, *options)
    assert stack.tcp4(*options).bind(SECOND) == OK


RULES = {EXCLUSIVE: EXCLUSIVE_USE, EXCLBIND: EXCLUSIVE_BINDING}


@experiment("tcp/exclusive/closed/{options}", rule=lambda options: RULES[options])
@pytest.mark.parametrize("options", RULES, ids=str)
def test_a_closed_holder_excludes_nobody(stack: Stack, options: Options) -> None:
    """A server with {options.aloud} that served nobody has closed: may one without options bind its address?"""
    first = listening(stack, LOOPBACK, *options)
    first.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/exclusive/cleared/{options}", rule=lambda options: RULES[options])
@pytest.mark.parametrize("options", RULES, ids=str)
def test_cleared_before_bind(stack: Stack, options: Options) -> None:
    """A server set {options.aloud}, cleared it and bound 0.0.0.0: may one with SO_REUSEADDR bind 127.0.0.1?"""
    first = stack.tcp4(*options)
    for option in options:
        first.set(option.off)
    first.bind(WILDCARD)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK
