"""Random scripts of AF_UNIX on the kernel of this machine and on its model."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator

import pytest

from fixtures.language.notation import Call, parse
from fixtures.language.stack import Broken, Inconclusive, Stack, Untestable
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models import this_platform
from tests.helpers.unix_scripts import random_script

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the model of another system is not complete")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench(patience=0)
    yield bench
    bench.close()


def answer_of(stack: Stack, call: Call) -> str:
    """What a stack answers; where nothing comes, ``waits``. A script may well call a socket that it never made."""
    try:
        return stack.perform(call).name
    except Inconclusive:
        return "waits"
    except (Untestable, Broken) as nonsense:
        return type(nonsense).__name__


def parting(bench: Bench, script: str) -> tuple[int, str]:
    """How many calls kernel and model answered alike, and the first that they did not: empty if there is none."""
    kernel, model, said = Kernel(bench), this_platform().make(os.geteuid(), bench.settings), list[str]()
    try:
        for call, _ in parse(script):
            seen, expected = answer_of(kernel, call), answer_of(model, call)
            # On the model a socket that was never made is one that was closed.
            if seen == "Untestable" or (seen, expected) == ("Broken", "EBADF"):
                break
            said.append(f"{call} = {seen}")
            if {seen, expected} - {"waits", "EAGAIN"} and seen != expected:
                return len(said), "\n".join([*said, f"the model says: {expected}"])
    finally:
        kernel.close()
    return len(said), ""


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
