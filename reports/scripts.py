"""Playing a script in the notation on a model or on the kernel, with an answer for every call; and printing the answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fixtures.language.kinds import KINDS
from fixtures.language.notation import Call, NotationError, parse_numbered
from fixtures.language.stack import Broken, Inconclusive, NoSuchFamily, NoSuchUser, Stack, Unknown, Untestable
from fixtures.language.words import OK, UNKNOWN, Address, Answer
from fixtures.models import situations as S
from fixtures.models.base import Model
from fixtures.specification.clauses import BASES, Reason, sides_of

#: The calls that may wait for something that never comes.
WAITING = ("accept", "recv", "connect", "shows", "run")
#: The calls that can ask for an option.
ASKING = (*KINDS, "setsockopt", "getsockopt", "run")

#: What a stack raises if it has no answer to give.
NO_ANSWER = (Untestable, Inconclusive, Broken)

#: The exit statuses of a verb that plays scripts.
AGREED, DIFFERENT, WRONG_INPUT = 0, 1, 2


@dataclass(frozen=True)
class Step:
    """A call of a script: the number of its line, and the answer that the script expects, if it names one."""

    line: int
    call: Call
    expected: Answer | None


@dataclass(frozen=True)
class Played:
    """A step with the answers that it can get, ``ok`` first, and where they come from.

    There are several if nobody can say which.
    """

    step: Step
    names: tuple[str, ...]
    because: Reason | None
    basis: str
    source: str | None

    @property
    def contradicts(self) -> bool:
        """Whether the script expects an answer that is not possible. An unknown answer contradicts nothing."""
        expected = self.step.expected
        return expected is not None and UNKNOWN.name not in self.names and set(self.names).isdisjoint(expected.name.split("|"))

    def as_json(self) -> dict[str, Any]:
        """The answer as it is written to JSON."""
        found = {
            "line": self.step.line,
            "call": str(self.step.call),
            "answer": self.names[0] if len(self.names) == 1 else list(self.names),
            "decided_by": self.because.id if self.because else None,
            "basis": self.basis,
            "source": self.source,
        }
        if self.contradicts:
            assert self.step.expected
            found["expected"] = self.step.expected.name
        return found


def read_script(text: str) -> list[Step]:
    """Read a script.

    Raises NotationError if it does not parse or has no call.
    """
    steps = [Step(*numbered) for numbered in parse_numbered(text)]
    if not steps:
        raise NotationError("line 1: there is no call; write one a line, such as A = tcp4()")
    return steps


def play(stack: Stack, steps: Sequence[Step]) -> list[Answer]:
    """Make every call, even after refusals.

    Raises Untestable, Inconclusive or Broken, naming the line, if the stack has no answer.
    """
    answers = []
    missing: set[str] = set()
    for step in steps:
        try:
            answer = _answer(stack, step.call, missing)
        except NO_ANSWER as error:
            raise type(error)(f"line {step.line}: {str(step.call)!r}: {error}") from None
        if step.call.makes and answer not in (OK, UNKNOWN):
            missing.add(step.call.makes)
        answers.append(answer)
    return answers


def _answer(stack: Stack, call: Call, missing: set[str]) -> Answer:
    # The call that should have made this socket was refused.
    if missing and not missing.isdisjoint(_used(call)):
        return _said(stack, S.NO_DESCRIPTOR, "EBADF")
    try:
        return stack.perform(call)
    except Unknown:
        return UNKNOWN
    except Inconclusive:
        if call.verb in WAITING:
            return _said(stack, S.WOULD_WAIT, "EAGAIN")
        raise
    except NoSuchFamily:
        return _said(stack, S.NO_OPTION, "EAFNOSUPPORT")
    except NoSuchUser:
        raise
    except Untestable:
        if call.verb in ASKING:
            return _said(stack, S.NO_OPTION, "ENOPROTOOPT")
        raise


def _said(stack: Stack, situation: S.Situation, answer: str) -> Answer:
    """The notation's answer to a call that the stack could not make. A model adds what decides it."""
    return Answer(answer, stack.because(situation) if isinstance(stack, Model) else None)


def _used(call: Call) -> list[str]:
    """The sockets that a call names."""
    ports = [arg.port[5:-1] for arg in call.args if isinstance(arg, Address) and arg.port.startswith("port(")]
    return [*ports, call.on] if call.on else ports


def names_of(answers: Iterable[Answer]) -> tuple[str, ...]:
    """The names of the answers that one call gets in several worlds, each once, ``ok`` first."""
    return tuple(sorted({answer.name for answer in answers}, key=lambda name: (name != OK.name, name)))


def status(played: Sequence[Played]) -> int:
    """The exit status: whether an answer contradicts an expectation of the script."""
    return DIFFERENT if any(one.contradicts for one in played) else AGREED


def as_json(identifier: object, platform: str, played: Sequence[Played], notes: Sequence[str] = ()) -> str:
    """The answers as one line of JSON, with what limits them."""
    limits = {"notes": list(notes)} if notes else {}
    return json.dumps({"id": identifier, "platform": platform, **limits, "answers": [one.as_json() for one in played]})


def as_text(title: str, played: Sequence[Played]) -> str:
    """The answers as a table, then the reasons that decided them, and what their bases mean."""
    return "\n".join([title, "", *_table(played), "", *_reasons(played), *_legend(played)])


def _table(played: Sequence[Played]) -> list[str]:
    calls = [_line(one) for one in played]
    reasons = [one.because.id if one.because else "-" for one in played]
    wide, deep = max(map(len, calls)), max(map(len, reasons))
    rows = []
    for one, call, reason in zip(played, calls, reasons, strict=True):
        expected = f"  expected {one.step.expected}" if one.contradicts else ""
        rows.append(f"{'!' if one.contradicts else ' '} {one.step.line:>3}  {call:<{wide}}  {reason:<{deep}}  {one.basis}{expected}")
    return rows


def _line(one: Played) -> str:
    """The call in the notation.

    If several answers are possible, ``|`` joins them, which can be read back as an expectation.
    """
    made = one.step.call.makes and one.names == (OK.name,)
    return str(one.step.call) if made else f"{one.step.call} = {'|'.join(one.names)}"


def _reasons(played: Sequence[Played]) -> list[str]:
    lines: list[str] = []
    for because, basis, source in dict.fromkeys((one.because, one.basis, one.source) for one in played):
        if because:
            lines += [f"{because.id} ({basis})", f"    {because.statement}", f"    {source}"]
        lines += [f"    one side: {side.claim} ({side.basis}: {side.source})" for side in sides_of(because)]
    return [*lines, ""]


def _legend(played: Sequence[Played]) -> list[str]:
    used = {one.basis for one in played}
    return [f"{basis}: {sentence}" for basis, sentence in BASES.items() if basis in used]
