"""Runs the suite on User-Mode Linux, as root and as a user: a kernel that is a process on this machine. Debian's lacks IPv6."""

from __future__ import annotations

import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from reports.stacks.common import CannotRun, need
from reports.stacks.guests import Guest, run_guests, work_folder
from reports.stacks.guests import configure as configure_guests

PROGRAMS = {"linux.uml": "user-mode-linux"}


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    configure_guests(parser)


def run(args: Namespace) -> int:
    """Run it.

    Raises CannotRun.
    """
    if sys.platform != "linux":
        raise CannotRun("User-Mode Linux is a program for Linux")
    program = need(PROGRAMS)["linux.uml"]
    version = _version(program)
    guest = Guest(f"linux@{version}-uml", lambda folder: command(program, folder), shares_folder=True)
    with work_folder() as work:
        return run_guests([guest], args, work)


def _version(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL).stdout
    found = re.match(r"\d+(?:\.\d+)+", said.strip())
    if found is None:
        raise CannotRun(f"{program}: --version does not name a version: {said.strip()[:60]!r}; install it again")
    return found[0]


def command(program: str, folder: Path) -> Sequence[str | Path]:
    """Its command line: the console is standard output, and it uses none of this machine's network or terminals."""
    return [program, "mem=1024M", f"initrd={folder / 'initramfs'}", f"uml_dir={folder}", "con=null", "con0=null,fd:1", "ssl=null"]
