"""`addrinuse show RUN [ID...]`: the matrix of a recorded run, or some of its experiments with their calls and answers."""

from __future__ import annotations

import argparse
import difflib
from fnmatch import fnmatchcase
from pathlib import Path

from fixtures.record.runfile import Record, Run, read_run
from fixtures.record.screens import matrix, told, variants_met
from reports.inputs import BadInput
from reports.recorded import ON_ITS_STACK


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a file written by --record")
    parser.add_argument("ids", nargs="*", metavar="ID", help="an experiment, a pattern with *, or a verdict: surprise")


def run(args: argparse.Namespace) -> int:
    """Print the matrix, or the experiments that are asked for.

    Raises RunError for a file that is not a whole run, and BadInput for an experiment that it does not have.
    """
    run = read_run(args.run)
    if args.ids:
        print("\n\n".join("\n".join(told(record)) for word in args.ids for record in _found(args.run, run, word)))
        return 0
    machine = run.header["fingerprint"]
    print(f"{run.header['stack']} as {run.header['platform']}: {machine.get('system', '')} {machine.get('release', '')}".rstrip(" :"))
    if run.userland:
        print(f"{ON_ITS_STACK}: {run.userland}")
    print("\n".join([*matrix(run.traces), "", *variants_met(run.traces)]))
    return 0


def _found(path: Path, run: Run, word: str) -> list[Record]:
    found = [record for record in run.traces if word in (record["id"], record["verdict"]) or fnmatchcase(record["id"], word)]
    if not found:
        near = difflib.get_close_matches(word, [record["id"] for record in run.traces], n=3, cutoff=0.5)
        raise BadInput(f"{path}: no experiment {word} in this run{'; did you mean ' + ', '.join(near) if near else ''}")
    return found
