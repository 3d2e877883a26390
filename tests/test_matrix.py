from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fixtures.models import Platform
from fixtures.record.runfile import write_run
from fixtures.specification.clauses import BASES
from reports import matrix
from reports.__main__ import main
from reports.catalogue import ROOT, find
from reports.cells import BASIS_LETTERS, DEPARTS, HOLDS, UNKNOWN, UNTESTABLE, Cell, cells, columns, platform_named
from reports.diff import changes_between, grouped
from reports.inputs import BadInput
from tests.records import record_of

E2 = "tcp/duplicate/both-reuseaddr/unlistened"
STEVENS, LINUX = Platform("stevens"), Platform("linux")


def test_the_json_file_is_what_its_schema_says() -> None:
    schema = json.loads((ROOT / "reports" / "matrix.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads((matrix.FOLDER / "matrix.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []
    used = {number for experiment in data["experiments"] for number in experiment["cells"].values()}
    assert used == set(range(len(data["cells"])))
    assert {cell["because"] for cell in data["cells"] if "because" in cell} == set(data["reasons"])


def test_a_recorded_run_is_what_its_schema_says() -> None:
    schema = json.loads((ROOT / "reports" / "run.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)


def test_no_two_marks_look_alike() -> None:
    looks = {
        matrix.short(Cell(outcome, ("bind ok",), basis, None, None))
        for outcome, basis in [(HOLDS, b) for b in BASIS_LETTERS] + [(DEPARTS, b) for b in BASIS_LETTERS]
    }
    looks |= {matrix.short(Cell(word, (), "", None, None)) for word in (UNKNOWN, UNTESTABLE)}
    assert len(looks) == 2 * len(BASIS_LETTERS) + 2
    assert set(BASIS_LETTERS) | {"unknown"} == set(BASES)


def test_a_cell_of_each_model() -> None:
    found = cells([STEVENS, LINUX, Platform("linux", "3.8")], [find(E2)])
    assert {name: (cell.outcome, cell.answer, cell.basis) for name, cell in found[E2].items()} == {
        "stevens": (HOLDS, "bind EADDRINUSE", "documented"),
        "linux": (DEPARTS, "bind ok", "observed"),
        "linux@3.8": (DEPARTS, "bind ok", "observed"),
    }


def run_of(folder: Path, platform: str, answer: str) -> Path:
    """A run of one experiment; what it says of the assertion is never right."""
    calls = ("A = tcp4(SO_REUSEADDR)", "A.bind(127.0.0.1:P) = ok", "B = tcp4(SO_REUSEADDR)", f"B.bind(127.0.0.1:P) = {answer}")
    record = record_of(E2, "variant", *calls, held=answer != "EADDRINUSE")
    write_run(folder / f"{platform}.jsonl", {"platform": platform, "stack": "kernel", "fingerprint": {}}, [record])
    return folder


def test_a_recorded_run_has_the_last_word(tmp_path: Path) -> None:
    found = cells([LINUX, Platform("linux", "5.10")], [find(E2)], run_of(tmp_path, "linux@6.18.44", "ok"))[E2]
    assert (found["linux"].basis, found["linux"].answer, found["linux"].surprise) == ("observed", "bind ok", False)


@pytest.mark.parametrize(
    ("name", "answer", "outcome", "surprise"),
    [
        ("linux@6.18", "ok", DEPARTS, False),
        ("linux@6.18", "EADDRINUSE", HOLDS, True),
        ("linux@6.18", "EACCES", DEPARTS, True),
        ("stevens", "EADDRINUSE", HOLDS, False),
    ],
)
def test_a_run_is_judged_by_its_trace(tmp_path: Path, name: str, answer: str, outcome: str, surprise: bool) -> None:
    folder = run_of(tmp_path, name, answer)
    platform = Platform(*name.split("@"))
    found = cells([platform], [find(E2)], folder)[E2][str(platform)]
    assert (found.outcome, found.answer, found.basis, found.surprise) == (outcome, f"bind {answer}", "observed", surprise)


def test_a_trace_of_something_else_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "run.jsonl", {"platform": "linux", "stack": "kernel", "fingerprint": {}}, [record_of(E2, "variant", "A = tcp4()")])
    with pytest.raises(BadInput, match=f"a recorded run of linux: {E2}: the trace has A = tcp4"):
        cells([LINUX], [find(E2)], tmp_path)


@pytest.mark.parametrize("other", ["linux@5.10", "linux@nonsense", "freebsd@15"])
def test_a_run_of_another_release_does_not_count(tmp_path: Path, other: str) -> None:
    found = cells([Platform("linux", "3.8")], [find(E2)], run_of(tmp_path, other, "EBUSY"))
    assert found[E2]["linux@3.8"].answer == "bind ok"


def test_columns_are_named_or_all() -> None:
    assert [str(platform) for platform in columns(["linux@5.10", "stevens"])] == ["linux@5.10", "stevens"]
    assert {"stevens", "linux"} <= {str(platform) for platform in columns()}
    with pytest.raises(BadInput, match="known are"):
        platform_named("nosuch")


def test_diff_groups_by_the_clause_that_causes_it() -> None:
    rows = matrix.rows_of("duplicate bind")
    groups = grouped(changes_between(STEVENS, LINUX, rows))
    causes = {cause.split(":")[0] for cause in groups}
    assert {"clause linux/second-listen-refused", "clause linux/listener-blocks", "clause linux/unlistened-duplicates"} <= causes
    assert changes_between(LINUX, LINUX, rows) == []


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(list(words)) == status
    printed = capsys.readouterr()
    if status == 2:
        assert (printed.out, printed.err.count("\n")) == ("", 1)
    return printed.err if status == 2 else printed.out


def test_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "matrix", "--chapter", "duplicate-bind", "--platforms", "stevens,linux@5.10")
    assert f"{E2}  " in text
    assert "`=` the rule holds" in text
    assert json.loads(said(capsys, "matrix", "--chapter", "udp", "--platforms", "linux", "--format", "json"))["format"] == matrix.FORMAT
    assert said(capsys, "diff", "linux", "linux@7.3").startswith("linux -> linux@7.3: 0 of ")
    assert "clause linux/port-remembers-reuseaddr" in said(capsys, "diff", "linux", "linux@5.10", "--ids", status=1)
    explained = said(capsys, "explain", f"{E2}/linux@5.10")
    comment = f"# {E2}: on linux@5.10 bind ok (observed, addrinuse "
    for part in ("rule S5", "B.bind(127.0.0.1:P) = ok", "linux/unlistened-duplicates", "to cite", "observed: ", comment):
        assert part in explained


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("matrix", "--chapter", "nosuch"), "there are "),
        (("matrix", "--platforms", "linux,nosuch"), "known are "),
        (("diff", "linux", "nosuch"), "known are "),
        (("diff", "linux", "linux@new"), "a number such as"),
        (("explain", "tcp/duplicate/both-reuseaddr/unlisten"), f"did you mean {E2}"),
        (("explain", f"{E2}/nosuch"), "known are "),
    ],
)
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], part: str) -> None:
    assert part in said(capsys, *words, status=2)
