"""Clients: they connect to what a server holds, keep or end their connections, and count where what they send arrives."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Collection, Mapping

from fixtures import PATIENCE
from tests.servers.instance import eventually
from tests.servers.place import LINK_ADDRESS
from tests.servers.watching import Held, held

#: How many clients come to tell who receives. That two that share show as one has the odds of 1 to 2 ** 39.
CLIENTS = 40
#: How long what was sent may take to its queue.
_ARRIVES_WITHIN = 0.3 * PATIENCE


def reached(one: Held) -> str:
    """Where a client connects to reach a socket."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(one.host, one.host)


def family(host: str) -> socket.AddressFamily:
    """The family of a numeric host."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def connected(listener: Held, says: str) -> socket.socket:
    """A client of a TCP server."""
    client = socket.create_connection((reached(listener), listener.port), timeout=5)
    client.sendall(says.encode())
    return client


def accepted(port: int) -> bool:
    """Whether a process has taken every connection of this port."""
    return not any(one.kind.startswith("tcp") and one.port == port and one.state == "01" and not one.inode for one in held())


def all_accepted(ports: Collection[int]) -> bool:
    """Wait until every connection was taken."""
    return eventually(lambda: all(map(accepted, ports)), 3 * PATIENCE)


def ends_after_the_server(client: socket.socket) -> None:
    """Read up to the end of the stream and close, so that the side that closed first keeps TIME_WAIT."""
    client.settimeout(5)
    with client, contextlib.suppress(OSError):
        while client.recv(1 << 16):
            pass


def arrivals(kind: str, host: str, port: int, says: str = "") -> dict[int, int]:
    """Send much to one address, and tell by inode at which sockets it waits. Those that hold the address must be frozen."""
    before = _queues(kind, port)
    clients = [_sent(kind, host, port, says) for _ in range(CLIENTS)]
    time.sleep(_ARRIVES_WITHIN)
    after = _queues(kind, port)
    for client in clients:
        client.close()
    return {inode: queue - before.get(inode, 0) for inode, queue in after.items() if queue > before.get(inode, 0)}


def _queues(kind: str, port: int) -> dict[int, int]:
    return {one.inode: one.queue for one in held() if one.serves and one.port == port and one.kind[:3] == kind[:3]}


def _sent(kind: str, host: str, port: int, says: str) -> socket.socket:
    """A client that has sent something. A listener's backlog may be short: nobody waits for it."""
    client = socket.socket(family(host), socket.SOCK_STREAM if kind.startswith("tcp") else socket.SOCK_DGRAM)
    client.setblocking(False)
    if family(host) == socket.AF_INET and host.startswith("2") and kind.startswith("udp"):
        client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LINK_ADDRESS))
    with contextlib.suppress(BlockingIOError):
        client.connect((host, port))
    with contextlib.suppress(OSError):
        client.send(says.encode() or b"\n")
    return client


def shares(arrived: Mapping[int, int], of: Mapping[str, Collection[int]]) -> dict[str, int]:
    """How much arrived at the sockets of each."""
    return {name: sum(arrived.get(inode, 0) for inode in inodes) for name, inodes in of.items()}
