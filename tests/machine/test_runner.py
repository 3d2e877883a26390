"""The programs of experiments as children that are forked: nothing of the parent is in them, nothing of them is left."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from reports.catalogue import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems start an interpreter for each side")

#: Runs a program whose sides are these two functions, and prints what run_program says, and how many children are left.
_RUN = """
import json, os, socket, time, types
from fixtures.programs import runner
runner.PROGRAM_TIMEOUT = {timeout}
runner.importlib = types.SimpleNamespace(import_module=lambda name: types.SimpleNamespace(server=server, client=client))
def server(host, port, options):
    {server}
def client(host, port):
    {client}
held = socket.create_server(("127.0.0.1", 0))
said = runner.run_program("any", "127.0.0.1", 9, [])
try:
    os.waitpid(-1, os.WNOHANG)
    said["left"] = True
except ChildProcessError:
    said["left"] = False
print(json.dumps(said))
"""


def said(server: str, client: str = "pass", timeout: float = 60) -> dict[str, Any]:
    code = _RUN.format(server=server, client=client, timeout=timeout)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_server_says_how_it_went() -> None:
    assert said("print('ok', flush=True)") == {"answer": "ok", "native": None, "left": False}
    assert said("raise OSError(98, '')")["answer"] == "EADDRINUSE"
    assert said("print('ok', flush=True)", "raise OSError(111, '')")["answer"] == "ECONNREFUSED"


def test_a_side_has_no_descriptor_of_its_parent() -> None:
    assert said("print('fds', ','.join(sorted(os.listdir('/proc/self/fd'))), flush=True)")["native"] in ("0,1,2", "0,1,2,3")


def test_a_side_that_hangs_is_ended() -> None:
    assert said("time.sleep(600)", timeout=0.3) == {"inconclusive": "any did not end in time", "left": False}
    assert said("print('ok', flush=True)", "time.sleep(600)", timeout=0.3) == {"inconclusive": "any did not end in time", "left": False}


def test_a_side_that_dies_is_no_answer() -> None:
    assert said("os._exit(1)") == {"broken": "any died without a word", "left": False}


def test_a_side_ends_with_its_parent() -> None:
    code = _RUN.format(server="print('ok', flush=True)", client="os.write(2, b'.'); time.sleep(600)", timeout=60)
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stderr
        assert parent.stderr.read(1) == "."
        parent.kill()
        # The pipe ends when the last process that has it is gone.
        assert parent.stderr.read() == ""
