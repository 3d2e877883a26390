"""Does an option read as it was set?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EXCLUSIVE, LOOPBACK, OK, REUSEADDR, REUSEPORT, SO_REUSEADDR, Answer, Options
from fixtures.specification.rules import OPTION_BITS
from fixtures.specification.sources import POSIX, UNP


@experiment("tcp/option-timing/options-are-two/{one}-is-not-{other}", rule=OPTION_BITS, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("one", "other"), [(REUSEADDR, REUSEPORT), (REUSEPORT, REUSEADDR)], ids=str)
def test_one_option_does_not_set_the_other(stack: Stack, one: Options, other: Options) -> None:
    """Does a socket that sets {one.aloud} still have {other.aloud} clear?"""
    first = stack.tcp4(*one)
    assert first.get(*other) == Answer("0")


# Before anything is set, and right after.
@experiment("{kind}/option-timing/default/{option}", rule=OPTION_BITS, cites=(POSIX.at("getsockopt; socket options"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, EXCLUSIVE], ids=str)
def test_option_of_a_new_socket(stack: Stack, kind: str, option: Options) -> None:
    """Is {option.aloud} off on a new {kind} socket?"""
    assert stack.socket(kind).get(*option) == Answer("0")


@experiment("{kind}/option-timing/read-back/{option}", rule=OPTION_BITS, cites=(POSIX.at("getsockopt; socket options"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, EXCLUSIVE], ids=str)
def test_option_reads_as_it_was_set(stack: Stack, kind: str, option: Options) -> None:
    """Does {option.aloud}, once set on a {kind} socket, read as set?"""
    assert stack.socket(kind, *option).get(*option) == Answer("1")


@experiment("tcp4/option-timing/read-back/reuseaddr-cleared", rule=OPTION_BITS, cites=(POSIX.at("getsockopt; socket options"),))
def test_a_cleared_option_reads_as_clear(stack: Stack) -> None:
    """Does SO_REUSEADDR, once set and cleared again, read as clear?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.set(SO_REUSEADDR.off)
    assert first.get(SO_REUSEADDR) == Answer("0")


@experiment("udp/option-timing/set-after-bind/reuseaddr", rule=OPTION_BITS, cites=(POSIX.at("setsockopt"),))
def test_reuseaddr_after_bind(stack: Stack) -> None:
    """May a bound UDP socket set SO_REUSEADDR?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    assert server.set(SO_REUSEADDR) == OK
