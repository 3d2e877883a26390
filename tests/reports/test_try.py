from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fixtures.machine.bench import Bench
from fixtures.machine.child import AgentFailed
from reports.__main__ import main
from reports.catalogue import ROOT
from tests.suites.test_conformance import descendants, is_running

linux = pytest.mark.skipif(sys.platform != "linux", reason="compares with the model of Linux")

SERVER = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.listen()\n"
CONNECTED = SERVER + "C = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\n"
#: After the refusal Linux sends the second and the third datagram to the address that was refused.
MISLED = """\
A = udp4()
A.bind(127.0.0.1:P)
B = udp4()
B.bind({host}:Q)
C = udp4()
C.connect(127.0.0.1:P)
C.connect(127.255.255.255:Q)
C.send(1)
C.send(1)
C.send(1)
A.recv(1)
A.recv(1)
B.recv(1)
B.recv(1)
B.recv(1)
"""
SCRIPTS = {
    "clash": SERVER + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P) = EADDRINUSE\n",
    "second-listen": "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\nA.listen()\nB.listen()\n",
    "time-wait": CONNECTED + "D.close()\nC.recv(1)\nC.close()\nA.close()\nshows(127.0.0.1:P, TIME_WAIT)\nB = tcp4()\nB.bind(127.0.0.1:P)\n",
    "misuse": "A = tcp4(IPV6_V6ONLY=0)\nB = udp4()\nB.listen()\nB.send(1)\nB.connect(127.0.0.1:Q)\nB.send(1)\n",
    "groups": "A = udp4()\nA.join([ff05::fb])\nA.join(127.0.0.1)\n",
    "connected": CONNECTED + "C.listen()\nD.send(5)\nC.recv(9)\nC.close()\nD.recv(1)\nD.close()\n",
    "absent": "A = tcp4(SO_EXCLBIND)\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:port(A))\nB.setsockopt(SO_EXCLBIND, 1)\n",
    "waits": SERVER + "C = A.accept()\nC.send(1)\nE = udp4()\nE.bind(127.0.0.1:Q)\nE.recv(1)\nE.close()\nE.recv(1)\nF = E.dup()\n",
    "misled": MISLED.format(host="0.0.0.0"),
    "misled elsewhere": MISLED.format(host="127.0.0.1"),
    "other": SERVER + "B = other: udp4()\nB.bind(0.0.0.0:P)\nE = A.inherit()\nA.close()\nconnections(127.0.0.1:P)\n",
    "program": "run(echo_interrupted, 127.0.0.1:P)\nrun(echo_once, 127.0.0.1:P)\nrun(echo_once, 127.0.0.1:P, SO_EXCLBIND)\n",
}


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(script: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(script.encode())))
        status = main([*arguments, "-"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@linux
@pytest.mark.parametrize("name", SCRIPTS)
def test_this_kernel_answers_as_predicted(reports: Any, name: str) -> None:
    status, out, err = reports(SCRIPTS[name], "try", "--format", "json")
    assert (status, err) == (0, "")
    tried = json.loads(out)["answers"]
    _, out, _ = reports(SCRIPTS[name], "predict", "--platform", "linux", "--format", "json")
    predicted = json.loads(out)["answers"]
    assert [one["answer"] for one in tried] == [one["answer"] for one in predicted]
    assert [one["decided_by"] for one in tried] == [one["decided_by"] for one in predicted]
    assert {one["basis"] for one in tried} == {"observed"}
    assert tried[0]["source"].startswith("Linux ")


@linux
def test_a_batch_is_answered_line_by_line(reports: Any) -> None:
    lines = [json.dumps({"id": 1, "script": SCRIPTS["clash"]}), "{}", json.dumps({"id": 3, "script": "A = tcp4()\nA.bond()"})]
    status, out, _ = reports("\n".join(lines), "try", "--batch")
    first, second, third = map(json.loads, out.splitlines())
    assert status == 2
    assert [one["answer"] for one in first["answers"]] == ["ok", "ok", "ok", "ok", "EADDRINUSE"]
    assert second == {
        "id": None,
        "platform": first["platform"],
        "error": 'input line 2: "script" is missing; give it the calls, one a line',
    }
    assert third["error"].startswith("line 2: 'A.bond()': unknown call 'bond'")


def test_a_batch_is_json(reports: Any) -> None:
    status, _, err = reports("", "try", "--batch", "--format", "text")
    assert (status, err) == (2, "addrinuse: --batch writes JSON: leave out --format text\n")


@linux
def test_text_and_a_contradiction(reports: Any) -> None:
    status, out, _ = reports(SERVER + "A.bind(127.0.0.1:P) = ok", "try")
    assert status == 1
    assert out.startswith("Linux ")
    assert [line for line in out.splitlines() if line.startswith("!")] == [
        "!   4  A.bind(127.0.0.1:P) = EINVAL  linux/bind-bound  observed  expected ok"
    ]


def test_a_model_that_disagrees_decided_nothing(reports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.try_.Predictor.predict", lambda _, steps: [_wrong(step) for step in steps])
    _, out, _ = reports(SERVER, "try", "--format", "json", "--isolation", "host")
    assert [(one["answer"], one["decided_by"]) for one in json.loads(out)["answers"]] == [("ok", None)] * 3


def _wrong(step: Any) -> Any:
    from fixtures.specification.rules import NO_OPTIONS
    from reports.scripts import Played

    return Played(step, ("EIO",), NO_OPTIONS, "source", "nowhere")


def test_a_stranger_needs_root(reports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bench, "privileged", False)
    for line in ("B = stranger: tcp4()", "B = A.inherit(stranger2)"):
        status, out, err = reports(f"A = tcp4()\n{line}", "try", "--isolation", "host")
        assert (status, out) == (2, "")
        assert err == f"addrinuse: line 2: {line!r}: another user needs root: run it as root, or leave the stranger out\n"


def test_isolation_that_cannot_be_had(reports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AgentFailed("EPERM: Operation not permitted")

    monkeypatch.setattr("fixtures.machine.bench.Child", refuse)
    status, _, err = reports(SERVER, "try", "--isolation", "namespace")
    assert status == 2
    assert err.startswith("addrinuse: no network namespace: EPERM: Operation not permitted; run as root on Linux, ")
    assert err.endswith("or choose the isolation 'host'\n")


@pytest.mark.parametrize("script", ["", "A.listen()", "A = tcp4()\nA.bond()"])
def test_a_script_that_does_not_parse(reports: Any, script: str) -> None:
    status, out, err = reports(script, "try")
    assert (status, out) == (2, "")
    assert err.startswith("addrinuse: standard input: line ")
    assert err.count("\n") == 1


@linux
@pytest.mark.usefixtures("interruptible")
def test_an_interruption_leaves_nothing() -> None:
    command = [sys.executable, "-m", "reports", "try", "-"]
    run = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdin
    run.stdin.write(SERVER + "elapse(1000)\n")
    run.stdin.close()
    end = time.monotonic() + 30
    while not (family := {pid for pid in descendants(run.pid) if b"fixtures.machine.agent" in Path(f"/proc/{pid}/cmdline").read_bytes()}):
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(1)
    family |= descendants(run.pid)
    os.kill(run.pid, signal.SIGINT)
    run.stdin = None
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out, err) == (2, "", "addrinuse: interrupted\n")
    assert not any(map(is_running, family))
