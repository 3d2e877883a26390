"""Random worlds of holders, made for real: whom `why` names is closed, all of them or all but one, and the bind is tried again.

``python -m tests.why.worlds SEED COUNT`` plays them in a network namespace of its own, and prints what was wrong, and how many said what.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fixtures.language.kinds import KINDS, STREAM_KINDS, family_of, protocol_of
from fixtures.language.notation import Call, parse_line
from fixtures.language.stack import Broken, Inconclusive, Unknown, Untestable
from fixtures.language.words import Address, Option
from fixtures.machine.fingerprint import settings
from fixtures.machine.holding.attempt import Wanted, attempt
from fixtures.machine.namespace import enter
from fixtures.machine.options import set_option
from fixtures.models import this_platform
from fixtures.models.base import Model
from fixtures.models.linux import clauses as C
from reports.why.diagnosis import diagnose
from reports.why.world import Newcomer
from tests.helpers.scripts import rivals, who_receives

#: What a port remembers of those who bound it: the one thing that `why` cannot see, and that can let somebody in against all holders.
MEMORY = {clause.id for clause in (C.BUCKET, C.FASTREUSE, C.FASTREUSE_REVERSED, C.UDP_FIRST_MATCH)}
OPTIONS = ("SO_REUSEADDR", "SO_REUSEPORT", "IPV6_V6ONLY")
HOSTS = {4: ("127.0.0.1", "127.0.0.1", "127.0.0.2", "0.0.0.0"), 6: ("::1", "::", "::ffff:127.0.0.1")}
#: The calls that are made for real. Who asks who receives changes nothing.
MADE = (*KINDS, "bind", "listen", "connect", "accept", "close", "setsockopt", "shutdown")
RESET = struct.pack("ii", 1, 0)


class Machine:
    """The sockets of a script, on this kernel. A call that is refused changes nothing."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sockets: dict[str, socket.socket] = {}

    def perform(self, call: Call) -> None:
        on = self.sockets.get(call.on or "")
        with contextlib.suppress(OSError):
            if call.verb in KINDS:
                self.sockets[call.makes or ""] = self._made(call)
            elif on is not None:
                self._on(on, call)

    def _made(self, call: Call) -> socket.socket:
        family = socket.AF_INET6 if family_of(call.verb) == 6 else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM if call.verb in STREAM_KINDS else socket.SOCK_DGRAM)
        made.settimeout(0.2)
        for option in call.args:
            if isinstance(option, Option) and option.name in OPTIONS:
                set_option(made, option.name, option.value)
        return made

    def _on(self, on: socket.socket, call: Call) -> None:
        if call.verb in ("bind", "connect"):
            (address,) = (arg for arg in call.args if isinstance(arg, Address))
            getattr(on, call.verb)((address.host, self.port + (address.port == "Q")))
        elif call.verb == "listen":
            on.listen()
        elif call.verb == "accept":
            self.sockets[call.makes or ""] = on.accept()[0]
        elif call.verb == "setsockopt" and call.args[0] in OPTIONS and isinstance(call.args[1], int):
            set_option(on, str(call.args[0]), call.args[1])
        elif call.verb == "shutdown":
            on.shutdown({"RD": 0, "WR": 1, "RDWR": 2}[str(call.args[0])])
        elif call.verb == "close":
            on.close()
            del self.sockets[call.on or ""]

    def names_of(self, inodes: Sequence[int]) -> list[str]:
        return [name for name, one in self.sockets.items() if one.fileno() >= 0 and os.fstat(one.fileno()).st_ino in inodes]

    def close(self, names: Sequence[str]) -> None:
        """Close these. A connection is reset, so that no TIME_WAIT follows it."""
        for name in names:
            one = self.sockets.pop(name)
            with contextlib.suppress(OSError):
                if one.type == socket.SOCK_STREAM:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            one.close()


def calls_of(chance: random.Random) -> list[Call]:
    """A random script, without what only asks."""
    text = rivals(chance, OPTIONS) if chance.random() < 0.6 else who_receives(chance)
    every = [parse_line(line)[0] for line in text.splitlines()]
    return [call._replace(actor=None) for call in every if call.verb in MADE]


