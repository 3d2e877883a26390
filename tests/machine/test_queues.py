"""What this kernel does with a full queue, where no experiment can ask: by chance, or under another setting."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import LOOPBACK, OK, SO_REUSEPORT, WAITS, Answer
from fixtures.models import Platform

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is about Linux")

#: Enough that each of two listeners is taken by the hash of some: all go to one of them once in 500,000,000 times.
CLIENTS = 30
#: Run where net.core.somaxconn is this network namespace's own: how many clients connect before one waits, for each backlog.
HELD = """
import json, socket, sys
from fixtures.machine.namespace import enter
enter("new")
with open("/proc/sys/net/core/somaxconn", "w") as file:
    file.write(sys.argv[1])
held = []
for backlog in json.loads(sys.argv[2]):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(backlog)
    clients = []
    while len(clients) < 10:
        clients.append(socket.socket())
        clients[-1].settimeout(0.3)
        try:
            clients[-1].connect(server.getsockname())
        except TimeoutError:
            break
    held.append(len(clients) - 1)
print(json.dumps(held))
"""


def member(address: tuple[str, int], backlog: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(address)
    made.listen(backlog)
    return made


def connected(clients: list[socket.socket]) -> int:
    """How many of them are connected. Over loopback that is settled when connect returns; the rest is given a moment all the same."""
    time.sleep(0.2)
    _, writable, _ = select.select([], clients, [], 0)
    return sum(1 for one in writable if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0)


def test_a_group_does_not_give_another_member_what_finds_a_full_queue() -> None:
    with ExitStack() as stack:
        full = stack.enter_context(member(("127.0.0.1", 0), 0))
        address = full.getsockname()
        stack.enter_context(socket.create_connection(address))
        roomy = stack.enter_context(member(address, 128))
        clients = [stack.enter_context(socket.socket()) for _ in range(CLIENTS)]
        for one in clients:
            one.setblocking(False)
            one.connect_ex(address)
        came = connected(clients)
        roomy.setblocking(False)
        for _ in range(came):
            stack.enter_context(roomy.accept()[0])
    assert 0 < came < CLIENTS


def in_a_group(stack: Stack) -> Answer:
    """A listener of a group is full, and a client connects that either may get."""
    full, roomy = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    full.bind(LOOPBACK)
    full.listen(0)
    stack.tcp4().connect(LOOPBACK)
    roomy.bind(LOOPBACK)
    roomy.listen()
    return stack.tcp4().connect(LOOPBACK)


@pytest.mark.parametrize(
    ("platform", "answers"),
    [
        ("linux", {OK, WAITS}),
        ("gvisor", {OK, WAITS}),
        ("dragonfly", {OK, WAITS}),
        # The newest listener gets everything, and has room.
        *((name, {OK}) for name in ("stevens", "freebsd", "macos", "netbsd", "openbsd")),
    ],
)
def test_whom_a_group_gives_a_client_is_chance_where_a_hash_decides(platform: str, answers: set[Answer]) -> None:
    assert set(Platform(platform).worlds(in_a_group)) == answers


@pytest.mark.parametrize("somaxconn", [0, 1, 3, 4096])
def test_no_backlog_is_larger_than_somaxconn(somaxconn: int) -> None:
    backlogs = [0, 1, 2, 5, 128]
    command = [sys.executable, "-c", HELD, str(somaxconn), json.dumps(backlogs)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode:
        pytest.skip(f"no network namespace: {done.stderr.strip().splitlines()[-1:]}")
    assert json.loads(done.stdout) == [room(somaxconn, backlog) for backlog in backlogs]


def room(somaxconn: int, backlog: int) -> int:
    """How many of ten clients the model of Linux gives room; 128 stands for a ``listen()`` that names no backlog."""
    model = Platform("linux").make(0, {"net.core.somaxconn": str(somaxconn)})
    listener = model.tcp4()
    listener.bind(LOOPBACK)
    listener.listen(None if backlog == 128 else backlog)
    answers = [model.tcp4().connect(LOOPBACK) for _ in range(10)]
    return min(answers.count(OK), 9)


@pytest.mark.parametrize(("somaxconn", "held"), [("0", 1), ("1", 2), ("4096", 9)])
def test_a_queue_of_af_unix_is_no_longer_than_somaxconn(somaxconn: str, held: int) -> None:
    """As ``unix/queue/fifth`` was answered here under a limit of 1."""
    model = Platform("linux").make(0, {"net.core.somaxconn": somaxconn})
    listener = model.socket("unix")
    listener.bind(Path("/F"))
    listener.listen()
    assert [model.socket("unix").connect(Path("/F")) for _ in range(9)].count(OK) == held
