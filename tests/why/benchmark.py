"""How long `addrinuse why` takes on a busy machine: ``python -m tests.why.benchmark [SOCKETS [PROCESSES]]``, as root.

Half of the sockets are connections, the others are bound and do not listen, at many ports; a thousand connections are at the port
that is asked about.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time

from fixtures.machine.namespace import enter
from reports.catalogue import ROOT

AT_THE_PORT = 1000
#: The ports on which sockets are merely bound, and how many addresses of 127.0.0.0/8 have each.
FIRST, MANY = 20000, 10000


def crowd(number: int) -> None:
    """A process that has its share of the sockets, and waits."""
    held = []
    for at in range(number):
        one = socket.socket()
        one.bind((f"127.0.{1 + os.getpid() % 250}.{1 + at // MANY}", FIRST + at % MANY))
        held.append(one)
    signal.pause()


def connected(number: int, port: int) -> list[socket.socket]:
    """This many connections to a port, both ends."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(1024)
    held = [listener]
    for at in range(number // 2):
        client = socket.socket()
        client.bind((f"127.0.0.{2 + at // 20000}", 0))
        client.connect(("127.0.0.1", port))
        held += [client, listener.accept()[0]]
    return held


def main(sockets: int = 50_000, processes: int = 2000) -> int:
    enter("new")
    limit = sockets + 4096
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    children = []
    held = [*connected(AT_THE_PORT, 8080), *connected(sockets // 2 - AT_THE_PORT, 8081)]
    rest = sockets - len(held)
    for number in range(processes):
        child = os.fork()
        if not child:
            crowd(rest // processes + (number < rest % processes))
            os._exit(0)
        children.append(child)
    try:
        time.sleep(2)
        for words in (["127.0.0.1:8080", "--with", "SO_REUSEADDR"], ["127.0.0.1:9999"], [f"0.0.0.0:{FIRST}"]):
            start, before = time.monotonic(), os.times()
            done = subprocess.run([sys.executable, "-m", "addrinuse", "why", *words], cwd=ROOT, capture_output=True, text=True, check=False)
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            print(f"why {' '.join(words)}: {time.monotonic() - start:.2f} s, {spent:.2f} s of the processor, status {done.returncode}")
            print(f"  {done.stdout.splitlines()[0] if done.stdout else done.stderr}")
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    print(f"{len(held)} connected ends and {rest} bound sockets, {processes} processes")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