def newcomer(chance: random.Random, calls: Sequence[Call], port: int) -> Newcomer:
    protocol = next(protocol_of(call.verb) for call in calls if call.verb in KINDS)
    family = chance.choice((4, 4, 6))
    options = [(name, 1) for name in OPTIONS[: 2 if family == 4 else 3] if chance.random() < 0.4]
    host = chance.choice(HOSTS[family])
    if host.startswith("::ffff:"):
        options = [one for one in options if one[0] != "IPV6_V6ONLY"]
    return Newcomer(protocol, host, port, tuple(options), os.geteuid())


def staged(calls: Sequence[Call], port: int) -> Machine:
    machine = Machine(port)
    for call in calls:
        machine.perform(call)
    return machine


def tried(asked: Newcomer) -> bool:
    return attempt(Wanted(asked.protocol, asked.host, asked.port, dict(asked.options))).granted


def remembered(calls: Sequence[Call], closed: Sequence[str], asked: Newcomer) -> bool:
    """Whether the model, with the whole history, lets the newcomer in by what the port remembers."""
    model = this_platform().make(asked.uid, {name: value for name, value in settings().items() if name in this_platform().make().knobs})
    closing = [Call("close", on=name) for name in closed]
    options = tuple(Option(name, value) for name, value in asked.options)
    kind = f"{asked.protocol}{asked.family}"
    coming = [Call(kind, options, makes="Z9"), Call("bind", (Address(asked.host, "P"),), on="Z9")]
    return _last(model, [*calls, *closing, *coming]) in MEMORY


def _last(model: Model, calls: Sequence[Call]) -> str:
    because = ""
    for call in calls:
        with contextlib.suppress(Untestable, Inconclusive, Broken, Unknown, KeyError, AssertionError):
            answer = model.perform(call)
            because = answer.because.id if answer.because and answer.name == "ok" else ""
    return because


def ports() -> Iterator[int]:
    yield from range(20000, 32000, 2)


def check(chance: random.Random, free: Iterator[int]) -> tuple[str, str]:
    """Play one world. Returns what it was, and what was wrong."""
    calls, port = calls_of(chance), next(free)
    asked = newcomer(chance, calls, port)
    machine = staged(calls, port)
    found = diagnose(asked)
    accused = [one.holder for one in found.accused]
    granted = tried(asked)
    names = machine.names_of([inode for one in accused for inode in one.inodes])
    machine.close(list(machine.sockets))
    said = f"{asked} after {'; '.join(map(str, calls))}: {[f'{one.row.state} {one.row.host}' for one in accused]}"
    if granted != (found.status == 0):
        return "wrong", f"why says {found.answer}, the kernel {'grants' if granted else 'refuses'} it: {said}"
    if granted:
        return "free", "" if not accused else f"somebody is accused though it is free: {said}"
    if not accused:
        return "wrong", f"it is refused, and nobody is accused: {said}"
    if not all(one.row.inode for one in accused):
        return "remnants", ""
    return _closed(calls, names, asked, free, said)


def _closed(calls: Sequence[Call], names: Sequence[str], asked: Newcomer, free: Iterator[int], said: str) -> tuple[str, str]:
    """Close all that are named but one, which must refuse; then that one too."""
    kinds = "refused"
    for kept in names:
        port = next(free)
        again, machine = replace(asked, port=port), staged(calls, port)
        closed = [name for name in names if name != kept]
        machine.close([name for name in closed if name in machine.sockets])
        if tried(again):
            if not remembered(calls, closed, asked):
                machine.close(list(machine.sockets))
                return "wrong", f"{kept} alone does not refuse it: {said}"
            kinds = "remembered"
        machine.close([kept] if kept in machine.sockets else [])
        let_in = tried(again)
        machine.close(list(machine.sockets))
        if not let_in:
            return "wrong", f"it is refused still once all are closed: {said}"
    return kinds, ""


def main(seed: int, count: int) -> int:
    enter("new")
    chance, free = random.Random(seed), ports()
    kinds: Counter[str] = Counter()
    wrong = []
    for _ in range(count):
        kind, why = check(chance, free)
        kinds[kind] += 1
        wrong += [why] if why else []
    print(json.dumps({"kinds": kinds, "wrong": wrong}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
