"""Since when a platform answers as it does: its answers release by release, asked only where its model looks at the version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from fixtures.models import MODELS, Platform
from fixtures.models.base import Model
from fixtures.record.verdicts import Observation, Script, observe
from fixtures.specification.versions import order
from fixtures.specification.worlds import Choices, every_world
from reports.catalogue import Row
from reports.cells import Cell, cell


@dataclass(frozen=True)
class Span:
    """Releases that give the same answer: from this version on (empty: from the first that was read), until that of the next span."""

    since: str
    cell: Cell


class Newest:
    """What the newest releases answer and since when, noted while the matrix is made: the same calls need not be played again."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Span] = {}

    def predict(self, platform: Platform, row: Row) -> list[Observation]:
        """What a platform allows for an experiment, as ``Platform.predict`` has it."""
        model = platform.make()
        if platform.version or not model.releases:
            return platform.predict(row.script)
        since, seen = _period(platform.name, row.script, "")
        self._found[platform.name, row.experiment.id] = Span(since, cell(row, model, seen, None))
        return seen

    def of(self, platform: Platform, row: Row) -> Span:
        """The answer of the newest release."""
        if (platform.name, row.experiment.id) not in self._found:
            self.predict(Platform(platform.name), row)
        return self._found[platform.name, row.experiment.id]


def spans(platform: Platform, row: Row, newest: Newest | None = None) -> list[Span]:
    """The answers of a platform's releases to an experiment, oldest first; one span if nothing ever changed."""
    found = [(newest or Newest()).of(platform, row)]
    while (version := _before(platform.name, found[0].since)) is not None:
        since, seen = _period(platform.name, row.script, version)
        here = cell(row, MODELS[platform.name](version=since), seen, None)
        if (found[0].cell.outcome, found[0].cell.answers) == (here.outcome, here.answers):
            found[0] = Span(since, found[0].cell)
        else:
            found.insert(0, Span(since, here))
    return found


def _period(name: str, script: Script, version: str) -> tuple[str, list[Observation]]:
    """What a release answers, and the version since which its model asks for nothing else."""
    watched, asked = _watched(name)
    asked.clear()
    seen = every_world(partial(_seen, script, watched, version))
    here = order(version, *_named(name)) if version else None
    began = [one for one in asked if here is None or order(one, *_named(name)) <= here]
    return max(began, key=lambda one: order(one, *_named(name)), default=""), seen


def _seen(script: Script, model: type[Model], version: str, choices: Choices) -> Observation:
    return observe(script, model(0, None, version, choices))


@cache
def _watched(name: str) -> tuple[type[Model], set[str]]:
    """The model of a platform, and the set to which it adds every version that it asks about."""
    model, asked = MODELS[name], set[str]()

    def since(self: Model, version: str) -> bool:
        if version:
            asked.add(version)
        return model.since(self, version)

    return type(model.__name__, (model,), {"since": since, "__module__": model.__module__}), asked


def _named(name: str) -> tuple[Sequence[str], dict[str, str]]:
    return MODELS[name].eras, dict(MODELS[name].aliases)


@cache
def _known(name: str) -> tuple[str, ...]:
    """The versions of a platform that its model tells apart, oldest first."""
    model = MODELS[name]
    versions = {*model.releases, *(model.read or ())[:1], *model.eras}
    return tuple(sorted(versions, key=lambda one: order(one, *_named(name))))


@cache
def _before(name: str, since: str) -> str | None:
    """The newest known version before this one; none before the first."""
    if not since:
        return None
    limit = order(since, *_named(name))
    return max((one for one in _known(name) if order(one, *_named(name)) < limit), key=lambda one: order(one, *_named(name)), default=None)
