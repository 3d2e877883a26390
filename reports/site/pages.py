"""The pages: each a function of what the site shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from fixtures.models import Platform
from fixtures.rules import BASES, Rule, Variant
from fixtures.sources import Source, bibliography
from fixtures.verdicts import VERDICTS as RUN_VERDICTS
from reports.cells import DEPARTS, EITHER, HOLDS, OUTCOMES, UNKNOWN, UNTESTABLE, Cell
from reports.claims import VERDICTS, Claim, load
from reports.disputed import DISPUTED, by_source, counts
from reports.explain import citation_line
from reports.matrix import LETTERS
from reports.site.data import Chapter, Family, Site, key_of
from reports.site.html import Html, attribute, code, escape, fill, join, link
from reports.site.layout import page
from reports.site.pictures import Picture
from reports.site.situations import SITUATIONS, Situation, Wish

#: How one function of the suites is run on its own.
RUN = "python -m tox run -e conformance -- -k"
#: As many experiments of a claim are linked.
MOST = 3
SIGNS = {UNKNOWN: "?", UNTESTABLE: "-", HOLDS: "="}


# What every table of cells shares.


def heads(site: Site, first: str) -> Html:
    """The heading of a table of cells."""
    columns = join(fill("<th scope=col>{name}", name=link(f"platforms.html#{p}", p)) for p in site.platforms)
    return fill('<thead><tr><th scope="col">{first}{columns}</thead>', first=first, columns=columns)


def chooser(site: Site) -> Html:
    """The switches of the columns; the style sheet does what they say, also without JavaScript."""
    boxes = join(
        fill("<label><input type=checkbox id=c{n} checked> {name}</label>\n", n=n, name=platform)
        for n, platform in enumerate(site.platforms, 2)
    )
    return fill('<details class="choose"><summary>Choose platforms</summary><fieldset><legend>Columns</legend>{boxes}</fieldset></details>', boxes=boxes)


def table(caption: str, head: Html, body: Html) -> Html:
    """A table of cells, in a region that scrolls by itself."""
    return fill(
        '<div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table class="m"><caption>{caption}</caption>{head}{body}</table></div>',
        caption=caption,
        head=head,
        body=body,
    )


def legend_line(site: Site) -> Html:
    """The marks in one paragraph."""
    letters = join((fill("<b>{letter}</b> {basis}", letter=letter, basis=basis) for basis, letter in LETTERS.items()), ", ")
    return fill(
        "<p class=legend><b>=</b> the rule holds; otherwise the answer is shown. <b>?</b> nobody is known to have said. "
        "<b>-</b> the platform lacks what is needed. <b>!</b> a recorded run contradicts the model. How it is known: {letters}. {more}",
        letters=letters,
        more=link("legend.html", "The whole legend"),
    )


def variables(text: str) -> Html:
    """A template with its parameters marked."""
    return Html(re.sub(r"\{(\w+)\}", r"<var>\1</var>", escape(text)))


# The matrix.


def index(site: Site) -> Html:
    """The first page: the situations and the whole matrix, chapters opening into families."""
    entries = join(fill('<li><a href="situations.html#{a}">{t}</a>', a=each.anchor, t=each.title) for each in SITUATIONS)
    intro = fill(
        "<h1>Who may bind an address that is already in use?</h1>"
        "<p>Every operating system answers differently. {n} experiments, each a short script of socket calls that ends in one question, "
        "and what {p} platforms answer, with how that is known.</p>"
        '<h2>My situation</h2><ul class="cards">{entries}</ul><h2 id="matrix">The matrix</h2>'
        '<form class="tools js" role="search" hidden><label>Search questions and ids <input type="search" id="q" name="q" autocomplete="off"></label>'
        '<span id="found" role="status"></span></form>{chooser}',
        n=len(site.rows),
        p=len(site.platforms),
        entries=entries,
        chooser=chooser(site),
    )
    body = join(_chapter_rows(site, chapter) for chapter in site.chapters)
    caption = "How many experiments depart from their rule, of those that the platform can run"
    after = fill(
        '{legend}<p class="legend">In a line that stands for several experiments <b>3/8</b>: in 3 of the 8 that the platform can run, '
        "the rule does not hold, or nobody knows whether it does.</p>",
        legend=legend_line(site),
    )
    return page("Matrix", join([intro, table(caption, heads(site, "Chapter, question"), body), after]), "index.html")


def _chapter_rows(site: Site, chapter: Chapter) -> Html:
    columns = join(fill("<td>{mark}", mark=_share([site.across(row.experiment.id)[n] for row in chapter.rows])) for n in range(len(site.platforms)))
    head = fill(
        '<tbody><tr class="c"><th scope="rowgroup"><details><summary>{title}</summary></details>{more}{columns}\n',
        title=chapter.title,
        more=link(chapter.page, f"{len(chapter.rows)} experiments"),
        columns=columns,
    )
    return join([head, *(_family_line(site, chapter, family) for family in chapter.families)])


def _family_line(site: Site, chapter: Chapter, family: Family) -> Html:
    across = zip(*(site.across(row.experiment.id) for row in family.rows), strict=True)
    return fill(
        "<tr><th scope=row>{question}{columns}\n",
        question=link(f"{chapter.page}#{family.anchor}", variables(family.question)),
        columns=join(fill("<td>{mark}", mark=_share(part)) for part in across),
    )


def _share(part: Sequence[Cell]) -> Html:
    """What a platform answers to several experiments, in a word."""
    if len(part) == 1:
        return mark(part[0])
    testable = [cell for cell in part if cell.outcome != UNTESTABLE]
    open_ = sum(cell.outcome == UNKNOWN for cell in testable)
    away = sum(cell.outcome in (DEPARTS, EITHER) for cell in testable)
    if not testable:
        return Html(SIGNS[UNTESTABLE])
    if not away + open_:
        return Html(SIGNS[HOLDS])
    if open_ == len(testable):
        return Html(SIGNS[UNKNOWN])
    return fill("<b>{away}/{of}</b>", away=away + open_, of=len(testable))


def mark(cell: Cell, usual: str = "", number: object = "") -> Html:
    """A cell: ``=`` or the answer, the letter of its basis, and the number of its reason. The usual call is not named."""
    if cell.outcome in (UNKNOWN, UNTESTABLE):
        return fill("{sign}{number}", sign=SIGNS[cell.outcome], number=number)
    surprise = Html("<mark>!</mark>") if cell.surprise else ""
    words = Html("=") if cell.outcome == HOLDS else fill("<b>{answer}</b> ", answer=" or ".join(_short(word, usual) for word in cell.answers))
    return fill("{words}{letter}{number}{surprise}", words=words, letter=LETTERS[cell.basis], number=number, surprise=surprise)


def _short(answer: str, usual: str) -> str:
    return answer.removeprefix(f"{usual} ")


# A chapter.


def chapter(site: Site, one: Chapter) -> Html:
    """The page of a chapter: a section for each family, an anchor for each experiment."""
    body = join(_family_rows(site, family) for family in one.families)
    caption = f"{one.title}: {len(one.rows)} experiments on {len(site.platforms)} platforms"
    intro = fill(
        "<h1>{title}</h1><p>{n} experiments. Those of one script with the same answer everywhere share a line. The number behind a letter is that of the "
        "departure on the page of the platform, to which the heading of its column leads.</p><form class=\"tools js\" role=search hidden>"
        "<label>Filter <input type=search id=q name=q autocomplete=off></label> <label><input type=checkbox id=odd> only where platforms differ</label> "
        "<span id=found role=status></span></form>",
        title=one.title,
        n=len(one.rows),
    )
    after = fill(
        "{legend}<h2>Rules asserted here</h2>{rules}<h2>Run and cite</h2><p>One function: {run}; one experiment with all its answers: {explain}. To cite: <q>{cite}</q>.</p>",
        legend=legend_line(site),
        rules=_rules(dict.fromkeys(family.first.experiment.rule for family in one.families)),
        run=code(f"{RUN} FUNCTION"),
        explain=code("python -m reports explain ID"),
        cite=citation_line("ID"),
    )
    return page(one.title, join([intro, table(caption, heads(site, "Experiment"), body), after]), one.page)


def _family_rows(site: Site, family: Family) -> Html:
    about = family.first.experiment
    cites = "; ".join(dict.fromkeys(key_of(citation) for citation in about.cites if citation != about.rule.source))
    head = fill(
        "<tbody><tr><td colspan={span}><h2{anchor}>{question}</h2><p>Rule {rule} <code>{function}</code> {cites}<pre>{script}</pre>\n",
        span=len(site.platforms) + 1,
        anchor="" if len(family.rows) == 1 else fill(" id={id}", id=attribute(family.anchor)),
        question=variables(family.question),
        rule=link(f"#{about.rule.id}", about.rule.id),
        cites=fill("<cite>{cites}</cite>", cites=cites) if cites else "",
        function=family.function,
        script=_script(site, family),
    )
    return join([head, *(_group(identifiers, columns) for columns, identifiers in _grouped(site, family).items())])


def _script(site: Site, family: Family) -> str:
    """The script that stands for a family."""
    platform, lines = site.script(family.first)
    about = [*([family.first.experiment.id] if len(family.rows) > 1 else []), *([f"on {platform}"] if platform != site.platforms[0] else [])]
    return "\n".join([*([f"# {', '.join(about)}"] if about else []), *(line.partition(" #")[0] for line in lines)])


def _grouped(site: Site, family: Family) -> dict[Html, list[str]]:
    """The experiments of a family by what their cells look like."""
    across = {row.experiment.id: site.across(row.experiment.id) for row in family.rows}
    verbs = Counter(answer.split()[0] for cells in across.values() for cell in cells for answer in cell.answers)
    usual = verbs.most_common(1)[0][0] if verbs else ""
    groups: dict[Html, list[str]] = {}
    for identifier, cells in sorted(across.items()):
        marks = (mark(cell, usual, site.number(platform, cell)) for platform, cell in zip(site.platforms, cells, strict=True))
        groups.setdefault(join(fill("<td>{mark}", mark=one) for one in marks), []).append(identifier)
    return groups


def _group(identifiers: Sequence[str], columns: Html) -> Html:
    """A line of the table. The style sheet shows an id that is an empty element's, and JavaScript makes it text."""
    if len(identifiers) == 1:
        return fill("<tr><th scope=row id={id}>{columns}\n", id=attribute(identifiers[0]), columns=columns)
    items = join(fill("<li id={id}>", id=attribute(identifier)) for identifier in identifiers)
    return fill("<tr><th scope=row><ul>{items}</ul>{columns}\n", items=items, columns=columns)


