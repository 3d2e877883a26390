"""AF_UNIX on the kernel of this machine: real sockets and files, and nothing of them is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Broken, Untestable
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
from fixtures.machine.unix.address import bind, name_of
from fixtures.machine.unix.folder import Folders, remove
from reports.catalogue import ROOT
from tests.helpers.children import inherited

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="written for the names that Linux has")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def played(bench: Bench, script: str) -> list[str]:
    """The last lines of a script, those that name an answer, with the kernel's answers."""
    stack, said = Kernel(bench), []
    try:
        for call, expected in parse(script):
            answer = stack.perform(call)
            said += [f"{call} = {answer}"] if expected else []
    finally:
        stack.close()
    return said


def agrees(bench: Bench, script: str) -> None:
    assert played(bench, script) == [line for line in script.splitlines() if line.rpartition(") = ")[1]]


def test_a_stale_file_and_who_receives(bench: Bench) -> None:
    agrees(
        bench,
        """\
A = unix()
A.bind(/F) = ok
A.listen()
connections(/F) = A
A.getsockname() = /F
A.close()
file(/F) = socket
B = unix()
B.bind(/F) = EADDRINUSE
unlink(/F) = ok
B.bind(/F) = ok
B.listen()
connections(/F) = B""",
    )


def test_a_process_is_killed(bench: Bench) -> None:
    agrees(
        bench,
        """\
A = other: unix()
A.bind(/F)
A.listen(0)
C = unix()
C.connect(/F) = ok
kill(other) = ok
C.recv(1) = ECONNRESET
file(/F) = socket
B = other: unix()
B.connect(/F) = ECONNREFUSED""",
    )


def test_a_socket_of_a_killed_process_is_gone(bench: Bench) -> None:
    with pytest.raises(Broken, match="the process that owns A is gone"):
        played(bench, "A = other: unix()\nkill(other)\nA.bind(/F)")


def test_what_was_passed_and_not_taken_ends_with_the_experiment(bench: Bench) -> None:
    played(bench, "A = unix()\nA.bind(/F)\nA.pass(other)\nA.pass()\nA.pass(other)")
    agrees(bench, "A = unix()\nB = A.inherit()\nA.bind(/G) = ok\nB.getsockname() = /G")


def test_nothing_is_inherited_past_a_message(bench: Bench) -> None:
    with pytest.raises(Untestable, match="taken before it inherits"):
        played(bench, "A = unix()\nA.pass(other)\nB = A.inherit()")


def test_root_that_permissions_hold_back_is_not_the_root_that_is_meant(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may have taken CAP_DAC_OVERRIDE away."""
    monkeypatch.setattr("fixtures.machine.bench._has_all_permissions", lambda: False)
    with pytest.raises(Untestable, match="power over files"):
        played(bench, "A = root: unix()")


def test_names_that_are_no_files(bench: Bench) -> None:
    agrees(
        bench,
        """\
A = unix()
A.getsockname() = unnamed
A.bind(@)
A.getsockname() = @hhhhh
B = unix()
B.bind(name(A)) = EADDRINUSE
B.bind(@N) = ok
B.getsockname() = @N
C = unix()
C.bind(@N(108)) = ok
C.getsockname() = @N(108)""",
    )


def test_as_many_bytes_as_are_asked_for(bench: Bench) -> None:
    agrees(
        bench,
        """\
A = unix()
A.bind(/F(109)) = EINVAL
A.bind(/F(108)) = ok
A.getsockname() = /F(108)
file(/F(108)) = socket
A.listen()
C = unix()
C.connect(/F(108)) = ok""",
    )


def test_a_name_that_is_too_short_for_the_folder_is_untestable(bench: Bench) -> None:
    with pytest.raises(Untestable, match="the folder of the experiment alone takes"):
        played(bench, "A = unix()\nA.bind(/F(5))")


@pytest.mark.parametrize("call", ["chdir(..)", "make(../F)", "make(../../F)", "link(/F, ../G)", "rename(/F, ../G)", "unlink(../F)"])
def test_no_call_leaves_the_folder(bench: Bench, call: str) -> None:
    with pytest.raises(Untestable, match="leads out of the folder of the experiment"):
        played(bench, f"make(/F)\n{call}")


def test_each_experiment_begins_with_an_empty_folder_and_the_usual_mask(bench: Bench) -> None:
    played(bench, "make(/D/)\nchdir(/D)\numask(077)\nchmod(/D, 0000)\nA = unix()\nA.bind(/F)")
    agrees(bench, "file(/D) = none\nfile(/F) = none\nmake(F)\nfile(/F) = file\nmode(/F) = 0644")
    assert list(bench.folders.home.iterdir()) == []


def test_an_experiment_with_ports_makes_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr("tempfile.mkdtemp", lambda **given: made.append(str(given)))
    bench = Bench("host")
    try:
        played(bench, "A = tcp4()\nA.bind(127.0.0.1:P)")
    finally:
        bench.close()
    assert made == []


def test_nothing_is_left_when_the_bench_is_closed() -> None:
    bench = Bench()
    home = bench.folders.home
    played(bench, "A = unix()\nA.bind(/F)")
    bench.close()
    assert not home.exists()


def test_a_long_name_of_the_temporary_folder_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("x" * 60)))
    folders = Folders()
    try:
        assert folders.home.parent == Path("/tmp")
    finally:
        folders.close()


def test_permissions_keep_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "closed" / "inner").mkdir(parents=True)
    (folder / "closed").chmod(0)
    remove(str(folder))
    assert not folder.exists()


def test_a_name_without_a_nul(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        name = b"/tmp/addrinuse-" + b"x" * 93
        bind(sock, name)
        try:
            assert name_of(sock) == name
        finally:
            os.unlink(name)


KILLED = """
import sys, time
from fixtures.language.notation import parse
from fixtures.machine.bench import Bench
from fixtures.machine.kernel import Kernel
bench = Bench()
stack = Kernel(bench)
for call, _ in parse("A = unix()\\nA.bind(/F)\\nmake(/D/)\\nB = other: unix()\\nB.bind(/D/F)\\nchmod(/D, 0500)"):
    stack.perform(call)
print(bench.folders.home, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_run_is_killed(how: signal.Signals) -> None:
    words = [sys.executable, "-c", KILLED]
    with subprocess.Popen(words, cwd=ROOT, env=inherited(), stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        home = Path(run.stdout.readline().strip())
        assert (home / "1" / "F").is_socket()
        run.send_signal(how)
    end = time.monotonic() + 20
    while home.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not home.exists()
