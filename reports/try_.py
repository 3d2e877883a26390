"""`addrinuse try FILE|-`: run a script on the kernel of this machine.

Exit status 0; 1 if an answer written in the script is not the one that was observed; 2 for usage or bad input.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator, Sequence

from fixtures.language.notation import NotationError
from fixtures.language.stack import Inconclusive
from fixtures.language.words import Answer
from fixtures.machine.bench import ROOT, STRANGERS, Bench, Unusable
from fixtures.machine.kernel import Kernel
from fixtures.machine.standing import stands_for
from fixtures.models import Platform, platform, this_platform
from fixtures.specification.worlds import TooManyWorlds
from reports.batch import Clerk, answer_all
from reports.inputs import STANDARD_INPUT, BadInput, named, read_text
from reports.predict import Predictor
from reports.scripts import NO_ANSWER, Played, Step, as_json, as_text, play, read_script, status

ATTEMPTS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--format", choices=("text", "json"), help="text (default), or one JSON object")
    parser.add_argument("--batch", action="store_true", help='read one {"id", "script"} per line, write one JSON object per line')
    parser.add_argument("--isolation", choices=("auto", "namespace", "host"), default="auto", help="where to run it (default: auto)")
    parser.add_argument("script", metavar="FILE", help="a script in the notation (docs/reading.md), - for standard input")


def run(args: argparse.Namespace) -> int:
    """Run the script.

    Raises BadInput, even if it is the machine that cannot run the script.
    """
    if args.batch and args.format == "text":
        raise BadInput("--batch writes JSON: leave out --format text")
    try:
        return _batch(args) if args.batch else _one(args)
    except Unusable as error:
        raise BadInput(str(error)) from None
    except OSError as error:
        raise BadInput(f"no process could be started to try it: {error}") from None


def _one(args: argparse.Namespace) -> int:
    try:
        steps = read_script(read_text(args.script))
        with _bench(args.isolation) as bench:
            played, title = _perform(bench, steps), _title(bench)
    except (NotationError, *NO_ANSWER) as error:
        raise BadInput(f"{named(args.script)}: {error}") from None
    identifier = None if args.script == STANDARD_INPUT else args.script
    print(as_json(identifier, str(_here()), played) if args.format == "json" else as_text(title, played))
    return status(played)


def _batch(args: argparse.Namespace) -> int:
    """All scripts on one bench, one after the other."""
    with _bench(args.isolation) as bench:
        return answer_all(args.script, Clerk(str(_here()), lambda steps: _perform(bench, steps), []), alone=True)


@contextlib.contextmanager
def _bench(isolation: str) -> Iterator[Bench]:
    bench = Bench(isolation, slow=True)
    try:
        yield bench
    finally:
        bench.close()


def _here() -> Platform:
    """The platform of this kernel, or the one that it stands in for."""
    other = stands_for()
    return platform(other) if other else this_platform()


def _title(bench: Bench) -> str:
    stands = f", standing in for {stands_for()}" if stands_for() else ""
    return f"{_release(bench)}{stands}, isolation {bench.isolation}, as {bench.privilege}"


def _release(bench: Bench) -> str:
    machine = bench.fingerprint()
    return f"{machine['system']} {machine['release']}"


def _perform(bench: Bench, steps: Sequence[Step]) -> list[Played]:
    """The kernel's answers. ``elapse`` really waits."""
    _need_users(bench, steps)
    answers = _settled(bench, steps)
    return [_played(one, answer, _release(bench)) for one, answer in zip(_predicted(bench, steps), answers, strict=True)]


def _need_users(bench: Bench, steps: Sequence[Step]) -> None:
    missing = {*(() if bench.has_strangers else STRANGERS), *(() if bench.privileged else (ROOT,))}
    for step in steps:
        if not missing.isdisjoint((step.call.actor, *step.call.args)):
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
    here = _here()
    uid = os.geteuid() if hasattr(os, "geteuid") else 0
    try:
        if here.model:
            return Predictor(here, uid, bench.settings).predict(steps)
    except (TooManyWorlds, *NO_ANSWER):
        pass
    return [Played(step, (), None, "unknown", None) for step in steps]


def _played(predicted: Played, answer: Answer, release: str) -> Played:
    agrees = answer.name in predicted.names
    if stands_for():
        # It was judged by the model, and observes nothing about the platform.
        how = (predicted.because, predicted.basis, predicted.source) if agrees else (None, "unknown", None)
        return Played(predicted.step, (answer.name,), *how)
    return Played(predicted.step, (answer.name,), predicted.because if agrees else None, "observed", release)
