"""What the kernel shows of the sockets in this namespace: who holds them, and what waits in their queues."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_LISTEN, _TIME_WAIT = "0A", "06"
#: A UDP socket that is not connected shows TCP's CLOSE.
_UNCONNECTED = "07"
TABLES = ("tcp4", "tcp6", "udp4", "udp6")


@dataclass(frozen=True)
class Held:
    """A row of one of the kernel's tables. ``queue``: connections that wait at a listener, else bytes that wait."""

    kind: str
    host: str
    port: int
    state: str
    queue: int
    inode: int

    @property
    def serves(self) -> bool:
        """Whether anybody can reach it: it listens (TCP), or is not connected (UDP)."""
        return self.state == (_LISTEN if self.kind.startswith("tcp") else _UNCONNECTED)

    @property
    def waits(self) -> bool:
        """Whether it is in TIME_WAIT."""
        return self.kind.startswith("tcp") and self.state == _TIME_WAIT

    @property
    def place(self) -> str:
        """Its protocol and port as the table of servers writes them: ``tcp:80``."""
        return f"{self.kind[:3]}:{self.port}"


def rows(text: str, kind: str) -> list[Held]:
    """The rows of ``/proc/net/tcp`` or one of its kind."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        host, port = words[1].split(":")
        found.append(Held(kind, _address(host), int(port, 16), words[3], int(words[4].split(":")[1], 16), int(words[9])))
    return found


def _address(digits: str) -> str:
    """The address that the kernel prints as words in the machine's own order of bytes."""
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    return str(ipaddress.ip_address(struct.pack(f"{'<' if sys.byteorder == 'little' else '>'}{len(words)}I", *words)))


def held() -> list[Held]:
    """Every Internet socket of this namespace."""
    return [row for kind in TABLES for row in rows(Path("/proc/net", kind.removesuffix("4")).read_text("ascii"), kind)]


def alive() -> dict[int, int]:
    """Every process of this namespace that is not a zombie, with its parent."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            state, parent = Path("/proc", name, "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
            if state not in "ZX":
                found[int(name)] = int(parent)
    return found


def stopped(pids: Iterable[int]) -> bool:
    """Whether none of these processes runs. A tracer may stop a process, too."""
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path("/proc", str(pid), "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] not in "TtZX":
                return False
    return True


def inodes(pids: Iterable[int]) -> set[int]:
    """The inodes of every socket that these processes hold."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    target = os.readlink(f"/proc/{pid}/fd/{name}")
                    if target.startswith("socket:["):
                        found.add(int(target[8:-1]))
    return found
