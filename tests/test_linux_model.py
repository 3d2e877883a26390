from __future__ import annotations

import re
from collections import Counter

from fixtures.models import linux_variants
from fixtures.models.linux import Linux
from fixtures.rules import Variant
from fixtures.verdicts import observe
from tests.experiments import all_rows

ID = re.compile(r"[a-z0-9]+(/[a-z0-9+.-]+)+")


def test_every_variant_decides_an_answer_in_some_experiment() -> None:
    known = {value.id for value in vars(linux_variants).values() if isinstance(value, Variant)}
    settings: tuple[dict[str, str], ...] = ({}, {"net.ipv4.ip_autobind_reuse": "1"})
    seen = [observe(row.script, Linux(settings=choice)) for row in all_rows() for choice in settings]
    met = {variant.id for observation in seen for variant in observation.variants}
    assert known - met == set()


def test_every_departure_of_linux_has_a_variant() -> None:
    seen = [(row.experiment.id, observe(row.script, Linux())) for row in all_rows()]
    unexplained = [f"{name}: {s.failed_assertion}" for name, s in seen if not s.held and not s.problem and not s.variants]
    assert not unexplained, "\n".join(unexplained)


def test_ids_are_unique_and_permanent_words() -> None:
    ids = [row.experiment.id for row in all_rows()]
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert [name for name in ids if not ID.fullmatch(name)] == []


def test_every_question_is_one() -> None:
    assert [row.experiment.id for row in all_rows() if not row.experiment.question.endswith("?") or "{" in row.experiment.question] == []
