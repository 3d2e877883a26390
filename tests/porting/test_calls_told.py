"""What a log shows and what it hides: threads and processes, sockets that are older than it, clients, and how strace spells."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.__main__ import main
from reports.calls import Recording, parse_calls, read_calls
from reports.inputs import BadInput
from reports.porting.groups import groups_of
from reports.porting.trials import TRIALS

FOLDER = Path(__file__).parent.parent / "data" / "port"
LISTENER = """\
A = tcp4()
A.setsockopt(SO_REUSEADDR, 1) = ok
A.setsockopt(SO_REUSEADDR, 1) = ok
A.bind(127.0.0.1:18080) = ok
A.listen() = ok
B = A.accept()
A.close()"""


def log(name: str) -> Recording:
    return read_calls(str(FOLDER / f"{name}.log"))


def asked(recording: Recording) -> set[str]:
    return {trial.id for group in groups_of(recording) for trial in TRIALS if trial.applies(group.shape)}


def test_every_log_is_described() -> None:
    described = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in FOLDER.glob("*.log") if f"`{path.stem}`" not in described] == []


@pytest.mark.parametrize("name", ["strace-x-raw", "strace-x-verbose", "strace-y"])
def test_how_strace_can_spell(name: str) -> None:
    assert log(name).notation() == LISTENER


# Threads and processes.


def test_threads_that_were_seen_to_begin_are_one_process() -> None:
    found = log("threads")
    assert [(len(one.workers), one.accepted) for one in found.servers] == [(1, 2)]
    assert list(found.notes) == []
    assert "inherited" not in asked(found)


def test_tasks_that_nobody_saw_begin_are_taken_for_threads_and_that_is_said() -> None:
    found = log("threads-network")
    assert [(len(one.workers), one.accepted) for one in found.servers] == [(1, 2)]
    (note,) = found.notes
    assert "threads of one process, or processes" in note
    assert "strace -f -e trace=network,process,close,dup,dup2,dup3,fcntl" in note
    assert "inherited" not in asked(found)
    assert "other" not in found.notation()


def test_exit_group_ends_the_other_threads() -> None:
    first, second = log("exit-group").servers
    assert 0 < first.closed_at < second.line
    assert [len(group.shape.kinds) for group in groups_of(log("exit-group"))] == [1]


def test_one_thread_that_ends_closes_nothing() -> None:
    ending = (FOLDER / "exit-group.log").read_text(encoding="utf-8").replace("exit_group(0) ", "exit(0) ", 1)
    assert not parse_calls(ending.encode(), "log").servers[0].closed_at


def test_exec_ends_the_other_threads() -> None:
    text = (FOLDER / "exit-group.log").read_text(encoding="utf-8")
    child = text[: text.index(" exit_group")].rpartition("\n")[2]
    ran = text.replace(
        f"{child} exit_group(0)                     = ?", f"{child} execve('x', [], 0) = 0\n{child} +++ exited with 0 +++", 1
    )
    assert parse_calls(ran.encode(), "log").servers[0].closed_at > 0


def test_an_accept_on_a_descriptor_that_only_a_dup_can_have_made() -> None:
    text = (FOLDER / "strace-y.log").read_text(encoding="utf-8").replace("accept4(3,", "accept4(7,")
    (one,) = parse_calls(text.replace("fcntl", "getpid").encode(), "log").servers
    assert one.accepted == 1
    assert any("descriptor 7 is not in the log" in note for note in one.notes)


# Sockets that are older than the log.


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("attached", {"tcp4": "127.0.0.1:18080", "udp6": "[::1]:18081"}),
        ("activated", {"tcp4": "127.0.0.1:18080", "udp4": "127.0.0.1:18081"}),
    ],
)
def test_a_socket_that_is_older_than_the_log(name: str, addresses: dict[str, str]) -> None:
    found = log(name).servers
    assert {one.kind: str(one.address) for one in found} == addresses
    assert all(one.inherited for one in found)
    assert [one.accepted for one in found if one.protocol == "tcp"] == [1]


def test_an_older_socket_whose_options_were_asked_for_is_known() -> None:
    asks = "".join(
        f"20325 getsockopt(3, SOL_SOCKET, {name}, [{value}], [4]) = 0\n" for name, value in (("SO_REUSEADDR", 1), ("SO_REUSEPORT", 0))
    )
    found = parse_calls((asks + (FOLDER / "activated.log").read_text(encoding="utf-8")).encode(), "log")
    one = next(one for one in found.servers if one.protocol == "tcp")
    assert not one.inherited
    assert [act.args for act in one.acts if act.verb == "setsockopt"] == [("SO_REUSEADDR", 1)]


# Who is a client.


def test_a_client_whose_connect_failed_is_no_server() -> None:
    found = log("client-in-vain")
    assert found.servers == []
    assert sum(one.connected for one in found.sockets) + found.clients == 1


def test_a_udp_server_may_connect_to_its_peer() -> None:
    assert [str(one.address) for one in log("udp-connects-to-its-peer").servers] == ["0.0.0.0:18005", "127.0.0.1:18006"]


GIVES_UP = """\
socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = 3
{bind}connect(3, {{sa_family=AF_INET, sin_port=htons(18006), sin_addr=inet_addr("127.0.0.1")}}, 16) = 0
connect(3, {{sa_family=AF_UNSPEC, sa_data="\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"}}, 16) = 0
"""
AT_18005 = 'bind(3, {sa_family=AF_INET, sin_port=htons(18005), sin_addr=inet_addr("0.0.0.0")}, 16) = 0\n'


def test_a_udp_server_that_gives_up_its_peer_is_no_client() -> None:
    found = parse_calls(GIVES_UP.format(bind=AT_18005).encode(), "log")
    (server,) = found.servers
    assert (str(server.address), server.connected) == ("0.0.0.0:18005", False)
    assert [note.partition(":")[0] for note in server.notes] == ["line 4"]
    script = "A = udp4()\nA.bind(0.0.0.0:18005)\nA.connect(127.0.0.1:18006)\nA.disconnect()"
    assert [str(one.address) for one in parse_calls(script.encode(), "script").servers] == ["0.0.0.0:18005"]


def test_who_asks_for_its_source_address_alone_is_no_server() -> None:
    """As getaddrinfo of glibc does: it connects without bind, and gives the peer up for the next one."""
    assert parse_calls(GIVES_UP.format(bind="").encode(), "log").servers == []


# Several files of strace -ff.

CHILD = "socket(AF_INET, SOCK_STREAM, 0) = 4\nsetsockopt(4, SOL_SOCKET, SO_REUSEPORT, [1], 4) = 0\n"
PARENT = f"{CHILD}fork() = 12\nexit_group(0) = ?\n"
BIND = 'bind(4, {sa_family=AF_INET, sin_port=htons(18080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0\nlisten(4, 5) = 0\n'


def several(tmp_path: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (tmp_path / f"log.{name[1:]}").write_text(text, encoding="utf-8")
    return [str(tmp_path / f"log.{name[1:]}") for name in files]


def test_a_child_has_the_descriptors_of_its_parent(tmp_path: Path) -> None:
    found = read_calls(*several(tmp_path, p12=BIND, p11=PARENT))
    assert found.notation().splitlines() == [
        "A = tcp4()",
        "A.setsockopt(SO_REUSEPORT, 1) = ok",
        "B = A.inherit()",
        "B.bind(127.0.0.1:18080) = ok",
        "B.listen(5) = ok",
    ]
    assert any("strace -ff -ttt" in note for note in found.notes)


def test_times_order_what_several_processes_did(tmp_path: Path) -> None:
    first = CHILD.replace("socket", "1700000000.1 socket").replace("setsockopt", "1700000000.3 setsockopt")
    second = CHILD.replace("socket", "1700000000.2 socket").replace("setsockopt", "1700000000.4 setsockopt")
    found = read_calls(*several(tmp_path, p12=second, p11=first))
    assert [(one.line, one.acts[0].line) for one in found.sockets] == [(1, 3), (2, 4)]
    assert not found.notes


def test_files_must_say_whose_they_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"other: several files must be those of strace -ff"):
        read_calls(*several(tmp_path, p12=CHILD), str(tmp_path / "other"))


def test_files_in_one_are_noticed() -> None:
    joined = f"{CHILD}{BIND}close(3) = 0\n{CHILD}{BIND}"
    assert any("several files of strace -ff in one" in note for note in parse_calls(joined.encode(), "log").notes)


# What cannot be judged.

PERF = """\
     0.000 ( 0.035 ms): python3/6 socket(family: INET, type: STREAM|CLOEXEC)                            = 4
     2.009 ( 0.024 ms): python3/6 bind(fd: 4, umyaddr: 0x7ffe2f2ef4a0, addrlen: 16)                     = 0
