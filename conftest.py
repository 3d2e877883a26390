"""Glue between pytest and the suite: options, the `stack` fixture, verdict words, the recorder."""

from __future__ import annotations

import datetime
import hashlib
import os
import sys
from collections.abc import Generator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import pytest

from fixtures.language.experiment import Experiment, Template, chapter_of
from fixtures.language.stack import Stack
from fixtures.machine.bench import Bench, MissingPrivilege
from fixtures.machine.kernel import Kernel
from fixtures.models import MODELS, Platform, UnknownPlatform, platform, this_platform
from fixtures.pairs.engine import observe as observe_pairs
from fixtures.pairs.findings import examine, screen
from fixtures.pairs.forecast import Forecast
from fixtures.pairs.product import Kind
from fixtures.record.allow import Allowed, AllowError, idle, read_allowed
from fixtures.record.ci import annotation, append_summary, on_github, summary
from fixtures.record.runfile import Record, write_run
from fixtures.record.screens import matrix, story, variants_met
from fixtures.record.verdicts import FAILURES, Judgement, Script, judge_repeatedly

LETTERS = {"conforms": ".", "variant": "v", "untestable": "u", "inconclusive": "i", "unrecorded": "r"}
UNRECORDED = 6

BENCH = pytest.StashKey[Bench]()
MODEL = pytest.StashKey[Platform | None]()
PLATFORM = pytest.StashKey[Platform]()
RECORDS = pytest.StashKey[list[Record]]()
FINGERPRINT = pytest.StashKey[Record]()
FAILING = pytest.StashKey[tuple[str, ...]]()
ALLOWED = pytest.StashKey[list[Allowed]]()
IDLE = pytest.StashKey[list[Allowed]]()
RECORD = pytest.StashKey[Record]()


class PlainSuites:
    """Loads the experiments as they are written: that an assertion does not hold is an outcome, and pytest's explanation of it costs more
    than the experiment."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        """Where a module of the suites is; of any other it knows nothing."""
        return PathFinder.find_spec(name, path) if name.startswith("suites.") else None


sys.meta_path.insert(0, PlainSuites)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("addrinuse", "socket reuse semantics")
    group.addoption("--isolation", choices=("auto", "namespace", "host"), default="auto", help="where the experiments run (default: auto)")
    models = ", ".join(MODELS)
    group.addoption("--stack", metavar="NAME[@VERSION]", default="kernel", help=f"run on the kernel, or on a model: {models}")
    group.addoption("--platform", metavar="NAME[@VERSION]", help="what platform the stack is taken for (default: what Python says)")
    group.addoption("--record", metavar="FILE", type=Path, help="write the run to FILE (JSON Lines)")
    group.addoption("--pairs", choices=("auto", "pruned", "whole", "none"), default="auto", help="every pair: how much of the product")
    group.addoption("--pairs-seed", metavar="N", type=int, help="try the pairs in the random order that N decides")
    group.addoption("--slow", action="store_true", help="also wait for the natural end of TIME_WAIT")
    group.addoption("--strict-variants", action="store_true", help="also fail on variants")
    group.addoption("--strict-coverage", action="store_true", help="also fail on what is untestable here")
    group.addoption("--allow", metavar="FILE", type=Path, help="verdicts that do not fail the run, each with a reason and a last day")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(config))
    config.addinivalue_line("markers", "library(question): a check of an installed library; `policy` is its recorded policy")
    _read_platforms(config)
    _read_strictness(config)
    record = config.getoption("--record")
    if record and not record.absolute().parent.is_dir():
        raise pytest.UsageError(f"--record {record}: the folder {record.absolute().parent} does not exist; make it first")


def _read_platforms(config: pytest.Config) -> None:
    """Read ``--stack`` (a model, or None for the kernel) and ``--platform`` (which need not have a model)."""
    stack, taken_for = config.getoption("--stack"), config.getoption("--platform")
    config.stash[MODEL] = model = None if stack == "kernel" else _named("--stack", stack)
    if taken_for:
        known = taken_for.partition("@")[0] in MODELS
        config.stash[PLATFORM] = _named("--platform", taken_for) if known else Platform(taken_for)
    else:
        config.stash[PLATFORM] = model or this_platform()


def _read_strictness(config: pytest.Config) -> None:
    """Read which verdicts fail, and what is allowed nevertheless."""
    strict = [word for word, option in (("variant", "--strict-variants"), ("untestable", "--strict-coverage")) if config.getoption(option)]
    config.stash[FAILING] = (*FAILURES, *strict)
    config.stash[IDLE] = []
    path = config.getoption("--allow")
    try:
        config.stash[ALLOWED] = read_allowed(path, datetime.date.today()) if path else []
    except AllowError as error:
        raise pytest.UsageError(f"--allow {error}") from None


def _named(option: str, spec: str) -> Platform:
    try:
        return platform(spec)
    except UnknownPlatform as error:
        raise pytest.UsageError(f"{option} {error}") from None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say at once, and once, when the isolation that was demanded cannot be had."""
    config = session.config
    if config.getoption("--isolation") == "namespace" and not _is_worker(config):
        try:
            Bench(isolation="namespace").close()
        except MissingPrivilege as error:
            raise pytest.UsageError(str(error)) from None


