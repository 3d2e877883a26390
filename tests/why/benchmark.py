"""How long `addrinuse why` takes on a busy machine: ``python -m tests.why.benchmark [SOCKETS [PROCESSES]]``.

Each process has its share of the sockets: half of them are connections, the others are bound and do not listen. A thousand ends of
connections are at the port that is asked about.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

from fixtures.machine.namespace import enter
from reports.catalogue import ROOT
from reports.why.diagnosis import diagnose
from reports.why.world import Newcomer

AT_THE_PORT = 1000
#: The ports of the crowd.
FIRST = 10000
_ASKED = (
    Newcomer("tcp", "127.0.0.1", 8080, (("SO_REUSEADDR", 1),)),
    Newcomer("tcp", "127.0.0.1", 9999),
    Newcomer("tcp", "0.0.0.0", FIRST),
)


def connected(number: int, port: int) -> list[socket.socket]:
    """A listener, and so many ends of connections to it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    held = [listener]
    for _ in range(number // 2):
        client = socket.create_connection(("127.0.0.1", port))
        held += [client, listener.accept()[0]]
    return held


def merely_bound(number: int, port: int) -> list[socket.socket]:
    """So many sockets that do not listen, at one port, each at an address of its own."""
    held = [socket.socket() for _ in range(number)]
    for at, one in enumerate(held):
        one.bind((f"127.1.1.{1 + at}", port))
    return held


def crowd(share: int, number: int) -> None:
    """A process that has its share of the sockets, says so, and waits."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: it ends with its parent
    held = [*connected(share // 2, FIRST + number), *merely_bound(share - share // 2 - 1, FIRST + number)]
    assert len(held) >= share - 1
    signal.pause()


def count() -> tuple[int, int]:
    """How many sockets of TCP the machine has: those of connections and listeners, and those that have a port at all."""
    done = subprocess.run(["ss", "-s"], capture_output=True, text=True, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("TCP:")), "TCP: 0")
    return int(line.split()[1]), len(os.listdir("/proc"))


def measure(newcomer: Newcomer) -> str:
    """One question: the seconds that pass, and those of the processor, without the start of Python and its imports."""
    start, before = time.monotonic(), time.process_time()
    found = diagnose(newcomer)
    spent, passed = time.process_time() - before, time.monotonic() - start
    who = ", ".join(f"{one.holder.row.state} {one.holder.alike}" for one in found.accused)
    return f"{newcomer.address}: {passed:.2f} s, {spent:.2f} s of the processor: {found.answer[1]} {who}"


def main(sockets: int = 50_000, processes: int = 2000) -> int:
    """Make the crowd, ask, and end it."""
    enter("new")
    print(f"alone: {measure(_ASKED[0])}", flush=True)
    children = []
    try:
        for number in range(processes):
            child = os.fork()
            if not child:
                crowd((sockets - AT_THE_PORT) // processes, number)
                os._exit(0)
            children.append(child)
        # Only now, or every child would have inherited them.
        held = connected(AT_THE_PORT, 8080)
        time.sleep(3)
        print("{} sockets of TCP, {} entries of /proc".format(*count()))
        for newcomer in _ASKED:
            print(measure(newcomer), flush=True)
        start, before = time.monotonic(), os.times()
        subprocess.run([sys.executable, "-m", "addrinuse", "why", "127.0.0.1:8080"], cwd=ROOT, capture_output=True, check=False)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        assert held
        print(f"the whole command: {time.monotonic() - start:.2f} s, {spent:.2f} s of the processor")
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
