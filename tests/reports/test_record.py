"""Recording a Python server while it runs, under strace and in a Python that tells its calls."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from reports import record
from reports.__main__ import main
from reports.calls import read_calls
from reports.catalogue import ROOT

# It serves one connection of its own, on a port that the system gives to the first socket and the program to the second.
SERVER = """\
import socket, struct
found = socket.socket()
found.bind(("127.0.0.1", 0))
port = found.getsockname()[1]
found.close()
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", port))
server.listen(5)
client = socket.create_connection(("127.0.0.1", port))
child, _ = server.accept()
child.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
second = socket.socket()
try:
    second.bind(("127.0.0.1", port))
except OSError:
    pass
for one in (second, child, client, server):
    one.close()
"""
EXPECTED = """\
A = tcp4()
A.bind(127.0.0.1:0) = ok
A.close()
B = tcp4()
B.setsockopt(SO_REUSEADDR, 1) = ok
B.bind(127.0.0.1:PORT) = ok
B.listen(5) = ok
C = B.accept()
C.setsockopt(SO_LINGER, 0)
D = tcp4()
D.bind(127.0.0.1:PORT) = EADDRINUSE
D.close()
B.close()
"""


@cache
def strace_works() -> bool:
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0


HOW = ("python", pytest.param("strace", marks=pytest.mark.skipif(not strace_works(), reason="strace cannot trace here")))


@pytest.fixture
def server(tmp_path: Path) -> str:
    path = tmp_path / "server.py"
    path.write_text(SERVER, encoding="utf-8")
    return str(path)


def lines(text: str) -> list[str]:
    """The calls, sorted, with one port."""
    found = [line for line in text.splitlines() if not line.startswith("#")]
    port = next(line for line in found if "B.bind" in line).rpartition(":")[2].partition(")")[0]
    return [line.replace(port, "PORT") for line in found]


@pytest.mark.parametrize("how", HOW)
def test_a_python_server(how: str, server: str, tmp_path: Path) -> None:
    output = tmp_path / "calls.txt"
    assert main(["record", "--how", how, "-o", str(output), "--", sys.executable, server]) == 0
    text = output.read_text(encoding="utf-8")
    assert sorted(lines(text)) == sorted(EXPECTED.splitlines())
    assert str(tmp_path) not in text
    assert len(read_calls(str(output)).servers) == 2


WAITS = "import socket, sys, time\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\ntime.sleep(600)\n"


@pytest.mark.parametrize("how", HOW)
def test_a_server_is_stopped(how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waits = ("1", "4", "16", "60")  # a machine that is busy may need more until the server listens
    assert any(main(["record", "--how", how, "--seconds", wait, "--", sys.executable, "-c", WAITS]) == 0 for wait in waits)
    assert "A.listen() = ok" in capsys.readouterr().out


DEAF = """\
import signal, socket, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: (print("tidy", file=sys.stderr), sys.exit(0)))
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
open(sys.argv[1], "w").close()
while True:
    signal.pause()
