"""Logs of 100,000 lines, and how long they take: `python -m tests.big_logs` makes a report of each three times.

On two processors of a shared virtual machine, whose speed changes by half within minutes, the best of three was 0.5 to 1.4 s in
November 2026. On 1 December, when that commit took more than twice as long, it was 0.8 and 0.9 s for one server with its clients,
and 1.7 to 2.0 s for 11,000 to 25,000 servers. That includes the start of the interpreter.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

LINES = 100_000
PEER = '{sa_family=AF_INET, sin_port=htons(40000), sin_addr=inet_addr("127.0.0.1")}, [16]'


def listener(pid: int, descriptor: int, port: int, option: str = "SO_REUSEADDR") -> list[str]:
    """A server that starts."""
    return [
        f"{pid} socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = {descriptor}",
        f"{pid} setsockopt({descriptor}, SOL_SOCKET, {option}, [1], 4) = 0",
        f'{pid} bind({descriptor}, {{sa_family=AF_INET, sin_port=htons({port}), sin_addr=inet_addr("0.0.0.0")}}, 16) = 0',
        f"{pid} listen({descriptor}, 128) = 0",
    ]


def long_lived() -> Iterator[str]:
    """One server, and a client after the other."""
    yield from listener(100, 3, 8080)
    for number in count():
        own = 4 + number % 200
        yield f"100 accept4(3, {PEER}, SOCK_CLOEXEC) = {own}"
        yield f'100 recvfrom({own}, "GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n", 8192, 0, NULL, NULL) = 35'
        yield f'100 sendto({own}, "HTTP/1.1 200 OK\\r\\n\\r\\n", 19, 0, NULL, 0) = 19'
        yield f"100 close({own}) = 0"


def forking() -> Iterator[str]:
    """One server, and a process for each client."""
    yield from listener(100, 3, 8080)
    for child in count(1000):
        yield f"100 accept(3, {PEER}) = 4"
        yield f"100 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f) = {child}"
        yield from ("100 close(4) = 0", f"{child} close(3) = 0", f'{child} sendto(4, "hello", 5, 0, NULL, 0) = 5')
        yield from (f"{child} exit_group(0) = ?", f"{child} +++ exited with 0 +++")


def short_lived() -> Iterator[str]:
    """A server after the other, each on a port of its own."""
    for number in count():
        yield from listener(100, 3, 1024 + number % 60_000)
        yield "100 close(3) = 0"


def beside() -> Iterator[str]:
    """Servers on many ports, none of which ends."""
    for number in count():
        yield from listener(100, 3 + number, 1024 + number % 60_000)


def sharing() -> Iterator[str]:
    """Servers that share one port, none of which ends."""
    for number in count():
        yield from listener(100 + number % 64, 3 + number, 8080, "SO_REUSEPORT")


def replaced() -> Iterator[str]:
    """A server after the other on one port, each started before the last one ends."""
    for number in count():
        yield from listener(100, 3 + number % 2, 8080, "SO_REUSEPORT")
        yield f"100 close({3 + (number + 1) % 2}) = 0"


def programs() -> Iterator[str]:
    """The tests of a program: each a process with a server, and a client of it."""
    for child in count(1000):
        yield f"100 clone(child_stack=NULL, flags=SIGCHLD) = {child}"
        yield f'{child} execve("/usr/bin/python3", ["python3", "test.py"], 0x7f /* 20 vars */) = 0'
        yield from listener(child, 3, 8000 + child % 100, "SO_REUSEPORT" if child % 2 else "SO_REUSEADDR")
        yield f"{child} socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 4"
        yield f"{child} connect(4, {PEER.partition(', [')[0]}, 16) = 0"
        yield from (f"{child} accept(3, {PEER}) = 5", f"{child} exit_group(0) = ?", f"{child} +++ exited with 0 +++")


LOGS: tuple[Callable[[], Iterator[str]], ...] = (long_lived, forking, short_lived, beside, sharing, replaced, programs)


def main() -> None:
    """Print how long the report of each takes at best: seconds on the clock, and of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        for log in LOGS:
            path = Path(folder, f"{log.__name__}.log")
            path.write_text("\n".join(islice(log(), LINES)) + "\n", encoding="utf-8")
            clock, processor = map(min, zip(*(_seconds(path) for _ in range(3)), strict=True))
            print(f"{clock:.2f} s, {processor:.2f} s  {(log.__doc__ or '').rstrip('.')}", flush=True)


def _seconds(path: Path) -> tuple[float, float]:
    begun, used = time.monotonic(), _processor()
    command = [sys.executable, "-m", "reports", "port", "--from", "linux", "--to", "windows", str(path)]
    status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if status not in (0, 1):
        sys.exit(status)
    return time.monotonic() - begun, _processor() - used


def _processor() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
