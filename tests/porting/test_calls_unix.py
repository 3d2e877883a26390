"""Logs of servers on AF_UNIX: the names of their sockets, and what they did about the files."""

from __future__ import annotations

import pytest

from fixtures.models import Platform
from reports.calls import Recording, as_script, parse_calls, read_calls, why_no_server
from reports.inputs import BadInput
from reports.predict import Predictor
from reports.scripts import read_script
from tests.fuzz_calls import UNIX as FOLDER

LOGS = sorted(path.stem for path in FOLDER.glob("*.log"))


def read(text: str) -> Recording:
    return parse_calls(text.encode(), "calls.log")


def written(text: str) -> list[str]:
    return read(text).notation().splitlines()


SERVER = """\
socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3
bind(3, {sa_family=AF_UNIX, sun_path="/run/x.sock"}, 110) = 0
listen(3, 5) = 0
"""
WRITTEN = ["A = unix()", "A.bind(/F) = ok", "A.listen(5) = ok"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("", "", "unix"),
        ("AF_UNIX", "AF_LOCAL", "unix"),
        ("AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC", "PF_LOCAL, SOCK_SEQPACKET", "unixpacket"),
        ("AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC", "0x1, 0x1", "unix"),
        ('"/run/x.sock"', r'"/run/\303\244 \"\\x"', "unix"),
    ],
)
def test_spellings(old: str, new: str, kind: str) -> None:
    assert written(SERVER.replace(old, new)) == [line.replace("unix", kind) for line in WRITTEN]


def test_what_a_name_stands_for_is_told() -> None:
    found = read(SERVER.replace("/run/x.sock", r"/run/\303\244\n"))
    assert (found.notation().splitlines(), list(found.spelling.told())) == (WRITTEN, ["/F is /run/ä\\x0a"])


@pytest.mark.parametrize(
    ("line", "read_as"),
    [('rename("/run/x.sock") = 0', []), ('chmod("/run/x.sock", 05536) = 0', ["chmod(/F, 0536) = ok"])],
)
def test_what_the_notation_cannot_say_of_a_damaged_line_is_left_out(line: str, read_as: list[str]) -> None:
    """`python -m tests.fuzz_calls 10000` found both."""
    assert written(f"{SERVER}{line}\n") == [*WRITTEN, *read_as]


def test_datagrams_abstract_names_and_any_name() -> None:
    assert written("""\
socket(AF_UNIX, SOCK_DGRAM, 0) = 3
bind(3, {sa_family=AF_UNIX, sun_path=@"one"}, 6) = 0
socket(AF_UNIX, SOCK_DGRAM, 0) = 4
bind(4, {sa_family=AF_UNIX, sun_path=@"two"}, 6) = 0
socket(AF_UNIX, SOCK_STREAM, 0) = 5
bind(5, {sa_family=AF_UNIX}, 2) = 0
listen(5, 1) = 0
socket(AF_UNIX, SOCK_STREAM, 0) = 6
bind(6, {sa_family=AF_UNIX, sun_path=@"one"}, 6) = -1 EADDRINUSE (Address already in use)
""") == [
        *("A = unixgram()", "A.bind(@N) = ok", "B = unixgram()", "B.bind(@N1) = ok"),
        *("C = unix()", "C.bind(@) = ok", "C.listen(1) = ok", "D = unix()", "D.bind(@N) = EADDRINUSE"),
    ]


@pytest.mark.parametrize(("size", "name"), [(103, "/F"), (104, "/F(104)"), (108, "/F(108)")])
def test_only_a_length_that_some_system_refuses_is_written(size: int, name: str) -> None:
    assert written(SERVER.replace("/run/x.sock", "/".ljust(size, "x")))[1] == f"A.bind({name}) = ok"


def test_what_is_done_about_the_file() -> None:
    assert written("""\
mkdir("/run/app", 0755) = 0
unlink("/run/app/x.sock") = -1 ENOENT (No such file or directory)
unlink("/run/another") = 0
socket(AF_UNIX, SOCK_STREAM, 0) = 3
bind(3, {sa_family=AF_UNIX, sun_path="/run/app/x.sock.new"}, 110) = 0
fchmodat(AT_FDCWD, "/run/app/x.sock.new", 0660) = 0
renameat2(AT_FDCWD, "/run/app/x.sock.new", AT_FDCWD, "/run/app/x.sock", 0) = 0
listen(3, 5) = 0
close(3) = 0
unlinkat(AT_FDCWD, "/run/app/x.sock", 0) = 0
""") == [
        *("make(/D/) = ok", "unlink(/D/G) = ENOENT", "A = unix()", "A.bind(/D/F) = ok", "chmod(/D/F, 0660) = ok"),
        *("rename(/D/F, /D/G) = ok", "A.listen(5) = ok", "A.close()", "unlink(/D/G) = ok"),
    ]


