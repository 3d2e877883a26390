"""The situations of the recorded servers on this kernel: it answers each call as the model of this platform does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from fixtures.language.stack import Inconclusive
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models import this_platform
from reports.calls import read_calls
from reports.porting.groups import groups_of
from reports.porting.rehearsal import Rehearsal
from reports.porting.trials import TRIALS, Trial
from reports.scripts import play
from tests.fuzz_calls import FOLDER, UNIX
from tests.porting.test_calls_told import FOLDER as SMALL

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


def rehearsals(trial: Trial) -> list[Rehearsal]:
    """Its scenes for every recorded server, each once."""
    logs = [*sorted(FOLDER.glob("*.log")), *sorted(SMALL.glob("*.log")), *sorted(UNIX.glob("*.log"))]
    shapes = {group.shape for path in logs for group in groups_of(read_calls(str(path))) if group.shape.options_known}
    rehearsed = [rehearsal for shape in shapes if trial.applies(shape) for rehearsal in trial.rehearse(shape)]
    return list({tuple(rehearsal.parts): rehearsal for rehearsal in rehearsed}.values())


@pytest.mark.parametrize("trial", TRIALS, ids=[trial.id for trial in TRIALS])
def test_the_kernel_answers_as_the_model(trial: Trial, bench: Bench) -> None:
    for rehearsal in rehearsals(trial):
        if any(part.call.actor == "stranger" for part in rehearsal.parts) and not bench.privileged:
            pytest.skip("another user needs root")
        assert observed(bench, rehearsal) in predicted(bench, rehearsal), "\n".join(str(part.call) for part in rehearsal.parts)


def predicted(bench: Bench, rehearsal: Rehearsal) -> list[list[str]]:
    """What the model answers, in every world."""
    worlds = HERE.worlds(lambda model: play(model, rehearsal.steps), os.geteuid(), bench.settings)
    return [[answer.name for answer in world] for world in worlds]


def observed(bench: Bench, rehearsal: Rehearsal) -> list[str]:
    """What the kernel answers; again after a disturbance by a foreign process."""
    for _ in range(3):
        stack = Kernel(bench)
        try:
            return [answer.name for answer in play(stack, rehearsal.steps)]
        except Inconclusive:
            continue
        finally:
            stack.close()
    pytest.skip("a foreign process interferes")
