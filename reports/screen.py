"""What a verb prints, on its way to the terminal: harmless, fitted to it, with colour where there is some."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from typing import TextIO

from fixtures.record.plain import harmless

#: A word at the start of a line that tells at once how it went, and its colour. The word says the same.
COLOURS = {
    "31": ("!", "breaks", "risk", "surprise", "stale", "broken"),
    "33": ("disputed", "undetermined", "unknown", "inconclusive", "unrecorded"),
    "32": ("same", "better", "conforms", "holds"),
}
_COLOUR_OF = {word: colour for colour, words in COLOURS.items() for word in words}
_FIRST = re.compile(r"^(\s*)(!|[a-z]+|BREAKS|RISK)(?=[\s:*]|$)")
#: Seconds until something is said of a verb that prints nothing.
SILENCE = 2


class Screen(io.TextIOBase):
    """An output, line by line."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._line = ""
        self._columns = shutil.get_terminal_size().columns if output.isatty() else None
        self._coloured = coloured(output)
        #: Set when the first line is written.
        self.spoken = threading.Event()

    def write(self, text: str) -> int:
        """Write text, and say how long it was."""
        *lines, self._line = f"{self._line}{text}".split("\n")
        for line in lines:
            self._say(f"{line}\n")
        return len(text)

    def flush(self) -> None:
        """Write what is left of a line, and flush what is behind it."""
        if self._line:
            self._say(self._line)
            self._line = ""
        self._output.flush()

    def isatty(self) -> bool:
        """Whether a terminal is behind it."""
        return self._output.isatty()

    def _say(self, line: str) -> None:
        self.spoken.set()
        plain = harmless(line)
        fitted = fit(plain, self._columns) if self._columns else plain
        self._output.write(paint(fitted) if self._coloured else fitted)


def coloured(output: TextIO) -> bool:
    """Whether to use colour: NO_COLOR and FORCE_COLOR decide, else whether a terminal reads it (no-color.org, force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (output.isatty() and os.environ.get("TERM") != "dumb")


def fit(line: str, columns: int) -> str:
    """A line in as many as a terminal needs, the later ones indented."""
    if len(line.rstrip("\n")) <= columns:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    parts = textwrap.wrap(line, columns, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(parts) + "\n" * line.endswith("\n")


def paint(line: str) -> str:
    """A line whose first word has its colour."""
    found = _FIRST.match(line)
    colour = _COLOUR_OF.get(found[2].lower()) if found else None
    return f"{found[1]}\x1b[{colour}m{found[2]}\x1b[0m{line[found.end() :]}" if found and colour else line


@contextlib.contextmanager
def working(what: str, screen: Screen) -> Iterator[None]:
    """Say on a terminal, after two seconds of silence, that something is done and for how long."""
    ended = screen.spoken
    teller = threading.Thread(target=_tell, args=(what, ended), daemon=True)
    if sys.stderr and sys.stderr.isatty():
        teller.start()
    try:
        yield
    finally:
        ended.set()
        if teller.ident:
            teller.join()


def _tell(what: str, ended: threading.Event) -> None:
    since, told = time.monotonic(), ""
    while not ended.wait(1):
        seconds = time.monotonic() - since
        if seconds >= SILENCE:
            told = f"{what}: {seconds:.0f} s"
            sys.stderr.write(f"\r{told}")
            sys.stderr.flush()
    if told:
        sys.stderr.write(f"\r{' ' * len(told)}\r")
        sys.stderr.flush()
