"""Debian's Linux kernels: which ones a mirror has, and how to fetch one into the cache.

APT does the work (signatures, mirrors, proxies). It has a configuration of its own here, which
leaves the machine's packages and lists alone. The mirror is the one that the machine's own sources
name.
"""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import tarfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fixtures.specification.versions import order
from reports.stacks.common import CannotRun, cache_folder, need

#: The suites with kernels, of the archive and of the security archive. Those that a mirror lacks are passed over.
SUITES = {
    "debian": ("bookworm-backports", "trixie-backports", "forky-backports", "forky", "sid", "experimental"),
    "debian-security": ("bullseye-security", "bookworm-security", "trixie-security", "forky-security"),
}
#: The suites to use if there is no security archive.
STABLE = ("bullseye", "bookworm", "trixie")
#: In kilobytes. A smaller package has no kernel; it only depends on another that has one.
_EMPTY = 5000
#: After this many seconds the index is fetched again.
FRESH = 24 * 3600.0

PROGRAMS = {"apt-get": "apt", "apt-cache": "apt", "dpkg-deb": "dpkg"}
_KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg")
#: The kernels for virtual machines, which need no modules to boot. From 6.19 on the kernel itself is in linux-binary.
_PACKAGE = re.compile(r"linux-(?:image|binary)-\d.*-cloud-amd64")
_WANTED = re.compile(r"(?:\./)?(?:boot/(vmlinuz)-.*|usr/lib/modules/[^/]+/(vmlinuz)|(?:usr/)?lib/modules/.*/(veth\.ko)(?:\.xz)?)")


@dataclass(frozen=True)
class Kernel:
    """A kernel in the mirror or in the cache."""

    package: str
    #: Debian's version of the package: ``6.12.94-1~bpo12+1``.
    revision: str

    @property
    def version(self) -> str:
        """What kernel.org calls it: ``6.12.94``."""
        found = re.match(r"\d+(?:\.\d+)*", self.revision)
        return found[0] if found else ""

    @property
    def series(self) -> str:
        """``6.12``."""
        return ".".join(self.version.split(".")[:2])

    @property
    def packages(self) -> tuple[str, ...]:
        """What to download: linux-binary has the kernel alone, without its modules."""
        modules = self.package.replace("linux-binary", "linux-modules")
        return tuple(dict.fromkeys((self.package, modules)))

    @property
    def rank(self) -> tuple[object, ...]:
        """Of a series the kernel with the highest rank is chosen. A release candidate ranks below its release."""
        return (order(self.version), "~rc" not in self.revision, self.package.startswith("linux-binary"), self.revision)


def kernels_of(index: str) -> list[Kernel]:
    """The kernels in a list of packages, as ``apt-cache show`` prints it."""
    stanzas = (dict(re.findall(r"^(Package|Version|Installed-Size): (\S+)$", stanza, re.M)) for stanza in re.split(r"\n\s*\n", index))
    found = (
        Kernel(stanza["Package"], stanza["Version"])
        for stanza in stanzas
        if _PACKAGE.fullmatch(stanza.get("Package", "")) and int(stanza.get("Installed-Size", 0)) > _EMPTY
    )
    return [kernel for kernel in dict.fromkeys(found) if kernel.version]


def choose(kernels: Iterable[Kernel], wanted: Iterable[str] = ()) -> list[Kernel]:
    """The newest kernel of each wanted series (``6.12``) or version (``6.12.94``), or of every series. Oldest first.

    Raises CannotRun for a wish that no kernel meets.
    """
    ranked = sorted(kernels, key=lambda kernel: kernel.rank)
    newest = {kernel.series: kernel for kernel in ranked}
    wishes = list(wanted)
    if not wishes:
        return list(newest.values())
    chosen = dict.fromkeys(_newest_of(ranked, wish, newest) for wish in wishes)
    return sorted(chosen, key=lambda kernel: kernel.rank)


def _newest_of(ranked: list[Kernel], wish: str, known: Iterable[str]) -> Kernel:
    try:
        asked = [int(part) for part in wish.split(".")]
    except ValueError:
        asked = []
    matching = [kernel for kernel in ranked if asked and [int(part) for part in kernel.version.split(".")][: len(asked)] == asked]
    if not matching or len(asked) < 2:
        raise CannotRun(f"kernel {wish}: the mirror has none; it has {', '.join(known) or 'no kernel at all'}")
    return matching[-1]


def sources(targets: str, mirror: str = "") -> list[str]:
    """The lines of a sources.list for the kernels, from ``apt-get indextargets`` (one address a line) or for a given mirror.

    Raises CannotRun if no mirror of Debian is named.
    """
    sites = {url.rstrip("/").rpartition("/")[2]: url.rstrip("/") for url in targets.split()}
    if mirror:
        sites = {"debian": mirror.rstrip("/")}
    if "debian" not in sites:
        raise CannotRun("this machine's sources name no mirror of Debian; name one with --mirror URL")
    suites = dict(SUITES)
    if "debian-security" not in sites:
        suites["debian"] += STABLE
    keyring = next((name for name in _KEYRINGS if Path(name).exists()), None)
    if keyring is None:
        raise CannotRun("Debian's keys are not on this machine; install them first (Debian: apt install debian-archive-keyring)")
    return [f"deb [arch=amd64 signed-by={keyring}] {url} {suite} main" for site, url in sites.items() for suite in suites.get(site, ())]


