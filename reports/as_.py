"""`addrinuse as PLATFORM -- COMMAND...`: run a program on this kernel as if its addresses were another platform's.

Each bind, listen and option of reuse of the program and of all its children is answered by the platform's model, and then
really done: what the platform refuses is refused, what it grants is granted, and connections go to whom it would give them.
It runs unprivileged, on Linux. Exit status: the command's; 125 if it could not be started so.
"""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from types import FrameType

from fixtures.machine.namespace import Refused
from fixtures.models import Platform, UnknownPlatform, platform
from fixtures.standin import tasks
from fixtures.standin.account import Account
from fixtures.standin.judge import Judge
from fixtures.standin.numbers import this_machine
from fixtures.standin.supervise import FAILED, CannotStand, Program, tell
from fixtures.standin.world import WORLDS
from reports.inputs import BadInput

HOOK = Path(__file__).resolve().parents[1] / "fixtures" / "standin" / "hook"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("platform", metavar="PLATFORM[@VERSION]", help="whose rules")
    parser.add_argument("--world", choices=tuple(WORLDS), default="worst", help="what holds where sources disagree (default: worst)")
    parser.add_argument("--tell", action="store_true", help="print each answer while it happens")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the program and its arguments, after --")


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Raises BadInput.
    """
    try:
        here = platform(args.platform)
    except UnknownPlatform as error:
        raise BadInput(str(error)) from None
    try:
        return _run(here, args)
    except CannotStand as missing:
        tell(f"addrinuse as: {missing}")
        return FAILED


def _run(here: Platform, args: argparse.Namespace) -> int:
    machine = this_machine()
    if machine is None:
        raise CannotStand("needs Linux on x86-64 or arm64")
    program = Program(args.command, environment(here), machine)
    account = Account(
        (lambda said: tell(f"{said.program}[{said.process}] {said.call} = {said.answer} ({getattr(said.answer.because, 'id', '')})"))
        if args.tell
        else None
    )
    judge = Judge(here, machine, program.listener, account, WORLDS[args.world], program.processes)

    def one() -> None:
        waiting = program.listener.receive()
        if waiting is None:
            return
        try:
            result = judge.answer(waiting)
        except (tasks.Gone, Refused):
            result = None
        if result is None:
            program.listener.proceed(waiting)
        else:
            program.listener.answer(waiting, result)

    def forward(number: int, frame: FrameType | None) -> None:
        program.forward(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    try:
        status = program.supervise(one, judge.settle)
    finally:
        program.close()
    return status if status >= 0 else 128 - status


def environment(here: Platform) -> dict[str, str]:
    """The program's environment: a Python among its processes gets the platform's options in `socket`."""
    paths = [str(HOOK), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "ADDRINUSE_AS": str(here), "ADDRINUSE_OPTIONS": ",".join(sorted(here.make().options))}
    return {**os.environ, **own}
