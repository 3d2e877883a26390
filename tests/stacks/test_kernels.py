from __future__ import annotations

import importlib.util
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from fixtures.record.runfile import read_run, write_run
from reports.catalogue import ROOT
from reports.cells import RUNS, runs_by_file
from reports.recorded import file_name
from reports.stacks import guests, initramfs, kernels
from reports.stacks.__main__ import main
from reports.stacks.common import CannotRun
from reports.stacks.debian import Kernel, choose, kernels_of, members, sources
from tests.helpers.children import inherited

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other stacks run on Linux")

INDEX = """\
Package: linux-image-5.10.0-46-cloud-amd64
Version: 5.10.262-1
Installed-Size: 83139

Package: linux-image-5.10.0-45-cloud-amd64
Version: 5.10.99-1
Installed-Size: 83139

Package: linux-image-6.12-cloud-amd64
Version: 6.12.117-1~deb12u1
Installed-Size: 13

Package: linux-image-6.12.95+deb12-cloud-amd64
Version: 6.12.95-1~bpo12+1
Installed-Size: 50000

Package: linux-image-6.12.94+deb13-cloud-amd64
Version: 6.12.94-1
Installed-Size: 50000

Package: linux-image-6.12.94+deb13-cloud-amd64-unsigned
Version: 6.12.99-1
Installed-Size: 50000

Package: linux-image-7.3-amd64-dbg
Version: 7.3-1~exp1
Installed-Size: 900000

Package: linux-binary-7.3-cloud-amd64
Version: 7.3~rc5-1~exp1
Installed-Size: 13652

Package: linux-binary-7.3.4+deb13-cloud-amd64
Version: 7.3.4-1~bpo13+1
Installed-Size: 13652
"""


def _chosen(*wanted: str) -> list[str]:
    return [kernel.version for kernel in choose(kernels_of(INDEX), wanted)]


def test_the_newest_of_every_series_is_chosen() -> None:
    assert _chosen() == ["5.10.262", "6.12.95", "7.3.4"]


def test_series_and_versions_select() -> None:
    assert _chosen("7.3", "6.12") == ["6.12.95", "7.3.4"]
    assert _chosen("6.12.94", "6.12") == ["6.12.94", "6.12.95"]


@pytest.mark.parametrize("wish", ["6.13", "6.12.93", "6", "6.1", "new", "6.x", ""])
def test_a_kernel_that_is_not_there_is_named_with_those_that_are(wish: str) -> None:
    with pytest.raises(CannotRun) as caught:
        _chosen(wish)
    assert str(caught.value) == f"kernel {wish}: the mirror has none; it has 5.10, 6.12, 7.3"


def test_a_release_is_above_its_candidates() -> None:
    found = [Kernel("linux-binary-7.3-cloud-amd64", revision) for revision in ("7.3~rc5-1~exp1", "7.3-1~exp1")]
    assert choose(found)[0].revision == "7.3-1~exp1"


def test_the_modules_of_a_bare_kernel_are_fetched_too() -> None:
    assert Kernel("linux-binary-7.3-cloud-amd64", "7.3-1").packages == ("linux-binary-7.3-cloud-amd64", "linux-modules-7.3-cloud-amd64")
    assert Kernel("linux-image-6.1.0-9-cloud-amd64", "6.1.9-1").packages == ("linux-image-6.1.0-9-cloud-amd64",)


def test_the_mirror_is_the_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "keys.gpg"
    keys.touch()
    monkeypatch.setattr("reports.stacks.debian._KEYRINGS", (str(keys),))
    targets = "mirror://near/debian/\nmirror://near/debian/\nmirror://near/debian-security\nmirror://near/other\n"
    lines = sources(targets)
    assert f"deb [arch=amd64 signed-by={keys}] mirror://near/debian sid main" in lines
    assert f"deb [arch=amd64 signed-by={keys}] mirror://near/debian-security bullseye-security main" in lines
    assert not any("other" in line or " bullseye main" in line for line in lines)
    assert any(line.endswith("mirror://far/d bullseye main") for line in sources(targets, "mirror://far/d/"))


def test_without_a_mirror_or_its_keys_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match="--mirror URL"):
        sources("mirror://near/ubuntu")
    monkeypatch.setattr("reports.stacks.debian._KEYRINGS", ())
    with pytest.raises(CannotRun, match="apt install debian-archive-keyring"):
        sources("mirror://near/debian")


def test_kernel_and_module_are_found_in_a_package() -> None:
    content = io.BytesIO()
    files = {
        "./boot/vmlinuz-6.12.94+deb13-cloud-amd64": b"kernel",
        "./usr/lib/modules/6.12/kernel/drivers/net/veth.ko.xz": lzma.compress(b"module"),
        "./usr/lib/modules/6.12/kernel/drivers/net/other.ko.xz": b"",
    }
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, raw in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    content.seek(0)
    assert dict(members(content)) == {"vmlinuz": b"kernel", "veth.ko": b"module"}