@pytest.fixture
def stack() -> None:
    """The stack that answers; `pytest_pyfunc_call` puts it in place for each attempt."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    template: Template | None = getattr(pyfuncitem.obj, "experiment", None)
    if getattr(pyfuncitem.obj, "every_pair", False):
        return _every_pair(pyfuncitem)
    if mark := pyfuncitem.get_closest_marker("library"):
        return _library(pyfuncitem, *mark.args)
    if template is None:
        return None
    experiment = _experiment(template, pyfuncitem)

    def script(stack: Stack) -> None:
        pyfuncitem.obj(stack=stack, **_parameters(pyfuncitem))

    judgement = _judge(pyfuncitem.config, script)
    record = _record(pyfuncitem, experiment, judgement)
    pyfuncitem.stash[RECORD] = record
    pyfuncitem.user_properties += [("experiment", experiment.id), ("verdict", judgement.verdict)]
    if _fails(pyfuncitem.config, record):
        pytest.fail(story(experiment, judgement, str(pyfuncitem.config.stash[PLATFORM]), _again(pyfuncitem)), pytrace=False)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Send the record along with the report: an attribute travels through xdist, and does not show in JUnit's file."""
    report = yield
    if call.when == "call" and RECORD in item.stash:
        setattr(report, "addrinuse", item.stash[RECORD])  # noqa: B010  (mypy knows no such attribute)
    return report


def _fails(config: pytest.Config, record: Record) -> bool:
    allowed = any(entry.allows(record["id"], record["verdict"]) for entry in config.stash[ALLOWED])
    return record["verdict"] in config.stash[FAILING] and not allowed


def _every_pair(item: pytest.Function) -> bool:
    """Try every pair of one kind."""
    config, kind = item.config, item.callspec.params["kind"]
    assert isinstance(kind, Kind)
    model, taken_for = config.stash[MODEL], config.stash[PLATFORM]
    bench = None if model else _bench(config)
    uid = os.geteuid() if hasattr(os, "geteuid") else 0
    settings = bench.settings if bench else {}
    forecast = Forecast(lambda choices: taken_for.make(uid, settings, choices)) if taken_for.model else None
    observe = Forecast(lambda choices: model.make(uid, choices=choices)).answers if model else partial(observe_pairs, _bench(config))
    found = examine(kind, observe, forecast, whole=config.getoption("--pairs") == "whole", seed=config.getoption("--pairs-seed"))
    record = {
        "id": str(kind),
        "chapter": chapter_of(item.path),
        "question": " ".join((item.obj.__doc__ or "").split()),
        "verdict": found.verdict,
        "why": found.why,
        "held": found.verdict == "conforms",
        "attempts": 1,
        "trace": [],
        "variants": [],
        "pairs": found.record(),
    }
    item.stash[RECORD] = record
    item.user_properties += [("experiment", record["id"]), ("verdict", found.verdict)]
    if _fails(config, record):
        pytest.fail(f"{found.verdict}: {kind}: {found.why}", pytrace=False)
    return True


