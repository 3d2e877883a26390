from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixtures.record.output import written_whole
from fixtures.record.runfile import RunError, read_run, write_run
from reports.catalogue import ROOT
from reports.stacks import common
from reports.stacks.__main__ import main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other stacks run on Linux")

#: A program that starts a daemon in a session of its own and then waits; the daemon writes its number first.
_DAEMON = (
    "import subprocess, sys, time;"
    "code = 'import os, sys, time; print(os.getpid(), flush=True); time.sleep(600)';"
    "subprocess.Popen([sys.executable, '-c', code], start_new_session=True);"
    "time.sleep(600)"
)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ends(pid: int) -> bool:
    for _ in range(500):
        if not _is_alive(pid):
            return True
        time.sleep(0.02)
    return False


def test_a_guarded_command_keeps_its_exit_status() -> None:
    with common.guarded([sys.executable, "-c", "raise SystemExit(7)"]) as process:
        assert process.wait() == 7


def test_a_guarded_command_leaves_no_daemon() -> None:
    with common.guarded([sys.executable, "-c", _DAEMON], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        daemon = int(process.stdout.readline())
        assert _is_alive(daemon)
        process.stdout.close()
    assert _ends(daemon)


def test_nothing_is_left_when_the_program_is_killed() -> None:
    code = f"from reports.stacks import common\nwith common.guarded([{sys.executable!r}, '-c', {_DAEMON!r}]) as p: p.wait()"
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert program.stdout
    daemon = int(program.stdout.readline())
    program.stdout.close()
    program.kill()
    program.wait()
    assert _ends(daemon)


def test_what_is_missing_is_named_in_one_line() -> None:
    with pytest.raises(common.CannotRun) as caught:
        common.need({"no-such-program": "its-package", "python-of-nobody": "its-package", "sh": "dash"})
    assert str(caught.value) == "no-such-program, python-of-nobody: not on this machine; install it first (Debian: apt install its-package)"


def test_the_cache_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert common.cache_folder("kernels") == tmp_path / "addrinuse" / "kernels"
    assert (tmp_path / "addrinuse" / "kernels").is_dir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(common.CannotRun, match="set XDG_CACHE_HOME"):
        common.cache_folder()


def test_a_kept_run_is_the_same_file_each_time(tmp_path: Path) -> None:
    run = tmp_path / "a.jsonl"
    write_run(run, {"platform": "linux@6.12.94", "stack": "kernel", "fingerprint": {}}, [])
    first = common.keep(run, tmp_path / "runs").read_bytes()
    kept = common.keep(run, tmp_path / "runs")
    assert kept.name == "linux-6.12.94.jsonl.xz"
    assert kept.read_bytes() == first
    assert read_run(kept).header["platform"] == "linux@6.12.94"


def test_a_truncated_run_is_not_kept(tmp_path: Path) -> None:
    run = tmp_path / "a.jsonl"
    run.write_text('{"format":"addrinuse-run/1"}\n', encoding="ascii")
    with pytest.raises(RunError, match="no footer"):
        common.keep(run, tmp_path / "runs")
    assert not list(tmp_path.glob("runs/*"))


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    def write() -> None:
        with written_whole(tmp_path / "kernel") as partial:
            partial.write_text("half", encoding="ascii")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_stack_that_is_not_known_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["plan9"])
    assert caught.value.code == 2
    assert "kernels" in capsys.readouterr().err


def test_the_guard_keeps_no_zombies() -> None:
    code = (
        "import os, subprocess, sys, time;"
        "subprocess.run([sys.executable, '-c', 'import os; os.fork() or os._exit(0)']);"
        "print(os.getppid(), flush=True); time.sleep(600)"
    )
    with common.guarded([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with process.stdout:
            guard = int(process.stdout.readline())
        for _ in range(500):
            children = Path(f"/proc/{guard}/task/{guard}/children").read_text(encoding="ascii").split()
            if len(children) == 1:
                break
            time.sleep(0.02)
        assert len(children) == 1
