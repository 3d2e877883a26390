from __future__ import annotations

from pathlib import Path

import pytest

from reports import ids
from reports.__main__ import main
from reports.catalogue import all_rows

E2 = "tcp/duplicate/both-reuseaddr/unlistened"


def test_no_issued_id_is_gone_or_means_something_else() -> None:
    kept, now = ids.read(ids.REGISTRY), ids.meanings() | ids.clauses()
    assert ids.gone(kept, now) == []
    assert ids.changed(kept, now) == []
    assert sorted(now.keys() - kept.keys()) == [], "run: python -m reports ids --write"


def test_no_two_experiments_mean_the_same() -> None:
    assert len({digests[0] for digests in ids.meanings().values()}) == len(all_rows())


def test_no_experiment_is_called_as_a_clause_is() -> None:
    assert ids.meanings().keys() & ids.clauses().keys() == set()


@pytest.mark.parametrize(("line", "part"), [("tcp/gone 0123\n", "tcp/gone is gone"), (f"{E2} 0123\n", f"{E2} means something else")])
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
    kept = {"aix/old": ids.RETIRED, "aix/lost": ids.OF_A_PLATFORM}
    assert ids.gone(kept, {}) == ["aix/lost"]
    assert ids.changed(kept, dict.fromkeys(kept, (ids.OF_A_PLATFORM,))) == ["aix/old means something else"]


def test_new_ids_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "REGISTRY", tmp_path / "ids.txt")
    assert main(["ids"]) == 1
    assert main(["ids", "--write"]) == 0
    assert main(["ids"]) == 0
    assert len(ids.read(tmp_path / "ids.txt")) == len(all_rows()) + len(ids.clauses())
