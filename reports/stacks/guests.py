"""Guests: machines that run the suite and then turn themselves off. Several run at once; one that hangs is ended and named."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
import zlib
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fixtures.record.runfile import RunError, read_run
from fixtures.record.verdicts import VERDICTS
from reports.cells import RUNS
from reports.progress import Progress
from reports.stacks import initramfs
from reports.stacks.common import CannotRun, cache_folder, guarded, keep

PRIVILEGES = ("root", "user")
#: A guest that prints nothing for this many seconds hangs: an experiment waits two minutes at most,
#: and each answer has a deadline.
SILENCE = 600.0
#: How many lines of its console are shown if a guest fails.
SHOWN = 60


@dataclass(frozen=True)
class Guest:
    """A machine to be started."""

    #: ``linux@6.12.94``.
    platform: str
    #: The command that starts it in its folder, which has ``initramfs`` and will have ``results``.
    #: Its output is the console.
    command: Callable[[Path], Sequence[str | Path]]
    #: What its initramfs has besides the suite.
    files: initramfs.Contents = field(default_factory=dict)
    #: Whether it writes its results into its folder itself; otherwise they come over the second serial port.
    shares_folder: bool = False

    @property
    def name(self) -> str:
        """``linux 6.12.94``."""
        return self.platform.replace("@", " ")


class Running:
    """A guest that was started, in a folder of its own."""

    def __init__(self, guest: Guest, folder: Path, process: subprocess.Popen[bytes], silence: float) -> None:
        self.guest, self.folder, self.process = guest, folder, process
        self._silence = silence

    @property
    def hangs(self) -> bool:
        """Whether it has printed nothing for too long."""
        return time.time() - (self.folder / "console").stat().st_mtime > self._silence

    def console(self) -> list[str]:
        """What it printed."""
        return (self.folder / "console").read_text(encoding="utf-8", errors="replace").splitlines()

    def results(self) -> dict[str, Any]:
        """The exit status and the seconds of each run that it sent home. The runs are then in its folder."""
        try:
            # Unpack first: tarfile alone does not notice a missing end.
            whole = gzip.decompress((self.folder / "results").read_bytes())
            with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
                for member in archive:
                    content = archive.extractfile(member)
                    (self.folder / member.name.replace("/", "-")).write_bytes(content.read() if content else b"")
            found: dict[str, Any] = json.loads((self.folder / "results.json").read_bytes())
        except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError):
            return {}
        return found


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments that every kind of guest has."""
    parser.add_argument("--keep", action="store_true", help="keep the runs in reports/runs/ too")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="put the runs there (default: in the cache)")
    parser.add_argument("--as", dest="privileges", choices=PRIVILEGES, action="append", help="only as this user (default: both)")
    parser.add_argument("--jobs", type=int, metavar="N", help="run N guests at a time (default: three for two cores)")
    silence = "end a guest that says nothing so long (default: %(default)g)"
    parser.add_argument("--silence", type=float, default=SILENCE, metavar="SECONDS", help=silence)
    parser.add_argument("-k", metavar="EXPRESSION", default="", help="only these experiments, as in pytest")
    parser.add_argument("--slow", action="store_true", help="also wait for the natural end of TIME_WAIT")


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for one run. Folders that killed runs left are removed; one that is in use is locked."""
    base = cache_folder("work")
    for left in base.iterdir():
        with contextlib.suppress(OSError), open(left / "lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=base) as name, open(Path(name, "lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def run_guests(guests: Sequence[Guest], args: Namespace, work: Path) -> int:
    """Run the suite in each guest; 1 if any did not end well.

    Raises CannotRun.
    """
    destination = _destination(args)
    with open(work / "initramfs", "wb") as file:
        initramfs.write(file, initramfs.contents())
    # Three guests for two cores, because an experiment also waits.
    cores = os.cpu_count() or 1
    jobs = args.jobs or cores + cores // 2
    pending, running, well = list(guests), dict[Running, contextlib.ExitStack](), True
    progress = Progress("guests", lambda: f"{len(guests) - len(pending) - len(running)} of {len(guests)} done")
    with contextlib.ExitStack() as everything:
        everything.enter_context(progress)
        while pending or running:
            while pending and len(running) < jobs:
                ending = everything.enter_context(contextlib.ExitStack())
                running[ending.enter_context(_started(pending.pop(0), args, work))] = ending
            time.sleep(0.1)
            for one in [one for one in running if one.hangs or one.process.poll() is not None]:
                hung = one.hangs and one.process.poll() is None
                running.pop(one).close()
                well = _brought_home(one, hung, destination, args.keep, progress.print) and well
    return 0 if well else 1


def _destination(args: Namespace) -> Path:
    if args.keep and args.k:
        raise CannotRun("--keep is for whole runs; leave out -k")
    if args.record and not args.record.is_dir():
        raise CannotRun(f"--record {args.record}: no such folder; make it first")
    return args.record or cache_folder("runs")


@contextlib.contextmanager
def _started(guest: Guest, args: Namespace, work: Path) -> Iterator[Running]:
    folder = work / guest.name.replace(" ", "-")
    folder.mkdir()
    job = {
        "platform": guest.platform,
        "privileges": args.privileges or PRIVILEGES,
        "arguments": [*(["--slow"] if args.slow else []), *(["-k", args.k] if args.k else [])],
        "shared": str(folder) if guest.shares_folder else "",
        "results": "results",
    }
    shutil.copyfile(work / "initramfs", folder / "initramfs")
    with open(folder / "initramfs", "ab") as file:
        initramfs.write(file, {f"{initramfs.HOME}/job.json": json.dumps(job).encode(), **guest.files})
    with (
        open(folder / "console", "wb") as console,
        guarded(guest.command(folder), stdout=console, stderr=subprocess.STDOUT, cwd=folder) as process,
    ):
        yield Running(guest, folder, process, args.silence)


def _brought_home(one: Running, hung: bool, destination: Path, kept: bool, tell: Callable[[str], None]) -> bool:
    """Put the runs where they belong, tell how it went, and say whether it went well."""
    what = one.guest.name
    results = one.results()
    problems = ["hung and was ended"] if hung else [] if results else ["ended without a result"]
    for privilege, result in results.items():
        run = one.folder / f"{privilege}-run.jsonl"
        if result["status"]:
            problems.append(f"as {privilege} ended pytest with status {result['status']}")
        try:
            tell(f"{what} as {privilege}: {_counts(run)} ({result['seconds']:.0f} s)")
            for folder in (destination, RUNS) if kept else (destination,):
                keep(run, folder)
        except RunError as error:
            problems.append(f"as {privilege} brought no whole run home: {error}")
    if problems:
        tell("\n".join([f"{what} {'; '.join(problems)}. Its console:", *told(one.console())]))
    return not problems


def _counts(run: Path) -> str:
    verdicts = Counter(record["verdict"] for record in read_run(run).traces)
    return ", ".join(f"{verdicts[word]} {word}" for word in VERDICTS if verdicts[word])


def told(console: Sequence[str]) -> list[str]:
    """The part of a console that explains a failure: the stories of the failures if there are any, else its end."""
    begins = [at for at, line in enumerate(console) if line.strip("= ") in ("surprise", "stale", "broken") and line.startswith("==")]
    if not begins:
        return list(console[-SHOWN:])
    ends = sorted([*begins, *(at for at, line in enumerate(console) if line.startswith("==") and "addrinuse:" in line)])
    return [line for begin in begins for line in console[begin : next((end for end in ends if end > begin), None)]]
