"""Records of a run for tests, sound or damaged."""

from __future__ import annotations

from typing import Any


def record_of(identifier: str, verdict: str, *calls: str, **words: object) -> Any:
    """A record; ``words`` may put anything into it, so it need not be a `Record`."""
    about = {"id": identifier, "chapter": "udp", "question": "May it?", "why": "", "attempts": 1, "variants": []}
    return about | {"verdict": verdict, "held": verdict == "conforms", "trace": list(calls)} | words
