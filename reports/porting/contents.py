"""What a report carries. Text, Markdown, HTML and JSON are written from it; port.schema.json, beside this module, describes the JSON.

A new field is described there, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from reports.porting.advice import Cost
from reports.porting.recognised import Libraries
from reports.porting.words import SAME

#: The version of the JSON. It grows by one when a field goes away or changes its meaning; new fields do not change it.
SCHEMA = 2


@dataclass(frozen=True)
class OneSide:
    """One side of a dispute."""

    claim: str
    basis: str
    source: str


@dataclass(frozen=True)
class Because:
    """A reason, and how it is known."""

    id: str
    statement: str
    basis: str
    source: str
    sides: list[OneSide]


@dataclass(frozen=True)
class Refused:
    """A refused call: the recorded socket that makes it, its line in the script, its verb, the errno, and the system's name for that."""

    socket: str
    line: str
    call: str
    errno: str
    native: str


@dataclass(frozen=True)
class Met:
    """What a server meets on one platform in one situation."""

    outcome: str
    refused: list[Refused]
    receives: list[str]
    trace: list[str]
    because: list[Because]


@dataclass(frozen=True)
class Instead:
    """What to write instead. ``then``: what the target's model answers to it, or None if it changes no option."""

    id: str
    say: str
    then: str | None
    mends: list[str]
    costs: list[Cost]
    experiments: list[str]
    because: list[str]
    sources: list[str]


@dataclass(frozen=True)
class TargetReport:
    """A target in one situation: the verdict, what else changes, and what to write instead."""

    verdict: str
    changes: list[str]
    answer: Met
    instead: list[Instead]

    @property
    def mark(self) -> str:
        """The verdict, with a star if something changes all the same."""
        return f"{self.verdict}{'*' if self.verdict == SAME and self.changes else ''}"


@dataclass(frozen=True)
class SituationReport:
    """One situation on the platform of the recording and on every target."""

    id: str
    name: str
    question: str
    experiments: list[str]
    from_: Met
    to: dict[str, TargetReport]


@dataclass(frozen=True)
class BoundSocket:
    """A socket of a server, as it was recorded; ``count`` of them do the same at the same address.

    ``options`` were set before bind, ``options_after`` later. If ``known`` is false, the socket is
    older than the log, and has options that nobody sees.
    """

    kind: str
    address: str | None
    line: int
    count: int
    options: dict[str, int]
    options_after: dict[str, int]
    known: bool
    listens: bool
    joins: list[str]
    processes: int
    accepted: int
    refused: list[str]


@dataclass(frozen=True)
class Warned:
    """Something about the server that no model plays, and what it means on a target: its verdict, what to do, and where it is said."""

    verdict: str
    say: str
    sources: list[str]


@dataclass(frozen=True)
class ProgramReport:
    """The program with all its servers: what it meets as a whole. A socket that is refused ends it."""

    title: str
    overall: dict[str, str]
    situations: list[SituationReport]


@dataclass(frozen=True)
class ServerReport:
    """A server, and everything that it meets."""

    title: str
    ports: list[str]
    sockets: list[BoundSocket]
    notes: list[str]
    libraries: Libraries
    overall: dict[str, str]
    warnings: dict[str, list[Warned]]
    situations: list[SituationReport]


@dataclass(frozen=True)
class Counts:
    """What was read."""

    name: str
    calls: int
    sockets: int
    notes: list[str]


@dataclass(frozen=True)
class Report:
    """The whole report. Each target in ``to`` is a platform."""

    schema: int
    suite: str
    from_: str
    to: list[str]
    uid: int
    calls: Counts
    verdicts: dict[str, str]
    bases: dict[str, str]
    program: ProgramReport
    servers: list[ServerReport]
    unjudged: list[str]

    @property
    def targets(self) -> Iterator[TargetReport]:
        """Every answer of a target."""
        everywhere = [*self.program.situations, *(one for server in self.servers for one in server.situations)]
        return (there for one in everywhere for there in one.to.values())

    @property
    def warned(self) -> list[Warned]:
        """Every warning of a target."""
        return [one for server in self.servers for several in server.warnings.values() for one in several]

    def as_json(self) -> dict[str, Any]:
        """The report as it is written to JSON."""
        return asdict(self, dict_factory=lambda fields: {name.removesuffix("_"): value for name, value in fields})
