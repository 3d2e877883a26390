"""An initramfs with this Python, pytest and the suite. It is all that a guest has, and Python itself is its first process."""

from __future__ import annotations

import importlib.util
import py_compile
import re
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO

from reports.catalogue import ROOT
from reports.stacks.common import CannotRun, need

#: What the recording path needs.
DISTRIBUTIONS = ("pytest", "pytest-xdist", "pytest-timeout")
SUITE = ("conftest.py", "pyproject.toml", "fixtures", "suites")
UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH
HOME, PACKAGES = "/addrinuse", "/packages"
#: Large parts of the standard library that no guest needs.
_UNWANTED = re.compile(
    r"(?:test|tests|idlelib|tkinter|turtledemo|ensurepip|lib2to3|pydoc_data|site-packages|dist-packages|config-.*|_tkinter.*|_test.*)"
)


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


#: What a guest finds at a path: the content of a file of this machine, or bytes, or a link.
Content = Path | bytes | Link
Contents = dict[str, Content]


def contents() -> Contents:
    """Everything, by its path in the guest.

    Raises CannotRun if this Python lacks pytest.
    """
    found: Contents = {"/init": b"#!/python -ES\n" + Path(__file__).with_name("guest.py").read_bytes()}
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    found["/python"], found[str(python)] = Link(str(python)), python
    for name in dict.fromkeys(sysconfig.get_path(part) for part in ("stdlib", "platstdlib")):
        found |= {str(path): path for path in _tree(Path(name))}
    programs = [path for path in found.values() if isinstance(path, Path) and path.suffix == ".so"]
    found |= libraries([python, *programs])
    for part in SUITE:
        found |= {f"{HOME}/{path.relative_to(ROOT)}": path for path in _tree(ROOT / part) if path.parent.name != "__pycache__"}
    found |= compiled({name: path for name, path in found.items() if isinstance(path, Path) and name.startswith(HOME)})
    return found | {f"{PACKAGES}/{name}": path for name, path in packages(DISTRIBUTIONS).items()}


def _tree(top: Path) -> Iterator[Path]:
    if top.is_file():
        yield top
    elif top.is_dir():
        for path in sorted(top.iterdir()):
            if not _UNWANTED.fullmatch(path.name):
                yield from _tree(path)


def compiled(sources: Mapping[str, Path]) -> Contents:
    """Compiled files beside Python's sources, so that no guest has to compile them.

    Python uses them without a look at the source.
    """
    found: Contents = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in sources.items():
            if path.suffix == ".py":
                made = py_compile.compile(str(path), f"{folder}/made", name, True, invalidation_mode=UNCHECKED)
                found[importlib.util.cache_from_source(name)] = Path(made or "").read_bytes()
    return found


def libraries(programs: Iterable[Path]) -> Contents:
    """The shared libraries that programs load, by the names under which they load them."""
    done = subprocess.run([need({"ldd": "libc-bin"})["ldd"], *programs], capture_output=True, text=True, check=False)
    names = dict.fromkeys(re.findall(r"(?:=>|^)\s*(/\S+) \(", done.stdout, re.M))
    found: Contents = {name: Path(name) for name in names}
    cache = Path("/etc/ld.so.cache")
    return found | ({str(cache): cache} if cache.exists() else {})


def packages(names: Iterable[str]) -> dict[str, Path]:
    """The files of distributions and of what they require, by their names in site-packages.

    Raises CannotRun for one that this Python lacks.
    """
    found: dict[str, Path] = {}
    for distribution in _with_requirements(names):
        for file in distribution.files or ():
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.is_file():
                found[str(file)] = path
    return found


def _with_requirements(names: Iterable[str]) -> list[metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    pending = list(names)
    for name in pending:
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise CannotRun(f"{name} is not in this Python ({sys.executable}); run it through tox, whose Python has it") from None
        pending += _required(found[name].requires or ())
    return list(found.values())


def _required(requirements: Iterable[str]) -> list[str]:
    from packaging.requirements import Requirement

    read = map(Requirement, requirements)
    return [one.name for one in read if one.marker is None or one.marker.evaluate({"extra": ""})]


def write(file: IO[bytes], files: Mapping[str, Content]) -> None:
    """Write files, their folders and the console as an archive that the kernel unpacks.

    Another may follow in the same file.

    The format is "newc" of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
    Every file is root's.
    """
    archive = _Archive(file)
    for folder in sorted({str(parent) for name in (*files, "/dev/console") for parent in Path(name).parents} - {"/"}):
        archive.add(folder, stat.S_IFDIR | 0o755)
    archive.add("/dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    for name, content in files.items():
        if isinstance(content, Link):
            archive.add(name, stat.S_IFLNK | 0o777, content.target.encode())
        elif isinstance(content, bytes):
            archive.add(name, stat.S_IFREG | 0o755, content)
        else:
            found = content.stat()
            # Keep the time: by its source's time Python tells whether a compiled file is still good.
            archive.add(name, stat.S_IFREG | 0o644 | (found.st_mode & 0o111), content.read_bytes(), int(found.st_mtime))
    archive.add("TRAILER!!!", 0)


class _Archive:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._number = 0

    def add(self, name: str, mode: int, content: bytes = b"", modified: int = 0, device: tuple[int, int] = (0, 0)) -> None:
        """Append one entry."""
        self._number += 1
        path = name.lstrip("/").encode() + b"\0"
        fields = (self._number, mode, 0, 0, 1, modified, len(content), 0, 0, *device, len(path), 0)
        self._padded(b"070701" + b"".join(b"%08X" % field for field in fields) + path)
        self._padded(content)

    def _padded(self, raw: bytes) -> None:
        self._file.write(raw + b"\0" * (-len(raw) % 4))
