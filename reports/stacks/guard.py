"""`guard.py [--stdin N] [--pass N] COMMAND…`: run a command, and leave nothing of it behind.

Standard input is the lifeline: it ends when the process at the other end ends, however that
happens. Then, or when the command ends, or on SIGTERM, the guard kills every process that the
command started. Daemons are among them, because orphans become children of the guard
(PR_SET_CHILD_SUBREAPER). The command reads from descriptor N, or nothing,
and has the N descriptors from 3 on that --pass names. The guard ignores SIGINT:
a terminal sends it to the command too, and to the process that waits for the guard.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

_PDEATHSIG, _SUBREAPER = 1, 36
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def main(command: list[str]) -> int:
    """Run the command. Returns its exit status, or 128 plus the number of the signal that ended it."""
    stdin, command = (int(command[1]), command[2:]) if command[0] == "--stdin" else (subprocess.DEVNULL, command)
    passed, command = (range(3, 3 + int(command[1])), command[2:]) if command[0] == "--pass" else (range(0), command)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prctl(_SUBREAPER, 1, 0, 0, 0)
    try:
        process = subprocess.Popen(command, stdin=stdin, pass_fds=passed, preexec_fn=_die_with_the_guard)
        ends = [sys.stdin.fileno(), os.pidfd_open(process.pid)]
        while not select.select(ends, [], [], 1.0)[0]:
            _reap_others(process.pid)
        status = process.poll()
    finally:
        end_children()
    return 128 + signal.SIGKILL if status is None else status if status >= 0 else 128 - status


def _die_with_the_guard() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _reap_others(pid: int) -> None:
    """Reap the orphans that have ended. Wine leaves one for each process that the suite starts."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != pid:
            os.waitpid(ended.si_pid, 0)


def end_children() -> None:
    """Kill the children, then those inherited from them, until none is left."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.wait()


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
