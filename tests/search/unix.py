"""Random scripts of AF_UNIX on a kernel and on its model, with files and several processes; what they answer differently is reduced."""

from __future__ import annotations

import os
import random
import time

from fixtures.language.notation import Call, NotationError, parse
from fixtures.language.stack import Broken, Inconclusive, Stack, Untestable
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.models import this_platform
from reports.progress import Progress
from tests.helpers.unix_scripts import random_script


def answer_of(stack: Stack, call: Call) -> str:
    """What a stack answers; where nothing comes, ``waits``. A script may well call a socket that it never made."""
    try:
        return stack.perform(call).name
    except Inconclusive:
        return "waits"
    except (Untestable, Broken) as nonsense:
        return type(nonsense).__name__


def parting(bench: Bench, script: str) -> tuple[int, str]:
    """How many calls kernel and model answered alike, and the first that they did not: empty if there is none."""
    kernel, model, said = Kernel(bench), this_platform().make(os.geteuid(), bench.settings), list[str]()
    try:
        for call, _ in parse(script):
            seen, expected = answer_of(kernel, call), answer_of(model, call)
            # On the model a socket that was never made is one that was closed.
            if seen == "Untestable" or (seen, expected) == ("Broken", "EBADF"):
                break
            said.append(f"{call} = {seen}")
            if {seen, expected} - {"waits", "EAGAIN"} and seen != expected:
                return len(said), "\n".join([*said, f"the model says: {expected}"])
    finally:
        kernel.close()
    return len(said), ""


def reduced(bench: Bench, script: str) -> str:
    """What is left of a script that the two answer differently when every call that is not needed is left out."""
    lines, at = script.splitlines(), len(script.splitlines()) - 1
    while at >= 0:
        fewer = [*lines[:at], *lines[at + 1 :]]
        try:
            found = parting(bench, "\n".join(fewer))[1]
        except NotationError:  # a later line needs the socket
            found = ""
        lines = fewer if found else lines
        at = min(at, len(lines)) - 1
    return parting(bench, "\n".join(lines))[1]


def search_unix(bench: Bench, count: int, seed: int) -> int:
    """Play so many scripts, until one is found that the two sides answer differently. 0: none was, 1: one was, and is printed."""
    begin, calls, number = time.monotonic(), 0, 0
    with Progress("search", lambda: f"{number} of {count} scripts") as progress:
        for number in range(count):
            script = random_script(random.Random(seed + number))
            alike, found = parting(bench, script)
            calls += alike
            if found:
                progress.print(f"seed {seed + number}:\n{reduced(bench, script) or found}")
                return 1
    print(f"{count} scripts of AF_UNIX, {calls} calls, seeds {seed} to {seed + count - 1}; {time.monotonic() - begin:.0f} s")
    return 0
