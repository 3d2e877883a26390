"""A server is replaced by another beside it: what becomes of a client that waits in the queue of the old one?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import serving
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import ECONNRESET, END, LOOPBACK, LOOPBACK6, OK, RD, RDWR, SO_LINGER_0, SO_REUSEPORT, WILDCARD, Address, Answer
from fixtures.specification.rules import DELIVERED, RESET
from fixtures.specification.sources import LINUX

MIGRATE = "net.ipv4.tcp_migrate_req"
STOPS = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_stop")
#: How the old server stops to listen.
ENDS = {"close": lambda old: old.close(), "shutdown": lambda old: old.shutdown(RDWR)}


def one_waits(
    stack: Stack, setting: int, kind: str = "tcp4", client_is: str = "tcp4", beside: Address = LOOPBACK
) -> tuple[Socket, Socket, Socket]:
    """A client waits to be accepted by an old server, and a new one has begun to listen beside it: the old, the new, the client."""
    stack.sysctl(MIGRATE, setting)
    return waits_beside(stack, kind, client_is, beside)


def waits_beside(stack: Stack, kind: str = "tcp4", client_is: str = "tcp4", beside: Address = LOOPBACK) -> tuple[Socket, Socket, Socket]:
    """The same, whatever the setting."""
    old = serving(stack, kind, LOOPBACK, SO_REUSEPORT)
    client = stack.socket(client_is)
    client.connect(LOOPBACK)
    return old, serving(stack, kind, beside, SO_REUSEPORT), client


@experiment("tcp/reuseport/reload/waiting-client", rule=RESET, cites=(STOPS,))
def test_client_that_waits_whatever_the_setting(stack: Stack) -> None:
    """A new server listens beside the old by SO_REUSEPORT; the old closes. Is a waiting client reset?"""
    old, _, client = waits_beside(stack)
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp6/reuseport/reload/waiting-client", rule=RESET, cites=(STOPS,))
def test_client_of_ipv6_that_waits(stack: Stack) -> None:
    """A new IPv6 server listens beside the old; the old closes. Is a waiting client reset?"""
    old = serving(stack, "tcp6", LOOPBACK6, SO_REUSEPORT)
    client = stack.tcp6()
    client.connect(LOOPBACK6)
    serving(stack, "tcp6", LOOPBACK6, SO_REUSEPORT)
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp/reuseport/reload/cleared-by-the-new", rule=RESET, cites=(STOPS,))
def test_client_beside_a_new_server_that_cleared_the_option(stack: Stack) -> None:
    """A new server clears SO_REUSEPORT beside the old, which closes. Is a waiting client reset?"""
    old, new, client = waits_beside(stack)
    new.set(SO_REUSEPORT.off)
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp/reuseport/reload/client-shut-for-reading", rule=RESET, cites=(STOPS,))
def test_client_that_will_not_read(stack: Stack) -> None:
    """The old of two servers closes; a waiting client shut down reading. Is recv ECONNRESET, or the end?"""
    old, _, client = waits_beside(stack)
    old.close()
    client.shutdown(RD)
    assert client.recv(1) in (ECONNRESET, END)


#: What a server does with a connection, and what its client receives then.
SERVED: dict[str, tuple[Callable[[Socket], object], Answer]] = {
    "sends": (lambda accepted: accepted.send(1), OK),
    "closes": (lambda accepted: accepted.close(), END),
    "resets": (lambda accepted: (accepted.set(SO_LINGER_0), accepted.close()), ECONNRESET),
}


@experiment("tcp/reuseport/reload/new-{does}", rule=RESET, cites=(STOPS,))
@pytest.mark.parametrize("does", SERVED)
def test_client_that_the_new_server_accepts(stack: Stack, does: str) -> None:
    """The old of two servers closes. If a waiting client is kept and the new {does}, is that received?"""
    old, new, client = waits_beside(stack)
    old.close()
    if client.recv(1) != ECONNRESET:
        act, received = SERVED[does]
        act(new.accept())
        assert client.recv(1) == received


@experiment("tcp/reuseport/reload/{end}/migrate-{setting}", rule=RESET, cites=(STOPS,))
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("setting", [0, 1])
def test_client_that_waits_at_the_old_server(stack: Stack, end: str, setting: int) -> None:
    """tcp_migrate_req is {setting}. A new server listens, the old one ends ({end}). Is a waiting client reset?"""
    old, _, client = one_waits(stack, setting)
    ENDS[end](old)
    assert client.recv(1) == ECONNRESET


@experiment("mptcp/reuseport/reload/migrate-1", rule=RESET, cites=(STOPS,))
def test_client_of_mptcp_that_waits(stack: Stack) -> None:
    """tcp_migrate_req is 1. A new MPTCP server listens, the old one closes. Is a waiting client reset?"""
    old, _, client = one_waits(stack, 1, "mptcp4", "mptcp4")
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("mptcp/reuseport/reload/client-of-mptcp", rule=RESET, cites=(STOPS,))
def test_client_of_mptcp_at_a_tcp_server(stack: Stack) -> None:
    """tcp_migrate_req is 1, the old TCP server closes: is a waiting client of MPTCP reset?"""
    old, _, client = one_waits(stack, 1, "tcp4", "mptcp4")
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("{protocol}/reuseport/reload/accepted-by-the-new", rule=DELIVERED, cites=(STOPS,))
@pytest.mark.parametrize("protocol", ["tcp", "mptcp"])
def test_client_that_moved(stack: Stack, protocol: str) -> None:
    """tcp_migrate_req is 1, the old {protocol} server closed. Does a TCP client that waited reach the new?"""
    old, new, client = one_waits(stack, 1, f"{protocol}4")
    old.close()
    moved = new.accept()
    client.send(1)
    assert moved.recv(1) == OK


@experiment("tcp/reuseport/reload/another-address", rule=RESET, cites=(STOPS,))
def test_client_of_a_server_that_is_in_no_group(stack: Stack) -> None:
    """tcp_migrate_req is 1; the new server is on 0.0.0.0, the old one was not. Is a waiting client reset?"""
    old, _, client = one_waits(stack, 1, beside=WILDCARD)
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp/reuseport/reload/cleared-by-the-old", rule=RESET, cites=(STOPS,))
def test_client_of_a_server_that_left_the_group(stack: Stack) -> None:
    """tcp_migrate_req is 1; the old cleared SO_REUSEPORT before the new came. Is a waiting client reset?"""
    stack.sysctl(MIGRATE, 1)
    old = serving(stack, "tcp4", LOOPBACK, SO_REUSEPORT)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    old.set(SO_REUSEPORT.off)
    serving(stack, "tcp4", LOOPBACK, SO_REUSEPORT)
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp/reuseport/reload/cleared-after-joining", rule=RESET, cites=(STOPS,))
def test_client_of_a_member_that_cleared_the_option(stack: Stack) -> None:
    """tcp_migrate_req is 1; the old cleared SO_REUSEPORT when the new had come. Is a waiting client reset?"""
    old, _, client = one_waits(stack, 1)
    old.set(SO_REUSEPORT.off)
    old.close()
    assert client.recv(1) == ECONNRESET
