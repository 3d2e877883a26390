"""Sentences that people cite about address reuse, and what we found about each: `claims.json`, beside this module."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from fixtures.models import Platform
from fixtures.record.verdicts import Observation
from fixtures.specification.sources import Citation, bibliography
from reports.catalogue import find

FILE = Path(__file__).with_name("claims.json")

#: The verdicts on a claim, each in one sentence.
CLAIM_VERDICTS = {
    "contradicted": "What was seen, or a kernel's source, says otherwise.",
    "outdated": "It was true once.",
    "disputed": "Sources contradict each other, and none of our machines can decide.",
    "partly": "It needs a condition that it does not name, or a part of it is wrong.",
    "holds": "It is true wherever we could see it.",
    "open": "Nothing that we saw decides it.",
}


@dataclass(frozen=True)
class Claim:
    """A claim in our words: its place, its verdict, and the experiments that ask it or the reason why none does."""

    id: str
    claim: str
    source: str
    at: str
    platforms: list[str]
    verdict: str
    seen: str
    #: Experiment id -> its outcome on Linux: conforms, variant or untestable.
    experiments: dict[str, str] = field(default_factory=dict)
    why_not: str = ""
    note: str = ""

    @property
    def citation(self) -> Citation:
        """The place of the claim.

        Raises KeyError for a source that the bibliography lacks.
        """
        return bibliography()[self.source].at(self.at)


def load() -> list[Claim]:
    """Every claim, in the order of the file."""
    return [Claim(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))["claims"]]


def on_linux(identifier: str) -> Observation:
    """What an experiment gives on the Linux model, which the suite compares with the kernel."""
    return Platform("linux").predict(find(identifier).script)[0]


def outcome(seen: Observation) -> str:
    """The observation in a word: conforms, variant, or what prevented an answer."""
    return "conforms" if seen.held else seen.problem or "variant"
