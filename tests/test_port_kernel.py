"""The situations of the recorded servers on this kernel: it answers each call as the model of this platform does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from fixtures.language.stack import Inconclusive
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models import this_platform
from fixtures.specification.worlds import every_world
from reports.calls import read_calls
from reports.porting.groups import groups_of
from reports.porting.situations import AS_RECORDED, SITUATIONS, Script, Situation
from reports.scripts import play
from tests.fuzz_calls import FOLDER

HERE = this_platform()
pytestmark = pytest.mark.skipif(HERE.name != "linux", reason="the servers were recorded on Linux")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench("auto")
    try:
        if made.isolation != "namespace":
            pytest.skip("the wildcard is bound only in a namespace")
        yield made
    finally:
        made.close()


def scripts(situation: Situation) -> list[Script]:
    """Its scripts for every recorded server, each once."""
    shapes = {group.shape for path in sorted(FOLDER.glob("*.log")) for group in groups_of(read_calls(str(path)))}
    written = [script for shape in shapes if situation.applies(shape) for script in situation.write(shape, AS_RECORDED)]
    return list({tuple(script.lines): script for script in written}.values())


@pytest.mark.parametrize("situation", SITUATIONS, ids=[situation.id for situation in SITUATIONS])
def test_the_kernel_answers_as_the_model(situation: Situation, bench: Bench) -> None:
    for script in scripts(situation):
        if any("stranger" in line for line in script.lines) and not bench.privileged:
            pytest.skip("another user needs root")
        assert observed(bench, script) in predicted(bench, script), "\n".join(script.lines)


def predicted(bench: Bench, script: Script) -> list[list[str]]:
    """What the model answers, in every world."""
    worlds = every_world(lambda choices: play(HERE.make(os.geteuid(), bench.settings, choices), script.steps))
    return [[answer.name for answer in world] for world in worlds]


def observed(bench: Bench, script: Script) -> list[str]:
    """What the kernel answers; again after a disturbance by a foreign process."""
    for _ in range(3):
        stack = Kernel(bench)
        try:
            return [answer.name for answer in play(stack, script.steps)]
        except Inconclusive:
            continue
        finally:
            stack.close()
    pytest.skip("a foreign process interferes")
