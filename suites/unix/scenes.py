"""What the experiments of this chapter have in common: names, and servers at them."""

from __future__ import annotations

from fixtures.language.paths import Path
from fixtures.language.stack import Actor, Socket, Stack, Untestable
from fixtures.language.words import OK

F, G, LINK, NEW = Path("/F"), Path("/G"), Path("/L"), Path("/F.new")
#: A folder, as what is made and as what is looked up, and a file in it.
FOLDER, IN_FOLDER = Path("/D/"), Path("/D/F")
ABSTRACT, CHOSEN = Path("@N"), Path("@")

#: The types that have connections.
STREAMS = ("unix", "unixpacket")
TYPES = ("unix", "unixgram", "unixpacket")


def bound(stack: Stack | Actor, path: Path, kind: str = "unix") -> Socket:
    """A socket that is bound to the path."""
    holder = stack.socket(kind)
    holder.bind(path)
    return holder


def listening(stack: Stack | Actor, path: Path, kind: str = "unix", backlog: int | None = None) -> Socket:
    """A listener at the path."""
    listener = bound(stack, path, kind)
    listener.listen(backlog)
    return listener


def serving(stack: Stack | Actor, path: Path, kind: str = "unix") -> Socket:
    """A server of any type at the path: a datagram socket receives as it is."""
    return bound(stack, path, kind) if kind == "unixgram" else listening(stack, path, kind)


def stale(stack: Stack, path: Path, kind: str = "unix") -> None:
    """A server was at the path; its file is still there."""
    serving(stack, path, kind).close()


def waiting(stack: Stack | Actor, path: Path, kind: str = "unix") -> Socket:
    """A client that is connected, and waits to be accepted."""
    client = stack.socket(kind)
    client.connect(path)
    return client


def abstract(stack: Stack | Actor, kind: str = "unix", path: Path = ABSTRACT) -> Socket:
    """A socket with an abstract name.

    Raises Untestable where there are none.
    """
    holder = stack.socket(kind)
    if holder.bind(path) != OK:
        raise Untestable("there are no abstract names here")
    return holder
