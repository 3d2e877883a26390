"""Stevens' rules, one class each: the canonical demonstration of what UNP vol. 1 §7.5 and its kin say."""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.scenes import ended_in_time_wait, leave, listening, served, start
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EACH,
    EADDRINUSE,
    GROUP,
    LOOPBACK,
    OK,
    RDWR,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    Answer,
)
from fixtures.specification.rules import (
    ANY_ORDER,
    BEFORE_BIND,
    COMPLETELY_DUPLICATE,
    DIFFERENT_ADDRESSES,
    INHERITED_OPTIONS,
    LISTEN_IS_FREE,
    MOST_SPECIFIC,
    MULTICAST,
    NO_OPTIONS,
    ONE_OR_EACH,
    PCB_LOOKUP,
    RESTART,
    REUSEPORT_ALL,
    SAME_CONNECTION,
    SHUT_DOWN,
    THEFT,
    TIME_WAIT_REBIND,
    UDP_DUPLICATE,
    WILDCARD_AND_SPECIFIC,
)


class TestS1:
    """SO_REUSEADDR lets a server restart while children of its predecessor still run."""

    @experiment("tcp/stevens-s1/restart-beside-child", rule=RESTART)
    def test_restart(self, stack: Stack) -> None:
        """A server without options dies and its child serves on: may it restart with SO_REUSEADDR?"""
        leave(stack, "established", LOOPBACK)
        restarted = stack.tcp4(SO_REUSEADDR)
        assert restarted.bind(LOOPBACK) == OK

    @experiment("tcp/stevens-s1/control", rule=NO_OPTIONS)
    def test_control(self, stack: Stack) -> None:
        """A server dies and its child goes on serving: is a restart without SO_REUSEADDR refused?"""
        leave(stack, "established", LOOPBACK)
        assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


class TestS2:
    """SO_REUSEADDR lets servers on the wildcard and on specific addresses run side by side."""

    @experiment("tcp/stevens-s2/three-servers", rule=WILDCARD_AND_SPECIFIC)
    def test_three_servers(self, stack: Stack) -> None:
        """May servers listen on the wildcard and on two specific addresses of one port, all with SO_REUSEADDR?"""
        answers = []
        for address in (WILDCARD, LOOPBACK, SECOND):
            server = stack.tcp4(SO_REUSEADDR)
            answers += [server.bind(address), server.listen()]
        assert answers == [OK] * 6


class TestS3:
    """One port on several addresses needs no agreement between them."""

    @experiment("tcp/stevens-s3/two-addresses", rule=DIFFERENT_ADDRESSES)
    def test_two_addresses(self, stack: Stack) -> None:
        """May one process listen on one port of two specific addresses?"""
        first, second = stack.tcp4(), stack.tcp4()
        first.bind(LOOPBACK)
        first.listen()
        assert (second.bind(SECOND), second.listen()) == (OK, OK)


class TestS4:
    """Completely duplicate bindings with SO_REUSEADDR are for UDP, and there for multicast."""

    @experiment("udp/stevens-s4/unicast", rule=UDP_DUPLICATE)
    def test_unicast(self, stack: Stack) -> None:
        """Is a duplicate UDP binding of a unicast address refused, with SO_REUSEADDR on both?"""
        stack.udp4(SO_REUSEADDR).bind(LOOPBACK)
        assert stack.udp4(SO_REUSEADDR).bind(LOOPBACK) == EADDRINUSE


class TestS5:
    """With SO_REUSEADDR alone nobody starts two TCP servers on one address and port."""

    @experiment("tcp/stevens-s5/two-servers", rule=COMPLETELY_DUPLICATE)
    def test_two_servers(self, stack: Stack) -> None:
        """One server listens with SO_REUSEADDR: is the bind of a second on the same address refused?"""
        first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
        first.bind(LOOPBACK)
        first.listen()
        assert second.bind(LOOPBACK) == EADDRINUSE


