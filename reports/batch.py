"""Many scripts at once: one `{"id", "script"}` a line comes in, one JSON object a line goes out."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fixtures.language.notation import NotationError
from fixtures.specification.worlds import TooManyWorlds
from reports.inputs import STANDARD_INPUT, BadInput, read_lines
from reports.scripts import NO_ANSWER, WRONG_INPUT, Played, as_json, read_script, status

#: What is raised for a script that has no answer.
UNANSWERED = (NotationError, TooManyWorlds, *NO_ANSWER)
#: Bytes of input from which on several processes are worth their start, and the lines that each takes at a time.
WORTH_IT, AT_A_TIME = 200_000, 200


@dataclass(frozen=True)
class Clerk:
    """Answers one line after the other. ``answer`` gives the answers of a script on ``platform``; ``notes`` say what limits them."""

    platform: str
    answer: Callable[[list[Any]], list[Played]]
    notes: list[str]

    def line(self, numbered: tuple[int, bytes]) -> tuple[str, int]:
        """What goes out for a line that came in, and its exit status. What is wrong with the line is said in its place."""
        number, line = numbered
        request: dict[str, Any] = {}
        try:
            request = _object(line, number)
            played = self.answer(read_script(_script(request, number)))
        except (BadInput, *UNANSWERED) as error:
            return json.dumps({"id": request.get("id"), "platform": self.platform, "error": str(error)}), WRONG_INPUT
        return as_json(request.get("id"), self.platform, played, self.notes), status(played)


def answer_all(path: str, clerk: Clerk, *, alone: bool = False) -> int:
    """Answer each script of a file, in order, and return the worst exit status.

    A large file has a process for each core, unless the clerk has to work ``alone``.
    Raises BadInput if the file cannot be read.
    """
    worst = 0
    numbered = enumerate(read_lines(path), 1)
    for answer, found in map(clerk.line, numbered) if alone or not _is_large(path) else _shared(clerk, numbered):
        print(answer, flush=True)
        worst = max(worst, found)
    return worst


def _is_large(path: str) -> bool:
    return path != STANDARD_INPUT and os.path.isfile(path) and os.path.getsize(path) >= WORTH_IT


def _shared(clerk: Clerk, numbered: Iterator[tuple[int, bytes]]) -> Iterator[tuple[str, int]]:
    with multiprocessing.Pool(initializer=_begin) as pool:
        yield from pool.imap(clerk.line, numbered, AT_A_TIME)


def _begin() -> None:
    """Leave an interrupt to the process that prints, and let the garbage collector pass over all that was loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise BadInput(f'input line {number}: not a JSON object; write {{"id": ..., "script": ...}}')
    return request


def _script(request: dict[str, Any], number: int) -> str:
    script = request.get("script")
    if not isinstance(script, str):
        raise BadInput(
            f'input line {number}: "script" is {"not a string" if "script" in request else "missing"}; give it the calls, one a line'
        )
    return script
