"""The mutants of a platform's model: patches that are put on, and taken off again, in memory."""

from __future__ import annotations

import ast
import contextlib
import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from fixtures.language.words import UNKNOWN, Answer
from fixtures.models import block, lifecycle, situations
from fixtures.models.base import Model
from fixtures.models.state import ModelState
from fixtures.specification.clauses import Own
from tests.mutants.operators import Change, changes
from tests.mutants.reached import PACKAGE, Target, path_of, targets_of, tree_of

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
    # Which calls are about AF_UNIX.
    *("ModelState.unix", "ModelState.is_unix"),
    *(
        "told",
        "Goal.of",
        "Delivery.members",
        "Model.perform",
        "Model._answer",
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


def mutants_of(model: type[Model]) -> list[Mutant]:
    """Every mutant of a platform's model, in the order of its source."""
    targets = targets_of(model)
    found = [mutant for target in targets if not _keeps_account(target) for mutant in changed(target)]
    return [*found, *overrides_dropped(model, targets), *_attributes_dropped(model), *_options_ignored(model), *_events_ignored()]


def _keeps_account(target: Target) -> bool:
    name = target.function.__qualname__
    return name in ACCOUNTS or name.startswith("Edges.")


def clause_reversed(model: type[Model], clause: Own) -> Mutant:
    """The platform with the opposite of a clause: what it granted is refused, what it refused is granted, and nobody receives."""
    patches = [(model, name, _opposed(clause, getattr(model, name))) for name in DECIDING if hasattr(model, name)]
    return whole(model.__module__, model.__name__, f"{clause.id} reversed", *patches)


def answers_changed(model: type[Model], met: Collection[str]) -> Iterator[Mutant]:
    """Each answer of the platform's table, of those whose clause decides something: an errno is ``ok``, and ``ok`` a refusal."""
    for situation in SITUATIONS:
        for one in (situation, situation.v6):
            answer = model.edges.of(one)
            if answer == UNKNOWN or not answer.because or answer.because.id not in met:
                continue
            other = Answer("EADDRINUSE" if answer.name in ("ok", "none") else "ok", answer.because)
            change = f"{one.id}: {answer.name} -> {other.name}"
            yield whole(model.__module__, f"{model.__name__}.edges", change, (model.edges.made, one, other))


def whole(module: str, name: str, change: str, *patches: Patch) -> Mutant:
    """A mutant that has no line of its own."""
    return Mutant(f"{path_of(module)} {name}", change, module, 0, range(0), lambda: patches)


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
    with whole(model.__module__, model.__name__, "", *patches).applied():
        yield given


def _telling(given: set[Own], answer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(answer)
    def method(self: Model, *args: Any) -> Any:
        found = answer(self, *args)
        if isinstance(because := _because(found), Own):
            given.add(because)
        return found

    return method


@functools.cache
def changed(target: Target) -> tuple[Mutant, ...]:
    """Every change of a function."""
    module = target.function.__module__
    return tuple(
        Mutant(target.where, change.text, module, change.line, change.lines, functools.partial(_recoded, target, change))
        for change in changes(tree_of(target))
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
    # A function that calls itself, or another of its name, means the module's.
    own: list[ast.stmt] = [] if function.name in free else [ast.Global([function.name])]
    factory = ast.FunctionDef("factory", ast.arguments([], arguments, None, [], [], None, []), [*own, function], [])
    module = ast.fix_missing_locations(ast.Module([factory], []))
    code = compile(module, target.function.__code__.co_filename, "exec")
    outer = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
    return next(constant for constant in outer.co_consts if isinstance(constant, CodeType) and constant.co_name == function.name)


def _parent(model: type, owner: type, name: str) -> Any:
    after = model.__mro__[model.__mro__.index(owner) + 1 :]
    found = (vars(cls)[name] for cls in after if name in vars(cls))
    return next((thing for thing in found if not getattr(thing, "__isabstractmethod__", False)), None)


def overrides_dropped(model: type, targets: Sequence[Target]) -> Iterator[Mutant]:
    """Each method that a class changes is its parent's again."""
    for target in targets:
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
                yield whole(owner.__module__, f"{owner.__name__}.{name}", change, (owner, name, parent))


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

        yield whole(model.__module__, model.__name__, f"{option} ignored", (model, "on_setsockopt", ignoring))


def _events_ignored() -> Iterator[Mutant]:
    """Each transition of the life cycle is left out."""
    for state, event in lifecycle.TRANSITIONS:
        yield whole(lifecycle.__name__, "TRANSITIONS", f"{state} stays at {event}", (lifecycle.TRANSITIONS, (state, event), _GONE))
