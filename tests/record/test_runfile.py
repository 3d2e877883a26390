from __future__ import annotations

import gzip
import random
import sys
from pathlib import Path

import pytest

from fixtures.record.packing import SUFFIXES
from fixtures.record.runfile import FORMAT, Header, Record, RunError, read_run, write_run
from tests.helpers.records import record_of

HEADER: Header = {"platform": "linux", "stack": "kernel", "fingerprint": {"release": "6.18"}}


TRACES: list[Record] = [
    record_of("tcp/b", "variant", "A = tcp4()", "A.bind(127.0.0.1:P) = ok"),
    record_of("tcp/a", "untestable"),
    record_of("udp/é", "conforms", "A = udp4()"),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    write_run(path, HEADER, TRACES)
    return path


def refused(path: Path) -> str:
    with pytest.raises(RunError) as caught:
        read_run(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def accepts(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        read_run(path)
    except RunError:
        refused(path)
        return False
    return True


def test_round_trip(run: Path) -> None:
    read = read_run(run)
    assert read.header == {"format": FORMAT, **HEADER}
    assert read.traces == sorted(TRACES, key=lambda record: record["id"])


def test_truncated_at_every_line(run: Path) -> None:
    lines = run.read_bytes().splitlines(keepends=True)
    assert [n for n in range(len(lines)) if accepts(run, b"".join(lines[:n]))] == []


def test_truncated_at_random_bytes(run: Path) -> None:
    whole = run.read_bytes()
    cuts = [*random.Random(1).sample(range(len(whole)), 100), len(whole) - 1]
    assert [cut for cut in cuts if accepts(run, whole[:cut])] == []


def test_any_byte_changed(run: Path) -> None:
    whole = run.read_bytes()
    changed = ((n, whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :]) for n in range(len(whole)))
    assert [whole[max(0, n - 20) : n + 1] for n, content in changed if accepts(run, content)] == []


def test_a_line_dropped_or_doubled(run: Path) -> None:
    lines = run.read_bytes().splitlines(keepends=True)
    assert not accepts(run, b"".join([*lines[:1], *lines[2:]]))
    assert not accepts(run, b"".join([*lines[:2], *lines[1:]]))
    assert not accepts(run, b"".join([*lines, lines[-1]]))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a run of this suite"),
        (b"\n", "not JSON"),
        (b'{"format": "other/1"}\n', "not a run of this suite"),
        (b"[1, 2]\n", "not a JSON object"),
        (b"<html></html>\n", "not JSON"),
        (b"\x00\xff\xfe\x80", "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_run(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    assert what in refused(path)


def test_directory_and_missing(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path)
    assert "cannot be read" in refused(tmp_path / "missing")


def test_a_trace_without_a_known_verdict(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_run(path, HEADER, [record_of("tcp/a", "perhaps")])
    assert ": line 2: not a trace (verdict missing" in refused(path)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"id": 7}, "not a trace (id missing"),
        ({"id": "two words"}, "not a trace (id missing"),
        ({"question": "clear\x1b[2Jscreen?"}, "not a trace (question missing"),
        ({"held": "yes"}, "not a trace (held missing"),
        ({"attempts": True}, "not a trace (attempts missing"),
        ({"variants": [{"id": "v"}]}, "not a trace (variants missing"),
        ({"trace": ["A.bound(127.0.0.1:P) = ok"]}, "not in the notation: 'A.bound"),
        ({"trace": ["A.bind(127.0.0.1:P)  =  ok"]}, "not in the notation"),
        ({"trace": ["A.bind(127.0.0.1:P) # well"]}, "not written as the notation writes it"),
        ({"trace": []}, "needs calls"),
        ({"held": None}, "must say whether the rule held"),
    ],
)
def test_a_trace_with_something_else_in_it(tmp_path: Path, words: dict[str, object], what: str) -> None:
    path = tmp_path / "run.jsonl"
    write_run(path, HEADER, [record_of("tcp/a", "conforms", "A = tcp4()"), record_of("tcp/b", "conforms", "A = tcp4()") | words])
    assert what in refused(path)


@pytest.mark.parametrize("words", [{"platform": "linux\n"}, {"platform": ["linux"]}, {"stack": None}, {"fingerprint": {"release": 6}}])
def test_a_header_with_something_else_in_it(tmp_path: Path, words: dict[str, object]) -> None:
    path = tmp_path / "run.jsonl"
    write_run(path, HEADER | words, TRACES)
    assert ": line 1: the header's " in refused(path)


def test_two_traces_of_one_experiment(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_run(path, HEADER, TRACES[:1] * 2)
    assert ": line 3: a second trace of tcp/b" in refused(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_packed_runs_are_the_same_each_time_and_need_no_name(tmp_path: Path, suffix: str) -> None:
    one, other = tmp_path / f"a.jsonl{suffix}", tmp_path / f"b.jsonl{suffix}"
    write_run(one, HEADER, TRACES)
    write_run(other, HEADER, TRACES[::-1])
    assert one.read_bytes() == other.read_bytes()
    assert read_run(one.rename(tmp_path / "run.jsonl")).traces == read_run(other).traces


def test_a_python_without_liblzma_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.jsonl.xz"
    write_run(path, HEADER, TRACES)
    monkeypatch.setitem(sys.modules, "lzma", None)
    assert "this Python has no lzma, which xz needs; use another Python" in refused(path)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "bomb"
    zeros = bytes(1 << 20)
    with gzip.open(path, "wb") if packed else path.open("wb") as file:
        for _ in range(64 if packed else 17):
            file.write(zeros)
    assert "larger than 16 MB" in refused(path)


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    taken = tmp_path / "run.jsonl"
    taken.mkdir()
    with pytest.raises(OSError):  # the name is that of a directory
        write_run(taken, HEADER, TRACES)
    assert list(tmp_path.iterdir()) == [taken]
    assert list(taken.iterdir()) == []


def test_an_old_run_stays_when_writing_fails(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = run.read_bytes()

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write_run(run, HEADER, [])
    assert run.read_bytes() == old
    assert list(run.parent.iterdir()) == [run]


def test_a_run_has_the_lines_that_its_footer_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows would end them otherwise: seen on Wine."""
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: pytest.fail("text is written with the line ends of the system"))
    write_run(tmp_path / "run.jsonl", HEADER, [])
    assert b"\r" not in (tmp_path / "run.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("pairs", "whole"), [({"count": 3, "sha256": "0" * 64}, True), ({"count": 3}, False), ({"sha256": "0" * 64}, False), (3, False)]
)
def test_an_item_of_every_pair_has_no_trace(run: Path, pairs: object, whole: bool) -> None:
    write_run(run, HEADER, [record_of("tcp4/bound", "untestable", pairs=pairs)])
    assert accepts(run, run.read_bytes()) is whole
