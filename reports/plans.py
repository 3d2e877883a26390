"""What an experiment asks, found by playing its function with every kind of answer, without any stack.

The probe is made from the plan: the calls, with a branch wherever the function goes on differently
after an answer. The registry of ids keeps a digest of what is asked: the calls, and the answers
with which the assertion holds.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence

from fixtures.language.kinds import KINDS
from fixtures.language.notation import UNIX_CALLS, Call
from fixtures.language.paths import CHOSEN, UNNAMED, Path
from fixtures.language.stack import Stack
from fixtures.language.words import BOTH, EACH, END, NOBODY, OK, WAITS, Answer
from fixtures.record.verdicts import Observation, Script, observe

_REFUSALS = ("EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "EINVAL")
#: The answers that a script may treat differently. Any other call has only one, or else the stack ends the script.
_ANSWERS = {
    "bind": ("ok", *_REFUSALS),
    "listen": ("ok", *_REFUSALS, "EOPNOTSUPP"),
    "connect": ("ok", *_REFUSALS, "ECONNREFUSED", "EISCONN", "EAGAIN"),
    "join": ("ok", *_REFUSALS),
    "setsockopt": ("ok", *_REFUSALS),
    "getsockopt": ("0", "1"),
    "recv": ("ok", "end", "ECONNRESET"),
    "send": ("ok", "EPIPE"),
    "sendto": ("ok", "EISCONN", "EHOSTUNREACH"),
    "shutdown": ("ok", "ENOTCONN"),
}
#: The answers that an assertion may name. The last stands for every other one.
_ASSERTED = (
    *("ok", *_REFUSALS, "EAFNOSUPPORT", "ECONNREFUSED", "ECONNRESET", "EDESTADDRREQ", "EISCONN", "ENOPROTOOPT", "ENOTCONN"),
    *("EOPNOTSUPP", "EPIPE", END.name, WAITS.name, "0", "1", "?"),
)

#: Those that only an assertion about AF_UNIX or files names; the names of the script itself are others.
_ASSERTED_OF_UNIX = (
    *("EPROTOTYPE", "ENOTSOCK", "ENAMETOOLONG", "EISDIR", "EPERM", "ENOENT", "ENOTDIR", "ELOOP"),
    *("socket", "file", "folder", "link", "none", UNNAMED, CHOSEN, "0755", "0700"),
)

#: The most answers that may have to differ from the usual ones before an assertion holds.
_AT_MOST = 3

#: A script's calls, and what follows each answer to the last of them. The empty answer stands for any other.
Plan = tuple[tuple[str, ...], dict[str, "Plan"]]


class _Oracle(Stack):
    """Gives the answers that it is told to give, and after them the first one possible."""

    name = "oracle"

    def __init__(self, told: Sequence[str]) -> None:
        super().__init__()
        self._told = list(told)

    def perform(self, call: Call) -> Answer:
        """The next answer."""
        return Answer(self._told.pop(0)) if self._told else Answer(_first(call))


def _first(call: Call) -> str:
    return NOBODY.name if call.verb == "connections" else _ANSWERS.get(call.verb, (OK.name,))[0]


def _told(script: Script, *answers: str) -> Observation:
    return observe(script, _Oracle(answers))


# --- the plan


@functools.cache
def plan_of(script: Script) -> Plan:
    """The plan of a script."""
    return _plan(script, (), _calls(script, ()))


def written(plan: Plan) -> str:
    """A plan as the probe reads it: the calls in one string, or a pair of that and the branches."""
    calls, branches = plan
    text = repr("; ".join(calls))
    if not branches:
        return text
    return f"({text}, {{{', '.join(f'{answer!r}: {written(branch)}' for answer, branch in branches.items())}}})"


def _calls(script: Script, told: tuple[str, ...]) -> tuple[Call, ...]:
    return tuple(call for call, _ in _told(script, *told).trace)


def _plan(script: Script, told: tuple[str, ...], calls: tuple[Call, ...]) -> Plan:
    """The calls after those with given answers, up to the first whose answer matters, and what follows each answer there."""
    answers = [*told, *map(_first, calls[len(told) :])]
    for at in range(len(told), len(calls)):
        follow = {answer: (*answers[:at], answer) for answer in _alternatives(calls[at], calls[:at])}
        after = {answer: _calls(script, known) for answer, known in follow.items()}
        if len(set(after.values())) > 1 or _may_be_refused(script, (*answers[:at], "EINVAL"), calls[at]):
            plans = {answer: _plan(script, follow[answer], after[answer]) for answer in follow}
            return _texts(calls[len(told) : at + 1]), _grouped(plans)
    return _texts(calls[len(told) :]), {}


def _may_be_refused(script: Script, told: tuple[str, ...], call: Call) -> bool:
    """Whether the script asks if this call is refused. In other scripts it must work."""
    return call.verb == "accept" and _told(script, *told).problem not in ("broken", "untestable")


def _grouped(plans: dict[str, Plan]) -> dict[str, Plan]:
    """The branches. The one that most answers take is filed under the empty answer."""
    texts = [written(plan) for plan in plans.values()]
    usual = max(texts, key=texts.count)
    found = {answer: plan for answer, plan in plans.items() if written(plan) != usual}
    return found | {"": next(plan for plan in plans.values() if written(plan) == usual)}


def _alternatives(call: Call, earlier: Sequence[Call]) -> tuple[str, ...]:
    return _receivers(earlier) if call.verb == "connections" else _ANSWERS.get(call.verb, (OK.name,))


def _receivers(earlier: Sequence[Call]) -> tuple[str, ...]:
    names = [one.makes for one in earlier if one.makes and one.verb in (*KINDS, "dup")]
    return (NOBODY.name, BOTH.name, EACH.name, *names)


def _texts(calls: Sequence[Call]) -> tuple[str, ...]:
    return tuple(map(str, calls))


# --- the digest


@functools.cache
def digest_of(script: Script) -> str:
    """A digest of the calls of a script and of the answers with which its assertion holds.

    It varies one answer at a time, from the usual answers and, if the assertion does not hold with
    them, from some with which it does.
    """
    usual = _answers(_told(script))
    bases = dict.fromkeys((usual, _holding(script, usual)))
    lines = (line for base in bases for line in _variations(script, base))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _variations(script: Script, base: tuple[str, ...]) -> Iterator[str]:
    seen = _told(script, *base)
    yield from seen.lines
    yield _outcome(seen)
    for at, (answer, other) in _others(script, base):
        turns = "" if _calls_of(other) == _calls_of(seen) else f"{other.lines} "
        yield f"{at} {answer}: {turns}{_outcome(other)}"


def _others(script: Script, base: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, Observation]]]:
    """How the script goes if one call has another answer."""
    calls = _calls_of(_told(script, *base))
    for at, call in enumerate(calls):
        for answer in (*_receivers(calls[:at]), "?") if call.verb == "connections" else _asserted(calls):
            if answer != base[at]:
                yield at, (answer, _told(script, *base[:at], answer, *base[at + 1 :]))


def _asserted(calls: Sequence[Call]) -> tuple[str, ...]:
    """The answers that an assertion of this script may name."""
    if not any(call.verb in UNIX_CALLS for call in calls):
        return _ASSERTED
    names = dict.fromkeys(str(arg) for call in calls for arg in call.args if isinstance(arg, Path))
    return (*_ASSERTED[:-1], *_ASSERTED_OF_UNIX, *names, _ASSERTED[-1])


def _holding(script: Script, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The answers nearest to the usual ones with which the assertion holds."""
    if _told(script, *usual).held:
        return usual
    pending = [usual]
    for _ in range(_AT_MOST):
        nearer = []
        for base in pending:
            for _, (_, other) in _others(script, base):
                if other.held:
                    return _answers(other)
                if not other.problem:
                    nearer.append(_answers(other))
        pending = list(dict.fromkeys(nearer))
    return usual


def _answers(seen: Observation) -> tuple[str, ...]:
    return tuple(answer.name for _, answer in seen.trace)


def _calls_of(seen: Observation) -> tuple[Call, ...]:
    return tuple(call for call, _ in seen.trace)


def _outcome(seen: Observation) -> str:
    return "nothing is asked" if seen.problem else "holds" if seen.held else "does not hold"