def _rules(rules: Iterable[Rule]) -> Html:
    return fill(
        "<dl>{items}</dl>",
        items=join(
            fill(
                "<dt id={anchor}>{id}<dd>{statement} <cite>{source}</cite>\n",
                anchor=attribute(rule.id),
                id=rule.id,
                statement=rule.statement,
                source=key_of(rule.source),
            )
            for rule in rules
        ),
    )


# A platform.


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
        "<caption>How the answers of each platform are known, in experiments</caption><thead><tr>{head}</thead><tbody>{rows}</tbody></table></div>"
        '<p><a href="pictures.html#evidence">The same as a picture</a></p>',
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
        "<section><h2 id={name}>{name}</h2>{facts}<p>{told}</p>{met}{rest}</section>\n",
        name=one,
        facts=_facts(facts),
        told="What to know when porting to it, the most frequent first:" if met else "It is the rule.",
        met=_variants(site, met, one),
        rest=fill("<p>Of other releases, or deciding nothing by themselves:</p>{list}", list=_variants(site, rest, one)) if rest else "",
    )


def _runs(site: Site, one: Platform) -> list[tuple[str, str]]:
    runs = site.runs.get(one.name, [])
    return [("Recorded runs", "; ".join(runs))] if runs else []


def _facts(facts: Iterable[tuple[str, str]]) -> Html:
    return fill("<dl>{items}</dl>", items=join(fill("<dt>{k}<dd>{v}\n", k=key, v=value) for key, value in facts))


