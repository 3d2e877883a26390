"""The place where a server runs: the machine's own file systems with the unpacked packages over them, in a mount namespace.

Whatever a server writes below ``/usr``, ``/etc``, ``/var`` or ``/tmp`` goes to memory, and vanishes with the namespace.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

#: Memory that only this namespace sees.
MEMORY = Path("/run")
OUTPUT = MEMORY / "output"
OVERLAID = ("usr", "etc", "var", "opt", "tmp")
#: The command that makes the namespaces. The first process in them is the stage; when it ends, the kernel ends all others.
NEW = ("unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")
_FIRST_UID = 61000
#: An address on a link that carries multicast, as a server that skips loopback wants it.
LINK, LINK_ADDRESS = "multicast0", "192.0.2.1"


def furnish(packages: Path, folder: Path, users: Iterable[str]) -> None:
    """Lay the unpacked packages over the machine's file systems, and bring up loopback and a link that carries multicast.

    ``folder``, which may lie below one of them, is seen at `OUTPUT`: what is written there stays.
    """
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(MEMORY))
    OUTPUT.mkdir()
    _mount("--bind", str(folder), str(OUTPUT))
    for name in OVERLAID:
        _overlay(name, packages)
    _add_users(users)
    for words in (
        ("link", "set", "lo", "up"),
        ("link", "add", LINK, "type", "veth", "peer", "name", "multicast1"),
        ("address", "add", f"{LINK_ADDRESS}/24", "dev", LINK),
        ("link", "set", LINK, "up"),
        ("link", "set", "multicast1", "up"),
        ("route", "add", "224.0.0.0/4", "dev", LINK),
    ):
        subprocess.run(["ip", *words], check=True)


def _add_users(names: Iterable[str]) -> None:
    """Make the users that the scripts of the packages would have made, in this namespace alone."""
    for number, name in enumerate(names, _FIRST_UID):
        with open("/etc/passwd", "a", encoding="utf-8") as users, open("/etc/group", "a", encoding="utf-8") as groups:
            users.write(f"{name}:x:{number}:{number}::/:/usr/sbin/nologin\n")
            groups.write(f"{name}:x:{number}:\n")


def _overlay(name: str, packages: Path) -> None:
    target, unpacked = Path("/", name), packages / name
    if not target.is_dir():
        return
    upper, work = MEMORY / "upper" / name, MEMORY / "work" / name
    for folder in (upper, work):
        folder.mkdir(parents=True)
    upper.chmod(target.stat().st_mode & 0o7777)
    lower = ":".join(str(one) for one in (unpacked, target) if one.is_dir())
    _mount("-t", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", "overlay", str(target))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)
