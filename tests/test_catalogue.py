from __future__ import annotations

import re
from collections import Counter

from reports.catalogue import all_rows

ID = re.compile(r"[a-z0-9]+(/[a-z0-9+.-]+)+")


def test_ids_are_unique_and_permanent_words() -> None:
    ids = [row.experiment.id for row in all_rows()]
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert [name for name in ids if not ID.fullmatch(name)] == []


def test_every_question_is_one() -> None:
    assert [row.experiment.id for row in all_rows() if not row.experiment.question.endswith("?") or "{" in row.experiment.question] == []
