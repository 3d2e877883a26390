"""`addrinuse run [OPTION...]`: run the conformance suite on this machine.

Every option of pytest works, too. An experiment is named by its id (-k ID), or by its file (suites/test_udp.py).
Exit status 0 if all experiments conform or are known variants; 1 for a surprise, a stale variant or a broken bench;
2 interrupted; 4 wrong options; 6 nothing was wrong, but this platform has no model.

  --record FILE          write every trace to FILE, for show, compare, merge and add
  --platform NAME[@V]    the platform whose model judges, where Python cannot know
  --stack NAME[@V]       run on a model instead of the kernel
  --stack-command CMD    run on a stack of your own, through an adapter (docs/adapter.md)
  --isolation WHERE      auto, namespace or host: where the experiments run
  --slow                 also wait for the natural end of TIME_WAIT
  --strict-variants      a variant fails, too
  --strict-coverage      what is untestable here fails, too
  --allow FILE           verdicts that do not fail the run, each with a reason and a last day
  --pairs HOW            auto, pruned, whole or none: every pair of two sockets
  --pairs-seed N         try the pairs in a random order
  --every N              a sample: every Nth experiment, by order of collection
  -k ID                  only the experiments whose id contains ID
  -v                     also list the variants that were met
  -n N                   the number of processes (default: 2)
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import PurePath

from fixtures import VERSION
from fixtures.machine import fingerprint
from fixtures.models import this_platform
from reports.catalogue import ROOT

SUITES = "suites"
#: No experiment needs a temporary folder; pytest would make one for the processes of xdist, and leave it behind.
NO_FOLDER = ("-p", "no:tmpdir")
#: Two workers a core: half of the time a worker waits for its agents, or for what must not arrive. On two cores three workers
#: take 18 s, four and six 15 s, eight 16 s. More than eight were not tried.
WORKERS = min(8, 2 * (os.cpu_count() or 1))


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments. pytest parses them; here they are only for the help."""
    parser.add_argument("options", nargs="*", metavar="OPTION", help="options of the suite and of pytest")


def run(args: argparse.Namespace) -> int:
    """Run the suite."""
    return run_suite(args.options)


def run_suite(options: Sequence[str]) -> int:
    """Run the suite with these options, and return pytest's exit status.

    What the suite needs is found wherever it is installed. Files that options name are those of the current folder.
    """
    import pytest

    given = [str(ROOT / option) if _is_of_the_suite(option) else option for option in options]
    everything = [] if given != list(options) else [str(ROOT / SUITES)]
    return int(pytest.main(["-c", str(ROOT / "pyproject.toml"), "-n", str(WORKERS), "-q", *NO_FOLDER, *given, *everything]))


def _is_of_the_suite(option: str) -> bool:
    """Whether an argument names the suites, a file of them or a test: ``suites/test_udp.py::test_one``."""
    return PurePath(option.partition("::")[0]).parts[:1] == (SUITES,)


def version() -> list[str]:
    """The version, and on what it would run: the fingerprint of this machine."""
    machine = fingerprint.machine()
    settings = fingerprint.settings()
    told = [f"{name:<9} {value}" for name, value in machine.items() if value and name != "suite"]
    return [
        f"addrinuse {VERSION}",
        f"platform  {this_platform()}",
        *told,
        *(f"{name} = {value}" for name, value in settings.items()),
    ]
