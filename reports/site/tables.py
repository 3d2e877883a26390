"""What the tables of cells share: their headings, their switches, and how a cell looks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fixtures.models import Platform
from fixtures.specification.rules import Rule
from reports.cells import BASIS_LETTERS, HOLDS, UNKNOWN, UNTESTABLE, Cell
from reports.site.data import Site, key_of
from reports.site.html import Html, attribute, escape, fill, join, link

SIGNS = {UNKNOWN: "?", UNTESTABLE: "-", HOLDS: "="}


def heads(platforms: Iterable[Platform], first: str) -> Html:
    """The heading of a table of cells."""
    columns = join(fill("<th>{name}", name=platform) for platform in platforms)
    return fill("<thead><tr><th>{first}{columns}</thead>", first=first, columns=columns)


def chooser(site: Site) -> Html:
    """The switches of the columns. The style sheet obeys them, even without JavaScript."""
    boxes = join(
        fill("<label><input type=checkbox id=c{n} checked> {name}</label>\n", n=n, name=platform)
        for n, platform in enumerate(site.platforms, 2)
    )
    return fill(
        "<details class=choose><summary>Choose platforms</summary><fieldset><legend>Columns</legend>{boxes}</fieldset></details>",
        boxes=boxes,
    )


def table(caption: str, head: Html, body: Html) -> Html:
    """A table of cells, in a region that scrolls on its own."""
    return fill(
        '<div class=scroll role=region tabindex=0 aria-label="{caption}"><table class=m>'
        "<caption>{caption}</caption>{head}{body}</table></div>",
        caption=caption,
        head=head,
        body=body,
    )


def legend_line() -> Html:
    """The marks in one paragraph."""
    letters = ", ".join(f"{letter} {basis}" for basis, letter in BASIS_LETTERS.items())
    return fill(
        "<p class=legend>= the rule holds; otherwise the answer is shown. ? unknown. - the platform lacks what is needed. "
        "! a run contradicts the model. {letters}. {more}. {cite}.",
        letters=letters,
        more=link("legend.html", "Legend"),
        cite=link("legend.html#cite", "How to run and cite"),
    )


def variables(text: str) -> Html:
    """A template with its parameters marked; of ``{places.held.aloud}``, how *held* is said, stays *held*."""
    return Html(re.sub(r"\{(?:\w+\.)*?(\w+)(?:\.(?:aloud|whose|who))?\}", r"<var>\1</var>", escape(text)))


def mark(cell: Cell, usual: str = "bind", number: object = "") -> Html:
    """A cell: ``=`` or the answer, the letter of its basis, and the number of its reason. The usual call is not named.

    A departure is a paragraph, so that the style sheet can mark it. HTML lets a paragraph go
    without its end tag, which saves space.
    """
    if cell.outcome in (UNKNOWN, UNTESTABLE):
        return fill("{sign}{number}", sign=SIGNS[cell.outcome], number=number)
    surprise = Html("<mark>!</mark>") if cell.surprise else ""
    words = Html("=") if cell.outcome == HOLDS else fill("<p>{answer} ", answer=" or ".join(_short(word, usual) for word in cell.answers))
    return fill("{words}{letter}{number}{surprise}", words=words, letter=BASIS_LETTERS[cell.basis], number=number, surprise=surprise)


def _short(answer: str, usual: str) -> str:
    return answer.removeprefix(f"{usual} ")


def rules_list(rules: Iterable[Rule]) -> Html:
    """The rules, each with its anchor, its sentence and its source."""
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


def facts_list(facts: Iterable[tuple[str, str]]) -> Html:
    """Words and their meanings."""
    return fill("<dl>{items}</dl>", items=join(fill("<dt>{k}<dd>{v}\n", k=key, v=value) for key, value in facts))
