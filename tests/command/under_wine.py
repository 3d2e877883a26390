"""``python -m tests.command.under_wine [VERB...]``: the wheel under a Windows Python: every verb is asked once, on a cp1252 console.

It needs what `tox -e wine` needs. Exit status 0; 1 if a verb answers wrongly; 2 if Wine cannot run here.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

from reports.catalogue import ROOT
from reports.stacks import wine
from reports.stacks.common import CannotRun
from reports.stacks.guests import work_folder
from tests.command.asked import ASKED, RECORDED, wrong
from tests.command.installed import Installed

#: What ``addrinuse[site]`` installs; all of it runs as pure Python.
SITE = ("jinja2", "markupsafe", "markdown_it", "mdurl")


def main(verbs: list[str]) -> int:
    """Ask the verbs, and print what each answered wrongly."""
    try:
        python = [wine.program(shutil.which), str(wine.windows_python())]
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    with work_folder() as folder:
        environment = {**wine.QUIET, "PYTHONIOENCODING": "cp1252", "WINEPREFIX": str(folder / "prefix")}
        copy = Installed(folder, python, ROOT, **environment)
        for name in SITE:
            shutil.copytree(Path(importlib.import_module(name).__path__[0]), copy.packages / name)
        copy.environment["PYTHONPATH"] = wine.as_windows_path(copy.packages)
        copy.run(*RECORDED)
        found = {verb: wrong(copy, verb) for verb in verbs or ASKED}
    for verb, told in found.items():
        print(told or f"{verb}: right")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
