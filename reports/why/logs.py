"""Why the calls of a log were refused: by the program's own sockets, by the address itself, or by a holder of one of these kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fixtures.language.words import LISTEN, Address
from fixtures.machine.holding import BOUND, UNCONNECTED, Holder, Owner, Row
from fixtures.models import Platform
from fixtures.specification.clauses import Reason
from reports.calls.sockets import Act, Recorded, Recording
from reports.why import unix_logs
from reports.why.hypotheses import Hypothesis, before_anybody, hypotheses
from reports.why.unix_logs import UnixRefusal
from reports.why.world import Newcomer, World, supposed

#: A command that lists the holders of a port, by platform. ``{}`` is the protocol and the port, in that tool's words.
_LISTS = {
    "linux": "ss -{letter}anp 'sport = :{port}'",
    "macos": "lsof -nP -i{upper}:{port}",
    "freebsd": "sockstat -P {protocol} -p {port}",
    "windows": "netstat -ano -p {protocol} | findstr :{port}",
}
#: So many experiments are named.
_SEEN = 3
#: What else refuses with an errno, if it is not what the model knows.
_ELSE = {
    "EACCES": "a security module (SELinux, AppArmor), a BPF program, or on Windows a reserved range of ports",
    "EADDRNOTAVAIL": "an interface that is not up yet, an IPv6 address that is still tentative, or IPv6 that is switched off",
}


@dataclass(frozen=True)
class Refusal:
    """A refused call, and what explains it. ``own`` are the lines of the program's own sockets that refuse it."""

    line: int
    call: str
    errno: str
    newcomer: Newcomer
    platform: Platform
    own: tuple[int, ...] = ()
    because: Reason | None = None
    hypotheses: list[Hypothesis] = field(default_factory=list)
    words: str = ""

    @property
    def headline(self) -> str:
        """The call and its answer."""
        newcomer = self.newcomer
        return f"{newcomer.kind} (line {self.line}): {self.call} of {newcomer.address} with {newcomer.spoken()} was {self.errno}"

    def told(self) -> Iterator[str]:
        """What explains it, a line for each thing."""
        if self.own:
            yield f"the program's own socket (line {', '.join(map(str, self.own))}) refuses it{_id(self.because)}"
        elif self.words:
            yield f"{self.words}{_id(self.because)}"
        elif self.hypotheses:
            yield f"each of these refuses it on {self.platform}, likeliest first:"
            yield from (f"  {one}{_id(one.because)}" for one in self.hypotheses)
        else:
            yield f"no holder that the model of {self.platform} knows refuses it so; perhaps {_ELSE.get(self.errno, 'something else')}"
        if self.errno == "EACCES" and self.platform.name == "windows":
            yield "or a range of ports that Windows reserves: netsh interface ipv4 show excludedportrange tcp"
        if shown := list(dict.fromkeys(name for one in self.hypotheses for name in one.cause.experiments[:1])):
            yield f"see {', '.join(shown[:_SEEN])}"
        yield from self.to_ask()

    def to_ask(self) -> Iterator[str]:
        """How to learn who it is."""
        if self.own or not (self.hypotheses or self.errno == "EADDRINUSE") or self.newcomer.port == 0:
            return
        newcomer = self.newcomer
        options = ",".join(f"{name}" if value else f"{name}=0" for name, value in newcomer.options)
        udp = " --udp" if newcomer.protocol == "udp" else ""
        yield f"who it is, on that machine: addrinuse why {newcomer.address}{udp}{f' --with {options}' if options else ''}"
        if self.platform.name in _LISTS:
            shown = _LISTS[self.platform.name]
            words = {
                "letter": newcomer.protocol[0],
                "upper": newcomer.protocol.upper(),
                "protocol": newcomer.protocol,
                "port": newcomer.port,
            }
            yield f"or: {shown.format(**words)}"

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "line": self.line,
            "call": self.call,
            "answer": self.errno,
            "address": str(self.newcomer.address),
            "protocol": self.newcomer.protocol,
            "options": [f"{name}={value}" for name, value in self.newcomer.options],
            "platform": str(self.platform),
            "own_sockets": list(self.own),
            "because": self.because.id if self.because else None,
            "says": self.words or None,
            "holders": [
                {
                    "says": str(one),
                    "cause": one.cause.word,
                    "because": one.because.id if one.because else None,
                    "experiments": list(one.cause.experiments),
                }
                for one in self.hypotheses
            ],
        }


def refusals(recording: Recording, platform: Platform, uid: int) -> list[Refusal | UnixRefusal]:
    """The refused binds and listens of a recording, each explained."""
    return [found for one in recording.sockets for act in one.refusals if (found := explained(one, act, recording, platform, uid))]