"""


@pytest.mark.skipif(not record.can_guard(), reason="there is no guard here")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", HOW)
def test_a_server_that_is_deaf_to_ctrl_c_is_asked_to_end(how: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    words = [sys.executable, "-m", "reports", "record", "--how", how, "--", sys.executable, "-c", DEAF, str(ready)]
    recorder = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    while not ready.exists():
        assert recorder.poll() is None
        time.sleep(0.01)
    os.killpg(recorder.pid, signal.SIGINT)  # as a terminal does
    out, err = recorder.communicate(timeout=60)
    assert (recorder.returncode, b"A.listen() = ok" in out, b"tidy" in err) == (0, True, True), err


#: It gives a program a listener and a UDP socket, as systemd does, and becomes it.
ACTIVATOR = """import os, socket, sys
s, u = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 0)), u.bind(("127.0.0.1", 0)), s.listen()
high = [os.dup2(one.fileno(), number) for number, one in enumerate((s, u), 20)]
for number, one in enumerate(high, 3):
    os.dup2(one, number, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execvp(sys.argv[1], sys.argv[1:])
"""
ACTIVATED = """import os, socket
assert (os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"]) == (str(os.getpid()), "2")
s, u = socket.socket(fileno=3), socket.socket(fileno=4)
c = socket.create_connection(s.getsockname())
s.accept()
"""


@pytest.mark.skipif(os.name != "posix", reason="sockets are passed on by exec")
@pytest.mark.parametrize("how", HOW)
def test_sockets_are_passed_on_and_asked_what_they_are(how: str, tmp_path: Path) -> None:
    output = tmp_path / "calls.txt"
    recorder = [sys.executable, "-m", "reports", "record", "--how", how, "-o", str(output), "--", sys.executable, "-c", ACTIVATED]
    done = subprocess.run([sys.executable, "-c", ACTIVATOR, *recorder], cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    listener, other = read_calls(str(output)).servers
    assert (listener.kind, listener.listening, listener.accepted, listener.inherited) == ("tcp4", True, 1, False)
    assert [act.args for act in listener.acts if act.verb == "setsockopt"] == [("SO_REUSEADDR", 1)]
    assert (other.kind, [act.args for act in other.acts if act.verb == "setsockopt"]) == ("udp4", [])


@pytest.mark.parametrize("how", HOW)
def test_a_port_that_is_busy_is_named(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        program = f"import socket\ns = socket.socket()\ns.bind(('127.0.0.1', {port}))\n"
        assert main(["record", "--how", how, "--", sys.executable, "-c", program]) == 2
    said = capsys.readouterr().err
    assert f"bind to 127.0.0.1:{port} of a tcp4 socket was EADDRINUSE" in said
    assert f"(pid {os.getpid()})" in said
    assert "allowed to trace" not in said


@pytest.mark.parametrize("how", HOW)
def test_who_ends_the_recorder_ends_the_server(how: str, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    program = f"import os, pathlib\npathlib.Path({str(pidfile)!r} + '.new').write_text(str(os.getpid()))\n{WAITS}".replace(
        "time.sleep", f"os.rename({str(pidfile)!r} + '.new', {str(pidfile)!r}); time.sleep"
    )
    recorder = subprocess.Popen(
        [sys.executable, "-m", "reports", "record", "--how", how, "--", sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not pidfile.exists():
        assert recorder.poll() is None
        time.sleep(0.01)
    recorder.terminate()
    out, err = recorder.communicate(timeout=60)
    assert (recorder.returncode, b"A.listen() = ok" in out) == (0, True), err
    with pytest.raises(ProcessLookupError):
        os.kill(int(pidfile.read_text()), 0)


#: It has a worker in a session of its own, whose parent is gone; each tells its process id by a file.
DAEMON = """\
import os, pathlib, socket, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
folder = pathlib.Path(os.environ["FOLDER"])
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
(folder / "new" / str(os.getpid())).touch()
os.rename(folder / "new" / str(os.getpid()), folder / str(os.getpid()))
time.sleep(600)
"""


@pytest.mark.skipif(not record.can_guard(), reason="there is no guard here")
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("how", HOW)
def test_nothing_is_left_however_the_recorder_ends(how: str, number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    recorder = subprocess.Popen(
        [sys.executable, "-m", "reports", "record", "--how", how, "-o", os.devnull, "--", sys.executable, "-c", DAEMON],
        cwd=ROOT,
        env=os.environ | {"FOLDER": str(tmp_path)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while len(pids := [path.name for path in tmp_path.iterdir() if path.name != "new"]) < 2:
            assert recorder.poll() is None
            time.sleep(0.01)
        if number == signal.SIGINT:
            os.killpg(recorder.pid, number)  # as a terminal does
        else:
            recorder.send_signal(number)
        recorder.wait(60)
        assert recorder.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    finally:
        recorder.kill()
        recorder.wait()
    until = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_server_reads_what_the_recorder_is_given(tmp_path: Path) -> None:
    program = "import socket, sys\nassert sys.stdin.read() == 'asked'\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\n"
    words = [sys.executable, "-m", "reports", "record", "--how", "python", "-o", os.devnull, "--", sys.executable, "-c", program]
    assert subprocess.run(words, cwd=ROOT, input=b"asked", check=False, timeout=60).returncode == 0


def test_a_forking_server_without_strace(tmp_path: Path) -> None:
    program = """\
import os, socket
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, True)
s.bind(("::1", 0))
s.listen()
c = socket.create_connection(s.getsockname()[:2])
if os.fork() == 0:
    s.accept()
    os._exit(0)
os.wait()
"""
    output = tmp_path / "calls.txt"
    assert main(["record", "--how", "python", "-o", str(output), "--", sys.executable, "-c", program]) == 0
    found = read_calls(str(output)).servers
    assert [(one.kind, str(one.address), len(one.workers), one.accepted) for one in found] == [("tcp6", "[::1]:0", 2, 1)]


def test_a_member_of_a_group_without_strace(tmp_path: Path) -> None:
    program = """\
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 0))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.255.255.250") + socket.inet_aton("127.0.0.1"))
"""
    output = tmp_path / "calls.txt"
    assert main(["record", "--how", "python", "-o", str(output), "--", sys.executable, "-c", program]) == 0
    assert "A.join(239.255.255.250) = ok" in output.read_text(encoding="utf-8")


def test_another_sitecustomize_is_still_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.seen = True\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    program = "import socket\nassert seen\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\n"
    assert main(["record", "--how", "python", "-o", os.devnull, "--", sys.executable, "-c", program]) == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["--how", "python", "--", sys.executable, "-c", "pass"], "no socket was bound (python, exit status 0)"),
        (["--how", "python", "--", "/nonexistent/server"], "cannot be run: No such file"),
        (["--how", "python", "-o", "/nonexistent/calls", "--", sys.executable, "-c", WAITS.replace("600", "0")], "-o /nonexistent/calls"),
    ],
)
def test_bad_input(command: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", *command]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert (out, err.count("\n")) == ("", 1)


def test_without_strace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["record", "--", "/bin/true"]) == 2
    assert main(["record", "--how", "strace", "--", "/bin/true"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert "record a Python program" in said[0]
    assert "strace was not found" in said[1]
    assert record.way_to_record("auto", ["python3", "server.py"]) == "python"


UNIX_SERVER = """
import os, socket, stat, sys
path = sys.argv[1]
try:
    if stat.S_ISSOCK(os.stat(path).st_mode):
        os.remove(path)
except FileNotFoundError:
    pass
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
os.chmod(path, 0o660)
listener.listen()
listener.close()
"""


@pytest.mark.parametrize("how", HOW)
def test_a_server_on_a_path(how: str, tmp_path: Path) -> None:
    output, path = tmp_path / "calls.txt", tmp_path / "x.sock"
    for before in ([], ["B = other: unix()", "B.bind(/F) = ok", "B.close() = ok"]):
        assert main(["record", "--how", how, "-o", str(output), "--", sys.executable, "-c", UNIX_SERVER, str(path)]) == 0
        there = ["file(/F) = socket", "unlink(/F) = ok"] if before else ["file(/F) = none"]
        made = [*there, "A = unix()"]
        if how == "python" and not before:
            made.reverse()  # of a look at a file nobody knows before the bind that it matters
        lines = ["A.bind(/F) = ok", "chmod(/F, 0660) = ok", "A.listen() = ok", "A.close()"]
        assert output.read_text("utf-8").splitlines()[1:] == [f"# /F is {path}", *before, *made, *lines]
