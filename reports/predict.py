"""`addrinuse predict --platform NAME[@VERSION] FILE|-`: answer each call of a script as a platform's model does.

Exit status 0; 1 if an answer written in the script is not among those predicted; 2 for usage or bad input
(with --batch: if any line was wrong, after the answers to all others).
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Sequence

from fixtures.language.words import UNKNOWN, Answer
from fixtures.models import MODELS, Platform, UnknownPlatform, platform
from fixtures.specification.clauses import Reason
from reports.batch import UNANSWERED, Clerk, answer_all
from reports.calls import as_script
from reports.inputs import STANDARD_INPUT, BadInput, named, read_text
from reports.scripts import Played, Step, as_json, as_text, names_of, play, read_script, status
from reports.settings import notes_on, setting


class Predictor:
    """Answers scripts for one platform, one user and one set of kernel settings."""

    def __init__(self, platform: Platform, uid: int = 0, settings: dict[str, str] | None = None, notes: Sequence[str] = ()) -> None:
        self.platform, self.uid, self.settings = platform, uid, settings or {}
        #: What limits the answers.
        self.notes = list(notes)

    def predict(self, steps: Sequence[Step]) -> list[Played]:
        """The answers of every world, merged.

        Raises TooManyWorlds.
        """
        worlds = self.platform.worlds(lambda model: play(model, steps), self.uid, self.settings)
        return [self._merged(step, worlds, at) for at, step in enumerate(steps)]

    def _merged(self, step: Step, worlds: list[list[Answer]], at: int) -> Played:
        """One step. If its answer is unknown in one world, nobody knows it."""
        if len(worlds) == 1:
            return _played(step, (worlds[0][at].name,), worlds[0][at].because)
        answers = [world[at] for world in worlds]
        decisive = next((answer for answer in answers if answer == UNKNOWN), answers[0])
        names = names_of(answers)
        if decisive == UNKNOWN or len(names) == 1:
            return _played(step, (decisive.name,), decisive.because)
        return _played(step, names, _parting(worlds, at))


def _played(step: Step, names: tuple[str, ...], because: Reason | None) -> Played:
    return Played(step, names, because, because.basis, _cited(because)) if because else Played(step, names, None, "unknown", None)


@functools.cache
def _cited(because: Reason) -> str:
    return str(because.source)


def _parting(worlds: list[list[Answer]], at: int) -> Reason | None:
    """The reason why the worlds differ here: that of this call if all share it, else that of the first call where two part."""
    if len({world[at].because for world in worlds}) == 1:
        return worlds[0][at].because
    other = next(world for world in worlds if world[at] != worlds[0][at])
    return next(one.because for one, two in zip(worlds[0], other, strict=True) if one != two)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    known = ", ".join(MODELS)
    parser.add_argument("--platform", metavar="NAME[@VERSION]", required=True, help=f"whose answers: {known}")
    parser.add_argument("--format", choices=("text", "json"), help="text (default), or one JSON object")
    parser.add_argument("--batch", action="store_true", help='read one {"id", "script"} per line, write one JSON object per line')
    parser.add_argument("--uid", type=uid, default=0, metavar="N", help="the user who makes the calls (default: 0, root)")
    parser.add_argument("--setting", type=setting, action="append", default=[], metavar="NAME=VALUE", help="a kernel setting; repeatable")
    parser.add_argument("script", metavar="FILE", help="a script in the notation (docs/reading.md) or a log of calls; - for standard input")


def run(args: argparse.Namespace) -> int:
    """Predict.

    Raises BadInput.
    """
    if args.batch and args.format == "text":
        raise BadInput("--batch writes JSON: leave out --format text")
    try:
        here = platform(args.platform)
    except UnknownPlatform as error:
        raise BadInput(f"--platform {error}") from None
    settings = dict(args.setting)
    predictor = Predictor(here, args.uid, settings, [*filter(None, [here.note]), *notes_on(settings, [here])])
    clerk = Clerk(args.platform, predictor.predict, predictor.notes)
    return answer_all(args.script, clerk) if args.batch else _one(predictor, args)


def _one(predictor: Predictor, args: argparse.Namespace) -> int:
    try:
        played = predictor.predict(read_script(as_script(read_text(args.script))))
    except UNANSWERED as error:
        raise BadInput(f"{named(args.script)}: {error}") from None
    identifier = None if args.script == STANDARD_INPUT else args.script
    if args.format == "json":
        print(as_json(identifier, args.platform, played, predictor.notes))
    else:
        print(as_text("\n".join([f"platform {args.platform}", *(f"note: {note}" for note in predictor.notes)]), played))
    return status(played)


def uid(word: str) -> int:
    """A user on the command line, by number."""
    if not (word.isascii() and word.isdecimal() and int(word) < 2**32):
        raise argparse.ArgumentTypeError(f"{word!r} is not a user: give a number")
    return int(word)
