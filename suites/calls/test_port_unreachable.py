"""When does a UDP socket hear that nobody has the port to which it has sent?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    ECONNREFUSED,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    OK,
    RD,
    SECOND,
    SO_REUSEADDR,
    WILDCARD,
    WR,
    Address,
    Answer,
    Option,
)
from fixtures.specification.rules import PORT_UNREACHABLE
from fixtures.specification.sources import POSIX, TCPV2, UNP

CLIENT = LOOPBACK.at("Q")
CALLS = {"recv": Socket.recv, "send": Socket.send}
CONNECTED_UDP = UNP.at("§8.9, §8.11")


@experiment("udp/calls/{call}-after-port-unreachable/never-there", rule=PORT_UNREACHABLE, cites=(CONNECTED_UDP,))
@pytest.mark.parametrize("call", CALLS)
def test_nobody_ever_had_the_port(stack: Stack, call: str) -> None:
    """A connected UDP socket sent to a port that nobody ever had. Is {call} ECONNREFUSED?"""
    sender, receiver = stack.udp4(), stack.udp4()
    sender.connect(LOOPBACK)
    receiver.close()
    sender.send(1)
    assert CALLS[call](sender, 1) == ECONNREFUSED


@experiment("udp/calls/{call}-after-port-unreachable/closed", rule=PORT_UNREACHABLE, cites=(CONNECTED_UDP,))
@pytest.mark.parametrize("call", CALLS)
def test_nobody_has_the_port_any_more(stack: Stack, call: str) -> None:
    """A connected UDP socket sent to a port whose holder has closed. Is {call} ECONNREFUSED?"""
    sender, receiver = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    receiver.close()
    sender.send(1)
    assert CALLS[call](sender, 1) == ECONNREFUSED


@experiment("udp/calls/port-unreachable/receiver-connected-elsewhere", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.11"),))
def test_receiver_is_connected_elsewhere(stack: Stack) -> None:
    """The only socket of a port is connected elsewhere. Does a sender hear that nobody has the port?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    receiver.connect(CLIENT)
    sender.connect(LOOPBACK)
    sender.send(1)
    assert sender.send(1) == ECONNREFUSED


@experiment("udp/calls/port-unreachable-is-told-once", rule=PORT_UNREACHABLE, cites=(CONNECTED_UDP,))
def test_port_unreachable_is_told_once(stack: Stack) -> None:
    """A recv has told that nobody has the port. Is the next send granted?"""
    sender = stack.udp4()
    sender.connect(LOOPBACK)
    sender.send(1)
    sender.recv(1)
    assert sender.send(1) == OK


@experiment("udp/calls/recv-after-port-unreachable/third-send", rule=PORT_UNREACHABLE, cites=(CONNECTED_UDP,))
def test_recv_after_three_sends(stack: Stack) -> None:
    """A connected UDP socket has sent three times to a port that nobody has. Is recv ECONNREFUSED?"""
    sender = stack.udp4()
    sender.connect(LOOPBACK)
    for _ in range(3):
        sender.send(1)
    assert sender.recv(1) == ECONNREFUSED


@experiment("udp/calls/port-unreachable/shut/recv", rule=PORT_UNREACHABLE, cites=(TCPV2.at("soreceive"),))
def test_port_unreachable_is_told_after_shutdown_of_reading(stack: Stack) -> None:
    """A UDP socket sent to a port that nobody has, and was shut down for reading. Is recv told?"""
    sender = stack.udp4()
    sender.connect(LOOPBACK)
    sender.send(1)
    sender.shutdown(RD)
    assert sender.recv(1) == ECONNREFUSED


@experiment("udp/calls/port-unreachable/shut/send", rule=PORT_UNREACHABLE, cites=(POSIX.at("send, [EPIPE]"), TCPV2.at("sosend")))
def test_send_after_shutdown_with_an_error_pending(stack: Stack) -> None:
    """A UDP socket sent to a port that nobody has, and was shut down for writing. Is send refused?"""
    sender = stack.udp4()
    sender.connect(LOOPBACK)
    sender.send(1)
    sender.shutdown(WR)
    assert sender.send(1) in (Answer("EPIPE"), ECONNREFUSED)