def test_a_path_is_where_the_process_is() -> None:
    found = read(f"""\
7 chdir("/run") = 0
7 fork() = 8
8 chdir("app") = 0
7 unlink("x.sock") = 0
8 unlink("../x.sock") = 0
{"".join(f"7 {line}" + chr(10) for line in SERVER.splitlines())}""")
    assert [(act.verb, act.names) for act in found.files] == [("unlink", ("/run/x.sock",))] * 2


STALE = ["B = other: unix()", "B.bind(/F) = ok", "B.close() = ok"]


@pytest.mark.parametrize(
    ("before", "begins"),
    [
        ('lstat("/run/x.sock", {st_mode=S_IFSOCK|0755, st_size=0, ...}) = 0\nunlink("/run/x.sock") = 0\n', STALE),
        ('unlink("/run/x.sock") = 0\n', STALE),
        ('stat("/run/x.sock", {st_mode=S_IFREG|0644, st_size=1, ...}) = 0\nunlink("/run/x.sock") = 0\n', ["make(/F) = ok"]),
        ('stat("/run/x.sock", 0x7f) = -1 ENOENT (No such file or directory)\n', []),
    ],
)
def test_what_stood_there_before_is_made_first(before: str, begins: list[str]) -> None:
    """So that the script gets the answers that the log shows."""
    script = read(before + SERVER).notation()
    assert script.splitlines()[: len(begins)] == begins
    assert not any(one.contradicts for one in Predictor(Platform("linux")).predict(read_script(script)))


@pytest.mark.parametrize("name", LOGS)
def test_a_real_log_gets_its_answers_from_the_model(name: str) -> None:
    script = as_script((FOLDER / f"{name}.log").read_text(encoding="utf-8"))
    if "EADDRINUSE" in script:  # nobody knows from the log what stood there
        script = "\n".join([*("Z = other: unix()", "Z.bind(/F)", "kill(other)"), script])
    calls = [line for line in script.splitlines() if ".accept()" not in line and ".inherit()" not in line]
    assert not [one for one in Predictor(Platform("linux")).predict(read_script(script)) if one.contradicts], calls


@pytest.mark.parametrize("name", LOGS)
def test_a_real_log_reads_back(name: str) -> None:
    found = read_calls(str(FOLDER / f"{name}.log"))
    again = read(found.notation())
    both = [[(one.kind, one.listening, bool(one.closed_at)) for one in recording.servers] for recording in (found, again)]
    assert both[0] == both[1]
    assert [act.verb for act in again.files] == [act.verb for act in found.files]


TRUSS = """\
 1234: unlink("/run/x.sock")\t\t\t ERR#2 'No such file or directory'
 1234: socket(PF_LOCAL,SOCK_STREAM,0)\t\t\t = 3 (0x3)
 1234: bind(3,{ AF_UNIX "/run/x.sock" },106)\t\t = 0 (0x0)
 1234: listen(3,5)\t\t\t\t\t = 0 (0x0)
"""
KDUMP = """\
  1234 server   CALL  unlink(0x8002)
  1234 server   NAMI  "/run/x.sock"
  1234 server   RET   unlink -1 errno 2 No such file or directory
  1234 server   CALL  socket(PF_LOCAL,SOCK_STREAM,0)
  1234 server   RET   socket 3
  1234 server   CALL  bind(0x3,0x7fffffffe5c0,0x6a)
  1234 server   STRU  struct sockaddr { AF_LOCAL, /run/x.sock }
  1234 server   NAMI  "/run/x.sock"
  1234 server   RET   bind 0
  1234 server   CALL  listen(0x3,0x5)
  1234 server   RET   listen 0
"""


#: As illumos' truss prints with -f -v all (expound.c, show_sockaddr; stat.c, show_stat64_32).
ILLUMOS_TRUSS = """\
1234:\tunlink("/run/x.sock")\t\t\t\tErr#2 ENOENT
1234:\tso_socket(PF_UNIX, SOCK_STREAM, IPPROTO_IP, "", SOV_DEFAULT) = 3
1234:\tbind(3, 0x08047C00, 110, SOV_SOCKBSD)\t\t= 0
1234:\t\tAF_UNIX  name = /run/x.sock
1234:\tlisten(3, 5, SOV_DEFAULT)\t\t\t= 0
"""


@pytest.mark.parametrize(
    "log", [TRUSS, KDUMP, ILLUMOS_TRUSS, ILLUMOS_TRUSS.replace("1234:", ""), ILLUMOS_TRUSS.replace("1234:", "1234/1:")]
)
def test_logs_of_other_systems(log: str) -> None:
    assert written(log) == ["unlink(/F) = ENOENT", *WRITTEN]


