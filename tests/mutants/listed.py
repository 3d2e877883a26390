"""The mutants that no experiment can notice, with the reason: each entry by platform, function and change, never by a line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.mutants.families import NAMES
from tests.mutants.targets import Mutant

EQUIVALENT, OPEN = "equivalent", "open"
FILE = Path(__file__).with_name("listed.json")


@dataclass(frozen=True)
class Entry:
    """Survivors of some platforms and why. ``equivalent``: no script can tell them apart; ``open``: nothing asks yet, and they count.

    A platform is ``linux``, or ``linux/unix`` for AF_UNIX. ``platforms``, ``where`` and ``changes`` are patterns as of the shell;
    brackets stand for themselves.
    """

    kind: str
    platforms: tuple[str, ...]
    where: str
    changes: tuple[str, ...]
    reason: str

    def covers(self, platform: str, mutant: Mutant) -> bool:
        """Whether it speaks of this mutant of this platform."""
        return (
            _matches(self.where, mutant.where)
            and any(_matches(pattern, platform) for pattern in self.platforms)
            and any(_matches(pattern, mutant.change) for pattern in self.changes)
        )


#: A change that an entry names.
Need = tuple[Entry, str]


def _matches(pattern: str, text: str) -> bool:
    if pattern == text or not ("*" in pattern or "?" in pattern):
        return pattern == text
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def load() -> list[Entry]:
    """The list (schema: listed.schema.json)."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))["mutants"]
    return [Entry(one["kind"], tuple(one["platforms"]), one["where"], tuple(one["changes"]), one["reason"]) for one in entries]


def entry_of(platform: str, mutant: Mutant, entries: Iterable[Entry]) -> Entry | None:
    """The first entry that speaks of this mutant."""
    return next((entry for entry in entries if entry.covers(platform, mutant)), None)


def needs(entry: Entry, mutant: Mutant) -> list[Need]:
    """Which of the changes that an entry names this mutant is."""
    return [(entry, pattern) for pattern in entry.changes if _matches(pattern, mutant.change)]


def stale(entries: Iterable[Entry], platforms: Collection[str], needed: Collection[Need]) -> list[Need]:
    """The changes of the list that no mutant needs any more, of the entries all of whose platforms are these."""
    judged = [entry for entry in entries if set(named(entry)) <= set(platforms)]
    return [(entry, pattern) for entry in judged for pattern in entry.changes if (entry, pattern) not in needed]


def named(entry: Entry) -> list[str]:
    """The platforms that an entry speaks of."""
    return [name for name in NAMES if any(_matches(pattern, name) for pattern in entry.platforms)]
