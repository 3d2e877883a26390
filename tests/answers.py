"""Every answer of every model, written down, so that two versions of the models can be compared.

``python -m tests.answers FOLDER [PLATFORM...]`` plays every experiment on every platform, release, configuration and user, then random
scripts, and writes one file a platform: a line for each play, with the answers of every world. ``--reasons`` adds what decided each.
Run it before a change and after it into two folders, and compare them with diff.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import random
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import Pool
from pathlib import Path

from fixtures.language.notation import Call, NotationError, parse
from fixtures.language.stack import Inconclusive, Stack, Unknown, Untestable
from fixtures.language.words import OPTION_NAMES
from fixtures.models import MODELS, Platform
from fixtures.record.verdicts import Observation, Script
from fixtures.specification.worlds import TooManyWorlds
from reports.catalogue import all_rows
from tests.helpers.scripts import random_script, rivals

USERS = (0, 1000)
#: How many random scripts of each kind are played on each release.
RANDOM = 3000


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Write down every answer of every model.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("platforms", nargs="*", default=sorted(MODELS))
    parser.add_argument("--reasons", action="store_true", help="add the id of what decided each answer")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with Pool(2) as pool:
        jobs = [(args.folder, name, args.reasons) for name in args.platforms]
        for name, count in pool.imap_unordered(_write, jobs):
            print(f"{name}: {count} plays", flush=True)


def _write(job: tuple[Path, str, bool]) -> tuple[str, int]:
    folder, name, reasons = job
    lines = list(plays(name, reasons=reasons))
    (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name, len(lines)


def plays(name: str, *, reasons: bool = False) -> Iterator[str]:
    """A line for each play on a platform."""
    model = MODELS[name]
    for version in dict.fromkeys([*model.releases, ""]):
        for settings in model.configurations:
            for uid in USERS:
                where = f"{Platform(name, version)} {','.join(f'{key}={value}' for key, value in settings.items())} uid {uid}"
                for what, script in [*_experiments(), *_random_scripts(name)]:
                    yield f"{where} {what}: {_played(Platform(name, version), script, uid, settings, reasons=reasons)}"


def _experiments() -> list[tuple[str, Script]]:
    return [(row.experiment.id, row.script) for row in all_rows()]


def _random_scripts(name: str) -> Iterator[tuple[str, Script]]:
    chance = random.Random(13)
    options = [option for option in OPTION_NAMES if option in MODELS[name].options]
    for make in (random_script, rivals):
        for number in range(RANDOM):
            try:
                calls = [call for call, _ in parse(make(chance, options))]
            except NotationError:
                continue
            yield f"{make.__name__} {number}", functools.partial(_play_on, calls)


def _play_on(calls: Sequence[Call], stack: Stack) -> None:
    """Every call that can be made; what cannot be answered is passed over."""
    for call in calls:
        with contextlib.suppress(Untestable, Unknown, Inconclusive):
            stack.answer(call)


def _played(platform: Platform, script: Script, uid: int, settings: Mapping[str, str], *, reasons: bool) -> str:
    try:
        worlds = platform.predict(script, uid, settings)
    except TooManyWorlds:
        return "too many worlds"
    return " | ".join(_world(one, reasons=reasons) for one in worlds)


def _world(seen: Observation, *, reasons: bool) -> str:
    answers = [f"{call.verb} {answer}{f' ({answer.because.id})' if reasons and answer.because else ''}" for call, answer in seen.trace]
    return "; ".join([*answers, "held" if seen.held else seen.problem or "departs"])


if __name__ == "__main__":
    main()
