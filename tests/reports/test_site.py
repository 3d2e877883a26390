from __future__ import annotations

import json
import posixpath
import re
import sys
import xml.etree.ElementTree as ElementTree
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from fixtures.libraries import policies
from fixtures.models import Platform
from fixtures.models.lifecycle import TRANSITIONS
from fixtures.specification.clauses import is_variant
from reports import incidents, wishes
from reports.__main__ import main
from reports.catalogue import ROOT, by_id, find
from reports.cells import RUNS
from reports.claims import load
from reports.inputs import BadInput
from reports.site import Parts, files, gather, inventory, paths, pictures, recorded, template
from reports.site.data import Site, witnesses
from reports.site.experiment_page import experiment, lanes, switches
from reports.site.first_page import WAYS_IN
from reports.site.words import MAIN
from tests.helpers.site import FEW, anchors, anchors_of, built, gathered, page
from tests.helpers.site import pages as parsed
from tests.reports.test_matrix import run_of

E2 = "tcp/duplicate/both-reuseaddr/unlistened"
#: Bytes of a page with its style and script: as they are, and as a server sends them.
MOST, MOST_SENT = 140_000, 30_000


def test_a_visit_loads_little() -> None:
    style, script = built()["site.css"], built()["site.js"]
    shared, shared_sent = (sum(map(size, (style, script))) for size in (len, sent))
    for name, content in built().items():
        if name.endswith(".html"):
            assert len(content) + shared < MOST, name
            assert sent(content) + shared_sent < MOST_SENT, name
    assert len(built()["index.html"]) + shared < 70_000


def sent(content: bytes) -> int:
    """The size of a file as a server sends it."""
    return len(zlib.compress(content))


def test_the_licences_are_those_of_the_files() -> None:
    assert all(words in (ROOT / name).read_text(encoding="utf-8") for words, name in template.LICENCES.values())
    assert "Code: MIT License; data: CC0 1.0" in built()["index.html"].decode()


def lost(name: str, links: list[str], there: dict[str, bytes]) -> list[str]:
    """The links of a page that lead nowhere; the pages of experiments that were not built count as there."""
    missing = []
    for link in links:
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = unquote(link).partition("#")
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) if target else name
        unbuilt = place.startswith("e/") and place.removeprefix("e/").removesuffix("/index.html") in by_id()
        anchored = anchor and place in there and place != "try/index.html"
        if (place not in there and not unbuilt) or (anchored and anchor not in anchors_of(there[place])):
            missing.append(f"{name}: {link}")
    return missing


