"""Every server of the table in every situation, against the porting report of its recording. Root is needed: ``tox -e servers``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.servers.compared import Said, differences
from tests.servers.playing import HERE, Stage, report
from tests.servers.server import Server
from tests.servers.table import BY_NAME, SERVERS

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


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(tmp_path_factory.mktemp("stage") / "stderr")
    yield made
    made.close()


@pytest.fixture(scope="session")
def reported(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that tells what the report says of a server. It is recorded once."""

    @cache
    def said(name: str) -> Said:
        folder = tmp_path_factory.mktemp(name)
        stage.play(BY_NAME[name], "record", folder)
        return Said(report(folder / "strace.log", HERE))

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
    assert Said(report(tmp_path / f"record-{how}.txt", HERE)).outcomes() == reported(server.name).outcomes()
