"""Every server of the table in every situation, against the porting report of its recording. Root is needed: ``tox -e servers``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fixtures import PATIENCE
from fixtures.machine.identity import platform_version
from tests.servers.compared import Said, differences
from tests.servers.installing import absent
from tests.servers.place import NEW
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
    return [pytest.mark.xdist_group(server.name), *([pytest.mark.minimum] if server.minimum else [])]


def _asked(server: Server) -> Iterable[str]:
    """Connections are left to servers of TCP alone."""
    return (*ALWAYS, *OF_TCP) if any(port.startswith("tcp:") for port in server.ports) else ALWAYS


def _recorders(server: Server) -> Iterable[str]:
    return ("strace", "python") if server.python else ("strace",)


def play(server: Server, situation: str, folder: Path) -> Any:
    """Play a situation in new namespaces, and return what it found."""
    assert not absent(server), f"{server.name} is not installed: {', '.join(absent(server))}"
    words = [*NEW, sys.executable, "-m", "tests.servers.stage", server.name, situation, str(folder)]
    done = subprocess.run(words, cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=90 * PATIENCE)
    assert not done.returncode, f"{server.name}: {situation} cannot be played:\n{done.stderr[-3000:]}"
    (folder / f"{situation}.json").write_text(done.stdout, encoding="utf-8")
    return json.loads(done.stdout)


def report(calls: Path) -> Any:
    """What the porting report says of these calls, for root on this machine's release."""
    words = [sys.executable, "-m", "addrinuse", "port", "--from", HERE, "--to", HERE, "--uid", "0", "--format", "json", str(calls)]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60 * PATIENCE)
    assert done.returncode in (0, 1), done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that tells what the report says of a server. It is recorded once."""

    @cache
    def said(name: str) -> Said:
        folder = tmp_path_factory.mktemp(name)
        play(BY_NAME[name], "record", folder)
        return Said(report(folder / "strace.log"))

    return said


@pytest.mark.parametrize(("server", "situation"), _rows(_asked))
def test_a_server_meets_what_the_report_says(server: Server, situation: str, reported: Any, tmp_path: Path) -> None:
    found = differences(situation, play(server, situation, tmp_path), reported(server.name))
    if situation in server.differs:
        assert found, f"they no longer differ; take {situation} out of the row: {server.differs[situation]}"
    else:
        assert not found, "\n".join(found)


@pytest.mark.parametrize(("server", "how"), _rows(_recorders))
def test_what_record_writes_gives_the_same_report(server: Server, how: str, reported: Any, tmp_path: Path) -> None:
    found = play(server, f"record_{how}", tmp_path)
    assert not found["left"], f"record left processes behind: {found['left']}"
    assert found["status"] == 0, found["said"]
    assert Said(report(tmp_path / f"record-{how}.txt")).outcomes() == reported(server.name).outcomes()
