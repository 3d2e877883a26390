"""What a terminal shows while something takes longer than two seconds: what it is, how far it has come, and for how long."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

#: Seconds until something is said of work that prints nothing.
SILENCE = 2


class Progress:
    """One line on standard error, if that is a terminal, which is wiped away in the end.

    ``far`` says how far the work has come (``3 of 18 platforms``). The line goes for good when ``ended`` is set.
    """

    def __init__(self, what: str, far: Callable[[], str] = str, ended: threading.Event | None = None) -> None:
        self._what, self._far = what, far
        self._ended = ended or threading.Event()
        self._shown = ""
        self._turn = threading.Lock()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Progress:
        if sys.stderr and sys.stderr.isatty():
            self._teller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        if self._teller.ident:
            self._teller.join()

    def print(self, text: str) -> None:
        """Print a result in the place of the line, which comes back below it."""
        with self._turn:
            self._show("")
            print(text, flush=True)

    def _tell(self) -> None:
        since = time.monotonic()
        while not self._ended.wait(1):
            seconds = time.monotonic() - since
            if seconds >= SILENCE:
                with self._turn:
                    self._show(": ".join(filter(None, (self._what, self._far(), f"{seconds:.0f} s"))))
        with self._turn:
            self._show("")

    def _show(self, line: str) -> None:
        """Write this line over the one before."""
        if line or self._shown:
            wipe = " " * max(0, len(self._shown) - len(line))
            sys.stderr.write(f"\r{line}{wipe}" if line else f"\r{wipe}\r")
            sys.stderr.flush()
        self._shown = line
