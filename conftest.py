"""Glue between pytest and the suite: options, the `stack` fixture, experiments as items, verdict words."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from fixtures.language.experiment import chapter_of
from fixtures.language.stack import Stack
from fixtures.machine.bench import Bench
from fixtures.models import MODELS
from fixtures.plugins.items import SUITES, experiment_of, parameters_of
from fixtures.plugins.recorder import RECORD, RECORDER, Recorder, again, is_worker, keep_crash, record_of, send, settle
from fixtures.plugins.subject import CANNOT_OPEN, SUBJECT, subject_of
from fixtures.record.runfile import as_record
from fixtures.record.screens import story

pytest_plugins = [f"fixtures.plugins.{name}" for name in ("plain", "pairs", "libraries", "colour", "sample")]

#: One letter for each verdict that fails nothing; the others have their capital.
VERDICT_LETTERS = {"conforms": ".", "variant": "v", "untestable": "u", "inconclusive": "i", "unrecorded": "r"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("addrinuse", "socket reuse semantics")
    group.addoption("--isolation", choices=("auto", "namespace", "host"), default="auto", help="where the experiments run (default: auto)")
    models = ", ".join(MODELS)
    group.addoption("--stack", metavar="NAME[@VERSION]", default="kernel", help=f"run on the kernel, or on a model: {models}")
    group.addoption("--stack-command", metavar="CMD", help="run on a stack of your own, through an adapter (docs/adapter.md)")
    group.addoption("--platform", metavar="NAME[@VERSION]", help="what platform the stack is taken for (default: what Python says)")
    group.addoption("--record", metavar="FILE", type=Path, help="write the run to FILE (JSON Lines)")
    group.addoption("--slow", action="store_true", help="also wait for the natural end of TIME_WAIT")
    group.addoption("--strict-variants", action="store_true", help="also fail on variants")
    group.addoption("--strict-coverage", action="store_true", help="also fail on what is untestable here")
    group.addoption("--allow", metavar="FILE", type=Path, help="verdicts that do not fail the run, each with a reason and a last day")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SUBJECT] = subject_of(config)
    config.stash[RECORDER] = Recorder(config)
    config.pluginmanager.register(config.stash[RECORDER])


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say at once, and once, when no experiment can be made: the isolation cannot be had, or loopback carries nothing."""
    config = session.config
    subject = config.stash[SUBJECT]
    if subject.model or is_worker(config) or config.option.collectonly or not _asks_for_suites(config):
        return
    try:
        with closing(Bench(subject.isolation, command=subject.command)) as bench:
            bench.fingerprint()
    except CANNOT_OPEN as error:
        raise pytest.UsageError(str(error)) from None


def _asks_for_suites(config: pytest.Config) -> bool:
    asked = [Path(argument.partition("::")[0]).absolute() for argument in config.args]
    return any(path.is_relative_to(SUITES) or SUITES.is_relative_to(path) for path in asked)


@pytest.fixture
def stack() -> None:
    """The stack that answers; `pytest_pyfunc_call` puts it in place for each attempt."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let ``-k`` find an experiment by its id, and keep pytest from setting up each parameter as a fixture: a tenth of a run."""
    if experiment := experiment_of(item):
        item.extra_keyword_matches.add(experiment.id)
        assert isinstance(item, pytest.Function)
        item.funcargs.update(stack=None, **parameters_of(item))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lasts as long as the run."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an experiment."""
    experiment = experiment_of(pyfuncitem)
    if experiment is None:
        return None

    def script(stack: Stack) -> None:
        pyfuncitem.obj(stack=stack, **parameters_of(pyfuncitem))

    subject = pyfuncitem.config.stash[SUBJECT]
    judgement = subject.judge(script)
    record = as_record(experiment, chapter_of(pyfuncitem.path), judgement)
    return settle(pyfuncitem, record, lambda: story(experiment, judgement, str(subject.platform), again(pyfuncitem)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    crashed = report.failed and RECORD not in item.stash and item.path.is_relative_to(SUITES)
    if crashed:
        keep_crash(item, report)
    if crashed or report.when == "call":
        send(item, report)
    return report


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    record = record_of(report) if isinstance(report, pytest.TestReport) else None
    if record is None:
        return None
    word = record["verdict"]
    return word, VERDICT_LETTERS.get(word, word[0].upper()), word
