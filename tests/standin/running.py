"""Programs under `addrinuse as`, as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.catalogue import ROOT
from tests.helpers.children import inherited

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands calls to another process")
#: A user who is not root, where the tests are root's.
NOBODY = 65534 if sys.platform != "win32" and os.geteuid() == 0 else None

#: What the programs below share: a call's answer by its name.
HEAD = """\
import errno, socket, sys
def answer(call, *args):
    try:
        call(*args)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"
def tcp(*options):
    one = socket.socket()
    for option in options:
        one.setsockopt(socket.SOL_SOCKET, option, 1)
    return one
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "addrinuse", "as", *words]


def run(*words: str, user: int | None = None, seconds: float = 100) -> subprocess.CompletedProcess[str]:
    """Run ``addrinuse as`` with these words."""
    become = [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return subprocess.run(
        [*become, *command(*words)], cwd=ROOT, env=inherited(), capture_output=True, text=True, timeout=seconds, check=False
    )


def python(platform: str, program: str, *options: str, user: int | None = None) -> list[str]:
    """What a Python program prints under a platform, word by word."""
    done = run(platform, *options, "--", sys.executable, "-c", HEAD + program, user=user)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def is_readable(path: Path = ROOT) -> bool:
    """Whether another user can run what is here."""
    return NOBODY is not None and all(one.stat().st_mode & 0o005 == 0o005 for one in (path, *path.parents))
