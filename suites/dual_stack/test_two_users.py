"""Do two other users exclude each other across the families as one user's sockets do?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, NONE, OK, REUSEADDR, REUSEPORT, Answer, Options
from fixtures.specification.rules import DUAL_STACK
from suites.places import ANY4, ANY6, DUAL, MAPPED4, MAPPED_ANY, ONE4, ONE6, Place, ask_for, bound

TWINS = [
    (ANY4,       DUAL),
    (MAPPED_ANY, DUAL),
    (ANY6,       DUAL),
    (DUAL,       ANY6),
    (DUAL,       ANY4),
]  # fmt: skip
WILDCARD_AND_ONE_OF_ITS = [
    (ONE4,    DUAL),
    (MAPPED4, DUAL),
    (ONE6,    DUAL),
    (ONE6,    ANY6),
    (ANY6,    ONE6),
]  # fmt: skip


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/{first}-{second}", rule=DUAL_STACK)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (REUSEADDR, REUSEADDR, EADDRINUSE),
        (REUSEADDR, REUSEPORT, EADDRINUSE),
        (REUSEPORT, REUSEADDR, EADDRINUSE),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(("held", "wanted"), TWINS, ids=str)
def test_two_users_and_the_same_address(
    stack: Stack, held: Place, wanted: Place, first: Options, second: Options, expected: Answer
) -> None:
    """One user ({first}) has {held.aloud}. May another user ({second}) bind {wanted.aloud}?"""
    bound(stack.stranger, "tcp", held, *first)
    assert ask_for(stack.stranger2, "tcp", wanted, *second) == expected


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/{first}-{second}", rule=DUAL_STACK)
@pytest.mark.parametrize("first", [REUSEADDR, REUSEPORT], ids=str)
@pytest.mark.parametrize("second", [REUSEADDR, REUSEPORT], ids=str)
@pytest.mark.parametrize(("held", "wanted"), WILDCARD_AND_ONE_OF_ITS, ids=str)
def test_two_users_and_a_wildcard(stack: Stack, held: Place, wanted: Place, first: Options, second: Options) -> None:
    """One user ({first}) has {held.aloud}. May another user ({second}) bind {wanted.aloud}?"""
    bound(stack.stranger, "tcp", held, *first)
    assert ask_for(stack.stranger2, "tcp", wanted, *second) == OK


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(
    ("held", "wanted", "options"),
    [
        (ANY6,       ANY4,    NONE),
        (ONE4,       MAPPED4, REUSEPORT),
        (MAPPED_ANY, ONE6,    REUSEADDR),
    ],
    ids=str,
)  # fmt: skip
def test_two_users_and_two_families(stack: Stack, held: Place, wanted: Place, options: Options) -> None:
    """One user has {held.aloud}. May another bind {wanted.aloud}, each with {options.aloud}?"""
    bound(stack.stranger, "tcp", held, *options)
    assert ask_for(stack.stranger2, "tcp", wanted, *options) == OK


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/no-options", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted"), [(ANY4, DUAL), (DUAL, ANY4)], ids=str)
def test_two_users_and_two_wildcards(stack: Stack, held: Place, wanted: Place) -> None:
    """One user has {held.aloud} without options. Is another refused {wanted.aloud}?"""
    bound(stack.stranger, "tcp", held)
    assert ask_for(stack.stranger2, "tcp", wanted) == EADDRINUSE


@experiment("tcp/dual-stack/one-user/{held}-then-dual/reuseaddr", rule=DUAL_STACK)
@pytest.mark.parametrize("held", [ONE4, ONE6], ids=str)
def test_another_user_beside_himself(stack: Stack, held: Place) -> None:
    """Another user has {held.aloud} with SO_REUSEADDR. May he bind the wildcard of both families, too?"""
    bound(stack.stranger, "tcp", held, *REUSEADDR)
    assert ask_for(stack.stranger, "tcp", DUAL, *REUSEADDR) == OK