def test_the_guest_carries_python_pytest_and_the_suite() -> None:
    found = initramfs.contents()
    for name in ("/init", "/python", "/addrinuse/conftest.py", "/addrinuse/fixtures/machine/agent.py", "/addrinuse/suites/test_udp.py"):
        assert name in found
    assert importlib.util.cache_from_source("/addrinuse/fixtures/machine/agent.py") in found
    assert found["/init"].startswith(b"#!/python -ES\n")  # type: ignore[union-attr]
    for package in ("pytest/__init__.py", "_pytest/main.py", "xdist/plugin.py", "pytest_timeout.py", "pluggy/__init__.py"):
        assert f"/packages/{package}" in found
    assert any(name.endswith("/json/__init__.py") for name in found)
    assert any("libc.so" in name or "libc.musl" in name for name in found)
    assert not any("/site-packages/" in name or name.startswith(f"{initramfs.HOME}/reports") for name in found)


def test_a_package_that_this_python_lacks_is_named() -> None:
    with pytest.raises(CannotRun, match=r"no-such-distribution is not in this Python .*tox"):
        initramfs.packages(["no-such-distribution"])


def test_the_archive_is_one_that_the_kernel_reads(tmp_path: Path) -> None:
    content = io.BytesIO()
    (tmp_path / "tool").write_bytes(b"12345")
    (tmp_path / "tool").chmod(0o755)
    initramfs.write(content, {"/a/b/tool": tmp_path / "tool", "/link": initramfs.Link("/a/b/tool"), "/note": b"x"})
    found = _entries(content.getvalue())
    assert list(found) == ["a", "a/b", "dev", "dev/console", "a/b/tool", "link", "note", "TRAILER!!!"]
    assert found["a"][0] == 0o040755
    assert found["dev/console"] == (0o020600, b"", (5, 1))
    assert found["a/b/tool"][:2] == (0o100755, b"12345")
    assert found["link"][:2] == (0o120777, b"/a/b/tool")


