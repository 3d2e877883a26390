"""Every server of the table in every situation, against the porting report of its recording. Root is needed: ``tox -e servers``."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fixtures.machine.identity import platform_version
from reports.__main__ import main
from tests.servers.compared import Said, differences
from tests.servers.installing import absent
from tests.servers.server import Server
from tests.servers.table import BY_NAME, SERVERS

CHECKOUT = Path(__file__).parents[2]
HERE = f"linux@{'.'.join(platform_version().split('.')[:2])}"
ALWAYS = ("second", "stranger", "alone", "beside")
OF_TCP = ("live", "time_wait")


def _rows(asked: Callable[[Server], Iterable[str]]) -> list[Any]:
    """A parameter for each server in each of its situations."""
    return [pytest.param(server, word, id=f"{server.name}-{word}", marks=_marks(server)) for server in SERVERS for word in asked(server)]


def _marks(server: Server) -> list[pytest.MarkDecorator]:
    return [pytest.mark.minimum] if server.minimum else []


def _asked(server: Server) -> Iterable[str]:
    """Connections are left to servers of TCP alone."""
    return (*ALWAYS, *OF_TCP) if any(port.startswith("tcp:") for port in server.ports) else ALWAYS


def _recorders(server: Server) -> Iterable[str]:
    return ("strace", "python") if server.python else ("strace",)


class Stage:
    """The process that plays situations. It is started once: to import everything takes longer than most situations."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with open(log, "wb") as errors:
            words = [sys.executable, "-m", "tests.servers.stage"]
            self._process = subprocess.Popen(words, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)

    def play(self, server: Server, situation: str, folder: Path) -> Any:
        """Play a situation in new namespaces, and return what it found."""
        assert not absent(server), f"{server.name} is not installed: {', '.join(absent(server))}"
        assert self._process.stdin
        assert self._process.stdout
        told = self.log.stat().st_size
        self._process.stdin.write(f"{server.name} {situation} {folder}\n".encode())
        self._process.stdin.flush()
        status = self._process.stdout.readline().strip()
        said = self.log.read_bytes()[told:].decode("utf-8", "replace")
        assert status == b"0", f"{server.name}: {situation} cannot be played (status {status.decode()}):\n{said[-3000:]}"
        return json.loads((folder / f"{situation}.json").read_text("utf-8"))

    def close(self) -> None:
        """End it. Nothing of it is left: the namespaces end with it."""
        self._process.communicate()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(tmp_path_factory.mktemp("stage") / "stderr")
    yield made
    made.close()


def report(calls: Path) -> Any:
    """What `addrinuse port` says of these calls, for root on this machine's release."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = main(["port", "--from", HERE, "--to", HERE, "--uid", "0", "--format", "json", str(calls)])
    assert status in (0, 1)
    return json.loads(printed.getvalue())


@pytest.fixture(scope="session")
def reported(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that tells what the report says of a server. It is recorded once."""

    @cache
    def said(name: str) -> Said:
        folder = tmp_path_factory.mktemp(name)
        stage.play(BY_NAME[name], "record", folder)
        return Said(report(folder / "strace.log"))

    return said


@pytest.mark.parametrize(("server", "situation"), _rows(_asked))
def test_a_server_meets_what_the_report_says(server: Server, situation: str, stage: Stage, reported: Any, tmp_path: Path) -> None:
    found = differences(situation, stage.play(server, situation, tmp_path), reported(server.name))
    if situation in server.differs:
        assert found, f"they no longer differ; take {situation} out of the row: {server.differs[situation]}"
    else:
        assert not found, "\n".join(found)


@pytest.mark.parametrize(("server", "how"), _rows(_recorders))
def test_what_record_writes_gives_the_same_report(server: Server, how: str, stage: Stage, reported: Any, tmp_path: Path) -> None:
    found = stage.play(server, f"record_{how}", tmp_path)
    assert not found["left"], f"record left processes behind: {found['left']}"
    assert found["status"] == 0, found["said"]
    assert Said(report(tmp_path / f"record-{how}.txt")).outcomes() == reported(server.name).outcomes()
