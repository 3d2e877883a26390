"""The kernel and its model side by side, a disagreement between them, and its smallest script."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TypeGuard

from fixtures.language.notation import Call
from fixtures.language.stack import Inconclusive, Stack, Untestable
from fixtures.language.words import OK, UNKNOWN, WAITS, Address, Answer
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models import Platform, this_platform
from fixtures.models.base import Model
from fixtures.specification.worlds import Choices

ABSENT = Answer("untestable")
#: Longer than any delayed acknowledgement: after it the machine is at rest.
REST = 0.06
SENDING = ("close", "shutdown", "send")


class Undetermined(Exception):
    """The system is free to answer one way or another, or the answer is a matter of chance."""


class Disagreement(Exception):
    """The kernel and the model answer the last call of a script differently."""

    def __init__(self, sides: Sides) -> None:
        self.calls = [call for call, _ in sides.trace]
        super().__init__("\n".join(sides.lines()))


def model_of(bench: Bench, platform: Platform | None = None) -> Callable[[Choices], Model]:
    """Makes the model of this machine's platform, under the settings of the bench."""
    here, uid = platform or this_platform(), os.geteuid()
    return lambda choices: here.make(uid, bench.settings, choices)


class Sides:
    """One script, growing call by call."""

    def __init__(self, bench: Bench, make: Callable[[Choices], Model], rest: float = 0) -> None:
        self._choices = Choices()
        self.kernel, self.model, self.rest = Kernel(bench), make(self._choices), rest
        self.trace: list[tuple[Call, Answer]] = []
        self.predicted: Answer = OK

    def call(self, call: Call) -> None:
        """Make one call on both."""
        self.predict(call)
        self.compare(call)

    def predict(self, call: Call) -> Answer:
        """Make a call on the model."""
        self._choices.widths.clear()
        self.predicted = _answer(self.model, call)
        return self.predicted

    def compare(self, call: Call) -> None:
        """Make the same call on the kernel.

        Raises Disagreement; Undetermined before the kernel is asked, or when two drawn ports are the same by chance.
        """
        untold = self.predicted == WAITS and not self.predicted.because
        if self._choices.widths or self.predicted == UNKNOWN or (call.verb == "connect" and untold):
            raise Undetermined(str(call))
        given = [arg.port[5:-1] for arg in call.args if _is_given(arg)]
        if any(name not in self.kernel.made for name in [*given, *filter(None, [call.on])]) or not all(map(self._ported, given)):
            raise Undetermined(f"{call}: the bench does not know the socket, or not its port")
        observed = _answer(self.kernel, call)
        if observed == ABSENT:
            raise Undetermined(f"{call}: {ABSENT}")
        if self.rest and call.verb in SENDING:
            time.sleep(self.rest)
        self.trace.append((call, observed))
        if observed != self.predicted:
            raise Disagreement(self)
        self._compare_ports()

    def close(self) -> None:
        """Close every socket."""
        self.kernel.close()

    def lines(self) -> list[str]:
        """The script with the kernel's answers; behind a disagreement what the model says, and why."""
        written = [str(call) if call.makes and answer == OK else f"{call} = {answer}" for call, answer in self.trace]
        because = self.predicted.because
        if self.trace and self.trace[-1][1] != self.predicted:
            written[-1] = f"{self.trace[-1][0]} = {self.trace[-1][1]}"
            written += [f"# the model: {self.predicted}" + (f" ({because.id}: {because.statement})" if because else "")]
        return written

    def _ported(self, name: str) -> bool:
        """The bench sees the port that bind, listen and connect draw, but not what a send draws."""
        return bool(self.kernel.made[name].description.port)

    def _compare_ports(self) -> None:
        """Two ports that were drawn may be one, by chance."""
        by_number: dict[int, str] = {}
        for name, descriptor in self.kernel.made.items():
            block = self.model.sockets.get(name)
            number, port = descriptor.description.port, block.port if block else ""
            if port.startswith("e") and number and by_number.setdefault(number, port) != port:
                raise Undetermined(f"port {number} was drawn twice")


def _is_given(argument: object) -> TypeGuard[Address]:
    return isinstance(argument, Address) and argument.port.startswith("port(")


def _answer(stack: Stack, call: Call) -> Answer:
    try:
        return stack.perform(call)
    except Inconclusive:
        return WAITS
    except Untestable:
        return ABSENT


def disagreement(bench: Bench, make: Callable[[Choices], Model], calls: Sequence[Call], rest: float = 0) -> Disagreement | None:
    """How a script ends: with a disagreement, or without."""
    sides = Sides(bench, make, rest)
    try:
        for call in calls:
            sides.call(call)
    except Disagreement as found:
        return found
    except Undetermined:
        pass
    finally:
        sides.close()
    return None


def confirmed(bench: Bench, make: Callable[[Choices], Model], calls: Sequence[Call]) -> Disagreement | None:
    """The disagreement that is still there when the machine comes to rest after each call."""
    return disagreement(bench, make, calls, REST)


def reduced(bench: Bench, make: Callable[[Choices], Model], found: Disagreement) -> Disagreement:
    """The smallest script to be had by leaving calls out: many at a time, then fewer, then one."""
    smallest, size = found, len(found.calls)
    while size:
        at = len(smallest.calls) - 1 - size
        while at >= 0:
            smaller = disagreement(bench, make, _without(smallest.calls, range(at, at + size)))
            smallest = smaller if smaller and len(smaller.calls) < len(smallest.calls) else smallest
            at = min(at - 1, len(smallest.calls) - 1 - size)
        size //= 2
    return confirmed(bench, make, smallest.calls) or found


def _without(calls: Sequence[Call], unwanted: range) -> list[Call]:
    """The script without some calls, and without what needs the sockets that they made."""
    gone: set[str] = set()
    kept = []
    for number, call in enumerate(calls):
        ports = {arg.port[5:-1] for arg in call.args if _is_given(arg)}
        if number in unwanted or call.on in gone or ports & gone:
            gone |= {call.makes} if call.makes else set()
            continue
        kept.append(call)
    return kept
