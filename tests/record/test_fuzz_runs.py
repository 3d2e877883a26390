"""Damaged and forged run files. ADDRINUSE_FUZZ=10000 tries that many of each kind; without it there are fewer."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.models import Platform
from fixtures.record.packing import pack, unpacked
from fixtures.record.runfile import LARGEST, Header, Record, RunError, as_line, as_record, footer_of, read_run, write_run
from fixtures.record.verdicts import judge, observe
from reports.__main__ import main
from reports.catalogue import by_id
from tests.helpers.sampling import exhaustively

TRIES = int(os.environ.get("ADDRINUSE_FUZZ", "150"))
HEADER: Header = {"platform": "linux@6.18", "stack": "kernel", "fingerprint": {"suite": "0.1.0", "release": "6.18", "privilege": "root"}}


def honest_run() -> list[Record]:
    """Every fortieth experiment, as the model answers it."""
    here = Platform("linux", "6.18")
    records = []
    for row in list(by_id().values())[::40]:
        seen = observe(row.script, here.make())
        records.append(as_record(row.experiment, row.chapter, judge(seen, here.predict(row.script))))
    return records


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("honest") / "run.jsonl"
    write_run(path, HEADER, honest_run())
    return path.read_bytes()


def cut(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for at in chance.choices(range(len(content)), k=chance.choice((1, 1, 2, 8, 64))):
        changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def splice(chance: random.Random, content: bytes) -> bytes:
    first, second, third = sorted(chance.choices(range(len(content)), k=3))
    return chance.choice(
        (
            content[:first] + content[second:],
            content[:second] + content[first:],
            content[:first] + content[second:third] + content[first:second] + content[third:],
            content[:first] + chance.randbytes(chance.randrange(1, 40)) + content[first:],
            content + content[first:second],
        )
    )


def shuffle_lines(chance: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    for _ in range(chance.choice((1, 2))):
        move = chance.choice(("drop", "double", "swap"))
        at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
        if move == "swap":
            lines[at], lines[to] = lines[to], lines[at]
        elif move == "double":
            lines.insert(to, lines[at])
        else:
            del lines[at]
    return b"".join(lines)


DAMAGES: list[Callable[[random.Random, bytes], bytes]] = [cut, flip, splice, shuffle_lines]

STRANGE: list[object] = [
    *(None, True, False, 0, -1, 3, 10**400, 1.5, float("nan"), "", " ", "x", "\n", "\u2028", "\ud800", "\x1b]0;", "é", "a" * 5000),
    *([], [None], ["x"], [[]], {}, {"x": 1}, [{"id": 1}], {"settings": {"x": []}}, "A = tcp4()", ["A = tcp4()"] * 3, "conforms", "linux@"),
]


def forge(chance: random.Random, content: bytes) -> bytes:
    """Something else in the place of a value, with a footer that fits."""
    records = [json.loads(line) for line in content.splitlines()[:-1]]
    for _ in range(chance.choice((1, 1, 2))):
        place: Any = chance.choice([records[0], *chance.choices(records, k=3)])
        while isinstance(place, (dict, list)) and place:
            key = chance.choice(list(place) if isinstance(place, dict) else list(range(len(place))))
            inner = place[key]
            if not isinstance(inner, (dict, list)) or chance.random() < 0.4:
                place[key] = chance.choice(STRANGE)
                break
            place = inner
    lines = [as_line(record) for record in records]
    verdicts = [record if isinstance(record.get("verdict"), str) else {"verdict": "?"} for record in records[1:]]
    return "".join([*lines, as_line(footer_of(lines, verdicts))]).encode()


def refusal(path: Path) -> str:
    """The one line with which a file is refused; empty when it is read."""
    try:
        read_run(path)
    except RunError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert message.isprintable()
        assert len(message) < 1000
        return message
    return ""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("packed", ["", ".gz", *exhaustively(".xz")])
def test_a_damaged_file_is_refused_or_is_still_the_same_run(tmp_path: Path, content: bytes, packed: str) -> None:
    chance, path = random.Random(20261), tmp_path / "run.jsonl"
    counts: Counter[bool] = Counter()
    for number in range(TRIES):
        whole = pack(content, packed) if packed and number % 2 else content
        damaged = chance.choice(DAMAGES if whole is content else DAMAGES[:3])(chance, whole)
        if damaged == whole:
            continue
        path.write_bytes(pack(damaged, packed) if packed and whole is content else damaged)
        refused = refusal(path)
        if not refused:
            # What gzip keeps beside the content (a time, a name, padding) may change.
            assert packed
            assert unpacked(path.read_bytes(), LARGEST) == content
        counts[bool(refused)] += 1
    assert counts[True] > 0.9 * TRIES
    assert counts[False] < 0.05 * TRIES


@pytest.mark.timeout(1200)
def test_a_forged_file_is_refused_or_harmless(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    chance, path, kept = random.Random(20262), tmp_path / "run.jsonl", tmp_path / "runs"
    kept.mkdir()
    accepted = 0
    for _ in range(TRIES):
        path.write_bytes(forge(chance, content))
        if refusal(path):
            continue
        accepted += 1
        if accepted <= TRIES // 100:
            for verb in (["show"], ["merge"], ["compare", str(path)], ["add", "--runs", str(kept)]):
                assert main([*verb, str(path)]) in (0, 1, 2)
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert list(kept.iterdir()) == []
    assert accepted < 0.5 * TRIES


def test_what_is_refused_does_not_get_into_the_matrix(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    kept, path = tmp_path / "runs", tmp_path / "run.jsonl"
    kept.mkdir()
    path.write_bytes(content[:-2])
    assert main(["add", str(path), "--runs", str(kept), "--write"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    path.write_bytes(content)
    assert main(["add", str(path), "--runs", str(kept), "--write"]) == 0
    assert [one.name for one in kept.iterdir()] == ["linux-6.18-root.jsonl.xz"]
