"""The recipes of docs/unix.md on the kernel: what the page says goes wrong does, and the last one does not."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fixtures.machine.bench import Bench
from reports.catalogue import ROOT, find
from tests.helpers.children import inherited
from tests.helpers.unix_rounds import DELETED, NONE, PAGE, ROBBED, TWO, blocks
from tests.machine.test_unix import played

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="written for the kernel that the page was measured on")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def what_goes_wrong(recipe: str, rounds: int, seed: int) -> set[str]:
    """Play rounds with a recipe, in a process without threads: it forks."""
    command = [sys.executable, "-m", "tests.helpers.unix_rounds", recipe, str(rounds), str(seed)]
    done = subprocess.run(command, cwd=ROOT, env=inherited(), capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("script", blocks())
def test_the_kernel_answers_the_scripts_of_the_page(bench: Bench, script: str) -> None:
    asked = [line for line in script.splitlines() if line.rpartition(") = ")[1]]
    assert len(asked) > 3
    assert played(bench, script) == asked


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_goes_wrong_with_the_lock(seed: int) -> None:
    assert not what_goes_wrong("listen_at", 20, seed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(3, 6))
def test_nothing_goes_wrong_with_the_lock_in_two_hundred_rounds(seed: int) -> None:
    assert not what_goes_wrong("listen_at", 200, seed)


@pytest.mark.parametrize("recipe", ["remove_a_socket", "unlink_first"])
def test_what_goes_wrong_without(recipe: str) -> None:
    wrong = what_goes_wrong(recipe, 40, 1)
    assert {TWO, ROBBED, DELETED} <= wrong
    assert NONE not in wrong


@pytest.mark.exhaustive
def test_two_that_start_at_once_need_the_lock() -> None:
    """It goes wrong in about every fortieth round."""
    assert TWO in what_goes_wrong("connect_first", 400, 1)


def test_asyncio_takes_the_path_of_a_server_that_is_alive(tmp_path: pytest.TempPathFactory) -> None:
    path = f"{tmp_path}/S"
    if len(path) > 100:
        pytest.skip(f"no name of an AF_UNIX socket: {path}")

    async def start_twice() -> list[int]:
        async def nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        first = await asyncio.start_unix_server(nothing, path)
        inodes = [os.stat(path).st_ino]
        second = await asyncio.start_unix_server(nothing, path)
        inodes.append(os.stat(path).st_ino)
        assert first.is_serving()
        assert second.is_serving()
        for server in (second, first):
            server.close()
        return inodes

    before, after = asyncio.run(start_twice())
    assert before != after


def test_the_page_names_experiments() -> None:
    named = re.findall(r"explain (unix\S+?)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 2
    assert all(find(identifier) for identifier in named)
