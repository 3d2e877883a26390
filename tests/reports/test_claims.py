"""The claims: their count, their experiments or reasons, their sources, and the page that is rendered from them."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from fixtures.specification.sources import bibliography
from reports.__main__ import main
from reports.catalogue import ROOT, all_rows
from reports.claims import CLAIM_VERDICTS, FILE, Claim, load, on_linux, outcome
from reports.disputed import as_json

CLAIMS = load()
SCHEMA = json.loads(FILE.with_name("claims.schema.json").read_text(encoding="utf-8"))["properties"]["claims"]["items"]
PAGE = ROOT / "docs" / "disputed.md"
ASKED = sorted({(identifier, word) for claim in CLAIMS for identifier, word in claim.experiments.items()})
EVERYWHERE = {"linux", "all", "unix"}


def test_there_are_110_claims() -> None:
    assert len(CLAIMS) == 110
    assert [name for name, times in Counter(claim.id for claim in CLAIMS).items() if times > 1] == []


def test_each_claim_has_experiments_or_a_reason() -> None:
    assert [claim.id for claim in CLAIMS if bool(claim.experiments) == bool(claim.why_not)] == []


def test_every_experiment_is_in_the_catalogue() -> None:
    known = {row.experiment.id for row in all_rows()}
    assert [identifier for identifier, _ in ASKED if identifier not in known] == []


def test_every_source_is_in_the_bibliography() -> None:
    assert [claim.id for claim in CLAIMS if claim.source not in bibliography() or not claim.at] == []


def test_every_verdict_is_defined() -> None:
    assert {claim.verdict for claim in CLAIMS} == set(CLAIM_VERDICTS) == set(SCHEMA["properties"]["verdict"]["enum"])


def test_the_file_has_the_shape_of_its_schema() -> None:
    for entry in json.loads(FILE.read_text(encoding="utf-8"))["claims"]:
        assert set(SCHEMA["required"]) <= set(entry) <= set(SCHEMA["properties"]), entry["id"]
        for name, rules in SCHEMA["properties"].items():
            assert re.search(rules.get("pattern", ""), str(entry.get(name, ""))), (entry["id"], name)
        assert all(entry.values()), entry["id"]


@pytest.mark.parametrize(("identifier", "word"), ASKED, ids=[identifier for identifier, _ in ASKED])
def test_linux_answers_as_the_claims_say(identifier: str, word: str) -> None:
    assert outcome(on_linux(identifier)) == word


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.experiments], ids=lambda claim: claim.id)
def test_every_answer_that_was_seen_is_in_a_trace(claim: Claim) -> None:
    told = set(re.findall(r"\b(?:EADDR[A-Z]+|EACCES|EINVAL|ok)\b", claim.seen))
    answered = {str(answer) for identifier in claim.experiments for _, answer in on_linux(identifier).trace}
    assert told - answered == set()


def test_what_is_decided_about_linux_was_seen_there() -> None:
    """A claim about Linux that holds or is contradicted rests on an experiment that Linux can run, or says why on none."""
    decided = [claim for claim in CLAIMS if claim.verdict in ("holds", "contradicted", "partly") and EVERYWHERE & set(claim.platforms)]
    assert len(decided) > 40
    assert [claim.id for claim in decided if not claim.why_not and set(claim.experiments.values()) == {"untestable"}] == []


def test_nothing_is_decided_where_nothing_was_seen() -> None:
    """What only other systems could show is open, disputed between sources, or outdated by them."""
    elsewhere = [claim for claim in CLAIMS if not EVERYWHERE & set(claim.platforms)]
    assert [claim.id for claim in elsewhere if claim.verdict in ("holds", "contradicted", "partly")] == []


def test_what_is_disputed_names_the_other_side() -> None:
    disputed = [claim for claim in CLAIMS if claim.verdict in ("disputed", "outdated")]
    assert [claim.id for claim in disputed if not claim.note] == []


def test_every_claim_is_on_the_page_once() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [claim.id for claim in CLAIMS if page.count(f"**{claim.id}**") + page.count(f"| {claim.id} |") != 1] == []


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_the_verb_prints_every_claim(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disputed", "--format", form]) == 0
    printed = capsys.readouterr().out
    assert [claim.id for claim in CLAIMS if claim.id not in printed] == []


def test_json_has_the_citation() -> None:
    first = json.loads(as_json(CLAIMS))[0]
    assert first["citation"].startswith("T. Nelson")
    assert first["link"].startswith("https://")
