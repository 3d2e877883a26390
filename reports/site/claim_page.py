"""The pages of what people cite: a page for each claim, and the feed of those that changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.claims import CLAIM_VERDICTS, Claim, load
from reports.disputed import DISPUTED, by_source, counts
from reports.site import paths
from reports.site.clause_page import cited
from reports.site.data import Site
from reports.site.template import Page
from reports.site.words import title

Data = dict[str, Any]


def claims(site: Site) -> Iterator[Page]:
    """The overview, and a page for each claim."""
    every = load()
    groups = (("Contradicted, outdated, disputed or true in part", DISPUTED), ("Claims that hold", ("holds",)), ("Open", ("open",)))
    told = []
    for name, verdicts in groups:
        chosen = by_source([claim for claim in every if claim.verdict in verdicts])
        sources = [{"title": f"{s.author}, {s.title}, {s.date}", "link": s.link, "claims": some} for s, some in chosen]
        told.append({"title": name, "sources": sources})
    data = {"groups": told, "counts": counts(every), "verdicts": CLAIM_VERDICTS}
    yield Page("disputed.html", "claims.html", "What people cite", f"What people cite about addresses in use. {counts(every)}", data)
    for one in every:
        yield claim(site, one)


def claim(site: Site, one: Claim) -> Page:
    """The page of one claim."""
    known = [row for name in one.experiments if (row := site.known(name))]
    data = {
        "claim": one,
        "meaning": CLAIM_VERDICTS[one.verdict],
        "source": cited(one.citation),
        "platforms": [title(name) for name in one.platforms],
        "experiments": [{"id": row.experiment.id, "question": row.experiment.question} for row in known],
    }
    schema = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "claimReviewed": one.claim,
        "reviewRating": {"@type": "Rating", "alternateName": one.verdict},
        "itemReviewed": {"@type": "Claim", "appearance": {"@type": "CreativeWork", "name": str(one.citation)}},
    }
    return Page(
        paths.claim(one.id), "claim.html", f"{one.verdict.capitalize()}: {one.claim}", f"{one.seen} {one.note}".strip(), data, schema
    )
