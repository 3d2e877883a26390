"""A server is replaced by another beside it: what becomes of a client that waits in the queue of the old one?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import serving
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import ECONNRESET, LOOPBACK, OK, RDWR, SO_REUSEPORT, WILDCARD, Address
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
    old = serving(stack, kind, LOOPBACK, SO_REUSEPORT)
    client = stack.socket(client_is)
    client.connect(LOOPBACK)
    return old, serving(stack, kind, beside, SO_REUSEPORT), client


@experiment("tcp/reuseport/reload/waiting-client", rule=RESET, cites=(STOPS,))
def test_client_that_waits_whatever_the_setting(stack: Stack) -> None:
    """A new server listens beside the old by SO_REUSEPORT; the old closes. Is who waited there reset?"""
    old = serving(stack, "tcp4", LOOPBACK, SO_REUSEPORT)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    serving(stack, "tcp4", LOOPBACK, SO_REUSEPORT)
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp/reuseport/reload/{end}/migrate-{setting}", rule=RESET, cites=(STOPS,))
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("setting", [0, 1])
def test_client_that_waits_at_the_old_server(stack: Stack, end: str, setting: int) -> None:
    """tcp_migrate_req is {setting}. A new server listens, the old one ends ({end}). Is who waits reset?"""
    old, _, client = one_waits(stack, setting)
    ENDS[end](old)
    assert client.recv(1) == ECONNRESET


@experiment("mptcp/reuseport/reload/migrate-1", rule=RESET, cites=(STOPS,))
def test_client_of_mptcp_that_waits(stack: Stack) -> None:
    """tcp_migrate_req is 1. A new MPTCP server listens, the old one closes. Is who waits reset?"""
    old, _, client = one_waits(stack, 1, "mptcp4", "mptcp4")
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
    """tcp_migrate_req is 1; the new server is on 0.0.0.0, the old one was not. Is who waits reset?"""
    old, _, client = one_waits(stack, 1, beside=WILDCARD)
    old.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp/reuseport/reload/cleared-by-the-old", rule=RESET, cites=(STOPS,))
def test_client_of_a_server_that_left_the_group(stack: Stack) -> None:
    """tcp_migrate_req is 1; the old server cleared SO_REUSEPORT before the new came. Is who waits reset?"""
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
    """tcp_migrate_req is 1; the old server cleared SO_REUSEPORT when the new had come. Is who waits reset?"""
    old, _, client = one_waits(stack, 1)
    old.set(SO_REUSEPORT.off)
    old.close()
    assert client.recv(1) == ECONNRESET
