"""Whatever happens: no hang, no orphan, one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.standin.running import HEAD, command, linux, python, run

pytestmark = linux


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -TERM $$", 143), ("exit 0", 0)])
def test_the_exit_status_is_the_commands(script: str, status: int) -> None:
    assert run("windows", "--", "sh", "-c", script).returncode == status


def test_a_command_that_does_not_exist() -> None:
    done = run("windows", "--", "/nonexistent")
    assert done.returncode == 127
    assert done.stderr.splitlines()[0] == "addrinuse as: /nonexistent: cannot be run: No such file or directory"


def test_inside_another_one_it_says_so_in_one_line() -> None:
    done = run("freebsd", "--json", "/dev/null", "--", *command("windows", "--", "true"))
    assert done.returncode == 125
    assert done.stderr.startswith("addrinuse as: this program is already under another filter with a listener")
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_platform() -> None:
    done = run("plan9", "--", "true")
    assert done.returncode == 2
    assert done.stderr.startswith("addrinuse: plan9: no such platform")


def test_what_the_command_leaves_is_ended() -> None:
    done = run("windows", "--", "sh", "-c", "sleep 1000 & echo $!")
    assert done.returncode == 0
    assert not is_running(int(done.stdout))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def started(program: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A program under a platform, and the processes that it names in its first line."""
    words = command("windows", "--", sys.executable, "-c", HEAD + program)
    process = subprocess.Popen(words, cwd=ROOT, env=inherited(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    return process, [int(word) for word in process.stdout.readline().split()]


FAMILY = """\
import os, time
child = os.fork()
if child == 0:
    time.sleep(100)
print(os.getpid(), child, os.getppid(), flush=True)
time.sleep(100)
"""


HANDLER = """\
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print(os.getpid(), flush=True)
time.sleep(100)
"""


def gone(pids: list[int]) -> bool:
    end = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(is_running, pids))


def test_a_vanished_supervisor_takes_the_program_with_it() -> None:
    process, pids = started(FAMILY)
    process.kill()
    assert gone(pids)
    assert process.communicate(timeout=10)[1].splitlines()[-1] == "addrinuse as: the supervisor is gone; the program was ended"


def test_a_vanished_keeper_takes_the_program_with_it() -> None:
    process, pids = started(FAMILY)
    os.kill(pids[2], signal.SIGKILL)
    assert gone(pids)
    process.communicate(timeout=10)
    assert process.returncode == 125


def test_a_signal_to_the_supervisor_is_the_programs() -> None:
    process, pids = started(HANDLER)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 3
    assert gone(pids)


def test_a_child_that_is_killed_lets_its_port_go() -> None:
    script = """\
import os, signal
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    one = tcp(); one.bind(("127.0.0.1", 0)); one.listen()
    os.write(writer, str(one.getsockname()[1]).encode())
    signal.pause()
port = int(os.read(reader, 16))
print(answer(tcp().bind, ("127.0.0.1", port)))
os.kill(child, 9); os.waitpid(child, 0)
print(answer(tcp().bind, ("127.0.0.1", port)))
"""
    assert python("freebsd", script) == ["EADDRINUSE", "ok"]


def test_a_socket_that_a_child_still_has_open_holds_its_port() -> None:
    script = """\
import os, signal
one = tcp(); one.bind(("127.0.0.1", 0)); one.listen()
address = one.getsockname()
child = os.fork()
if child == 0:
    signal.pause()
one.close()
print(answer(tcp().bind, address))
os.kill(child, 9); os.waitpid(child, 0)
print(answer(tcp().bind, address))
"""
    assert python("macos", script) == ["EADDRINUSE", "ok"]


def test_threads_are_judged_as_their_process() -> None:
    script = """\
import threading
got = []
def serve():
    one = tcp(socket.SO_REUSEADDR); got.append(answer(one.bind, ("127.0.0.1", PORT))); got.append(one)
held = tcp(socket.SO_REUSEADDR); held.bind(("127.0.0.1", 0)); PORT = held.getsockname()[1]
thread = threading.Thread(target=serve); thread.start(); thread.join()
print(got[0])
"""
    assert python("freebsd", script) == ["EADDRINUSE"]
    assert python("windows", script) == ["ok"]


def test_a_program_with_a_filter_of_its_own() -> None:
    """It refuses getppid with EPERM, and is judged all the same."""
    script = """\
import ctypes, os, struct
code = b"".join(struct.pack("=HBBI", *one) for one in ((0x20, 0, 0, 0), (0x15, 0, 1, GETPPID), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000)))
buffer = ctypes.create_string_buffer(code, len(code))
library = ctypes.CDLL(None)
assert library.prctl(38, 1, 0, 0, 0) == 0
assert library.prctl(22, 2, struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))) == 0
first, second = tcp(socket.SO_REUSEADDR), tcp(socket.SO_REUSEADDR)
first.bind(("127.0.0.1", 0))
print(os.getppid(), answer(second.bind, first.getsockname()))
"""
    number = {"x86_64": 110, "aarch64": 173}[os.uname().machine]
    assert python("freebsd", script.replace("GETPPID", str(number))) == ["-1", "EADDRINUSE"]


def test_many_processes_at_once() -> None:
    script = """\
import os
held = tcp(); held.bind(("127.0.0.1", 0)); held.listen()
children = []
for _ in range(200):
    child = os.fork()
    if child == 0:
        own = tcp(); own.bind(("127.0.0.1", 0)); own.listen()
        os._exit(answer(tcp().bind, held.getsockname()) != "EADDRINUSE")
    children.append(child)
print(sum(os.waitpid(child, 0)[1] for child in children))
"""
    assert python("openbsd", script) == ["0"]


def test_many_sockets() -> None:
    script = """\
held = [tcp() for _ in range(500)]
for one in held:
    one.bind(("127.0.0.1", 0)); one.listen()
print(len({one.getsockname()[1] for one in held}), answer(tcp().bind, held[77].getsockname()))
"""
    assert python("freebsd", script) == ["500", "EADDRINUSE"]
