"""What the experiments with Multipath TCP have in common."""

from __future__ import annotations

from fixtures.language.stack import Socket, Stack
from fixtures.language.words import LOOPBACK, OK, Address, Option
from fixtures.specification.sources import LINUX_MPTCP_PAGE

#: Both kinds have the same ports. One of two sockets at least is of Multipath TCP.
PAIRS = [("mptcp", "mptcp"), ("tcp", "mptcp"), ("mptcp", "tcp")]
TRANSPARENT = LINUX_MPTCP_PAGE.at("Creating MPTCP sockets: as transparent as possible")
#: A listener gives a client of TCP a socket of TCP, and a client falls back to TCP where the listener is one of TCP.
FALLS_BACK = LINUX_MPTCP_PAGE.at("Concepts; Design choices: plain accepted TCP sockets")


def server(stack: Stack, protocol: str, *options: Option, at: Address = LOOPBACK) -> Socket:
    """A listener."""
    listener = stack.socket(f"{protocol}{at.family}", *options)
    listener.bind(at)
    listener.listen()
    return listener


def ends(stack: Stack, listener: Socket, client_is: str = "mptcp") -> tuple[Socket, Socket]:
    """A client and the socket that was accepted for it."""
    client = stack.socket(f"{client_is}4")
    assert client.connect(LOOPBACK) == OK
    return client, listener.accept()
