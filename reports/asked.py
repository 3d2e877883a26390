"""What the playground of the site asks: a script on several platforms, answered as ``predict`` does. It also runs in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from fixtures.language.notation import NotationError
from fixtures.models import Platform, UnknownPlatform, platform
from reports.batch import UNANSWERED
from reports.calls import parse_calls
from reports.inputs import BadInput
from reports.predict import Predictor
from reports.scripts import Played, Step, read_script

Data = dict[str, Any]

#: How a message names the line that it is about.
_LINE = re.compile(r"^(?:script: )?line (\d+): ")
#: A line of a script begins with a socket, a question or a comment; anything else may be a tracer's log.
_NOTATION = re.compile(r"\s*(#|[A-Z]\w* = |[A-Z]\w*\.|connections\(|elapse\(|$)")
#: More than anybody reads; the models could play more.
MOST_LINES = 200


def answered(request: str) -> str:
    """The answers to a request, ``{"script": ..., "platforms": [...]}``, both in JSON. What is wrong is part of the answer."""
    asked = json.loads(request)
    return json.dumps(answers(asked["script"], asked["platforms"]))


def answers(text: str, names: Sequence[str]) -> Data:
    """What each platform answers to each call.

    ``error`` has what is wrong with the script and its line, ``errors`` why a platform has no answer.
    """
    try:
        platforms = [platform(name) for name in names]
        script = as_script(text)
        steps = read_script(script)
        if len(steps) > MOST_LINES:
            raise NotationError(f"line {steps[MOST_LINES].line}: more than {MOST_LINES} calls; use addrinuse predict")
    except (NotationError, UnknownPlatform, BadInput) as error:
        return {"error": {"line": _line_of(str(error)), "message": _LINE.sub("", str(error))}}
    found, errors = _each(platforms, steps)
    calls = [
        {"line": step.line, "call": str(step.call), "parts": len({tuple(one[at]["answer"]) for one in found.values()}) > 1}
        for at, step in enumerate(steps)
    ]
    return {"script": script, "calls": calls, "answers": found, "errors": errors}


def as_script(text: str) -> str:
    """The text, or what a log of strace, truss or kdump is in the notation.

    Raises BadInput for a log without socket calls.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or any(map(_NOTATION.match, lines[:20])):
        return text
    notation = parse_calls(text.encode(), "script").notation()
    if not notation.strip():
        raise BadInput("no TCP or UDP socket is bound in this log; record the server from its start, with -f")
    return notation


def _each(platforms: Sequence[Platform], steps: Sequence[Step]) -> tuple[dict[str, list[Data]], dict[str, str]]:
    found: dict[str, list[Data]] = {}
    errors: dict[str, str] = {}
    for one in platforms:
        try:
            found[str(one)] = [_told(played) for played in Predictor(one).predict(steps)]
        except UNANSWERED as error:
            errors[str(one)] = str(error)
    return found, errors


def _told(played: Played) -> Data:
    because = played.because
    return {
        "answer": list(played.names),
        "by": because.id if because else "",
        "why": because.statement if because else "",
        "basis": played.basis,
        "source": played.source or "",
        "expected": played.step.expected.name if played.contradicts and played.step.expected else "",
    }


def _line_of(message: str) -> int:
    found = _LINE.match(message)
    return int(found[1]) if found else 0
