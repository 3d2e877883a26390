"""Colour, width, silence, and the completion of a shell."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import pytest

from fixtures.models import Platform
from reports import completion
from reports.__main__ import WIDTH, main
from reports.catalogue import ROOT
from reports.cells import cells
from reports.matrix import as_text, fitting, rows_of
from reports.progress import Progress
from reports.screen import Screen, coloured, fit, paint


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(WIDTH))


def printed(text: str, terminal: io.StringIO) -> str:
    screen = Screen(terminal)
    print(text, file=screen)
    screen.flush()
    return terminal.getvalue()


def test_what_is_no_terminal_gets_every_line_as_it_is() -> None:
    assert printed("RISK   " + "word " * 40, io.StringIO()) == "RISK   " + "word " * 40 + "\n"


def test_a_terminal_gets_colour_and_lines_that_fit() -> None:
    out = printed("  RISK   " + "word " * 40, Terminal())
    assert out.startswith("  \x1b[31mRISK\x1b[0m   word")
    lines = out.replace("\x1b[31m", "").replace("\x1b[0m", "").splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= WIDTH
    assert all(line.startswith("    word") for line in lines[1:])


def test_orders_of_others_stay_without_effect_among_our_own() -> None:
    assert printed("surprise: \x1b[32mtcp/one", Terminal()) == "\x1b[31msurprise\x1b[0m: \\x1b[32mtcp/one\n"


def test_colour_is_never_the_only_sign() -> None:
    for line in ("! 5 B.bind() = ok", "same", "stale: tcp/one", "same*     restart"):
        painted = paint(line)
        assert painted != line
        assert painted.replace("\x1b[31m", "").replace("\x1b[32m", "").replace("\x1b[0m", "") == line
    assert paint("brokenness is not a verdict") == "brokenness is not a verdict"


def test_who_decides_about_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    assert coloured(Terminal())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(Terminal())


@pytest.mark.parametrize(("word", "has"), [("always", True), ("never", False), ("auto", False)])
def test_the_option_decides_for_every_verb(word: str, has: bool) -> None:
    command = [sys.executable, "-m", "addrinuse", f"--color={word}", "port", "--from", "linux", "--to", "freebsd"]
    done = subprocess.run([*command, "tests/data/calls/nginx-reuseport.log"], cwd=ROOT, capture_output=True, check=False)
    assert (b"\x1b[" in done.stdout) == has


def test_a_long_line_keeps_its_indentation() -> None:
    assert fit("    aa bb cc\n", 8) == "    aa\n      bb\n      cc\n"
    assert fit("short\n", 80) == "short\n"


def test_silence_is_explained_on_a_terminal_and_wiped_away(monkeypatch: pytest.MonkeyPatch) -> None:
    error = Terminal()
    monkeypatch.setattr(sys, "stderr", error)
    monkeypatch.setattr("reports.progress.SILENCE", 0)
    with Progress("addrinuse site", ended=Screen(io.StringIO()).spoken):
        time.sleep(1.5)
    said = error.getvalue()
    assert said.startswith("\raddrinuse site: 1 s")
    assert said.endswith("\r")


def test_results_take_the_place_of_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("reports.progress.SILENCE", 0)
    with Progress("mutants", lambda: "3 of 18 platforms") as progress:
        time.sleep(1.5)
        progress.print("linux 99 %")
    line = "mutants: 3 of 18 platforms: 1 s"
    assert terminal.getvalue() == f"\r{line}\r{' ' * len(line)}\rlinux 99 %\n"


def test_what_is_no_terminal_hears_of_no_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("reports.progress.SILENCE", 0)
    with Progress("mutants") as progress:
        time.sleep(1.2)
        progress.print("linux 99 %")
    assert capsys.readouterr() == ("linux 99 %\n", "")


def test_the_matrix_is_cut_into_tables_that_fit() -> None:
    platforms, rows = [Platform(name) for name in ("linux", "windows", "freebsd", "macos", "openbsd")], rows_of("udp")[:60]
    found = cells(platforms, rows)
    groups = fitting(platforms, rows, found, 120)
    assert [one for group in groups for one in group] == platforms
    assert len(groups) > 1
    for group in groups:
        table = as_text("udp", group, rows, found).split("\n\n")[0]
        assert len(group) == 1 or max(map(len, table.splitlines())) <= 120
    assert fitting(platforms, rows, found, None) == [platforms]


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_completion_knows_verbs_platforms_and_ids(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab", reason="addrinuse[completion]")
    assert main(["--print-completion", shell]) == 0
    out = capsys.readouterr().out
    for word in ("explain", "--platform", "freebsd", "tcp/stevens-s11/theft", "linux/listener-blocks"):
        assert word in out


def test_completion_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", "bash"]) == 2
    assert capsys.readouterr().err == "addrinuse: --print-completion needs shtab: python -m pip install 'addrinuse[completion]'\n"
    assert main(["--print-completion", "cmd"]) == 2
    assert "there is completion for bash, zsh, tcsh" in capsys.readouterr().err
