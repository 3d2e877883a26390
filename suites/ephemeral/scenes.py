"""The scenes of this chapter: a range of one port, that of the first socket, is exhausted by its holder."""

from __future__ import annotations

from fixtures.language.scenes import close_in_turn, listening, served
from fixtures.language.stack import Actor, Socket, Stack
from fixtures.language.words import LOOPBACK, TIME_WAIT, Address, Option
from fixtures.specification.sources import LINUX, LINUX_MAN

ANY_PORT = LOOPBACK.at("0")
RANGE = LINUX_MAN.at("ip(7), IP_LOCAL_PORT_RANGE")
BIND = LINUX_MAN.at("bind(2), [EADDRINUSE]")
CONNECT = LINUX_MAN.at("connect(2), [EADDRNOTAVAIL]")
AUTOBIND = LINUX.at("ip_sysctl.rst, ip_autobind_reuse")


def holding(stack: Stack, kind: str, address: Address, *options: Option) -> Socket:
    """A socket that holds a port of the ephemeral range."""
    holder = stack.socket(kind, *options)
    holder.bind(address.at("0"))
    return holder


def confined(stack: Stack | Actor, kind: str, holder: Socket, *options: Option) -> Socket:
    """A socket that can draw only the port of the holder."""
    drawing = stack.socket(kind, *options)
    drawing.draw_only_the_port_of(holder)
    return drawing


def server_in_time_wait(stack: Stack, *options: Option) -> Socket:
    """A server, gone, whose drawn port is in TIME_WAIT: it closed its only connection first."""
    server = holding(stack, "tcp4", LOOPBACK, *options)
    server.listen()
    client, accepted = served(stack, server, server.address)
    server.close()
    close_in_turn(accepted, client)
    stack.shows(server.address, TIME_WAIT)
    return server


def client_in_time_wait(stack: Stack) -> Socket:
    """A client, gone, whose drawn port is in TIME_WAIT: it closed its connection to a server on LOOPBACK first."""
    client, accepted = served(stack, listening(stack, LOOPBACK), LOOPBACK)
    close_in_turn(client, accepted)
    stack.shows(LOOPBACK.at(f"port({client.name})"), TIME_WAIT)
    return client
