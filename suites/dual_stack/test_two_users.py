"""Do two other users exclude each other across the families as one user's sockets do?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, NONE, OK, REUSEADDR, REUSEPORT, Answer, Options
from fixtures.specification.rules import DUAL_STACK
from suites.dual_stack.places import ask_for, bound

TWINS = [
    ("any4",       "dual"),
    ("mapped-any", "dual"),
    ("v6only",     "dual"),
    ("dual",       "v6only"),
    ("dual",       "any4"),
]  # fmt: skip
WILDCARD_AND_ONE_OF_ITS = [
    ("loopback4",  "dual"),
    ("mapped",     "dual"),
    ("loopback6",  "dual"),
    ("loopback6",  "v6only"),
    ("v6only",     "loopback6"),
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
@pytest.mark.parametrize(("held", "wanted"), TWINS)
def test_two_users_and_the_same_address(stack: Stack, held: str, wanted: str, first: Options, second: Options, expected: Answer) -> None:
    """One user's {held} socket ({first}) is bound. May another user's {wanted} one ({second}) bind?"""
    bound(stack.stranger, "tcp", held, *first)
    assert ask_for(stack.stranger2, "tcp", wanted, *second) == expected


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/{first}-{second}", rule=DUAL_STACK)
@pytest.mark.parametrize("first", [REUSEADDR, REUSEPORT], ids=str)
@pytest.mark.parametrize("second", [REUSEADDR, REUSEPORT], ids=str)
@pytest.mark.parametrize(("held", "wanted"), WILDCARD_AND_ONE_OF_ITS)
def test_two_users_and_a_wildcard(stack: Stack, held: str, wanted: str, first: Options, second: Options) -> None:
    """One user's {held} socket ({first}) is bound. May another user's {wanted} one ({second}) bind?"""
    bound(stack.stranger, "tcp", held, *first)
    assert ask_for(stack.stranger2, "tcp", wanted, *second) == OK


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(
    ("held", "wanted", "options"),
    [
        ("v6only",     "any4",      NONE),
        ("loopback4",  "mapped",    REUSEPORT),
        ("mapped-any", "loopback6", REUSEADDR),
    ],
    ids=str,
)  # fmt: skip
def test_two_users_and_two_families(stack: Stack, held: str, wanted: str, options: Options) -> None:
    """One user's {held} socket is bound. May another's {wanted} one bind, each with {options.aloud}?"""
    bound(stack.stranger, "tcp", held, *options)
    assert ask_for(stack.stranger2, "tcp", wanted, *options) == OK


@experiment("tcp/dual-stack/one-user/{held}-then-dual/reuseaddr", rule=DUAL_STACK)
@pytest.mark.parametrize("held", ["loopback4", "loopback6"])
def test_another_user_beside_himself(stack: Stack, held: str) -> None:
    """Another user has {held} with SO_REUSEADDR. May he bind the wildcard of both families, too?"""
    bound(stack.stranger, "tcp", held, *REUSEADDR)
    assert ask_for(stack.stranger, "tcp", "dual", *REUSEADDR) == OK
