"""What a report carries. Text, Markdown, HTML and JSON are written from it; port.schema.json, beside this module, describes the JSON.

A new field is described there, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from reports.porting.advice import Cost
from reports.porting.judge import SAME, Refusal
from reports.porting.recognised import Libraries


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
class Met:
    """What a server meets on one platform in one situation."""

    outcome: str
    refused: list[Refusal]
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
    question: str
    experiments: list[str]
    from_: Met
    to: dict[str, TargetReport]


@dataclass(frozen=True)
class BoundSocket:
    """A socket of a server, as it was recorded."""

    kind: str
    address: str | None
    line: int
    options: dict[str, int]
    listens: bool
    processes: int
    accepted: int
    refused: list[str]


@dataclass(frozen=True)
class ServerReport:
    """A server, and everything that it meets."""

    title: str
    ports: list[str]
    sockets: list[BoundSocket]
    notes: list[str]
    libraries: Libraries
    overall: dict[str, str]
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

    suite: str
    from_: str
    to: list[str]
    uid: int
    calls: Counts
    verdicts: dict[str, str]
    bases: dict[str, str]
    servers: list[ServerReport]
    unjudged: list[str]

    @property
    def targets(self) -> Iterator[TargetReport]:
        """Every answer of a target."""
        return (there for server in self.servers for one in server.situations for there in one.to.values())

    def as_json(self) -> dict[str, Any]:
        """The report as it is written to JSON."""
        return asdict(self, dict_factory=lambda fields: {name.removesuffix("_"): value for name, value in fields})
