"""Run by a user, a process counts as another user's that says so in its environment; run by root, only who is another user does."""

from __future__ import annotations

import pytest

from tests.standin.running import NOBODY, another_user_can_run_it, linux, python

pytestmark = linux

#: A second process wants the port of the first. Both set SO_REUSEPORT, which FreeBSD and Linux grant within one user.
TWO_PROCESSES = """\
import os
first = tcp(socket.SO_REUSEPORT)
first.bind(("127.0.0.1", 0))
second = '''
import errno, socket
one = socket.socket()
one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
try:
    one.bind(("127.0.0.1", %d))
    print("ok")
except OSError as error:
    print(errno.errorcode[error.errno])
''' % first.getsockname()[1]
import subprocess
for environment in ({}, {"ADDRINUSE_USER": "7"}):
    print(subprocess.run([sys.executable, "-c", second], env={**os.environ, **environment}, capture_output=True, text=True).stdout)
"""


def test_run_by_a_user() -> None:
    if NOBODY is not None and not another_user_can_run_it():
        pytest.skip("another user cannot run this checkout")
    assert python("freebsd", TWO_PROCESSES, user=NOBODY) == ["ok", "EADDRINUSE"]
    # Linux as Linux changes nothing.
    assert python("linux", TWO_PROCESSES, user=NOBODY) == ["ok", "ok"]


@pytest.mark.skipif(NOBODY is None, reason="the tests are not root's")
def test_run_by_root() -> None:
    assert python("freebsd", TWO_PROCESSES) == ["ok", "ok"]