def _library(item: pytest.Function, question: str) -> bool:
    """Check one library."""
    from fixtures.libraries import checks, policies  # the suite does without them

    config, policy = item.config, item.callspec.params["policy"]
    assert isinstance(policy, policies.Policy)
    taken_for = config.stash[PLATFORM]
    if config.stash[MODEL]:
        found = checks.Found("untestable", why="a model runs no library")
    else:
        bench = _bench(config)
        found = checks.check(policy, question, taken_for, bench.isolation, bench.new_port(), bench.settings)
    record = {
        "id": policy.check_id(question),
        "chapter": f"library {question}",
        "question": checks.question_of(policy, question),
        "verdict": found.verdict,
        "why": " ".join(found.why.split()),
        "held": found.verdict == "conforms",
        "attempts": found.attempts,
        "trace": list(found.trace),
        "variants": [],
        "library": found.record(policy),
    }
    item.stash[RECORD] = record
    item.user_properties += [("experiment", record["id"]), ("verdict", found.verdict)]
    if _fails(config, record):
        pytest.fail(checks.story(policy, question, found, str(taken_for), _again(item)), pytrace=False)
    return True


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let ``-k`` find an experiment by its id."""
    template: Template | None = getattr(getattr(item, "obj", None), "experiment", None)
    if template is not None:
        item.extra_keyword_matches.add(_experiment(template, item).id)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the pairs out of a run of everything, unless they are asked for."""
    others = [item for item in items if not getattr(getattr(item, "obj", None), "every_pair", False)]
    asked = config.getoption("--pairs")
    if asked == "none" or (asked == "auto" and others):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(others)])
        items[:] = others


def _judge(config: pytest.Config, script: Script) -> Judgement:
    model, taken_for = config.stash[MODEL], config.stash[PLATFORM]
    bench = None if model else _bench(config)
    uid = os.geteuid() if hasattr(os, "geteuid") else 0
    settings = bench.settings if bench else {}

    def make() -> Stack:
        return model.make(uid) if model else Kernel(_bench(config))

    predicted = taken_for.predict(script, uid, settings) if taken_for.model else []
    return judge_repeatedly(script, make, predicted, busy=bench is not None)


def _bench(config: pytest.Config) -> Bench:
    if BENCH not in config.stash:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        config.stash[BENCH] = Bench(config.getoption("--isolation"), int(worker[2:]), workers, config.getoption("--slow"))
        config.stash[FINGERPRINT] = config.stash[BENCH].fingerprint()
    return config.stash[BENCH]


def _experiment(template: Template, item: pytest.Item) -> Experiment:
    """The experiment of an item, with its parameters filled in."""
    return template.with_parameters(_parameters(item))


def _parameters(item: pytest.Item) -> dict[str, object]:
    """What an experiment is parametrised with: nothing else but its stack is ever asked for."""
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


def _record(item: pytest.Function, experiment: Experiment, judgement: Judgement) -> Record:
    return {
        "id": experiment.id,
        "chapter": chapter_of(item.path),
        "question": experiment.question,
        "verdict": judgement.verdict,
        "why": " ".join(judgement.why.split()),
        "held": judgement.observed.held,
        "attempts": judgement.attempts,
        "trace": judgement.observed.lines,
        "variants": [{"id": v.id, "statement": v.statement, "source": str(v.source)} for v in judgement.variants],
    }


def _again(item: pytest.Item) -> str:
    options = [f"--{name} {value}" for name in ("isolation", "stack", "platform") if (value := item.config.getoption(f"--{name}"))]
    return f"python -m pytest '{item.nodeid}' {' '.join(options)}"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _of_report(report: pytest.TestReport) -> Record | None:
    return getattr(report, "addrinuse", None)


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return None
    record = _of_report(report)
    if record is None:
        return None
    word = record["verdict"]
    return word, LETTERS.get(word, word[0].upper()), word


