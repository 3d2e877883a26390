"""`python -m reports VERB`: what we found. Exit status 0; 1 if the difference asked about exists; 2 for usage or bad input."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from typing import NoReturn, Protocol

from fixtures.record.runfile import RunError
from reports import (
    add,
    compare,
    diff,
    disputed,
    explain,
    ids,
    incidents,
    libraries,
    matrix,
    merge,
    port,
    predict,
    probing,
    record,
    render,
    show,
    site,
    trend,
    try_,
)
from reports.inputs import BadInput


class Verb(Protocol):
    """What the module of a verb has. The first line of its docstring is its help."""

    __doc__: str | None

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare its arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit status."""


VERBS: dict[str, Verb] = {
    "show": show,
    "predict": predict,
    "try": try_,
    "record": record,
    "port": port,
    "matrix": matrix,
    "diff": diff,
    "explain": explain,
    "disputed": disputed,
    "incidents": incidents,
    "libraries": libraries,
    "render": render,
    "site": site,
    "ids": ids,
    "merge": merge,
    "compare": compare,
    "trend": trend,
    "probe": probing,
    "add": add,
}


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help shows the usage)\n")


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and return the exit status."""
    args = _parser().parse_args(arguments)
    # A character that the terminal lacks must not end the verb.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = VERBS[args.verb].run(args)
        if sys.stdout:
            sys.stdout.flush()
    except (BadInput, RunError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("interrupted")
    except OSError as error:
        _drop_output()
        return _refuse(f"the output could not be written: {error.strerror or error}")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m reports", description="What addrinuse found.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        summary = (verb.__doc__ or "").splitlines()[0]
        verb.configure(verbs.add_parser(name, help=summary.partition(": ")[2], description=verb.__doc__))
    return parser


def _refuse(message: str) -> int:
    print(f"python -m reports: {message}", file=sys.stderr)
    return 2


def _drop_output() -> None:
    """Keep Python from complaining again at exit about an output that is closed or full."""
    with contextlib.suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
