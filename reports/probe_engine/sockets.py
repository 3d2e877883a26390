"""Sockets with deadlines, groups that stay on the machine, and what this machine has."""

import socket

from fixtures.machine.options import family_of
from fixtures.machine.sockets import RECEIVE_TIMEOUT, join, sender_to
from reports.probe_engine.options import refusal
from reports.probe_engine.words import ERRORS, Untestable


def open_socket(family, kind):
    """A socket with the timeout of all."""
    try:
        sock = socket.socket(family, kind)
    except ERRORS as error:
        if refusal(error) in ("EAFNOSUPPORT", "EPROTONOSUPPORT"):
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


def broadcasts():
    """Whether 127.255.255.255 is a broadcast address."""
    opened = []
    try:
        opened.append(open_socket(socket.AF_INET, socket.SOCK_DGRAM))
        opened.append(sender_to("127.255.255.255"))
        opened[0].bind(("0.0.0.0", 0))
        opened[0].settimeout(0.3)
        opened[1].setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        opened[1].sendto(b"?", ("127.255.255.255", opened[0].getsockname()[1]))
        return opened[0].recv(16) == b"?"
    except (Untestable, AttributeError) + ERRORS:
        return False
    finally:
        for sock in opened:
            sock.close()
