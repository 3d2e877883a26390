from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fixtures.models import Platform
from fixtures.record.packing import pack
from fixtures.record.runfile import RunError, write_run
from fixtures.specification.clauses import BASES
from reports import matrix
from reports.__main__ import main
from reports.catalogue import ROOT, find
from reports.cells import (
    BASIS_LETTERS,
    DEPARTS,
    HOLDS,
    UNKNOWN,
    UNTESTABLE,
    Cell,
    cells,
    columns,
    platform_named,
    recorded_before,
    recorded_runs,
)
from reports.diff import changes_between, grouped
from reports.inputs import BadInput
from tests.helpers.records import record_of

E2 = "tcp/duplicate/both-reuseaddr/unlistened"
STEVENS, LINUX = Platform("stevens"), Platform("linux")


#: One experiment in so many is held against the schema every time; the cells all are.
@pytest.mark.parametrize("one_in", [20, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_the_json_file_is_what_its_schema_says(one_in: int) -> None:
    schema = json.loads((ROOT / "reports" / "matrix.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads((matrix.FOLDER / "matrix.json").read_text(encoding="utf-8"))
    part = data | {"experiments": data["experiments"][::one_in]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(part)] == []
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
        "linux@3.8": (DEPARTS, "bind ok", "source"),
    }


def run_of(folder: Path, platform: str, answer: str, **fingerprint: str) -> Path:
    """A run of one experiment; what it says of the assertion is never right."""
    calls = ("A = tcp4(SO_REUSEADDR)", "A.bind(127.0.0.1:P) = ok", "B = tcp4(SO_REUSEADDR)", f"B.bind(127.0.0.1:P) = {answer}")
    record = record_of(E2, "variant", *calls, held=answer != "EADDRINUSE")
    name = "-".join([platform, *fingerprint])
    write_run(folder / f"{name}.jsonl", {"platform": platform, "stack": "kernel", "fingerprint": fingerprint}, [record])
    return folder


def test_a_recorded_run_has_the_last_word(tmp_path: Path) -> None:
    found = cells([LINUX, Platform("linux", "5.10")], [find(E2)], run_of(tmp_path, "linux@7.3.4", "ok"))[E2]
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


def test_a_run_on_the_stack_alone_is_a_basis_of_its_own(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "macos@11", "EADDRINUSE", userland="XNU as a library")
    found = cells([Platform("macos", "11")], [find(E2)], folder)[E2]["macos@11"]
    assert (found.basis, matrix.short(found)) == ("observed on its stack", "= L")
    assert list(BASES).index("observed") < list(BASES).index(found.basis) < list(BASES).index("source")


def test_what_a_run_shows_is_known_though_the_model_does_not_say(tmp_path: Path) -> None:
    identifier = "tcp/connected/mapped/same-connection"
    script = """A = tcp4()
A.bind(127.0.0.1:Q) = ok
A.listen() = ok
B = tcp4(SO_REUSEADDR)
B.bind(127.0.0.1:P) = ok
B.connect(127.0.0.1:Q) = ok
C = tcp6(IPV6_V6ONLY=0, SO_REUSEADDR)
C.bind([::ffff:127.0.0.1]:P) = ok
C.connect([::ffff:127.0.0.1]:Q) = ok"""
    record = record_of(identifier, "unrecorded", *script.splitlines())
    write_run(tmp_path / "run.jsonl", {"platform": "hpux", "stack": "kernel", "fingerprint": {}}, [record])
    hpux = Platform("hpux")
    assert cells([hpux], [find(identifier)], tmp_path / "none")[identifier]["hpux"].outcome == UNKNOWN
    found = cells([hpux], [find(identifier)], tmp_path)[identifier]["hpux"]
    assert (found.outcome, found.answer, found.basis, found.surprise) == (DEPARTS, "connect ok", "observed", False)


def test_a_run_on_the_system_goes_before_one_on_its_stack(tmp_path: Path) -> None:
    run_of(tmp_path, "macos@13.3", "EADDRINUSE", userland="XNU as a library")
    folder = run_of(tmp_path, "macos@14", "ok")
    assert [run.version for run in recorded_runs(folder)] == ["14", "13.3"]
    found = cells([Platform("macos", "14")], [find(E2)], folder)[E2]["macos@14"]
    assert (found.basis, found.answer) == ("observed", "bind ok")


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.xz"])
def test_for_one_platform_only_its_own_runs_are_read(tmp_path: Path, suffix: str) -> None:
    run_of(tmp_path, "linux@7.3", "ok")
    lines = (tmp_path / "linux@7.3.jsonl").read_bytes().replace(b"linux@7.3", b"netbsd@10").splitlines(keepends=True)
    cut = tmp_path / f"netbsd{suffix}"
    cut.write_bytes(lines[0] if suffix == ".jsonl" else pack(lines[0], cut.suffix))
    assert [run.version for run in recorded_runs(tmp_path, "linux")] == ["7.3"]
    for name in ("netbsd", ""):
        with pytest.raises(RunError, match=f"netbsd{suffix}: line 1: no footer"):
            recorded_runs(tmp_path, name)
    cut.write_bytes(b"{}\n")
    with pytest.raises(RunError, match=f"netbsd{suffix}: line 1: not a run"):
        recorded_runs(tmp_path, "linux")


def test_older_releases_are_told_where_only_they_were_recorded(tmp_path: Path) -> None:
    run_of(tmp_path, "freebsd@13", "ok")
    run_of(tmp_path, "linux@5.10", "ok")
    folder = run_of(tmp_path, "linux@7.3", "ok")
    assert list(map(str, recorded_before([Platform("freebsd"), LINUX, STEVENS], folder))) == ["freebsd@13"]


def test_a_trace_of_something_else_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "run.jsonl", {"platform": "linux", "stack": "kernel", "fingerprint": {}}, [record_of(E2, "variant", "A = tcp4()")])
    with pytest.raises(BadInput, match=f"a recorded run of linux: {E2}: the trace has A = tcp4"):
        cells([LINUX], [find(E2)], tmp_path)


def test_of_a_version_that_nobody_read_only_its_own_run_speaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    platform = platform_named("linux@99")
    assert capsys.readouterr().err == f"note: {platform.note}\n"
    folder = run_of(tmp_path, "linux@7.3", "ok")
    assert cells([platform], [find(E2)], folder)[E2]["linux@99"].basis == "predicted"
    assert cells([LINUX], [find(E2)], folder)[E2]["linux"].basis == "observed"
    run_of(tmp_path, "linux@99", "ok")
    assert cells([platform], [find(E2)], folder)[E2]["linux@99"].basis == "observed"


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
    assert said(capsys, "diff", "linux", "linux@7.3", "--chapter", "udp").startswith("linux -> linux@7.3: 0 of ")
    assert "clause linux/port-remembers-reuseaddr" in said(
        capsys, "diff", "linux", "linux@5.10", "--ids", "--chapter", "duplicate-bind", status=1
    )
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
