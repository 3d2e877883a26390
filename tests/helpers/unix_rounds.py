"""Rounds of servers at one path, which start at the same moment, are killed, and start again on what was left.

``python -m tests.helpers.unix_rounds RECIPE ROUNDS SEED`` says what went wrong with a recipe of docs/unix.md, a line each.
"""

from __future__ import annotations

import os
import random
import re
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

Recipe = Callable[[str], Any]
TWO = "two servers have the path"
NONE = "no server can start"
ASTRAY = "clients do not reach the server"
DELETED = "a file that is none of theirs was deleted"
ROBBED = "a server that does not know the lock lost its path"
PAGE = Path(__file__).parents[2] / "docs" / "unix.md"


def blocks(kind: str = "") -> list[str]:
    """What stands between fences on the page, of one kind."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for language, text in found if language == kind]


def recipes() -> dict[str, Recipe]:
    """The functions of the page, and the last one without its lock."""
    code = "\n".join(blocks("python"))
    names, unlocked = _defined(code), _defined(re.sub("fcntl.flock.*", "pass", code))
    recipes: dict[str, Recipe] = {name: names[name] for name in ("remove_a_socket", "unlink_first", "listen_at")}
    return recipes | {"connect_first": unlocked["listen_at"]}


def _defined(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(code, names)
    return names


class Server:
    """A process that starts a server when the gate is opened, and tells how that went."""

    def __init__(self, recipe: Recipe, path: str, gate: int | None = None) -> None:
        self._said, said = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            _serve(recipe, path, gate, said)
        os.close(said)

    def is_up(self) -> bool:
        """Whether it has started; it was refused, or killed, if not."""
        said = os.read(self._said, 1) == b"+"
        os.close(self._said)
        return said

    def kill(self) -> None:
        """End it as a crash does."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _serve(recipe: Recipe, path: str, gate: int | None, said: int) -> NoReturn:
    with suppress(BaseException):
        if gate is not None:
            select.select([gate], [], [])
        started = recipe(path)
        listener = started[0] if isinstance(started, tuple) else started
        os.write(said, b"+")
        os.close(said)
        while True:
            # Who only asks whether somebody listens has gone by then.
            with listener.accept()[0] as client, suppress(BrokenPipeError):
                client.sendall(str(os.getpid()).encode())
    os._exit(0)


def plain(path: str) -> socket.socket:
    """A server that does not know the lock."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def reached(path: str) -> int:
    """The process that a client reaches, or 0."""
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.connect(path)
        return int(client.recv(20) or b"0")
    return 0


class Rounds:
    """What goes wrong with a recipe in a folder of its own."""

    def __init__(self, recipe: Recipe, seed: int, folder: str) -> None:
        self.recipe, self.chance, self.path = recipe, random.Random(seed), f"{folder}/S"
        self.wrong: list[str] = []
        self._up: list[Server] = []

    def play(self, rounds: int) -> None:
        """So many rounds; each fifth on something that is none of theirs."""
        for number in range(rounds):
            if number % 5 == 4:
                self.on_what_is_not_theirs()
            else:
                self.race()
            while self._up:
                self._up.pop().kill()

    def race(self) -> None:
        """Two start at the same moment, and one may be killed in the middle; then one more tries."""
        gate, opener = os.pipe()
        both = [Server(self.recipe, self.path, gate) for _ in range(2)]
        os.write(opener, b"!")
        if killed := self.chance.random() < 0.5:
            time.sleep(self.chance.uniform(0, 0.004))
            both[0].kill()
        up = [server for server in both if server.is_up()]
        self._up += both[killed:]
        self.judge([server for server in up if server in self._up])
        os.close(gate)
        os.close(opener)

    def judge(self, up: list[Server]) -> None:
        """Of those who have started one has the path; if none has, one can."""
        up = up or self.started(self.recipe)
        if not up:
            self.wrong.append(NONE)
        elif len(up) > 1 or self.started(self.recipe):
            self.wrong.append(TWO)
        elif reached(self.path) != up[0].pid:
            self.wrong.append(ASTRAY)

    def started(self, recipe: Recipe) -> list[Server]:
        """One more server, if it can start."""
        server = Server(recipe, self.path)
        self._up.append(server)
        return [server] * server.is_up()

    def on_what_is_not_theirs(self) -> None:
        """A file, a link, or a server that does not know the lock has the path."""
        with suppress(FileNotFoundError):
            os.unlink(self.path)
        self.chance.choice([self.on_a_file, self.on_a_link, self.on_a_stranger])()
        with suppress(FileNotFoundError):
            os.unlink(self.path)

    def on_a_file(self) -> None:
        """A regular file stays."""
        Path(self.path).write_text("not theirs", encoding="utf-8")
        self.started(self.recipe)
        if not os.path.isfile(self.path):
            self.wrong.append(DELETED)

    def on_a_link(self) -> None:
        """A symbolic link to a stale socket stays."""
        plain(f"{self.path}.old").close()
        os.symlink(f"{self.path}.old", self.path)
        self.started(self.recipe)
        if not os.path.islink(self.path):
            self.wrong.append(DELETED)
        os.unlink(f"{self.path}.old")

    def on_a_stranger(self) -> None:
        """A server that is there, whoever it is, goes on."""
        (stranger,) = self.started(plain)
        if self.started(self.recipe) or reached(self.path) != stranger.pid:
            self.wrong.append(ROBBED)


@contextmanager
def in_a_folder(recipe: Recipe, seed: int) -> Iterator[Rounds]:
    """Rounds in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="addrinuse-", dir="/tmp") as folder:
        yield Rounds(recipe, seed, folder)


def main(name: str, rounds: str, seed: str) -> None:
    """Print what went wrong."""
    with in_a_folder(recipes()[name], int(seed)) as played:
        played.play(int(rounds))
    for wrong in played.wrong:
        print(wrong)


if __name__ == "__main__":
    main(*sys.argv[1:])
