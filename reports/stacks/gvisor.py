"""Runs the suite on gVisor's network stack: runsc, without privileges, with loopback alone."""

from __future__ import annotations

import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace

from reports.stacks import programs
from reports.stacks.common import CannotRun, need
from reports.stacks.guests import work_folder

#: The first release whose systrap serves.
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
        # What runsc keeps of a sandbox lies in TMPDIR.
        python = [*sandbox(runsc, version), sys.executable]
        job = programs.Job(f"gvisor@{version}", python, {"TMPDIR": str(work)})
        return programs.run_job(job, args, work)


def release(said: str) -> str:
    """The date that stands in ``runsc version release-20240729.0``, and in Debian's ``0.0~20221219.0``.

    Raises CannotRun.
    """
    found = re.search(r"\b(20\d{6})\b", said)
    if not found:
        raise CannotRun(f"runsc --version: no date in {said.strip()!r}; install a release of gVisor")
    return found[1]


def sandbox(runsc: str, version: str) -> list[str]:
    """The command in front of a command that runs it on gVisor's stack.

    ``--network=none`` is that stack with loopback; without privileges ``sandbox`` would silently be the host's. The files are the
    host's own, for the run is written to one.
    """
    platform = "systrap" if version >= SYSTRAP else "ptrace"
    return [runsc, "--rootless", "--network=none", f"--platform={platform}", "do", "-force-overlay=false"]
