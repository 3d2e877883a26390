"""`addrinuse as PLATFORM[@VERSION] -- COMMAND...`: run a program on this kernel as if its addresses were another platform's.

The platform's model answers each bind and listen of the program and its children, each option of reuse and the connects that it
decides. Then the answer is made true: what the platform refuses is refused, what it grants is granted, and what arrives
goes to whom it would give it. A closing paragraph on standard error says which answers differed from this kernel's.
It needs Linux on x86-64 or arm64, and no privilege. Exit status: the command's; 125 if the kernel cannot stand in here.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from fixtures import VERSION
from fixtures.models import Platform, UnknownPlatform, platform
from fixtures.standin.account import Account
from fixtures.standin.limits import LIMITS
from fixtures.standin.stand import stand_in
from fixtures.standin.supervise import FAILED, CannotStand, tell
from fixtures.standin.world import WORLDS
from reports.inputs import BadInput


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("platform", metavar="PLATFORM[@VERSION]", help="whose rules hold")
    parser.add_argument("--world", choices=tuple(WORLDS), default="worst", help="what holds where sources disagree (default: worst)")
    parser.add_argument("--tell", action="store_true", help="print each answer that differs from this kernel's, while it happens")
    parser.add_argument("--log", metavar="FILE", type=Path, help="write the calls and answers in the notation")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the closing account as JSON; nothing of it is printed then")
    parser.add_argument("--limits", action=_Limits, nargs=0, help="print what a kernel that stands in cannot do")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the program and its arguments, after --")


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Raises BadInput.
    """
    try:
        here = platform(args.platform)
    except UnknownPlatform as error:
        raise BadInput(str(error)) from None
    with _written(args.log, "--log") as write:
        account = Account((lambda said: tell(said.line())) if args.tell else None, write)
        if write:
            write(f"# {args.command[0]} as {here}, by addrinuse {VERSION}")
        return _run(here, args, account)


def _run(here: Platform, args: argparse.Namespace, account: Account) -> int:
    try:
        status = stand_in(here, args.command, account, WORLDS[args.world])
    except CannotStand as missing:
        tell(f"addrinuse as: {missing}")
        return FAILED
    if args.json is None:
        tell("\n".join(textwrap.wrap(account.paragraph(str(here), args.world), 100, break_on_hyphens=False)))
        return status
    with _written(args.json, "--json") as write:
        assert write
        write(json.dumps(account.as_json(str(here), args.world)))
    return status


class _Limits(argparse.Action):
    """Prints the limits, and ends, as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object, **named: object) -> None:
        print("\n".join(limits()))
        parser.exit()


def limits() -> list[str]:
    """The list of limits."""
    return [
        line
        for limit in LIMITS
        for line in (limit.name, *textwrap.wrap(limit.sentence, 96, initial_indent="    ", subsequent_indent="    "))
    ]


@contextlib.contextmanager
def _written(path: Path | None, option: str) -> Iterator[Callable[[str], None] | None]:
    """What writes a line into a file, as soon as it is said: whoever ends this ends it at any time."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise BadInput(f"{option} {path}: cannot be written: {error.strerror or error}") from None
    with file:
        yield lambda line: print(line, file=file)
