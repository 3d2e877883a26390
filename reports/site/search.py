"""What can be searched for: the pages as short texts, which MiniSearch indexes in the browser when somebody is about to search."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from reports import incidents
from reports.claims import load as load_claims
from reports.site import document_page, library_page, paths
from reports.site.chapter_page import differences, plain
from reports.site.data import Site
from reports.site.template import file_of
from reports.site.words import ABOUT, MAIN, listed, ordered, title
from reports.wishes import ENTRIES

#: The kinds of pages, and how much a hit in one counts.
KINDS = {
    "Situation": 3.0,
    "Question": 3.2,
    "Library": 2.4,
    "It happened": 2.0,
    "Platform": 2.2,
    "Pair": 2.0,
    "Claim": 1.0,
    "Experiments": 1.2,
    "Page": 1.2,
    "Rule": 1.0,
    "Clause": 0.6,
}
#: What people call a platform.
CALLED = {
    "linux": "ubuntu debian fedora android wsl wsl2 docker container kubernetes errno 98",
    "macos": "mac osx darwin ios apple errno 48",
    "windows": "winsock win32 10048 10013 10054 wsaeaddrinuse wsaeacces wsaeconnreset",
    "freebsd": "bsd jail pfsense errno 48",
    "openbsd": "bsd errno 48",
    "gvisor": "runsc sandbox cloud run",
    "lwip": "esp32 esp8266 esp-idf arduino embedded errno 112",
    "wsl1": "wsl windows subsystem",
    "illumos": "smartos omnios solaris",
}
#: What people call what is wrong, for each situation.
SYMPTOMS = {
    "restart": "EADDRINUSE address already in use errno 98 48 10048 restart server TIME_WAIT kill crash port still taken SO_REUSEADDR",
    "workers": "SO_REUSEPORT load balance workers cluster fork processes share port idle",
    "alone": "SO_EXCLUSIVEADDRUSE hijack theft steal port security two servers same port EACCES 10013",
    "dual-stack": "IPv6 IPV6_V6ONLY localhost ::1 127.0.0.1 both families",
    "upgrade": "zero downtime reload deploy handover graceful hot restart",
    "free-port": "random port 0 ephemeral test CI flaky is port free check",
    "beside": "localhost two servers wrong server wildcard 0.0.0.0 specific address loopback EADDRINUSE",
    "error": "bind succeeds ok listen fails",
    "multicast": "mDNS 5353 multicast group SO_REUSEPORT receivers",
    "held": "EADDRINUSE who holds what uses my port child helper inherited zombie crashed ss lsof netstat shows nothing "
    "address already in use nothing is running localhost two servers permission denied EACCES low port",
    "stale-file": "unix socket file sock path unlink stale crashed /run /tmp/x.sock AF_UNIX EADDRINUSE ECONNREFUSED errno 98 48",
    "clients": "EADDRNOTAVAIL 10048 connect ephemeral ports exhausted outgoing source port proxy hole punching libp2p",
}


def script(site: Site) -> str:
    """The script that searches: the pages, and below them the function that looks for words in them."""
    kinds = list(KINDS)
    rows = [[kinds.index(kind), path, name, text, more] for kind, path, name, text, more in entries(site)]
    told = json.dumps({"kinds": list(KINDS.items()), "pages": rows, "ids": sorted(site.pages)}, ensure_ascii=False, separators=(",", ":"))
    return f"window.addrinuseIndex = {told};\n" + Path(__file__).with_name("searching.js").read_text(encoding="utf-8")


def entries(site: Site) -> Iterator[tuple[str, str, str, str, str]]:
    """Kind, file, title and text of everything that can be found, and words by which it is found and which it does not show."""
    yield from _people()
    yield from _questions()
    for policy in library_page.told()["libraries"]:
        words = f"{policy['language']} {policy['call']} {' '.join(policy['opt_in'])} EADDRINUSE restart second start TIME_WAIT"
        text = f"Sets {library_page.sets_in_words(policy)}."
        yield "Library", file_of(paths.library(policy["id"])), policy["name"], text, f"{policy['id']} {words}"
    yield from _platforms(site)
    for claim in load_claims():
        yield "Claim", file_of(paths.claim(claim.id)), claim.claim, f"{claim.verdict.capitalize()}. {claim.seen}"[:200], claim.id
    for chapter in site.chapters:
        for family in chapter.families:
            first = family.first.experiment
            path = file_of(paths.experiment(first.id)) if len(family.rows) == 1 else f"{chapter.page}#{family.anchor}"
            name = first.question if len(family.rows) == 1 else plain(family.question)
            yield "Experiments", path, name, differences(site, first.id), f"{chapter.name} {first.id}"
    for rule in site.rules.values():
        yield "Rule", file_of(paths.rule(rule.id)), f"Rule {rule.id}", rule.statement, ""
    for clause in site.clauses.values():
        yield "Clause", file_of(paths.clause(clause.id)), clause.id, clause.statement, title(clause.id.partition("/")[0])


def _people() -> Iterator[tuple[str, str, str, str, str]]:
    """What people want, and what happened to them."""
    for entry in ENTRIES:
        yield "Situation", file_of(paths.situation(entry.anchor)), entry.title, entry.about, SYMPTOMS[entry.anchor]
    for one in incidents.load():
        path = f"{file_of(paths.situation(one.situation))}#{one.id}"
        yield "It happened", path, one.what, listed([title(name) for name in one.platforms]), f"{one.id} {' '.join(one.links)}"


def _questions() -> Iterator[tuple[str, str, str, str, str]]:
    """The sections of the pages of docs/: those of the FAQ are questions; of the others the page is found, also by its headings."""
    for name in document_page.names():
        text = (document_page.DOCS / f"{name}.md").read_text(encoding="utf-8")
        file = file_of(paths.document(name))
        if name != "faq":
            headings = re.findall(r"^##+ (.+)$", text, flags=re.MULTILINE)
            yield "Page", file, document_page.title_of(text) or name, document_page.first_of(text)[:160], " ".join([name, *headings])
            continue
        for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            heading, _, body = part.partition("\n")
            told = document_page.first_of(f"\n\n{body.strip()}")
            yield "Question", f"{file}#{document_page.slug(heading)}", heading, told[:160], told[160:]


def _platforms(site: Site) -> Iterator[tuple[str, str, str, str, str]]:
    for one in ordered(site.platforms):
        text = f"What to know when porting to it. {ABOUT.get(one.name, '')}"
        yield "Platform", file_of(paths.platform(one.name)), title(one), text, CALLED.get(one.name, "")
    for a in MAIN:
        for b in MAIN:
            if a != b:
                about = "What changes, and what to write instead."
                yield "Pair", file_of(paths.pair(a, b)), f"From {title(a)} to {title(b)}", about, f"port porting {CALLED.get(b, '')}"
