"""What servers and libraries are recorded to set, and what was recorded of them."""

from __future__ import annotations

import configparser
import json
from collections import Counter
from pathlib import Path
from urllib.parse import urlparse

import jsonschema
import pytest

from fixtures.libraries import checks, paths, policies
from fixtures.libraries.policies import FILE, QUESTIONS, load
from fixtures.libraries.starters import STARTERS
from fixtures.models import Platform
from fixtures.record.runfile import RunError, read_run, write_run
from reports.catalogue import ROOT
from reports.libraries.answers import runs
from tests.helpers.policies import named

LINUX = Platform("linux")
LIVE = [policy for policy in load() if policy.needs]
HOSTS = {"github.com", "gitlab.torproject.org"}


# The data.


def test_the_file_has_the_shape_of_its_schema() -> None:
    schema = json.loads(FILE.with_name("policies.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(FILE.read_text(encoding="utf-8")), schema)


def test_there_are_72_libraries_49_of_them_checked() -> None:
    assert (len(load()), len(LIVE)) == (72, 49)
    assert [name for name, times in Counter(one.id for one in load()).items() if times > 1] == []


def test_each_has_checks_or_a_reason() -> None:
    for policy in load():
        assert bool(policy.asks) != bool(policy.why_not), policy.id
        assert not policy.asks or set(policy.asks) | set(policy.not_asked) == set(QUESTIONS), policy.id


def test_each_that_is_checked_can_be_started() -> None:
    assert set(STARTERS) == {policy.id for policy in LIVE}


def test_every_source_says_where_it_is() -> None:
    for policy in load():
        link = urlparse(policy.source["link"])
        assert link.hostname in HOSTS, policy.id
        assert link.path.strip("/").count("/") >= 1, policy.id
        assert policy.source["version"] == policy.version, policy.id


def test_what_must_be_installed_is_in_tox() -> None:
    needed = [*(policy.needs for policy in LIVE), *(one.needs for one in paths.load() if one.needs), "jsonschema"]
    wanted = {name.lower() for name in needed if name != policies.STDLIB}
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    lines = tox["testenv:libraries"]["deps"].splitlines()
    assert {line.partition(">=")[0].lower() for line in lines if ">=" in line} == wanted


@pytest.mark.parametrize(
    ("identifier", "platform", "sets"),
    [
        ("asyncio", "linux", "SO_REUSEADDR"),
        ("asyncio", "windows", "none"),
        ("asyncio", "cygwin", "none"),
        ("asyncio", "wine", "none"),
        ("tornado", "cygwin", "SO_REUSEADDR"),
        ("haproxy", "freebsd", "SO_REUSEADDR SO_REUSEPORT SO_REUSEPORT_LB"),
        ("gunicorn", "windows", "-"),
    ],
)
def test_what_it_sets_is_by_platform(identifier: str, platform: str, sets: str) -> None:
    assert str(named(identifier).on(platform)) == sets


# What was recorded.


def test_a_run_was_recorded_and_nothing_in_it_is_gone() -> None:
    known = {policy.check_id(question) for policy in load() for question in policy.asks}
    for path in runs():
        assert {trace["id"] for trace in read_run(path).traces} <= known
    assert {trace["id"] for path in runs() for trace in read_run(path).traces} == known


def test_a_run_says_of_which_version(tmp_path: Path) -> None:
    run = read_run(runs()[0])
    schema = json.loads((ROOT / "reports" / "run.schema.json").read_text(encoding="utf-8"))
    for trace in run.traces:
        jsonschema.validate(trace, schema)
    forged = run.traces[0]
    forged["library"] = {"id": "asyncio"}
    write_run(tmp_path / "run.jsonl", {name: value for name, value in run.header.items() if name != "format"}, [forged])
    with pytest.raises(RunError, match="line 2: a library without its id, its version"):
        read_run(tmp_path / "run.jsonl")


def test_a_recorded_run_is_what_the_models_still_say() -> None:
    for path in runs():
        for trace in read_run(path).traces:
            policy, question = named(trace["library"]["id"]), trace["id"].rpartition("/")[2]
            expected = str(policy.on("linux")) if question == "options" else " or ".join(checks.predict(policy, question, LINUX).outcomes)
            assert (trace["verdict"], trace["library"]["observed"]) == ("conforms", expected), trace["id"]
