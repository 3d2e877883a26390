"""Build the wheel and the source distribution, and look at them: twine, check-wheel-contents, and what the project promises of them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Bytes of the wheel.
LARGEST = 3_000_000


def main() -> int:
    """Say what is wrong, and return 1 if anything is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "build", "--quiet", "--no-isolation", "--outdir", name, str(ROOT)], check=True)
        (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
        statuses = [
            subprocess.run([sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source)], check=False).returncode,
            subprocess.run([sys.executable, "-m", "check_wheel_contents", str(wheel)], check=False).returncode,
        ]
        wrong = [*_wrong_wheel(wheel), *_wrong_source(source)]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong or any(statuses) else 0


def _wrong_wheel(wheel: Path) -> list[str]:
    top = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    names = sorted(name for name in top if name != "addrinuse" and not name.endswith(".dist-info"))
    size = wheel.stat().st_size
    wrong = [f"{wheel.name}: {name} is at the top level of site-packages; it belongs into addrinuse/_suite" for name in names]
    return wrong + [f"{wheel.name}: {size:,} bytes, more than {LARGEST:,}; leave out what no verb needs"] * (size > LARGEST)


def _wrong_source(source: Path) -> list[str]:
    with tarfile.open(source) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True).stdout.splitlines()
    return [f"{source.name}: {name} is missing" for name in kept if name not in there and (ROOT / name).exists()]


if __name__ == "__main__":
    sys.exit(main())
