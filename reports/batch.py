"""Many scripts at once: one `{"id", "script"}` a line comes in, one JSON object a line goes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fixtures.language.notation import NotationError
from fixtures.specification.worlds import TooManyWorlds
from reports.inputs import BadInput, read_lines
from reports.scripts import NO_ANSWER, WRONG_INPUT, Played, as_json, read_script, status

#: What is raised for a script that has no answer.
UNANSWERED = (NotationError, TooManyWorlds, *NO_ANSWER)


def answer_all(path: str, platform: str, answer: Callable[[list[Any]], list[Played]], notes: list[str]) -> int:
    """Answer each script of a file. Returns the worst exit status; what is wrong with a line is said in its place.

    Raises BadInput if the file cannot be read.
    """
    worst = 0
    for number, line in enumerate(read_lines(path), 1):
        request: dict[str, Any] = {}
        try:
            request = _object(line, number)
            played = answer(read_script(_script(request, number)))
        except (BadInput, *UNANSWERED) as error:
            print(json.dumps({"id": request.get("id"), "platform": platform, "error": str(error)}), flush=True)
            worst = WRONG_INPUT
        else:
            print(as_json(request.get("id"), platform, played, notes), flush=True)
            worst = max(worst, status(played))
    return worst


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
