"""The chapter of libraries, and how the porting report recognises one."""

from __future__ import annotations

import json
import re

import pytest

from fixtures.libraries.policies import load
from fixtures.models import Platform
from fixtures.specification.clauses import BASES
from reports.__main__ import main
from reports.calls import parse_calls
from reports.catalogue import ROOT
from reports.libraries import answers, page
from reports.libraries.answers import chapter, contradictions
from reports.porting.player import Player
from reports.porting.recognised import Libraries
from reports.porting.report import report

LINUX = Platform("linux")


# The chapter.


def test_the_page_is_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == page()


def test_every_cell_has_a_basis_and_reasons() -> None:
    for one in chapter(load(), [platform.name for platform in answers.everywhere()])["libraries"]:
        assert one["source"]["link"], one["id"]
        for cell in answers.cells(one):
            assert cell["basis"] in BASES or cell["note"], (one["id"], cell)
            assert cell.get("because") or "text" in cell, (one["id"], cell)


def test_what_was_seen_agrees_with_what_is_predicted() -> None:
    data = chapter(load(), ["linux"])
    assert contradictions(data) == []
    for one in data["libraries"]:
        for question in answers.ASKED:
            if (cell := one["on"]["linux"][question]) and cell["seen"]:
                assert cell["brief"].startswith(cell["seen"]), (one["id"], question)


def test_a_contradiction_is_status_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(answers, "recorded", lambda: {("library/trio/restart", "linux"): {"id": "library/trio/restart", **_SURPRISE}})
    assert main(["libraries", "trio"]) == 1
    assert "seen: restart: refused (surprise; 0.35.0, Linux 6.18, 2026-11-21)" in capsys.readouterr().out


_SURPRISE = {"verdict": "surprise", "observed": "refused", "version": "0.35.0", "kernel": "Linux 6.18", "when": "2026-11-21"}


def test_the_page_says_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    command = next(line for line in page.splitlines() if line.startswith("addrinuse libraries"))
    assert main(command.split()[1:]) == 0
    out = capsys.readouterr().out
    for line in page.split(command)[1].split("```\n")[2].splitlines():
        assert f"{line}\n" in out


def test_one_library_on_chosen_platforms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "Twisted", "--platform", "linux,windows", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in data["libraries"]] == ["twisted-tcp", "twisted-udp"]
    assert data["libraries"][0]["on"]["windows"]["restart"]["because"][0]["id"] == "windows/time-wait-does-not-block"
    assert main(["libraries", "trio", "--platform", "all"]) == 0
    assert "illumos sets SO_REUSEADDR (source)" in capsys.readouterr().out
    assert main(["libraries"]) == 0
    assert capsys.readouterr().out.startswith("72 servers and libraries; 49 were started")


def test_explain_tells_a_library_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "trio", "--platform", "all"]) == 0
    told = capsys.readouterr().out
    for words in ("trio", "library/trio", "library/trio/restart"):
        assert main(["explain", words]) == 0
        assert capsys.readouterr().out == told
    assert "as tcp/time-wait/server-closes-first/old-reuseaddr/new-reuseaddr" in told


def test_what_follows_from_options_has_an_experiment_that_asks_the_same() -> None:
    without = set()
    for policy in load():
        for platform in answers.everywhere():
            sets = str(policy.on(platform.name))
            for question in answers.ASKED:
                applies = sets not in ("-", "unknown") and not (question == "restart" and policy.protocol == "udp")
                identifier = answers.explaining(question, policy.socket, sets)
                if applies and not identifier:
                    without.add((question, sets))
                elif applies:
                    set_by = {str(option).removeprefix("SO_").lower() for option in policy.on(platform.name).options if option.value}
                    assert set(re.split(r"[/+-]", identifier)) & {"reuseaddr", "reuseport", "exclusiveaddruse"} == set_by, identifier
    several = {"SO_REUSEADDR SO_REUSEPORT SO_REUSEPORT_LB", "SO_REUSEADDR SO_REUSEPORT IPV6_V6ONLY=0", "SO_EXCLUSIVEADDRUSE IPV6_V6ONLY=0"}
    assert without == {(question, sets) for sets in several for question in answers.ASKED}


@pytest.mark.parametrize("words", [["nosuch"], ["trio", "--platform", "nosuch"]])
def test_a_wrong_word_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# The porting report.


def ported(script: str, name: str, target: str = "windows") -> Libraries:
    return report(parse_calls(script.encode(), name), name, LINUX, [Platform(target)], Player(1000, {})).servers[0].libraries


SERVER = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:8000)\nA.listen()\n"


def test_a_server_is_recognised_by_the_name_of_its_log() -> None:
    (one,) = ported(SERVER, "logs/waitress-2.log").recognised
    assert (one.id, one.as_recorded, one.to) == ("library/waitress", True, {"windows": "SO_REUSEADDR (source)"})


def test_a_server_is_recognised_by_the_heading_of_its_recording() -> None:
    (one,) = ported(f"# gunicorn, recorded by addrinuse 0.1.0 with strace on linux\n{SERVER}", "x").recognised
    assert (one.id, one.to) == ("library/gunicorn", {"windows": "gunicorn does not run on Windows"})


def test_a_server_is_recognised_by_its_command() -> None:
    log = """\
1 execve("/usr/bin/python3", ["python3", "-m", "daphne"], 0x1 /* 9 vars */) = 0
1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3
1 bind(3, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
1 listen(3, 5) = 0
"""
    (one,) = ported(log, "calls.log").recognised
    assert (one.id, one.as_recorded, one.but) == ("library/daphne", False, "this server does not set SO_REUSEADDR")


def test_how_a_server_differs_from_its_library_is_said() -> None:
    found = ported(SERVER.replace("SO_REUSEADDR", "SO_REUSEADDR, SO_REUSEPORT"), "nginx.log")
    (line,) = found.told("linux")
    assert "sets SO_REUSEADDR (source) on linux by default; this server also sets SO_REUSEPORT" in line


def test_a_server_whose_options_are_not_in_the_log_is_not_said_to_differ() -> None:
    log = 'getsockname(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, [16]) = 0\nlisten(3, 5) = 0\n'
    (one,) = ported(log, "nginx.log").recognised
    assert (one.as_recorded, one.but) == (False, "what this server sets is not in the log")


def test_a_server_that_nobody_knows_is_like_others() -> None:
    found = ported(SERVER.replace("SO_REUSEADDR", "SO_REUSEADDR, SO_REUSEPORT"), "calls.txt")
    assert found.recognised == []
    assert found.alike == [f"library/{name}" for name in ("eventlet", "hypercorn-workers", "granian", "grpcio", "haproxy")]
