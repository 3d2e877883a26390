"""The committed runs, judged by the models of today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.record.runfile import Run, read_run
from reports import artefacts
from reports.cells import RUNS, runs_by_file
from reports.recorded import judged_again
from tests.helpers.sampling import exhaustively

PATHS = {path.name.partition(".jsonl")[0]: path for path in sorted(RUNS.glob("*.jsonl.xz"))}
#: Of each run one experiment in so many is judged every time, of one the first, of the next the second.
ONE_IN = 12


@pytest.mark.parametrize("one_in", [ONE_IN, *exhaustively(1)])
@pytest.mark.parametrize("name", PATHS)
def test_no_run_contradicts_its_model(name: str, one_in: int) -> None:
    assert failing(PATHS[name], slice(list(PATHS).index(name) % one_in, None, one_in)) == set()


def failing(path: Path, part: slice = slice(None)) -> set[str]:
    """The experiments of a run that contradict the model. What the bench could not do says nothing of it."""
    run = runs_by_file(RUNS)[path.name]
    judged = judged_again(path, replace(run, traces=run.traces[part]))
    return {record["id"] for record in judged if record["verdict"] in ("surprise", "stale")}


def test_an_artefact_contradicts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    name, identifier = "freebsd-13-userland-root", "tcp/duplicate/both-reuseaddr/unlistened"
    run = read_run(PATHS[name])
    monkeypatch.setitem(artefacts.ARTEFACTS, run.header["platform"], {identifier: "tcp_now() stands still"})
    (judged,) = (record for record in judged_again(PATHS[name], run) if record["id"] == identifier)
    assert judged["verdict"] == "inconclusive"
    (record,) = (record for record in artefacts.without_artefacts(run).traces if record["id"] == identifier)
    assert (record["verdict"], record["why"]) == ("inconclusive", "an artefact: tcp_now() stands still")
    whole = Run(run.header | {"fingerprint": {}}, run.traces)
    assert artefacts.without_artefacts(whole) is whole


def test_an_artefact_would_be_a_surprise_and_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    named = dict(artefacts.ARTEFACTS)
    monkeypatch.setattr(artefacts, "ARTEFACTS", {})
    there = {read_run(path).header["platform"]: path for name, path in PATHS.items() if "userland" in name}
    for platform, faked in named.items():
        assert set(faked) <= failing(there[platform])
        assert len(faked) <= 5
