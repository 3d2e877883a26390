"""Deadlines, and how an experiment ends without an answer."""

import select
import socket
import struct
import sys

from fixtures.record.verdicts import PAUSES

SEND_TO = "attach it to an issue of the project that gave you this file (there: addrinuse add FILE)"
DEADLINE = 15
ATTEMPTS = len(PAUSES)

LINUX = sys.platform.startswith("linux")
ERRORS = (socket.error, OSError, IOError, select.error)
LINGER = struct.Struct("ii")
IPPROTO_IPV6 = getattr(socket, "IPPROTO_IPV6", 41)


class Untestable(Exception):
    """Something that the experiment needs is absent."""


class Inconclusive(Exception):
    """A foreign process or a deadline interfered."""


class Broken(Exception):
    """What must work did not."""


WORDS = {"untestable": Untestable, "inconclusive": Inconclusive, "broken": Broken}
