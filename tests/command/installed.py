"""What a wheel installs, unpacked into a folder: the command runs from there, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from reports.catalogue import ROOT

#: Spaces and letters that ASCII lacks are usual in a path.
AWKWARD = "Émile's folder ü"


class Installed:
    """A copy of the wheel in a folder of its own, and an empty folder to work in."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
        (self.wheel,) = folder.glob("*.whl")
        self.packages = folder / AWKWARD / "site-packages"
        self.here = folder / AWKWARD / "empty"
        self.here.mkdir(parents=True)
        with zipfile.ZipFile(self.wheel) as archive:
            archive.extractall(self.packages)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run ``addrinuse`` with these words."""
        return subprocess.run(self.line(*words), **self.setting(**environment), capture_output=True, text=True, check=False, timeout=100)

    def line(self, *words: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "addrinuse", *words]

    def setting(self, **environment: str) -> dict[str, object]:
        """Where it runs, and with which environment: nothing of pytest or of the checkout."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "GITHUB_"))}
        return {"cwd": self.here, "env": {**inherited, "PYTHONPATH": str(self.packages), "PYTHONUTF8": "1", **environment}}
