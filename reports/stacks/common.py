"""What the stacks share: a cache folder, programs that may be missing, processes that leave nothing behind, and kept runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fixtures.record.output import write_whole
from fixtures.record.packing import pack
from fixtures.record.runfile import read_run
from reports.cells import RUNS
from reports.recorded import file_name

GUARD = Path(__file__).with_name("guard.py")


class CannotRun(Exception):
    """A stack cannot run here. The message, one line, names the place and the remedy."""


def cache_folder(*parts: str) -> Path:
    """A folder in the user's cache, which outlives a run. It is made if it is missing."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base, "addrinuse", *parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"{folder}: cannot be made: {error.strerror}; set XDG_CACHE_HOME to a folder that can be written") from None
    return folder


def need(programs: Mapping[str, str]) -> dict[str, str]:
    """The path of each program. The mapping names Debian's package for each.

    Raises CannotRun, which says in one line what to install.
    """
    found = {name: shutil.which(name) for name in programs}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        packages = " ".join(dict.fromkeys(programs[name] for name in missing))
        raise CannotRun(f"{', '.join(missing)}: not on this machine; install it first (Debian: apt install {packages})")
    return {name: path for name, path in found.items() if path}


@contextlib.contextmanager
def guarded(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a command. All of its processes, daemons too, end with this block, or with this program, however that ends.

    The options are those of Popen, except ``stdin``. The block gets the guard's process, whose exit
    status is the command's.
    """
    line = [sys.executable, "-E", "-S", str(GUARD), *map(str, command)]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, start_new_session=True, **options)
    try:
        yield process
    finally:
        assert process.stdin
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.wait()


def keep(run: Path, folder: Path = RUNS) -> Path:
    """Put a recorded run into the repository's folder, under its name there, always packed in the same way.

    Raises RunError for a file that is not a whole run.
    """
    kept = folder / file_name(read_run(run))
    folder.mkdir(exist_ok=True)
    write_whole(kept, pack(run.read_bytes()))
    return kept
