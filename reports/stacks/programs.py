"""Stacks that are a program or a library on this machine. pytest runs on them as it does on the kernel, and its output is shown."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reports.catalogue import ROOT
from reports.stacks.common import CannotRun, cache_folder, guarded, keep

#: A run that takes longer than this hangs.
DEADLINE = 3600.0


@dataclass(frozen=True)
class Job:
    """The suite on a stack."""

    #: ``gvisor@20221219``.
    platform: str
    #: The command that is a Python on that stack.
    python: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Further arguments for pytest.
    arguments: Sequence[str] = ()
    #: How a path of this machine is written there.
    path: Callable[[Path], str] = str


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments that every such stack has."""
    parser.add_argument("--keep", action="store_true", help="keep the run in reports/runs/ too")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="put the run there (default: in the cache)")
    parser.add_argument("--deadline", type=float, default=DEADLINE, metavar="SECONDS", help="end a run that takes longer (%(default)g)")
    parser.add_argument("-k", metavar="EXPRESSION", default="", help="only these experiments, as in pytest")
    parser.add_argument("--slow", action="store_true", help="also wait for the natural end of TIME_WAIT")


def destination(args: Namespace) -> Path:
    """The folder for the run.

    Raises CannotRun for arguments that cannot be met.
    """
    if args.keep and args.k:
        raise CannotRun("--keep is for whole runs; leave out -k")
    if args.record and not args.record.is_dir():
        raise CannotRun(f"--record {args.record}: no such folder; make it first")
    return args.record or cache_folder("runs")


def command(job: Job, record: Path, args: Namespace) -> list[str]:
    """The command line of the run."""
    chosen = [*(["--slow"] if args.slow else []), *(["-k", args.k] if args.k else [])]
    words = ["-B", "-m", "pytest", "suites", "-n", "2", "-q", "--platform", job.platform, "--record", job.path(record)]
    return [*map(str, job.python), *words, *job.arguments, *chosen]


def run_job(job: Job, args: Namespace, work: Path) -> int:
    """Run the suite, show what it says, and bring the run home; its exit status.

    Raises CannotRun if it hangs or leaves no run behind.
    """
    target, record = destination(args), work / "run.jsonl"
    environment = {**os.environ, **job.environment}
    line = command(job, record, args)
    # runsc and Wine want a pipe, not a terminal.
    with guarded(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env=environment) as process:
        late = threading.Timer(args.deadline, process.terminate)
        late.start()
        assert process.stdout
        try:
            with process.stdout:
                for said in process.stdout:
                    sys.stdout.write(said.decode("utf-8", "replace").replace("\r", ""))
                    sys.stdout.flush()
            status = process.wait()
            ended = not late.is_alive()
        finally:
            late.cancel()
    if ended:
        raise CannotRun(f"{job.platform} hung and was ended after {args.deadline:g} s")
    if not record.exists():
        raise CannotRun(f"{job.platform} left no run behind; the command was: {' '.join(line)} (exit status {status})")
    print(f"recorded: {keep(record, target)}")
    if args.keep:
        print(f"kept: {keep(record)}")
    return status
