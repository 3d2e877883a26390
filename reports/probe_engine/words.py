"""Deadlines, and how an experiment ends without an answer."""

import select
import socket
import struct
import sys

SEND_TO = "attach it to an issue of the project that gave you this file (there: python -m reports add FILE)"
BACKLOG = 128
DEADLINE = 15
RECEIVE_TIMEOUT = 2.0
CONNECT_TIMEOUT = 5.0
ARRIVAL_DEADLINE = 2.0
SILENCE = 0.15
ATTEMPTS = 3

LINUX = sys.platform.startswith("linux")
ERRORS = (socket.error, OSError, IOError, select.error)
LINGER = struct.Struct("ii")
LOOPBACK4 = socket.inet_aton("127.0.0.1")
IPPROTO_IPV6 = getattr(socket, "IPPROTO_IPV6", 41)


class Untestable(Exception):
    """Something that the experiment needs is absent."""


class Inconclusive(Exception):
    """A foreign process or a deadline interfered."""


class Broken(Exception):
    """What must work did not."""


WORDS = {"untestable": Untestable, "inconclusive": Inconclusive, "broken": Broken}
