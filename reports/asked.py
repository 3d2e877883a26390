"""What the playground of the site asks: a script on several platforms, answered as ``predict`` does. It also runs in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from fixtures.language.notation import NotationError
from fixtures.models import Platform, UnknownPlatform, platform
from reports.batch import UNANSWERED
from reports.calls import as_script
from reports.inputs import BadInput
from reports.predict import Predictor
from reports.scripts import Played, Step, read_script

Data = dict[str, Any]

#: How a message names the line that it is about.
_LINE = re.compile(r"^(?:script: )?line (\d+): ")
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
