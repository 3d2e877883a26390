"""The calls of the every-pair engine, recorded for a bare loop in C that makes the same system calls."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

from fixtures.pairs.engine import BATCH
from fixtures.pairs.loops import Loops
from fixtures.pairs.product import GROUPS, PLACES, Pairs

SOURCE = Path(__file__).with_name("bare.c")
_RECORD = struct.Struct("6i")
_CALLS = ("socket", "setsockopt", "bind", "listen", "connect", "accept", "wrap", "close", "shutdown", "recv", "fill", "info", "diag")
_NUMBERS = {name: number for number, name in enumerate((*_CALLS, "linger", "batch"))}
_HOSTS = tuple(str(place.host) for place in dict.fromkeys(replace(place, v6only=False) for place in (*PLACES, *GROUPS)))
#: The first port of a batch in the file, and the first of those that accept stands for.
_FIRST_PORT, _ACCEPTED = 10000, 50000


class Tape:
    """The calls of a whole kind of pairs."""

    def __init__(self) -> None:
        self.records = bytearray()
        self.experiments = 0
        self.slots = 0

    def write(self, call: str, slot: int, *arguments: int) -> None:
        """Record one call."""
        self.records += _RECORD.pack(_NUMBERS[call], slot, *arguments, *[0] * (4 - len(arguments)))

    def slot(self) -> int:
        """The number of the next descriptor."""
        self.slots += 1
        return self.slots - 1

    def state(self, ip: int, local: str, port: int, remote: str, to: int) -> Any:
        """Record a look at a state, and answer with the state that is wanted."""
        self.write("diag", ip, _HOSTS.index(local), port, _HOSTS.index(remote), to)
        return _Any()


class _Any(int):
    """A state that equals every state."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class _Recorded:
    """A socket that records its calls. Every call succeeds."""

    def __init__(self, tape: Tape, family: int, kind: int, _protocol: int = 0, slot: int | None = None) -> None:
        self._tape = tape
        self._slot = tape.slot() if slot is None else slot
        if slot is None:
            tape.write("socket", self._slot, family, kind)
        else:
            tape.write("wrap", self._slot)

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        if isinstance(value, bytes):
            self._tape.write("linger", self._slot)
        else:
            self._tape.write("setsockopt", self._slot, level, option, value)

    def bind(self, address: tuple[str, int]) -> None:
        self._tape.write("bind", self._slot, _HOSTS.index(address[0]), address[1])

    def listen(self, backlog: int) -> None:
        self._tape.write("listen", self._slot, backlog)

    def connect(self, address: tuple[str, int]) -> None:
        self._tape.write("connect", self._slot, _HOSTS.index(address[0]), address[1])

    def connect_ex(self, address: tuple[str, int]) -> int:
        self.connect(address)
        return 0

    def _accept(self) -> tuple[int, tuple[str, int]]:
        slot = self._tape.slot()
        self._tape.write("accept", self._slot, slot)
        return slot, ("", _ACCEPTED + slot)

    def getsockopt(self, _level: int, _option: int, _size: int) -> list[Any]:
        self._tape.write("info", self._slot)
        return [_Any()]

    def shutdown(self, how: int) -> None:
        self._tape.write("shutdown", self._slot, how)

    def recv(self, _size: int) -> None:
        self._tape.write("recv", self._slot)

    def send(self, _data: bytes, _flags: int) -> None:
        self._tape.write("fill", self._slot)
        raise BlockingIOError

    def close(self) -> None:
        self._tape.write("close", self._slot)


def write_down(pairs: Pairs, bound: bytes) -> bytes:
    """The calls of every pair of a kind, in the engine's order. ``bound`` has the kernel's answer to each second's bind."""
    tape = Tape()
    loops = Loops(pairs.kind, whole=pairs.whole, factory=lambda *arguments: _Recorded(tape, *arguments), diagnosis=tape)
    for at in range(0, len(pairs), BATCH):
        numbers = array("I", range(at, min(at + BATCH, len(pairs))))
        ports = array("H", [_FIRST_PORT + 2 + n for n in range(len(numbers))])
        tape.slots = 0
        tape.write("batch", 0, len(numbers))
        targets = array("H", loops.prepare(numbers, ports, (_FIRST_PORT, _FIRST_PORT + 1)))
        loops.bind(numbers, ports, targets)
        loops.refuse(bound[at : at + len(numbers)])
        loops.first_listens(bound[at : at + len(numbers)])
        loops.last()
        loops.end_seconds()
        loops.end_firsts()
    return bytes(tape.records)


class Bare:
    """The compiled loop, in a file without a name, which a killed benchmark does not leave behind. ``why_not`` says why there is none."""

    def __init__(self) -> None:
        self.why_not = ""
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            self.why_not = "no C compiler"
            return
        with tempfile.TemporaryDirectory(prefix="addrinuse-") as folder:
            program = Path(folder, "bare")
            done = subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], capture_output=True, text=True, check=False)
            if done.returncode:
                self.why_not = f"the loop does not compile: {done.stderr.strip().splitlines()[-1] if done.stderr else ''}"
                return
            self._program = os.open(program, os.O_RDONLY)

    def seconds(self, records: bytes) -> float:
        """How long the loop takes.

        Raises OSError if it fails.
        """
        tape = os.memfd_create("calls")
        with open(tape, "wb") as file:
            file.write(records)
            file.flush()
            paths = [f"/proc/self/fd/{descriptor}" for descriptor in (self._program, tape)]
            done = subprocess.run(paths, capture_output=True, text=True, check=False, pass_fds=(self._program, tape))
        if done.returncode:
            raise OSError(f"the bare loop failed: {done.stderr.strip()}")
        return float(done.stdout.split()[1])

    def close(self) -> None:
        """Close the program's file."""
        if not self.why_not:
            os.close(self._program)
