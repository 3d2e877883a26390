"""Which address does sendto give to a socket that has none?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import EADDRINUSE, EINVAL, LOOPBACK, OK, REUSEADDR, REUSEPORT, WILDCARD, Address, Options
from fixtures.specification.rules import BIND_NAMES, BOUND_ONCE, DELIVERED, SENT_FROM_WILDCARD, THEFT
from fixtures.specification.sources import UNP
from suites.connected_udp.peers import EVERY_KIND

_ASSIGNED = UNP.at("§8.3")


def sent(stack: Stack, kind: str, to: Address, *options: object) -> Socket:
    """A socket without an address that has sent there."""
    sender = stack.socket(kind, *options)  # type: ignore[arg-type]
    sender.sendto(to)
    return sender


def at_port_of(address: Address, socket: Socket) -> Address:
    """This address, with the port that the socket has."""
    return address.at(f"port({socket.name})")


# A port of its own, at the wildcard.


@experiment("{kind}/sendto/port/wildcard", rule=SENT_FROM_WILDCARD, cites=(_ASSIGNED,))
@EVERY_KIND
def test_its_port_is_taken(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket without an address has sent: is its port taken at the wildcard?"""
    sender = sent(stack, kind, specific, *always)
    assert stack.socket(kind, *always).bind(at_port_of(wildcard, sender)) == EADDRINUSE


@experiment("{kind}/sendto/port/specific", rule=SENT_FROM_WILDCARD)
@EVERY_KIND
def test_its_port_is_taken_everywhere(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket without an address has sent: is its port taken at a specific address?"""
    sender = sent(stack, kind, specific, *always)
    assert stack.socket(kind, *always).bind(at_port_of(specific, sender)) == EADDRINUSE


@experiment("{kind}/sendto/bind-afterwards", rule=BOUND_ONCE)
@EVERY_KIND
def test_bind_afterwards(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket without an address has sent: is a bind refused because it is bound?"""
    sender = sent(stack, kind, specific, *always)
    assert sender.bind(specific.at("Q")) == EINVAL


@experiment("{kind}/sendto/disconnected/bind", rule=BOUND_ONCE)
@EVERY_KIND
def test_bind_after_disconnect(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket without an address has sent, and connects to AF_UNSPEC: is a bind refused?"""
    sender = sent(stack, kind, specific, *always)
    sender.disconnect()
    assert sender.bind(specific.at("Q")) == EINVAL


@experiment("{kind}/sendto/again", rule=SENT_FROM_WILDCARD)
@EVERY_KIND
def test_it_keeps_its_port(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket sends twice: does it hear at its port what comes after the second?"""
    sender = sent(stack, kind, specific, *always)
    sender.sendto(specific.at("Q"))
    assert stack.connections(at_port_of(specific, sender)) == sender.itself


@experiment("{kind}/sendto/answer", rule=DELIVERED)
@EVERY_KIND
def test_the_answer_comes(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} client without an address sends to a server, which answers: does the answer come?"""
    server = stack.socket(kind, *always)
    server.bind(specific)
    client = sent(stack, kind, specific, *always)
    server.recv(1)
    server.sendto(at_port_of(specific, client))
    assert client.recv(1) == OK


# A refusal.


@experiment("{kind}/sendto/refused", rule=BIND_NAMES)
@EVERY_KIND
def test_a_refused_sendto_binds_nothing(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """sendto of a {kind} socket to port 0 was refused: may the socket be bound?"""
    sender = sent(stack, kind, specific.at("0"), *always)
    assert sender.bind(specific) == OK


# Who takes its port.

SHARED = pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)


@experiment("udp4/sendto/theft/{options}", rule=THEFT)
@SHARED
def test_its_answers_go_to_another(stack: Stack, options: Options) -> None:
    """A client ({options.aloud}) has sent, another one binds its port: does that get its answers?"""
    client = sent(stack, "udp4", LOOPBACK, *options)
    thief = stack.udp4(*options)
    thief.bind(at_port_of(LOOPBACK, client))
    assert stack.connections(at_port_of(LOOPBACK, client)) == thief.itself


@experiment("udp4/sendto/theft/none", rule=SENT_FROM_WILDCARD)
def test_without_options_nobody_takes_it(stack: Stack) -> None:
    """A client has sent; another one with SO_REUSEADDR binds its port at the wildcard: is it refused?"""
    client = sent(stack, "udp4", LOOPBACK)
    assert stack.udp4(*REUSEADDR).bind(at_port_of(WILDCARD, client)) == EADDRINUSE
