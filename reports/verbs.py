"""The verbs of the command, in the groups in which people look for them, each with an example."""

from __future__ import annotations

import argparse
import importlib
from typing import Protocol, cast

#: What a person wants; the verbs for that; an example of each.
GROUPS: dict[str, dict[str, str]] = {
    "ask": {
        "why": "addrinuse why 127.0.0.1:8080 --with SO_REUSEADDR",
        "explain": "addrinuse explain tcp/duplicate/both-reuseaddr/unlistened",
        "predict": "addrinuse predict --platform freebsd server.txt",
        "try": "addrinuse try server.txt",
        "diff": "addrinuse diff linux windows",
        "matrix": "addrinuse matrix --platforms linux,windows --chapter dual_stack",
        "libraries": "addrinuse libraries asyncio --platform linux,windows",
    },
    "port a server": {
        "record": "addrinuse record -o calls.txt -- python server.py",
        "port": "addrinuse port --from linux --to windows calls.txt",
        "as": "addrinuse as windows -- pytest tests/test_server.py",
    },
    "run the suite": {
        "run": "addrinuse run --record my.jsonl",
        "compare": "addrinuse compare before.jsonl after.jsonl",
        "trend": "addrinuse trend linux",
        "merge": "addrinuse merge one.jsonl other.jsonl",
        "add": "addrinuse add theirs.jsonl",
    },
    "look up": {
        "disputed": "addrinuse disputed",
        "incidents": "addrinuse incidents",
        "show": "addrinuse show my.jsonl",
    },
    "keep": {
        "render": "python -m addrinuse render",
        "site": "addrinuse site -o public",
        "ids": "addrinuse ids",
        "probe": "addrinuse probe --write probe.py",
    },
}
EXAMPLES = {verb: example for verbs in GROUPS.values() for verb, example in verbs.items()}
#: The modules that cannot have the name of their verb.
_MODULES = {"as": "as_", "try": "try_", "probe": "probing", "run": "conformance"}


class Verb(Protocol):
    """What the module of a verb has. The first line of its docstring is its help."""

    __doc__: str | None

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare its arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit status."""


def module_of(verb: str) -> Verb:
    """The module of a verb. It is imported only if it is asked for, so that what it needs is needed by it alone."""
    return cast(Verb, importlib.import_module(f"reports.{_MODULES.get(verb, verb)}"))


def summary_of(verb: str) -> str:
    """What a verb does, in a line."""
    return plain(module_of(verb).__doc__).splitlines()[0].partition(": ")[2].rstrip(".")


def plain(text: str | None) -> str:
    """A docstring without marks for code."""
    return (text or "").replace("`", "")
