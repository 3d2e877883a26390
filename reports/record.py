"""`python -m reports record [-o FILE] -- COMMAND...`: run a server, and write its socket calls in the notation.

It runs under strace; a Python program also without it, in a Python that tells its calls. Stop the server as usual (Ctrl-C, or after
--seconds). Exit status 0; 2 when nothing could be recorded.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from fixtures import VERSION
from fixtures.platforms import platform_name
from reports.calls import Recording, strace
from reports.calls.assemble import Assembler
from reports.calls.syscalls import TRACED
from reports.inputs import BadInput

HOOK = Path(__file__).with_name("calls") / "hook"
_STANDARD_ERROR = 2
#: How long a server may take to end, in seconds, once it was asked to.
GRACE = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-o", dest="output", metavar="FILE", help="where to write the notation (default: standard output)")
    parser.add_argument("--how", choices=("auto", "strace", "python"), default="auto", help="auto: strace where it is there")
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="stop the server after so many seconds")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the server and its arguments, after --")


def run(args: argparse.Namespace) -> int:
    """Record.

    Raises BadInput.
    """
    how = _how(args.how, args.command)
    with tempfile.TemporaryDirectory(prefix="addrinuse-") as folder:
        log = Path(folder) / "calls.log"
        status = _run(args.command, how, log, args.seconds)
        text = log.read_text("utf-8", "replace") if log.exists() else ""
    recording = Assembler().take(strace.read(text.split("\n")))
    if not recording.servers:
        raise BadInput(f"{args.command[0]}: no TCP or UDP socket was bound ({how}, exit status {status}); {_hint(how)}")
    _write(args.output, _script(recording, args.command, how))
    return 0


def _how(asked: str, command: Sequence[str]) -> str:
    """Under strace, or in a Python that tells its calls."""
    if asked == "strace" or (asked == "auto" and shutil.which("strace")):
        if not shutil.which("strace"):
            raise BadInput("--how strace: strace was not found; install it")
        return "strace"
    if asked == "python" or _is_python(command):
        return "python"
    raise BadInput("strace was not found; install it, or record a Python program: -- python server.py")


def _is_python(command: Sequence[str]) -> bool:
    return Path(command[0]).name.lower().startswith("python") or command[0].endswith(".py")


def _hint(how: str) -> str:
    if how == "strace":
        return "is strace allowed to trace here, and did the server start?"
    return "C extensions that make the calls themselves are not seen: use strace for them"


def _run(command: Sequence[str], how: str, log: Path, seconds: float | None) -> int:
    environment, words = dict(os.environ), list(command)
    if how == "strace":
        words = ["strace", "-f", "-qq", "-e", TRACED, "-e", "signal=none", "-o", str(log), "--", *command]
    else:
        paths = [str(HOOK), *filter(None, [environment.get("PYTHONPATH")])]
        environment |= {"PYTHONPATH": os.pathsep.join(paths), "ADDRINUSE_RECORD": str(log)}
    try:
        server = subprocess.Popen(words, env=environment, stdout=_STANDARD_ERROR)
    except OSError as error:
        raise BadInput(f"{command[0]}: cannot be run: {error.strerror or error}") from None
    with _passing_on(server, how):
        return _wait(server, how, seconds)


def _wait(server: subprocess.Popen[bytes], how: str, seconds: float | None) -> int:
    """Wait for the end; a server that has to be asked gets a while for it."""
    while True:
        try:
            return server.wait(seconds)
        except subprocess.TimeoutExpired:
            _end(server, how, signal.SIGTERM)
        except KeyboardInterrupt:
            seconds = GRACE  # it was interrupted, too: the terminal told everybody
            continue
        try:
            return server.wait(GRACE)
        except subprocess.TimeoutExpired:
            _end(server, how, getattr(signal, "SIGKILL", signal.SIGTERM))
            return server.wait()


@contextlib.contextmanager
def _passing_on(server: subprocess.Popen[bytes], how: str) -> Iterator[None]:
    """Whoever ends the recorder, ends the server."""

    def end(number: int, frame: FrameType | None) -> None:
        _end(server, how, signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if server.poll() is None:
            _end(server, how, getattr(signal, "SIGKILL", signal.SIGTERM))
            server.wait()


def _end(server: subprocess.Popen[bytes], how: str, number: int) -> None:
    """Signal the server: under strace, which blocks signals, its child."""
    children = _children(server.pid) if how == "strace" else []
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    if not children:
        server.send_signal(number)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _script(recording: Recording, command: Sequence[str], how: str) -> str:
    head = f"# {Path(command[0]).name}, recorded by addrinuse {VERSION} with {how} on {platform_name()}"
    notes = dict.fromkeys(note for one in recording.servers for note in one.notes)
    return "\n".join([head, *(f"# {note}" for note in notes), recording.notation()]) + "\n"


def _write(path: str | None, text: str) -> None:
    if path is None:
        print(text, end="")
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"-o {path}: cannot be written: {error.strerror or error}") from None


def _seconds(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = 0.0
    if not 0 < number < 10**6:
        raise argparse.ArgumentTypeError(f"{word!r} is no time: give a number of seconds")
    return number
