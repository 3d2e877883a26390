"""``python -m tests.standin.sample [N]``: every Nth experiment on this kernel standing in for three platforms.

Root does it once more as another user, with half as many. Exit status: 0 if no run has a surprise, a stale variant or a broken bench,
else 1. What a platform's model does not know is *unrecorded*, and no failure. Where the machine forbids a run, a line says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixtures.plugins.recorder import UNRECORDED
from fixtures.standin.supervise import FAILED
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.standin.running import NOBODY, SYSTEMS, become

PLATFORMS = ("freebsd", "macos", "windows")
EVERY = 6
#: What an exit status says. Any other is a failure.
WORDS = {0: "passes", UNRECORDED: "passes", FAILED: "cannot be tried here"}


def environment() -> dict[str, str]:
    """pytest and its plugins are pure Python, so that a Python outside of root's home can run them, too."""
    return inherited(PYTHONPATH=str(Path(pytest.__file__).parents[1]), PYTHONDONTWRITEBYTECODE="1", PYTEST_ADDOPTS="-p no:cacheprovider")


#: Whether a Python has what the suite needs, and can start itself again: setpriv may start one that another user cannot.
PROBE = """\
import subprocess, sys
import pytest, pytest_timeout, reports.as_, xdist
sys.exit(sys.version_info < (3, 10) or subprocess.run([sys.executable, "-c", ""]).returncode)
"""


def another_user() -> list[str]:
    """How another user runs the suite: a Python and what goes before it; nothing if no other user can."""
    if NOBODY is None:
        return []
    for interpreter in (sys.executable, SYSTEMS):
        line = [*become(NOBODY), interpreter]
        try:
            if subprocess.run([*line, "-c", PROBE], cwd=ROOT, env=environment(), capture_output=True, check=False).returncode == 0:
                return line
        except OSError:
            return []
    return []


def run(python: list[str], platform: str, every: str) -> int:
    """Run a sample under `addrinuse as`, and show it. ``python`` is an interpreter, with what goes before it."""
    addrinuse = [python[-1], "-m", "addrinuse"]
    suite = [*addrinuse, "run", "--platform", platform, "--every", every]
    return subprocess.run([*python, *addrinuse[1:], "as", platform, "--", *suite], cwd=ROOT, env=environment(), check=False).returncode


def main() -> int:
    """Run all samples, and say in the end what each of them came to."""
    every = sys.argv[1] if sys.argv[1:] else str(EVERY)
    other = another_user()
    users = [("root" if os.geteuid() == 0 else "a user", [sys.executable], every)]
    users += [("another user", other, str(2 * int(every)))] if other else []
    results = []
    for who, python, step in users:
        for platform in PLATFORMS:
            began = time.monotonic()
            status = run(python, platform, step)
            results.append(status)
            told = WORDS.get(status, f"fails with status {status}")
            print(f"tests.standin.sample: {platform} as {who}: {told}, {time.monotonic() - began:.0f} s", flush=True)
    if not other:
        print("tests.standin.sample: not tried as another user: that takes root, setpriv, and a clone and a Python that everybody can read")
    return int(any(status not in WORDS for status in results))


if __name__ == "__main__":
    sys.exit(main())
