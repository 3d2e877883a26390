"""The place where a server runs: the machine's own file systems with the unpacked packages over them, in namespaces of its own.

Whatever a server writes below ``/usr``, ``/etc``, ``/var`` or ``/tmp`` goes to memory, and vanishes with the namespace.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

#: Memory that only this namespace sees, and in it what the stage may write to the machine's disk.
MEMORY = Path("/run")
OUTPUT = MEMORY / "output"
OVERLAID = ("usr", "etc", "var", "opt", "tmp")
_FIRST_UID = 61000
#: An address on a link that carries multicast, as a server that skips loopback wants it.
LINK, LINK_ADDRESS = "multicast0", "192.0.2.1"
_NETWORK = f"""\
link set lo up
link add {LINK} type veth peer name multicast1
address add {LINK_ADDRESS}/24 dev {LINK}
link set {LINK} up
link set multicast1 up
route add 224.0.0.0/4 dev {LINK}
"""

# linux/sched.h, linux/mount.h, linux/prctl.h
_MOUNTS, _UTS, _IPC, _PIDS, _NET = 0x00020000, 0x04000000, 0x08000000, 0x20000000, 0x40000000
_BIND, _RECURSIVELY_PRIVATE = 0x1000, 0x4000 | 0x40000
_DIE_WITH_PARENT = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def in_new_namespaces(play: Callable[[], None], seconds: float) -> int:
    """Play something as the first process of new namespaces, and return its exit status.

    When it ends, or this process does, or the time is over, the kernel ends every process that it started.
    """
    pid = os.fork()
    if not pid:
        _ended_by(lambda: _outside(play, seconds))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _outside(play: Callable[[], None], seconds: float) -> int:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    _checked(_libc.unshare(_MOUNTS | _UTS | _IPC | _PIDS | _NET), "unshare")
    pid = os.fork()
    if not pid:
        _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        _ended_by(play)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _ended_by(play: Callable[[], int | None]) -> None:
    """End this process with the status that the function returns, or 0, whatever happens."""
    status = 1
    try:
        status = play() or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status if status >= 0 else 128 - status)


def furnish(packages: Path, folder: Path, users: Iterable[str]) -> None:
    """Lay the unpacked packages over the machine's file systems, and bring up loopback and a link that carries multicast.

    ``folder``, which may lie below one of them, is seen at `OUTPUT`: what is written there stays.
    """
    _mount("none", "/", "", _RECURSIVELY_PRIVATE)
    _mount("proc", "/proc", "proc")
    _mount("tmpfs", str(MEMORY), "tmpfs", data="mode=755")
    OUTPUT.mkdir()
    _mount(str(folder), str(OUTPUT), "", _BIND)
    for name in OVERLAID:
        _overlay(name, packages)
    _add_users(users)
    subprocess.run(["ip", "-batch", "-"], input=_NETWORK, text=True, check=True)


def _overlay(name: str, packages: Path) -> None:
    target, unpacked = Path("/", name), packages / name
    if not target.is_dir():
        return
    upper, work = MEMORY / "upper" / name, MEMORY / "work" / name
    for folder in (upper, work):
        folder.mkdir(parents=True)
    upper.chmod(target.stat().st_mode & 0o7777)
    lower = ":".join(str(one) for one in (unpacked, target) if one.is_dir())
    _mount("overlay", str(target), "overlay", data=f"lowerdir={lower},upperdir={upper},workdir={work}")


def _mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None)
    _checked(_libc.mount(*words), f"mount {target}")


def _add_users(names: Iterable[str]) -> None:
    """Make the users that the scripts of the packages would have made, in this namespace alone."""
    for number, name in enumerate(names, _FIRST_UID):
        with open("/etc/passwd", "a", encoding="utf-8") as users, open("/etc/group", "a", encoding="utf-8") as groups:
            users.write(f"{name}:x:{number}:{number}::/:/usr/sbin/nologin\n")
            groups.write(f"{name}:x:{number}:\n")
