"""Who holds a port that the system chose: for port 0, for a connect or for a listen without bind?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import EADDRINUSE, EINVAL, LOOPBACK, NONE, OK, REUSEADDR, REUSEPORT, SECOND, Address, Answer, Options
from fixtures.specification.rules import BOUND_ONCE, NO_OPTIONS, PCB_LOOKUP, UNUSED_PORT
from fixtures.specification.sources import LITE2, POSIX

ANY_PORT = LOOPBACK.at("0")


def port_of(chosen: Socket, at: Address = LOOPBACK) -> Address:
    """The port that the system chose for a socket that was never bound, at this address."""
    return at.at(f"port({chosen.name})")


@experiment("tcp/outgoing/port-0-is-held/first-{first}", rule=NO_OPTIONS, cites=(POSIX.at("bind"),))
@pytest.mark.parametrize("first", [NONE, REUSEADDR, REUSEPORT], ids=str)
def test_chosen_port_is_held(stack: Stack, first: Options) -> None:
    """A socket with {first.aloud} bound port 0. Is a bind without options refused the port it got?"""
    holder = stack.tcp4(*first)
    holder.bind(ANY_PORT)
    assert stack.tcp4().bind(holder.address) == EADDRINUSE


@experiment("tcp/outgoing/port-0-twice/{options}", rule=NO_OPTIONS, cites=(POSIX.at("bind"),))
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_port_0_twice(stack: Stack, options: Options) -> None:
    """Two sockets, each with {options.aloud}, bound port 0. Does closing the first free its port?"""
    first = stack.tcp4(*options)
    first.bind(ANY_PORT)
    second = stack.tcp4(*options)
    second.bind(ANY_PORT)
    first.close()
    assert stack.tcp4().bind(first.address) == OK


@experiment("tcp/outgoing/implicit-port/{options}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, OK),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_implicit_port_of_a_client(stack: Stack, options: Options, expected: Answer) -> None:
    """A client connected without bind. May a server with {options.aloud} bind its port?"""
    listening(stack, LOOPBACK)
    client = connecting(stack, LOOPBACK)
    assert stack.tcp4(*options).bind(port_of(client)) == expected


@experiment("tcp/outgoing/implicit-port/other-address", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_implicit_port_on_another_address(stack: Stack) -> None:
    """A client connected without bind. Is its port free on another local address?"""
    listening(stack, LOOPBACK)
    client = connecting(stack, LOOPBACK)
    assert stack.tcp4().bind(port_of(client, SECOND)) == OK


@experiment("tcp/outgoing/implicit-port/held-beside", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_a_third_beside_a_client_and_who_bound_its_port(stack: Stack) -> None:
    """A client drew a port, which another bound at 127.0.0.2: is a third without options refused that?"""
    listening(stack, LOOPBACK)
    client = connecting(stack, LOOPBACK)
    stack.tcp4(*REUSEADDR).bind(port_of(client, SECOND))
    assert stack.tcp4().bind(port_of(client, SECOND)) == EADDRINUSE


@experiment("udp/outgoing/implicit-port/no-options", rule=PCB_LOOKUP)
def test_implicit_port_of_a_udp_socket(stack: Stack) -> None:
    """A UDP socket connected without bind. Is a bind without options refused its port?"""
    caller = stack.udp4()
    caller.connect(LOOPBACK)
    assert stack.udp4().bind(port_of(caller)) == EADDRINUSE


@experiment("udp/outgoing/implicit-port/other-address", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbconnect"),))
def test_implicit_port_of_a_udp_socket_at_another_address(stack: Stack) -> None:
    """A UDP socket connected without bind. Is its port free on another local address?"""
    caller = stack.udp4()
    caller.connect(LOOPBACK)
    assert stack.udp4().bind(port_of(caller, SECOND)) == OK


@experiment("tcp/outgoing/listen-without-bind/no-options", rule=UNUSED_PORT, cites=(POSIX.at("listen"),))
def test_listen_without_bind(stack: Stack) -> None:
    """May a socket listen without bind, on a port that the system chooses?"""
    listener = stack.tcp4()
    assert listener.listen() == OK


@experiment("tcp/outgoing/listen-without-bind/its-port", rule=NO_OPTIONS, cites=(POSIX.at("listen"),))
def test_port_of_a_listener_without_bind(stack: Stack) -> None:
    """A socket listens without bind. Is a bind without options refused its port?"""
    listener = stack.tcp4()
    listener.listen()
    assert stack.tcp4().bind(port_of(listener)) == EADDRINUSE


@experiment("tcp/outgoing/bind-after-implicit-listen/no-options", rule=BOUND_ONCE)
def test_bind_after_listen_without_bind(stack: Stack) -> None:
    """Is a socket that listens without bind refused a bind afterwards?"""
    listener = stack.tcp4()
    listener.listen()
    assert listener.bind(LOOPBACK) == EINVAL
