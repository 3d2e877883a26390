r"""The arguments of strace -X raw and -X verbose, as strace writes them without -X.

Raw arguments are numbers and bytes (``0x2``, ``"\x46\xa0"``); verbose ones have the usual spelling
behind them in a comment. The numbers are those of Linux on x86, ARM and RISC-V
(include/uapi/asm-generic/socket.h, linux/in.h, linux/in6.h).
"""

from __future__ import annotations

import ipaddress
import re

_COMMENT = re.compile(r'(?:0x[0-9a-f]+|-?\d+|"(?:[^"\\]|\\.)*") /\* ([^*]*) \*/')
_BYTES = re.compile(r'(sin6?_port|sin6?_addr|imr_multiaddr|ipv6mr_multiaddr)="((?:\\x[0-9a-f]{2})+)"')
_NUMBERED = re.compile(r"(\d+(?:<[^>]*>)?), (0x[0-9a-f]+|\d+), (0x[0-9a-f]+|\d+)(?=,)")
_NAMES = {
    (1, 2): "SOL_SOCKET, SO_REUSEADDR",
    (1, 3): "SOL_SOCKET, SO_TYPE",
    (1, 6): "SOL_SOCKET, SO_BROADCAST",
    (1, 13): "SOL_SOCKET, SO_LINGER",
    (1, 15): "SOL_SOCKET, SO_REUSEPORT",
    (1, 25): "SOL_SOCKET, SO_BINDTODEVICE",
    (1, 51): "SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF",
    (1, 52): "SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF",
    (0, 15): "SOL_IP, IP_FREEBIND",
    (0, 19): "SOL_IP, IP_TRANSPARENT",
    (0, 24): "SOL_IP, IP_BIND_ADDRESS_NO_PORT",
    (0, 35): "SOL_IP, IP_ADD_MEMBERSHIP",
    (0, 42): "SOL_IP, MCAST_JOIN_GROUP",
    (0, 49): "SOL_IP, IP_MULTICAST_ALL",
    (41, 20): "SOL_IPV6, IPV6_ADD_MEMBERSHIP",
    (41, 26): "SOL_IPV6, IPV6_V6ONLY",
    (41, 75): "SOL_IPV6, IPV6_TRANSPARENT",
    (41, 78): "SOL_IPV6, IPV6_FREEBIND",
}


def spelled(name: str, args: str) -> str:
    """The arguments of a call with the usual names."""
    if "/*" in args and name != "execve":
        args = _COMMENT.sub(r"\1", args)
    if '="\\x' in args:
        args = _BYTES.sub(_told, args)
    if name in ("setsockopt", "getsockopt") and (found := _NUMBERED.match(args)):
        known = _NAMES.get((int(found[2], 0), int(found[3], 0)))
        return f"{found[1]}, {known}{args[found.end() :]}" if known else args
    return args


def _told(found: re.Match[str]) -> str:
    content = bytes(int(word, 16) for word in found[2].split("\\x")[1:])
    if found[1].endswith("port"):
        return f"{found[1]}=htons({int.from_bytes(content, 'big')})"
    if len(content) not in (4, 16):
        return found[0]
    host = ipaddress.ip_address(content)
    return f'{found[1]}=inet_addr("{host}")' if host.version == 4 else f'inet_pton(AF_INET6, "{host}")'
