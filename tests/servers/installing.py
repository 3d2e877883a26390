"""Installing what the table names, without changing the machine.

Debian's packages are unpacked into a folder of the environment, which the stage lays over ``/usr`` in
a namespace: no service starts, and the machine's list of packages stays as it is.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.servers.server import REGISTRIES, ROOT, Server

#: Where everything goes.
HERE = Path(sys.prefix, ROOT)
#: What a server cannot be recorded without.
TOOLS = ("apt:strace", "apt:iproute2")
#: The folders that are links into ``usr`` on Debian.
_MERGED = ("bin", "sbin", "lib", "lib64", "lib32")
#: Nothing of the machine is changed, so that another installer may hold its lock.
_QUIET = ("-qq", "-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root")


class Missing(Exception):
    """A package cannot be had. The message names it, and says what the installer said."""


class Unreachable(Missing):
    """The archive of this machine does not answer."""


def install(servers: Iterable[Server]) -> None:
    """Install whatever these servers need and is not there yet. Raises Missing, or Unreachable."""
    wanted = dict.fromkeys((*TOOLS, *(package for server in servers for package in server.packages)))
    done = HERE / "installed.txt"
    there = done.read_text("utf-8").split() if done.exists() else []
    new = [package for package in wanted if package not in there]
    HERE.mkdir(parents=True, exist_ok=True)
    for registry in REGISTRIES:
        if names := [package.partition(":")[2] for package in new if package.startswith(f"{registry}:")]:
            print(f"installing from {registry}: {' '.join(names)}", flush=True)
            _INSTALLERS[registry](names)
    done.write_text("\n".join([*there, *new]), encoding="utf-8")


def absent(server: Server) -> list[str]:
    """The packages of a server that were not installed."""
    done = HERE / "installed.txt"
    there = done.read_text("utf-8").split() if done.exists() else []
    return [package for package in server.packages if package not in there]


def _apt(names: Sequence[str]) -> None:
    archives = HERE / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    try:
        _run(["apt-get", *_QUIET, "-o", "APT::Update::Error-Mode=any", "update"], "apt-get update")
    except Missing as error:
        raise Unreachable(f"no archive of packages answers: {error}") from None
    words = ["apt-get", *_QUIET, "-o", f"Dir::Cache::archives={archives}", "install", "--yes", "--download-only", "--no-install-recommends"]
    try:
        _run([*words, *names], f"apt:{' '.join(names)}")
    except Missing:
        # Some exclude each other, such as two mail servers.
        for name in names:
            _run([*words, name], f"apt:{name}")
    _unpack(sorted(archives.glob("*.deb")))


def _unpack(archives: Iterable[Path]) -> None:
    folder = HERE / "debian"
    (folder / "usr").mkdir(parents=True, exist_ok=True)
    for name in _MERGED:
        (folder / "usr" / name).mkdir(exist_ok=True)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("usr", name))
    for archive in archives:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as reader:
            _run(["tar", "-x", "--keep-directory-symlink", "-C", str(folder)], archive.name, reader.stdout)
        archive.unlink()


def _pypi(names: Sequence[str]) -> None:
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *names], f"pypi:{' '.join(names)}")


def _npm(names: Sequence[str]) -> None:
    words = ["npm", "install", "--prefix", str(HERE / "npm"), "--no-audit", "--no-fund", "--loglevel=error", *names]
    _run(words, f"npm:{' '.join(names)}")


def _run(words: Sequence[str], what: str, stdin: object = subprocess.DEVNULL) -> None:
    try:
        done = subprocess.run(words, stdin=stdin, capture_output=True, text=True, errors="replace", check=False)  # type: ignore[call-overload]
    except FileNotFoundError:
        raise Missing(f"{what}: {words[0]} is not there") from None
    if done.returncode:
        raise Missing(f"{what}: cannot be installed: {' '.join((done.stderr or done.stdout).split())[-400:]}")


_INSTALLERS = {"apt": _apt, "pypi": _pypi, "npm": _npm}
