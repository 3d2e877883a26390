"""The refused binds of AF_UNIX in a log: over a stale file, a live server, a regular file, and what else refuses."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.models import Platform
from reports.__main__ import main
from reports.calls import parse_calls
from reports.porting.report import report
from reports.why.logs import refusals
from tests.fuzz_calls import UNIX as FOLDER
from tests.helpers.servers import PLAYER
from tests.reports.test_record import strace_works

SERVED = "S = unix()\nS.bind(/F)\nS.listen()\n"
REFUSED = "A = unix()\nA.bind(/F) = EADDRINUSE\n"


def causes(script: str, platform: str = "linux", uid: int = 1000) -> list[str]:
    (found,) = refusals(parse_calls(script.encode(), "calls"), Platform(platform), uid)
    return [one["cause"] for one in found.as_json()["holders"]]


def told(script: str) -> str:
    return "\n".join(one for found in refusals(parse_calls(script.encode(), "calls"), Platform("linux"), 1000) for one in found.told())


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (REFUSED, ["stale", "alive", "bound", "file", "folder", "link"]),
        (f"file(/F) = socket\n{REFUSED}", ["stale", "alive", "bound"]),
        (f"file(/F) = file\n{REFUSED}", ["file"]),
        (f"file(/F) = folder\n{REFUSED}", ["folder"]),
        (f"C = unix()\nC.connect(/F) = ECONNREFUSED\n{REFUSED}", ["stale", "bound"]),
        (f"{REFUSED}C = unix()\nC.connect(/F) = ok\n", ["alive"]),
        (f"{SERVED}{REFUSED}", ["alive", "bound"]),
        (f"{SERVED}S.close()\n{REFUSED}", ["stale"]),
        ("A = unix()\nA.bind(@N) = EADDRINUSE\n", ["taken"]),
        (f"{SERVED.replace('/F', '@N')}S.close()\nA = unix()\nA.bind(@N) = EADDRINUSE\n", ["taken"]),
        ("A = unix()\nA.bind(/D/F) = ENOENT\n", ["no-folder"]),
        ("A = unix()\nA.bind(/D/F) = ENOTDIR\n", ["through-file"]),
        ("A = unix()\nA.bind(/D/F) = EACCES\n", ["not-writable"]),
        ("A = unix()\nA.bind(/F(109)) = EINVAL\n", ["too-long", "bound-already"]),
        ("A = unix()\nA.bind(/D/F) = EROFS\n", []),
    ],
)
def test_what_refuses_it(script: str, found: list[str]) -> None:
    assert causes(script) == found


def test_a_dangling_link_refuses_nobody_on_macos() -> None:
    assert "link" not in causes(REFUSED, "macos")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (f"{SERVED}{REFUSED}", "the program's own socket (line 1) has it"),
        (f"{SERVED}S.close()\n{REFUSED}", "the program's own socket (line 1) left its file there when it was closed (line 4)"),
        (f"file(/F) = file\n{REFUSED}", "a look at /F showed a file (line 1)"),
        (REFUSED, "which of them, on that machine: addrinuse why /F"),
        ("A = unix()\nA.bind(/D/F) = EROFS\n", "the file system is mounted read-only"),
    ],
)
def test_what_is_said(script: str, says: str) -> None:
    assert says in told(script).splitlines()


@pytest.mark.parametrize("name", ["nginx-again", "node-again"])
def test_the_logs_of_real_servers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "--platform", "linux", "--json", str(FOLDER / f"{name}.log")]) == 1
    found = json.loads(capsys.readouterr().out)["refusals"]
    assert {(one["address"], one["protocol"], one["answer"], one["holders"][0]["cause"]) for one in found} == {
        ("/run/server.sock", "unix", "EADDRINUSE", "stale")
    }
    assert main(["why", "--platform", "linux", str(FOLDER / f"{name}.log")]) == 1
    assert "addrinuse why /run/server.sock" in capsys.readouterr().out


def test_the_porting_report_says_it_of_what_it_does_not_judge() -> None:
    recording = parse_calls(f"{REFUSED}B = tcp4()\nB.bind(127.0.0.1:P)\nB.listen()\n".encode(), "calls")
    said = report(recording, "calls", Platform("linux"), [Platform("macos")], PLAYER).unjudged
    assert said[0] == "unix (line 1): bind was EADDRINUSE when it was recorded"
    assert any("the stale file of a server" in line for line in said)


@pytest.mark.skipif(not strace_works(), reason="strace cannot trace here")
@pytest.mark.parametrize("there", ["stale", "alive", "file"])
def test_a_log_of_this_machine(there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, log = tmp_path / "x.sock", tmp_path / "calls.log"
    holder = None
    if there == "file":
        path.touch()
    else:
        holder = socket.socket(socket.AF_UNIX)
        holder.bind(str(path))
        holder.listen() if there == "alive" else holder.close()
    server = "import os, socket, sys; os.lstat(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    traced = ["strace", "-f", "-e", "trace=network,%file", "-o", str(log)]
    subprocess.run([*traced, sys.executable, "-c", server, str(path)], check=False, capture_output=True)
    if holder:
        holder.close()
    assert main(["why", "--platform", "linux", "--json", str(log)]) == 1
    (found,) = json.loads(capsys.readouterr().out)["refusals"]
    assert there in [one["cause"] for one in found["holders"]]
    assert ("socket" if there != "file" else "file") in found["says"]
