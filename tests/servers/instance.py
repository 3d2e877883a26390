"""One instance of a server: started under strace, watched, stopped, and killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fixtures import PATIENCE
from reports.calls.syscalls import TRACED
from tests.servers.place import MEMORY
from tests.servers.server import PROGRAMS, ROOT, Server, filled
from tests.servers.watching import Held, alive, held, inodes, stopped

#: How long a server may take to start, in seconds. MariaDB and Java take a few.
STARTS_WITHIN = 20.0 * PATIENCE
#: How long one that was refused may take to end. gunicorn tries for five seconds.
ENDS_WITHIN = 10.0 * PATIENCE
#: The calls that the report is about, in strace's words.
REFUSED = ("bind(", "listen(")


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _buried(pids: Sequence[int]) -> bool:
    """Reap the orphans that have ended, and say whether all these are gone.

    A server that reads its old pid file takes a zombie for its living predecessor, and one with threads is a zombie for a while
    before it can be reaped.
    """
    with contextlib.suppress(ChildProcessError):
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
            pass
    return not any(Path("/proc", str(pid)).exists() for pid in pids)


class Instance:
    """A server's processes, and the log of their calls."""

    def __init__(self, server: Server, state: str, log: Path, how: Sequence[str] | None = None) -> None:
        self.server, self.log = server, log
        self.folder = MEMORY / state
        #: The sockets of others, before it started.
        self.others = {one.inode for one in held()}
        self._prepare()
        # Under `addrinuse as` a call goes to its supervisor before strace's own filter is heard.
        filtered = [] if "ADDRINUSE_AS" in os.environ else ["--seccomp-bpf"]
        trace = ["strace", "-f", "-qq", *filtered, "-e", TRACED, "-e", "signal=none", "-o", str(log), "--"]
        with open(log.with_suffix(".out"), "wb") as output:
            self.process = subprocess.Popen(
                [*(trace if how is None else how), *server.words(self._values)],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def _values(self) -> dict[str, str]:
        return {"state": str(self.folder), "python": sys.executable, "programs": str(PROGRAMS)}

    @property
    def _environment(self) -> dict[str, str]:
        modules = Path(sys.prefix, ROOT, "npm", "node_modules")
        path = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", str(Path(sys.prefix, "bin")), str(modules / ".bin")]
        return {
            "PATH": os.pathsep.join(path),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "NODE_PATH": str(modules),
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def _prepare(self) -> None:
        """Lay its folder out, unless this is a restart."""
        if self.folder.exists():
            return
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o777)
        for file in self.server.files:
            (self.folder / file.name).write_text(filled(file.read_text("utf-8"), self._values), encoding="utf-8")
        if self.server.before:
            words = filled(self.server.before, self._values)
            subprocess.run(words, shell=True, check=True, cwd=self.folder, env=self._environment, stdout=subprocess.DEVNULL)

    @property
    def pids(self) -> list[int]:
        """Its processes, from the first on. Daemons whose parents are gone are ours: they belong to whoever started last."""
        parents = alive()
        mine = [self.process.pid] if self.process.pid in parents else []
        for pid in mine:
            mine += [child for child, parent in parents.items() if parent == pid]
        return mine

    @property
    def sockets(self) -> list[Held]:
        """What it holds and others can reach."""
        mine = inodes(self.pids)
        return [one for one in held() if one.inode in mine and one.serves]

    @property
    def ready(self) -> bool:
        """Whether it holds all its ports, one that is named twice by two sockets."""
        return Counter(self.server.ports) <= Counter(one.place for one in self.sockets)

    @property
    def ended(self) -> bool:
        """Whether its first process has ended."""
        return self.process.poll() is not None

    @property
    def refused(self) -> bool:
        """Whether a bind or listen was refused, as far as strace has written."""
        with contextlib.suppress(OSError):
            return any(call in line and "= -1 E" in line for line in self.log.open(errors="replace") for call in REFUSED)
        return False

    def wait(self) -> None:
        """Wait until it is ready. Raises RuntimeError with the end of its output."""
        if not eventually(lambda: self.ready or self.ended, STARTS_WITHIN) or not self.ready:
            said = self.log.with_suffix(".out").read_text("utf-8", "replace")[-1500:]
            places = sorted({one.place for one in self.sockets})
            raise RuntimeError(f"{self.server.name} does not start; it holds {places}; it says:\n{said}")

    def settle(self, refused_before: bool) -> None:
        """Wait until it is ready, or was refused and had the time to end."""
        eventually(lambda: self.ready or self.ended or (self.refused and not refused_before), STARTS_WITHIN)
        if not self.ready:
            eventually(lambda: self.ended, ENDS_WITHIN)

    def kill(self) -> None:
        """End it as a crash does: every process at once, so that none cleans up."""
        pids = self.pids
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.process.wait(5 * PATIENCE)
        eventually(lambda: _buried(pids), 5 * PATIENCE)

    def stop(self) -> None:
        """End it as its owner does."""
        for pid in self.pids[1:2] or self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        eventually(lambda: self.ended, ENDS_WITHIN)
        self.kill()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its processes stand still meanwhile, so that what arrives for it stays in the kernel's queues."""
        pids = self.pids[1:]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        eventually(lambda: stopped(pids), 2)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
