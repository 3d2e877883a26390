"""The process that plays situations, and what the porting report says of the calls that were recorded."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fixtures.machine.identity import platform_version
from reports.__main__ import main
from tests.servers.installing import absent
from tests.servers.server import Server

CHECKOUT = Path(__file__).parents[2]
HERE = f"linux@{'.'.join(platform_version().split('.')[:2])}"


class Stage:
    """The process that plays situations. It is started once: to import everything takes longer than most situations.

    With a platform, everything in it happens under ``addrinuse as``.
    """

    def __init__(self, log: Path, platform: str = "") -> None:
        self.log = log
        under = ["-m", "addrinuse", "as", platform, "--json", str(log.with_suffix(".json")), "--", sys.executable] if platform else []
        with open(log, "wb") as errors:
            words = [sys.executable, *under, "-m", "tests.servers.stage"]
            self._process = subprocess.Popen(words, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)

    def play(self, server: Server, situation: str, folder: Path) -> Any:
        """Play a situation in new namespaces, and return what it found."""
        assert not absent(server), f"{server.name} is not installed: {', '.join(absent(server))}"
        assert self._process.stdin
        assert self._process.stdout
        told = self.log.stat().st_size
        self._process.stdin.write(f"{server.name} {situation} {folder}\n".encode())
        self._process.stdin.flush()
        status = self._process.stdout.readline().strip()
        said = self.log.read_bytes()[told:].decode("utf-8", "replace")
        assert status == b"0", f"{server.name}: {situation} cannot be played (status {status.decode()}):\n{said[-3000:]}"
        return json.loads((folder / f"{situation}.json").read_text("utf-8"))

    def close(self) -> None:
        """End it. Nothing of it is left: the namespaces end with it."""
        self._process.communicate()


def report(calls: Path, to: str) -> Any:
    """What `addrinuse port` says of these calls, which root made on this machine's release, on another platform."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = main(["port", "--from", HERE, "--to", to, "--uid", "0", "--format", "json", str(calls)])
    assert status in (0, 1)
    return json.loads(printed.getvalue())
