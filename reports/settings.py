"""The kernel settings of a command line: one that no model knows is refused, one that a model does not use yet is told."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence

from fixtures.models import Platform
from fixtures.models.state import ADDRESSES
from reports.inputs import BadInput

#: What a setting of a kernel is: a number, a range of two or a list of them.
_NUMBERS = re.compile(r"\d{1,10}([ ,-]\d{1,10})*", re.ASCII)


def setting(word: str) -> tuple[str, str]:
    """A kernel setting of a command line, NAME=VALUE."""
    name, sign, value = word.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{word[:100]!r}: write NAME=VALUE, such as net.ipv4.tcp_tw_reuse=0")
    if name != ADDRESSES and not _NUMBERS.fullmatch(value):
        raise argparse.ArgumentTypeError(f"{word[:100]!r}: write a number, such as {name[:100]}=1")
    return name, value


def notes_on(names: Iterable[str], platforms: Sequence[Platform]) -> list[str]:
    """What to say of settings by which these platforms are to answer.

    Raises BadInput for a setting that none of them knows.
    """
    models = {platform.name: platform.make() for platform in platforms}
    knobs = {ADDRESSES, *(name for model in models.values() for name in model.knobs)}
    known = knobs.union(*(model.unmodelled for model in models.values()))
    notes = []
    for name in names:
        if name not in known:
            raise BadInput(f"--setting {name}: {', '.join(models)} has no such setting, or we do not know it; {_instead(name, known)}")
        for platform in (platform for platform, model in models.items() if name in model.unmodelled):
            notes.append(f"{name}: the model of {platform} does not use this setting yet, and answers as if it had its default")
    return notes


def _instead(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known)
    if near:
        return f"near are {', '.join(near)}"
    return f"known are {', '.join(sorted(known))}"
