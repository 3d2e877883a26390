"""``python -m tests.servers [--minimum | --as] [PYTEST OPTIONS]``: install the servers of the table, and try them all or the minimum,
or eight of them on this kernel standing in for Windows, FreeBSD and macOS.

Exit status: pytest's; 1 if a server cannot be installed, 2 if this machine cannot try any, with a line that says why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.servers.installing import Missing, Unreachable, install
from tests.servers.place import in_new_namespaces
from tests.servers.table import BY_NAME, SERVERS, UNDER_AS

HERE = Path(__file__).parent
MINIMUM, UNDER = "--minimum", "--as"


def impossible() -> str:
    """Why this machine cannot try servers, or nothing."""
    if sys.platform != "linux" or os.geteuid():
        return "it takes Linux, and root"
    if not shutil.which("apt-get"):
        return "apt-get is not there"
    return "no namespaces can be made" if in_new_namespaces(lambda: None, 10) else ""


def main(arguments: Sequence[str]) -> int:
    """Install, and run pytest."""
    minimum, under = MINIMUM in arguments, UNDER in arguments
    if why := impossible():
        return _refused(why)
    try:
        install((BY_NAME[name] for name in UNDER_AS) if under else (server for server in SERVERS if server.minimum or not minimum))
    except Unreachable as error:
        return _refused(str(error))
    except Missing as error:
        return _refused(str(error), 1)
    file = HERE / ("test_under_as.py" if under else "test_servers.py")
    words = ["-m", "pytest", str(file), "-n", "2", "--dist", "loadgroup", "-q", "-p", "no:asyncio", "-p", "no:anyio"]
    others = [argument for argument in arguments if argument not in (MINIMUM, UNDER)]
    return subprocess.run([sys.executable, *words, *(["-m", "minimum"] if minimum else []), *others], check=False).returncode


def _refused(why: str, status: int = 2) -> int:
    print(f"tests.servers: {why}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
