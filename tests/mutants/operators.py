"""What can be changed in a function of a model, read from its syntax tree: predicates, answers, receivers, options, states."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from fixtures.language.words import OPTION_NAMES, STATES

#: Each state is taken for the one that is most like it.
TAKEN_FOR = {
    "LISTEN": "CLOSED",
    "CLOSED": "LISTEN",
    "ESTABLISHED": "CLOSE_WAIT",
    "CLOSE_WAIT": "ESTABLISHED",
    "FIN_WAIT_1": "LAST_ACK",
    "LAST_ACK": "FIN_WAIT_1",
    "FIN_WAIT_2": "TIME_WAIT",
    "CLOSING": "TIME_WAIT",
    "TIME_WAIT": "FIN_WAIT_2",
}
OTHER_OPTION = {"SO_REUSEADDR": "SO_REUSEPORT", "SO_REUSEPORT": "SO_REUSEADDR"}
OTHER_NAME = {"min": "max", "max": "min", "any": "all", "all": "any"}
OTHER_WORD = {"tcp": "udp", "udp": "tcp", "RD": "WR", "WR": "RD", "0": "1", "1": "0"}
#: Those whose first argument, or whose other arguments, say why and not what.
REASONED = ("Answer", "refused")
#: Those all of whose arguments say why.
WHY = ("ok", "because", "_met")


@dataclass(frozen=True)
class Change:
    """One change of one function: what it says, the line, the lines of its statement, and what becomes what."""

    text: str
    line: int
    lines: range
    function: ast.FunctionDef
    place: int
    new: ast.expr

    def changed(self) -> ast.FunctionDef:
        """The changed function."""
        return _with(self.function, self.place, self.new)


def changes(function: ast.FunctionDef) -> Iterator[Change]:
    """Every change of a function, each text once: a repeated one gets a number."""
    if _returns(function) in ("Reason", "Own", "Clause", "Rule"):
        return
    nodes = list(ast.walk(function))
    parents = {child: parent for parent in nodes for child in ast.iter_child_nodes(parent)}
    skipped, predicates = _skipped(function), _predicates(function)
    seen: dict[str, int] = {}
    for place, node in enumerate(nodes):
        if node in skipped or not isinstance(node, ast.expr):
            continue
        for new in _alternatives(node, parents[node], predicates.get(node)):
            text = f"{ast.unparse(node)} -> {ast.unparse(new)}"
            seen[text] = seen.get(text, 0) + 1
            number = f" #{seen[text]}" if seen[text] > 1 else ""
            yield Change(text + number, node.lineno, _lines(node, parents), function, place, new)


def _lines(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> range:
    """The lines of the innermost statement around a node, without the body of a compound one."""
    statement = node
    while not isinstance(statement, ast.stmt):
        statement = parents[statement]
    body = getattr(statement, "body", None)
    last = body[0].lineno - 1 if isinstance(body, list) else statement.end_lineno
    return range(statement.lineno, max(last or 0, statement.lineno) + 1)


def _with(function: ast.FunctionDef, place: int, new: ast.expr) -> ast.FunctionDef:
    """A copy of the function in which the node at this place is another."""
    changed = copy.deepcopy(function)
    old = list(ast.walk(changed))[place]
    replacement = ast.copy_location(copy.deepcopy(new), old)

    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return replacement if node is old else self.generic_visit(node)

    Swap().visit(changed)
    return ast.fix_missing_locations(changed)


def _returns(function: ast.FunctionDef) -> str:
    return ast.unparse(function.returns) if function.returns else ""


def _skipped(function: ast.FunctionDef) -> set[ast.AST]:
    """What only says why, checks a type, or is no code: reasons, asserts, messages, annotations, defaults."""
    found: list[ast.AST] = [function.args, *filter(None, [function.returns])]
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found += node.args[1:] if name in REASONED else node.args if name in WHY else node.args[:1] if name == "either" else []
        elif isinstance(node, ast.Assert) or (isinstance(node, ast.Raise) and not _refuses(node)):
            found.append(node)
        elif isinstance(node, ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.Tuple) and "Reason]" in _returns(function):
            found += node.elts[1:]
    return {inner for node in found for inner in ast.walk(node)}


def _refuses(node: ast.Raise) -> bool:
    """Whether what is raised is an answer: ``raise Refusal("ENOENT")``."""
    return isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) == "Refusal"


def _predicates(function: ast.FunctionDef) -> dict[ast.AST, str]:
    """The expressions that are only asked whether they are true: ``atom``, or ``compound`` of such."""
    found: dict[ast.AST, str] = {}

    def ask(node: ast.expr | None) -> None:
        if isinstance(node, ast.BoolOp):
            found[node] = "compound"
            for value in node.values:
                ask(value)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            ask(node.operand)
        elif node is not None:
            found[node] = "guard" if _checks_a_type(node) else "atom"

    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            ask(node.test)
        elif isinstance(node, ast.comprehension):
            for test in node.ifs:
                ask(test)
        elif isinstance(node, ast.Return) and _returns(function) == "bool":
            ask(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("any", "all", "bool"):
            ask(node.args[0].elt if isinstance(node.args[0], ast.GeneratorExp) else None)
    return found


def _checks_a_type(node: ast.AST) -> bool:
    """Whether a test is there for the reader of types: every holder has an address; or asks for the reason of an answer."""
    text = ast.unparse(node)
    return text.endswith((".local", ".local is None", ".local is not None", ".because")) or text.startswith("isinstance(")


def _not(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), node)


def _alternatives(node: ast.expr, parent: ast.AST, predicate: str | None) -> Iterator[ast.expr]:
    if predicate == "atom":
        yield from (new for new in (_not(node), ast.Constant(True), ast.Constant(False)) if ast.unparse(new) != ast.unparse(node))
    elif predicate == "compound":
        yield _not(node)
    elif predicate == "guard":
        return
    elif isinstance(node, ast.BoolOp):
        yield from _without_one(node)
    elif _checks_a_type(node) and isinstance(node, ast.Compare):
        return
    elif isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and predicate is None):
        yield _not(node)
    yield from _boundaries(node)
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node, parent)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _of_name(node)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _of_subscript(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand


def _without_one(node: ast.BoolOp) -> Iterator[ast.expr]:
    for left_out in node.values:
        if _checks_a_type(left_out) and not isinstance(node.op, ast.Or):
            continue
        rest = [value for value in node.values if value is not left_out]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _boundaries(node: ast.expr) -> Iterator[ast.expr]:
    edges: dict[type[ast.cmpop], ast.cmpop] = {ast.Lt: ast.LtE(), ast.LtE: ast.Lt(), ast.Gt: ast.GtE(), ast.GtE: ast.Gt()}
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in edges:
        yield ast.Compare(node.left, [edges[type(node.ops[0])]], node.comparators)


def _of_call(node: ast.Call) -> Iterator[ast.expr]:
    if isinstance(node.func, ast.Name) and node.func.id == "ok":
        yield ast.Call(ast.Attribute(node, "__class__", ast.Load()), [ast.Constant("EADDRINUSE")], [])


def _of_constant(node: ast.Constant, parent: ast.AST) -> Iterator[ast.expr]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int) and not isinstance(parent, ast.Subscript | ast.Slice | ast.Compare):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        if value in ("ok", "end") or (value[:1] == "E" and value.isupper() and value not in STATES):
            yield from (ast.Constant(other) for other in ("ok", "EADDRINUSE", "EACCES") if _differs(other, value, parent))
        elif value in OPTION_NAMES:
            yield ast.Constant(OTHER_OPTION.get(value, "SO_REUSEADDR"))
        elif value in OTHER_WORD:
            yield ast.Constant(OTHER_WORD[value])


def _differs(other: str, value: str, parent: ast.AST) -> bool:
    return other != value and not isinstance(parent, ast.Compare) and not (other == "EACCES" and value != "EADDRINUSE")


def _of_name(node: ast.Name) -> Iterator[ast.expr]:
    if node.id in TAKEN_FOR:
        yield ast.Constant(TAKEN_FOR[node.id])
    elif node.id in OTHER_NAME:
        yield ast.Name(OTHER_NAME[node.id], ast.Load())


def _of_subscript(node: ast.Subscript) -> Iterator[ast.expr]:
    text = ast.unparse(node.slice)
    other = {"0": ast.UnaryOp(ast.USub(), ast.Constant(1)), "-1": ast.Constant(0)}.get(text)
    if other:
        yield ast.Subscript(node.value, other, ast.Load())
    elif text == ":1":
        yield ast.Subscript(node.value, ast.Slice(ast.UnaryOp(ast.USub(), ast.Constant(1))), ast.Load())
