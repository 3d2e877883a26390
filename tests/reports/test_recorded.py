"""Runs judged again, added, merged, compared, and followed across versions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fixtures.language.notation import parse_line
from fixtures.models import MODELS, Platform
from fixtures.record.replay import NotThisExperiment, Replay
from fixtures.record.runfile import Header, Record, Run, as_record, read_run, write_run
from fixtures.record.verdicts import judge, observe
from reports.__main__ import main
from reports.catalogue import ROOT, all_rows, by_id
from reports.merge import together
from reports.recorded import file_name, judged_again
from tests.helpers.records import record_of

E2 = "tcp/duplicate/both-reuseaddr/unlistened"
IDS = [E2, *[row.experiment.id for row in all_rows()][::60]]


def header(platform: str, **machine: object) -> Header:
    return {"platform": platform, "stack": "kernel", "fingerprint": {"suite": "0.1.0", "privilege": "root", **machine}}


def recorded(path: Path, spec: str, taken_for: str = "", ids: list[str] = IDS, **machine: object) -> Path:
    """A run of a model, taken for a recording of the kernel of another platform or the same."""
    here, judge_with = Platform(*spec.split("@")), Platform(*(taken_for or spec).split("@"))
    traces = []
    for row in map(by_id().__getitem__, ids):
        seen = observe(row.script, here.make())
        predicted = judge_with.predict(row.script) if judge_with.name in MODELS else []
        traces.append(as_record(row.experiment, row.chapter, judge(seen, predicted)))
    write_run(path, header(taken_for or spec, **machine), traces)
    return path


def said(capsys: pytest.CaptureFixture[str], *words: str | Path, status: int = 0) -> str:
    assert main([str(word) for word in words]) == status
    printed = capsys.readouterr()
    if status == 2:
        assert (printed.out, printed.err.count("\n")) == ("", 1)
    return printed.err if status == 2 else printed.out


# --- judged again


@pytest.mark.parametrize("name", ["stevens", "linux", "windows", "openbsd"])
def test_a_trace_is_judged_again_as_it_was(tmp_path: Path, name: str) -> None:
    path = recorded(tmp_path / "run.jsonl", name, ids=[row.experiment.id for row in all_rows()[::7]])
    run = read_run(path)
    assert compared(judged_again(path, run)) == compared(run.traces)


def compared(records: list[Record]) -> list[tuple[object, ...]]:
    told = (record for record in records if record["verdict"] != "untestable")
    return [(record["id"], record["verdict"], record["held"], record["trace"], record["variants"]) for record in told]


def test_a_replay_answers_only_its_own_script() -> None:
    script = by_id()[E2].script
    lines = ["A = tcp4(SO_REUSEADDR)", "A.bind(127.0.0.1:P) = ok", "B = tcp4(SO_REUSEADDR)", "B.bind(127.0.0.1:P) = EADDRINUSE"]
    assert observe(script, Replay(lines)).held
    assert not observe(script, Replay([*lines[:3], "B.bind(127.0.0.1:P) = ok"])).held
    for wrong, what in (
        (lines[:3], "the trace ends where"),
        ([*lines, "A.close() = ok"], "the trace goes on"),
        ([lines[0], lines[3]], "the trace has B.bind"),
        (["A = tcp5()"], "unknown call"),
    ):
        with pytest.raises(NotThisExperiment, match=what):
            observe(script, Replay(wrong))


# --- add


def test_add_shows_what_changes_and_writes_only_when_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, kept = recorded(tmp_path / "run.jsonl", "linux@7.3"), tmp_path / "runs"
    out = said(capsys, "add", run, "--runs", kept)
    assert out.startswith("linux@7.3 (root), suite 0.1.0: ")
    assert "column linux of the matrix: +" in out
    assert "linux-7.3-root.jsonl.xz is new; --write adds it" in out
    assert not kept.exists()
    assert "is new: added" in said(capsys, "add", run, "--runs", kept, "--write")
    first = (kept / "linux-7.3-root.jsonl.xz").read_bytes()
    assert "replaces the run of this name: added" in said(capsys, "add", run, "--runs", kept, "--write")
    assert (kept / "linux-7.3-root.jsonl.xz").read_bytes() == first


def test_add_names_every_surprise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recorded(tmp_path / "run.jsonl", "stevens", taken_for="linux@7.3")
    out = said(capsys, "add", run, "--runs", tmp_path / "runs", status=1)
    assert f"stale: {E2}: the model promises a departure" in out
    assert f"  {E2}: bind ok -> bind EADDRINUSE (surprise)" in out


def test_add_keeps_a_platform_without_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recorded(tmp_path / "run.jsonl", "stevens", taken_for="plan9@4")
    out = said(capsys, "add", run, "--runs", tmp_path / "runs", "--write")
    assert "plan9@4 has no model" in out
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["plan9-4-root.jsonl.xz"]


def rewritten(path: Path, **words: object) -> Path:
    run = read_run(path)
    write_run(path, {name: value for name, value in run.header.items() if name != "format"} | words, run.traces)
    return path


def test_add_refuses_what_observed_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recorded(tmp_path / "run.jsonl", "linux@7.3")
    assert "recorded on linux" in said(capsys, "add", rewritten(run, stack="linux"), status=2)
    assert "no version of the suite" in said(capsys, "add", rewritten(run, stack="kernel", fingerprint={}), status=2)


def test_add_refuses_a_trace_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "run.jsonl", "linux@7.3", ids=[E2])
    record = read_run(path).traces[0]
    record["trace"] = ["A = tcp4()", "A.bind(127.0.0.1:P) = ok"]
    write_run(path, header("linux@7.3"), [record])
    assert f"line 2: {E2}: the trace has A = tcp4() where the experiment says: A = tcp4(SO_REUSEADDR)" in said(
        capsys, "add", path, status=2
    )


def test_an_experiment_of_another_suite_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "run.jsonl", "linux@6.18", ids=[E2])
    traces = read_run(path).traces
    write_run(path, header("linux@6.18"), [*traces, traces[0] | {"id": "tcp/of/the/future"}])
    assert "1 experiments that this suite does not have are left out" in said(capsys, "add", path, "--runs", tmp_path / "runs")


@pytest.mark.parametrize(
    ("platform", "privilege", "name"),
    [
        ("linux@6.18.44", "root", "linux-6.18.44-root.jsonl.xz"),
        ("illumos@OmniOS/x y", "user namespace", "illumos-omnios-x-y-user-namespace.jsonl.xz"),
        ("aix", "", "aix.jsonl.xz"),
        ("linux@../../etc", "root", "linux-etc-root.jsonl.xz"),
    ],
)
def test_the_name_of_a_kept_run(platform: str, privilege: str, name: str) -> None:
    assert file_name(Run({"platform": platform, "fingerprint": {"privilege": privilege}}, [])) == name


def test_a_run_on_a_stack_alone_says_so_wherever_it_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, kept = recorded(tmp_path / "stack.jsonl", "freebsd@13", userland="sys/netinet of 13.0, as a library"), tmp_path / "runs"
    out = said(capsys, "add", run, "--runs", kept, "--write")
    assert out.startswith("freebsd@13 (the system's stack, built as a library, root), suite ")
    assert re.search(r"column freebsd@13 of the matrix: \+\d+ cells observed on its stack", out)
    assert [path.name for path in kept.iterdir()] == ["freebsd-13-userland-root.jsonl.xz"]
    whole = recorded(kept / "freebsd-13-root.jsonl", "freebsd@13")
    assert "userland: - -> sys/netinet of 13.0" in said(capsys, "compare", whole, run)
    assert "freebsd: 2 versions recorded: 13, 13 (its stack)" in said(capsys, "trend", "freebsd", "--runs", kept)
    shown = said(capsys, "show", run)
    assert "\nthe system's stack, built as a library: sys/netinet of 13.0, as a library\n" in shown


def test_merge_keeps_a_system_apart_from_its_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = recorded(tmp_path / "a.jsonl", "freebsd@13")
    stack = recorded(tmp_path / "b.jsonl", "freebsd@13", userland="as a library")
    said(capsys, "merge", whole, stack, "-o", f"{tmp_path}/merged/")
    names = [path.name for path in (tmp_path / "merged").iterdir()]
    assert sorted(names) == ["freebsd-13-root.jsonl.xz", "freebsd-13-userland-root.jsonl.xz"]


# --- merge


def test_merge_refuses_mixed_versions_of_the_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = recorded(tmp_path / "a.jsonl", "linux@6.18"), recorded(tmp_path / "b.jsonl", "linux@6.18", suite="0.2.0")
    err = said(capsys, "merge", one, other, status=2)
    assert f"{other}: recorded by suite 0.2.0, but {one} by 0.1.0" in err


def test_merge_puts_the_runs_of_one_platform_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = recorded(tmp_path / "a.jsonl", "linux@6.18", ids=IDS[:5], python="CPython 3.10", settings={"x": "1"})
    other = recorded(tmp_path / "b.jsonl", "linux@6.18", ids=IDS[3:], python="CPython 3.15", settings={"x": "1"})
    said(capsys, "merge", one, other, "-o", tmp_path / "both.jsonl")
    merged = read_run(tmp_path / "both.jsonl")
    assert {record["id"] for record in merged.traces} == set(IDS)
    assert merged.header["fingerprint"]["python"] == "CPython 3.10 | CPython 3.15"
    assert merged.header["fingerprint"]["settings"] == {"x": "1"}


def test_merge_writes_several_platforms_to_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [recorded(tmp_path / f"{name}.jsonl", name) for name in ("linux@6.18", "netbsd@10.1")]
    assert "name a folder, as in -o x.jsonl/" in said(capsys, "merge", *runs, "-o", "x.jsonl", status=2)
    out = said(capsys, "merge", *runs, "-o", f"{tmp_path}/merged/", "--format", "markdown")
    assert sorted(path.name for path in (tmp_path / "merged").iterdir()) == ["linux-6.18-root.jsonl.xz", "netbsd-10.1-root.jsonl.xz"]
    assert "| chapter | linux@6.18 | netbsd@10.1 |" in out
    assert "cannot be written" in said(capsys, "merge", runs[0], "-o", tmp_path / "missing" / "x.jsonl", status=2)


def test_merge_fails_on_a_surprise_and_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recorded(tmp_path / "run.jsonl", "stevens", taken_for="linux@6.18")
    out = said(capsys, "merge", run, "--format", "markdown", status=1)
    assert f"### stale: {E2} on linux@6.18\n```\n" in out


def test_an_unrecorded_platform_does_not_fail_the_merge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "unrecorded" in said(capsys, "merge", recorded(tmp_path / "run.jsonl", "stevens", taken_for="plan9@4"))


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (record_of("tcp/a", "untestable"), record_of("tcp/a", "conforms", "x"), "conforms"),
        (record_of("tcp/a", "conforms", "x"), record_of("tcp/a", "inconclusive"), "conforms"),
        (record_of("tcp/a", "conforms", "x"), record_of("tcp/a", "broken"), "broken"),
        (record_of("tcp/a", "conforms", "x"), record_of("tcp/a", "conforms", "x"), "conforms"),
        (record_of("tcp/a", "conforms", "x"), record_of("tcp/a", "variant", "y"), "inconclusive"),
        (record_of("tcp/a", "conforms", "x"), record_of("tcp/a", "surprise", "y"), "surprise"),
    ],
)
def test_what_two_runs_say_together(one: Record, other: Record, verdict: str) -> None:
    for pair in ((one, other), (other, one)):
        assert together([Run(header("linux"), [record]) for record in pair]).traces[0]["verdict"] == verdict


# --- compare and trend


def test_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = recorded(tmp_path / "a.jsonl", "linux@6.18", release="a"), recorded(tmp_path / "b.jsonl", "stevens", release="b")
    assert "0 of " in said(capsys, "compare", one, one)
    out = said(capsys, "compare", one, other, status=1)
    assert "  release: a -> b" in out
    assert f"{E2}\n    E2: " in out
    assert "    A  B.bind(127.0.0.1:P) = ok\n    B  B.bind(127.0.0.1:P) = EADDRINUSE" in out
    fewer = recorded(tmp_path / "c.jsonl", "linux@6.18", ids=IDS[1:])
    assert f"{E2}: only in A" in said(capsys, "compare", one, fewer, status=1)


def test_compare_across_versions_of_the_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = recorded(tmp_path / "a.jsonl", "linux@6.18"), recorded(tmp_path / "b.jsonl", "linux@6.18", suite="2")
    assert "record them with one version" in said(capsys, "compare", one, other, status=2)


def test_trend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(tmp_path / "a.jsonl", "linux@6.1")
    recorded(tmp_path / "b.jsonl", "stevens", taken_for="linux@5.10")
    recorded(tmp_path / "c.jsonl.xz", "linux@6.18", ids=IDS[1:])
    out = said(capsys, "trend", "linux", "--runs", tmp_path, status=1)
    assert out.startswith("linux: 3 versions recorded: 5.10, 6.1, 6.18\n")
    assert "5.10 -> 6.1: " in out
    assert "    5.10  B.bind(127.0.0.1:P) = EADDRINUSE\n    6.1   B.bind(127.0.0.1:P) = ok" in out
    assert "no recorded run of this platform" in said(capsys, "trend", "netbsd", "--runs", tmp_path, status=2)
    assert "there are runs of: linux" in said(capsys, "trend", "nosuch", "--runs", tmp_path, status=2)


def test_the_lines_of_a_run_are_what_the_schema_says(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "reports" / "run.schema.json").read_text(encoding="utf-8"))
    lines = recorded(tmp_path / "run.jsonl", "linux@6.18").read_text(encoding="utf-8").splitlines()
    assert [error.message for line in lines for error in Draft202012Validator(schema).iter_errors(json.loads(line))] == []
    assert parse_line(json.loads(lines[1])["trace"][0])
