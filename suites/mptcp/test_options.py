"""Which options does a socket of Multipath TCP take, and when?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    GROUP,
    IPV6_V6ONLY,
    LOOPBACK6,
    OK,
    SO_BROADCAST,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD6,
    Answer,
    Option,
)
from fixtures.specification.rules import MEMBERSHIP, MEMBERSHIP_ENDS, OPTION_BITS
from suites.mptcp.scenes import FALLS_BACK, TRANSPARENT, ends, server

EITHER = pytest.mark.parametrize(("name", "option"), [("reuseaddr", SO_REUSEADDR), ("reuseport", SO_REUSEPORT)])


@experiment("mptcp/options/{end}/{name}", rule=OPTION_BITS, cites=(TRANSPARENT,))
@pytest.mark.parametrize("end", ["client", "accepted"])
@EITHER
def test_option_of_a_connection(stack: Stack, end: str, name: str, option: Option) -> None:
    """An MPTCP connection is open. May its {end} end still set {option}?"""
    client, accepted = ends(stack, server(stack, "mptcp"))
    assert (client if end == "client" else accepted).set(option) == OK


@experiment("mptcp/options/{end}/linger", rule=OPTION_BITS, cites=(TRANSPARENT,))
@pytest.mark.parametrize("end", ["client", "accepted"])
def test_linger_of_a_connection(stack: Stack, end: str) -> None:
    """An MPTCP connection is open. May its {end} end set SO_LINGER?"""
    client, accepted = ends(stack, server(stack, "mptcp"))
    assert (client if end == "client" else accepted).set(SO_LINGER_0) == OK


@experiment("mptcp/options/accepted-from-tcp/{name}", rule=OPTION_BITS, cites=(FALLS_BACK,))
@EITHER
def test_option_of_a_plain_connection(stack: Stack, name: str, option: Option) -> None:
    """An MPTCP server accepted a client of TCP. May it set {option} on that connection?"""
    _, accepted = ends(stack, server(stack, "mptcp"), "tcp")
    assert accepted.set(option) == OK


@experiment("mptcp/options/v6only/default", rule=OPTION_BITS, cites=(TRANSPARENT,))
def test_v6only_at_first(stack: Stack) -> None:
    """Does IPV6_V6ONLY of a new mptcp6 socket read as 0?"""
    assert stack.mptcp6().get(IPV6_V6ONLY) == Answer("0")


@experiment("mptcp/options/v6only/set", rule=OPTION_BITS, cites=(TRANSPARENT,))
def test_v6only_beside_another_option(stack: Stack) -> None:
    """An mptcp6 socket has set IPV6_V6ONLY and cleared SO_REUSEADDR. Does IPV6_V6ONLY read 1?"""
    socket = stack.mptcp6(IPV6_V6ONLY)
    socket.set(SO_REUSEADDR.off)
    assert socket.get(IPV6_V6ONLY) == Answer("1")


@experiment("mptcp/options/v6only/refused", rule=OPTION_BITS, cites=(TRANSPARENT,))
def test_v6only_that_came_too_late(stack: Stack) -> None:
    """An mptcp6 socket at [::] asks for IPV6_V6ONLY. If that is refused, does it read 0?"""
    bound = stack.mptcp6(IPV6_V6ONLY.off)
    bound.bind(WILDCARD6)
    assert bound.set(IPV6_V6ONLY) == OK or bound.get(IPV6_V6ONLY) == Answer("0")


@experiment("mptcp/options/v6only/reads-as-set", rule=OPTION_BITS, cites=(TRANSPARENT,))
def test_v6only_after_bind(stack: Stack) -> None:
    """An mptcp6 socket without IPV6_V6ONLY is bound to [::1]. Does the option still read 0?"""
    bound = stack.mptcp6(IPV6_V6ONLY.off)
    bound.bind(LOOPBACK6)
    assert bound.get(IPV6_V6ONLY) == Answer("0")


@experiment("mptcp/options/join", rule=MEMBERSHIP, cites=(TRANSPARENT,))
def test_join(stack: Stack) -> None:
    """May an MPTCP socket join a multicast group?"""
    assert stack.mptcp4().join(GROUP) == OK


@experiment("mptcp/options/leave", rule=MEMBERSHIP_ENDS, cites=(TRANSPARENT,))
def test_leave(stack: Stack) -> None:
    """Is an MPTCP socket that has joined no group refused leave of one?"""
    assert stack.mptcp4().leave(GROUP) != OK


@experiment("mptcp/options/broadcast", rule=OPTION_BITS, cites=(TRANSPARENT,))
def test_an_option_of_udp(stack: Stack) -> None:
    """SO_BROADCAST, for which TCP has no use, was set on an MPTCP socket: does it read as 1?"""
    socket = stack.mptcp4()
    socket.set(SO_BROADCAST)
    assert socket.get(SO_BROADCAST) == Answer("1")