class TestS6:
    """SO_REUSEPORT shares among those that set it, all of them."""

    @experiment("tcp/stevens-s6/three-servers", rule=REUSEPORT_ALL)
    def test_three_servers(self, stack: Stack) -> None:
        """May three servers with SO_REUSEPORT listen on one address and port?"""
        answers = []
        for server in (stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)):
            answers += [server.bind(LOOPBACK), server.listen()]
        assert answers == [OK] * 6

    @experiment("udp/stevens-s6/twin-without-reuseport", rule=REUSEPORT_ALL)
    def test_twin_without(self, stack: Stack) -> None:
        """127.0.0.1 is held without SO_REUSEPORT, 0.0.0.0 with it: is one with it refused 127.0.0.1?"""
        stack.udp4(SO_REUSEADDR).bind(LOOPBACK)
        stack.udp4(SO_REUSEADDR, SO_REUSEPORT).bind(WILDCARD)
        assert stack.udp4(SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


class TestS7:
    """For a multicast group SO_REUSEADDR is as good as SO_REUSEPORT."""

    @experiment("udp/stevens-s7/reuseport-then-reuseaddr", rule=MULTICAST)
    def test_mixed(self, stack: Stack) -> None:
        """May a socket with SO_REUSEADDR bind the multicast group that one with SO_REUSEPORT has bound?"""
        stack.udp4(SO_REUSEPORT).bind(GROUP)
        assert stack.udp4(SO_REUSEADDR).bind(GROUP) == OK


class TestS8:
    """SO_REUSEADDR belongs before bind."""

    @experiment("tcp/stevens-s8/after-the-refusal", rule=BEFORE_BIND)
    def test_after_the_refusal(self, stack: Stack) -> None:
        """Does a socket that was refused 0.0.0.0 beside 127.0.0.1 get it after it sets SO_REUSEADDR?"""
        stack.tcp4(SO_REUSEADDR).bind(LOOPBACK)
        late = stack.tcp4()
        refused = late.bind(WILDCARD)
        late.set(SO_REUSEADDR)
        assert (refused, late.bind(WILDCARD)) == (EADDRINUSE, OK)


class TestS9:
    """The most specific binding receives."""

    @experiment("udp/stevens-s9/specific-before-wildcard", rule=MOST_SPECIFIC)
    def test_specific(self, stack: Stack) -> None:
        """Does the UDP socket at 127.0.0.1, not the one at 0.0.0.0, get what is sent to 127.0.0.1?"""
        general, particular = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
        general.bind(WILDCARD)
        particular.bind(LOOPBACK)
        assert stack.connections(LOOPBACK) == particular.itself

    @experiment("udp/stevens-s9/wildcard-gets-the-rest", rule=MOST_SPECIFIC)
    def test_the_rest(self, stack: Stack) -> None:
        """Does the UDP socket at 0.0.0.0, not the one at 127.0.0.1, get what is sent to 127.0.0.2?"""
        general, particular = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
        general.bind(WILDCARD)
        particular.bind(LOOPBACK)
        assert stack.connections(SECOND) == general.itself


class TestS10:
    """Wildcard and specific may come in either order."""

    @experiment("tcp/stevens-s10/wildcard-listens-first", rule=ANY_ORDER)
    def test_wildcard_first(self, stack: Stack) -> None:
        """The wildcard already listens: may a specific address be bound after it, with SO_REUSEADDR on both?"""
        first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
        first.bind(WILDCARD)
        first.listen()
        assert second.bind(LOOPBACK) == OK


class TestS11:
    """A more specific bind by another process takes the traffic."""

    @experiment("tcp/stevens-s11/theft", rule=THEFT)
    def test_theft(self, stack: Stack) -> None:
        """A server with SO_REUSEADDR has 0.0.0.0: does another process that binds 127.0.0.1 rob it?"""
        victim, thief = stack.tcp4(SO_REUSEADDR), stack.other.tcp4(SO_REUSEADDR)
        victim.bind(WILDCARD)
        victim.listen()
        start(thief, LOOPBACK)
        assert stack.connections(LOOPBACK) == thief.itself


class TestS12:
    """Multicast goes to each, unicast to one."""

    @experiment("udp/stevens-s12/each", rule=ONE_OR_EACH)
    def test_each(self, stack: Stack) -> None:
        """Does each of two members of a multicast group get every datagram?"""
        for _ in range(2):
            member = stack.udp4(SO_REUSEADDR)
            member.bind(GROUP)
            member.join(GROUP)
        assert stack.connections(GROUP) == EACH

    @experiment("udp/stevens-s12/one", rule=ONE_OR_EACH)
    def test_one(self, stack: Stack) -> None:
        """Two UDP sockets share a unicast address with SO_REUSEPORT: does one of them get every datagram?"""
        first, second = stack.udp4(SO_REUSEPORT), stack.udp4(SO_REUSEPORT)
        first.bind(LOOPBACK)
        second.bind(LOOPBACK)
        assert stack.connections(LOOPBACK) in (first.itself, second.itself)


class TestS13:
    """SO_REUSEADDR on the new socket is what lets bind succeed in TIME_WAIT."""

    @experiment("tcp/stevens-s13/new-socket-alone", rule=TIME_WAIT_REBIND)
    def test_new_alone(self, stack: Stack) -> None:
        """A server without options left TIME_WAIT: may one with SO_REUSEADDR bind its address?"""
        ended_in_time_wait(stack, stack, LOOPBACK)
        assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


class TestS14:
    """A connection that exists cannot be opened again."""

    @experiment("tcp/stevens-s14/second-client", rule=SAME_CONNECTION)
    def test_second_client(self, stack: Stack) -> None:
        """Two clients share a port with SO_REUSEPORT: is the second refused the destination of the first?"""
        served(stack, listening(stack, LOOPBACK), LOOPBACK)
        here = LOOPBACK.at("Q")
        first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
        first.bind(here)
        second.bind(here)
        first.connect(LOOPBACK)
        assert second.connect(LOOPBACK) == EADDRINUSE


class TestS15:
    """Accepted sockets take their options from the listener."""

    @experiment("tcp/stevens-s15/accepted-has-reuseaddr", rule=INHERITED_OPTIONS)
    def test_accepted(self, stack: Stack) -> None:
        """Does a socket accepted from a listener with SO_REUSEADDR have it too?"""
        _, accepted = served(stack, listening(stack, LOOPBACK, SO_REUSEADDR), LOOPBACK)
        assert accepted.get(SO_REUSEADDR) == Answer("1")


class TestS16:
    """bind looks for exact clashes only, once SO_REUSEADDR or SO_REUSEPORT is set."""

    @experiment("tcp/stevens-s16/reuseport-as-reuseaddr", rule=PCB_LOOKUP)
    def test_reuseport_alone(self, stack: Stack) -> None:
        """Does SO_REUSEPORT on the second socket alone let it bind a specific address beside the wildcard?"""
        stack.tcp4().bind(WILDCARD)
        assert stack.tcp4(SO_REUSEPORT).bind(LOOPBACK) == OK


class TestS17:
    """What bind granted, listen does not take back."""

    @experiment("tcp/stevens-s17/two-listen", rule=LISTEN_IS_FREE)
    def test_listen(self, stack: Stack) -> None:
        """Wildcard and specific are bound with SO_REUSEADDR: may both listen?"""
        first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
        first.bind(WILDCARD)
        second.bind(LOOPBACK)
        assert (first.listen(), second.listen()) == (OK, OK)

    @experiment("tcp/stevens-s17/shut-down-listener", rule=SHUT_DOWN)
    def test_shut_down(self, stack: Stack) -> None:
        """A listener is shut down, not closed: may another bind where it was, without options?"""
        first, second = stack.tcp4(), stack.tcp4()
        first.bind(LOOPBACK)
        first.listen()
        first.shutdown(RDWR)
        assert second.bind(LOOPBACK) == OK
