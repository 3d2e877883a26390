"""What the site shows, gathered once: platforms, cells, and experiments in families that share a script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fixtures.language.stack import Trace, format_trace
from fixtures.language.words import CLOSED
from fixtures.models import Platform, defined
from fixtures.models.block import Block
from fixtures.record.runfile import Run
from fixtures.specification.clauses import Gap, Own, Reason, is_variant, rule_of
from fixtures.specification.rules import Rule
from fixtures.specification.sources import Citation, bibliography
from reports.catalogue import Row
from reports.cells import UNKNOWN, UNTESTABLE, Cell, Cells, runs_by_file
from reports.recorded import ON_ITS_STACK, UNFINISHED
from reports.site import paths
from reports.site.history import Newest, Span, spans
from reports.site.words import title

#: How names in the modules' names are spelt.
_SPELT = {
    "mptcp": "Multipath TCP",
    "reuseport": "SO_REUSEPORT",
    "reuseport lb": "SO_REUSEPORT_LB",
    "stevens": "Stevens'",
    "time wait": "TIME_WAIT",
    "udp": "UDP",
    "unix": "Unix sockets",
}
#: The name of a connection that nobody has accepted.
QUEUED = "queued"


@dataclass
class Family:
    """The experiments of one function and one rule.

    They share its script and its question, and differ in their parameters.
    """

    rows: list[Row]
    #: Its anchor on the page of its chapter: ``f7`` is the seventh there.
    anchor: str

    @property
    def first(self) -> Row:
        """The experiment that stands for it."""
        return self.rows[0]

    @property
    def question(self) -> str:
        """Its question, with the parameters in braces if there are several experiments."""
        return (self.first.experiment if len(self.rows) == 1 else self.first.template).question


@dataclass
class Chapter:
    """A module of the suites, or a folder of them."""

    name: str
    families: list[Family]

    @property
    def page(self) -> str:
        """The file of its page."""
        return f"{self.name.replace(' ', '-')}.html"

    @property
    def title(self) -> str:
        """Its name as a heading: with a capital, and what is a name by itself as it is spelt."""
        words = _SPELT.get(self.name) or " ".join(_SPELT.get(word, word) for word in self.name.split())
        return words[0].upper() + words[1:]

    @property
    def rows(self) -> list[Row]:
        """All its experiments."""
        return [row for family in self.families for row in family.rows]


@dataclass(frozen=True)
class Witness:
    """A recorded run that shows an experiment: its platform, its machine, and the verdict."""

    platform: str
    machine: str
    verdict: str


@dataclass
class Site:
    """Everything that the pages are made from."""

    platforms: list[Platform]
    rows: list[Row]
    cells: Cells
    #: What was recorded on each platform, in a few words for each run.
    runs: dict[str, list[str]] = field(default_factory=dict)
    #: The runs that got as far as each experiment's question.
    witnesses: dict[str, list[Witness]] = field(default_factory=dict)
    #: What the newest releases answer, and since when.
    newest: Newest = field(default_factory=Newest)

    @cached_property
    def chapters(self) -> list[Chapter]:
        """The chapters in the order of the suites."""
        found: dict[str, dict[tuple[str, str], list[Row]]] = {}
        for row in self.rows:
            found.setdefault(row.chapter, {}).setdefault((row.test, row.experiment.rule.id), []).append(row)
        return [Chapter(name, [Family(rows, f"f{n}") for n, rows in enumerate(alike.values(), 1)]) for name, alike in found.items()]

    def across(self, identifier: str) -> tuple[Cell, ...]:
        """The cells of an experiment, in the order of the platforms."""
        return tuple(self.cells[identifier][str(platform)] for platform in self.platforms)

    def able(self, chapter: Chapter) -> list[Platform]:
        """The platforms that can run anything of a chapter."""
        across = [self.cells[row.experiment.id] for row in chapter.rows]
        return [platform for platform in self.platforms if any(cells[str(platform)].outcome != UNTESTABLE for cells in across)]

    def column(self, platform: Platform) -> dict[str, Cell]:
        """The cells of a platform by experiment id."""
        return {identifier: found[str(platform)] for identifier, found in self.cells.items()}

    def row(self, identifier: str) -> Row:
        """The experiment of this id."""
        return self._by_id[identifier]

    def known(self, identifier: str) -> Row | None:
        """The experiment of this id, if there is one."""
        return self._by_id.get(identifier)

    @cached_property
    def _by_id(self) -> dict[str, Row]:
        return {row.experiment.id: row for row in self.rows}

    @cached_property
    def pages(self) -> dict[str, str]:
        """The page of each experiment."""
        return {row.experiment.id: chapter.page for chapter in self.chapters for row in chapter.rows}

    @cached_property
    def families(self) -> dict[str, tuple[Chapter, Family]]:
        """The chapter and the family of each experiment."""
        each = ((chapter, family) for chapter in self.chapters for family in chapter.families)
        return {row.experiment.id: (chapter, family) for chapter, family in each for row in family.rows}

    def spans(self, platform: Platform, identifier: str) -> list[Span]:
        """The answers of a platform's releases to an experiment, oldest first."""
        return spans(platform, self.row(identifier), self.newest) if platform.make().releases else []

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Every rule that an experiment asserts or a cell rests on."""
        said = {row.experiment.rule.id: row.experiment.rule for row in self.rows}
        said |= {rule.id: rule for clause in self.clauses.values() if (rule := rule_of(clause))}
        reasons = (cell.because for across in self.cells.values() for cell in across.values())
        return said | {reason.id: reason for reason in reasons if isinstance(reason, Rule)}

    @cached_property
    def clauses(self) -> dict[str, Own]:
        """Every clause that decides a cell, and every variant of the models, by id, even those of older releases that no cell shows."""
        met = (cell.because for cells in self.cells.values() for cell in cells.values())
        variants = {reason.id: reason for reason in defined() if is_variant(reason)}
        return variants | {reason.id: reason for reason in met if isinstance(reason, Own) and not _is_unread(reason)}

    def own(self, platform: Platform) -> list[Own]:
        """The clauses, disputes and gaps of a platform."""
        return self._own.get(platform.name, [])

    @cached_property
    def _own(self) -> dict[str, list[Own]]:
        found: dict[str, list[Own]] = {}
        for clause in self.clauses.values():
            found.setdefault(clause.id.partition("/")[0], []).append(clause)
        return found

    def decides(self, clause: str) -> list[tuple[str, str]]:
        """The platform and the id of each experiment that a clause decides."""
        return self._decides.get(clause, [])

    @cached_property
    def _decides(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for platform, clauses in self.decided.items():
            for clause, names in clauses.items():
                found.setdefault(clause, []).extend((platform, name) for name in names)
        return found

    def place(self, reason: Reason) -> str:
        """The page that explains a rule or a clause."""
        return paths.rule(reason.id) if isinstance(reason, Rule) else paths.clause(reason.id)

    @cached_property
    def decided(self) -> dict[str, dict[str, list[str]]]:
        """The experiments that a clause decides, by platform (each release counts as one), then by the clause's id."""
        found: dict[str, dict[str, list[str]]] = {str(platform): {} for platform in self.platforms}
        for identifier, across in self.cells.items():
            for platform, cell in across.items():
                if isinstance(cell.because, Own) and not _is_unread(cell.because):
                    found[platform].setdefault(cell.because.id, []).append(identifier)
        return found

    @cached_property
    def deciding(self) -> dict[str, list[Own]]:
        """The clauses that decide each platform's answers, the most frequent first."""
        ordered = {one: sorted(met, key=lambda name: (-len(met[name]), name)) for one, met in self.decided.items()}
        return {platform: [self.clauses[name] for name in names] for platform, names in ordered.items()}

    def bases(self, platform: Platform) -> Counter[str]:
        """The number of answers of a platform for each basis."""
        return Counter(cell.basis or UNTESTABLE for cell in self.column(platform).values())

    def script(self, row: Row) -> tuple[Platform, list[str]]:
        """The script of an experiment as answered by the first platform that can, each call with the states of the sockets."""
        across = zip(self.platforms, self.across(row.experiment.id), strict=True)
        shown = next((p for p, cell in across if cell.outcome not in (UNTESTABLE, UNKNOWN)), self.platforms[0])
        return shown, [" # ".join(filter(None, step)) for step in self.played(shown, row)]

    def played(self, platform: Platform, row: Row) -> list[tuple[str, str]]:
        """The calls of an experiment on a platform's model, each with the sockets whose state it changed."""
        return list(lived(platform, platform.predict(row.script)[0].trace))


