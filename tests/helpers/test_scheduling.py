"""What shares something goes to one worker: with this pytest and this xdist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reports.catalogue import ROOT
from tests.helpers.children import inherited
from tests.helpers.scheduling import LONGEST, group_of, place_of
from tests.servers.conftest import server_of

CONFTEST = """\
from tests.helpers.scheduling import Together

def pytest_xdist_make_scheduler(config, log):
    return Together(config, log, lambda nodeid: nodeid.partition("[")[2][0])
"""
TESTS = """\
import os, pathlib, pytest

@pytest.mark.parametrize("of", [f"{group}{number}" for number in range(4) for group in "abc"])
def test_one(of):
    with open("workers", "a") as file:
        print(of[0], os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


def test_the_tests_of_a_group_run_in_one_worker(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-n", "2", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(words, cwd=tmp_path, env=inherited(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ran = (tmp_path / "workers").read_text(encoding="utf-8").splitlines()
    assert len(ran) == 12
    assert len(set(ran)) == 3


def test_a_worker_that_dies_is_told_and_the_rest_is_tested(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    dies = "    if of == 'c1' and not os.path.exists('died'):\n        open('died', 'x').close()\n        os._exit(1)\n"
    (tmp_path / "test_it.py").write_text(TESTS.replace("def test_one(of):\n", f"def test_one(of):\n{dies}"), encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-n", "1", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(words, cwd=tmp_path, env=inherited(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "crashed while running" in done.stdout
    assert len(set((tmp_path / "workers").read_text(encoding="utf-8").splitlines())) == 3 + 1


def test_the_files_that_take_long_are_there_and_named_once() -> None:
    named = [file for files in LONGEST for file in files]
    assert len(set(named)) == len(named)
    assert [file for file in named if not (ROOT / "tests" / f"{file}.py").is_file()] == []


def test_what_shares_something_has_one_name_and_an_early_place() -> None:
    site, render = "tests/reports/test_site.py::test_text_is_escaped", "tests/reports/test_render.py::test_nothing_is_stale"
    other = "tests/machine/test_runner.py::test_one[a::b]"
    assert group_of(site) == group_of(render) != group_of(other) == "tests/machine/test_runner.py"
    assert place_of(site) == place_of(render) < place_of(other)


def test_a_situation_belongs_to_its_server() -> None:
    there = "tests/servers/test_servers.py::test_a_server_meets_what_the_report_says[gunicorn-gevent-time_wait]"
    assert server_of(there) == "gunicorn-gevent"
    assert server_of("tests/servers/test_servers.py::test_the_table") == "tests/servers/test_servers.py::test_the_table"
