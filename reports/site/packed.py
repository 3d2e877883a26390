"""``data.js``: what JavaScript adds to the pages: the script, rule and sources of every experiment, deflated and in base64."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from fixtures import VERSION
from reports.explain import bibtex, citation_line
from reports.site.data import Chapter, Family, Site, key_of


def data(site: Site) -> str:
    """The script. It hands its data to the function that waits for them."""
    text = json.dumps(content(site), ensure_ascii=False, separators=(",", ":"))
    return f'addrinuse("{base64.b64encode(zlib.compress(text.encode(), 9)).decode()}")\n'


def content(site: Site) -> dict[str, Any]:
    """All of the data.

    Experiments are in families. A script is a list of indices into ``lines``; the first line names the platform.

    A platform is its name and indices into ``clauses``: its cells give the number of a clause in this list.
    """
    lines: dict[str, int] = {}
    clauses = list(dict.fromkeys(clause for met in site.deciding.values() for clause in met))
    families = [_family(site, chapter, family, lines) for chapter in site.chapters for family in chapter.families]
    return {
        "release": VERSION,
        "run": "addrinuse run -k",
        "cite": citation_line("ID"),
        "bibtex": "\n".join(bibtex("ID")),
        "lines": list(lines),
        "families": families,
        "rules": {rule.id: [rule.statement, str(rule.source)] for rule in site.rules.values()},
        "platforms": [[str(platform), [clauses.index(clause) for clause in site.deciding[str(platform)]]] for platform in site.platforms],
        "clauses": [[clause.id, clause.statement, key_of(clause.source)] for clause in clauses],
    }


def _family(site: Site, chapter: Chapter, family: Family, lines: dict[str, int]) -> list[Any]:
    """Page, rule, the template of the ids, the names of the parameters, and a row for each experiment.

    The page has the question.
    """
    identifier = family.first.template.id
    names = [name for name in family.first.parameters if f"{{{name}}}" in identifier]
    rows = []
    for row in family.rows:
        platform, script = site.script(row)
        places = [lines.setdefault(line, len(lines)) for line in (str(platform), *script)]
        rows.append([[row.parameters[name] for name in names], places])
    return [
        chapter.page,
        family.first.experiment.rule.id,
        identifier,
        names,
        rows,
    ]
