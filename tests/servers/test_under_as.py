"""Real servers on this kernel standing in for a platform meet what the porting report says of them. ``tox -e servers -- --as``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.servers.compared import Said, differences
from tests.servers.playing import Stage, report
from tests.servers.table import BY_NAME, UNDER_AS

PLATFORMS = ("windows", "freebsd", "macos")
SITUATIONS = ("second", "live", "time_wait")

Stages = Callable[[str], Stage]


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    """A stage under each platform, and one on this kernel itself (""), made when it is first asked for."""
    made: list[Stage] = []

    @cache
    def stage(platform: str) -> Stage:
        made.append(Stage(tmp_path_factory.mktemp("stage") / "stderr", platform))
        return made[-1]

    yield stage
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def reported(stages: Stages, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that tells what the report says of a server on a platform. It is recorded once, on this kernel itself."""

    @cache
    def recorded(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        stages("").play(BY_NAME[name], "record", folder)
        return folder / "strace.log"

    return lambda name, platform: Said(report(recorded(name), platform), platform)


def met(found: Any) -> str:
    """What happened, in a few words: the first refusal, or who receives where."""
    if found["refused"]:
        return " ".join(found["refused"][0])
    shares = [f"{one['kind']}:{one['port']} {one['first']}/{one['second']}" for one in found.get("shares", ())]
    return ", ".join(["starts" if found["ready"] else "does not start", *shares])


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("name", UNDER_AS)
def test_a_server_meets_what_the_report_says(
    name: str,
    platform: str,
    situation: str,
    stages: Stages,
    reported: Any,
    tmp_path: Path,
    record_property: Callable[[str, str], None],
) -> None:
    found = stages(platform).play(BY_NAME[name], situation, tmp_path)
    record_property("met", met(found))
    differ = differences(situation, found, reported(name, platform))
    assert not differ, "\n".join(differ)
