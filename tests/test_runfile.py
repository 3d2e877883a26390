from __future__ import annotations

import random
from pathlib import Path

import pytest

from fixtures.runfile import FORMAT, Record, RunError, read_run, write_run

HEADER: Record = {"platform": "linux", "stack": "kernel", "fingerprint": {"release": "6.18"}}
TRACES: list[Record] = [
    {"id": "tcp/b", "verdict": "variant", "trace": ["A = tcp4()", "A.bind(127.0.0.1:P) = ok"]},
    {"id": "tcp/a", "verdict": "conforms", "trace": []},
    {"id": "udp/é", "verdict": "conforms", "trace": ["A = udp4()"]},
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
    assert read.traces == sorted(TRACES, key=lambda record: str(record["id"]))


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
    write_run(path, HEADER, [{"id": "tcp/a", "verdict": "perhaps", "trace": []}])
    assert ": line 2: not a trace" in refused(path)


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    taken = tmp_path / "run.jsonl"
    taken.mkdir()
    with pytest.raises(OSError):  # the name is that of a directory
        write_run(taken, HEADER, TRACES)
    assert list(tmp_path.iterdir()) == [taken]
    assert list(taken.iterdir()) == []


def test_an_old_run_stays_when_writing_fails(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = run.read_bytes()

    def full(self: Path, *args: object, **kwargs: object) -> int:
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
