"""The two families of addresses, whose models share nothing: IP, and AF_UNIX. Each has its experiments and its mutants."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from fixtures.language.words import UNKNOWN
from fixtures.models import MODELS
from fixtures.models.base import Model
from fixtures.models.unix.rooms import ROOMS
from reports.catalogue import all_rows
from tests.mutants.reached import PACKAGE
from tests.mutants.rooms import answers_of_room_changed, mutants_of_room, said_by, union
from tests.mutants.targets import Mutant, answers_changed, clause_reversed, decided, mutants_of
from tests.settings import settings_of

CHAPTER = "unix"
#: What every model runs, whatever the release.
SHARED = {f"{PACKAGE}{name}" for name in ("base", "block", "lifecycle", "stevens")}
#: A release, the settings of its system, and the user of the experiment.
Place = tuple[str, Mapping[str, str], int]


class Family(ABC):
    """What is tried of one platform."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.older = tuple(reversed(model.releases[:-1]))

    @property
    @abstractmethod
    def places(self) -> list[Place]:
        """Where each mutant is tried, the newest release first."""

    @abstractmethod
    def is_asked_by(self, chapter: str) -> bool:
        """Whether the experiments of a chapter are about this family."""

    @abstractmethod
    def own_modules(self) -> set[str]:
        """The modules whose lines count even where an experiment comes out as in a newer release."""

    @abstractmethod
    def heard(self) -> AbstractContextManager[Any]:
        """What decides anything while this lasts."""

    @abstractmethod
    def mutants(self, heard: Iterable[Any], met: set[str]) -> Iterator[Mutant]:
        """All of them, of clauses and answers those that were heard or met."""

    @property
    def numbers(self) -> list[int]:
        """The experiments, by their place among all."""
        return [number for number, row in enumerate(all_rows()) if self.is_asked_by(row.chapter)]


class Ip(Family):
    """TCP and UDP."""

    @property
    def places(self) -> list[Place]:
        settings = settings_of(self.model)
        return [*(("", some, 0) for some in settings), *((version, settings[0], 0) for version in self.older)]

    def is_asked_by(self, chapter: str) -> bool:
        return chapter != CHAPTER

    def own_modules(self) -> set[str]:
        classes = {cls.__module__ for cls in self.model.__mro__} - SHARED
        return {name for name in sys.modules if any(name == one or name.startswith(f"{one}.") for one in classes)}

    def heard(self) -> AbstractContextManager[Any]:
        return decided(self.model)

    def mutants(self, heard: Iterable[Any], met: set[str]) -> Iterator[Mutant]:
        """Those of clauses only for clauses that decide something here and say what the platform does."""
        clauses = {clause for one in heard for clause in one if clause.basis != UNKNOWN.name}
        yield from mutants_of(self.model)
        yield from (clause_reversed(self.model, clause) for clause in sorted(clauses, key=lambda clause: clause.id))
        yield from answers_changed(self.model, met)


class Unix(Family):
    """AF_UNIX. No setting counts. Root has all permissions, so that a user who is not root tries each mutant too."""

    USER = 1000

    @property
    def places(self) -> list[Place]:
        return [("", {}, 0), ("", {}, self.USER), *((version, {}, 0) for version in self.older)]

    def is_asked_by(self, chapter: str) -> bool:
        return chapter == CHAPTER

    def own_modules(self) -> set[str]:
        return {name for name in sys.modules if name.startswith(f"{PACKAGE}{CHAPTER}.")}

    def heard(self) -> AbstractContextManager[Any]:
        return said_by(ROOMS[self.model.name])

    def mutants(self, heard: Iterable[Any], met: set[str]) -> Iterator[Mutant]:
        room = ROOMS[self.model.name]
        yield from mutants_of_room(room)
        yield from answers_of_room_changed(room, union(list(heard)))


#: What can be tried, by name: ``linux``, ``linux/unix``.
NAMES = (*MODELS, *(f"{name}/{CHAPTER}" for name in MODELS if name in ROOMS))


def family(name: str) -> Family:
    """The family of a name: ``linux`` is IP on Linux, ``linux/unix`` AF_UNIX."""
    platform, _, rest = name.partition("/")
    make: Callable[[type[Model]], Family] = Unix if rest else Ip
    return make(MODELS[platform])


def code_of(name: str) -> list[Mutant]:
    """The mutants of code, which are known before any experiment has run."""
    found = family(name)
    return mutants_of_room(ROOMS[found.model.name]) if isinstance(found, Unix) else mutants_of(found.model)
