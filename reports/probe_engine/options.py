"""Errors and options by their names."""

from fixtures.machine.errnames import error_name
from fixtures.machine.options import known_options
from fixtures.machine.sockets import RECEIVE_TIMEOUT
from reports.probe_engine.words import ERRORS, LINGER, Untestable

OPTIONS = known_options()


def soon(sock, act):
    """Act at once, and where that would wait, with patience. A socket that never becomes readable may refuse at once."""
    sock.settimeout(0)
    try:
        return act(sock)
    except ERRORS as error:
        if refusal(error) not in ("EAGAIN", "EWOULDBLOCK"):
            raise
    finally:
        sock.settimeout(RECEIVE_TIMEOUT)
    return act(sock)


def refusal(error):
    """The symbolic name of what a call was refused with."""
    return error_name(error.args[0] if error.args else None)[0]


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
        if refusal(error) in ("ENOPROTOOPT", "EOPNOTSUPP"):
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
        if refusal(error) in ("ENOPROTOOPT", "EOPNOTSUPP"):
            raise Untestable("option %s is absent" % name)
        raise
