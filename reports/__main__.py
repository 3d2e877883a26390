"""`python -m reports VERB`: what was found. Exit status 2 for bad input."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fixtures.runfile import RunError, read_run
from fixtures.screens import matrix, variants_met
from reports import disputed


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m reports")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="print the matrix of a recorded run")
    show.add_argument("run", type=Path)
    disputed.configure(verbs.add_parser("disputed", help="print the cited claims and what became of each"))
    chosen = parser.parse_args(arguments)
    if chosen.verb == "disputed":
        return disputed.run(chosen)
    try:
        return _show(chosen.run)
    except RunError as error:
        print(error, file=sys.stderr)
        return 2


def _show(path: Path) -> int:
    run = read_run(path)
    machine = run.header["fingerprint"]
    print(f"{run.header['stack']} as {run.header['platform']}: {machine.get('system', '')} {machine.get('release', '')}".rstrip(" :"))
    print("\n".join([*matrix(run.traces), "", *variants_met(run.traces)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