def test_every_internal_link_leads_somewhere() -> None:
    assert [one for name, read in parsed().items() for one in lost(name, read.links, built())] == []
    # The other clauses' pages.
    for name in (name for name in built() if name.startswith("clause/")):
        assert lost(name, re.findall(r'<a[^>]* href="([^"]*)"', built()[name].decode()), built()) == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    for name, read in parsed().items():
        for resource in read.resources:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(name), resource))
            assert resource == "data:," or place in built(), f"{name}: {resource}"
    for name in ("site.css", "site.js", "sw.js", *(name for name in built() if name.endswith(".svg"))):
        assert re.findall(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[\w.]+", re.sub(r"(?m)^\s*//.*$", "", built()[name].decode())) == []


def test_whatever_has_a_name_has_a_page() -> None:
    site = gathered()
    wanted = [paths.clause(name) for name in site.clauses]
    wanted += [paths.rule(name) for name in site.rules]
    wanted += [paths.claim(claim.id) for claim in load()]
    wanted += [paths.platform(platform.name) for platform in site.platforms]
    wanted += [paths.library(policy.id) for policy in policies.load()]
    wanted += [paths.situation(entry.anchor) for entry in wishes.ENTRIES]
    wanted += [paths.pair(a, b) for a in MAIN for b in MAIN if a != b]
    wanted += [paths.experiment(name) for name in by_id() if name.startswith(FEW)]
    assert [path for path in wanted if template.file_of(path) not in built()] == []


def test_the_permalinks_of_old_go_on_working() -> None:
    for identifier, name in gathered().pages.items():
        assert identifier in anchors(name)
    chapter = built()[gathered().pages[E2]].decode()
    assert f'<dt id="{E2}"><a href="e/{E2}/index.html">' in chapter
    happened = {one.id for one in incidents.load()}
    assert {*happened, *(one.anchor for one in wishes.ENTRIES)} <= anchors("situations.html")
    assert {one.id for one in load()} <= anchors("disputed.html")
    assert set(gathered().rules) <= anchors("legend.html")
    assert set(map(str, gathered().platforms)) <= anchors("platforms.html")
    assert {f"library/{one.id}" for one in policies.load()} <= anchors("libraries.html")


def test_pages_are_whole_and_say_what_they_are() -> None:
    for name, read in parsed().items():
        tags = Counter(tag for tag, _ in read.elements)
        assert (tags["h1"], tags["main"], tags["title"]) == (1, 1, 1), name
        assert name.startswith("docs/") or tags["caption"] == tags["table"], name
        scoped = [attributes.get("scope") for tag, attributes in read.elements if tag == "th"]
        assert name.startswith("docs/") or set(scoped) <= {"col", "row"}, name
        assert all(attributes.get("alt") for tag, attributes in read.elements if tag == "img"), name
        assert any(attributes.get("href") == "#main" for tag, attributes in read.elements if tag == "a"), name
        assert not [one for tag, attributes in read.elements for one in attributes if one.startswith("on") or one == "style"], name
        assert [one for one, times in Counter(read.ids).items() if times > 1] == [], name
        said = {attributes.get("name"): attributes.get("content") for tag, attributes in read.elements if tag == "meta"}
        assert said["description"], name


def test_the_page_of_an_experiment_tells_everything() -> None:
    name = f"e/{E2}/index.html"
    told = page(name).words
    row = find(E2)
    for words in (
        row.experiment.question,
        row.experiment.rule.statement,
        "Linux, Windows and gVisor: bind succeeds.",
        "refused at bind: EADDRINUSE",
        "inet_bind_conflict",
        "linux/unlistened-duplicates",
        "6.18.44-fc-v1045 (root",
        "PYDEV-E2",
        f"addrinuse run -k {E2}",
        f"addrinuse 0.1.0, experiment {E2}",
        f"\\texttt{{{E2}}}",
        "Runs that show it",
    ):
        assert words in told
    links = page(name).links
    assert "../../../../../clause/linux/unlistened-duplicates/index.html" in links
    assert "../../../../../rule/S5/index.html" in links
    assert all(f"../../../../../platform/{p}/index.html" in links for p in gathered().platforms if gathered().cells[E2][str(p)].answers)


def test_the_picture_shows_who_holds_the_port() -> None:
    row = find("tcp/time-wait/server-closes-first/old-reuseaddr/new-none")
    drawn = lanes(gathered().played(Platform("stevens"), row))
    assert drawn["lanes"][0] == "A"
    kinds = {step["call"]: dict(zip(drawn["lanes"], (cell["kind"] for cell in step["cells"]), strict=True)) for step in drawn["steps"]}
    assert kinds["A.listen()"]["A"] == "listen"
    assert "left" in {kind for step in kinds.values() for kind in step.values()}
    assert drawn["steps"][-1]["refused"]


def test_text_is_escaped() -> None:
    nasty = '<script>alert("1")</script>&'
    row = find(E2)
    strange = replace(row, experiment=replace(row.experiment, question=nasty), template=replace(row.template, question=nasty))
    site = Site(gathered().platforms, [strange], {E2: gathered().cells[E2]})
    made = template.rendered(experiment(site, E2), {"address": "", "has_playground": False, "has_search": False})
    assert "<script>alert" not in made
    assert "&lt;script&gt;" in made
    told = re.search(r'<script type="application/ld\+json">(.*)</script>', made)
    assert told
    assert json.loads(told[1])["headline"] == nasty


def test_without_jinja_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    template.environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(BadInput, match=r"pip install 'addrinuse\[site\]'"):
        template.environment()
    template.environment.cache_clear()


@pytest.mark.parametrize("wish", [wish for one in wishes.ENTRIES for wish in one.wishes], ids=lambda wish: wish.words)
def test_a_situation_asks_what_there_is(wish: wishes.Wish) -> None:
    across = gathered().across(wish.experiment)
    assert {wish.granted(cell) for cell in across} & {"yes", "no", "maybe"}
    verbs = {answer.split()[0] for cell in across for answer in cell.answers}
    assert {answer.split()[0] for answer in wish.hopes} <= verbs | {"listen"}


def test_the_first_page_has_the_ways_in_that_there_are() -> None:
    links = page("index.html").links
    there = [name for _, name, _ in WAYS_IN if (ROOT / "docs" / f"{name}.md").is_file()]
    assert "porting" in there
    assert [name for _, name, _ in WAYS_IN if f"docs/{name}/index.html" in links] == there
    assert "try/index.html" not in links


def test_the_inventory_can_be_read_as_sphinx_reads_it() -> None:
    head, _, body = built()["objects.inv"].partition(b"zlib.\n")
    assert head.startswith(b"# Sphinx inventory version 2\n# Project: addrinuse\n# Version: ")
    pattern = re.compile(r"(?x)(.+?)\s+(\S+)\s+(-?\d+)\s+?(\S*)\s+(.*)")  # that of sphinx.util.inventory
    entries = [pattern.fullmatch(line) for line in zlib.decompress(body).decode().splitlines()]
    found = {entry[1]: entry[4] for entry in entries if entry}
    assert len(found) == len(entries) == len(list(inventory.objects(gathered())))
    assert found == {name: address for name, address, _ in inventory.objects(gathered())}
    assert found[E2] == f"e/{E2}/"
    assert [name for name in found if name != name.lower()] == []
    built_or_known = (address for name, address in found.items() if name not in by_id())
    assert [address for address in built_or_known if template.file_of(address) not in built()] == []


def test_the_inventory_can_be_read_by_sphobjinv(tmp_path: Path) -> None:
    sphobjinv = pytest.importorskip("sphobjinv")
    path = tmp_path / "objects.inv"
    path.write_bytes(built()["objects.inv"])
    assert {one.name for one in sphobjinv.Inventory(path).objects} >= set(by_id())


def test_pictures_are_drawn_from_the_data() -> None:
    drawn = {picture.name: picture for picture in pictures.pictures(gathered())}
    for picture in drawn.values():
        tree = ElementTree.fromstring(picture.svg)
        assert [child.tag.rpartition("}")[2] for child in tree][:2] == ["title", "desc"]
        assert (tree.get("role"), bool(tree[0].text), bool(tree[1].text)) == ("img", True, True)
    words = drawn["lifecycle"].svg
    assert [state for states in TRANSITIONS for state in states[:1] if f">{state}<" not in words] == []
    assert [event for _, event in TRANSITIONS if event not in words] == []
    assert "B.listen() = EADDRINUSE" in drawn["e3"].svg
    assert [str(platform) for platform in gathered().platforms if f">{platform}<" not in drawn["evidence"].svg] == []


def test_states_are_told_from_call_to_call() -> None:
    row = find("tcp/time-wait/server-closes-first/old-reuseaddr/new-none")
    steps = dict(gathered().played(Platform("stevens"), row))
    assert steps["A.listen() = ok"] == "A LISTEN"
    assert steps["B.connect(127.0.0.1:P) = ok"] == "B ESTABLISHED, C ESTABLISHED"
    assert steps["C.close() = ok"] == "B CLOSE_WAIT, C FIN_WAIT_2"
    assert steps["B.close() = ok"] == "C TIME_WAIT, B gone"


def test_the_variants_of_every_release_are_there() -> None:
    old = [variant for variant in gathered().clauses.values() if is_variant(variant) and variant.until]
    assert old
    assert [one.id for one in old if f"until {one.until}" not in built()[f"clause/{one.id}/index.html"].decode()] == []


def test_recorded_runs_are_named(tmp_path: Path) -> None:
    assert recorded(run_of(tmp_path, "linux@6.18.44", "ok")) == {"linux": ["linux@6.18.44.jsonl (Linux 6.18.44)"]}
    assert recorded(tmp_path / "none") == {}


@pytest.mark.exhaustive
def test_a_run_has_the_release_of_the_models_and_not_what_uname_says() -> None:
    """Debian calls its 6.1.192 6.1.0-57: beside “since 6.1.21” that reads as if the run were of an older release."""
    machines = {one.machine.partition(" (")[0] for one in witnesses(RUNS)["tcp/duplicate/no-option"] if one.platform == "linux"}
    assert {"5.10.262", "6.1.192", "6.12.118"} <= machines
    assert not {one for one in machines if "+deb" in one or one.endswith(".0")}
    told = next(one for one in recorded(RUNS)["linux"] if "6.1.192-root" in one)
    assert told == "linux-6.1.192-root.jsonl.xz (Linux 6.1.192 x86_64; uname: Linux 6.1.0-57-cloud-amd64)"


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ("A = tcp6(IPV6_V6ONLY=0)\nB = tcp6(IPV6_V6ONLY=1)", [("IPV6_V6ONLY", "off (=0) at A; on (=1) at B")]),
        ("A = tcp6(IPV6_V6ONLY=0, SO_REUSEADDR)\nB = udp6(IPV6_V6ONLY=0)", [("IPV6_V6ONLY", "off (=0) at A and B")]),
        ("A = tcp6()\nA.setsockopt(IPV6_V6ONLY, 0) = ok\nA.setsockopt(IPV6_V6ONLY, 1) = EINVAL", [("IPV6_V6ONLY", "off (=0) at A")]),
        ("A = tcp4(SO_REUSEPORT)\nA.setsockopt(SO_REUSEPORT, 0) = ok", [("SO_REUSEPORT", "on (=1), then off (=0) at A")]),
        ("A = tcp6(IPV6_V6ONLY=1)", []),
        ("A = tcp4()\nA.setsockopt(SO_LINGER, 0) = ok", []),
    ],
)
def test_a_script_that_clears_an_option_says_who_has_it(calls: str, told: list[tuple[str, str]]) -> None:
    """A rule that names IPV6_V6ONLY beside a script with =0 left readers at a loss which of the two it means."""
    assert [(one["option"], one["sockets"]) for one in switches([(line, "") for line in calls.splitlines()])] == told