def _variants(site: Site, variants: Sequence[Variant], one: Platform) -> Html:
    return join(_variant(site, variant, one) for variant in variants)


def _variant(site: Site, variant: Variant, one: Platform) -> Html:
    """A variant in full on the page of its own platform; elsewhere a few words that lead there."""
    decided = site.deciding.get(variant.id, {}).get(str(one), [])
    number = fill("{n}. ", n=site.departures[str(one)].index(variant) + 1) if decided else ""
    count = fill(" Decides {n} experiments here ({example}).", n=len(decided), example=_example(site, decided)) if decided else ""
    if site.owner(variant.id) != one.name:
        head = fill("<h3>{n}{id}</h3>", n=number, id=link(site.place(variant), variant.id))
        return fill("{head}<p>{statement}<p class=how>{count}\n", head=head, statement=variant.statement, count=count)
    return fill(
        "<h3 id={anchor}>{n}{id}</h3><p>{statement}{sides}<p class=how>Instead of {rule}. {basis}{versions}{note}: <cite>{source}</cite>.{count}\n",
        anchor=attribute(variant.id),
        n=number,
        id=variant.id,
        statement=variant.statement,
        sides=_sides(variant),
        rule=link(site.place(variant.departs_from), variant.departs_from.id),
        basis=variant.basis.capitalize(),
        versions="".join(f", {word} {version}" for word, version in (("since", variant.since), ("until", variant.until)) if version),
        note=f"; {variant.note}" if variant.note else "",
        source=key_of(variant.citation),
        count=count,
    )


def _sides(variant: Variant) -> Html:
    if not variant.sides:
        return Html("")
    sides = join(fill("<li>{claim} ({basis}) <cite>{source}</cite>", claim=s.claim, basis=s.basis, source=key_of(s.source)) for s in variant.sides)
    return fill("<ul>{sides}</ul>", sides=sides)


