"""The bench of the real servers, which ``tox -e servers`` runs: its table, what it reads of the kernel, and that it tells a difference."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers import __main__ as command
from tests.servers import installing
from tests.servers.compared import Said, differences
from tests.servers.server import FILES, REGISTRIES, Server
from tests.servers.stage import SITUATIONS
from tests.servers.table import SERVERS
from tests.servers.watching import rows

PAGE = Path(__file__).parents[2] / "docs" / "servers.md"

# The table.


def test_the_table_has_what_was_promised() -> None:
    names = [server.name for server in SERVERS]
    assert len(set(names)) == len(names) >= 25
    assert sum(server.minimum for server in SERVERS) == 10
    assert {package.partition(":")[0] for server in SERVERS for package in server.packages} == set(REGISTRIES)


def test_each_configuration_belongs_to_a_server() -> None:
    assert {folder.name for folder in FILES.iterdir()} <= {server.name for server in SERVERS}


def test_each_difference_has_its_situation_and_its_reason() -> None:
    for server in SERVERS:
        assert server.differs.keys() <= SITUATIONS.keys(), server.name
        assert all(reason.endswith(".") for reason in server.differs.values()), server.name


def test_the_page_names_each_server_once() -> None:
    lines = PAGE.read_text("utf-8").partition("## Which servers")[2].splitlines()
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| ")][1:] == [server.name for server in SERVERS]


# What the kernel shows.

TCP = """\
  sl local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000 0 0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C001 06 00000000:00000000 03:00001234 00000000 0 0 0 3 0000000000000000
"""
UDP6 = """\
  sl local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref
  98: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000340 00:00000000 00000000 0 0 99 2 0
