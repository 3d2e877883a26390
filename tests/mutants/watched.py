"""Models that note what they ask of their release and their settings: where the answers are the same, so is all that they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fixtures.models.base import Model

#: What a model works out from the name of its release alone, without a look at the order of releases.
OF_THE_NAME = ("keeps_role", "has_mptcp")
#: What was asked, and what the answer was: whether the release is this one or a later one, the value of a setting, or one of those.
Asked = dict[tuple[str, str], object]


class Settings(Mapping[str, str]):
    """Settings that note what is asked. They count as true even if there are none, so that a model keeps them."""

    def __init__(self, settings: Mapping[str, str], asked: Asked) -> None:
        self._settings, self.asked = settings, asked

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._settings)

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __getitem__(self, name: str) -> str:
        self.asked["setting", name] = self._settings.get(name)
        return self._settings[name]


def watched(model: type[Model]) -> Callable[..., Model]:
    """The model, which notes in its settings what it asks of its release."""

    class Watched(model):  # type: ignore[misc, valid-type]
        def since(self, version: str) -> bool:
            found = bool(super().since(version))
            if isinstance(self.settings, Settings):
                self.settings.asked["since", version] = found
            return found

    for name in OF_THE_NAME:
        setattr(Watched, name, _noted(name, getattr(model, name, None)))
    return Watched


def _noted(name: str, usual: object) -> property:
    def get(model: Model) -> Any:
        found = vars(model).get(name, usual)
        if isinstance(model.settings, Settings):
            model.settings.asked["name", name] = found
        return found

    def put(model: Model, value: object) -> None:
        vars(model)[name] = value

    return property(get, put)


class World:
    """One release and one configuration of a model, which can answer what another one was asked."""

    def __init__(self, model: type[Model], version: str, settings: Mapping[str, str]) -> None:
        self._at, self._settings = model(0, settings, version), settings
        self._answers: Asked = {}

    def answers_alike(self, asked: Asked) -> bool:
        """Whether each of these questions has the same answer here."""
        return all(self._answer(question) == answer for question, answer in asked.items())

    def _answer(self, question: tuple[str, str]) -> Any:
        if question not in self._answers:
            kind, name = question
            of_the_name = vars(self._at).get(name)
            setting = of_the_name if kind == "name" else self._settings.get(name)
            self._answers[question] = self._at.since(name) if kind == "since" else setting
        return self._answers[question]