def _example(site: Site, decided: Sequence[str]) -> Html:
    shortest = min(decided, key=lambda identifier: (len(identifier), identifier))
    return link(site.address(shortest), "one of them")


# The other pages.


def situations(site: Site) -> Html:
    """The page *my situation*."""
    parts = [Html("<h1>My situation</h1><p>“yes”: the platform gives what the line hopes for; “maybe”: sources differ, or it is left open.</p>"), chooser(site)]
    return page("My situation", join([*parts, *(_situation(site, each) for each in SITUATIONS), legend_line(site)]), "situations.html")


def _situation(site: Site, one: Situation) -> Html:
    body = join(_wish(site, wish) for wish in one.wishes)
    return fill(
        '<section><h2 id="{anchor}">{title}</h2><p>{about}</p>{table}</section>',
        anchor=one.anchor,
        title=one.title,
        about=one.about,
        table=table(one.title, heads(site, "What is tried"), fill("<tbody>{body}</tbody>", body=body)),
    )


def _wish(site: Site, wish: Wish) -> Html:
    cells = join(fill("<td>{mark}", mark=_granted(wish, cell)) for cell in site.across(wish.experiment))
    return fill("<tr><th scope=row>{words}{cells}\n", words=link(site.address(wish.experiment), wish.words), cells=cells)


def _granted(wish: Wish, cell: Cell) -> Html:
    word = wish.granted(cell)
    letter = LETTERS.get(cell.basis, "")
    return fill("<b>{word}</b> {letter}" if word in ("no", "maybe") else "{word} {letter}", word=word, letter=letter)


def disputed(site: Site) -> Html:
    """The page of the claims that people cite."""
    claims = load()
    groups = (("Contradicted, outdated, disputed or true in part", DISPUTED), ("Claims that hold", ("holds",)), ("Open", ("open",)))
    words = join(fill("<dt>{w}<dd>{m}", w=word, m=meaning) for word, meaning in VERDICTS.items())
    parts = [fill("<h1>What people cite</h1><p>{counts}</p><dl>{words}</dl>", counts=counts(claims), words=words)]
    for title, verdicts in groups:
        chosen = [claim for claim in claims if claim.verdict in verdicts]
        parts += [fill("<h2>{title}</h2>", title=title), *(_claims(site, source, some) for source, some in by_source(chosen))]
    return page("What people cite", join(parts), "disputed.html")


def _claims(site: Site, source: Source, claims: Iterable[Claim]) -> Html:
    title = f"{source.author}, {source.title}, {source.date}"
    return fill("<h3>{title}</h3>{claims}", title=link(source.link, title) if source.link else title, claims=join(_claim(site, one) for one in claims))


def _claim(site: Site, claim: Claim) -> Html:
    known = [name for name in claim.experiments if name in site.pages]
    asked = join((link(site.address(name), n) for n, name in enumerate(known[:MOST], 1)), ", ")
    more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
    return fill(
        "<p id={anchor}><b>{id}</b> <em>{verdict}</em> ({at}) {claim}<p class=how>{seen} {note} {why} {asked}\n",
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
    """Verdicts, outcomes, bases, rules."""
    rules = sorted(site.rules.values(), key=lambda rule: (rule.id[0], int(rule.id[1:]) if rule.id[1:].isdigit() else 0, rule.id))
    bases = join(fill("<dt>{l} {b}<dd>{m}\n", l=LETTERS.get(basis, SIGNS[UNKNOWN]), b=basis, m=meaning) for basis, meaning in BASES.items())
    signs = {HOLDS: "=", DEPARTS: "the answer", EITHER: "both answers", UNKNOWN: "?", UNTESTABLE: "-"}
    body = fill(
        '<h1>Legend</h1><h2>A cell</h2><dl>{outcomes}<dt>!<dd>A recorded run contradicts the model; the run is shown.</dl>'
        '<h2 id="bases">How it is known, best first</h2><dl>{bases}</dl><h2 id="verdicts">Verdicts of a run</h2>{verdicts}<h2 id="rules">Rules</h2>{rules}',
        outcomes=join(fill("<dt>{s}<dd>{w}: {m}\n", s=signs[word], w=word, m=meaning) for word, meaning in OUTCOMES.items()),
        bases=bases,
        verdicts=_facts(RUN_VERDICTS.items()),
        rules=_rules(rules),
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
            '<figure id="{name}"><h2>{title}</h2><div class="scroll" role="region" tabindex="0" aria-label="{title}"><img src="{name}.svg" alt="{alt}" width="{w}" height="{h}"></div>'
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
