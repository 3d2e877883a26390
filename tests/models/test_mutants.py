"""The mutants of the models: what is changed, that it is taken back, the list of equivalents, and a sample of the score."""

from __future__ import annotations

import ast
import json
import re
import signal
import zlib
from functools import cache

import jsonschema
import pytest

from fixtures.models import MODELS
from fixtures.models.unix.rooms import ROOMS
from reports.catalogue import ROOT
from tests.helpers.sampling import exhaustively
from tests.mutants.__main__ import main
from tests.mutants.examiner import NOTICED, SURVIVED, Examiner
from tests.mutants.families import NAMES, code_of
from tests.mutants.listed import FILE, OPEN, Entry, entry_of, load, named, needs, stale
from tests.mutants.operators import changes
from tests.mutants.reached import targets_of, targets_of_room
from tests.mutants.targets import Mutant
from tests.mutants.watched import World

#: One mutant in so many is tried here, always the same ones; ``tox -e mutants`` tries them all.
ONE_IN = 47
DECIDED = ("stevens", "linux", "windows", "freebsd", "macos")

SOURCE = """
def may_bind(self, new, old) -> Answer:
    if new.has("SO_REUSEADDR") and old.state == LISTEN:
        return refused("EADDRINUSE", RULE if new.multicast else OTHER)
    return max(ok(RULE), key=len)
"""
CHANGED = [
    "new.has('SO_REUSEADDR') and old.state == LISTEN -> not (new.has('SO_REUSEADDR') and old.state == LISTEN)",
    "new.has('SO_REUSEADDR') -> not new.has('SO_REUSEADDR')",
    "new.has('SO_REUSEADDR') -> True",
    "new.has('SO_REUSEADDR') -> False",
    "'SO_REUSEADDR' -> 'SO_REUSEPORT'",
    "old.state == LISTEN -> not old.state == LISTEN",
    "old.state == LISTEN -> True",
    "old.state == LISTEN -> False",
    "LISTEN -> 'CLOSED'",
    "'EADDRINUSE' -> 'ok'",
    "'EADDRINUSE' -> 'EACCES'",
    "max -> min",
    "ok(RULE) -> ok(RULE).__class__('EADDRINUSE')",
]


@cache
def mutants(platform: str) -> list[Mutant]:
    return code_of(platform)


def test_what_is_changed() -> None:
    function = ast.parse(SOURCE).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert sorted(change.text for change in changes(function)) == sorted(CHANGED)


def states(platform: str) -> list[dict[str, object]]:
    """What a mutant may change of a platform's classes, and the code of all its functions."""
    model = MODELS[platform.partition("/")[0]]
    room = ROOMS.get(model.name)
    owners = [*model.__mro__, *(room.__mro__ if room else ()), *([room.table] if room else [])]
    targets = [*targets_of(model), *(targets_of_room(room) if room else ())]
    return [*(dict(vars(owner)) for owner in owners), {target.where: target.function.__code__ for target in targets}]


@pytest.mark.parametrize("platform", ["wine", "linux/unix", *exhaustively(*(name for name in NAMES if name not in ("wine", "linux/unix")))])
def test_no_two_mutants_have_one_name_and_each_is_taken_off(platform: str) -> None:
    there = mutants(platform)
    assert len({mutant.key for mutant in there}) == len(there) > 400
    before = states(platform)
    for mutant in there[:: len(there) // 40]:
        with mutant.applied():
            pass
    assert states(platform) == before


def test_the_list_is_as_its_schema_says() -> None:
    schema = json.loads(FILE.with_name("listed.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(FILE.read_text(encoding="utf-8")), schema)


@pytest.mark.exhaustive
def test_every_entry_of_the_list_speaks_of_mutants_that_there_are() -> None:
    """Each change that it names, on some platform; and each platform that it names has one."""
    there = {name: mutants(name) for name in NAMES}
    # What is changed of a clause or of a table is known only once the experiments have run.
    entries = [entry for entry in load() if not (entry.changes[0].endswith("reversed") or entry.where.endswith((".edges", ".table")))]
    pairs = [(entry, name) for entry in entries for name in named(entry)]
    found = {pair: [need for m in there[pair[1]] if pair[0].covers(pair[1], m) for need in needs(pair[0], m)] for pair in pairs}
    met = {need for needed in found.values() for need in needed}
    assert [(entry.where, pattern) for entry in entries for pattern in entry.changes if (entry, pattern) not in met] == []
    assert [(entry.where, name) for (entry, name), needed in found.items() if name in entry.platforms and not needed] == []


def test_a_stale_entry_is_told_once_all_its_platforms_were_run() -> None:
    both, one = (Entry(OPEN, platforms, "x.py f", ("a -> b", "c -> *"), ".") for platforms in (("aix", "hpux"), ("aix",)))
    every = Entry(OPEN, ("*",), "x.py f", ("a -> b",), ".")
    assert stale([both, one, every], ["aix"], {(one, "a -> b")}) == [(one, "c -> *")]
    assert stale([both], ["aix", "hpux"], {(both, "c -> *")}) == [(both, "a -> b")]
    assert stale([every], NAMES, set()) == [(every, "a -> b")]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("platform", [DECIDED[0], *exhaustively("linux/unix", *DECIDED[1:])])
def test_a_sample_of_the_mutants_is_noticed(platform: str) -> None:
    examiner, entries = Examiner(platform), load()
    drawn = [mutant for mutant in mutants(platform) if zlib.crc32(" ".join(mutant.key).encode()) % ONE_IN == 0]
    sample = [mutant for mutant in drawn if not entry_of(platform, mutant, entries)]
    assert sample
    assert [mutant.key for mutant, fate in examiner.fates(sample) if fate == SURVIVED] == []


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("platform", ["freebsd", "gvisor"])
def test_what_is_not_played_again_would_say_the_same(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment is left out where another release got the same answers to all that it asked. The fates are those without that."""
    sample = mutants(platform)[::40]
    fates = [fate for _, fate in Examiner(platform).fates(sample)]
    monkeypatch.setattr(World, "answers_alike", lambda world, asked: False)
    assert [fate for _, fate in Examiner(platform).fates(sample)] == fates


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="nothing stops it here")
def test_a_mutant_that_hangs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    examiner = Examiner("windows/unix")
    context = next(examiner.contexts)
    monkeypatch.setattr("tests.mutants.examiner.PATIENCE", 0.1)
    monkeypatch.setattr(context, "play", lambda number: all(iter(lambda: True, False)))
    assert context.fate(next(iter(context.predicted))) == (NOTICED, {})


def test_the_scores_that_are_written_down() -> None:
    """docs/mutants.md: nearly all where every departure has a source. What is open counts against the score."""
    text = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    scores = {name: float(score) for name, score in re.findall(r"^\| ([\w/]+) \|.*\| ([\d.]+) % \|$", text, re.MULTILINE)}
    assert set(DECIDED) <= scores.keys() <= set(NAMES)
    assert {name: scores[name] for name in DECIDED if scores[name] < 99.5} == {}


def test_a_platform_without_a_model_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan9"]) == 2
    assert capsys.readouterr().err.startswith("python -m tests.mutants: plan9: no such platform; known are stevens, ")
