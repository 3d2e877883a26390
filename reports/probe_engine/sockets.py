"""Sockets with deadlines, groups that stay on the machine, and what this machine has."""

import socket
import struct

from reports.probe_engine.options import error_name
from reports.probe_engine.words import ERRORS, IPPROTO_IPV6, LOOPBACK4, RECEIVE_TIMEOUT, Untestable


def family_of(host):
    """The address family of an address."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def is_multicast(host):
    """Whether an address is a group's."""
    return host.lower().startswith("ff") if ":" in host else 224 <= int(host.split(".")[0]) < 240


def unmapped(host):
    """The IPv4 address that clients use for a mapped one."""
    return host[7:] if host.lower().startswith("::ffff:") and "." in host else host


def open_socket(family, kind):
    """A socket with the timeout of all."""
    try:
        sock = socket.socket(family, kind)
    except ERRORS as error:
        if error_name(error) in ("EAFNOSUPPORT", "EPROTONOSUPPORT"):
            raise Untestable("the address family %s is absent" % ("IPv6" if family == socket.AF_INET6 else "IPv4"))
        raise
    sock.settimeout(RECEIVE_TIMEOUT)
    return sock


def multicast_index():
    """The interface for IPv6 multicast."""
    for name in ("lo", "lo0"):
        try:
            return socket.if_nametoindex(name)
        except (AttributeError,) + ERRORS:
            continue
    return 1


def join(sock, group):
    """Join a group on loopback."""
    if ":" in group:
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", multicast_index())
        sock.setsockopt(IPPROTO_IPV6, getattr(socket, "IPV6_JOIN_GROUP", 20), request)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + LOOPBACK4)


def sender_to(host):
    """A UDP socket that sends there; what it sends to a group stays on the machine."""
    sock = open_socket(family_of(host), socket.SOCK_DGRAM)
    if is_multicast(host) and ":" in host:
        sock.setsockopt(IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, multicast_index())
        sock.setsockopt(IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 0)
        sock.setsockopt(IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
    elif is_multicast(host):
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, LOOPBACK4)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("B", 0))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, struct.pack("B", 1))
    return sock


def can_bind(family, kind, host, port):
    """Whether an address can be bound now."""
    try:
        sock = open_socket(family, kind)
    except (Untestable,) + ERRORS:
        return False
    try:
        sock.bind((host, port))
        return True
    except ERRORS:
        return False
    finally:
        sock.close()


def second_address():
    """Another local address than 127.0.0.1, or None. Nothing is sent to find it."""
    if can_bind(socket.AF_INET, socket.SOCK_STREAM, "127.0.0.2", 0):
        return "127.0.0.2"
    try:
        sock = open_socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.connect(("192.0.2.1", 9))
            host = sock.getsockname()[0]
        finally:
            sock.close()
    except ERRORS:
        return None
    return host if not host.startswith("127.") and can_bind(socket.AF_INET, socket.SOCK_STREAM, host, 0) else None


def hears_itself(group, wildcard):
    """Whether multicast works on loopback."""
    opened = []
    try:
        opened.append(open_socket(family_of(group), socket.SOCK_DGRAM))
        opened.append(sender_to(group))
        opened[0].bind((wildcard, 0))
        join(opened[0], group)
        opened[0].settimeout(0.3)
        opened[1].sendto(b"?", (group, opened[0].getsockname()[1]))
        return opened[0].recv(16) == b"?"
    except (Untestable, AttributeError) + ERRORS:
        return False
    finally:
        for sock in opened:
            sock.close()
