"""The pages around the matrix: situations, what people cite, pictures, legend, sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fixtures import VERSION
from fixtures.record.verdicts import VERDICTS
from fixtures.specification.clauses import BASES
from fixtures.specification.sources import Source, bibliography
from reports import incidents
from reports.cells import BASIS_LETTERS, DEPARTS, EITHER, HOLDS, OUTCOMES, UNKNOWN, UNTESTABLE, Cell
from reports.claims import CLAIM_VERDICTS, Claim, load
from reports.disputed import DISPUTED, by_source, counts
from reports.explain import citation_line
from reports.site.data import Site
from reports.site.html import Html, attribute, code, fill, join, link
from reports.site.layout import page
from reports.site.pictures import Picture
from reports.site.tables import SIGNS, chooser, facts_list, heads, legend_line, rules_list, table
from reports.wishes import ENTRIES, Entry, Wish

#: How many experiments of a claim are linked.
MOST = 1


def situations(site: Site) -> Html:
    """The page *my situation*."""
    parts = [
        fill(
            "<h1>My situation</h1><p>{ways}<p>“yes”: the platform grants what the line hopes for; “maybe”: sources differ, or it is left "
            "open. Below each table: who met this, where they tell it, and the experiments that answer them.</p>",
            ways=join((link(f"#{each.anchor}", each.title) for each in ENTRIES), " · "),
        ),
        legend_line(),
        chooser(site),
    ]
    return page("My situation", join([*parts, *(_situation(site, each) for each in ENTRIES)]), "situations.html")


def _situation(site: Site, one: Entry) -> Html:
    body = join(_wish(site, wish) for wish in one.wishes)
    return fill(
        "<section><h2 id={anchor}>{title}</h2><p>{about}</p>{table}<h3>It happened</h3><ul>{incidents}</ul></section>",
        anchor=one.anchor,
        title=one.title,
        about=one.about,
        table=table(one.title, heads(site.platforms, "What is tried"), fill("<tbody>{body}</tbody>", body=body)),
        incidents=join(_incident(site, incident) for incident in incidents.load() if incident.situation == one.anchor),
    )


def _incident(site: Site, one: incidents.Incident) -> Html:
    """What happened, where people tell it, and the experiments that answer it on the platforms concerned."""
    told = join((link(address, incidents.place(address)) for address in one.links), ", ")
    asked = join((link(site.near(name), n) for n, name in enumerate(one.experiments, 1)), " ")
    return fill(
        "<li id={id}>{what} {told}. {platforms}: {answer} {note}\n",
        id=one.id,
        what=one.what,
        told=told,
        platforms=", ".join(one.platforms),
        answer=fill("experiments {asked}.", asked=asked) if one.experiments else one.why_not,
        note=one.note,
    )


def _wish(site: Site, wish: Wish) -> Html:
    cells = join(fill("<td>{mark}", mark=_granted(wish, cell)) for cell in site.across(wish.experiment))
    return fill("<tr><th>{words}{cells}\n", words=link(site.near(wish.experiment), wish.words), cells=cells)


def _granted(wish: Wish, cell: Cell) -> Html:
    word = wish.granted(cell)
    letter = BASIS_LETTERS.get(cell.basis, "") if word not in (SIGNS[UNKNOWN], SIGNS[UNTESTABLE]) else ""
    return fill("<p>{word} {letter}" if word in ("no", "maybe") else "{word} {letter}", word=word, letter=letter)


def disputed(site: Site) -> Html:
    """The page of the claims that people cite."""
    claims = load()
    groups = (("Contradicted, outdated, disputed or true in part", DISPUTED), ("Claims that hold", ("holds",)), ("Open", ("open",)))
    words = join(fill("<dt>{w}<dd>{m}", w=word, m=meaning) for word, meaning in CLAIM_VERDICTS.items())
    parts = [fill("<h1>What people cite</h1><p>{counts}</p><dl>{words}</dl>", counts=counts(claims), words=words)]
    for title, verdicts in groups:
        chosen = [claim for claim in claims if claim.verdict in verdicts]
        parts += [fill("<h2>{title}</h2>", title=title), *(_claims(site, source, some) for source, some in by_source(chosen))]
    return page("What people cite", join(parts), "disputed.html")


def _claims(site: Site, source: Source, claims: Iterable[Claim]) -> Html:
    title = f"{source.author}, {source.title}, {source.date}"
    return fill(
        "<h3>{title}</h3>{claims}",
        title=link(source.link, title) if source.link else title,
        claims=join(_claim(site, one) for one in claims),
    )


def _claim(site: Site, claim: Claim) -> Html:
    known = [name for name in claim.experiments if name in site.pages]
    asked = join((link(site.near(name), n) for n, name in enumerate(known[:MOST], 1)), ", ")
    more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
    return fill(
        "<p id={anchor}><b>{id}</b> <em>{verdict}</em> ({at}) {claim}<p>{seen} {note} {why} {asked}\n",
        anchor=attribute(claim.id),
        id=claim.id,
        verdict=claim.verdict,
        at=claim.at,
        claim=claim.claim,
        seen=claim.seen,
        note=claim.note,
        why=claim.why_not and f"No experiment: {claim.why_not}",
        asked=fill("Experiments: {asked}{more}.", asked=asked, more=more) if known else "",
    )


def legend(site: Site) -> Html:
    """The verdicts, the outcomes, the bases and the rules."""
    rules = sorted(site.rules.values(), key=lambda rule: (rule.id[0], int(rule.id[1:]) if rule.id[1:].isdigit() else 0, rule.id))
    letters = BASIS_LETTERS | {UNKNOWN: SIGNS[UNKNOWN]}
    bases = join(fill("<dt>{l} {b}<dd>{m}\n", l=letters[basis], b=basis, m=meaning) for basis, meaning in BASES.items())
    signs = {HOLDS: "= or a letter", DEPARTS: "the answer", EITHER: "both answers", UNKNOWN: "?", UNTESTABLE: "-"}
    body = fill(
        "<h1>Legend</h1><h2>A cell</h2><dl>{outcomes}<dt>!<dd>A recorded run contradicts the model; the run is shown.</dl>"
        "<h2 id=chapter>A chapter</h2><p>Above a script are its rule and where else it is asked; a call without an answer succeeds. "
        "Experiments of one script with the same answers everywhere share a line. The number behind a letter is that of the clause "
        "among those of its {platforms}."
        "<h2 id=bases>How it is known, best first</h2><dl>{bases}</dl><h2 id=verdicts>Verdicts of a run</h2>{verdicts}"
        "<h2 id=cite>Run and cite</h2><p>{explain} prints all its answers, how to run it, a line, a comment and a BibTeX "
        "entry that cite it. To cite: <q>{cite}</q>. Ids never change; {permalink} leads to an experiment on the site of a release.</p>"
        "<h2 id=rules>Rules</h2>{rules}",
        platforms=link("platforms.html", "platform"),
        explain=code("addrinuse explain ID"),
        cite=citation_line("ID"),
        permalink=code(f"index.html?id=ID&release={VERSION}"),
        outcomes=join(fill("<dt>{s}<dd>{w}: {m}\n", s=signs[word], w=word, m=meaning) for word, meaning in OUTCOMES.items()),
        bases=bases,
        verdicts=facts_list(VERDICTS.items()),
        rules=rules_list(rules),
    )
    return page("Legend", body, "legend.html")


def sources(site: Site) -> Html:
    """The bibliography."""
    items = join(
        fill(
            "<dt id={key}>{key}<dd>{author}, {title}, {date}{where}\n",
            key=key,
            author=source.author,
            title=link(source.link, source.title) if source.link else source.title,
            date=source.date,
            where="" if source.link else f" ({source.unlinked})",
        )
        for key, source in bibliography().items()
    )
    return page("Sources", fill("<h1>Sources</h1><dl>{items}</dl>", items=items), "sources.html")


def gallery(drawn: Sequence[Picture]) -> Html:
    """The page of the pictures."""
    figures = join(
        fill(
            '<figure id="{name}"><h2>{title}</h2><div class="scroll" role="region" tabindex="0" aria-label="{title}">'
            '<img src="{name}.svg" alt="{alt}" width="{w}" height="{h}"></div>'
            "<figcaption>{text}</figcaption></figure>\n",
            name=picture.name,
            title=picture.title,
            alt=picture.description,
            text=picture.caption,
            w=picture.width,
            h=picture.height,
        )
        for picture in drawn
    )
    return page("Pictures", fill("<h1>Pictures</h1>{figures}", figures=figures), "pictures.html")
