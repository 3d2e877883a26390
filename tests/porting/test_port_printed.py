"""The forms in which the porting report is said, and bad input."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fixtures.models import MODELS
from reports.__main__ import main
from reports.catalogue import ROOT
from reports.porting.contents import SCHEMA
from reports.porting.words import PORTING_VERDICTS
from tests.fuzz_calls import FOLDER
from tests.helpers.servers import server


@pytest.fixture
def port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(text: str, *options: str, name: str = "calls.txt") -> tuple[int, str, str]:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        status = main(["port", "--from", "linux", *options, str(path)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


ONE_SCREEN = """\
tcp4 127.0.0.1:P, SO_REUSEADDR before bind, listens
may    Do not set SO_REUSEADDR: the server can restart at once all the same. Mends: second instance, another user. Leaves:
       neighbour on the wildcard. [windows-no-option]
or     Do not set SO_REUSEADDR; set SO_EXCLUSIVEADDRUSE before bind. Mends: second instance, neighbour on the wildcard, another
       user. Costs: restart with live connections and restart over TIME_WAIT: refused (bind: WSAEADDRINUSE) or starts again
       (disputed). [windows-exclusive]
As it is:
RISK   second instance: refused (bind: EADDRINUSE) -> starts; who receives is undetermined
RISK   neighbour on the wildcard: refused (bind: EADDRINUSE) -> starts, and receives nothing there
RISK   another user: refused (bind: EADDRINUSE) -> binds; who receives is undetermined, if it sets SO_REUSEADDR
same   start: starts; restart with live connections, restart over TIME_WAIT: starts again
"""


def test_a_server_is_told_on_one_screen(port: Any) -> None:
    status, out, err = port(server(), "--to", "windows")
    assert (status, err) == (1, "")
    assert out.partition("\n\n")[2].partition("\n\nmore: ")[0] == ONE_SCREEN.strip()


def test_details(port: Any) -> None:
    _, out, _ = port(server(), "--to", "windows", "--details")
    assert "risk      second-instance: Can a second instance start while the first runs, and who receives?" in out
    assert "linux   refused (bind: EADDRINUSE)" in out
    assert "windows/tcp-reuse-specific-then-reuse-specific (tested elsewhere)" in out
    assert "[windows-exclusive]" in out
    assert "but then restart-live is disputed: refused (bind: WSAEADDRINUSE) or starts again" in out
    assert all(f"{word}: {sentence}" in out for word, sentence in PORTING_VERDICTS.items())
    assert "B.bind(127.0.0.1:P) = ok" in port(server(), "--to", "windows", "--scripts")[1]


def test_nothing_differs(port: Any) -> None:
    status, out, _ = port(server(), "--to", "linux")
    assert status == 0
    assert "RISK" not in out
    assert port(server(), "--to", "linux@6.1")[0] == 0


def test_a_table_of_all(port: Any) -> None:
    status, out, _ = port(server(), "--to", "all")
    assert status == 1
    asked = re.split(r"^(?=\S)", out, flags=re.MULTILINE)
    (second,) = [part for part in asked if part.startswith("second instance: linux: refused (bind: EADDRINUSE)\n")]
    assert "  RISK   windows, wsl1: starts; who receives is undetermined\n" in second
    for part in asked:
        if part.startswith("another user"):
            assert {word for word in re.findall(r"[a-z0-9]+", part) if word in MODELS} == set(MODELS) - {"stevens"}
    assert port(server(), "--to", "freebsd,macos", "--format", "markdown")[1].count("| freebsd |") == 1


@pytest.mark.parametrize(
    ("target", "logs"),
    [("windows", "*.log"), ("all", "nginx-reuseport.log"), pytest.param("all", "*.log", marks=pytest.mark.exhaustive)],
)
def test_json(port: Any, target: str, logs: str) -> None:
    schema = json.loads((ROOT / "reports" / "porting" / "port.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    paths = list(FOLDER.glob(logs))
    assert paths
    for path in paths:
        data = json.loads(port(path.read_text(encoding="utf-8"), "--to", target, "--format", "json")[1])
        assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []


HOSTILE = "<script>alert(1)</script> & `|` [x](y).txt"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("target", ["windows", "all"])
def test_html_is_escaped_and_needs_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    name = HOSTILE.replace("/", "_")
    (tmp_path / name).write_text(server(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main(["port", "--from", "linux", "--to", target, "--format", "html", name])
    page = capsys.readouterr().out
    tags = Tags()
    tags.feed(page)
    assert (tags.open, tags.seen & {"script", "link", "img", "iframe"}) == ([], set())
    assert not re.search(r"(?:src|href)=", page)
    assert "&lt;script&gt;" in page


def test_markdown_is_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    name = HOSTILE.replace("/", "_")
    (tmp_path / name).write_text(server(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main(["port", "--from", "linux", "--to", "windows", "--format", "markdown", name])
    out = capsys.readouterr().out
    assert "<script>" not in out
    tables = [line for line in out.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {7}


def test_what_is_not_judged_is_said(port: Any) -> None:
    log = """\
socket(AF_INET, SOCK_STREAM, 0) = 3
connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)
socket(AF_INET, SOCK_STREAM, 0) = 4
bind(4, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
listen(4, 5) = 0
socket(AF_INET, SOCK_STREAM, 0) = 5
bind(5, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EADDRINUSE (Address already in use)
socket(AF_INET6, SOCK_DGRAM, 0) = 6
"""
    status, out, _ = port(log, "--to", "windows", "--details")
    assert status == 0
    assert "tcp4 127.0.0.1:0 (line 3): the system chooses the port, so nobody else meets it" in out
    assert "tcp4 (line 6): bind was EADDRINUSE when it was recorded" in out
    assert "1 socket of a client" in out
    assert "1 socket that was never bound" in out


def test_a_log_of_another_platform_is_noticed(port: Any) -> None:
    assert "linux would refuse what the log grants" in port(server("SO_EXCLUSIVEADDRUSE"), "--to", "windows")[1]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", ("--to", "windows"), "no socket calls in it"),
        ("A = tcp4()\n", ("--to", "windows"), "no socket is bound in it"),
        ("A = tcp4()\nA.bind(x)\n", ("--to", "windows"), "line 2"),
        (server(), ("--to", "plan9"), "plan9: no such platform"),
        (server(), ("--to", "linux@x"), "version 'x'"),
    ],
)
def test_bad_input(port: Any, text: str, options: tuple[str, ...], said: str) -> None:
    status, out, err = port(text, *options)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("word", "means"),
    [("Linux", ["linux"]), ("darwin", ["macos"]), ("win", ["windows"]), ("Windows, darwin,FreeBSD@13", ["windows", "macos", "freebsd@13"])],
)
def test_names_of_platforms_are_forgiving(port: Any, word: str, means: list[str]) -> None:
    assert json.loads(port(server(), "--to", word, "--format", "json")[1])["to"] == means


def test_the_json_says_its_version(port: Any) -> None:
    data = json.loads(port(server(), "--to", "windows", "--format", "json")[1])
    schema = json.loads((ROOT / "reports" / "porting" / "port.schema.json").read_text(encoding="utf-8"))
    assert data["schema"] == schema["properties"]["schema"]["const"] == SCHEMA


def test_details_are_for_text(port: Any) -> None:
    status, out, err = port(server(), "--to", "windows", "--details", "--format", "json")
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["port", "--from", "linux", "--to", "windows", "/nonexistent/calls.log"]) == 2
    assert "cannot be read" in capsys.readouterr().err
