"""The first process of a guest: runs the suite once for each privilege, sends the runs home, and turns the machine off.

It is the guest's /init, run by the guest's own Python. initramfs.py says what else is there, guests.py what the job is.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import sys
import tarfile
import time
import traceback
import tty
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

HOME, PACKAGES, USER = "/addrinuse", "/packages", 60000
MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/tmp"))
#: In emulation, and beside other guests, everything may take longer.
_PATIENCE = 5
#: The parts of pytest and its plugins that a guest does not use. Each costs some time in every experiment.
_WITHOUT = (
    *("assertion", "cacheprovider", "capture", "debugging", "doctest", "faulthandler", "junitxml", "logging", "monkeypatch", "pastebin"),
    *("recwarn", "setuponly", "setupplan", "skipping", "stepwise", "threadexception", "timeout", "tmpdir", "unittest"),
    *("unraisableexception", "warnings", "xdist", "xdist.looponfail"),
)
#: How pytest is called: without the project's own settings, because these need parts that are left out.
COMMAND = (
    *("suites", "-q", "--color=no", "-c", "/dev/null", "--rootdir", ".", "--ignore", "suites/libraries"),
    *(word for plugin in _WITHOUT for word in ("-p", f"no:{plugin}")),
)
_FINIT_MODULE, _POWER_OFF = 313, 0x4321FEDC

Job = dict[str, Any]
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Do the job."""
    os.umask(0o022)
    for kind, target in MOUNTS:
        _mount(kind, target)
    os.chmod("/tmp", 0o1777)
    with open(f"{HOME}/job.json", encoding="utf-8") as file:
        job: Job = json.load(file)
    if os.path.exists("/veth.ko"):
        _load_module("/veth.ko")
    sys.path.insert(0, HOME)
    from fixtures.machine.namespace import raise_loopback

    raise_loopback()
    _send(job, _run(job))


def _mount(kind: str, target: str, options: bytes = b"") -> None:
    os.makedirs(target, exist_ok=True)
    if _libc.mount(kind.encode(), target.encode(), kind.encode(), 0, options):
        print(f"guest: mount {target}: {os.strerror(ctypes.get_errno())}", flush=True)


def _load_module(path: str) -> None:
    with open(path, "rb") as file:
        if _libc.syscall(_FINIT_MODULE, file.fileno(), b"", 0):
            print(f"guest: {path}: {os.strerror(ctypes.get_errno())}", flush=True)


class ForEachUser:
    """Runs what pytest has collected once for each privilege, in a fork each, because collecting takes a sixth of a run."""

    def __init__(self, privileges: Sequence[str]) -> None:
        self._privileges = privileges
        self.started = time.monotonic()

    def pytest_runtestloop(self, session: Any) -> bool | None:
        """Fork. The parent runs nothing and ends with its last child; each child goes on and runs everything."""
        for privilege in self._privileges:
            if not (child := os.fork()):
                print(f"guest: {privilege}", flush=True)
                self.started = time.monotonic()
                _become(privilege)
                session.config.option.record = Path(folder_of(privilege), "run.jsonl")
                return None
            os.waitpid(child, 0)
        os._exit(0)

    def pytest_runtest_protocol(self, item: Any) -> bool:
        """Run an experiment without set-up and teardown.

        It has none, and pytest would take a sixth of its time for them.
        """
        import pytest

        call = pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_call(item=item), "call")
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        item.ihook.pytest_runtest_logreport(report=report)
        return True


def folder_of(privilege: str) -> str:
    """Where a run leaves what it writes."""
    return f"/tmp/{privilege}"


def _become(privilege: str) -> None:
    os.environ["HOME"] = os.environ["TMPDIR"] = folder_of(privilege)
    if privilege == "user":
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)


def _run(job: Job) -> dict[str, Any]:
    """The exit status of each run, and how long it took in seconds."""
    for privilege in job["privileges"]:
        os.makedirs(folder_of(privilege))
        os.chown(folder_of(privilege), *([USER] * 2 if privilege == "user" else [0, 0]))
    if not (child := os.fork()):
        _test(job)
    os.waitpid(child, 0)
    return {privilege: _result(Path(folder_of(privilege), "result.json")) for privilege in job["privileges"]}


def _result(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {"status": -1, "seconds": 0}
    return found


def _test(job: Job) -> NoReturn:
    os.environ |= {"PATH": "/", "COLUMNS": "140", "ADDRINUSE_PATIENCE": str(_PATIENCE)}
    os.chdir(HOME)
    sys.path.insert(0, PACKAGES)
    import pytest

    # The memory suffices without collection, which costs time. No workers: in emulation a second
    # interpreter costs more than it saves.
    gc.disable()
    runs = ForEachUser(job["privileges"])
    status = int(pytest.main([*COMMAND, "--platform", job["platform"], *job["arguments"]], plugins=[runs]))
    result = {"status": status, "seconds": round(time.monotonic() - runs.started, 1)}
    Path(os.environ["HOME"], "result.json").write_text(json.dumps(result), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)


def _send(job: Job, results: dict[str, Any]) -> None:
    with open("/tmp/results.json", "w", encoding="utf-8") as file:
        json.dump(results, file)
    with _way_home(job) as port, tarfile.open(fileobj=port, mode="w|gz") as archive:
        for name in ("results.json", *(f"{privilege}/run.jsonl" for privilege in results)):
            if os.path.exists(f"/tmp/{name}"):
                archive.add(f"/tmp/{name}", name)


def _way_home(job: Job) -> IO[bytes]:
    """Where the results go: the second serial port, raw, or with User-Mode Linux a folder of the host."""
    if job["shared"]:
        _mount("hostfs", "/shared", job["shared"].encode())
        return open("/shared/" + job["results"], "wb")
    port = open("/dev/ttyS1", "wb", buffering=0)  # noqa: SIM115
    tty.setraw(port.fileno())
    return port


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os.sync()
        _libc.reboot(_POWER_OFF)
