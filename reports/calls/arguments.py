"""The arguments of system calls as tracers write them: kinds of sockets, addresses, numbers."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from fixtures.language.words import Address

NUMBER = re.compile(r"\s*(0x[0-9a-fA-F]+|\d+)")
_SOCKET = re.compile(r"\s*(?:[AP]F_(INET6?)|0x[0-9a-f]+|\d+)\b[^,]*,\s*(?:SOCK_)?(STREAM|DGRAM|(?:0x)?[12])\b")
#: The numbers of the address families. IPv6 is 10 on Linux, 28 on FreeBSD, 30 on macOS, 24 on
#: NetBSD and OpenBSD, 26 on Solaris.
_DOMAIN = {2: "4", 10: "6", 28: "6", 30: "6", 24: "6", 26: "6"}
_STRACE_4 = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([0-9.]+)"\)')
_STRACE_6 = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([0-9a-fA-F:.]+)"')
_BSD = re.compile(r"AF_INET6?,? \[?([0-9a-fA-F.:]+?)\]?:(\d+)[ ,}]")


@lru_cache(maxsize=1024)
def kind(args: str) -> str:
    """``tcp4`` and so on, or nothing if it is not a TCP or UDP socket."""
    found = _SOCKET.match(args)
    if not found or any(other in args for other in ("SCTP", "DCCP", "ICMP", "UDPLITE")):
        return ""
    family = {"INET": "4", "INET6": "6"}.get(found[1] or "") or _DOMAIN.get(number(args.split(",")[0].strip()), "")
    protocol = "tcp" if found[2] in ("STREAM", "0x1", "1") else "udp"
    return f"{protocol}{family}" if family else ""


def number(word: str) -> int:
    """A number as tracers write it, decimal or hexadecimal."""
    if word.isdecimal() and word.isascii():
        return int(word[:12])
    return int(word[:12], 16 if word.lower().startswith("0x") else 10) if NUMBER.fullmatch(word) else -1


def address(args: str) -> Address | None:
    """The Internet address in a call, if there is a valid one."""
    for pattern, port, host in ((_STRACE_4, 1, 2), (_STRACE_6, 1, 2), (_BSD, 2, 1)):
        if found := pattern.search(args):
            given = int(found[port][:12])
            return Address(found[host], str(given)) if given <= 65535 and _exists(found[host]) else None
    return None


def is_group(host: str, family: int) -> bool:
    """Whether it is a multicast group of this family."""
    return bool(host) and _exists(host) and Address(host).family == family and Address(host).is_multicast


@lru_cache(maxsize=1024)
def _exists(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
