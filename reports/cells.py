"""The cells of the matrix: what each platform answers to each experiment, and how that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from fixtures.language.words import OK
from fixtures.models import MODELS, Platform, UnknownPlatform, platform
from fixtures.models.base import Model
from fixtures.record.replay import NotThisExperiment, Replay
from fixtures.record.runfile import Record, Run, platform_in, read_run
from fixtures.record.verdicts import Observation, judge, observe
from fixtures.specification.clauses import BASES, Clause, Dispute, Reason, is_variant
from fixtures.specification.sources import Citation
from fixtures.specification.versions import VersionError
from reports.artefacts import without_artefacts
from reports.catalogue import ROOT, Row, all_rows
from reports.inputs import BadInput, tell
from reports.recorded import UNFINISHED

RUNS = ROOT / "reports" / "runs"

HOLDS, DEPARTS, EITHER, UNKNOWN, UNTESTABLE = "holds", "departs", "either", "unknown", "untestable"
#: What a cell says of the rule, each in one sentence.
OUTCOMES = {
    HOLDS: "The rule holds.",
    DEPARTS: "The platform departs from the rule.",
    EITHER: "The rule holds or not: sources contradict each other, or the system leaves it open.",
    UNKNOWN: "Nobody is known to have said.",
    UNTESTABLE: "The platform lacks what the experiment needs.",
}

#: The experiments of which a run is read; nothing for all.
Only = frozenset[str] | None
#: Which versions of a platform are meant.
Fits = Callable[[str], bool]

#: What else platforms are called, by uname, by Python's sys.platform and by people.
OTHER_NAMES = {
    **dict.fromkeys(("darwin", "osx", "mac", "macosx"), "macos"),
    **dict.fromkeys(("win", "win32", "win64"), "windows"),
    **dict.fromkeys(("sunos",), "solaris"),
    **dict.fromkeys(("hp-ux",), "hpux"),
}

#: One letter for each basis; they are told apart without colour.
BASIS_LETTERS = {
    "observed": "O",
    "observed on its stack": "L",
    "source": "S",
    "tested elsewhere": "T",
    "documented": "D",
    "reported": "R",
    "predicted": "P",
    "disputed": "X",
}


@dataclass(frozen=True)
class Cell:
    """What one platform answers to one experiment.

    ``answers`` are those to the question, the last call of the script: ``bind EADDRINUSE``. More
    than one where worlds differ.
    """

    outcome: str
    answers: tuple[str, ...]
    basis: str
    because: Reason | None
    source: Citation | None
    why: str = ""
    #: A recorded run that contradicts the model, and is shown instead of it.
    surprise: bool = False

    @property
    def answer(self) -> str:
        """The answers in one word or several."""
        return " or ".join(self.answers)


Cells = dict[str, dict[str, Cell]]
#: What a platform allows for an experiment.
Predict = Callable[[Platform, Row], list[Observation]]


class Shown(NamedTuple):
    """What a run keeps of an experiment, and on what it was recorded: a system, or its stack alone."""

    record: Record
    basis: str


def cell(row: Row, model: Model, seen: Sequence[Observation], shown: Shown | None) -> Cell:
    """One cell, from what the model says and from the recorded run, which has the last word.

    Raises BadInput for a trace that is not one of the experiment.
    """
    said = _said(model, seen)
    if shown is None or shown.record["verdict"] in UNFINISHED:
        # Runs have shown what decides, in other experiments. Of this one there is only what was read.
        return replace(said, basis="source") if said.basis == "observed" else said
    record = shown.record
    try:
        observed = observe(row.script, Replay(record["trace"]))
    except NotThisExperiment as error:
        raise BadInput(f"a recorded run of {model.name}: {record['id']}: {error}; record it again") from None
    contradicts = judge(observed, seen).verdict in ("surprise", "stale")
    outcome = HOLDS if observed.held else DEPARTS
    return Cell(outcome, (_last(observed),), shown.basis, said.because, said.source, said.why, surprise=contradicts)


def _said(model: Model, seen: Sequence[Observation]) -> Cell:
    for word in (UNKNOWN, UNTESTABLE):
        if found := next((one for one in seen if one.problem == word), None):
            because = found.trace[-1][1].because if word == UNKNOWN else None
            source = because.source if because else None
            return Cell(word, (), "unknown" if word == UNKNOWN else "", because, source, found.why)
    held = {one.held for one in seen}
    because = decisive(seen)
    outcome = EITHER if len(held) > 1 else HOLDS if held == {True} else DEPARTS
    answers = dict.fromkeys(map(_last, seen))
    return Cell(outcome, tuple(answers), because.basis, because, because.source, because.statement)


def decisive(seen: Sequence[Observation]) -> Reason:
    """The reason of the answer to the question; of a departure the last variant that was met before it."""
    departing = next((one for one in seen if not one.held), seen[0])
    if not departing.held and departing.variants:
        last = departing.trace[-1][1].because
        return last if is_variant(last) else departing.variants[-1]
    because = departing.trace[-1][1].because
    assert because is not None, departing.lines
    return because


def _last(seen: Observation) -> str:
    """Verb and answer of the last call: ``bind EADDRINUSE``."""
    call, answer = seen.trace[-1]
    return "ok" if call.makes and answer == OK else f"{call.verb} {answer}"


def columns(names: Iterable[str] = ()) -> list[Platform]:
    """The platforms of the matrix: those that are named, else every one, at its newest."""
    return [platform_named(name) for name in names] or [Platform(name) for name in MODELS]


def recorded_before(platforms: Iterable[Platform], runs: Path = RUNS) -> list[Platform]:
    """The recorded releases of those platforms of which no run speaks for the release that is meant."""
    found = []
    for meant in platforms:
        mine = [Platform(run.name, run.version) for run in recorded_runs(runs, meant.name, only=frozenset())]
        if not any(same_release(meant, one.version) for one in mine):
            found += mine
    return found


def platform_named(spec: str) -> Platform:
    """The platform ``NAME`` or ``NAME@VERSION`` of a command line; a version that nobody read is told.

    Raises BadInput.
    """
    word, at, version = spec.strip().partition("@")
    name = OTHER_NAMES.get(word.lower(), word.lower() if word.lower() in MODELS else word)
    try:
        named = platform(f"{name}{at}{version}")
    except UnknownPlatform as error:
        raise BadInput(str(error)) from None
    tell(filter(None, [named.note]))
    return named


def predicted(platform: Platform, row: Row) -> list[Observation]:
    """What a platform allows for an experiment."""
    return platform.predict(row.script)


def cells(
    platforms: Sequence[Platform],
    rows: Sequence[Row] | None = None,
    runs: Path = RUNS,
    predict: Predict = predicted,
) -> Cells:
    """Every cell: by experiment id, then by platform. ``predict`` may note what it is asked, or know it already."""
    only = None if rows is None else frozenset(row.experiment.id for row in rows)
    recorded = {str(platform): _shown_by_runs(platform, runs, only) for platform in platforms}
    return {
        row.experiment.id: {str(p): cell(row, p.make(), predict(p, row), recorded[str(p)].get(row.experiment.id)) for p in platforms}
        for row in (all_rows() if rows is None else rows)
    }


def _shown_by_runs(platform: Platform, runs: Path, only: Only) -> dict[str, Shown]:
    """What the recorded runs of this release of the platform show, by experiment id; a later run fills what an earlier one lacks."""
    found: dict[str, Shown] = {}
    for run in recorded_runs(runs, platform.name, partial(same_release, platform), only):
        for record in run.traces:
            old = found.get(record["id"])
            if old is None or old.record["verdict"] == "untestable":
                found[record["id"]] = Shown(record, run.basis)
    return found


def every_version(version: str) -> bool:
    """The runs of every version of a platform."""
    return True


def runs_by_file(folder: Path, name: str = "", fits: Fits = every_version, only: Only = None) -> dict[str, Run]:
    """Every run of a folder, or those of one platform and the versions that fit, by the name of its file; their traces of ``only``."""
    paths = {path: path.stat() for path in sorted(folder.glob("*.jsonl*"))}
    same = {path: (path, stat.st_ino, stat.st_size, stat.st_mtime_ns) for path, stat in paths.items()}
    return {path.name: _read(only, *key) for path, key in same.items() if not name or _is_of(name, fits, _platform_of(*key))}


def recorded_runs(folder: Path, name: str = "", fits: Fits = every_version, only: Only = None) -> list[Run]:
    """The same: first the runs on the systems themselves, then those on stacks alone."""
    return sorted(runs_by_file(folder, name, fits, only).values(), key=lambda run: list(BASES).index(run.basis))


def _is_of(name: str, fits: Fits, platform: str) -> bool:
    mine, _, version = platform.partition("@")
    return mine == name and fits(version)


@cache
def _read(only: Only, path: Path, *same: int) -> Run:
    """A run, read once for as long as its file stays the same."""
    return without_artefacts(read_run(path, only))


@cache
def _platform_of(path: Path, *same: int) -> str:
    """The platform of a run with its version, without reading the rest of it."""
    return platform_in(path)


def same_release(platform: Platform, version: str) -> bool:
    """Whether a run of this version speaks for the platform: no release of the model lies between the two.

    For a version that nobody read only its own runs speak.
    """
    model = platform.make()
    if not model.is_read:
        return platform.version == version
    try:
        recorded = Platform(platform.name, version).make()
    except VersionError:
        return False
    return [model.since(release) for release in model.releases] == [recorded.since(release) for release in model.releases]


def statement(because: Reason) -> str:
    """The reason with its id, and the rule that it breaks, if it breaks one."""
    departs = f" (departs from {because.departs_from.id})" if isinstance(because, Clause) and because.departs_from else ""
    return f"{type(because).__name__.lower()} {because.id}: {because.statement}{departs}"


def names_a_place(cell: Cell) -> bool:
    """Whether somebody read the place that decides the answer of a cell."""
    because = cell.because
    return isinstance(because, Dispute) or (isinstance(because, Clause) and because.basis != "predicted")
