"""Listeners with a backlog, and the clients that wait in their queues."""

from __future__ import annotations

from fixtures.language.stack import Broken, Socket, Stack
from fixtures.language.words import LOOPBACK, LOOPBACK6, OK, Address, Option

#: The address of each kind of socket.
WHERE = {"tcp4": LOOPBACK, "tcp6": LOOPBACK6, "mptcp4": LOOPBACK}


def listening(stack: Stack, backlog: int, kind: str = "tcp4", *options: Option, on: Address | None = None) -> Socket:
    """A listener with this backlog."""
    listener = stack.socket(kind, *options)
    listener.bind(on or WHERE[kind])
    listener.listen(backlog)
    return listener


def holds(backlog: int) -> int:
    """How many connections 4.4BSD keeps for a listener with this backlog."""
    return 3 * backlog // 2 + 1


def crowd(stack: Stack, clients: int, kind: str = "tcp4") -> None:
    """So many clients connect, or try to."""
    for _ in range(clients):
        stack.socket(kind).connect(WHERE[kind])


def waiting(stack: Stack, kind: str = "tcp4") -> Socket:
    """A client that is connected, and waits to be accepted."""
    client = stack.socket(kind)
    if client.connect(WHERE[kind]) != OK:
        raise Broken(f"{client.name}: the queue was to have room")
    return client