def test_the_page_says_which_way_an_option_is() -> None:
    made = experiment(gathered(), "tcp/dual-stack/apart/any4-then-loopback6")
    told = template.rendered(made, {"address": "", "has_playground": False, "has_search": False})
    assert "In this script IPV6_V6ONLY is off (=0) at B. Where a rule or a clause names an option alone, it means that it is on." in told


def test_the_titles_of_chapters_are_spelt_as_people_write_them() -> None:
    titles = {chapter.name: chapter.title for chapter in gathered().chapters}
    assert titles["udp"] == "UDP"
    assert titles["connected udp"] == "Connected UDP"
    assert titles["reuseport lb"] == "SO_REUSEPORT_LB"
    assert titles["duplicate bind"] == "Duplicate bind"


def test_the_words_of_a_picture_are_legible() -> None:
    """No text has a class that a box is coloured by: the names of the states were once as pale as a box."""
    for name in (name for name in built() if name.endswith(".svg")):
        drawn = built()[name].decode()
        colours = set(re.findall(r"\.(\w+)\{fill:var\(--(?!line|ink)\w+\)", drawn))
        assert not colours & set(re.findall(r'<text [^>]*class="(\w+)"', drawn)), name


def test_it_is_the_same_each_time() -> None:
    site = gathered()
    again = files(Site(site.platforms, site.rows, site.cells, site.runs, site.witnesses), only=FEW)
    assert [name for name, content in again.items() if content != built()[name]] == []


def test_it_is_written_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    few = {name: content for name, content in built().items() if not name.startswith("clause/")}
    monkeypatch.setattr("reports.site.gather", gathered)
    monkeypatch.setattr("reports.site.parts", Parts)
    monkeypatch.setattr("reports.site.files", lambda *_: few)
    folder = tmp_path / "a" / "b"
    assert main(["site", "-o", str(folder)]) == 0
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == few
    (tmp_path / "file").write_text("")
    assert main(["site", "-o", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_all_of_it_is_built_and_every_link_leads_somewhere() -> None:
    whole = files(gather())
    assert [name for name in by_id() if f"e/{name}/index.html" not in whole] == []
    for name, content in whole.items():
        if name.startswith("e/"):
            assert lost(name, re.findall(r'<a[^>]* href="([^"]*)"', content.decode()), whole | built()) == []
            assert len(zlib.compress(content)) < MOST_SENT
