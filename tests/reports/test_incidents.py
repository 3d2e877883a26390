"""Incidents and the FAQ: what they name is there, and each incident has an entry point."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from fixtures.models import MODELS
from reports import ids
from reports.__main__ import main
from reports.catalogue import ROOT
from reports.incidents import FILE, Incident, as_markdown, as_text, load, place
from reports.wishes import ENTRIES

FAQ = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")


def test_the_file_is_what_its_schema_says() -> None:
    schema = json.loads(FILE.with_name("incidents.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads(FILE.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []
    assert len({one.id for one in load()}) == len(load())


ISSUED = ids.read(ids.REGISTRY)


@pytest.mark.parametrize("one", load(), ids=lambda one: one.id)
def test_an_incident_has_an_entry_point_and_answering_experiments(one: Incident) -> None:
    assert one.situation in {entry.anchor for entry in ENTRIES}
    assert set(one.platforms) <= set(MODELS)
    assert [name for name in one.experiments if name not in ISSUED] == []
    assert all(place(link).count("#") == 1 for link in one.links)


def test_an_answer_is_what_the_platforms_concerned_say() -> None:
    one = next(one for one in load() if one.id == "libuv-769")
    text = as_text([one])
    assert "tcp/duplicate/both-reuseaddr/unlistened: macos bind EADDRINUSE (source); linux bind ok (observed)" in text
    unanswered = Incident("a", "alone", ["linux"], "What?", ["https://github.com/a/b/issues/1"], why_not="It is no socket.")
    assert "- No experiment: It is no socket." in as_markdown([unanswered])


def test_the_faq_names_what_there_is() -> None:
    named = re.findall(r"`((?:tcp|udp)[46]?/[^`]+)`", FAQ)
    assert len(named) > 20
    assert set(named) <= ISSUED.keys()
    headings = re.findall(r"^## (.+)$", FAQ, re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert re.findall(r"^- \[.*\]\(#(.+)\)$", FAQ, re.MULTILINE) == anchors


def test_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incidents", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(load())
