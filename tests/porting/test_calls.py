"""Logs of strace, truss, dtruss and kdump, and scripts in the notation, as sockets."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from fixtures.language.notation import parse
from fixtures.models import Platform
from reports.calls import Recording, parse_calls, read_calls
from reports.inputs import BadInput
from reports.porting.player import Player
from tests.fuzz_calls import FOLDER, fuzzed, survives
from tests.helpers.sampling import exhaustively

SERVER = """\
socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3
setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
bind(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
listen(3, 5) = 0
"""
WRITTEN = """\
A = tcp4()
A.setsockopt(SO_REUSEADDR, 1) = ok
A.bind(127.0.0.1:8080) = ok
A.listen(5) = ok"""
LOGS = sorted(path.stem for path in FOLDER.glob("*.log"))


def read(text: str) -> Recording:
    return parse_calls(text.encode(), "calls.log")


def prefixed(prefix: str, text: str = SERVER) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "prefix",
    [
        *("", "1234  ", "1234 ", "[pid  1234] ", "[pid 12] "),
        *("1234  12:00:01 ", "1234  12:00:01.123456 ", "1234  1690000000.123456 ", "1234       0.000123 ", "     0.000123 "),
        *("12:00:01 ", "[pid 1234] 12:00:01.123456 ", "1234  12:00:01.1 (+     0.000012) ", "1234  [00007f0000000000] ", "1234  [ 41] "),
    ],
)
def test_columns_of_strace(prefix: str) -> None:
    assert read(prefixed(prefix)).notation() == WRITTEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" = 0\n", " = 0 <0.000012>\n"),
        (" = 0\n", "          = 0\n"),
        ("(3, ", "(3<TCP:[127.0.0.1:8080]>, "),
        (" = 3\n", " = 3<socket:[4711]>\n"),
        ("AF_INET, SOCK", "PF_INET, SOCK"),
        ("\n", "\r\n"),
    ],
)
def test_spellings_of_strace(old: str, new: str) -> None:
    assert read(SERVER.replace(old, new)).notation() == WRITTEN


def test_calls_that_end_later() -> None:
    cut = [re.sub(r"\) = (.*)", r" <unfinished ...>\n8 getpid() = 8\n7 <... X resumed>) = \1", line) for line in SERVER.splitlines()]
    named = [line.replace(" X ", f" {line.partition('(')[0]} ") for line in cut]
    assert read("\n".join(f"7 {line}" for line in named)).notation() == WRITTEN


IPV6 = 'sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::", &sin6_addr), sin6_scope_id=0'


def test_ipv6_options_and_what_is_no_internet_socket() -> None:
    found = read(
        f"""\
socketpair(AF_UNIX, SOCK_STREAM, 0, [3, 8]) = 0
listen(3, 5) = 0
socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 4
bind(4, {{sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}}, 12) = 0
socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = 5
socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 6
setsockopt(6, SOL_IPV6, IPV6_V6ONLY, [1], 4) = 0
setsockopt(6, SOL_TCP, TCP_NODELAY, [1], 4) = 0
setsockopt(6, SOL_SOCKET, SO_LINGER, {{l_onoff=1, l_linger=0}}, 8) = 0
setsockopt(6, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) = 0
bind(6, {{{IPV6}}}, 28) = 0
listen(6, 5) = 0
socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = 7
bind(7, {{sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("0.0.0.0")}}, 16) = -1 EACCES (Permission denied)
"""
    )
    assert found.notation().splitlines() == [
        "A = tcp6()",
        "A.setsockopt(IPV6_V6ONLY, 1) = ok",
        "A.setsockopt(SO_LINGER, 0) = ok",
        "A.bind([::]:80) = ok",
        "A.listen(5) = ok",
        "B = udp4()",
        "B.bind(0.0.0.0:53) = EACCES",
    ]
    assert (list(found.sockets[0].unmodelled), found.sockets[0].device) == (["SO_BINDTODEVICE"], "lo")


@pytest.mark.parametrize(
    ("extra", "workers"),
    [
        ("7 clone(child_stack=NULL, flags=SIGCHLD) = 8\n8 accept4(3, NULL, NULL, 0) = 9\n", 2),
        ("7 fork() = 8\n8 accept(3, NULL, NULL) = 9\n9 accept(3, NULL, NULL) = 9\n", 2),
        ("7 vfork( <unfinished ...>\n8 accept(3, NULL, NULL) = 9\n7 <... vfork resumed>) = 8\n", 2),
        ("7 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, stack=0} => {parent_tid=[8]}, 88) = 8\n8 accept(3, NULL, NULL) = 9\n", 1),
        # The log does not show how these two began: they may be threads.
        ("8 accept(3, NULL, NULL) = 9\n9 accept(3, NULL, NULL) = 9\n", 1),
        ("7 fork() = 8\n8 dup2(3, 0) = 0\n8 close(3) = 0\n8 accept(0, NULL, NULL) = 9\n", 2),
        ("7 fcntl(3, F_DUPFD_CLOEXEC, 10) = 10\n7 fork() = 8\n8 accept(10, NULL, NULL) = 3\n", 2),
        ("7 fork() = 8\n8 execve('x', [], 0) = 0\n8 accept(3, NULL, NULL) = 9\n", 2),
        ("7 dup(3) = 4\n7 close(3) = 0\n7 socket(AF_UNIX, SOCK_STREAM, 0) = 3\n7 accept(3, 0, 0) = 5\n7 accept(4, NULL, NULL) = 5\n", 1),
        (
            "7 fork() = 8\n7 close(4) = 0\n"
            '7 sendmsg(5, {msg_iov=[{iov_base="x"}], msg_control=[{cmsg_type=SCM_RIGHTS, cmsg_data=[3]}]}, 0) = 1\n'
            '8 recvmsg(5, {msg_iov=[{iov_base="x"}], msg_control=[{cmsg_type=SCM_RIGHTS, cmsg_data=[11]}]}, 0) = 1\n'
            "8 accept(11, NULL, NULL) = 12\n",
            2,
        ),
    ],
)
def test_whose_socket_it_is(extra: str, workers: int) -> None:
    found = read(prefixed("7 ") + extra)
    assert len(found.sockets) == 1
    assert (len(found.sockets[0].workers), found.sockets[0].accepted) in [(workers, 1), (workers, 2)]
    parse(found.notation())


def test_it_is_closed_with_the_last_descriptor() -> None:
    text = prefixed("7 ") + "7 dup(3) = 4\n7 fork() = 8\n7 close(3) = 0\n7 close(4) = 0\n8 close_range(3, 4294967295, 0) = 0\n"
    assert read(text).sockets[0].closed_at == len(text.splitlines())
    assert not read(text.rsplit("\n8", 1)[0] + "\n").sockets[0].closed_at
    assert read(prefixed("7 ") + "7 +++ exited with 0 +++\n").sockets[0].closed_at == 5


def test_a_descriptor_from_before_the_log() -> None:
    text = 'getsockname(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, [16]) = 0\n'
    (one,) = read(f"{text}accept4(3, NULL, NULL, 0) = 4\n").servers
    assert (one.inherited, str(one.address), one.kind) == (True, "0.0.0.0:80", "tcp4")


FREEBSD_TRUSS = """\
 1234: socket(PF_INET,SOCK_STREAM,0)\t\t\t = 3 (0x3)
 1234: setsockopt(3,SOL_SOCKET,SO_REUSEADDR,0x7fffffffe5bc,4)\t = 0 (0x0)
 1234: bind(3,{ AF_INET 127.0.0.1:8080 },16)\t\t = 0 (0x0)
 1234: listen(3,5)\t\t\t\t\t = 0 (0x0)
"""
SOLARIS_TRUSS = """\
1234:\tso_socket(PF_INET, SOCK_STREAM, IPPROTO_IP, "", SOV_DEFAULT) = 3
1234:\tsetsockopt(3, SOL_SOCKET, SO_REUSEADDR, 0x08047BF4, 4, SOV_DEFAULT) = 0
1234:\tbind(3, 0x08047C00, 16, SOV_SOCKBSD) = 0
1234:\t\tAF_INET  name = 127.0.0.1  port = 8080
1234:\tlisten(3, 5, SOV_DEFAULT) = 0
"""
KDUMP = """\
  1234 server   CALL  socket(PF_INET,SOCK_STREAM,IPPROTO_IP)
  1234 server   RET   socket 3
  1234 server   CALL  setsockopt(0x3,SOL_SOCKET,SO_REUSEADDR,0x7fffffffe5bc,0x4)
  1234 server   RET   setsockopt 0
  1234 server   CALL  bind(0x3,0x7fffffffe5c0,0x10)
  1234 server   STRU  struct sockaddr { AF_INET, 127.0.0.1:8080 }
  1234 server   RET   bind 0
  1234 server   CALL  listen(0x3,0x5)
  1234 server   RET   listen 0
"""


@pytest.mark.parametrize("log", [FREEBSD_TRUSS, SOLARIS_TRUSS, KDUMP, FREEBSD_TRUSS.replace(" 1234: ", "")])
def test_logs_of_other_systems(log: str) -> None:
    found = read(log)
    assert found.notation() == WRITTEN
    assert list(found.sockets[0].notes) == ["the log does not show the value of SO_REUSEADDR; it is taken for 1"]


@pytest.mark.parametrize(
    ("log", "old", "new"),
    [
        (FREEBSD_TRUSS, "16)\t\t = 0 (0x0)", "16)\t\t ERR#48 'Address already in use'"),
        (SOLARIS_TRUSS, "SOV_SOCKBSD) = 0", "SOV_SOCKBSD) Err#125 EADDRINUSE"),
        (KDUMP, "RET   bind 0", "RET   bind -1 errno 48 Address already in use"),
    ],
)
def test_refusals_in_logs_of_other_systems(log: str, old: str, new: str) -> None:
    assert "A.bind(127.0.0.1:8080) = EADDRINUSE" in read(log.replace(old, new)).notation()


@pytest.mark.parametrize("log", [SERVER, FREEBSD_TRUSS, SOLARIS_TRUSS, KDUMP], ids=["strace", "freebsd-truss", "solaris-truss", "kdump"])
@pytest.mark.parametrize(("asked", "said"), [("0", "0"), ("1", "1"), ("63", "63"), ("64", ""), ("511", ""), ("-1", "")])
def test_a_backlog_that_a_script_can_fill_is_kept(log: str, asked: str, said: str) -> None:
    """In the notation ``listen()`` has a queue for everybody. A larger backlog than its connections is no news."""
    for written in ("listen(3, 5", "listen(3,5", "listen(0x3,0x5"):
        number = hex(int(asked)) if "0x" in written and asked != "-1" else asked
        log = log.replace(written, written.rpartition("5")[0].removesuffix("0x") + number)
    assert f"A.listen({said}) = ok" in read(log).notation()


def test_the_later_of_two_backlogs_counts() -> None:
    assert "A.listen(2) = ok" in read(f"{SERVER}listen(3, 2) = 0\n").notation()
    assert "A.listen() = ok" in read(f"{SERVER}listen(3, 511) = 0\n").notation()
    assert "A.listen(5) = ok" in read(f"{SERVER}listen(3, 2) = -1 EINVAL (Invalid argument)\n").notation()


def test_ipv6_in_logs_of_bsd() -> None:
    truss = FREEBSD_TRUSS.replace("PF_INET,", "PF_INET6,").replace("AF_INET 127.0.0.1:8080", "AF_INET6 [::]:8080")
    kdump = KDUMP.replace("PF_INET,", "PF_INET6,").replace("AF_INET, 127.0.0.1:8080", "AF_INET6, [::]:8080")
    assert read(truss).notation() == read(kdump).notation() == WRITTEN.replace("tcp4", "tcp6").replace("127.0.0.1", "[::]")


def test_what_is_sent_does_not_tell_who_wrote_the_log() -> None:
    sent = '7 sendmsg(5, {msg_iov=[{iov_base="ERR#48 1234: = 3 (0x3)"}], msg_control=[{cmsg_type=SCM_RIGHTS, cmsg_data=[9]}]}, 0) = 1\n'
    assert read(sent + prefixed("7 ")).notation() == WRITTEN


def test_dtruss_names_no_address() -> None:
    found = read("1234/0x1:  socket(0x2, 0x1, 0x0)\t\t = 3 0\n1234/0x1:  bind(0x3, 0x7FFF5FBFF8B0, 0x10)\t\t = 0 0\n")
    assert ([one.kind for one in found.sockets], found.servers) == (["tcp4"], [])


@pytest.mark.parametrize("name", LOGS)
def test_a_recording_reads_back(name: str) -> None:
    found = read_calls(str(FOLDER / f"{name}.log"))
    again = read(found.notation())
    both = [[(one.kind, one.address, one.listening) for one in recording.servers] for recording in (found, again)]
    assert both[0] == both[1]


NETWORK = re.compile(r"\d+ +(?:<\.\.\. )?(?:socket|bind|listen|accept4?|connect|setsockopt|getsockname|sendmsg|recvmsg)\b")


@pytest.mark.parametrize("name", LOGS)
def test_only_the_calls_of_the_network(name: str) -> None:
    """Strace -e trace=network shows neither forks nor closed descriptors; the servers are the same."""
    text = (FOLDER / f"{name}.log").read_text(encoding="utf-8")
    found = read("\n".join(line for line in text.splitlines() if NETWORK.match(line)))
    whole = read(text)
    assert [(str(one.address), one.kind, one.listening) for one in found.servers if one.listening] == [
        (str(one.address), one.kind, one.listening) for one in whole.servers if one.listening
    ]


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\x7fELF\x00\xff", b"read(3, x, 1) = 1\n", b"\xff\xfe" * 100])
def test_what_is_no_log(content: bytes) -> None:
    with pytest.raises(BadInput, match=r"calls\.log: no socket calls in it; .*strace -f"):
        parse_calls(content, "calls.log")


def test_a_wrong_script_is_said_with_its_line() -> None:
    with pytest.raises(BadInput, match=r"calls\.log: line 2: .*unknown call 'bnid'"):
        read("A = tcp4()\nA.bnid(127.0.0.1:P)\n")


@pytest.mark.parametrize("part", [0, *exhaustively(1, 2, 3)])
def test_harmed_logs(part: int) -> None:
    """`python -m tests.fuzz_calls 10000` tries more."""
    player = Player(1000, {})
    for seed in range(part * 40, part * 40 + 40):
        survives(fuzzed(random.Random(seed)), player, [Platform("windows")])


def test_the_recorded_logs_tell_nothing_of_a_machine() -> None:
    for path in FOLDER.glob("*.log"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(?:home|root|tmp|usr|work|opt)\b", text), path.name
        assert path.stat().st_size < 20_000
        assert f"`{path.stem}`" in (Path(FOLDER) / "README.md").read_text(encoding="utf-8")


def test_multipath_tcp_is_recorded_and_judged_as_tcp() -> None:
    recording = read(SERVER.replace("IPPROTO_IP", "IPPROTO_MPTCP"))
    assert recording.notation() == WRITTEN.replace("tcp4", "mptcp4")
    (made,) = recording.sockets
    assert (made.kind, made.protocol, made.mptcp) == ("tcp4", "tcp", True)
    (again,) = read(recording.notation()).sockets
    assert (again.kind, again.mptcp, again.notes) == ("tcp4", True, made.notes)