def test_kdump_shows_what_stands_there() -> None:
    log = KDUMP.replace("unlink", "lstat").replace(
        "  1234 server   RET   lstat -1 errno 2 No such file or directory\n",
        "  1234 server   STRU  struct stat {dev=1, ino=2, mode=srwxr-xr-x, nlink=1, uid=0 }\n  1234 server   RET   lstat 0\n",
    )
    assert written(log)[3:] == ["file(/F) = socket", *WRITTEN]


@pytest.mark.parametrize(("mode", "kind"), [("0140755", "socket"), ("0100644", "file"), ("0040755", "folder"), ("0120777", "link")])
def test_illumos_shows_what_stands_there(mode: str, kind: str) -> None:
    log = ILLUMOS_TRUSS.replace(
        'unlink("/run/x.sock")\t\t\t\tErr#2 ENOENT\n',
        f'lstat64("/run/x.sock", 0x08047B10)\t\t= 0\n1234:\t    d=0x05F00002 i=83    m={mode} l=1  u=0     g=0     sz=0\n',
    )
    assert written(log)[-4:] == [f"file(/F) = {kind}", *WRITTEN]


def test_a_refused_bind_of_illumos() -> None:
    log = ILLUMOS_TRUSS.replace("SOV_SOCKBSD)\t\t= 0", "SOV_SOCKBSD)\t\tErr#125 EADDRINUSE")
    assert "A.bind(/F) = EADDRINUSE" in written(log)


@pytest.mark.parametrize("path", ["/run/a b", '/run/it\'s \\ "that"', "/run/ä", "/run/close(3) = 0"])
def test_a_path_is_on_its_line_as_it_is(path: str) -> None:
    found = read(ILLUMOS_TRUSS.replace("/run/x.sock", "/run/other").replace("name = /run/other", f"name = {path}"))
    assert str(found.sockets[0].name) == path


def test_a_client_without_a_name_does_not_name_the_server() -> None:
    log = f"{ILLUMOS_TRUSS}1234:\taccept(3, 0x08047B90, 0x08047B8C, SOV_DEFAULT)\t= 4\n1234:\t\tAF_UNIX  name = \n"
    found = read(log)
    assert (str(found.sockets[0].name), found.sockets[0].accepted) == ("/run/x.sock", 1)


def test_a_script_that_hands_its_listener_over() -> None:
    """The successor has it, also when it was closed before it was taken."""
    script = "A = unix()\nA.bind(/F) = ok\nA.listen() = ok\nA.pass(other) = ok\nA.close() = ok\nB = other: take()\n"
    assert (read(script).sockets[0].closed_at, read(f"{script}B.close() = ok\n").sockets[0].closed_at) == (0, 7)


def test_clients_are_not_counted() -> None:
    """Every program has some, such as those of nscd."""
    found = read(SERVER + 'socket(AF_UNIX, SOCK_STREAM, 0) = 4\nconnect(4, {sa_family=AF_UNIX, sun_path="/x"}, 4) = 0\nclose(4) = 0\n')
    assert (len(found.sockets), found.number, found.clients, found.unused) == (1, 1, 0, 0)


def test_of_many_calls_on_files_only_those_about_sockets_are_kept() -> None:
    many = "".join(f'unlink("/tmp/{number}") = 0\n' for number in range(5000))
    found = read(f'unlink("/run/x.sock") = 0\n{many}unlink("/run/x.sock") = 0\n{SERVER}{many}unlink("/run/x.sock") = 0\n')
    assert [act.line for act in found.files] == [5002, 10006]


def test_only_a_kill_that_leaves_no_choice_is_one() -> None:
    killed = [read(f"{SERVER}+++ {how} +++\n").sockets[0].killed for how in ("killed by SIGKILL", "killed by SIGTERM", "exited with 0")]
    assert killed == [True, False, False]


def test_a_refused_server_is_told_to_ask_about_its_file() -> None:
    log = SERVER.splitlines()[0] + '\nbind(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 9) = -1 EADDRINUSE (Address already in use)\n'
    told = why_no_server(read(log))
    assert told.startswith("line 2: bind to /run/x of a unix socket was EADDRINUSE")
    assert "addrinuse why /run/x" in told


def test_a_log_without_a_server_is_refused_by_predict() -> None:
    with pytest.raises(BadInput, match="no socket is bound in this log"):
        as_script("socket(AF_UNIX, SOCK_STREAM, 0) = 3\n")


def test_every_log_is_described() -> None:
    described = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {name.removesuffix("-again") for name in LOGS} == {word for word in LOGS if f"| `{word}` |" in described}