def _entries(raw: bytes) -> dict[str, tuple[int, bytes, tuple[int, int]]]:
    """Read a newc archive as the kernel documents it."""
    found, at = {}, 0
    while at < len(raw):
        assert raw[at : at + 6] == b"070701"
        _, mode, _, _, _, _, size, _, _, major, minor, length, _ = (int(raw[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13))
        name = raw[at + 110 : at + 110 + length - 1].decode()
        begin = (at + 110 + length + 3) & ~3
        found[name] = (mode, raw[begin : begin + size], (major, minor))
        at = (begin + size + 3) & ~3
    return found


def _arguments(*words: str) -> Namespace:
    parser = ArgumentParser()
    guests.configure(parser)
    return parser.parse_args(words)


def _run(folder: Path, code: str, *words: str) -> int:
    """A guest that is a Python program; `files` is its folder, `results(**runs)` sends runs home."""
    (folder / "work").mkdir(exist_ok=True)
    (folder / "runs").mkdir(exist_ok=True)
    guest = guests.Guest("linux@6.12.94", lambda _: [sys.executable, "-c", code])
    return guests.run_guests([guest], _arguments("--record", str(folder / "runs"), *words), folder / "work")


def _sending(folder: Path, status: int) -> str:
    """The code of a guest that sends a run home."""
    write_run(folder / "run.jsonl", {"platform": "linux@6.12.94", "stack": "kernel", "fingerprint": {"privilege": "root"}}, [])
    (folder / "results.json").write_text(json.dumps({"root": {"status": status, "seconds": 3.0}}), encoding="utf-8")
    with tarfile.open(folder / "sent", "w:gz") as archive:
        archive.add(folder / "results.json", "results.json")
        archive.add(folder / "run.jsonl", "root/run.jsonl")
    return f"import shutil; shutil.copyfile({str(folder / 'sent')!r}, 'results')"


#: pytest as a guest has it, in the folder that is the first argument, with the arguments that follow.
AS_A_GUEST = """
import sys, pytest
from reports.stacks import guest
guest.folder_of = lambda _: sys.argv[1]
sys.exit(pytest.main([*guest.COMMAND, *sys.argv[2:]], plugins=[guest.ForEachUser(["root"])]))
"""


def test_a_guest_finds_what_pytest_finds(tmp_path: Path) -> None:
    """Also what surprises: Linux is taken for FreeBSD."""
    words = ["-k", "test_descriptors", "--stack", "linux", "--platform", "freebsd"]
    usual = ["-m", "pytest", "suites/test_descriptors.py"]
    for folder, program in (("guest", ["-c", AS_A_GUEST, str(tmp_path / "guest")]), ("pytest", usual)):
        (tmp_path / folder).mkdir()
        record = ["--record", str(tmp_path / folder / "run.jsonl")]
        subprocess.run([sys.executable, *program, *words, *record], cwd=ROOT, env=inherited(), stdout=subprocess.DEVNULL, check=False)
    found, expected = (read_run(tmp_path / folder / "run.jsonl").traces for folder in ("guest", "pytest"))
    assert found == expected
    assert {record["verdict"] for record in found} >= {"surprise", "conforms"}


@pytest.fixture
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guests that are programs of this machine need no Python of their own."""
    monkeypatch.setattr("reports.stacks.initramfs.contents", dict)


@pytest.mark.usefixtures("_light")
class TestGuests:
    def test_a_run_comes_home(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert _run(tmp_path, _sending(tmp_path, 0)) == 0
        assert read_run(tmp_path / "runs" / "linux-6.12.94-root.jsonl.xz").header["platform"] == "linux@6.12.94"
        assert capsys.readouterr().out == "linux 6.12.94 as root:  (3 s)\n"

    def test_a_surprise_shows_its_story(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        story = "print('...v\\n=== surprise ===\\nsurprise: tcp/x\\n  calls\\n=== addrinuse: kernel ===\\nrest');"
        assert _run(tmp_path, story + _sending(tmp_path, 1)) == 1
        out = capsys.readouterr().out
        assert "6.12.94 as root ended pytest with status 1. Its console:" in out
        assert "surprise: tcp/x\n  calls\n" in out
        assert "rest" not in out

    def test_a_guest_that_does_not_start_shows_its_console(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert _run(tmp_path, "print('Kernel panic - not syncing'); raise SystemExit(1)") == 1
        out = capsys.readouterr().out
        assert "linux 6.12.94 ended without a result" in out
        assert "Kernel panic" in out

    def test_a_guest_that_hangs_is_ended_and_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert _run(tmp_path, "import time; time.sleep(600)", "--silence", "0.5") == 1
        assert "linux 6.12.94 hung and was ended" in capsys.readouterr().out

    def test_results_that_were_cut_off_are_none(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code = _sending(tmp_path, 0)
        (tmp_path / "sent").write_bytes((tmp_path / "sent").read_bytes()[:-20])
        assert _run(tmp_path, code) == 1
        assert "ended without a result" in capsys.readouterr().out
        assert not list((tmp_path / "runs").iterdir())

    def test_a_run_that_was_cut_off_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code = _sending(tmp_path, 0)
        (tmp_path / "run.jsonl").write_text((tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
        with tarfile.open(tmp_path / "sent", "w:gz") as archive:
            archive.add(tmp_path / "results.json", "results.json")
            archive.add(tmp_path / "run.jsonl", "root/run.jsonl")
        assert _run(tmp_path, code) == 1
        assert "no footer" in capsys.readouterr().out
        assert not list((tmp_path / "runs").iterdir())


def test_keep_is_for_whole_runs(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="leave out -k"):
        guests.run_guests([], _arguments("--keep", "-k", "udp"), tmp_path)
    with pytest.raises(CannotRun, match="no such folder"):
        guests.run_guests([], _arguments("--record", str(tmp_path / "none")), tmp_path)


def test_nothing_is_left_when_the_tool_is_killed(tmp_path: Path) -> None:
    hanging = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()) + '.'); time.sleep(600)"
    code = (
        "from reports.stacks import guests, initramfs\n"
        "import argparse, sys\n"
        "initramfs.contents = dict\n"
        "parser = argparse.ArgumentParser(); guests.configure(parser)\n"
        f"guest = guests.Guest('linux@6.12.94', lambda folder: [sys.executable, '-c', {hanging!r}])\n"
        "with guests.work_folder() as work: guests.run_guests([guest], parser.parse_args([]), work)\n"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    tool = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
    pid = _text_of(tmp_path / "pid")
    tool.kill()
    tool.wait()
    for _ in range(500):
        if not Path("/proc", pid).exists():
            break
        time.sleep(0.02)
    assert not Path("/proc", pid).exists()
    assert not list((tmp_path / "addrinuse" / "runs").iterdir())
    again = "from reports.stacks import guests\nwith guests.work_folder() as work: print(len(list(work.parent.iterdir())))"
    assert subprocess.check_output([sys.executable, "-c", again], cwd=ROOT, env=environment, text=True) == "1\n"


def _text_of(path: Path) -> str:
    for _ in range(1500):
        if path.exists() and path.read_text(encoding="ascii").endswith("."):
            return path.read_text(encoding="ascii")[:-1]
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def test_a_missing_emulator_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(kernels, "PROGRAMS", {"qemu-of-nobody": "qemu-system-x86"})
    assert main(["kernels"]) == 2
    message = "qemu-of-nobody: not on this machine; install it first (Debian: apt install qemu-system-x86)"
    assert capsys.readouterr().err == f"python -m reports.stacks: {message}\n"


def test_the_guest_is_cut_off_from_everything() -> None:
    line = [str(word) for word in kernels.command("qemu", Path("vmlinuz"))]
    assert "-nodefaults" in line
    assert "-no-reboot" in line
    assert not {"-nic", "-netdev", "-drive", "-virtfs"} & set(line)


def test_kept_runs_have_their_names() -> None:
    for name, run in runs_by_file(RUNS).items():
        assert name == file_name(run)


def test_each_version_of_a_series_keeps_its_own_runs(tmp_path: Path) -> None:
    guest = kernels.machine_for(Kernel("linux-image-6.16.3+deb13-cloud-amd64", "6.16.3-1~bpo13+1"), tmp_path, "qemu")
    assert (guest.platform, guest.name) == ("linux@6.16.3", "linux 6.16.3")