class Recorder:
    """Keeps what each report brings, also from the workers of xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self.records = config.stash[RECORDS] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record of an experiment."""
        if report.when == "call" and (record := _of_report(report)):
            self.records.append(record)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    fingerprint = getattr(node, "workeroutput", {}).get("fingerprint")
    if fingerprint:
        node.config.stash[FINGERPRINT] = fingerprint


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if BENCH in config.stash:
        config.stash[BENCH].close()
    if _is_worker(config):
        config.workeroutput["fingerprint"] = config.stash.get(FINGERPRINT, {})  # type: ignore[attr-defined]
        return
    records = config.stash[RECORDS]
    if session.exitstatus in (0, 1):
        allowed = config.stash[ALLOWED]
        config.stash[IDLE] = idle(allowed, records, whole=_is_whole(config))
    if session.exitstatus == 0 and config.stash[IDLE]:
        session.exitstatus = 1
    if session.exitstatus == 0 and any(record["verdict"] == "unrecorded" for record in records):
        session.exitstatus = UNRECORDED
    path = config.getoption("--record")
    if path and session.exitstatus in (0, 1, UNRECORDED):
        header = {
            "platform": str(config.stash[PLATFORM]),
            "stack": config.getoption("--stack"),
            "fingerprint": config.stash.get(FINGERPRINT, {}),
        }
        write_run(path, header, records)


def _tell_pairs(terminalreporter: pytest.TerminalReporter, records: list[Record]) -> None:
    """How many pairs were tried, and on one screen where the model disagrees."""
    pairs = [record for record in records if "pairs" in record]
    if not any(record["pairs"]["count"] for record in pairs):
        return
    terminalreporter.section("every pair")
    for line in screen(pairs):
        terminalreporter.write_line(line)
    tried, wrong = sum(record["pairs"]["count"] for record in pairs), sum(record["verdict"] == "surprise" for record in pairs)
    digest = hashlib.sha256("".join(record["pairs"]["sha256"] for record in sorted(pairs, key=lambda r: str(r["id"]))).encode()).hexdigest()
    terminalreporter.write_line(f"{tried} pairs, {wrong or 'no'} kinds with a disagreement; all answers: sha256 {digest[:16]}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    records = config.stash[RECORDS]
    if not records or _is_worker(config):
        return
    title = f"{config.getoption('--stack')} as {config.stash[PLATFORM]}"
    failing = [report for word in config.stash[FAILING] for report in terminalreporter.getreports(word) if report.failed]
    _tell_pairs(terminalreporter, records)
    for report in failing:
        if "pairs" not in report.addrinuse:
            terminalreporter.section(report.addrinuse["verdict"], red=True)
            terminalreporter.write_line(str(report.longrepr))
    _tell_github(terminalreporter, title, failing)
    terminalreporter.section(f"addrinuse: {title}")
    for line in matrix(records):
        terminalreporter.write_line(line)
    if met := variants_met(records):
        terminalreporter.section("variants met")
        for line in met:
            terminalreporter.write_line(line)
    for record in records:
        if record["verdict"] in ("untestable", "inconclusive") and config.get_verbosity() > 0:
            terminalreporter.write_line(f"{record['verdict']}: {record['id']}: {record['why']}")
    for entry in config.stash[ALLOWED]:
        if count := sum(entry.allows(record["id"], record["verdict"]) for record in records):
            terminalreporter.write_line(f"allowed until {entry.until}: {count} x {entry.verdict}: {entry.pattern}: {entry.reason}")
    for entry in config.stash[IDLE]:
        where = f"--allow {config.getoption('--allow')}: {entry}"
        terminalreporter.write_line(f"{where}: no experiment needs this any more; take it away", red=True)


def _tell_github(terminalreporter: pytest.TerminalReporter, title: str, failing: list[Any]) -> None:
    """Annotations beside the experiments that fail, and the summary of the step."""
    if on_github():
        for report in failing:
            name, line, _ = report.location
            told = report.addrinuse
            path = terminalreporter.config.rootpath / name
            terminalreporter.write_line(annotation(path, (line or 0) + 1, f"{told['verdict']}: {told['id']}", str(report.longrepr)))
    stories = {f"{report.addrinuse['verdict']}: {report.addrinuse['id']}": str(report.longrepr) for report in failing}
    records = terminalreporter.config.stash[RECORDS]
    if problem := append_summary(summary(title, records, stories)):
        terminalreporter.write_line(problem)


def _is_whole(config: pytest.Config) -> bool:
    """Whether every experiment was asked for."""
    narrowed = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("deselect")
    return not narrowed and [Path(argument).name for argument in config.args] == ["suites"]
