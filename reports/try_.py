"""`addrinuse try FILE|-`: run a script on the kernel of this machine.

Exit status 0; 1 if an answer written in the script is not the one that was observed; 2 for usage or bad input.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from fixtures.language.notation import NotationError
from fixtures.language.stack import Inconclusive
from fixtures.language.words import Answer
from fixtures.machine.bench import STRANGERS, Bench, Unusable
from fixtures.machine.kernel import Kernel
from fixtures.models import this_platform
from fixtures.specification.worlds import TooManyWorlds
from reports.inputs import STANDARD_INPUT, BadInput, named, read_text
from reports.predict import Predictor
from reports.scripts import NO_ANSWER, Played, Step, as_json, as_text, play, read_script, status

ATTEMPTS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default), or one JSON object")
    parser.add_argument("--isolation", choices=("auto", "namespace", "host"), default="auto", help="where to run it (default: auto)")
    parser.add_argument("script", metavar="FILE", help="a script in the notation (docs/reading.md), - for standard input")


def run(args: argparse.Namespace) -> int:
    """Run the script.

    Raises BadInput, even if it is the machine that cannot run the script.
    """
    try:
        steps = read_script(read_text(args.script))
        title, played = _perform(steps, args.isolation)
    except (NotationError, *NO_ANSWER) as error:
        raise BadInput(f"{named(args.script)}: {error}") from None
    except Unusable as error:
        raise BadInput(str(error)) from None
    except OSError as error:
        raise BadInput(f"no process could be started to try it: {error}") from None
    identifier = None if args.script == STANDARD_INPUT else args.script
    print(as_json(identifier, str(this_platform()), played) if args.format == "json" else as_text(title, played))
    return status(played)


def _perform(steps: Sequence[Step], isolation: str) -> tuple[str, list[Played]]:
    """What the kernel is, and its answers. ``elapse`` really waits."""
    bench = Bench(isolation, slow=True)
    try:
        _need_users(bench, steps)
        answers = _settled(bench, steps)
    finally:
        bench.close()
    machine = bench.fingerprint()
    release = f"{machine['system']} {machine['release']}"
    played = [_played(one, answer, release) for one, answer in zip(_predicted(bench, steps), answers, strict=True)]
    return f"{release}, isolation {bench.isolation}, as {bench.privilege}", played


def _need_users(bench: Bench, steps: Sequence[Step]) -> None:
    for step in steps:
        if not bench.privileged and not STRANGERS.keys().isdisjoint((step.call.actor, *step.call.args)):
            raise BadInput(f"line {step.line}: {str(step.call)!r}: another user needs root: run it as root, or leave the stranger out")


def _settled(bench: Bench, steps: Sequence[Step]) -> list[Answer]:
    """Play the script, and try again if a foreign process interferes."""
    for attempt in range(1, ATTEMPTS + 1):
        stack = Kernel(bench)
        try:
            return play(stack, steps)
        except Inconclusive:
            if attempt == ATTEMPTS:
                raise
        finally:
            stack.close()
    raise AssertionError("unreachable")


def _predicted(bench: Bench, steps: Sequence[Step]) -> list[Played]:
    """What the model of this platform says; nothing if it has no model."""
    here = this_platform()
    uid = os.geteuid() if hasattr(os, "geteuid") else 0
    try:
        if here.model:
            return Predictor(here, uid, bench.settings).predict(steps)
    except (TooManyWorlds, *NO_ANSWER):
        pass
    return [Played(step, (), None, "unknown", None) for step in steps]


def _played(predicted: Played, answer: Answer, release: str) -> Played:
    agrees = answer.name in predicted.names
    return Played(predicted.step, (answer.name,), predicted.because if agrees else None, "observed", release)
