"""Recorded runs, one file or several, judged again by today's models."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fixtures.language.notation import parse_line
from fixtures.language.words import OK
from fixtures.models import Platform, UnknownPlatform, platform
from fixtures.record.replay import NotThisExperiment, Replay
from fixtures.record.runfile import Record, Run, as_record, read_run
from fixtures.record.verdicts import VERDICTS, Observation, judge, observe
from reports.artefacts import without_artefacts
from reports.catalogue import Row, by_id
from reports.inputs import BadInput

#: The verdicts of a script that did not run to its end. They are the bench's; of these only a
#: broken one's trace is judged again.
UNFINISHED = ("untestable", "broken", "inconclusive")
#: A user other than root, for models. Which one makes no difference.
SOMEBODY = 1000
#: What a run is, in which no whole system took part.
ON_ITS_STACK = "the system's stack, built as a library"


def title(run: Run) -> str:
    """The platform, and whatever else distinguishes one run from another."""
    machine = run.header["fingerprint"]
    parts = [ON_ITS_STACK if run.userland else "", *(machine.get(word, "") for word in ("privilege", "isolation", "python"))]
    stack = run.header["stack"]
    name = run.header["platform"] if stack == "kernel" else f"{stack} as {run.header['platform']}"
    return f"{name} ({', '.join(filter(None, parts))})" if any(parts) else str(name)


def platform_of(run: Run) -> Platform:
    """The platform of a run. It has no model if none knows it or can place its version."""
    spec = run.header["platform"]
    try:
        return platform(spec)
    except UnknownPlatform:
        return Platform("", spec)


def suite_of(path: Path, run: Run) -> str:
    """The version of the suite that recorded a run.

    Raises BadInput if the run names none.
    """
    version = run.header["fingerprint"].get("suite", "")
    if not version:
        raise BadInput(f"{path}: line 1: no version of the suite (runs of models have none); record it on a kernel")
    return str(version)


def one_suite(paths: Sequence[Path], runs: Sequence[Run]) -> str:
    """The version of the suite that recorded all of these.

    Raises BadInput if there are several: an experiment of another version may ask something else.
    """
    versions = [suite_of(path, run) for path, run in zip(paths, runs, strict=True)]
    for path, version in zip(paths, versions, strict=True):
        if version != versions[0]:
            raise BadInput(f"{path}: recorded by suite {version}, but {paths[0]} by {versions[0]}; record them with one version")
    return versions[0]


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Read every run.

    Raises RunError for the first file that is not a whole run.
    """
    return [read_run(path) for path in paths]


def counted(traces: Iterable[Record]) -> str:
    """The number of traces for each verdict: ``3 conforms, 1 variant``."""
    counts = Counter(record["verdict"] for record in traces)
    return ", ".join(f"{counts[word]} {word}" for word in VERDICTS if counts[word]) or "no experiments"


def judged_again(path: Path, run: Run) -> list[Record]:
    """The traces of a run with the verdicts of today's models, without those of experiments that this suite lacks.

    Raises BadInput for a trace that its experiment cannot have made.
    """
    judge_one = judging(platform_of(run), run)
    experiments = by_id()
    known = [(number, record) for number, record in enumerate(without_artefacts(run).traces, 2) if record["id"] in experiments]
    found = []
    for number, record in known:
        try:
            found.append(judge_one(experiments[record["id"]], record))
        except NotThisExperiment as error:
            raise BadInput(f"{path}: line {number}: {record['id']}: {error}; record it again with this version of the suite") from None
    return found


def judging(here: Platform, run: Run) -> Callable[[Row, Record], Record]:
    """A function that judges one trace of a run."""
    machine = run.header["fingerprint"]
    uid = 0 if machine.get("privilege") == "root" else SOMEBODY
    settings = machine.get("settings", {})

    def judge_one(row: Row, record: Record) -> Record:
        if record["verdict"] in UNFINISHED and record["verdict"] != "broken":
            return record | {"chapter": row.chapter, "question": row.experiment.question, "held": False, "variants": []}
        predicted = here.predict(row.script, uid, settings) if here.model else []
        broken = record["verdict"] == "broken"
        seen = _up_to_the_end(record) if broken else observe(row.script, Replay(record["trace"]))
        judgement = judge(seen, predicted)
        return as_record(row.experiment, row.chapter, judgement) | {"attempts": record["attempts"]}

    return judge_one


def _up_to_the_end(record: Record) -> Observation:
    """What was seen before the bench broke. A surprise may be why it did."""
    calls = (parse_line(line) for line in record["trace"])
    return Observation([(call, answer or OK) for call, answer in calls], problem="broken", why=record["why"])


def file_name(run: Run) -> str:
    """The name of a run in the repository: ``linux-6.18.44-root.jsonl.xz``."""
    parts = (run.name, run.version, "userland" if run.userland else "", run.header["fingerprint"].get("privilege", ""))
    return "-".join(filter(None, (re.sub(r"[^a-z0-9._]+", "-", part.lower()).strip("-.") for part in parts))) + ".jsonl.xz"


def differing(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """The first line in which two traces differ, from each of them."""
    for one, other in zip(before, after, strict=False):
        if one != other:
            return one, other
    shorter = min(len(before), len(after))
    return tuple("".join(trace[shorter : shorter + 1]) or "(the script ended)" for trace in (before, after))  # type: ignore[return-value]


def same_trace(one: Record, other: Record) -> bool:
    """Whether two records say the same: both ran to the end with the same answers, or both failed to in the same way."""
    if one["verdict"] in UNFINISHED or other["verdict"] in UNFINISHED:
        return bool(one["verdict"] == other["verdict"])
    return json.dumps(one["trace"]) == json.dumps(other["trace"])
