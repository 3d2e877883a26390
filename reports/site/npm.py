"""What the site takes from npm when it is built and the repository does not keep: the search, and the engine of the playground.

``npm.json`` names the versions, their digests, and the files with their names on the site.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

#: Seconds that npm may take.
PATIENCE = 120


@cache
def packages() -> dict[str, Any]:
    """The packages by name."""
    return dict(json.loads(Path(__file__).with_name("npm.json").read_text(encoding="utf-8")))


def files_of(name: str) -> tuple[dict[str, bytes], str]:
    """The files of a package by their names on the site, or why there are none, in words."""
    package = packages()[name]
    spec = f"{name}@{package['version']}"
    kept = _cache() / f"{name}-{package['version']}.tgz"
    if kept.is_file():
        packed, why = kept.read_bytes(), ""
    else:
        packed, why = _packed(spec)
    if not why and _digest(packed) != package["integrity"]:
        why = f"{spec} is not the file that npm.json names"
    if why:
        return {}, why
    _keep(kept, packed)
    return _unpacked(packed, package["files"]), ""


def _packed(spec: str) -> tuple[bytes, str]:
    """The file that npm gives for a package."""
    npm = shutil.which("npm")
    if npm is None:
        return b"", "npm is not installed"
    with tempfile.TemporaryDirectory(prefix="addrinuse-") as folder:
        try:
            subprocess.run([npm, "pack", "--silent", spec], cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
            return next(Path(folder).glob("*.tgz")).read_bytes(), ""
        except (OSError, subprocess.SubprocessError, StopIteration):
            return b"", f"npm pack {spec} failed"


def _unpacked(packed: bytes, wanted: dict[str, str]) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = ((place, archive.extractfile(name)) for name, place in wanted.items())
        return {place: member.read() for place, member in members if member}


def _digest(packed: bytes) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(packed).digest()).decode()}"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "addrinuse" / "npm"


def _keep(path: Path, packed: bytes) -> None:
    """Keep a package for the next time, if that is possible."""
    if path.is_file():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(packed)
        temporary.replace(path)
    except OSError:
        pass
