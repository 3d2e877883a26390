"""How experiments begin: a listener, a connection, and what is left when an end of it closed."""

from __future__ import annotations

from fixtures.language.stack import Actor, Socket, Stack
from fixtures.language.words import OK, SO_LINGER_0, TIME_WAIT, Address, Option


def listening(stack: Stack | Actor, address: Address, *options: Option) -> Socket:
    """A TCP listener on the address."""
    listener = stack.socket(f"tcp{address.family}", *options)
    listener.bind(address)
    listener.listen()
    return listener


def connected(stack: Stack, listener: Socket, to: Address, at: Address | None = None, *options: Option) -> tuple[Socket, Socket]:
    """The two ends of a connection, the client's first; the client is bound first where ``at`` is given."""
    client = stack.socket(f"tcp{to.family}", *options)
    if at:
        client.bind(at)
    assert client.connect(to) == OK
    return client, listener.accept()


def server_closed_first(stack: Stack, bound: Address, reached: Address, *options: Option, at: Address | None = None) -> Socket:
    """A listener, still open, whose only connection it closed first."""
    listener = listening(stack, bound, *options)
    client, accepted = connected(stack, listener, reached, at)
    accepted.close()
    client.recv(1)
    client.close()
    stack.shows(reached, TIME_WAIT)
    return listener


def came_and_reset(stack: Stack, listener: Socket, to: Address, at: Address) -> None:
    """A client connects and resets the connection, of which the server then lets go."""
    client, accepted = connected(stack, listener, to, at, SO_LINGER_0)
    client.close()
    accepted.recv(1)
    accepted.close()
