"""What `why` is asked about: addresses (with a port or a service), a file of calls, or an error message."""

from __future__ import annotations

import os
import re
import socket
from ipaddress import ip_address

from reports.inputs import STANDARD_INPUT, BadInput

_BRACKETED = re.compile(r"\[(?P<host>[^\[\]]+)\]:(?P<port>[^\s:\[\]]+)")
_PLAIN = re.compile(r"(?P<host>[^\s:\[\]/]*):(?P<port>[^\s:\[\]/]+)")
_NUMBER = re.compile(r"\d{1,5}", re.ASCII)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/\s]+)(?:/\S*)?", re.ASCII)
HELP = "write ADDRESS:PORT (127.0.0.1:8080, [::1]:8080, localhost:http, :53), a socket file, a file of calls, or an error message in quotes"


def addresses(word: str, protocol: str) -> list[tuple[str, int]] | None:
    """The numeric hosts and the port that a word names; None if it is no address. Without a host it is the wildcard of each family.

    Raises BadInput for an address that does not exist.
    """
    if url := _URL.fullmatch(word):
        word = url[1]
    if _NUMBER.fullmatch(word) and not os.path.exists(word):
        word = f":{word}"
    found = _BRACKETED.fullmatch(word) or _PLAIN.fullmatch(word)
    if not found:
        return None
    port = _port(found["port"], protocol, word)
    return [(host, port) for host in _hosts(found["host"], word)]


def _port(text: str, protocol: str, word: str) -> int:
    if text.isascii() and text.isdecimal():
        if not 0 < int(text[:12]) < 65536:
            raise BadInput(f"{word[:100]}: port {text[:12]} is not between 1 and 65535; the system chooses a free port for 0")
        return int(text)
    try:
        return socket.getservbyname(text, protocol)
    except OSError:
        raise BadInput(f"{word[:100]}: no {protocol} service is called {text[:50]}; give a number") from None


def _hosts(host: str, word: str) -> list[str]:
    if host in ("", "*"):
        return ["0.0.0.0", "::"]
    try:
        return [str(ip_address(host.partition("%")[0]))]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadInput(f"{word[:100]}: {host[:50]} is no address, and no name that this machine knows; {HELP}") from None
    # A name has both where the system says so; localhost has by RFC 6761.
    hosts = list(dict.fromkeys(str(ip_address(str(one[4][0]).partition("%")[0])) for one in found))
    return list(dict.fromkeys([*hosts, "127.0.0.1", "::1"])) if host.lower() == "localhost" else hosts


def is_file(word: str) -> bool:
    """Whether a word names a file, or standard input."""
    return word == STANDARD_INPUT or os.path.isfile(word)
