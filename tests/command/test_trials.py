"""What a hostile tester and a newcomer tried: each input once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures import VERSION
from fixtures.record.plain import LONGEST, harmless, one_line
from fixtures.record.runfile import Record, write_run
from reports.__main__ import main
from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.sampling import exhaustively

ESCAPE = "\x1b]0;owned\x07\x1b[31m"


def run_file(path: Path, identifier: str = "tcp/one", question: str = "May it?") -> str:
    record: Record = {
        "id": identifier,
        "chapter": "c",
        "question": question,
        "verdict": "conforms",
        "why": "",
        "held": True,
        "attempts": 1,
        "trace": ["A = tcp4()"],
        "variants": [],
    }
    header = {"platform": "linux@6.18", "stack": "kernel", "fingerprint": {"suite": "0.1.0", "privilege": "root"}}
    write_run(path, header, [record])
    return str(path)


def test_text_from_elsewhere_is_harmless() -> None:
    assert harmless(f"{ESCAPE}\x9b\x7f tab\there") == r"\x1b]0;owned\x07\x1b[31m\x9b\x7f tab" + "\there"
    assert harmless("a\n::error::x\n  ::set-env::\n##[group]\n[::1]:80") == "a\n\\::error::x\n  \\::set-env::\n\\##[group]\n[::1]:80"
    assert one_line("a\nb\r\n" + "c" * 1000) == ("a\\nb\\n" + "c" * 1000)[: LONGEST + 2 - 1] + "..."


@pytest.mark.parametrize("content", ["\0" * 1_000_000, f"A = tcp4()\nA.bind({ESCAPE})\n", "A = tcp4()\nx\u2028y" + "z" * 5000])
def test_a_script_cannot_fill_or_drive_the_terminal(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.txt"
    script.write_text(content, encoding="utf-8")
    assert main(["predict", "--platform", "linux", str(script)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert len(err) < 2 * LONGEST
    assert err.rstrip("\n").isprintable()


@pytest.mark.parametrize("words", [("explain", ESCAPE), ("show", ESCAPE), ("predict", "--platform", ESCAPE, "-"), (ESCAPE,)])
def test_a_name_cannot_drive_the_terminal(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(list(words))
    except SystemExit as exited:
        status = int(str(exited.code))
    err = capsys.readouterr().err
    assert (status, err.count("\n")) == (2, 1)
    assert "\x1b" not in err


def test_a_forged_run_cannot_speak_to_github(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = run_file(tmp_path / "one", "::error::tcp/one", "::warning::May it?")
    other = run_file(tmp_path / "other", "::error::tcp/one", f"{ESCAPE}\n::warning::May it?")
    for words in (["show", other, "::error::tcp/one"], ["show", other], ["compare", one, other], ["merge", one, other]):
        main(words)
        said = capsys.readouterr()
        for line in (said.out + said.err).splitlines():
            assert not line.lstrip().startswith(("::", "##["))
            assert "\x1b" not in line


def test_a_run_named_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = run_file(tmp_path / "one")
    assert main(["merge", one, str(tmp_path / "." / "one")]) == 2
    assert "named twice" in capsys.readouterr().err


def test_an_error_is_not_told_where_answers_are_if_standard_error_is_closed() -> None:
    program = (
        "import os, sys; os.close(2); sys.stderr = None; from reports.__main__ import main; sys.exit(main(['explain', 'nothing/like/it']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


def test_unknown_is_explained_as_a_verdict_and_as_a_basis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = tmp_path / "calls.txt"
    calls.write_text("A = tcp4(SO_REUSEADDR)\nA.bind(0.0.0.0:80) = ok\nA.listen() = ok\n", encoding="utf-8")
    main(["port", "--from", "linux", "--to", "all", "--format", "html", str(calls)])
    verdicts = capsys.readouterr().out.partition("<h2>Verdicts</h2>")[2].partition("</dl>")[0]
    assert "<dt>unknown</dt><dd>Nobody is known to have said what one of the platforms answers" in verdicts


def test_show_prints_the_calls_of_an_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = run_file(tmp_path / "one")
    for word in ("tcp/one", "tcp/*", "conforms"):
        assert main(["show", one, word]) == 0
        assert "question  May it?\n  calls\n    A = tcp4()\n" in capsys.readouterr().out
    assert main(["show", one, "tcp/on"]) == 2
    assert "did you mean tcp/one" in capsys.readouterr().err


def test_diff_does_not_count_what_only_one_of_the_two_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "linux", "windows", "--chapter", "reuseport"]) == 1
    head = capsys.readouterr().out.splitlines()[0]
    assert "experiments end differently; to " in head
    assert head.endswith("more only one of the two gives an answer: it lacks an option, or nobody knows")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("linux/unlistened-duplicates", ["while neither listens", "inet_bind_conflict", "\n  tcp/duplicate/both-reuseaddr/unlistened\n"]),
        ("S5", ["With SO_REUSEADDR alone TCP never", "\n  tcp/duplicate/both-reuseaddr/unlistened\n"]),
        ("E2", ["\n  tcp/duplicate/both-reuseaddr/unlistened\n"]),
        ("kafka-13572", ["A broker", "https://github.com/apache/kafka"]),
        ("nginx/windows", ["nginx (library/nginx", "windows"]),
        ("library/asyncio/restart", ["library/asyncio"]),
        ("PYDEV-E1", ["(holds)", "\n  tcp/duplicate/no-option\n"]),
        ("tcp/stevens-s11", ["Experiments of tcp/stevens-s11", "\n  tcp/stevens-s11/theft\n"]),
        ("tcp/stevens-s11/theft/windows", ["on windows"]),
    ],
)
def test_explain_knows_what_is_printed_elsewhere(name: str, parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    out = capsys.readouterr().out
    assert [part for part in parts if part not in out] == []


def test_a_part_of_an_id_leads_to_the_id(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "both-reuseaddr"]) == 2
    assert "did you mean tcp/duplicate/both-reuseaddr/unlistened" in capsys.readouterr().err


def test_a_source_has_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "tcp/exclusive/dual-stack/loopback4-then-dual/windows"]) == 0
    assert "\n   https://learn.microsoft.com/" in capsys.readouterr().out


def test_incidents_can_be_searched(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incidents", "KAFKA", "time_wait"]) == 0
    assert capsys.readouterr().out.startswith("kafka-13572: ")
    assert main(["incidents", "kafka", "no such word"]) == 2
    assert "no incident has these words" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--allow", "list.txt"), *exhaustively(("--stack", ESCAPE), ("--platform", ESCAPE), ("--record", f"{ESCAPE}/x"))],
)
def test_an_option_of_the_run_cannot_drive_the_terminal(option: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"tcp/{ESCAPE} nonsense 2027-01-01 because\n", encoding="utf-8")
    words = [sys.executable, "-m", "addrinuse", "run", "-n", "0", option, value]
    done = subprocess.run(words, cwd=tmp_path, env=inherited(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr


def test_the_version_is_in_one_place() -> None:
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert not re.search(r"^version = ", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
