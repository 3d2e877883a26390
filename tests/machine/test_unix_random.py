"""Random scripts of AF_UNIX on the kernel of this machine and on its model."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

import pytest

from fixtures.language.paths import Path
from fixtures.language.words import Answer
from fixtures.machine.bench import Bench
from fixtures.models.unix.linux import LinuxRoom
from fixtures.models.unix.sock import Sock
from tests.helpers.unix_scripts import random_script
from tests.search.unix import parting, reduced

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the model of another system is not complete")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench(patience=0)
    yield bench
    bench.close()


def compare(bench: Bench, seeds: range) -> None:
    results = {seed: parting(bench, random_script(random.Random(seed))) for seed in seeds}
    partings = [f"seed {seed}:\n{said}" for seed, (_, said) in results.items() if said]
    assert not partings, "\n\n".join(partings)
    assert sum(calls for calls, _ in results.values()) > 9 * len(seeds), "most scripts end early"


def test_some_scripts(bench: Bench) -> None:
    compare(bench, range(40))


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
def test_a_thousand_scripts(bench: Bench) -> None:
    compare(bench, range(10_000, 11_000))


def test_a_model_that_lies_is_found_and_the_script_is_reduced(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    truthful = LinuxRoom.bind

    def lying(room: LinuxRoom, sk: Sock, path: Path) -> Answer:
        answer = truthful(room, sk, path)
        return Answer("EINVAL") if answer.name == "EADDRINUSE" else answer

    monkeypatch.setattr(LinuxRoom, "bind", lying)
    scripts = (random_script(random.Random(seed)) for seed in range(40))
    script = next(script for script in scripts if parting(bench, script)[1])
    smallest = reduced(bench, script).splitlines()
    assert smallest[-2:] == [f"{smallest[-2].partition(' = ')[0]} = EADDRINUSE", "the model says: EINVAL"]
    assert len(smallest) <= 5, smallest
