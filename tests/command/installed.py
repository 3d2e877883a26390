"""What a wheel installs, unpacked into a folder: the command runs from there, away from the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from reports.catalogue import ROOT
from tests.helpers.children import inherited

#: Spaces and letters that ASCII lacks are usual in a path.
SCRIPT = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P) = ok\nA.listen()\n"
AWKWARD = "Émile's folder ü"


#: Seconds that a verb may take, on a busy machine and under an emulator.
PATIENCE = 900


def built(kind: str, folder: Path, home: Path = ROOT) -> Path:
    """The ``wheel`` or the ``sdist`` of what lies in ``home``, in this folder."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)], cwd=home, check=True)
    return next(folder.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


def unpacked(folder: Path) -> Path:
    """The source distribution of the checkout, unpacked: what somebody has who builds it."""
    with tarfile.open(built("sdist", folder)) as archive:
        # Without the filter that Python 3.14 has by default, a warning.
        archive.extractall(folder / "unpacked", filter="data")
    return next((folder / "unpacked").iterdir())


class Installed:
    """A copy of the wheel of a checkout, in a folder of its own, and an empty folder to work in."""

    def __init__(self, folder: Path, python: Sequence[str] = (sys.executable,), home: Path = ROOT, **environment: str) -> None:
        self.interpreter = list(python)
        self.environment = environment
        self.wheel = built("wheel", folder, home)
        self.packages = folder / AWKWARD / "site-packages"
        self.here = folder / AWKWARD / "empty"
        self.here.mkdir(parents=True)
        with zipfile.ZipFile(self.wheel) as archive:
            archive.extractall(self.packages)
        (self.here / "server.txt").write_text(SCRIPT, encoding="utf-8", newline="\r\n")
        shutil.copy(ROOT / "tests" / "data" / "calls" / "nginx-reuseport.log", self.here / "calls.log")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``addrinuse`` with these words."""
        return self.python("-m", "addrinuse", *words)

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these words, and wait for its end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start Python with these words in the empty folder. It knows nothing of pytest or of the checkout."""
        own = {"PYTHONPATH": str(self.packages), "PYTHONIOENCODING": "utf-8", **self.environment}
        environment = inherited("GITHUB_", "PYTHONDONTWRITEBYTECODE", **own)
        pipe, line = subprocess.PIPE, [*self.interpreter, *words]
        return subprocess.Popen(line, cwd=self.here, env=environment, stdout=pipe, stderr=pipe, encoding="utf-8", errors="replace")