class Mirror:
    """A mirror of Debian, with a cache of what it gave."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.programs = need(PROGRAMS)
        self.folder = cache_folder("kernels")
        self.apt = cache_folder("kernels", "apt")

    def kernels(self) -> list[Kernel]:
        """The kernels that the mirror has, or if it cannot be reached, had the last time.

        Raises CannotRun.
        """
        updated = self.apt / "updated"
        problem = ""
        if not updated.exists() or time.time() - updated.stat().st_mtime > FRESH or updated.read_text(encoding="utf-8") != self.url:
            problem = self._update(updated)
        names = [name for name in self._run("apt-cache", "pkgnames", "linux-").stdout.split() if _PACKAGE.fullmatch(name)]
        found = kernels_of(self._run("apt-cache", "show", *names).stdout) if names else []
        if not found:
            raise CannotRun(f"the mirror gave no list of kernels: {problem or 'it has none'}")
        return found

    def _update(self, updated: Path) -> str:
        command = [self.programs["apt-get"], "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)
        self._configure(sources(listed.stdout, self.url))
        done = self._run("apt-get", "update")
        # A suite that the mirror lacks is an error to APT. What counts is whether any list came.
        if re.search(r"^(?:Get|Hit)", done.stdout, re.M):
            updated.write_text(self.url, encoding="utf-8")
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        return errors[0] if errors else ""

    def _configure(self, lines: list[str]) -> None:
        for part in ("state/lists/partial", "cache/archives/partial", "etc"):
            (self.apt / part).mkdir(parents=True, exist_ok=True)
        (self.apt / "status").touch()
        (self.apt / "sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
        settings = {
            "Dir::Etc::sourcelist": self.apt / "sources.list",
            "Dir::Etc::sourceparts": self.apt / "etc",
            "Dir::State": self.apt / "state",
            "Dir::State::status": self.apt / "status",
            "Dir::Cache": self.apt / "cache",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Sandbox::User": "",
            "APT::Default-Release": "",
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        }
        cleared = ("APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success")
        text = [f"#clear {name};" for name in cleared] + [f'{name} "{value}";' for name, value in settings.items()]
        (self.apt / "apt.conf").write_text("\n".join(text) + "\n", encoding="utf-8")

    def _run(self, program: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [self.programs[program], "-c", str(self.apt / "apt.conf"), *arguments]
        environment = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, cwd=cwd, env=environment)

    def fetch(self, kernel: Kernel, work: Path) -> Path:
        """The folder of the cache with a kernel's ``vmlinuz`` and, for multicast, ``veth.ko``.

        Raises CannotRun if the kernel cannot be downloaded.
        """
        kept = self.folder / f"{kernel.package}_{kernel.revision}".replace(":", "_")
        if not kept.exists():
            unpacked = work / kept.name
            unpacked.mkdir()
            for package in filter(lambda package: self._has(package, kernel), kernel.packages):
                self._unpack(self._download(package, kernel, work), unpacked)
            if not (unpacked / "vmlinuz").exists():
                raise CannotRun(f"kernel {kernel.version}: {kernel.package} has no kernel in it; choose another")
            unpacked.replace(kept)
        return kept

    def _has(self, package: str, kernel: Kernel) -> bool:
        """Whether the mirror has a package. It keeps superseded kernels (linux-binary) without their modules."""
        return package == kernel.package or "Version:" in self._run("apt-cache", "show", f"{package}={kernel.revision}").stdout

    def _download(self, package: str, kernel: Kernel, work: Path) -> Path:
        done = self._run("apt-get", "download", f"{package}={kernel.revision}", cwd=work)
        found = list(work.glob(f"{package}_*.deb"))
        if done.returncode or not found:
            problem = (done.stderr.strip().splitlines() or ["apt-get download gave no file"])[-1]
            raise CannotRun(f"kernel {kernel.version}: {package} cannot be downloaded: {problem}")
        return found[0]

    def _unpack(self, package: Path, folder: Path) -> None:
        with subprocess.Popen([self.programs["dpkg-deb"], "--fsys-tarfile", package], stdout=subprocess.PIPE) as process:
            assert process.stdout
            for name, content in members(process.stdout):
                (folder / name).write_bytes(content)
        package.unlink()
        if process.returncode:
            raise CannotRun(f"{package.name}: cannot be unpacked; try again")


def members(archive: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """The kernel and the module for virtual links in the tar file of a package, by their short names."""
    with tarfile.open(fileobj=archive, mode="r|") as files:
        for member in files:
            found = _WANTED.fullmatch(member.name)
            content = files.extractfile(member) if found and member.isfile() else None
            if found and content:
                raw = content.read()
                yield next(filter(None, found.groups())), lzma.decompress(raw) if member.name.endswith(".xz") else raw
