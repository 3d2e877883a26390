from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.language.stack import Stack
from fixtures.language.words import EACCES, EADDRINUSE, LOOPBACK, OK, Answer
from reports import ids
from reports.__main__ import main
from reports.catalogue import all_rows, find
from reports.plans import digest_of

E2 = "tcp/duplicate/both-reuseaddr/unlistened"


#: One experiment in so many has its digest taken here; the exhaustive tests take them all. One takes 20 ms.
ONE_IN = 24


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Leave few experiments to the registry, and say how many."""
    rows = [find(E2), *(row for row in all_rows()[:: 10 * ONE_IN] if row.experiment.id != E2)]
    monkeypatch.setattr(ids, "all_rows", lambda: rows)
    ids.meanings.cache_clear()
    yield len(rows)
    ids.meanings.cache_clear()


def test_no_issued_id_is_gone_and_every_new_one_is_registered() -> None:
    kept = ids.read(ids.REGISTRY)
    now = dict.fromkeys((row.experiment.id for row in all_rows()), "") | ids.clauses()
    assert ids.gone(kept, now) == []
    assert sorted(now.keys() - kept.keys()) == [], "run: python -m addrinuse ids --write"


@pytest.mark.parametrize("one_in", [ONE_IN, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_no_issued_id_means_something_else(one_in: int) -> None:
    now = {row.experiment.id: digest_of(row.script) for row in all_rows()[::one_in]} | ids.clauses()
    assert ids.changed(ids.read(ids.REGISTRY), now) == []


#: Experiments that were issued although an older one asks the same: their ids stay.
ASKED_TWICE = {
    ("mptcp/duplicate/mptcp-then-tcp/none/listening", "mptcp/two-addresses/tcp-same"),
    ("tcp/reuseport/reload/waiting-client", "tcp4/reuseport/groups/waiting-connection"),
    ("tcp/dead-server/established/old-none/new-none", "tcp/stevens-s1/control"),
    ("tcp/dead-server/established/old-none/new-reuseaddr", "tcp/stevens-s1/restart-beside-child"),
    ("tcp/dual-stack/receives/v6only/ipv6", "tcp6/receives/wildcard-alone"),
    ("tcp/option-timing/accepted-inherits/reuseaddr", "tcp/stevens-s15/accepted-has-reuseaddr"),
    ("tcp/option-timing/first-reuseport-cleared-after-bind/second-reuseport", "tcp4/reuseport/cleared-by-first"),
    ("tcp/option-timing/first-reuseport-cleared-after-listen/second-reuseport", "tcp/reuseport/cleared-by-listener"),
    ("tcp/option-timing/first-reuseport-set-after-bind/second-reuseport", "tcp4/reuseport/set-late-by-first"),
    *(
        (
            f"tcp/option-timing/wildcard-reuseaddr-kept-after-{call}/specific-{new}",
            f"tcp/wildcard/wildcard-then-specific/{state}/reuseaddr-{new}",
        )
        for call, state in (("bind", "bound"), ("listen", "listening"))
        for new in ("none", "reuseaddr")
    ),
    ("tcp/outgoing/connect-to-unlistened/no-options", "tcp4/receives/bound-only/alone"),
    ("tcp/stevens-s16/reuseport-as-reuseaddr", "tcp/wildcard/wildcard-then-specific/bound/none-reuseport"),
    ("tcp/takeover/bound/self-stranger/none", "tcp/takeover/unlistened/same-specific/none-none"),
    ("tcp/takeover/bound/self-stranger/reuseaddr", "tcp/takeover/unlistened/same-specific/reuseaddr-reuseaddr"),
    ("udp/stevens-s4/unicast", "udp4/duplicate/same-specific/reuseaddr-reuseaddr"),
    ("udp/stevens-s7/reuseport-then-reuseaddr", "udp4/multicast/bind/reuseport-reuseaddr"),
    ("udp4/duplicate/receives/same-specific/reuseaddr+reuseport", "udp4/reuseport/receives/reuseaddr+reuseport"),
    ("udp4/duplicate/receives/same-specific/reuseport", "udp4/reuseport/receives/reuseport"),
    ("udp4/multicast/copies/joined-by-a-tcp-socket", "udp4/multicast/copies/tcp-member"),
}


@pytest.mark.exhaustive
def test_no_two_experiments_mean_the_same() -> None:
    asking = defaultdict(list)
    for name, digest in ids.meanings().items():
        asking[digest].append(name)
    assert {tuple(sorted(names)) for names in asking.values() if len(names) > 1} == ASKED_TWICE


def _bind_again(stack: Stack) -> Answer:
    first, second = stack.tcp4(), stack.tcp4()
    first.bind(LOOPBACK)
    return second.bind(LOOPBACK)


def _is_held(stack: Stack) -> None:
    assert _bind_again(stack) == EADDRINUSE


def _is_refused(stack: Stack) -> None:
    assert _bind_again(stack) in (EADDRINUSE, EACCES)


def _is_not_granted(stack: Stack) -> None:
    assert _bind_again(stack) != OK


def _is_held_and_closed(stack: Stack) -> None:
    assert _bind_again(stack) == EADDRINUSE
    stack.tcp4().close()


def test_the_digest_tells_assertions_and_calls_apart_and_nothing_else() -> None:
    def is_held_as_well(stack: Stack) -> None:
        """In other words."""
        if _bind_again(stack) != EADDRINUSE:
            raise AssertionError("no")

    scripts = (_is_held, _is_refused, _is_not_granted, _is_held_and_closed)
    assert len({digest_of(script) for script in scripts}) == len(scripts)
    assert digest_of(is_held_as_well) == digest_of(_is_held)


def test_no_experiment_is_called_as_a_clause_is() -> None:
    assert {row.experiment.id for row in all_rows()} & ids.clauses().keys() == set()


@pytest.mark.parametrize(("line", "part"), [("tcp/gone 0123\n", "tcp/gone is gone"), (f"{E2} 0123\n", f"{E2} means something else")])
@pytest.mark.usefixtures("few")
def test_a_broken_promise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, part: str
) -> None:
    registry = tmp_path / "ids.txt"
    registry.write_text(line, encoding="utf-8")
    monkeypatch.setattr(ids, "REGISTRY", registry)
    assert main(["ids", "--write"]) == 2
    assert part in capsys.readouterr().err
    assert registry.read_text(encoding="utf-8") == line


def test_a_retired_clause_stays_listed_and_its_id_is_not_used_again() -> None:
    kept = {"aix/old": [ids.RETIRED], "aix/lost": [ids.OF_A_PLATFORM]}
    assert ids.gone(kept, {}) == ["aix/lost"]
    assert ids.changed(kept, dict.fromkeys(kept, ids.OF_A_PLATFORM)) == ["aix/old means something else"]


def test_new_ids_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(ids, "REGISTRY", tmp_path / "ids.txt")
    assert main(["ids"]) == 1
    assert main(["ids", "--write"]) == 0
    assert main(["ids"]) == 0
    assert len(ids.read(tmp_path / "ids.txt")) == few + len(ids.clauses())