def _is_unread(reason: Own) -> bool:
    return isinstance(reason, Gap) and reason.unread


def lived(platform: Platform, trace: Trace) -> Iterator[tuple[str, str]]:
    """Each line of a trace with the sockets whose state the call changed: ``A LISTEN, B bound``."""
    model = platform.make()
    moments: list[dict[Block, str]] = []
    for call, _ in trace:
        model.perform(call)
        moments.append({block: _state(block.state, block.port) for block in (*model.blocks, *model.sockets.values())})
    before: dict[str, str] = {}
    for line, moment in zip(format_trace(trace), moments, strict=True):
        now = {block.name or QUEUED: state for block, state in moment.items()}
        now |= {name: "gone" for name in before if name not in now}
        yield line, ", ".join(f"{name} {state}" for name, state in now.items() if before.get(name, "open") != state)
        before = now


def _state(state: str, port: str) -> str:
    return state if state != CLOSED else "bound" if port else "open"


def key_of(citation: Citation) -> str:
    """A short form of a citation: the key of its source, and the place."""
    key = next(key for key, source in bibliography().items() if source is citation.source or source == citation.source)
    return f"{key} {citation.locator}"


def witnesses(folder: Path) -> dict[str, list[Witness]]:
    """The recorded runs that got as far as each experiment's question."""
    found: dict[str, list[Witness]] = {}
    for run in runs_by_file(folder).values():
        machine = _machine(run)
        for record in run.traces:
            if record["verdict"] not in UNFINISHED:
                found.setdefault(record["id"], []).append(Witness(run.name, machine, record["verdict"]))
    return found


def _machine(run: Run) -> str:
    """What a run was recorded on, in short: ``6.1.192 (root)``.

    The release is that of the platform. What uname says may mislead: Debian calls its 6.1.192 ``6.1.0-57``, and gVisor says Linux 4.4.0.
    """
    privilege = run.header["fingerprint"].get("privilege")
    who = f" ({privilege})" if privilege else ""
    return f"{ON_ITS_STACK}: {re.split(r'[,;]| as kept', run.userland)[0]}" if run.userland else f"{run.version or title(run.name)}{who}"


def recorded(folder: Path) -> dict[str, list[str]]:
    """The recorded runs of each platform: the file, and the machine that it was recorded on."""
    found: dict[str, list[str]] = {}
    for name, run in runs_by_file(folder).items():
        about = run.header["fingerprint"]
        words = " ".join(filter(None, (title(str(run.header["platform"])), about.get("machine"))))
        called = f"{about.get('system', '')} {about.get('release', '')}".strip()
        told = [words, *[f"uname: {called}"] * (called not in words), *[f"{ON_ITS_STACK}: {run.userland}"] * bool(run.userland)]
        found.setdefault(run.name, []).append(f"{name} ({'; '.join(told)})")
    return found
