"""Since when a platform answers as it does: its answers release by release, asked only where its model looks at the version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def spans(platform: Platform, row: Row) -> list[Span]:
    """The answers of a platform's releases to an experiment, oldest first; one span if nothing ever changed."""
    found: list[Span] = []
    for since, seen in _periods(platform.name, row.script):
        here = cell(row, MODELS[platform.name](version=since), seen, None)
        if found and (found[0].cell.outcome, found[0].cell.answers) == (here.outcome, here.answers):
            found[0] = Span(since, found[0].cell)
        else:
            found.insert(0, Span(since, here))
    return found


def _periods(name: str, script: Script) -> Iterator[tuple[str, list[Observation]]]:
    """The periods in which a model asks for nothing else, newest first: the version that each begins with, and its answers."""
    version = ""
    while True:
        watched, asked = _watched(name)
        asked.clear()
        seen = every_world(partial(_seen, script, watched, version))
        here = order(version, *_named(name)) if version else None
        began = [one for one in asked if here is None or order(one, *_named(name)) <= here]
        since = max(began, key=lambda one: order(one, *_named(name)), default="")
        yield since, seen
        earlier = _before(name, since)
        if earlier is None:
            return
        version = earlier


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
