"""Holders of ports in processes of their own, inside a network namespace of our own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from reports.catalogue import ROOT

PORT = 18080
#: Another address of the machine, on loopback, and a user.
ELSEWHERE = "10.9.8.7"
USER, STRANGER = 1000, 2000

#: What each holder can say. Its user may look at it: a process that changes its user is hidden from it otherwise (PR_SET_DUMPABLE).
_PRELUDE = """
import ctypes, encodings.idna, os, signal, socket, sys, time
UID, PORT = int(sys.argv[1]), int(sys.argv[2])
if UID != os.geteuid():
    os.setgroups([]); os.setgid(UID); os.setuid(UID)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
def hold(kind, host, *options, port=None, listen=True, v6only=None, device=None):
    family = socket.AF_INET6 if kind[3] == "6" else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM if kind[:3] == "tcp" else socket.SOCK_DGRAM)
    for option in options:
        held.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
    if v6only is not None:
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    if device is not None:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    held.bind((host, PORT if port is None else port))
    if kind[:3] == "tcp" and listen:
        held.listen()
    return held
def ready(*words):
    print("ready", *words, flush=True)
def stay():
    sys.stdin.read()
"""


@dataclass
class Player:
    """A holder that is running: its process, and the words with which it said that it is ready."""

    process: subprocess.Popen[str]
    words: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.process.pid

    def go_on(self) -> None:
        """Let it do the next thing, and wait until it is done."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().startswith("ready")


class Stage:
    """Starts holders, and ends them all."""

    def __init__(self, uid: int | None = None) -> None:
        #: The user of those who play, unless it is said of one.
        self.uid = os.geteuid() if uid is None else uid
        self._players: list[Player] = []
        self._others: list[int] = []

    def play(self, program: str, uid: int | None = None, port: int = PORT) -> Player:
        """Start a holder and wait until it holds."""
        command = [sys.executable, "-c", _PRELUDE + program, str(self.uid if uid is None else uid), str(port)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        player = Player(process)
        self._players.append(player)
        assert process.stdout
        line = process.stdout.readline().split()
        assert line[:1] == ["ready"], f"the holder did not hold: {line}"
        player.words = line[1:]
        return player

    def also_end(self, pid: int) -> None:
        """A process that a holder started and left."""
        self._others.append(pid)

    def end(self, player: Player) -> None:
        """Kill one, and wait until it is gone."""
        player.process.kill()
        player.process.wait()
        for stream in (player.process.stdin, player.process.stdout):
            if stream:
                stream.close()

    def close(self) -> None:
        """Kill all."""
        for player in self._players:
            self.end(player)
        for pid in self._others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def as_user(uid: int) -> Iterator[None]:
    """Be another user, really and effectively, for as long as the block runs."""
    if uid == os.geteuid():
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(uid, uid, 0)
    os.setresuid(uid, uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


def wait_gone(pid: int) -> None:
    """Wait until a process that is nobody's child of ours has ended."""
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}/fd/0") and time.monotonic() < deadline:
        time.sleep(0.01)


def add_address(host: str) -> None:
    """Give the machine one more address, on loopback."""
    address = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(host))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8916, struct.pack("16s16s", b"lo:1", address))


def sysctl(name: str, value: str) -> None:
    """Change a setting of the namespace."""
    with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
        file.write(value)
