"""`addrinuse show RUN`: print the matrix of a recorded run."""

from __future__ import annotations

import argparse
from pathlib import Path

from fixtures.record.runfile import read_run
from fixtures.record.screens import matrix, variants_met
from reports.recorded import ON_ITS_STACK


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a file written by --record")


def run(args: argparse.Namespace) -> int:
    """Print the matrix.

    Raises RunError for a file that is not a whole run.
    """
    run = read_run(args.run)
    machine = run.header["fingerprint"]
    print(f"{run.header['stack']} as {run.header['platform']}: {machine.get('system', '')} {machine.get('release', '')}".rstrip(" :"))
    if run.userland:
        print(f"{ON_ITS_STACK}: {run.userland}")
    print("\n".join([*matrix(run.traces), "", *variants_met(run.traces)]))
    return 0
