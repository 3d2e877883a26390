"""The arguments of system calls as tracers write them: kinds of sockets, addresses, numbers."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from fixtures.language.stack import ENOUGH
from fixtures.language.words import Address

NUMBER = re.compile(r"\s*(0x[0-9a-fA-F]+|\d+)")
_SOCKET = re.compile(r"\s*(?:[AP]F_(INET6?|UNIX|LOCAL|FILE)|0x[0-9a-f]+|\d+)\b[^,]*,\s*(?:SOCK_)?(STREAM|DGRAM|SEQPACKET|(?:0x)?[125])\b")
#: The types of AF_UNIX sockets, by name and by number.
_UNIX = {"STREAM": "unix", "1": "unix", "DGRAM": "unixgram", "2": "unixgram", "SEQPACKET": "unixpacket", "5": "unixpacket"}
#: The numbers of the address families. IPv6 is 10 on Linux, 28 on FreeBSD, 30 on macOS, 24 on
#: NetBSD and OpenBSD, 26 on Solaris.
_DOMAIN = {2: "4", 10: "6", 28: "6", 30: "6", 24: "6", 26: "6"}
_STRACE_4 = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([0-9.]+)"\)')
_STRACE_6 = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([0-9a-fA-F:.]+)"')
_BSD = re.compile(r"AF_INET6?,? \[?([0-9a-fA-F.:]+?)\]?:(\d+)[ ,}]")


@lru_cache(maxsize=1024)
def kind(args: str) -> str:
    """``tcp4``, ``unix`` and so on, or nothing if it is a socket of another kind."""
    found = _SOCKET.match(args)
    if not found or any(other in args for other in ("SCTP", "DCCP", "ICMP", "UDPLITE")):
        return ""
    first, of = args.split(",")[0].strip(), found[2].removeprefix("0x")
    if found[1] in ("UNIX", "LOCAL", "FILE") or (not found[1] and number(first) == 1):
        return _UNIX[of]
    if of in ("SEQPACKET", "5"):
        return ""
    family = {"INET": "4", "INET6": "6"}.get(found[1] or "") or _DOMAIN.get(number(first), "")
    protocol = "tcp" if of in ("STREAM", "1") else "udp"
    return f"{protocol}{family}" if family else ""


def number(word: str) -> int:
    """A number as tracers write it, decimal or hexadecimal."""
    if word.isdecimal() and word.isascii():
        return int(word[:12])
    return int(word[:12], 16 if word.lower().startswith("0x") else 10) if NUMBER.fullmatch(word) else -1


def backlog(args: str) -> tuple[int, ...]:
    """The backlog of a listen if a script can fill its queue. A larger one, or one of -1, holds whoever comes."""
    words = args.split(",")
    asked = number(words[1].strip()) if len(words) > 1 else -1
    return (asked,) if 0 <= asked < ENOUGH else ()


def address(args: str) -> Address | None:
    """The Internet address in a call, if there is a valid one."""
    for pattern, port, host in ((_STRACE_4, 1, 2), (_STRACE_6, 1, 2), (_BSD, 2, 1)):
        if found := pattern.search(args):
            return _address(found[host], int(found[port][:12]))
    return None


@lru_cache(maxsize=1024)
def _address(host: str, port: int) -> Address | None:
    return Address(host, str(port)) if port <= 65535 and _exists(host) else None


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
