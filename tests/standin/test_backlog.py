"""The backlog of listen: what a platform makes of it, and that the kernel then holds as many connections."""

from __future__ import annotations

import pytest

from fixtures.language.notation import Call
from fixtures.models import platform
from fixtures.specification.worlds import Choices
from fixtures.standin.backlog import LARGEST, kernels
from tests.standin.running import linux, python


def backlog(system: str, named: int) -> int:
    model = platform(system).make(0, {}, Choices())
    model.perform(Call("tcp4", makes="A"))
    return kernels(model, model.sockets["A"], named)


@pytest.mark.parametrize(
    ("system", "named", "held"),
    [
        ("netbsd", 4, 5),
        ("illumos", 4, 7),
        # What comes after the seventh is not known, and left to the kernel.
        ("freebsd", 4, 7),
        ("macos", 1, 1),
        ("macos", 0, 128),
        ("openbsd", 4, 81),
        # Nobody read what Windows makes of it.
        ("windows", 4, 5),
    ],
)
def test_the_queue_is_as_long_as_the_platforms(system: str, named: int, held: int) -> None:
    assert backlog(system, named) + 1 == held


def test_what_linux_cuts_down_anyhow_is_left_alone() -> None:
    assert backlog("macos", 0xFFFFFFFF) == 0xFFFFFFFF
    assert backlog("macos", LARGEST) == LARGEST - 1


HELD = """\
server = tcp()
server.bind(("127.0.0.1", 0))
server.listen(1)
clients = [tcp() for _ in range(4)]
for one in clients:
    one.setblocking(False)
    one.connect_ex(server.getsockname())
import time
time.sleep(0.2)
print(sum(answer(one.getpeername) == "ok" for one in clients))
"""


@linux
@pytest.mark.parametrize(("system", "held"), [("macos", "1"), ("netbsd", "2"), ("openbsd", "4")])
def test_so_many_connections_are_made(system: str, held: str) -> None:
    assert python(system, HELD) == [held]
