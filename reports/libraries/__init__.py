"""`addrinuse libraries [NAME]`: what servers and libraries set on their sockets, and whether a second start or a restart fails.

Exit status 0; 1 when what was seen contradicts what is recorded or predicted; 2 for usage.
"""

from __future__ import annotations

import argparse
import json

from fixtures.libraries import paths, policies
from reports.cells import columns
from reports.inputs import BadInput
from reports.libraries import at_paths
from reports.libraries.answers import Data, chapter, contradictions, everywhere
from reports.libraries.text import as_markdown, as_text

#: The platforms that are shown by default.
USUAL = ("linux", "macos", "freebsd", "windows")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="an id, or a word of a name: asyncio, twisted, http.server")
    parser.add_argument("--platform", action="append", default=[], metavar="NAME[@VERSION]", help="repeatable; all: every platform")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print the chapter, or one library.

    Raises BadInput.
    """
    found = policies.find(args.name) if args.name else list(policies.load())
    rows = paths.find(args.name) if args.name else list(paths.load())
    if not found and not rows:
        raise BadInput(f"{args.name}: no such library; addrinuse libraries lists all {len(policies.load())}")
    data = chapter(found, _platforms(args.platform)) | {"at_paths": at_paths.as_data(rows)}
    if args.format == "json":
        print(_as_json(data), end="")
    else:
        print({"text": as_text, "markdown": as_markdown}[args.format](data) if found else "", end="")
        more = {"text": at_paths.as_text, "markdown": at_paths.as_markdown}[args.format](rows) if rows else []
        print(*([""] * bool(found and more)), *more, sep="\n", end="\n" * bool(more))
    return 1 if contradictions(data) else 0


def page() -> str:
    """The page docs/libraries.md."""
    text = as_markdown(chapter(list(policies.load()), _platforms([])))
    return text + "\n" + "\n".join(at_paths.as_markdown(paths.load())) + "\n"


def _platforms(asked: list[str]) -> list[str]:
    names = [name for word in asked for name in word.split(",")] or list(USUAL)
    return [str(one) for one in (everywhere() if names == ["all"] else columns(names))]


def _as_json(data: Data) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
