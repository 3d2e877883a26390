"""`addrinuse why /run/server.sock`: is the file stale, or does somebody have the socket?"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from collections.abc import Iterator

import pytest

from fixtures.machine.holding.unix_diag import KINDS
from reports.__main__ import main
from reports.why import unix_file

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sock_diag is Linux's")


@pytest.fixture
def path() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="addrinuse-", dir="/tmp") as folder:
        yield f"{folder}/S"


def server(path: str, kind: int = socket.SOCK_STREAM, *, listens: bool = True) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(path)
    if listens:
        made.listen()
    return made


def why(path: str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["why", path, *options]) == 1
    return capsys.readouterr().out


def test_a_stale_file(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    server(path).close()
    said = why(path, capsys)
    assert "refused, bind: EADDRINUSE" in said
    assert "linux/unix-bind-taken: " in said
    assert "the file is stale" in said


def test_a_server_that_is_alive(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    with server(path) as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        with listener.accept()[0]:
            said = why(path, capsys)
        assert said.count("! unix LISTEN") == 1
        assert f"pid {os.getpid()}, user {os.geteuid()}, descriptor {listener.fileno()}" in said
        assert "stale" not in said.replace("a stale file and nothing else", "")


@pytest.mark.parametrize(
    ("kind", "listens", "shown"),
    [
        (socket.SOCK_STREAM, False, "unix bound"),
        (socket.SOCK_DGRAM, False, "unixgram bound"),
        (socket.SOCK_SEQPACKET, True, "unixpacket LISTEN"),
    ],
)
def test_every_kind_is_seen_without_a_connect(path: str, kind: int, listens: bool, shown: str) -> None:
    with server(path, kind, listens=listens):
        found = unix_file.ask(path)
        assert f"! {shown}" in unix_file.as_text(found)
        assert (found.state, found.connect) == (unix_file.ALIVE, "")


def test_an_accepted_connection_does_not_keep_the_file(path: str) -> None:
    with server(path) as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        accepted = listener.accept()[0]
        listener.close()
        with accepted:
            assert unix_file.ask(path).state == unix_file.STALE


def test_a_new_file_under_the_name_of_one_that_is_alive(path: str) -> None:
    """The kernel is asked for the file, not for the name."""
    with server(path):
        os.unlink(path)
        server(path).close()
        assert unix_file.ask(path).state == unix_file.STALE


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_kernel_names_nobody_a_connect_asks(path: str, kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unix_file, "_told", lambda _: [])
    with server(path, kind, listens=kind != socket.SOCK_DGRAM):
        assert unix_file.ask(path).state == unix_file.ELSEWHERE


def test_json(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    with server(path):
        said = json.loads(why(path, capsys, "--json"))
    assert said["state"] == "alive"
    assert said["holders"][0]["listens"]
    assert said["holders"][0]["processes"][0]["pid"] == os.getpid()
