"""What refuses a bind of AF_UNIX at a path: a server that is alive, or only the file that one has left."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from fixtures.language.notation import parse
from fixtures.machine.errnames import error_name
from fixtures.machine.holding import Owner
from fixtures.machine.holding.owners import owners
from fixtures.machine.holding.unix_diag import KINDS, Bound, at_file
from fixtures.models import this_platform

_SECOND = "A = unix()\nA.bind(/F)\nA.close()\nB = unix()\nB.bind(/F)"
STALE, ALIVE, ELSEWHERE, UNKNOWN = "stale", "alive", "elsewhere", "unknown"
_SAID = {
    STALE: "nobody has the socket that was bound there: the file is stale. To remove it lets a newcomer in.",
    ALIVE: "the socket is alive. To remove the file takes the path from it without its notice.",
    ELSEWHERE: "a connect was granted: somebody has it in another network namespace, such as a container, which cannot be seen from here.",
    UNKNOWN: "whether anybody has the socket cannot be seen, and a connect was {0}.",
}
_RECIPE = "docs/unix.md has a recipe for servers that remove a stale file and nothing else"


@dataclass
class Found:
    """What is known of a socket file."""

    path: str
    uid: int
    mode: str
    state: str
    #: What a connect was answered; empty if it was not tried, because the kernel told who has the socket.
    connect: str = ""
    holders: list[tuple[Bound, list[Owner]]] = field(default_factory=list)
    hidden: int = 0


def is_socket(path: str) -> bool:
    """Whether a socket file stands there itself, not at the end of a link."""
    try:
        return stat.S_ISSOCK(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def ask(path: str) -> Found:
    """Who has the socket file. Only if the kernel names nobody, a connect asks."""
    status = os.lstat(path)
    found = Found(path, status.st_uid, f"{stat.S_IMODE(status.st_mode):04o}", ALIVE)
    bound = _told(status)
    if bound:
        having = owners([one.inode for one in bound])
        found.holders, found.hidden = [(one, having.by_inode.get(one.inode, [])) for one in bound], having.hidden
        return found
    found.connect = _connect(path)
    refused = {"ECONNREFUSED": STALE if bound is not None else UNKNOWN, "ok": ELSEWHERE}
    found.state = refused.get(found.connect, UNKNOWN)
    return found


def _told(status: os.stat_result) -> list[Bound] | None:
    """What the kernel tells; None if it does not."""
    try:
        return at_file(status) if sys.platform.startswith("linux") else None
    except OSError:
        return None


def _connect(path: str) -> str:
    """What a connect is answered by a socket of whatever type is there."""
    answers = [_connected(path, kind) for kind in KINDS]
    return next((answer for answer in answers if answer == "ok"), next((one for one in answers if one != "EPROTOTYPE"), "EPROTOTYPE"))


def _connected(path: str, kind: int) -> str:
    try:
        with socket.socket(socket.AF_UNIX, kind) as asked:
            asked.setblocking(False)
            asked.connect(path)
    except OSError as error:
        # Whoever's queue is full is there.
        return "ok" if error.errno == errno.EAGAIN else error_name(error.errno or 0)[0]
    return "ok"


def as_text(found: Found) -> str:
    """What was found, for a person."""
    refusal = _refusal()
    lines = [f"AF_UNIX {found.path}, {this_platform()}: refused, bind: {refusal[0]}", *_wrapped(refusal[1], "  ")]
    lines += [f"  a socket file of user {found.uid}, mode {found.mode}", "", *_wrapped(_SAID[found.state].format(found.connect), "")]
    for bound, having in found.holders:
        lines += [f"! {bound.kind} {'LISTEN' if bound.listens else 'bound'}, bound as {bound.name}"]
        lines += [f"      {_spoken(one)}" for one in having]
        lines += ["      of a process that does not show its descriptors to you"] * (not having)
    return "\n".join([*lines, "", _RECIPE])


def _spoken(owner: Owner) -> str:
    descriptors = ", ".join(map(str, owner.descriptors))
    return f"{owner.program}, pid {owner.pid}, user {owner.uid}, descriptor {descriptors}"


def _refusal() -> tuple[str, str]:
    """What the model of this platform says to the bind, and by which clause."""
    model = this_platform().make()
    answers = [model.perform(call) for call, _ in parse(_SECOND)]
    because = answers[-1].because
    return str(answers[-1]), f"{because.id}: {because.statement}" if because else ""


def _wrapped(text: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(text, 100, initial_indent=indent, subsequent_indent=indent)


def as_json(found: Found) -> dict[str, Any]:
    """The same for programs."""
    holders = [{**asdict(bound), "processes": [asdict(one) for one in having]} for bound, having in found.holders]
    return {**{name: value for name, value in asdict(found).items() if name != "holders"}, "holders": holders}
