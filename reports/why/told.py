"""What `why` says of a log, and of an error message."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fixtures.models import Platform
from reports.calls.sockets import Recording
from reports.why.causes import CAUSES
from reports.why.diagnosis import Diagnosis
from reports.why.logs import Refusal, explain, explained, refusals
from reports.why.messages import Message
from reports.why.text import as_json, as_text
from reports.why.unix_logs import UnixRefusal
from reports.why.world import Newcomer

#: So many refused calls of a recording are explained; the others are counted.
MOST = 20
_WIDTH = 100
#: What connect says when it finds no port for itself, or no address, and the experiments that show it.
_AT_CONNECT = {
    "EADDRNOTAVAIL": (
        "connect found no local port for this destination: all are in use for it, by open connections or by TIME_WAIT, or the socket"
        " was bound to an address that is not there. Keep connections open and use them again, let the server close first, do not bind"
        " before connect (or set IP_BIND_ADDRESS_NO_PORT), or widen the range of ports.",
        ("tcp/outgoing/duplicate-four-tuple/reuseaddr", "tcp/ephemeral/connect/other-destination-bound/no-options"),
    ),
    "EADDRINUSE": (
        "the connection would be the same as one that exists or is in TIME_WAIT, or no local port is left (Windows says so, and so do"
        " most systems but Linux). Keep connections open and use them again, do not bind before connect, or widen the range of ports.",
        ("tcp/outgoing/duplicate-four-tuple/reuseaddr", "tcp/ephemeral/connect/other-destination/no-options"),
    ),
    "EACCES": (
        "the destination is a broadcast address and the socket lacks SO_BROADCAST, or a firewall refuses it: no socket of another"
        " program has to do with it.",
        (),
    ),
}


@dataclass
class Told:
    """A message, with what explains it: diagnoses of this machine, or what holders a model knows."""

    message: Message
    platform: Platform
    diagnoses: list[Diagnosis] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def status(self) -> int:
        """0 if the address is free on this machine now, else 1."""
        return max((one.status for one in self.diagnoses), default=1)

    def as_text(self) -> str:
        """For a person."""
        message = self.message
        place = f" at port {message.port}" if message.port else ""
        lines = [f"{message.runtime or 'a program'}: {message.errno}, {message.call} of {message.protocol.upper()}{place}"]
        lines += [*map(as_text, self.diagnoses)]
        if self.diagnoses and not self.status:
            lines.append("It is free now: whoever held it has gone.")
        lines += ["\n".join([one.headline.replace(" (line 0)", ""), *_set_in(one.told())]) for one in self.refusals]
        if message.call == "connect":
            lines.append("\n".join(_wrapped(_AT_CONNECT[message.errno][0])))
            lines += [f"see {', '.join(_AT_CONNECT[message.errno][1])}"] * bool(_AT_CONNECT[message.errno][1])
        elif message.port is None:
            lines.append("\n".join(_usual(message)))
        return "\n\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        message = self.message
        return {
            "message": {
                "answer": message.errno,
                "runtime": message.runtime or None,
                "call": message.call,
                "protocol": message.protocol,
                "host": message.host,
                "port": message.port,
            },
            "platform": str(self.platform),
            "addresses": [as_json(one) for one in self.diagnoses],
            "refusals": [one.as_json() for one in self.refusals],
            "says": _AT_CONNECT[message.errno][0] if message.call == "connect" else None,
        }


def newcomers(message: Message, options: Sequence[tuple[str, int]], platform: Platform, uid: int) -> list[Newcomer]:
    """The sockets that a message is about: one for each address, with the options given, or else those of the library that speaks."""
    if message.port is None or message.call == "connect":
        return []
    hosts = [message.host] if message.host else ["0.0.0.0", "::"]
    chosen = tuple(options) or message.options(platform.name) or ()
    return [Newcomer(message.protocol, host, message.port, chosen, uid) for host in hosts]


def supposed(message: Message, options: Sequence[tuple[str, int]], platform: Platform, uid: int) -> list[Refusal]:
    """What may have refused it, by the platform's model."""
    return [explain(one, message.call, message.errno, platform) for one in newcomers(message, options, platform, uid)]


def _usual(message: Message) -> Iterator[str]:
    """What to say where a message names no port."""
    yield "The message does not name the port; addrinuse why ADDRESS:PORT asks this machine."
    if message.errno == "EADDRINUSE":
        yield "The usual causes:"
        for cause in CAUSES.values():
            yield from _wrapped(f"  {cause.word}: {cause.says} [{', '.join(cause.experiments)}]", "      ")
    elif message.errno == "EACCES":
        yield "Ports below 1024 are root's on most systems; Windows says so of a port that is held exclusively or in a reserved range."
        yield "see tcp4/address/reserved-port, tcp/exclusive/same-specific/exclusiveaddruse-then-none"
    else:
        yield "No interface of the machine has the address (yet). see tcp4/address/foreign"


def on_log(recording: Recording, platform: Platform, uid: int) -> list[Refusal | UnixRefusal]:
    """Why the calls of a log were refused: the first of them."""
    return refusals(recording, platform, uid)[:MOST]


def log_as_text(found: Sequence[Refusal | UnixRefusal], platform: Platform) -> str:
    """The same for a person."""
    blocks = ["\n".join([one.headline, *_set_in(one.told())]) for one in found]
    return "\n\n".join([f"on {platform}", *blocks])


def for_port(recording: Recording, platform: Platform, uid: int) -> dict[int, list[str]]:
    """For the porting report: what explains the last refusal of each socket that serves nobody, by the socket's line."""
    said: dict[int, list[str]] = {}
    for one in recording.sockets:
        if not one.serves and one.refusals and len(said) < MOST and (found := explained(one, one.refusals[-1], recording, platform, uid)):
            said[one.line] = list(found.told())
    return said


def _set_in(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from _wrapped(f"  {line}", "      ")


def _wrapped(text: str, others: str = "") -> list[str]:
    first = " " * (len(text) - len(text.lstrip()))
    return textwrap.TextWrapper(_WIDTH, first, others or first, break_long_words=False, break_on_hyphens=False).wrap(text.lstrip())
