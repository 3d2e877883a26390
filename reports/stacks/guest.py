"""The first process of a guest: runs the suite once for each privilege, sends the runs home, and turns the machine off.

It stands at /init and is run by the guest's own Python; initramfs.py says what else is there, guests.py what the job is.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import subprocess
import sys
import tarfile
import time
import traceback
import tty
from typing import IO, Any

HOME, PACKAGES, USER = "/addrinuse", "/packages", 60000
MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/tmp"))
#: Emulated, and beside other guests, everything may take longer.
_PATIENCE = 5
#: Pytest without what a guest does not use, each of which costs something at every experiment; its memory lasts without collection.
_PYTEST = "import gc, sys, pytest; gc.disable(); sys.exit(pytest.main())"
_WITHOUT = ("cacheprovider", "doctest", "faulthandler", "junitxml", "logging", "pastebin", "stepwise", "unittest")
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
    from fixtures.namespace import raise_loopback

    raise_loopback()
    _send(job, {privilege: _run(privilege, job) for privilege in job["privileges"]})


def _mount(kind: str, target: str, options: bytes = b"") -> None:
    os.makedirs(target, exist_ok=True)
    if _libc.mount(kind.encode(), target.encode(), kind.encode(), 0, options):
        print(f"guest: mount {target}: {os.strerror(ctypes.get_errno())}", flush=True)


def _load_module(path: str) -> None:
    with open(path, "rb") as file:
        if _libc.syscall(_FINIT_MODULE, file.fileno(), b"", 0):
            print(f"guest: {path}: {os.strerror(ctypes.get_errno())}", flush=True)


def _run(privilege: str, job: Job) -> dict[str, Any]:
    # One process: under emulation a second interpreter costs more than it saves.
    folder = f"/tmp/{privilege}"
    os.makedirs(folder)
    command = [sys.executable, "-c", _PYTEST, "suites", "-q", "--color=no", "--assert=plain", "-n", "0", "--timeout", str(120 * _PATIENCE)]
    command += [word for plugin in _WITHOUT for word in ("-p", f"no:{plugin}")]
    command += ["--record", f"{folder}/run.jsonl", "--platform", job["platform"], *job["arguments"]]
    environment = {"PYTHONPATH": PACKAGES, "HOME": folder, "TMPDIR": folder, "PATH": "/", "COLUMNS": "140"}
    environment["ADDRINUSE_PATIENCE"] = str(_PATIENCE)
    print(f"guest: {privilege}", flush=True)
    started = time.monotonic()
    if privilege == "user":
        os.chown(folder, USER, USER)
        done = subprocess.run(command, cwd=HOME, env=environment, user=USER, group=USER, extra_groups=[], check=False)
    else:
        done = subprocess.run(command, cwd=HOME, env=environment, check=False)
    return {"status": done.returncode, "seconds": round(time.monotonic() - started, 1)}


def _send(job: Job, results: dict[str, Any]) -> None:
    with open("/tmp/results.json", "w", encoding="utf-8") as file:
        json.dump(results, file)
    with _way_home(job) as port, tarfile.open(fileobj=port, mode="w|gz") as archive:
        for name in ("results.json", *(f"{privilege}/run.jsonl" for privilege in results)):
            if os.path.exists(f"/tmp/{name}"):
                archive.add(f"/tmp/{name}", name)


def _way_home(job: Job) -> IO[bytes]:
    """The second serial port, raw. User-Mode Linux has a folder of its host instead."""
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
