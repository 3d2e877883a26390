"""The functions that make a platform's model: those that a call can reach."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

from fixtures.language.kinds import KINDS
from fixtures.language.notation import FORMS
from fixtures.language.stack import Stack
from fixtures.models import block
from fixtures.models.base import Model
from fixtures.models.unix import files, room, sock
from fixtures.models.unix.room import Room

PACKAGE = "fixtures.models."


@dataclass(frozen=True)
class Target:
    """A function of a model, and the class that has it, if one has."""

    function: FunctionType
    owner: type | None = None

    @property
    def where(self) -> str:
        """Module and function."""
        return f"{path_of(self.function.__module__)} {self.function.__qualname__}"


def targets_of(model: type[Model]) -> list[Target]:
    """The functions of a model that can be reached from a call, without those of AF_UNIX."""
    return reached(model, ("__init__", "perform", *(f"on_{verb}" for verb in FORMS if verb not in KINDS)), (block,))


def targets_of_room(of: type[Room]) -> list[Target]:
    """The functions of AF_UNIX that can be reached from a call."""
    return reached(of, ("answer", *(name for name in dir(of) if name.startswith("on_"))), (room, files, sock))


def reached(model: type, entries: Sequence[str], common: Sequence[ModuleType]) -> list[Target]:
    """The functions that can be reached from these methods: overridden ones only where ``super()`` or a class by name asks for them.

    ``common`` are modules whose classes a function may use without an import.
    """
    pending = [resolve(model, name) for name in entries]
    shared = [thing for module in common for thing in vars(module).values()]
    found: dict[FunctionType, Target] = {}
    for target in pending:
        if target is None or target.function in found or not target.function.__module__.startswith(PACKAGE):
            continue
        found[target.function] = target
        names = set(_names(target.function.__code__))
        pending += [resolve(model, name) for name in names]
        pending += [resolve(model, name, after=target.owner) for name in _asked_of_super(target)]
        pending += [resolve(cls, name) for cls, name in _asked_by_name(target)]
        scope = vars(sys.modules[target.function.__module__])
        pending += [Target(function) for name in names for function in _functions_of(scope.get(name))]
        classes = [thing for thing in (*scope.values(), *shared) if isinstance(thing, type) and not issubclass(thing, Stack | Room)]
        pending += [resolve(cls, name) for cls in classes if cls.__module__.startswith(PACKAGE) for name in names]
    return sorted(found.values(), key=lambda target: (target.function.__module__, target.function.__code__.co_firstlineno))


def _functions_of(thing: object) -> list[FunctionType]:
    """A function, or those of a table."""
    things = thing.values() if isinstance(thing, dict) else [thing]
    return [one for one in things if isinstance(one, FunctionType)]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def resolve(cls: type, name: str, after: type | None = None) -> Target | None:
    """What a class, or one behind ``after`` in its order, has under a name, if that is a function."""
    mro = cls.__mro__[cls.__mro__.index(after) + 1 :] if after else cls.__mro__
    for owner in mro:
        if name in vars(owner):
            thing = vars(owner)[name]
            function = thing.fget if isinstance(thing, property) else thing
            return Target(function, owner) if isinstance(function, FunctionType) and function.__code__.co_filename != "<string>" else None
    return None


def _asked_of_super(target: Target) -> set[str]:
    asked = [n for n in ast.walk(tree_of(target)) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "super()"]
    if target.owner is None:
        return set()
    return {node.attr for node in asked}


def _asked_by_name(target: Target) -> list[tuple[type, str]]:
    """The methods that are asked of a model's class by its name: ``Linux.on_bind(at, ...)``."""
    scope = vars(sys.modules[target.function.__module__])
    asked = [n for n in ast.walk(tree_of(target)) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
    named = [(scope.get(node.value.id), node.attr) for node in asked if isinstance(node.value, ast.Name)]
    return [(cls, name) for cls, name in named if isinstance(cls, type) and issubclass(cls, Stack)]


@functools.cache
def _functions(module: str) -> dict[int, ast.FunctionDef]:
    """The functions of a module by their first line (that of a decorator, where one is)."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    defs = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]): node for node in defs}


def tree_of(target: Target) -> ast.FunctionDef:
    """The syntax tree of a function."""
    return _functions(target.function.__module__)[target.function.__code__.co_firstlineno]


def path_of(module: str) -> str:
    """The file of a module, below the models."""
    return f"{module.removeprefix(PACKAGE).replace('.', '/')}.py"