"""
BUSY = CHILD + BIND.replace("16) = 0\nlisten(4, 5) = 0", "16) = -1 EADDRINUSE (Address already in use)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PERF, "perf trace does not show addresses; give it a log of strace -f -e trace=network,process,"),
        (BUSY, "line 3: bind to 127.0.0.1:18080 of a tcp4 socket was EADDRINUSE, and nothing else was bound; stop whoever holds the port"),
        (BUSY.replace("EADDRINUSE", "EACCES"), "record it as root, or at a port from 1024 on"),
        ("1 +++ exited with 0 +++\n", "io_uring"),
    ],
)
def test_nothing_to_judge_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    (path,) = several(tmp_path, p1=text)
    assert main(["port", "--from", "linux", "--to", "windows", path]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


#: Varnish: the child that took a connection ends before its parent binds the port again.
RESTARTED_CHILD = """\
7 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
7 bind(3, {sa_family=AF_INET, sin_port=htons(6081), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
7 listen(3, 10) = 0
7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 8
8 accept4(3, {sa_family=AF_INET, sin_port=htons(5000), sin_addr=inet_addr("127.0.0.1")}, [16], 0) = 4
8 +++ exited with 0 +++
7 close(3) = 0
7 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
7 bind(3, {sa_family=AF_INET, sin_port=htons(6081), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
"""


def test_the_notation_closes_what_every_process_has_closed() -> None:
    recorded = parse_calls(RESTARTED_CHILD.encode(), "calls")
    again = parse_calls(recorded.notation().encode(), "calls")
    assert [bool(one.closed_at) for one in again.sockets] == [True, False]
