"""The page of the platforms: how each is known, and what to know when porting to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fixtures.clauses import BASES, Own
from fixtures.models import Platform
from reports.cells import OUTCOMES, UNTESTABLE
from reports.site.data import Site, key_of
from reports.site.html import Html, attribute, fill, join, link
from reports.site.layout import page
from reports.site.tables import facts_list

TOLD = (
    "Of each platform then what to know when porting to it, the most frequent first: the {rule} that it departs from, how that is known, "
    "and an experiment that it decides."
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
    model, met = one.make(), site.departures[str(one)]
    outcomes = Counter(cell.outcome for cell in site.column(one).values())
    rest = [variant for variant in site.variants.values() if site.owner(variant.id) == one.name and variant not in met]
    facts = [
        ("Experiments", ", ".join(f"{outcomes[word]} {word}" for word in OUTCOMES if outcomes[word])),
        ("Where it follows a rule", f"{model.basis}: {model.source}"),
        ("Releases that answer differently", ", ".join(model.releases) or "none known"),
        ("Options", ", ".join(sorted(model.options))),
        *_runs(site, one),
    ]
    return fill(
        "<section><h2 id={name}>{name}</h2>{facts}{met}{rest}</section>\n",
        name=one,
        facts=facts_list(facts),
        met=_variants(site, met, one),
        rest=fill("<p>Of other releases, or deciding nothing by themselves:</p>{list}", list=_variants(site, rest, one)) if rest else "",
    )


def _runs(site: Site, one: Platform) -> list[tuple[str, str]]:
    runs = site.runs.get(one.name, [])
    return [("Recorded runs", "; ".join(runs))] if runs else []


def _variants(site: Site, variants: Sequence[Own], one: Platform) -> Html:
    return join(_variant(site, variant, one) for variant in variants)


def _variant(site: Site, variant: Own, one: Platform) -> Html:
    """A variant in full on the page of its own platform; elsewhere a few words that lead there."""
    decided = site.deciding.get(variant.id, {}).get(str(one), [])
    number = fill("{n}. ", n=site.departures[str(one)].index(variant) + 1) if decided else ""
    count = fill(" {example}.", example=_example(site, decided)) if decided else ""
    if site.owner(variant.id) != one.name:
        head = fill("<h3>{n}{id}</h3>", n=number, id=link(site.place(variant), variant.id))
        return fill("{head}<p>{statement}<p>{count}\n", head=head, statement=variant.statement, count=count)
    return fill(
        "<h3 id={anchor}>{n}{name}</h3><p>{statement}{sides}<p>{rule}: {known}{versions}: {source}.{count}\n",
        anchor=attribute(variant.id),
        n=number,
        name=variant.id.partition("/")[2],
        statement=variant.statement,
        sides=_sides(variant),
        rule=variant.departs_from.id,
        known=variant.note if variant.note.startswith(variant.basis) else "; ".join(filter(None, (variant.basis, variant.note))),
        versions="".join(f", {word} {version}" for word, version in (("since", variant.since), ("until", variant.until)) if version),
        source=key_of(variant.citation),
        count=count,
    )


def _sides(variant: Own) -> Html:
    if not variant.sides:
        return Html("")
    sides = join(
        fill("<li>{claim} ({basis}) <cite>{source}</cite>", claim=s.claim, basis=s.basis, source=key_of(s.source)) for s in variant.sides
    )
    return fill("<ul>{sides}</ul>", sides=sides)


def _example(site: Site, decided: Sequence[str]) -> Html:
    shortest = min(map(site.near, decided), key=lambda address: (len(address), address))
    return link(shortest, f"{len(decided)} here" if len(decided) > 1 else "one here")
