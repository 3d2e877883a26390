"""Newcomers at a server's ports: another process, of this or another user, and what it gets."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from fixtures.machine.errnames import error_name
from fixtures.machine.namespace import become
from fixtures.machine.options import Absent, set_option
from tests.servers.clients import arrivals, family, reached, shares
from tests.servers.instance import Instance
from tests.servers.watching import Held, inodes

#: Nobody: the user who has no rights anywhere.
STRANGER = 65534


@dataclass(frozen=True)
class Newcomer:
    """What it tries: the server's socket whose port it wants, at which address, with which options, as which user."""

    place: Held
    host: str
    options: Mapping[str, int]
    uid: int = 0


def tried(one: Instance, newcomer: Newcomer) -> dict[str, object]:
    """What it is answered, and if it is granted, how much of what arrives at the server's address goes to each."""
    place = newcomer.place
    asked = {"kind": place.kind, "host": place.host, "port": place.port, "at": newcomer.host, "options": list(newcomer.options)}
    with _process(newcomer) as (pid, answer):
        if answer != "ok":
            return asked | {"answer": answer}
        with one.frozen():
            arrived = arrivals(place.kind, reached(place), place.port, one.server.says)
        return asked | {"answer": answer} | shares(arrived, {"first": inodes(one.pids), "newcomer": inodes([pid])})


@contextmanager
def _process(newcomer: Newcomer) -> Iterator[tuple[int, str]]:
    """The newcomer's process, and what it is answered. It keeps what it took until the end."""
    from_newcomer, to_us = os.pipe()
    from_us, to_newcomer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(to_newcomer)
        _try(newcomer, to_us, from_us)
    for end in (to_us, from_us):
        os.close(end)
    with open(from_newcomer, encoding="ascii") as answers:
        yield pid, answers.readline().strip()
    os.close(to_newcomer)
    os.waitpid(pid, 0)


def _try(newcomer: Newcomer, to_us: int, from_us: int) -> None:
    """Tell the answer, wait for the end, and end."""
    try:
        if newcomer.uid:
            become(newcomer.uid)
        kind = socket.SOCK_STREAM if newcomer.place.kind.startswith("tcp") else socket.SOCK_DGRAM
        with socket.socket(family(newcomer.host), kind) as sock:
            os.write(to_us, f"{_answer(sock, newcomer)}\n".encode())
            os.read(from_us, 1)
    finally:
        os._exit(0)


def _answer(sock: socket.socket, newcomer: Newcomer) -> str:
    call = "setsockopt"
    try:
        for option, value in newcomer.options.items():
            set_option(sock, option, value)
        call = "bind"
        sock.bind((newcomer.host, newcomer.place.port))
        if newcomer.place.kind.startswith("tcp"):
            call = "listen"
            sock.listen()
    except OSError as error:
        return f"{call}: {error_name(error.errno)[0]}"
    except Absent as error:
        return str(error)
    return "ok"
