"""What servers do about the file of their AF_UNIX sockets: the Python ones are started, and must do what is recorded of them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
from dataclasses import asdict

import pytest
from jsonschema import Draft202012Validator

from fixtures.libraries import paths
from fixtures.libraries.at_path import ASKED, Outcomes, observe
from fixtures.libraries.path_starters import STARTERS
from fixtures.libraries.paths import AtPath
from fixtures.libraries.policies import STDLIB
from reports.__main__ import main

#: Those that serve by asyncio, which removes the file of its own socket since Python 3.13; they were seen on 3.11.
BY_ASYNCIO = ("aiohttp-unix", "anyio-unix", "hypercorn-unix", "sanic-unix", "uvicorn-unix", "websockets-unix")
STARTED = [one for one in paths.load() if one.needs]


def test_the_file_is_what_its_schema_says() -> None:
    schema = json.loads(paths.FILE.with_name("paths.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads(paths.FILE.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []
    assert len({one.id for one in paths.load()}) == len(paths.load()) >= 30


def test_exactly_those_are_observed_that_a_test_starts() -> None:
    assert {one.id for one in STARTED} == set(STARTERS) == {one.id for one in paths.load() if one.basis == "observed"}
    assert all("unknown" not in one.does.values() for one in STARTED)
    assert [one.id for one in paths.load() if one.basis in ("source", "documented", "reported") and not one.at] == []


def installed(one: AtPath) -> bool:
    if one.needs == STDLIB:
        return True
    try:
        return bool(importlib.metadata.version(one.needs))
    except importlib.metadata.PackageNotFoundError:
        return False


def expected(one: AtPath) -> AtPath:
    """asyncio has another row since 3.13."""
    if one.id == "asyncio-unix" and sys.version_info >= (3, 13):
        return next(other for other in paths.load() if other.id == "asyncio-3.13-unix")
    return one


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel must tell who listens: SO_PEERCRED as Linux has it")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("one", STARTED, ids=str)
def test_it_does_what_is_recorded(one: AtPath) -> None:
    if not installed(one):
        pytest.skip(f"{one.needs} is not installed; run: tox -e libraries")
    if one.id in BY_ASYNCIO and sys.version_info >= (3, 13):
        pytest.skip("it serves by asyncio, which removes the file of its own socket since 3.13; what it does then was not seen")
    seen = observe([sys.executable if word == "{python}" else word for word in STARTERS[one.id]])
    assert asdict(seen) == dict(expected(one).does)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="AF_UNIX")
def test_one_that_lies_is_noticed() -> None:
    """A server that unlinks what it finds, though the one recorded does not."""
    removes = "import os, socketserver\nif os.path.lexists(sys.argv[1]):\n    os.unlink(sys.argv[1])"
    lying = STARTERS["socketserver-unix"][2].replace("import socketserver", removes)
    seen = observe((sys.executable, "-c", lying, "{path}"))
    assert seen == Outcomes("takes the path", "ECONNREFUSED", "stays", "starts", "starts", "starts, deleted", "starts, replaced", "0755")


@pytest.mark.parametrize(("name", "ids"), [("redis", ["redis-unix"]), ("golang", ["go-net-unix"]), ("nginx", ["nginx-unix"]), ("x", [])])
def test_names(name: str, ids: list[str]) -> None:
    assert [one.id for one in paths.find(name)] == ids


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_the_chapter_has_it(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "redis", "--format", form]) == 0
    said = capsys.readouterr().out
    assert "takes the path" in said
    assert form != "text" or all(question in said for question in ASKED.values())


def test_one_that_is_known_on_a_path_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["libraries", "perl"]) == 0
    assert "Perl IO::Socket::UNIX" in capsys.readouterr().out


@pytest.mark.parametrize("words", ["redis", "library/redis-unix", "asyncio"])
def test_explain_tells_it_too(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", words]) == 0
    assert "A second instance is started. Is it refused, or does it take the path?  takes the path" in capsys.readouterr().out
