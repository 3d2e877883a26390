"""Every experiment of the suites, one for each row of a table, without a run of pytest."""

from __future__ import annotations

import functools
import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from fixtures.language.experiment import Experiment, Template, chapter_of
from fixtures.language.stack import Stack
from fixtures.record.verdicts import Script
from reports.inputs import BadInput

ROOT = Path(__file__).resolve().parent.parent
#: What is not installed; a checkout has it.
IN_CHECKOUT = ROOT / "tests"
#: The folder of the checks of libraries, which are no experiments.
LIBRARIES = "libraries"


def need_checkout(what: str) -> None:
    """Raise BadInput where the suite is installed: the pages and the registry are in a checkout alone."""
    if not IN_CHECKOUT.is_dir():
        raise BadInput(f"{what} is about what the repository keeps; run it in a checkout: python -m addrinuse {what}")


def _file(module: str) -> Path:
    return ROOT.joinpath("suites", *module.split(".")).with_suffix(".py")


def _modules() -> list[str]:
    """The modules below ``suites``, chapter by chapter; a chapter is a module, or a folder of them."""
    paths = [path.relative_to(ROOT / "suites") for path in (ROOT / "suites").rglob("test_*.py")]
    names = [".".join(path.with_suffix("").parts) for path in paths if path.parts[0] != LIBRARIES]
    return sorted(names, key=lambda name: (chapter_of(_file(name)), name))


MODULES = _modules()


def questions_of_files() -> list[tuple[str, str]]:
    """The files of the suites with the first line of each docstring, which says what its experiments ask."""
    docs = ((module, importlib.import_module(f"suites.{module}").__doc__ or "") for module in MODULES)
    return [(_file(module).relative_to(ROOT / "suites").as_posix(), doc.splitlines()[0]) for module, doc in docs]


@dataclass(frozen=True)
class Row:
    """One experiment with its parameters filled in."""

    chapter: str
    experiment: Experiment
    script: Script
    #: The experiment before its parameters are filled in.
    template: Template
    #: The values of its parameters.
    parameters: dict[str, str]
    #: Its function, as pytest names it: ``suites/test_udp.py::test_one``.
    test: str


def rows_of(module: str) -> list[Row]:
    """The experiments of a module of the suites, named from there: ``test_udp``, ``calls.test_send``.

    Raises BadInput if pytest is missing: the suites import it.
    """
    try:
        return list(_rows(importlib.import_module(f"suites.{module}"), _file(module)))
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        raise BadInput(f"pytest is not there for {sys.executable}: install it, or use .tox/conformance/bin/python -m addrinuse") from None


@functools.cache
def all_rows() -> tuple[Row, ...]:
    """The experiments of all suites."""
    return tuple(row for module in MODULES for row in rows_of(module))


def find(identifier: str) -> Row:
    """The experiment of this id.

    Raises KeyError.
    """
    return by_id()[identifier]


@functools.cache
def by_id() -> dict[str, Row]:
    """The experiments of all suites by their ids."""
    return {row.experiment.id: row for row in all_rows()}


def _rows(module: ModuleType, path: Path) -> Iterator[Row]:
    for value in vars(module).values():
        methods = [getattr(value(), name) for name in vars(value) if name.startswith("test_")] if _is_test_class(value) else [value]
        for function in methods:
            template = getattr(function, "experiment", None)
            if isinstance(template, Template):
                for parameters in _parameters(function):
                    script = functools.partial(_call, function, parameters)
                    words = {key: str(value) for key, value in parameters.items()}
                    yield Row(chapter_of(path), template.with_parameters(parameters), script, template, words, _test(path, function))


def _test(path: Path, function: Callable[..., None]) -> str:
    return f"{path.relative_to(ROOT).as_posix()}::{function.__qualname__.replace('.', '::')}"


def _is_test_class(value: object) -> bool:
    return isinstance(value, type) and value.__name__.startswith("Test")


def _call(function: Callable[..., None], parameters: dict[str, Any], stack: Stack) -> None:
    function(stack=stack, **parameters)


def _parameters(function: Any) -> Iterator[dict[str, Any]]:
    tables = [_table(*mark.args[:2]) for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    for combination in itertools.product(*tables):
        yield {name: value for row in combination for name, value in row.items()}


def _table(names: str | tuple[str, ...], values: Any) -> list[dict[str, Any]]:
    words = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    return [dict(zip(words, _row(value, len(words)), strict=True)) for value in values]


def _row(value: Any, width: int) -> tuple[Any, ...]:
    if hasattr(value, "marks"):  # pytest.param
        return tuple(value.values)
    return (value,) if width == 1 else tuple(value)
