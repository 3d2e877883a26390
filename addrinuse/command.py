"""The entry point. It puts the suite on the path of this process, and of no other that imports `addrinuse`."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_INSTALLED = _HERE / "_suite"
#: The folder of `suites`, `fixtures`, `reports` and conftest.py: inside the package if it is
#: installed, else the checkout.
HOME = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent


def main() -> int:
    """Run the verb of the command line and return the exit status."""
    sys.path.insert(0, str(HOME))
    from reports.__main__ import main as run_verb

    return run_verb()