def explained(one: Recorded, act: Act, recording: Recording, platform: Platform, uid: int) -> Refusal | UnixRefusal | None:
    """Why a call was refused. None if it is no bind or listen at an address."""
    if one.is_unix:
        return unix_logs.explained(one, act, recording, platform, uid)
    newcomer = _newcomer(one, act, uid)
    if newcomer is None or platform.model is None:
        return None
    return explain(newcomer, act.verb, act.answer.name, platform, act.line, _own(one, act, recording))


def explain(
    newcomer: Newcomer, call: str, errno: str, platform: Platform, line: int = 0, own: Mapping[int, Holder] | None = None
) -> Refusal:
    """Why a newcomer is refused a call with an errno, by the model of a platform."""
    if call == "bind" and errno != "EACCES" and before_anybody(platform, newcomer, "EACCES"):
        # A user would have heard that the port is reserved, whoever holds it.
        newcomer = replace(newcomer, uid=0)
    told = Refusal(line, call, errno, newcomer, platform)
    if newcomer.port == 0:
        words = "the system found no port to draw: the range is used up by sockets that are bound, or by connections to one destination"
        return Refusal(line, call, errno, newcomer, platform, words=words)
    for at, holder in (own or {}).items():
        assert platform.model
        outcome = World(platform).outcome(supposed(holder, platform.model)[:1], newcomer)
        if (outcome.call, outcome.answer) == (call, errno):
            return Refusal(line, call, errno, newcomer, platform, (at,), outcome.because)
    if call == "bind" and (because := before_anybody(platform, newcomer, errno)):
        return Refusal(line, call, errno, newcomer, platform, because=because, words=_before(newcomer, errno))
    return Refusal(line, call, errno, newcomer, platform, hypotheses=hypotheses(platform, newcomer, call, errno)) if call else told


def _before(newcomer: Newcomer, errno: str) -> str:
    """The one cause of a refusal that asks nobody else."""
    if errno == "EACCES":
        return f"port {newcomer.port} is reserved: a user who is not root needs a privilege to bind it, or a port from 1024 on"
    if newcomer.host == "::1":
        return "the machine has no ::1: IPv6 is switched off, or the loopback interface is down; bind 127.0.0.1, or switch IPv6 on"
    return f"no interface of the machine has {newcomer.host} (yet): it must be there before the bind, or bind the wildcard ({_ELSE[errno]})"


def _newcomer(one: Recorded, act: Act, uid: int) -> Newcomer | None:
    """The socket as it was when a call was refused."""
    asked = next((arg for arg in act.args if isinstance(arg, Address)), one.address if act.verb == "listen" else None)
    if asked is None or act.verb not in ("bind", "listen"):
        return None
    port = int(asked.port) if asked.port.isdecimal() else _A_PORT
    options: dict[str, int] = {}
    for before in one.acts[: one.acts.index(act)]:
        if before.verb == "setsockopt" and before.granted and isinstance(before.args[0], str) and isinstance(before.args[1], int):
            options[before.args[0]] = before.args[1]
    options.pop("SO_LINGER", None)
    return Newcomer(one.protocol, asked.host, port, tuple(options.items()), uid)


#: Stands for a port that the notation names by a letter: not reserved, and not of the range from which systems draw.
_A_PORT = 8080


def _own(one: Recorded, act: Act, recording: Recording) -> dict[int, Holder]:
    """The program's own sockets that were bound to the port when the call was made, by their lines."""
    wanted = next((arg.port for arg in act.args if isinstance(arg, Address)), one.address.port if one.address else "")
    found = {}
    for other in recording.sockets:
        is_open = other.line < act.line and not 0 < other.closed_at < act.line
        if other is not one and other.address and other.address.port == wanted and other.protocol == one.protocol and is_open:
            found[other.line] = _as_holder(other, act.line)
    return found


def _as_holder(other: Recorded, line: int) -> Holder:
    assert other.address
    set_ = [act for act in other.acts if act.line < line and act.verb == "setsockopt" and act.granted]
    options = {str(act.args[0]): int(str(act.args[1])) for act in set_ if act.args[0] != "SO_LINGER"}
    listens = any(act.verb == "listen" and act.granted and act.line < line for act in other.acts)
    state = UNCONNECTED if other.protocol == "udp" else LISTEN if listens else BOUND
    port = int(other.address.port) if other.address.port.isdecimal() else _A_PORT
    row = Row(other.protocol, other.family, state, other.address.host, port, None, 0, 1, None, bool(options.get("IPV6_V6ONLY")))
    return Holder(row, (Owner(1, "the program itself"),), options)


def _id(because: Reason | None) -> str:
    return f"  [{because.id}, {because.basis}]" if because else ""
