"""The search, the playground and what both take from npm."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fixtures.models import Platform
from fixtures.specification.worlds import TooManyWorlds
from reports import asked, site
from reports.calls import as_script
from reports.catalogue import ROOT
from reports.predict import Predictor
from reports.scripts import Played, Step, read_script
from reports.site import npm, playground, search
from reports.site.pictures.timeline import STORIES
from reports.wishes import ENTRIES
from tests.helpers.site import anchors, built, gathered, page

SCRIPT = "A = tcp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P) = ok\n"


def test_the_playground_answers_as_predict_does() -> None:
    told = asked.answers(SCRIPT, ["linux", "windows", "freebsd@11"])
    for name in ("linux", "windows"):
        predicted = Predictor(Platform(name)).predict(read_script(SCRIPT))
        assert [one["answer"] for one in told["answers"][name]] == [list(one.names) for one in predicted]
        assert [one["by"] for one in told["answers"][name]] == [one.because.id if one.because else "" for one in predicted]
    assert [call["line"] for call in told["calls"] if call["parts"]] == [5]
    assert told["answers"]["linux"][-1]["expected"] == "ok"
    assert told["answers"]["windows"][-1]["expected"] == ""
    assert told["script"] == SCRIPT
    assert json.loads(asked.answered(json.dumps({"script": SCRIPT, "platforms": ["linux"]})))["calls"][0]["parts"] is False


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        ("A = tcp4()\nA.bnd()\n", 2, "unknown call 'bnd'"),
        ("", 1, "there is no call"),
        ("# nothing\n", 1, "there is no call"),
        ("A = tcp4()\n" + "A.listen()\n" * 200, 201, "more than 200 calls"),
        ('1 openat(AT_FDCWD, "x") = 3\n', 0, "no socket calls"),
    ],
)
def test_what_is_wrong_with_a_script_names_its_line(script: str, line: int, words: str) -> None:
    told = asked.answers(script, ["linux"])
    assert told["error"]["line"] == line
    assert words in told["error"]["message"]


def test_an_unknown_platform_is_an_error() -> None:
    assert "no such platform" in asked.answers(SCRIPT, ["beos"])["error"]["message"]


def test_a_platform_without_an_answer_does_not_keep_the_others_from_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Puzzled(Predictor):
        def predict(self, steps: Sequence[Step]) -> list[Played]:
            if self.platform.name == "lwip":
                raise TooManyWorlds("more worlds than anybody plays")
            return super().predict(steps)

    monkeypatch.setattr(asked, "Predictor", Puzzled)
    told = asked.answers(SCRIPT, ["linux", "lwip"])
    assert list(told["answers"]) == ["linux"]
    assert told["errors"] == {"lwip": "more worlds than anybody plays"}


def test_a_log_of_strace_becomes_a_script() -> None:
    log = (ROOT / "tests/data/calls/node.log").read_text(encoding="utf-8")
    told = asked.answers(log, ["linux"])
    assert "A.listen()" in told["script"]
    assert told["answers"]["linux"][-1]["answer"]
    assert as_script(told["script"]) == told["script"]


def test_the_models_for_the_browser_answer_without_the_rest(tmp_path: Path) -> None:
    packed = playground.models()
    assert packed == playground.models()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert not [name for name in archive.namelist() if name.startswith(("suites", "tests", "reports/site"))]
        archive.extractall(tmp_path)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from reports.asked import answered; print(answered(sys.stdin.read()))"
    request = json.dumps({"script": SCRIPT, "platforms": ["linux", "macos"]})
    got = subprocess.run([sys.executable, "-I", "-c", program], input=request, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(got.stdout) == asked.answers(SCRIPT, ["linux", "macos"])


def test_the_examples_of_the_playground_have_answers() -> None:
    told = playground.gallery(gathered())
    assert len(told) == len(STORIES) + len(ENTRIES)
    assert len({one["fragment"] for one in told}) == len(told)


def test_what_is_found_is_there() -> None:
    found = list(search.entries(gathered()))
    assert {kind for kind, *_ in found} == set(search.KINDS)
    for _, path, title, text, _ in found:
        name, _, anchor = path.partition("#")
        assert title
        assert text or name.startswith("docs/"), path
        if not name.startswith("e/"):
            assert name in built(), path
            assert not anchor or anchor in anchors(name), path


def test_the_script_that_searches_has_every_id() -> None:
    head, _, code = search.script(gathered()).partition(";\n")
    told = json.loads(head.removeprefix("window.addrinuseIndex = "))
    assert told["ids"] == sorted(gathered().pages)
    assert "window.addrinuseSearch" in code


def test_without_npm_the_site_has_no_search_and_no_playground_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert site.parts() == site.Parts()
    said = capsys.readouterr().err
    assert "the site has no search: npm is not installed" in said
    assert "the site has no playground: npm is not installed" in said
    assert not {"try/index.html", "search.js", "minisearch.js", "worker.js", "playground.js"} & set(built())
    assert not any("Try it" in page(name).words for name in ("index.html", "platform/linux/index.html"))


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bytes:
    """A package that npm.json names, and the cache has."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/index.js")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"code"))
    digest = f"sha512-{base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()}"
    known: dict[str, Any] = {"thing": {"version": "1.0", "integrity": digest, "files": {"package/index.js": "thing.js"}}}
    monkeypatch.setattr(npm, "packages", lambda: known)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    return packed.getvalue()


def test_a_package_is_taken_from_the_cache(package: bytes, tmp_path: Path) -> None:
    assert npm.files_of("thing") == ({}, "npm is not installed")
    kept = tmp_path / "addrinuse" / "npm" / "thing-1.0.tgz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(package)
    assert npm.files_of("thing") == ({"thing.js": b"code"}, "")
    kept.write_bytes(package + b"!")
    assert npm.files_of("thing") == ({}, "thing@1.0 is not the file that npm.json names")


def test_what_npm_gives_is_kept(package: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "given.tgz").write_bytes(package)
    fake = tmp_path / "bin" / "npm"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n/bin/cp {tmp_path}/given.tgz thing-1.0.tgz\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    assert npm.files_of("thing") == ({"thing.js": b"code"}, "")
    fake.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert npm.files_of("thing") == ({"thing.js": b"code"}, "")
    (tmp_path / "addrinuse" / "npm" / "thing-1.0.tgz").unlink()
    assert npm.files_of("thing") == ({}, "npm pack thing@1.0 failed")
