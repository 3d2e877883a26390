"""Runs the suite on gVisor's network stack: runsc, without privileges, with nothing but loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace

from reports.stacks import programs
from reports.stacks.common import CannotRun, need
from reports.stacks.guests import work_folder

#: From this year on, the platform is systrap; before, it is ptrace.
SYSTRAP = "2023"


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    programs.configure(parser)


def run(args: Namespace) -> int:
    """Run the suite on the installed gVisor.

    Raises CannotRun.
    """
    runsc = need({"runsc": "runsc"})["runsc"]
    version = release(subprocess.run([runsc, "--version"], capture_output=True, text=True, check=False).stdout)
    with work_folder() as work:
        # runsc keeps the state of a sandbox in TMPDIR.
        python = [*sandbox(runsc, version), sys.executable]
        job = programs.Job(f"gvisor@{version}", python, {"TMPDIR": str(work)})
        return programs.run_job(job, args, work)


def release(said: str) -> str:
    """The date in ``runsc version release-20240729.0``, or in Debian's ``0.0~20221219.0``.

    Raises CannotRun.
    """
    found = re.search(r"\b(20\d{6})\b", said)
    if not found:
        raise CannotRun(f"runsc --version: no date in {said.strip()!r}; install a release of gVisor")
    return found[1]


def sandbox(runsc: str, version: str) -> list[str]:
    """What to put in front of a command to run it on gVisor's stack.

    ``--network=none`` is that stack with loopback. Without privileges, runsc's default ``sandbox``
    would silently be the host's network. The files are the host's own, so that the run file is
    written there.
    """
    platform = "systrap" if version >= SYSTRAP else "ptrace"
    return [runsc, "--rootless", "--network=none", f"--platform={platform}", "do", "-force-overlay=false"]
