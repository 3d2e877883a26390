"""`addrinuse record [-o FILE] -- COMMAND...`: run a server, and write its socket calls in the notation.

It runs under strace. Without strace it can record a Python program, in a Python that reports its
calls. Stop the server as usual (Ctrl-C, or after --seconds). However the recorder ends, on Linux
nothing of the server is left. A server under socket activation gets the sockets that the recorder
was given (sd_listen_fds(3)). Exit status 0, or 2 if nothing could be recorded.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from fixtures import VERSION
from fixtures.language.words import EADDRINUSE, Address
from fixtures.machine.holding import NotTold, holders
from fixtures.machine.identity import platform_name
from reports.calls import Recording, strace, why_no_server
from reports.calls.assemble import Assembler
from reports.calls.inherited import FIRST_PASSED, ask
from reports.calls.sockets import Act
from reports.calls.syscalls import TRACED_FILES
from reports.inputs import BadInput

GUARD = Path(__file__).with_name("stacks") / "guard.py"
HOOK = Path(__file__).with_name("calls") / "hook"
_STANDARD_ERROR = 2
#: How many seconds a server may take to end once it was interrupted, and once it was asked to end.
PATIENCE, GRACE = 5, 10
#: Gives a program the process id that it must have to take sockets from its parent.
_AS_ACTIVATED = ("sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-o", dest="output", metavar="FILE", help="where to write the notation (default: standard output)")
    parser.add_argument("--how", choices=("auto", "strace", "python"), default="auto", help="auto: strace if it is there")
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="stop the server after N seconds")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the server and its arguments, after --")


def run(args: argparse.Namespace) -> int:
    """Record.

    Raises BadInput.
    """
    how, passed = way_to_record(args.how, args.command), listen_fds(os.environ)
    with _log() as log:
        status = _run(args.command, how, log, args.seconds, passed)
        recording = _read(log, passed)
    if not recording.servers:
        raise BadInput(f"{args.command[0]}: {_why_nothing(recording, how, status)}")
    _write(args.output, _script(recording, args.command, how))
    return 0


def listen_fds(environment: Mapping[str, str]) -> int:
    """How many sockets the recorder was given by whoever started it, from descriptor 3 on (sd_listen_fds(3))."""
    number = environment.get("LISTEN_FDS", "")
    mine = environment.get("LISTEN_PID") == str(os.getpid())
    return int(number) if mine and number.isdecimal() and len(number) < 5 else 0


def _read(log: Path, passed: int) -> Recording:
    """What was recorded. Sockets that were passed on are asked what they are."""
    given = {descriptor: found for descriptor in range(FIRST_PASSED, FIRST_PASSED + passed) if (found := ask(descriptor))}
    if not log.exists():
        return Recording()
    with log.open(encoding="utf-8", errors="replace") as lines:
        return Assembler(given).take(strace.read(line.rstrip("\n") for line in lines))


def _why_nothing(recording: Recording, how: str, status: int) -> str:
    refused = [(one.kind, act) for one in recording.sockets for act in one.refusals if act.verb in ("bind", "listen")]
    if refused:
        return why_no_server(recording).partition(": ")[2] + _held_by(*refused[0])
    return f"no socket was bound ({how}, exit status {status}); {_hint(how)}"


def _held_by(kind: str, act: Act) -> str:
    """Which processes hold the port that was refused, as far as this machine tells."""
    port = next((arg.port for arg in act.args if isinstance(arg, Address)), "")
    if act.answer != EADDRINUSE or not port.isdecimal():
        return ""
    try:
        found = holders(kind[:3], int(port)).holders
    except NotTold:
        return ""
    who = dict.fromkeys(f"{owner.program} (pid {owner.pid})" for holder in found for owner in holder.owners)
    return f"; held by {', '.join(who)}" if who else ""


@contextlib.contextmanager
def _log() -> Iterator[Path]:
    """Where the calls are written: if possible a file without a name, which never stays behind."""
    if can_guard():
        with tempfile.TemporaryFile() as file:
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    else:
        with tempfile.TemporaryDirectory(prefix="addrinuse-") as folder:
            yield Path(folder) / "calls.log"


def way_to_record(asked: str, command: Sequence[str]) -> str:
    """``strace``, or ``python`` for a Python that reports its calls."""
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


def _run(command: Sequence[str], how: str, log: Path, seconds: float | None, passed: int) -> int:
    environment, words = dict(os.environ), [*(_AS_ACTIVATED if passed else ()), *command]
    if how == "strace":
        words = ["strace", "-f", "-q", "-e", TRACED_FILES, "-e", "signal=none", "-o", str(log), "--", *words]
    else:
        paths = [str(HOOK), *filter(None, [environment.get("PYTHONPATH")])]
        environment |= {"PYTHONPATH": os.pathsep.join(paths), "ADDRINUSE_RECORD": str(log)}
    if not shutil.which(command[0]):
        reason = errno.EACCES if Path(command[0]).exists() else errno.ENOENT
        raise BadInput(f"{command[0]}: cannot be run: {os.strerror(reason)}")
    with _guarded(words, environment, passed) as server, _passing_on(server):
        return _wait(server, how, seconds)


@contextlib.contextmanager
def _guarded(words: Sequence[str], environment: Mapping[str, str], passed: int) -> Iterator[subprocess.Popen[bytes]]:
    """The server, if possible under a guard that ends all of it when this process ends, even by SIGKILL."""
    given = range(FIRST_PASSED, FIRST_PASSED + passed)
    if not can_guard():
        yield subprocess.Popen(words, env=environment, stdout=_STANDARD_ERROR, pass_fds=given)
        return
    stdin = os.dup(0)
    line = [sys.executable, "-I", "-S", str(GUARD), "--stdin", str(stdin), "--pass", str(passed), *words]
    try:
        guard = subprocess.Popen(line, env=environment, stdin=subprocess.PIPE, stdout=_STANDARD_ERROR, pass_fds=[stdin, *given])
    finally:
        os.close(stdin)
    with guard:
        yield guard


def can_guard() -> bool:
    """Whether there are subreapers, /proc and pidfds: on Linux since 5.3."""
    try:
        os.fstat(0)
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class _Ended(KeyboardInterrupt):
    """Something other than the terminal asked the recorder to end."""


def _wait(server: subprocess.Popen[bytes], how: str, seconds: float | None) -> int:
    """Wait for the server to end. It is interrupted by the terminal, then asked (SIGTERM), then killed, and gets a while after each."""
    patience, asked = seconds, False
    while True:
        try:
            return server.wait(patience)
        except subprocess.TimeoutExpired:
            if asked:
                _kill(server)
                return server.wait()
            _ask(_processes(server, how))
            patience, asked = GRACE, True
        except _Ended:
            _ask(_processes(server, how))
            patience, asked = GRACE, True
        except KeyboardInterrupt:
            _ask(_orphans(server))  # the terminal has told the others, too
            patience, asked = GRACE if asked else PATIENCE, asked


@contextlib.contextmanager
def _passing_on(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass the end of the recorder on to the server."""

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Ended

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if server.poll() is None:
            _kill(server)
            server.wait()


def _kill(server: subprocess.Popen[bytes]) -> None:
    if server.stdin:  # a guard's lifeline
        server.stdin.close()
    else:
        server.kill()


def _ask(pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _processes(server: subprocess.Popen[bytes], how: str) -> list[int]:
    """The server's first process and its orphans.

    Under strace the first process is strace's child, and strace blocks signals.
    """
    if not server.stdin:
        return _children(server.pid) if how == "strace" else [server.pid]
    first = _children(server.pid)[:1]
    return [*(child for pid in first for child in _children(pid)), *_orphans(server)] if how == "strace" else _children(server.pid)


def _orphans(server: subprocess.Popen[bytes]) -> list[int]:
    """The server's processes whose parents are gone. They are children of its guard."""
    return _children(server.pid)[1:] if server.stdin else []


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _script(recording: Recording, command: Sequence[str], how: str) -> str:
    head = f"# {Path(command[0]).name}, recorded by addrinuse {VERSION} with {how} on {platform_name()}"
    notes = dict.fromkeys(note for one in recording.servers for note in one.notes)
    script = recording.notation()
    return "\n".join([head, *(f"# {note}" for note in (*notes, *recording.spelling.told())), script]) + "\n"


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
