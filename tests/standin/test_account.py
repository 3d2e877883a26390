"""What is said at the end: to a person, to a program, and in the notation."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fixtures.language.notation import parse
from tests.standin.running import HEAD, linux, run

pytestmark = linux

CLASH = (
    HEAD
    + """\
first, second = tcp(socket.SO_REUSEADDR), tcp(socket.SO_REUSEADDR)
first.bind(("127.0.0.1", 0))
print(answer(second.bind, first.getsockname()))
"""
)


def test_a_difference_is_told_when_it_happens_and_at_the_end() -> None:
    done = run("freebsd", "--tell", "--", sys.executable, "-c", CLASH)
    first, *rest = done.stderr.splitlines()
    assert "S2.bind(127.0.0.1:port(S1)) = EADDRINUSE, here ok: " in first
    assert "(freebsd/twin-needs-reuseport; " in first
    assert "1 answered otherwise than by this kernel: bind = EADDRINUSE, here ok (freebsd/twin-needs-reuseport; 1x)." in " ".join(rest)


def test_as_json(tmp_path: Path) -> None:
    done = run("freebsd", "--json", str(tmp_path / "account.json"), "--", sys.executable, "-c", CLASH)
    told = json.loads((tmp_path / "account.json").read_text())
    assert done.stderr == ""
    assert (told["platform"], told["world"], told["unknown"], told["unjudged"]) == ("freebsd", "worst", {}, {})
    assert told["differences"] == [
        {"call": "bind", "answer": "EADDRINUSE", "here": "ok", "decided_by": "freebsd/twin-needs-reuseport", "count": 1}
    ]


def test_the_log_is_a_script_that_can_be_read_back(tmp_path: Path) -> None:
    run("freebsd", "--log", str(tmp_path / "calls.txt"), "--", sys.executable, "-c", CLASH)
    script = parse((tmp_path / "calls.txt").read_text())
    assert [str(call) for call, answer in script if call.verb == "bind"] == ["S1.bind(127.0.0.1:0)", "S2.bind(127.0.0.1:port(S1))"]
    assert [answer.name for call, answer in script if call.verb == "bind" and answer] == ["ok", "EADDRINUSE"]


def test_as_linux_nothing_differs() -> None:
    done = run("linux", "--", sys.executable, "-c", CLASH)
    assert done.stdout == "ok\n"
    assert "none answered otherwise than by this kernel" in " ".join(done.stderr.split())


def test_a_file_that_cannot_be_written() -> None:
    done = run("linux", "--log", "/nonexistent/calls.txt", "--", "true")
    assert done.returncode == 2
    assert done.stderr == "addrinuse: --log /nonexistent/calls.txt: cannot be written: No such file or directory\n"
