"""The wheel: nothing generic at the top level, and every verb works from an empty folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.record.runfile import read_run
from reports.catalogue import ROOT
from reports.verbs import EXAMPLES
from tests.command.asked import ASKED, RECORDED, wrong
from tests.command.installed import PATIENCE, Installed, unpacked
from tests.helpers.sampling import exhaustively

pytest.importorskip("hatchling", reason="tox -e tests has it")
#: The site alone takes half a minute where nothing else runs.
pytestmark = pytest.mark.timeout(PATIENCE + 100)

#: What these need (the matrix, claims, agents) is, with the run that is recorded here, most of what all verbs need.
SAMPLE = ("explain", "port", "record")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    copy = Installed(tmp_path_factory.mktemp("wheel"))
    done = copy.run(*RECORDED)
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


def test_nothing_generic_is_installed(installed: Installed) -> None:
    names = {path.name for path in installed.packages.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"addrinuse"}
    assert installed.wheel.stat().st_size < 3_000_000


def test_who_imports_the_package_gets_no_other_name(installed: Installed) -> None:
    program = "import sys, addrinuse.command; print(sorted(n for n in sys.modules if n in sys.argv), any('_suite' in p for p in sys.path))"
    done = installed.python("-c", program, "fixtures", "suites", "reports", "conftest")
    assert done.stdout == "[] False\n", done.stderr


def test_every_verb_is_asked() -> None:
    assert ASKED.keys() == EXAMPLES.keys()


@pytest.mark.parametrize("verb", [*SAMPLE, *exhaustively(*(verb for verb in ASKED if verb not in SAMPLE))])
def test_a_verb_works_from_an_empty_folder(installed: Installed, verb: str) -> None:
    assert wrong(installed, verb) == ""


def test_a_run_is_recorded_where_the_user_stands(installed: Installed) -> None:
    assert len(read_run(installed.here / "run.jsonl").traces) > 5


@pytest.mark.exhaustive
def test_two_copies_run_at_once(installed: Installed) -> None:
    both = [installed.start("-m", "addrinuse", "run", "suites/test_udp.py", "--isolation", "host") for _ in range(2)]
    said = [process.communicate(timeout=PATIENCE)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said


@pytest.mark.exhaustive
def test_the_whole_run_says_what_the_checkout_says(installed: Installed, tmp_path: Path) -> None:
    """Whether the wheel comes from the checkout or from the source distribution."""
    mine = tmp_path / "checkout.jsonl"
    subprocess.run([sys.executable, "-m", "addrinuse", "run", "--record", str(mine)], cwd=ROOT, check=False, capture_output=True)
    for folder in ("from-checkout", "from-source"):
        (tmp_path / folder).mkdir()
    copies = {"from-checkout": installed, "from-source": Installed(tmp_path / "from-source", home=unpacked(tmp_path))}
    for folder, copy in copies.items():
        theirs = tmp_path / folder / "run.jsonl"
        copy.run("run", "--record", str(theirs))
        assert verdicts(theirs) == verdicts(mine), folder


def verdicts(run: Path) -> dict[str, str]:
    return {record["id"]: record["verdict"] for record in read_run(run).traces}
