"""``data.js``: what JavaScript adds to a page: question, script, rule and sources of every single experiment; deflated, as base64."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from fixtures import VERSION
from reports.explain import citation_line
from reports.site.data import Site
from reports.site.pages import RUN


def data(site: Site) -> str:
    """The script, which hands its data to the function that waits for them."""
    text = json.dumps(content(site), ensure_ascii=False, separators=(",", ":"))
    return f'addrinuse("{base64.b64encode(zlib.compress(text.encode(), 9)).decode()}")\n'


def content(site: Site) -> dict[str, Any]:
    """Everything by its id; a script is a list of places in ``lines``, the first of which names the platform."""
    lines: dict[str, int] = {}
    experiments = {}
    for chapter in site.chapters:
        for family in chapter.families:
            about = family.first.experiment
            cites = [str(citation) for citation in about.cites]
            for row in family.rows:
                platform, script = site.script(row)
                places = [lines.setdefault(line, len(lines)) for line in (str(platform), *script)]
                experiments[row.experiment.id] = [chapter.page, row.experiment.question, about.rule.id, family.function, cites, places]
    return {
        "release": VERSION,
        "run": RUN,
        "cite": citation_line("ID"),
        "lines": list(lines),
        "experiments": experiments,
        "rules": {rule.id: [rule.statement, str(rule.source)] for rule in site.rules.values()},
        "platforms": [
            [str(platform), str(platform.make().source), [[v.id, v.statement, str(v.source), site.place(v)] for v in site.departures[str(platform)]]]
            for platform in site.platforms
        ],
    }