@experiment("udp/calls/port-unreachable-is-told-the-sender", rule=PORT_UNREACHABLE, cites=(CONNECTED_UDP,))
def test_port_unreachable_is_told_the_sender(stack: Stack) -> None:
    """A socket at a group sent to a port that nobody has. Does one at the wildcard hear nothing of it?"""
    sender, other, receiver = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR), stack.udp4()
    sender.bind(GROUP)
    sender.connect(CLIENT)
    other.bind(WILDCARD)
    sender.send(1)
    receiver.bind(LOOPBACK.at("0"))
    other.connect(receiver.address)
    assert other.send(1) == OK


@experiment("udp/calls/port-unreachable/sender-at-another-address", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.11"),))
def test_sender_is_bound_to_another_address(stack: Stack) -> None:
    """A socket bound to 127.0.0.2 sent to a port of 127.0.0.1 that nobody has. Is its next send told?"""
    sender = stack.udp4()
    sender.bind(SECOND.at("Q"))
    sender.connect(LOOPBACK)
    sender.send(1)
    assert sender.send(1) == ECONNREFUSED


@experiment("udp/calls/port-unreachable/sender-at-a-group", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.11"),))
def test_sender_is_bound_to_a_group(stack: Stack) -> None:
    """A socket bound to a group sent twice to a port that nobody has. Is a third send granted?"""
    sender = stack.udp4()
    sender.bind(GROUP)
    sender.connect(CLIENT)
    sender.send(1)
    sender.send(1)
    assert sender.send(1) == OK


@experiment("udp6/calls/port-unreachable/sender-at-a-group", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.11"),))
def test_sender_is_bound_to_an_ipv6_group(stack: Stack) -> None:
    """An IPv6 socket bound to a group sent twice to a port that nobody has. Is a third send granted?"""
    sender = stack.udp6()
    sender.bind(GROUP6)
    sender.connect(LOOPBACK6.at("Q"))
    sender.send(1)
    sender.send(1)
    assert sender.send(1) == OK


# What has arrived comes before the error.


@experiment("udp/calls/data-before-error", rule=PORT_UNREACHABLE, cites=(TCPV2.at("soreceive"),))
def test_data_before_an_error(stack: Stack) -> None:
    """A UDP socket has data waiting and sent to a port that nobody has. Does recv find the data?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    sender.send(1)
    receiver.connect(CLIENT)
    receiver.send(1)
    assert receiver.recv(1) == OK


@experiment("udp/calls/data-before-error/again", rule=PORT_UNREACHABLE, cites=(TCPV2.at("soreceive"),))
def test_data_before_a_second_error(stack: Stack) -> None:
    """Two datagrams wait, and each of two sends found nobody. Does recv find the second datagram, too?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    sender.send(1)
    sender.send(1)
    receiver.connect(CLIENT)
    receiver.send(1)
    receiver.recv(1)
    receiver.send(1)
    assert receiver.recv(1) == OK


@experiment("udp/calls/connect-after-port-unreachable", rule=PORT_UNREACHABLE, cites=(TCPV2.at("soconnect"),))
def test_connect_after_an_error(stack: Stack) -> None:
    """A connected UDP socket sent to a port that nobody has. May it connect elsewhere?"""
    sender = stack.udp4()
    sender.connect(LOOPBACK)
    sender.send(1)
    assert sender.connect(CLIENT) == OK


@experiment("udp6/calls/send-after-port-unreachable/{destination}", rule=PORT_UNREACHABLE, cites=(CONNECTED_UDP,))
@pytest.mark.parametrize(
    ("destination", "option", "to"),
    [
        ("ipv6",   IPV6_V6ONLY,     LOOPBACK6),
        ("mapped", IPV6_V6ONLY.off, MAPPED),
    ],
    ids=str,
)  # fmt: skip
def test_nobody_has_the_port_over_ipv6(stack: Stack, destination: str, option: Option, to: Address) -> None:
    """An IPv6 socket sent to a port that nobody has ({destination}). Is its next send told?"""
    sender = stack.udp6(option)
    sender.connect(to)
    sender.send(1)
    assert sender.send(1) == ECONNREFUSED
