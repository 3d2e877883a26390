"""Ports that some systems keep for root."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.models import Platform
from reports.__main__ import main
from reports.porting.player import Player
from tests.helpers.servers import BY_ID, PLAYER, judged, only

ROOT = Player(0, {})


def at(port: int, host: str = "0.0.0.0") -> str:
    return f"A = tcp4(SO_REUSEADDR)\nA.bind({host}:{port})\nA.listen()\n"


@pytest.mark.parametrize(
    ("platform", "host", "words"),
    [
        ("linux", "0.0.0.0", "refused (bind: EACCES)"),
        ("freebsd", "0.0.0.0", "refused (bind: EACCES)"),
        # Since macOS 10.14 everybody may bind the wildcard at a low port, and nothing else.
        ("macos", "0.0.0.0", "starts"),
        ("macos", "127.0.0.1", "refused (bind: EACCES)"),
        ("windows", "127.0.0.1", "starts"),
    ],
)
def test_who_may_start_at_a_low_port(platform: str, host: str, words: str) -> None:
    shape = only(at(80, host)).shape
    assert PLAYER.play(BY_ID["start"], shape, Platform(*platform.split("@"))).words == words
    assert ROOT.play(BY_ID["start"], shape, Platform(*platform.split("@"))).words == "starts"


def test_another_user_is_refused_for_the_port() -> None:
    shape = only("A = udp4(SO_REUSEADDR)\nA.bind(0.0.0.0:67)\n").shape
    assert ROOT.play(BY_ID["another-user"], shape, Platform("linux")).words == "refused (bind: EACCES)"
    assert PLAYER.play(BY_ID["another-user"], only(at(8080)).shape, Platform("linux")).words == "refused (bind: EADDRINUSE)"


def test_a_server_that_does_not_start_is_no_better_off() -> None:
    assert judged(only(at(80, "127.0.0.1")), "another-user", "linux", "windows") == "breaks"


def test_several_low_ports_are_one_server() -> None:
    assert only(at(443) + at(80).replace("A.", "B.").replace("A =", "B =")).ports == ["443", "80"]


@pytest.mark.parametrize(
    ("answer", "options", "said"),
    [
        (" = ok", (), "so the server is played as root"),
        ("", (), "--uid 0 plays the server as root"),
    ],
)
def test_a_log_that_grants_a_low_port_is_of_root(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: str, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "calls.txt"
    path.write_text(at(80).replace(":80)", f":80){answer}"), encoding="utf-8")
    main(["port", "--from", "linux", "--to", "freebsd", *options, str(path)])
    out = capsys.readouterr().out
    assert said in out
    assert "\nsame   start" in out


@pytest.mark.parametrize(("source", "root"), [("linux", True), ("windows", False), ("macos", False), ("freebsd", True)])
def test_only_where_root_was_needed_it_was_root(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, root: bool) -> None:
    path = tmp_path / "calls.txt"
    path.write_text(at(80).replace(":80)", ":80) = ok"), encoding="utf-8")
    main(["port", "--from", source, "--to", "linux", "--format", "json", str(path)])
    assert (json.loads(capsys.readouterr().out)["uid"] == 0) is root
