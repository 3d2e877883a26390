"""Files that the user names, or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from fixtures.record.plain import one_line

STANDARD_INPUT = "-"


class BadInput(Exception):
    """Something that the user gave cannot be used. The message is one line and names the place and the remedy."""


def read_lines(path: str) -> Iterator[bytes]:
    """The lines of a file, or of standard input for ``-``.

    Raises BadInput if it cannot be read.
    """
    try:
        if path != STANDARD_INPUT:
            with open(path, "rb") as file:
                yield from file
        elif sys.stdin is None:
            raise BadInput("standard input is closed; name a file")
        else:
            yield from sys.stdin.buffer
    except OSError as error:
        raise BadInput(f"{named(path)}: cannot be read: {error.strerror or error}; name a file, or - for standard input") from None


def read_text(path: str) -> str:
    """The text of a file, or of standard input for ``-``.

    Raises BadInput if it cannot be read or is not UTF-8.
    """
    content = b"".join(read_lines(path))
    try:
        # Editors on Windows put a byte order mark in front.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{named(path)}: line {line}: not UTF-8 text; save it as UTF-8") from None


def tell(notes: Iterable[str]) -> None:
    """Print what limits the answers, apart from them."""
    for note in notes if sys.stderr else ():
        print(f"note: {one_line(note)}", file=sys.stderr)


def named(path: str) -> str:
    """The name of the input in a message."""
    return "standard input" if path == STANDARD_INPUT else path
