"""Many scripts at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.__main__ import main
from reports.batch import WORTH_IT
from tests.reports.predict.asking import CLASH


def batch(predict: Any, *lines: object) -> tuple[int, list[dict[str, Any]]]:
    text = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    status, out, err = predict(text, "--batch")
    assert err == ""
    return status, [json.loads(line) for line in out.splitlines()]


def test_batch_keeps_the_order(predict: Any) -> None:
    scripts = [{"id": n, "script": "Z = tcp4()\n" * (n == 0) + CLASH} for n in range(50)]
    status, found = batch(predict, *scripts)
    assert status == 0
    assert [one["id"] for one in found] == list(range(50))
    assert [len(one["answers"]) for one in found] == [6] + [5] * 49
    assert all(set(one) == {"id", "platform", "answers"} for one in found)


@pytest.mark.parametrize(
    ("line", "identifier", "error"),
    [
        ({"id": "x", "script": "A = tcp4()\n\nA.bond()"}, "x", "line 3: 'A.bond()': unknown call 'bond'"),
        ({"id": "x", "script": ""}, "x", "line 1: there is no call"),
        ({"id": "x"}, "x", 'input line 2: "script" is missing'),
        ({"id": "x", "script": ["A = tcp4()"]}, "x", 'input line 2: "script" is not a string'),
        ({"script": "what"}, None, "line 1: 'what': expected NAME"),
        (["A = tcp4()"], None, "input line 2: not a JSON object"),
        (b"A = tcp4()", None, "input line 2: not a JSON object"),
        (b"", None, "input line 2: not a JSON object"),
        (b"\xff\xfe{}", None, "input line 2: not a JSON object"),
        (b"[" * 100_000, None, "input line 2: not a JSON object"),
        ({"id": "x", "script": "A = tcp4() \ud800"}, "x", "line 1: "),
    ],
)
def test_a_batch_goes_on_after_an_error(predict: Any, line: object, identifier: object, error: str) -> None:
    status, found = batch(predict, {"id": "a", "script": CLASH}, line, {"id": "b", "script": CLASH})
    assert status == 2
    assert [one["id"] for one in found] == ["a", identifier, "b"]
    assert set(found[1]) == {"id", "platform", "error"}
    assert found[1]["error"].startswith(error)
    assert found[0]["answers"] == found[2]["answers"]


def test_a_batch_with_a_contradiction(predict: Any) -> None:
    assert batch(predict, {"id": 1, "script": "A = tcp4() = EMFILE"}, {"id": 2, "script": CLASH})[0] == 1


def test_a_large_file_is_answered_by_several_processes_as_by_one(predict: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.dumps({"id": number, "script": CLASH if number % 1000 != 7 else "A.bond()"}) for number in range(WORTH_IT // 100)]
    text = "\n".join(lines)
    assert len(text) > WORTH_IT
    file = tmp_path / "scripts.jsonl"
    file.write_text(text, encoding="utf-8")
    from_standard_input = predict(text, "--batch")
    status = main(["predict", "--platform", "linux", "--batch", str(file)])
    assert (status, capsys.readouterr().out) == (2, from_standard_input[1])
