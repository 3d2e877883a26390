"""The page of the platforms: how each is known, and what to know when porting to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fixtures.models import Platform
from fixtures.specification.clauses import BASES, Own, rule_of, sides_of
from reports.cells import OUTCOMES, UNTESTABLE
from reports.site.data import Site, key_of
from reports.site.html import Html, attribute, fill, join, link
from reports.site.layout import page
from reports.site.tables import facts_list

TOLD = (
    "Then, for each platform, the clauses that decide its answers, the most frequent first: what is true of it, the {rule} that it "
    "departs from, if any, how we know and from where, and an experiment that it decides."
)


def platforms(site: Site) -> Html:
    """The page of the platforms: how each is known, and what to know when porting to it."""
    rows = join(
        fill(
            "<tr><th scope=row>{name}<td>{releases}{counts}\n",
            name=link(f"#{one}", one),
            releases=", ".join(one.make().releases),
            counts=join(fill("<td>{n}", n=site.bases(one)[basis] or "") for basis in (*BASES, UNTESTABLE)),
        )
        for one in site.platforms
    )
    head = join(fill("<th scope=col>{word}", word=word) for word in ("platform", "releases that differ", *BASES, UNTESTABLE))
    overview = fill(
        '<h1>Platforms</h1><div class=scroll role=region tabindex=0 aria-label="How the answers of each platform are known"><table class=n>'
        "<caption>How the answers of each platform are known, in experiments</caption>"
        "<thead><tr>{head}</thead><tbody>{rows}</tbody></table></div>"
        "<p>{picture}. {told}</p>",
        picture=link("pictures.html#evidence", "The same as a picture"),
        told=fill(TOLD, rule=link("legend.html#rules", "rule")),
        head=head,
        rows=rows,
    )
    return page("Platforms", join([overview, *(_platform(site, one) for one in site.platforms)]), "platforms.html")


def _platform(site: Site, one: Platform) -> Html:
    model, met = one.make(), site.deciding[str(one)]
    outcomes = Counter(cell.outcome for cell in site.column(one).values())
    rest = [clause for clause in site.clauses.values() if site.owner(clause.id) == one.name and clause not in met]
    facts = [
        ("Experiments", ", ".join(f"{outcomes[word]} {word}" for word in OUTCOMES if outcomes[word])),
        ("Releases that answer differently", ", ".join(model.releases) or "none known"),
        ("Options", ", ".join(sorted(model.options))),
        *_runs(site, one),
    ]
    return fill(
        "<section><h2 id={name}>{name}</h2>{facts}{met}{rest}</section>\n",
        name=one,
        facts=facts_list(facts),
        met=_clauses(site, met, one),
        rest=fill("<p>Of other releases, or decisive only with others:</p>{list}", list=_clauses(site, rest, one)) if rest else "",
    )


def _runs(site: Site, one: Platform) -> list[tuple[str, str]]:
    runs = site.runs.get(one.name, [])
    return [("Recorded runs", "; ".join(runs))] if runs else []


def _clauses(site: Site, clauses: Sequence[Own], one: Platform) -> Html:
    return join(_clause(site, clause, one) for clause in clauses)


def _clause(site: Site, clause: Own, one: Platform) -> Html:
    """A clause: what is true, the rule that it departs from, how we know and from where, and an experiment that it decides."""
    decided = site.decided[str(one)].get(clause.id, [])
    rule = rule_of(clause)
    known = clause.note if clause.note.startswith(clause.basis) else "; ".join(filter(None, (clause.basis, clause.note)))
    return fill(
        "<h3 id={anchor}>{n}{name}</h3><p>{statement}{sides}<p>{rule}{known}{versions}: {source}.{count}\n",
        anchor=attribute(clause.id),
        n=f"{site.deciding[str(one)].index(clause) + 1}. " if decided else "",
        name=clause.id.partition("/")[2],
        statement=clause.statement,
        sides=_sides(clause),
        rule=f"{rule.id}: " if rule else "",
        known=known,
        versions="".join(f", {word} {version}" for word, version in (("since", clause.since), ("until", clause.until)) if version),
        source=key_of(clause.source),
        count=fill(" {example}.", example=_example(site, decided)) if decided else "",
    )


def _sides(clause: Own) -> Html:
    items = (fill("<li>{claim} ({basis}) <cite>{at}</cite>", claim=s.claim, basis=s.basis, at=key_of(s.source)) for s in sides_of(clause))
    sides = join(items)
    return fill("<ul>{sides}</ul>", sides=sides) if sides else Html("")


def _example(site: Site, decided: Sequence[str]) -> Html:
    shortest = min(map(site.near, decided), key=lambda address: (len(address), address))
    return link(shortest, f"{len(decided)} here" if len(decided) > 1 else "one here")
