"""Which options does a socket of Multipath TCP take, and when?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import GROUP, IPV6_V6ONLY, LOOPBACK6, OK, SO_BROADCAST, SO_REUSEADDR, SO_REUSEPORT, Answer, Option
from fixtures.specification.rules import MEMBERSHIP, OPTION_BITS
from suites.mptcp.scenes import FALLS_BACK, TRANSPARENT, ends, server

EITHER = pytest.mark.parametrize(("name", "option"), [("reuseaddr", SO_REUSEADDR), ("reuseport", SO_REUSEPORT)])


@experiment("mptcp/options/{end}/{name}", rule=OPTION_BITS, cites=(TRANSPARENT,))
@pytest.mark.parametrize("end", ["client", "accepted"])
@EITHER
def test_option_of_a_connection(stack: Stack, end: str, name: str, option: Option) -> None:
    """An MPTCP connection is open. May its {end} end still set {option}?"""
    client, accepted = ends(stack, server(stack, "mptcp"))
    assert (client if end == "client" else accepted).set(option) == OK


@experiment("mptcp/options/accepted-from-tcp/{name}", rule=OPTION_BITS, cites=(FALLS_BACK,))
@EITHER
def test_option_of_a_plain_connection(stack: Stack, name: str, option: Option) -> None:
    """An MPTCP server accepted a client of TCP. May it set {option} on that connection?"""
    _, accepted = ends(stack, server(stack, "mptcp"), "tcp")
    assert accepted.set(option) == OK


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


@experiment("mptcp/options/broadcast", rule=OPTION_BITS, cites=(TRANSPARENT,))
def test_an_option_of_udp(stack: Stack) -> None:
    """SO_BROADCAST, for which TCP has no use, was set on an MPTCP socket: does it read as 1?"""
    socket = stack.mptcp4()
    socket.set(SO_BROADCAST)
    assert socket.get(SO_BROADCAST) == Answer("1")
