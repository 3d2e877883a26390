"""The pages that the others lean on: the legend, the sources, the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fixtures.record.verdicts import VERDICTS
from fixtures.specification.sources import bibliography
from reports.cells import OUTCOMES
from reports.explain import citation_line
from reports.site.data import Site
from reports.site.pictures.picture import Picture
from reports.site.template import Page


def references(site: Site, drawn: Sequence[Picture]) -> Iterator[Page]:
    """The three pages."""
    rules = sorted(site.rules.values(), key=lambda rule: (rule.id[0], int(rule.id[1:]) if rule.id[1:].isdigit() else 0, rule.id))
    legend = {"rules": rules, "verdicts": VERDICTS, "outcomes": OUTCOMES, "line": citation_line("ID")}
    yield Page("legend.html", "legend.html", "Legend", "What the words and colours of this site mean.", legend)
    yield Page("sources.html", "sources.html", "Sources", "Everything that is cited.", {"sources": bibliography()})
    shown = {"pictures": [one for one in drawn if one.name != "overview"]}
    yield Page("pictures.html", "pictures.html", "Pictures", "The life of a TCP socket, four experiments of 2008, how we know.", shown)
