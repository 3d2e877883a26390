"""The matrix: the first page and a page for each chapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from fixtures.models import Platform
from reports.cells import DEPARTS, EITHER, HOLDS, UNKNOWN, UNTESTABLE, Cell
from reports.site.data import Chapter, Family, Site, key_of
from reports.site.html import Html, attribute, code, fill, join, link
from reports.site.layout import page
from reports.site.tables import SIGNS, chooser, heads, legend_line, mark, table, variables
from reports.wishes import ENTRIES

# The matrix.


def index(site: Site) -> Html:
    """The first page: the situations, and the whole matrix, whose chapters open into families."""
    entries = join(fill("<li><a href=situations.html#{a}>{t}</a>", a=each.anchor, t=each.title) for each in ENTRIES)
    intro = fill(
        "<h1>Who may bind an address that is already in use?</h1>"
        "<p>Every operating system answers differently. {n} experiments, each a short script of socket calls that ends in one question, "
        "and what {p} platforms answer, and how we know. To port a server, have its calls read: {port}.</p>"
        "<h2>My situation</h2><ul class=cards>{entries}</ul><h2 id=matrix>The matrix</h2>"
        "{chooser}",
        n=len(site.rows),
        p=len(site.platforms),
        port=code("addrinuse port --from linux --to windows calls.log"),
        entries=entries,
        chooser=chooser(site),
    )
    body = join(_chapter_rows(site, chapter) for chapter in site.chapters)
    caption = "How many experiments depart from their rule, of those that the platform can run; in a chapter, its questions and who departs"
    after = fill(
        "{legend}<p class=legend>3/8: in 3 of the 8 experiments that the platform can run the rule does not hold, or nobody knows whether "
        "it does. Beside a question are the platforms that depart from its rule, in some of its experiments or in all, and on how many "
        "the answer is unknown; =: it holds wherever it can be asked.</p>",
        legend=legend_line(),
    )
    return page("Matrix", join([intro, table(caption, heads(site.platforms, "Chapter, question"), body), after]), "index.html")


def _chapter_rows(site: Site, chapter: Chapter) -> Html:
    """The row of a chapter, and below it the questions, which the style sheet shows if the chapter is open."""
    across = zip(*(site.across(row.experiment.id) for row in chapter.rows), strict=True)
    return fill(
        "<tbody><tr class=c><th scope=rowgroup><details><summary>{title}</summary></details> {more}{columns}\n"
        "<tr><td colspan={span}><ul>{questions}</ul>\n",
        title=chapter.title,
        more=link(chapter.page, f"{len(chapter.rows)} experiments"),
        columns=join(fill("<td>{mark}", mark=_share(part)) for part in across),
        span=len(site.platforms) + 1,
        questions=join(_question(site, chapter, family) for family in chapter.families),
    )


def _share(part: Sequence[Cell]) -> Html:
    """What a platform answers to several experiments, in one word."""
    able, away, unknown = _counts(part)
    if not able:
        return Html(SIGNS[UNTESTABLE])
    if unknown == able:
        return Html(SIGNS[UNKNOWN])
    return fill("<p>{away}/{able}", away=away + unknown, able=able) if away + unknown else Html(SIGNS[HOLDS])


def _counts(part: Sequence[Cell]) -> tuple[int, int, int]:
    """How many of these experiments a platform can run, in how many it departs from the rule, and in how many nobody knows."""
    found = Counter(cell.outcome for cell in part)
    return len(part) - found[UNTESTABLE], found[DEPARTS] + found[EITHER], found[UNKNOWN]


def _question(site: Site, chapter: Chapter, family: Family) -> Html:
    """A question, the platforms that depart from its rule, and the number of those with an unknown answer."""
    across = zip(*(site.across(row.experiment.id) for row in family.rows), strict=True)
    counted = [(platform, *_counts(part)) for platform, part in zip(site.platforms, across, strict=True)]
    away = ", ".join(f"{platform} {n}/{able}" if n < able else str(platform) for platform, able, n, _ in counted if n)
    unknown = sum(1 for *_, unknown in counted if unknown)
    signs = [fill("<b>{away}</b>", away=away)] * bool(away) + [fill("? {n}", n=unknown)] * bool(unknown)
    return fill(
        "<li>{question} {signs}\n",
        question=link(f"{chapter.page}#{family.anchor}", variables(family.question)),
        signs=join(signs or [Html(SIGNS[HOLDS])], " "),
    )


# A chapter.


def chapter(site: Site, one: Chapter) -> Html:
    """The page of a chapter: a section for each family, an anchor for each experiment."""
    able = site.able(one)
    body = join(_family_rows(site, family, able) for family in one.families)
    caption = f"{one.title}: {len(one.rows)} experiments on {len(able)} platforms"
    absent = ", ".join(str(platform) for platform in site.platforms if platform not in able)
    intro = fill(
        "<h1>{title}</h1><p>{n} experiments. {how}.{absent}</p>",
        title=one.title,
        n=len(one.rows),
        how=link("legend.html#chapter", "How to read them"),
        absent=absent and f" Left out, because they lack what all of this needs: {absent}.",
    )
    return page(one.title, join([intro, legend_line(), table(caption, heads(able, "Experiment"), body)]), one.page)


def _family_rows(site: Site, family: Family, able: Sequence[Platform]) -> Html:
    about = family.first.experiment
    cites = "; ".join(dict.fromkeys(key_of(citation) for citation in about.cites if citation != about.rule.source))
    head = fill(
        "<tbody><tr><td colspan={span}><h2 id={anchor}>{question}</h2><p>{rule} {cites}<pre>{script}</pre>\n",
        span=len(able) + 1,
        anchor=family.anchor,
        question=variables(family.question),
        rule=about.rule.id,
        cites=cites,
        script=_script(site, family),
    )
    return join([head, *(_group(identifiers, columns) for columns, identifiers in _grouped(site, family, able).items())])


def _script(site: Site, family: Family) -> str:
    """The script that stands for a family."""
    platform, lines = site.script(family.first)
    about = [
        *([_own_part(family)] if len(family.rows) > 1 else []),
        *([f"on {platform}"] if platform != site.platforms[0] else []),
    ]
    return "\n".join([*([f"# {', '.join(about)}"] if about else []), *(line.partition(" #")[0].removesuffix(" = ok") for line in lines)])


def _own_part(family: Family) -> str:
    """The part of the first experiment's id that the others do not share."""
    ids = [row.experiment.id.split("/") for row in family.rows]
    shared = sum(1 for _ in takewhile(lambda parts: len(set(parts)) == 1, zip(*ids, strict=False)))
    return "/".join(ids[0][shared:])


def _grouped(site: Site, family: Family, able: Sequence[Platform]) -> dict[Html, list[str]]:
    """The experiments of a family by what their cells look like."""
    across = {row.experiment.id: [site.cells[row.experiment.id][str(platform)] for platform in able] for row in family.rows}
    verbs = Counter(answer.split()[0] for cells in across.values() for cell in cells for answer in cell.answers)
    usual = verbs.most_common(1)[0][0] if verbs else ""
    groups: dict[Html, list[str]] = {}
    for identifier, cells in sorted(across.items()):
        marks = (mark(cell, usual, site.number(platform, cell)) for platform, cell in zip(able, cells, strict=True))
        groups.setdefault(join(fill("<td>{mark}", mark=one) for one in marks), []).append(identifier)
    return groups


def _group(identifiers: Sequence[str], columns: Html) -> Html:
    """A row of the table. The style sheet shows the id of an empty element, and JavaScript turns it into text."""
    if len(identifiers) == 1:
        return fill("<tr><th id={id}>{columns}\n", id=attribute(identifiers[0]), columns=columns)
    items = join(fill("<p id={id}>", id=attribute(identifier)) for identifier in identifiers)
    return fill("<tr><th>{items}{columns}\n", items=items, columns=columns)
