"""``python -m tests.benchmark.standin [PLATFORM...]``: what a program pays under `addrinuse as`. The bare program takes turns with it.

It measures the bind and listen of a server, its whole life from socket to close, the start of a command, and the requests a second of a
server whose clients are not under `as`. Of the medians of five rounds the median is printed. It asserts nothing.
"""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reports.catalogue import ROOT
from tests.helpers.children import inherited

Result = dict[str, float]
ROUNDS, SERVERS, REQUESTS = 5, 400, 2000
#: Each server takes a port of its own, as servers do, and every one is closed before the next. The first ones warm up.
LIVES = f"""
import json, socket, time
taken, lived = [], []
for port in range(21000, 21000 + {SERVERS}):
    start = time.perf_counter()
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    before = time.perf_counter()
    one.bind(("127.0.0.1", port))
    one.listen()
    taken.append(time.perf_counter() - before)
    one.close()
    lived.append(time.perf_counter() - start)
print(json.dumps([taken[{SERVERS // 8}:], lived[{SERVERS // 8}:]]))
"""
SERVER = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    with server.accept()[0] as one:
        one.sendall(one.recv(1))
"""


def main() -> int:
    """Measure, and print a line for each platform."""
    for platform in sys.argv[1:] or ("freebsd", "windows"):
        stand_in = [sys.executable, "-m", "addrinuse", "as", platform, "--"]
        print(line(platform, *measure(stand_in)), flush=True)
    return 0


def measure(stand_in: list[str]) -> tuple[Result, Result]:
    """Without `as` and under it: seconds for a bind and listen, for a life, for a start; and requests a second."""
    rounds = [(_round([]), _round(stand_in)) for _ in range(ROUNDS)]
    bare, under = ({name: statistics.median(one[which][name] for one in rounds) for name in rounds[0][0]} for which in (0, 1))
    return bare, under


def _round(before: list[str]) -> Result:
    taken, lived = map(statistics.median, _lives(before))
    return {"bind": taken, "life": lived, "start": _start(before), "rate": _rate(before)}


def line(platform: str, bare: Result, under: Result) -> str:
    """What is paid, in a line."""
    more = {name: 1e6 * (under[name] - bare[name]) for name in ("bind", "life", "start")}
    return (
        f"as {platform}: a bind and listen {more['bind']:.0f} us more, a server from socket to close {more['life']:.0f} us more, "
        f"a start {more['start'] / 1000:.0f} ms more; {under['rate']:,.0f} requests a second, {bare['rate']:,.0f} without"
    )


def _lives(before: list[str]) -> tuple[list[float], list[float]]:
    done = subprocess.run([*before, sys.executable, "-c", LIVES], cwd=ROOT, env=inherited(), capture_output=True, check=True)
    taken, lived = json.loads(done.stdout)
    return taken, lived


def _start(before: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([*before, "true"], cwd=ROOT, env=inherited(), capture_output=True, check=True)
    return time.perf_counter() - start


def _rate(before: list[str]) -> float:
    with _server(before) as port:
        start = time.perf_counter()
        for _ in range(REQUESTS):
            with socket.create_connection(("127.0.0.1", port)) as one:
                one.sendall(b"?")
                one.recv(1)
        return REQUESTS / (time.perf_counter() - start)


@contextmanager
def _server(before: list[str]) -> Iterator[int]:
    command, quiet = [*before, sys.executable, "-c", SERVER], subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=inherited(), stdout=subprocess.PIPE, stderr=quiet, text=True) as server:
        assert server.stdout
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
