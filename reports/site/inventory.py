"""``objects.inv``: a Sphinx inventory (version 2), so that other projects' documentation can link to an id."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from fixtures import VERSION
from fixtures.libraries import policies
from reports.claims import load
from reports.site import paths
from reports.site.data import Site
from reports.site.words import title

HEADER = (
    "# Sphinx inventory version 2\n# Project: addrinuse\n# Version: {version}\n# The remainder of this file is compressed using zlib.\n"
)


def inventory(site: Site) -> bytes:
    """The file: every experiment, rule, clause, claim, library and platform as a label (``:external+addrinuse:ref:`ID```)."""
    lines = "".join(f"{name} std:label -1 {address} {shown}\n" for name, address, shown in sorted(objects(site)))
    return HEADER.format(version=VERSION).encode() + zlib.compress(lines.encode(), 9)


def objects(site: Site) -> Iterator[tuple[str, str, str]]:
    """Label, address and title of everything that can be linked to. Sphinx asks for labels in lower case."""
    for row in site.rows:
        yield row.experiment.id, paths.experiment(row.experiment.id), "-"
    for platform in site.platforms:
        yield f"platform/{platform}", paths.platform(platform.name), title(platform)
    for rule in site.rules.values():
        yield f"rule/{rule.id.lower()}", site.place(rule), rule.id
    for clause in site.clauses.values():
        yield clause.id, site.place(clause), "-"
    for policy in policies.load():
        yield f"library/{policy.id}", paths.library(policy.id), policy.name
    for claim in load():
        yield f"claim/{claim.id.lower()}", paths.claim(claim.id), claim.id
