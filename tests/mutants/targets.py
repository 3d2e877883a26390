"""The functions that make a platform's model, and its mutants: patches that are put on, and taken off again, in memory."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fixtures.language.kinds import KINDS
from fixtures.language.notation import FORMS
from fixtures.language.stack import Stack
from fixtures.language.words import UNKNOWN, Answer
from fixtures.models import block, lifecycle, situations
from fixtures.models.base import Model
from fixtures.models.state import ModelState
from fixtures.specification.clauses import Own
from tests.mutants.operators import Change, changes

PACKAGE = "fixtures.models."
#: Methods that answer, and change nothing that a second answer would not change.
DECIDING = ("may_bind", "may_listen", "may_connect", "may_draw", "receivers", "shut_listener")
#: Attributes that describe a model and decide no answer.
DESCRIBING = ("name", "edges", "goals", "releases", "configurations", "eras", "aliases", "gap")
#: What is no part of the platform: how a model remembers what is unknown, what the notation means, what the bench proves.
ACCOUNTS = (
    *(
        f"ModelState.{name}"
        for name in ("__init__", "since", "applies", "port_of", "tick", "lose", "need", "as_read", "_met", "say", "because")
    ),
    *(
        "told",
        "Goal.of",
        "Delivery.members",
        "Model.perform",
        "Model._concerns",
        "Model.on_shows",
        "Model.need_option",
    ),
)
#: Situations of which only the clause is read: what is answered is worked out elsewhere.
TOLD_ONLY = (
    *("getsockopt", "get-v6only", "members-hear", "members", "members-elsewhere", "nobody-receives", "broken-pipe", "port-unreachable"),
    *("members-connected", "refused", "no-such-option", "would-wait", "error-udp", "unread"),
)
SITUATIONS = tuple(value for value in vars(situations).values() if isinstance(value, situations.Situation) and value.id not in TOLD_ONLY)
_GONE = object()


Patch = tuple[Any, Any, Any]


@dataclass(frozen=True)
class Mutant:
    """One change of a platform's model. ``where`` is module and function, ``lines`` those of the changed statement."""

    where: str
    change: str
    module: str
    line: int
    lines: range
    #: What it puts where: owner, name and value, or nothing for what is taken away.
    prepare: Callable[[], tuple[Patch, ...]] = field(repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        """What stays when lines move."""
        return self.where, self.change

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """The model is this mutant while this lasts."""
        patches = self.prepare()
        before = [(owner, name, _get(owner, name)) for owner, name, _ in patches]
        try:
            for patch in patches:
                _set(*patch)
            yield
        finally:
            for patch in before:
                _set(*patch)


def _get(owner: Any, name: Any) -> Any:
    if isinstance(owner, FunctionType):
        return owner.__code__
    return (owner if isinstance(owner, dict) else vars(owner)).get(name, _GONE)


def _set(owner: Any, name: Any, value: Any) -> None:
    if isinstance(owner, dict):
        owner.pop(name) if value is _GONE else owner.__setitem__(name, value)
    elif value is _GONE:
        delattr(owner, name)
    else:
        setattr(owner, name, value)


@dataclass(frozen=True)
class Target:
    """A function of a model, and the class that has it, if one has."""

    function: FunctionType
    owner: type | None = None

    @property
    def where(self) -> str:
        """Module and function."""
        return f"{_path(self.function.__module__)} {self.function.__qualname__}"


def mutants_of(model: type[Model]) -> list[Mutant]:
    """Every mutant of a platform's model, in the order of its source."""
    found = [mutant for target in targets_of(model) if not _keeps_account(target) for mutant in _changed(target)]
    return [*found, *_overrides_dropped(model), *_attributes_dropped(model), *_options_ignored(model), *_events_ignored()]


def _keeps_account(target: Target) -> bool:
    name = target.function.__qualname__
    return name in ACCOUNTS or name.startswith("Edges.")


def clause_reversed(model: type[Model], clause: Own) -> Mutant:
    """The platform with the opposite of a clause: what it granted is refused, what it refused is granted, and nobody receives."""
    patches = [(model, name, _opposed(clause, getattr(model, name))) for name in DECIDING if hasattr(model, name)]
    return _whole(model.__module__, model.__name__, f"{clause.id} reversed", *patches)


def answers_changed(model: type[Model], met: Collection[str]) -> Iterator[Mutant]:
    """Each answer of the platform's table, of those whose clause decides something: an errno is ``ok``, and ``ok`` a refusal."""
    for situation in SITUATIONS:
        for one in (situation, situation.v6):
            answer = model.edges.of(one)
            if answer == UNKNOWN or not answer.because or answer.because.id not in met:
                continue
            other = Answer("EADDRINUSE" if answer.name in ("ok", "none") else "ok", answer.because)
            change = f"{one.id}: {answer.name} -> {other.name}"
            yield _whole(model.__module__, f"{model.__name__}.edges", change, (model.edges.made, one, other))


def _whole(module: str, name: str, change: str, *patches: Patch) -> Mutant:
    """A mutant that has no line of its own."""
    return Mutant(f"{_file(sys.modules[module])} {name}", change, module, 0, range(0), lambda: patches)


def _opposed(clause: Own, answer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(answer)
    def method(self: Model, *args: Any) -> Any:
        found = answer(self, *args)
        if _because(found) is not clause:
            return found
        return ([], clause) if isinstance(found, tuple) else Answer("EADDRINUSE" if found.name == "ok" else "ok", clause)

    return method


def _because(found: Any) -> Any:
    return found.because if isinstance(found, Answer) else found[1] if isinstance(found, tuple) else None


@contextlib.contextmanager
def decided(model: type[Model]) -> Iterator[set[Own]]:
    """The clauses that the deciding methods of a model give as their reason while this lasts."""
    given: set[Own] = set()
    patches = ((model, name, _telling(given, getattr(model, name))) for name in DECIDING)
    with _whole(model.__module__, model.__name__, "", *patches).applied():
        yield given


def _telling(given: set[Own], answer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(answer)
    def method(self: Model, *args: Any) -> Any:
        found = answer(self, *args)
        if isinstance(because := _because(found), Own):
            given.add(because)
        return found

    return method


def targets_of(model: type[Model]) -> list[Target]:
    """The functions that can be reached from a call: overridden ones only where ``super()`` or a class by name asks for them."""
    pending = [_resolve(model, name) for name in ("__init__", "perform", *(f"on_{verb}" for verb in FORMS if verb not in KINDS))]
    found: dict[FunctionType, Target] = {}
    for target in pending:
        if target is None or target.function in found or not target.function.__module__.startswith(PACKAGE):
            continue
        found[target.function] = target
        names = set(_names(target.function.__code__))
        pending += [_resolve(model, name) for name in names]
        pending += [_resolve(model, name, after=target.owner) for name in _asked_of_super(target)]
        pending += [_resolve(cls, name) for cls, name in _asked_by_name(target)]
        scope = vars(sys.modules[target.function.__module__])
        pending += [Target(thing) for name in names if isinstance(thing := scope.get(name), FunctionType)]
        classes = [thing for thing in (*scope.values(), *vars(block).values()) if isinstance(thing, type) and not issubclass(thing, Stack)]
        pending += [_resolve(cls, name) for cls in classes if cls.__module__.startswith(PACKAGE) for name in names]
    return sorted(found.values(), key=lambda target: (target.function.__module__, target.function.__code__.co_firstlineno))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _resolve(cls: type, name: str, after: type | None = None) -> Target | None:
    mro = cls.__mro__[cls.__mro__.index(after) + 1 :] if after else cls.__mro__
    for owner in mro:
        if name in vars(owner):
            thing = vars(owner)[name]
            function = thing.fget if isinstance(thing, property) else thing
            return Target(function, owner) if isinstance(function, FunctionType) and function.__code__.co_filename != "<string>" else None
    return None


def _asked_of_super(target: Target) -> set[str]:
    asked = [n for n in ast.walk(_tree(target)) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "super()"]
    if target.owner is None:
        return set()
    return {node.attr for node in asked}


def _asked_by_name(target: Target) -> list[tuple[type, str]]:
    """The methods that are asked of a model's class by its name: ``Linux.on_bind(at, ...)``."""
    scope = vars(sys.modules[target.function.__module__])
    asked = [n for n in ast.walk(_tree(target)) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
    named = [(scope.get(node.value.id), node.attr) for node in asked if isinstance(node.value, ast.Name)]
    return [(cls, name) for cls, name in named if isinstance(cls, type) and issubclass(cls, Stack)]


@functools.cache
def _functions(module: str) -> dict[int, ast.FunctionDef]:
    """The functions of a module by their first line (that of a decorator, where one is)."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    defs = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]): node for node in defs}


def _tree(target: Target) -> ast.FunctionDef:
    return _functions(target.function.__module__)[target.function.__code__.co_firstlineno]


@functools.cache
def _changed(target: Target) -> tuple[Mutant, ...]:
    module = target.function.__module__
    return tuple(
        Mutant(target.where, change.text, module, change.line, change.lines, functools.partial(_recoded, target, change))
        for change in changes(_tree(target))
    )


def _recoded(target: Target, change: Change) -> tuple[Patch, ...]:
    return ((target.function, "__code__", _compiled(change.changed(), target)),)


def _compiled(function: ast.FunctionDef, target: Target) -> CodeType:
    """The code of a changed function, with the free variables of the true one, so that it can take its place."""
    function.decorator_list, function.returns = [], None
    for argument in [*function.args.args, *function.args.kwonlyargs]:
        argument.annotation = None
    free = target.function.__code__.co_freevars
    function.body.append(ast.If(ast.Constant(False), [ast.Expr(ast.Name(name, ast.Load())) for name in free] or [ast.Pass()], []))
    arguments = [ast.arg(name) for name in free]
    factory = ast.FunctionDef("factory", ast.arguments([], arguments, None, [], [], None, []), [function], [])
    module = ast.fix_missing_locations(ast.Module([factory], []))
    code = compile(module, target.function.__code__.co_filename, "exec")
    outer = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
    return next(constant for constant in outer.co_consts if isinstance(constant, CodeType) and constant.co_name == function.name)


def _path(module: str) -> str:
    """The file of a module, below the models."""
    return f"{module.removeprefix(PACKAGE).replace('.', '/')}.py"


def _file(module: ModuleType) -> str:
    return _path(module.__name__)


def _parent(model: type[Model], owner: type, name: str) -> Any:
    after = model.__mro__[model.__mro__.index(owner) + 1 :]
    found = (vars(cls)[name] for cls in after if name in vars(cls))
    return next((thing for thing in found if not getattr(thing, "__isabstractmethod__", False)), None)


def _overrides_dropped(model: type[Model]) -> Iterator[Mutant]:
    """Each method that a class changes is its parent's again."""
    for target in targets_of(model):
        name, owner = target.function.__name__, target.owner
        if owner is None or owner not in model.__mro__ or name == "__init__" or vars(owner).get(name) is not target.function:
            continue
        if isinstance(parent := _parent(model, owner, name), FunctionType):
            code = target.function.__code__
            lines = range(code.co_firstlineno, max(line for _, _, line in code.co_lines() if line) + 1)
            module = target.function.__module__
            prepare = functools.partial(tuple, [(owner, name, parent)])
            yield Mutant(target.where, "as its parent has it", module, code.co_firstlineno, lines, prepare)


def _attributes_dropped(model: type[Model]) -> Iterator[Mutant]:
    """Each class attribute that decides is its parent's again."""
    for owner in model.__mro__:
        if not owner.__module__.startswith(PACKAGE) or owner is ModelState:
            continue
        for name, value in vars(owner).items():
            if name.startswith("_") or name in DESCRIBING or not isinstance(value, bool | int | str | frozenset | dict):
                continue
            parent = _parent(model, owner, name)
            if parent is not None and parent != value:
                change = f"{value!r} -> {parent!r}" if isinstance(value, int) else "as its parent has it"
                yield _whole(owner.__module__, f"{owner.__name__}.{name}", change, (owner, name, parent))


def _options_ignored(model: type[Model]) -> Iterator[Mutant]:
    """Each option is set without any effect."""
    true = model.on_setsockopt
    for option in sorted(model.options):

        def ignoring(self: Model, block: block.Block, name: str, value: int, option: str = option) -> Answer:
            before = dict(block.options), block.only_port
            answer = true(self, block, name, value)
            if name == option:
                block.options, block.only_port = before
            return answer

        yield _whole(model.__module__, model.__name__, f"{option} ignored", (model, "on_setsockopt", ignoring))


def _events_ignored() -> Iterator[Mutant]:
    """Each transition of the life cycle is left out."""
    for state, event in lifecycle.TRANSITIONS:
        yield _whole(lifecycle.__name__, "TRANSITIONS", f"{state} stays at {event}", (lifecycle.TRANSITIONS, (state, event), _GONE))
