"""Errors and options by their names."""

import errno
import socket
import sys

from reports.probe_engine.words import ERRORS, IPPROTO_IPV6, LINGER, RECEIVE_TIMEOUT, Untestable


def soon(sock, act):
    """Act at once, and where that would wait, with patience. A socket that never becomes readable may refuse at once."""
    sock.settimeout(0)
    try:
        return act(sock)
    except ERRORS as error:
        if error_name(error) not in ("EAGAIN", "EWOULDBLOCK"):
            raise
    finally:
        sock.settimeout(RECEIVE_TIMEOUT)
    return act(sock)


def error_name(error):
    """The symbolic name of what a call was refused with."""
    number = error.args[0] if error.args else None
    for preferred in ("EAGAIN", "EOPNOTSUPP"):
        if getattr(errno, preferred, None) == number:
            return preferred
    return errno.errorcode.get(number, "errno-%s" % number)


def known_options():
    """The options that this Python names: level and number."""
    found = {}
    for name in ("SO_REUSEADDR", "SO_REUSEPORT", "SO_LINGER"):
        if hasattr(socket, name):
            found[name] = (socket.SOL_SOCKET, getattr(socket, name))
    if hasattr(socket, "IPV6_V6ONLY"):
        found["IPV6_V6ONLY"] = (IPPROTO_IPV6, socket.IPV6_V6ONLY)
    if sys.platform.startswith("sunos"):
        found["SO_EXCLBIND"] = (socket.SOL_SOCKET, 0x1015)
    return found


OPTIONS = known_options()


def option(name):
    """Level and number of an option."""
    if name not in OPTIONS:
        raise Untestable("option %s is absent" % name)
    return OPTIONS[name]


def set_option(sock, name, value):
    """Set an option by its name."""
    level, number = option(name)
    try:
        sock.setsockopt(level, number, LINGER.pack(1, value) if name == "SO_LINGER" else value)
    except ERRORS as error:
        if error_name(error) in ("ENOPROTOOPT", "EOPNOTSUPP"):
            raise Untestable("option %s is absent" % name)
        raise


def get_option(sock, name):
    """Whether an option is on."""
    level, number = option(name)
    try:
        if name == "SO_LINGER":
            return bool(LINGER.unpack(sock.getsockopt(level, number, LINGER.size))[0])
        return bool(sock.getsockopt(level, number))
    except ERRORS as error:
        if error_name(error) in ("ENOPROTOOPT", "EOPNOTSUPP"):
            raise Untestable("option %s is absent" % name)
        raise
