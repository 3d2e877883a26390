"""The porting report of servers on AF_UNIX: the stale file, the second instance, and whose file is unlinked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fixtures.models import Platform
from reports.__main__ import main
from reports.calls import read_calls
from reports.catalogue import ROOT
from reports.porting.at_path import After, Before, UnixShape
from reports.porting.groups import Group, groups_of
from reports.porting.report import report
from tests.fuzz_calls import UNIX as FOLDER
from tests.helpers.servers import BY_ID, PLAYER, groups, judged, only

LINUX = Platform("linux")
LOGS = sorted(path.stem for path in FOLDER.glob("*.log"))


def recorded(name: str) -> Group:
    return groups_of(read_calls(str(FOLDER / f"{name}.log")))[0]


def shape(group: Group) -> UnixShape:
    assert isinstance(group.shape, UnixShape)
    return group.shape


def outcome(group: Group, situation: str, platform: Platform = LINUX) -> str:
    return PLAYER.play(BY_ID[situation], group.shape, platform).words


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("redis", Before.ALWAYS, After.UNLINKS),
        ("redis-again", Before.ALWAYS, After.UNLINKS),
        ("nginx", Before.NEVER, After.UNLINKS),
        ("node", Before.NEVER, After.UNLINKS),
        # What somebody does who looks is in the log only if something is there.
        ("asyncio", Before.LOOKS, After.LEAVES),
        ("asyncio-again", Before.SOCKETS, After.LEAVES),
        ("gunicorn", Before.LOOKS, After.UNLINKS),
        ("gunicorn-again", Before.SOCKETS, After.UNLINKS),
        ("uvicorn", Before.LOOKS, After.LEAVES),
        ("uvicorn-again", Before.SOCKETS, After.LEAVES),
        ("recipe", Before.LOOKS, After.LEAVES),
        ("recipe-again", Before.ASKS, After.LEAVES),
    ],
)
def test_what_a_server_does_about_its_file(name: str, before: Before, after: After) -> None:
    found = shape(recorded(name))
    assert (found.before, found.after) == (before, after)


# As they were measured on Linux 6.18: docs/unix.md.
MEASURED = [
    ("redis", "starts, and takes all", "starts again", "no: the first one has unlinked the other's file"),
    ("gunicorn-again", "starts, and takes all", "starts again", "no: the first one has unlinked the other's file"),
    ("asyncio-again", "starts, and takes all", "starts again", "yes"),
    ("uvicorn-again", "starts, and takes all", "starts again", "yes"),
    ("nginx", "refused (bind: EADDRINUSE)", "refused (bind: EADDRINUSE)", ""),
    ("node", "refused (bind: EADDRINUSE)", "refused (bind: EADDRINUSE)", ""),
    ("recipe-again", "refused: it finds that a server is there (C.connect(/F) = ok)", "starts again", ""),
]


@pytest.mark.parametrize(("name", "second", "crash", "end"), MEASURED)
@pytest.mark.parametrize("platform", ["linux", "macos", "freebsd", "openbsd", "netbsd", "gvisor"])
def test_real_servers(name: str, second: str, crash: str, end: str, platform: str) -> None:
    group, there = recorded(name), Platform(platform)
    assert (outcome(group, "second-instance", there), outcome(group, "stale-file", there)) == (second, crash)
    assert outcome(group, "path-restart", there) == "starts again"
    asked = BY_ID["whose-file"].applies(group.shape)
    assert (outcome(group, "whose-file", there) if asked else "") == end


@pytest.mark.parametrize("situation", ["second-instance", "stale-file", "path-restart"])
def test_what_the_log_does_not_show_is_unknown(situation: str) -> None:
    assert outcome(recorded("uvicorn"), situation).startswith("unknown: it looks first, and the log does not show")


@pytest.mark.parametrize(
    ("calls", "before", "after"),
    [
        ("A = unix()\nA.bind(/F)\nA.listen()\n", Before.NEVER, After.UNKNOWN),
        ("A = unix()\nA.bind(/F)\nA.listen()\nA.close()\n", Before.NEVER, After.LEAVES),
        ("A = unix()\nA.bind(/F)\nA.listen()\nfile(/F) = socket\nunlink(/F)\nA.close()\n", Before.NEVER, After.LOOKS),
        ("A = unix()\nA.bind(/F) = EADDRINUSE\nunlink(/F)\nA.bind(/F)\nA.listen()\n", Before.REFUSED, After.UNKNOWN),
        ("make(/F)\nfile(/F) = file\nunlink(/F)\nA = unix()\nA.bind(/F)\nA.listen()\n", Before.ALWAYS, After.UNKNOWN),
        ("C = unix()\nC.connect(/F) = ENOENT\nA = unix()\nA.bind(/F)\nA.listen()\n", Before.LOOKS, After.UNKNOWN),
        ("C = unix()\nC.connect(/F) = ECONNREFUSED\nunlink(/F)\nA = unix()\nA.bind(/F)\nA.listen()\n", Before.ASKS, After.UNKNOWN),
    ],
)
def test_kinds_of_servers(calls: str, before: Before, after: After) -> None:
    found = shape(only(calls))
    assert (found.before, found.after) == (before, after)


def test_without_calls_on_files_nobody_knows() -> None:
    log = 'socket(AF_UNIX, SOCK_STREAM, 0) = 3\nbind(3, {sa_family=AF_UNIX, sun_path="/x"}, 9) = 0\nlisten(3, 5) = 0\n'
    assert shape(only(log)).before is Before.UNKNOWN
    assert outcome(only(log), "second-instance").startswith("unknown: the log shows no calls on files; record its start once more")


def test_one_that_tries_again_takes_the_path() -> None:
    group = only("A = unix()\nA.bind(/F) = EADDRINUSE\nunlink(/F)\nA.bind(/F)\nA.listen()\n")
    assert outcome(group, "second-instance") == "starts, and takes all"
    assert outcome(group, "stale-file") == "starts again"


def test_one_that_renames_its_socket_over_the_old_one() -> None:
    group = only("A = unix()\nA.bind(/G)\nA.listen()\nrename(/G, /F)\nA.close()\n")
    assert shape(group).name.text == "/G"  # the names are those of the roles
    assert outcome(group, "second-instance") == "starts, and takes all"
    assert outcome(group, "stale-file") == "starts again"


def test_a_socket_in_a_folder_that_the_server_makes() -> None:
    group = only("make(/D/)\nA = unix()\nA.bind(/D/F)\nA.listen()\nA.close()\n")
    assert (outcome(group, "start"), outcome(group, "stale-file")) == ("starts", "refused (bind: EADDRINUSE)")


def test_servers_that_do_the_same_at_several_paths_are_one() -> None:
    (group,) = groups("".join(f"{name} = unix()\n{name}.bind(/{name})\n{name}.listen()\n" for name in "ABC"))
    assert (group.ports, group.title) == (["/A", "/B", "/C"], "unix /A, and the same at /B, /C")


def test_a_program_with_a_port_and_a_path(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    script = tmp_path / "calls.txt"
    tcp = "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\nB.listen()\n"
    script.write_text(f"unlink(/F)\nA = unix()\nA.bind(/F)\nA.listen()\nA.close()\n{tcp}", encoding="utf-8")
    assert main(["port", "--from", "linux", "--to", "linux@5.10", str(script)]) == 0
    said = capsys.readouterr().out
    assert "the program: tcp4 127.0.0.1:P, unix /F" in said
    assert "second instance: refused" in said.partition("\n\n")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("calls", "situation", "target", "verdict"),
    [
        ("A = unix()\nA.bind(/F)\nA.listen()\n", "start", "freebsd", "same"),
        ("A = unix()\nA.bind(/F(104))\nA.listen()\n", "start", "openbsd", "breaks"),
        ("A = unix()\nA.bind(/F(104))\nA.listen()\n", "start", "freebsd", "same"),
        ("A = unix()\nA.bind(/F(108))\nA.listen()\n", "start", "freebsd", "breaks"),
        ("A = unix()\nA.bind(/F(108))\nA.listen()\n", "start", "macos", "same"),
        ("A = unixpacket()\nA.bind(/F)\nA.listen()\n", "start", "macos", "breaks"),
        ("A = unix()\nA.bind(@N)\nA.listen()\n", "start", "freebsd", "unknown"),
        ("A = unix()\nA.bind(/F)\nA.listen()\n", "start", "hpux", "unknown"),
    ],
)
def test_on_other_platforms(calls: str, situation: str, target: str, verdict: str) -> None:
    assert judged(only(calls), situation, target) == verdict


def test_a_type_that_a_platform_lacks_is_named() -> None:
    group = only("A = unixpacket()\nA.bind(/F)\nA.listen()\n")
    assert outcome(group, "start", Platform("macos")) == "refused: there are no sockets of the type unixpacket"
    assert (
        outcome(group, "stale-file", Platform("macos")) == "the server itself does not start: there are no sockets of the type unixpacket"
    )


@pytest.mark.parametrize("name", ["redis", "gunicorn-again", "nginx", "recipe-again", "uvicorn"])
@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_every_form_of_the_report_names_the_path(name: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["port", "--from", "linux", "--to", "freebsd", "--format", form, str(FOLDER / f"{name}.log")]) in (0, 1)
    assert "/run/server.sock" in capsys.readouterr().out


@pytest.mark.parametrize("name", LOGS)
def test_the_json_is_what_its_schema_says(name: str) -> None:
    recording = read_calls(str(FOLDER / f"{name}.log"))
    if recording.servers:
        made = report(recording, "calls", LINUX, [Platform("macos"), Platform("hpux")], PLAYER)
        schema = json.loads((ROOT / "reports" / "porting" / "port.schema.json").read_text(encoding="utf-8"))
        assert [error.message for error in Draft202012Validator(schema).iter_errors(made.as_json())] == []


def test_what_to_write_instead_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    main(["port", "--from", "linux", "--to", "freebsd", str(FOLDER / "redis.log")])
    lines = capsys.readouterr().out.splitlines()
    advice, as_it_is = (next(at for at, line in enumerate(lines) if line.startswith(word)) for word in ("may    Lock", "As it is:"))
    assert advice < as_it_is
    assert any("a regular file is" in line for line in lines[:advice])
