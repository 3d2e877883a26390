"""Whatever is wrong is told in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import CLOSED_PIPE, main
from reports.catalogue import ROOT
from tests.reports.predict.asking import CLASH, feed

MISTAKES = [
    (("--platform", "nosuch", "-"), "--platform nosuch: no such platform; known are "),
    (("--platform", "linux@new", "-"), "--platform linux@new: version 'new': expected a number such as 5.10"),
    (("--platform", "linux@", "-"), "--platform linux@: version '': expected a number"),
    (
        ("--platform", "linux", "missing.txt"),
        "missing.txt: cannot be read: No such file or directory; name a file, or - for standard input",
    ),
    (("--platform", "linux", "."), ".: cannot be read: "),
    (("--platform", "linux", "--batch", "."), ".: cannot be read: "),
    (("--platform", "linux", "binary"), "binary: line 2: not UTF-8 text; save it as UTF-8"),
    (("--platform", "linux", "empty"), "empty: line 1: there is no call; write one a line, such as A = tcp4()"),
    (("--platform", "linux", "wrong"), "wrong: line 2: 'A.bond()': unknown call 'bond'; known are "),
    (("--platform", "linux", "far"), "far: line 2: 'A.bind(127.0.0.1:70000)': 127.0.0.1:70000 is not an address"),
    (("--platform", "linux", "program"), "program: line 1: 'run(nosuch, 127.0.0.1:P)': run does not take (nosuch, 127.0.0.1:P)"),
    (("--platform", "linux", "--batch", "--format", "text", "-"), "--batch writes JSON: leave out --format text"),
]
FILES = {
    "binary": b"A = tcp4()\n\x80\xff\x00",
    "empty": b"# nothing\n\n",
    "wrong": b"A = tcp4()\nA.bond()\n",
    "far": b"A = tcp4()\nA.bind(127.0.0.1:70000)\n",
    "program": b"run(nosuch, 127.0.0.1:P)\n",
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(name).write_bytes(content)
    feed(monkeypatch, CLASH)
    assert main(["predict", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"addrinuse: {message}")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "-"), "the following arguments are required: --platform"),
        (("predict", "--platform", "linux"), "the following arguments are required: FILE"),
        (("predict", "--platform", "linux", "--uid", "me", "-"), "argument --uid: 'me' is not a user: give a number"),
        (("predict", "--platform", "linux", "--setting", "x", "-"), "argument --setting: 'x': write NAME=VALUE"),
        (("predict", "--platform", "linux", "--format", "xml", "-"), "argument --format: invalid choice: 'xml'"),
        (("what",), "argument VERB: invalid choice: 'what'"),
    ],
)
def test_a_wrong_argument_is_one_line(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert message in said
    assert said.count("\n") == 1


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(path: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("reports.predict.read_text", interrupted)
    assert main(["predict", "--platform", "linux", "-"]) == 2
    assert capsys.readouterr().err == "addrinuse: interrupted\n"


def reports(*arguments: str, stdin: bytes, stdout: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "reports", *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=60)


def test_a_pipe_that_nobody_reads_any_more_is_no_error_to_tell() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        line = json.dumps({"id": 1, "script": CLASH}).encode() + b"\n"
        done = reports("predict", "--platform", "linux", "--batch", "-", stdin=line * 200, stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (CLOSED_PIPE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = reports("predict", "--platform", "linux", "-", stdin=CLASH.encode(), stdout=full.fileno())
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"could not be written: No space left" in done.stderr
