"""Where the user wants a file: a folder, a device, a link, a full disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fixtures.record.output import problem, write_whole, written_whole
from tests.suites.test_conformance import conformance

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has neither devices in folders nor links for everybody")


def test_a_file_is_written_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "run", b"old")
    write_whole(tmp_path / "run", b"new")
    assert (tmp_path / "run").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@POSIX
def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "run")
    write_whole(tmp_path / "link", b"run")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "run").read_bytes() == b"run"


@POSIX
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert problem(tmp_path / "pipe") == ""
        write_whole(tmp_path / "pipe", b"run")
        assert os.read(reader, 10) == b"run"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="making a device needs root")
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        (tmp_path / "null").open("ab").close()
    except OSError:
        pytest.skip("no devices can be made here")
    write_whole(tmp_path / "null", b"run")
    assert stat.S_ISCHR((tmp_path / "null").stat().st_mode)


@POSIX
def test_nobody_else_can_write_where_the_file_is_made(tmp_path: Path) -> None:
    with written_whole(tmp_path / "run") as partial:
        assert stat.S_IMODE(partial.parent.stat().st_mode) == 0o700
        assert str(os.getpid()) != partial.parent.name.rpartition(".")[2]
        partial.write_bytes(b"run")


def test_why_a_file_cannot_be_written(tmp_path: Path) -> None:
    assert problem(tmp_path / "new") == ""
    assert "does not exist" in problem(tmp_path / "no" / "new")
    assert "this is a folder" in problem(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_run_that_cannot_be_written_shows_its_matrix_and_says_so() -> None:
    done = conformance("--stack", "linux", "-k", "tcp/duplicate/both-reuseaddr", "--record", "/dev/full")
    assert done.returncode == 4
    assert "duplicate bind" in done.stdout
    assert "--record /dev/full: cannot be written: No space left on device; this run is not kept" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_is_refused_before_the_run(tmp_path: Path) -> None:
    done = conformance("--stack", "linux", "--record", str(tmp_path))
    assert done.returncode == 4
    assert done.stderr.count("\n") <= 2
    assert f"--record {tmp_path}: this is a folder; name a file" in done.stderr
