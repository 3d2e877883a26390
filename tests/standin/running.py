"""Programs under `addrinuse as`, as a user runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from reports.catalogue import ROOT
from tests.helpers.children import inherited

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands calls to another process")
#: A user who is not root, where the tests are root's.
NOBODY = 65534 if sys.platform != "win32" and os.geteuid() == 0 else None

#: A Python that every user can run: the one of the tests may lie in somebody's home.
SYSTEMS = "/usr/bin/python3"

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


def command(*words: str, interpreter: str = sys.executable) -> list[str]:
    return [interpreter, "-m", "addrinuse", "as", *words]


def run(*words: str, user: int | None = None, seconds: float = 100) -> subprocess.CompletedProcess[str]:
    """Run ``addrinuse as`` with these words."""
    line = command(*words) if user is None else [*become(user), *command(*words, interpreter=SYSTEMS)]
    return subprocess.run(line, cwd=ROOT, env=inherited(), capture_output=True, text=True, timeout=seconds, check=False)


def become(user: int) -> list[str]:
    """What runs a command as a user."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def python(platform: str, program: str, *options: str, user: int | None = None) -> list[str]:
    """What a Python program prints under a platform, word by word."""
    interpreter = sys.executable if user is None else SYSTEMS
    done = run(platform, *options, "--", interpreter, "-c", HEAD + program, user=user)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def another_user_can_run_it() -> bool:
    """Whether the tests are root's, and another user can read what is here and has a Python for it."""
    if NOBODY is None or not shutil.which("setpriv"):
        return False
    line = [*become(NOBODY), SYSTEMS, "-c", "import sys, reports.as_; sys.exit(sys.version_info < (3, 10))"]
    try:
        return subprocess.run(line, cwd=ROOT, env=inherited(), capture_output=True, check=False).returncode == 0
    except OSError:
        return False
