"""Sockets that are older than a log: what it tells of them little by little, and what `record` asked of those that it passes on."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from fixtures.language.words import Address

#: The value that getsockopt gave.
_VALUE = re.compile(r",\s*(\w+),\s*\[(\d+)\]")
#: What strace -yy says of a descriptor that is no end of a connection: ``3<TCP:[127.0.0.1:80]>``, ``3<UDPv6:[[::]:53]>``.
_TOLD = re.compile(r"\s*\d+<(TCP|UDP)(?:v6)?:\[(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d+)\]>")
#: The first descriptor that sd_listen_fds(3) passes on.
FIRST_PASSED = 3
_OPTIONS = ("SO_REUSEADDR", "SO_REUSEPORT")


@dataclass
class Told:
    """What a log tells of a descriptor that it did not see made."""

    address: Address | None = None
    protocol: str = "tcp"
    options: dict[str, int] = field(default_factory=dict)

    def hear(self, args: str) -> None:
        """Take in what getsockopt answered."""
        if not (found := _VALUE.search(args)):
            return
        if found[1] == "SO_TYPE":
            self.protocol = "udp" if found[2] == "2" else "tcp"
        elif found[1] in (*_OPTIONS, "IPV6_V6ONLY"):
            self.options[found[1]] = int(found[2][:9] != "0")

    @property
    def is_complete(self) -> bool:
        """Whether every option that decides who may bind was asked for."""
        return set(_OPTIONS) <= set(self.options)


def annotated(args: str) -> tuple[str, Address] | None:
    """The protocol and the address that strace -yy wrote behind a descriptor, if it is the address of a server."""
    found = _TOLD.match(args)
    if not found or int(found[4][:6]) > 65535:
        return None
    return found[1].lower(), Address(found[2] or found[3], found[4])


@dataclass(frozen=True)
class Passed:
    """A socket that a server is given by its parent, as getsockopt describes it."""

    kind: str
    address: Address
    options: Mapping[str, int]
    listens: bool


def ask(descriptor: int) -> Passed | None:
    """Ask a descriptor what it is; nothing if it is no Internet socket that is bound."""
    try:
        found = socket.socket(fileno=descriptor)
    except OSError:
        return None
    try:
        return _asked(found)
    except OSError:
        return None
    finally:
        found.detach()


def _asked(found: socket.socket) -> Passed | None:
    protocol = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}.get(found.type)
    if found.family not in (socket.AF_INET, socket.AF_INET6) or protocol is None or not found.getsockname()[1]:
        return None
    host, port = found.getsockname()[:2]
    names = {name: (socket.SOL_SOCKET, getattr(socket, name, None)) for name in _OPTIONS}
    if found.family == socket.AF_INET6:
        names["IPV6_V6ONLY"] = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    given = {name: int(found.getsockopt(level, option) != 0) for name, (level, option) in names.items() if option is not None}
    options = {name: value for name, value in given.items() if value or name == "IPV6_V6ONLY"}
    listens = protocol == "tcp" and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
    kind = f"{protocol}{6 if found.family == socket.AF_INET6 else 4}"
    return Passed(
        kind, Address(host.partition("%")[0], str(port)), {name: value for name, value in options.items() if value or "V6" in name}, listens
    )
