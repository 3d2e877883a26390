"""What holds of every verb: its help, its example, and what it imports."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys

import pytest

import conftest
from reports import conformance
from reports.__main__ import WIDTH, main, overview
from reports.catalogue import ROOT
from reports.verbs import EXAMPLES, GROUPS, module_of

#: What Windows lacks, and some of it other systems.
MISSING = ("resource", "fcntl", "pwd", "grp", "termios")


def test_the_overview_names_every_verb_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out = capsys.readouterr().out
    assert out == overview()
    assert max(map(len, out.splitlines())) <= WIDTH
    for group, verbs in GROUPS.items():
        assert f"\n{group}:\n" in out
        assert all(f"\n  {verb} " in out for verb in verbs)


@pytest.mark.parametrize("verb", EXAMPLES)
def test_the_help_of_a_verb_has_an_example_that_can_be_parsed(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main([verb, "--help"])
    assert exited.value.code == 0
    example = capsys.readouterr().out.partition("\nexample: ")[2].strip()
    assert example == EXAMPLES[verb]
    parser = argparse.ArgumentParser()
    module_of(verb).configure(parser)
    words = shlex.split(example.removeprefix("python -m "))
    if verb != "run":
        parser.parse_args(words[2:])


def test_no_verb_needs_what_some_system_lacks() -> None:
    # Nor does Windows open its C library by no name.
    program = f"import ctypes, sys; ctypes.CDLL = None; sys.modules.update(dict.fromkeys({MISSING!r})); \
from reports.verbs import EXAMPLES, module_of; [module_of(verb) for verb in EXAMPLES]"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_option_of_the_suite_is_in_the_help_of_run() -> None:
    said: list[str] = []

    class Group:
        def addoption(self, *names: str, **_: object) -> None:
            said.extend(names)

    class Parser:
        def getgroup(self, *_: str) -> Group:
            return Group()

    conftest.pytest_addoption(Parser())  # type: ignore[arg-type]
    assert said
    assert [name for name in said if f"  {name} " not in (conformance.__doc__ or "")] == []


def test_the_version_has_the_fingerprint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("addrinuse ")
    for word in ("\nplatform ", "\nsystem ", "\npython "):
        assert word in out
