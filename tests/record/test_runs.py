"""The committed runs, judged by the models of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.record.runfile import Run, read_run
from reports import artefacts
from reports.cells import RUNS, runs_by_file
from reports.recorded import judged_again

PATHS = {path.name.partition(".jsonl")[0]: path for path in sorted(RUNS.glob("*.jsonl.gz"))}
#: Of the many kernels of Linux, two are judged every time.
SAMPLE = ("linux-5.10.262-root", "linux-7.3.4-root")


def _in_sample(name: str) -> bool:
    return not name.startswith("linux-") or name in SAMPLE


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=name, marks=[] if _in_sample(name) else pytest.mark.exhaustive) for name, path in PATHS.items()]
)
def test_no_run_contradicts_its_model(path: Path) -> None:
    assert failing(path) == set()


def failing(path: Path) -> set[str]:
    """The experiments of a run that contradict the model. What the bench could not do says nothing of it."""
    return {record["id"] for record in judged_again(path, runs_by_file(RUNS)[path.name]) if record["verdict"] in ("surprise", "stale")}


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
