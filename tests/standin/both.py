"""Scripts by chance, played by `addrinuse try` on a kernel that stands in, beside what `predict` says of the platform."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from fixtures.language.notation import parse_line
from fixtures.language.words import UNKNOWN, Answer
from fixtures.models import Platform
from fixtures.standin.limits import Trace, limit_of
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.scripts import rivals
from tests.standin.running import command

#: At most so many processes play scripts at once, and each plays at least so many.
STREAMS, LEAST = 8, 6
#: Options about which port is drawn, which no two sockets of these scripts leave to the system.
OPTIONS_OF_DRAWING = ("IP_LOCAL_PORT_RANGE", "IP_BIND_ADDRESS_NO_PORT", "SO_REUSE_UNICASTPORT")


@dataclass
class Tally:
    """How many scripts were played, how many of them agree, how many part at a limit by its name, and those that part for no reason."""

    played: int = 0
    agree: int = 0
    limits: dict[str, int] = field(default_factory=dict)
    explained: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of the scripts that agree, in per cent."""
        return 100 * self.agree / self.played if self.played else 0.0

    def line(self, platform: str) -> str:
        """In one line."""
        at = ", ".join(f"{name} {count}" for name, count in sorted(self.limits.items())) or "none"
        return (
            f"{platform}: {self.agree} of {self.played} scripts agree, {self.share:.2f} %; at a limit: {at}; {len(self.unexplained)} else"
        )


def scripts(platform: str, count: int, seed: int) -> list[str]:
    """Scripts of two to four sockets that want one port, which end in the question who receives.

    Without the calls that go straight to the kernel (the limit kernel-calls) but accept and close; and whoever is asked for is somebody,
    because what a send to the wildcard reaches is the kernel's matter, too.
    """
    options = sorted(one for one in Platform(platform).make().options if one not in OPTIONS_OF_DRAWING)
    return [_judged(rivals(random.Random(f"{platform} {seed} {number}"), options)) for number in range(count)]


def _judged(script: str) -> str:
    lines = [line for line in script.splitlines() if "shutdown(" not in line and "recv(" not in line]
    return "\n".join(_somebody(line) if line.startswith("connections(") else line for line in lines)


def _somebody(line: str) -> str:
    return line.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")


def compare(platform: str, played: Sequence[str]) -> Tally:
    """Play scripts on both, and compare. Most of the time goes by in waiting, so that several streams play at once."""
    asked = [json.dumps({"id": number, "script": script}) for number, script in enumerate(played)]
    stand_in = [*command(platform, "--", sys.executable, "-m", "addrinuse", "try", "--batch", "-")]
    streams = max(1, min(STREAMS, len(asked) // LEAST))
    with ThreadPoolExecutor(streams) as pool:
        parts = list(pool.map(lambda start: _answers(stand_in, asked[start::streams]), range(streams)))
    here = {number: answers for part in parts for number, answers in part.items()}
    there = _answers([sys.executable, "-m", "addrinuse", "predict", "--platform", platform, "--batch", "-"], asked)
    tally = Tally()
    for number in range(len(played)):
        if "error" not in here[number] and "error" not in there[number]:
            _count(tally, *_traces(here[number]["answers"], there[number]["answers"]))
    return tally


def _answers(line: list[str], asked: Sequence[str]) -> dict[int, Any]:
    done = subprocess.run(line, input="\n".join(asked), cwd=ROOT, env=inherited(), capture_output=True, text=True, check=False)
    assert "not judged" not in done.stderr, done.stderr
    answers = {one["id"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert len(answers) == len(asked), f"{len(answers)} answers to {len(asked)} scripts: {done.stderr}"
    return answers


def _traces(here: Sequence[Any], there: Sequence[Any]) -> tuple[Trace, Trace]:
    """What was observed, and what of the possible answers comes nearest, up to the first that nobody knows."""
    observed, predicted = [], []
    for one, other in zip(here, there, strict=True):
        possible = [other["answer"]] if isinstance(other["answer"], str) else other["answer"]
        if UNKNOWN.name in possible:
            break
        call = parse_line(one["call"])[0]
        observed.append((call, Answer(one["answer"])))
        predicted.append((call, Answer(one["answer"] if one["answer"] in possible else possible[0])))
    return observed, predicted


def _count(tally: Tally, observed: Trace, predicted: Trace) -> None:
    tally.played += 1
    at = next((at for at, (one, other) in enumerate(zip(observed, predicted, strict=True)) if one != other), None)
    if at is None:
        tally.agree += 1
    elif limit := limit_of(observed, predicted):
        tally.limits[limit.name] = tally.limits.get(limit.name, 0) + 1
        tally.explained.append(_told(observed[: at + 1], predicted[at][1]))
    else:
        tally.unexplained.append(_told(observed[: at + 1], predicted[at][1]))


def _told(observed: Trace, predicted: Answer) -> str:
    return "\n".join([*(f"{call} = {answer}" for call, answer in observed), f"# the platform: {predicted}"])


def main() -> int:
    """``python -m tests.standin.both PLATFORM [COUNT [SEED]]``: 0 if every difference is at a limit."""
    platform, count, seed = [*sys.argv[1:], *("2000", "1")[len(sys.argv) - 2 :]]
    tally = compare(platform, scripts(platform, int(count), int(seed)))
    print("\n\n".join([*tally.explained, "# Not explained:", *tally.unexplained, tally.line(platform)]))
    return int(bool(tally.unexplained))


if __name__ == "__main__":
    sys.exit(main())