"""


def test_the_tables_of_the_kernel_are_read() -> None:
    if sys.byteorder != "little":
        pytest.skip("the sample is of a machine of the other order of bytes")
    listener, waiting = rows(TCP, "tcp4")
    assert (listener.host, listener.port, listener.serves, listener.queue, listener.inode) == ("0.0.0.0", 8080, True, 3, 4711)
    assert (waiting.host, waiting.waits, waiting.serves) == ("127.0.0.1", True, False)
    (bound,) = rows(UDP6, "udp6")
    assert (bound.host, bound.place, bound.serves, bound.queue) == ("::1", "udp:53", True, 0x340)


# The comparison. Each report is true of what was found; then the machine or the report lies.

BUSY = ["tcp4", "0.0.0.0:80", "bind", "EADDRINUSE"]


def situation(name: str, outcome: str, *refused: str) -> dict[str, Any]:
    sockets = [dict(zip(("socket", "call", "errno"), one.split(": "), strict=True)) for one in refused]
    return {"id": name, "from": {"outcome": outcome, "refused": sockets}}


def said(program: dict[str, Any], *situations: dict[str, Any]) -> Said:
    server = {"ports": ["80"], "sockets": [{"kind": "tcp4"}], "situations": list(situations)}
    return Said({"program": {"situations": [program]}, "servers": [server]})


REFUSED = said(situation("second-instance", "refused", "tcp4 0.0.0.0:80: bind: EADDRINUSE"))
SHARED = said(situation("second-instance", "starts, and shares"), situation("second-instance", "starts, and shares"))


def second(refused: list[list[str]], *, ended: bool, first: int = 20, newcomer: int = 20) -> dict[str, Any]:
    shares = [] if ended else [{"kind": "tcp4", "host": "0.0.0.0", "port": 80, "first": first, "second": newcomer}]
    return {"refused": refused, "ended": ended, "status": 1, "shares": shares}


def restart(situation_said: Said, *, state: str, refused: list[list[str]], ready: bool = True) -> list[str]:
    found = {"listeners": [80], "left": [[80, "0A"], [80, state]], "refused": refused, "ready": ready, "status": 1}
    return differences("time_wait", found, situation_said)


def attempt(answer: str, *options: str, first: int = 0, newcomer: int = 0) -> dict[str, Any]:
    place = {"kind": "tcp4", "host": "0.0.0.0", "port": 80, "at": "0.0.0.0", "options": list(options)}
    return place | {"answer": answer, "first": first, "newcomer": newcomer}


def test_a_report_that_is_right_is_right() -> None:
    assert not differences("second", second([BUSY], ended=True), REFUSED)
    assert not differences("second", second([], ended=False), SHARED)
    again = said(situation("restart-time-wait", "starts again"))
    assert not restart(again, state="06", refused=[])
    thief = said(situation("start", "starts"), situation("another-user", "takes a share, if it sets SO_REUSEPORT"))
    assert not differences("stranger", {"tried": [attempt("bind: EADDRINUSE"), attempt("ok", "SO_REUSEPORT", first=1, newcomer=1)]}, thief)


@pytest.mark.parametrize(
    ("found", "report", "told"),
    [
        (second([], ended=False), REFUSED, "no call was refused"),
        (second([BUSY], ended=True), SHARED, "tcp4 0.0.0.0:80: refused (bind: EADDRINUSE)"),
        (second([["tcp6", "[::]:80", "bind", "EADDRINUSE"]], ended=True), REFUSED, "tcp6 [::]:80"),
        (second([["tcp4", "0.0.0.0:80", "listen", "EADDRINUSE"]], ended=True), REFUSED, "listen"),
        (second([["tcp4", "0.0.0.0:80", "bind", "EACCES"]], ended=True), REFUSED, "EACCES"),
        (second([], ended=True), SHARED, "ended with status 1"),
        (second([BUSY], ended=False), REFUSED, "runs on"),
        (second([], ended=False, first=0), SHARED, "gets all"),
        (second([], ended=False, newcomer=0), SHARED, "gets nothing"),
    ],
)
def test_a_second_instance_that_does_otherwise_is_told(found: dict[str, Any], report: Said, told: str) -> None:
    assert any(told in one for one in differences("second", found, report))


def test_a_restart_that_does_otherwise_is_told() -> None:
    again = said(situation("restart-time-wait", "starts again"))
    refused = said(situation("restart-time-wait", "refused", "tcp4 0.0.0.0:80: bind: EADDRINUSE"))
    assert "the precondition is not there" in restart(again, state="05", refused=[])[0]
    assert "but the report says starts again" in restart(again, state="06", refused=[BUSY])[0]
    assert "no call was refused" in restart(refused, state="06", refused=[])[0]
    assert "did not start again" in restart(again, state="06", refused=[], ready=False)[0]


@pytest.mark.parametrize(
    ("outcome", "refusals", "tried"),
    [
        ("it cannot", ["tcp4 0.0.0.0:80: bind: EADDRINUSE"], attempt("bind: EACCES")),
        ("it cannot", ["tcp4 0.0.0.0:80: bind: EADDRINUSE"], attempt("ok", first=1, newcomer=1)),
        ("takes all, if it sets no option", [], attempt("ok", first=1, newcomer=1)),
        ("takes a share, if it sets no option", [], attempt("bind: EADDRINUSE")),
    ],
)
def test_another_user_who_does_otherwise_is_told(outcome: str, refusals: list[str], tried: dict[str, Any]) -> None:
    report = said(situation("start", "starts"), situation("another-user", outcome, *refusals))
    assert differences("stranger", {"tried": [tried]}, report)


def test_workers_that_do_otherwise_are_told() -> None:
    place = {"kind": "tcp4", "host": "0.0.0.0", "port": 80, "sockets": 2}
    report = said(situation("start", "starts"), situation("workers", "they share"))
    assert not differences("alone", {"workers": [place | {"receive": 2}], "ipv4": []}, report)
    assert differences("alone", {"workers": [place | {"receive": 1}], "ipv4": []}, report)
    assert differences("alone", {"workers": [place | {"sockets": 1, "receive": 0}], "ipv4": []}, report)


# Installing.


@pytest.mark.parametrize(
    ("fails", "status", "said"),
    [
        # at,     exit status, what is said
        ("install", 1, "apt:strace: cannot be installed: E: no"),
        ("update",  2, "no archive of packages answers: apt-get update: cannot be installed: E: no"),
    ],
)  # fmt: skip
def test_a_server_that_cannot_be_installed_fails_and_an_archive_that_does_not_answer_is_named(
    fails: str, status: int, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.name != "posix":
        pytest.skip("the stand-in for apt-get is a shell script")
    tool = tmp_path / "apt-get"
    tool.write_text(f"#!/bin/sh\ncase $* in *{fails}*) echo 'E: no' >&2; exit 100;; esac\n", encoding="ascii")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(installing, "HERE", tmp_path)
    monkeypatch.setattr(command, "impossible", lambda: "")
    assert command.main(["--minimum"]) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert installing.absent(SERVERS[0])


def test_what_is_not_installed_is_named() -> None:
    assert installing.absent(Server("none", ("apt:no-such-package",), "true", ())) == ["apt:no-such-package"]


def test_a_machine_that_cannot_try_servers_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "impossible", lambda: "it takes Linux, and root")
    assert command.main([]) == 2
    assert capsys.readouterr().err == "tests.servers: it takes Linux, and root\n"
