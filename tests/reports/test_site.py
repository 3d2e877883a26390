from __future__ import annotations

import base64
import json
import re
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
from reports import cells, incidents, wishes
from reports.__main__ import main
from reports.catalogue import ROOT, by_id, find
from reports.claims import load
from reports.libraries.answers import chapter, everywhere
from reports.site import data, files, html, inventory, layout, pictures, recorded, tables
from reports.site import pages as site_pages
from reports.site.libraries_page import alike
from tests.helpers.site import built, gathered
from tests.helpers.site import pages as parsed
from tests.reports.test_matrix import run_of

pytestmark = pytest.mark.xdist_group("cells")

OWN = re.compile(r"[a-z0-9-]+\.(html|css|js|svg)")
E2 = "tcp/duplicate/both-reuseaddr/unlistened"


def test_the_whole_site_and_its_first_page_are_small() -> None:
    assert sum(map(len, built().values())) < 2_000_000
    first = sum(len(built()[name]) for name in ("index.html", "site.css", "site.js"))
    assert first < 160_000


def test_the_licences_are_those_of_the_files() -> None:
    assert all(words in (ROOT / name).read_text(encoding="utf-8") for words, name in layout.LICENCES.values())
    assert "Code: MIT License; data: CC0 1.0" in built()["index.html"].decode()


def test_every_internal_link_leads_somewhere() -> None:
    lost = []
    for name, page in parsed().items():
        for link in page.links:
            target, _, anchor = unquote(link).partition("#")
            if not link.startswith(("http://", "https://")):
                there = parsed().get(target or name)
                lost += [f"{name}: {link}"] if there is None or (anchor and anchor not in there.ids) else []
    assert lost == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    loaded = {resource for page in parsed().values() for resource in page.resources}
    assert [resource for resource in loaded if not (OWN.fullmatch(resource) and resource in built()) and resource != "data:,"] == []
    for name in ("site.css", "site.js", *(name for name in built() if name.endswith(".svg"))):
        assert re.findall(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[\w.]+", built()[name].decode().replace("\n//", "")) == []


def test_every_id_has_one_anchor() -> None:
    for name, page in parsed().items():
        assert [identifier for identifier, times in Counter(page.ids).items() if times > 1] == [], name
    anchors = {identifier: name for name, page in parsed().items() for identifier in page.ids}
    wanted = [*by_id(), *gathered().clauses, *gathered().rules, *(claim.id for claim in load()), *map(str, gathered().platforms)]
    assert [identifier for identifier in wanted if identifier not in anchors] == []
    assert {identifier: anchors[identifier] for identifier in by_id()} == gathered().pages
    entries = {*(one.anchor for one in wishes.ENTRIES), *(one.id for one in incidents.load())}
    assert entries <= set(parsed()["situations.html"].ids)
    assert {f"library/{one.id}" for one in policies.load()} <= set(parsed()["libraries.html"].ids)


def test_a_library_is_told_with_what_follows() -> None:
    text = built()["libraries.html"].decode()
    part = next(part for part in text.split("<tbody>") if "id=library/asyncio>" in part)
    for words in (
        "<h2 id=f",
        "TCP: SO_REUSEADDR; ",
        "none",
        "second start (<a href=duplicate-bind.html#",
        "<b>seen: CPython 3.11.7</b>",
        "refused O",
    ):
        assert words in part


def test_libraries_are_alike_only_where_they_set_the_same() -> None:
    groups = alike(chapter(policies.load(), ["linux", "windows"])["libraries"])
    for group in groups:
        for one in group.libraries:
            assert {platform: there["sets"]["text"] for platform, there in one["on"].items()} == group.sets
    assert sum(len(group.libraries) for group in groups) == len(policies.load())


def test_pages_are_whole_and_say_where_they_are() -> None:
    for name, page in parsed().items():
        tags = Counter(tag for tag, _ in page.elements)
        assert (tags["h1"], tags["main"], tags["title"], tags["caption"] >= tags["table"]) == (1, 1, 1, True), name
        scoped = [attributes.get("scope") for tag, attributes in page.elements if tag == "th"]
        assert set(scoped) <= {"col", "row", "rowgroup", None}, name
        assert all("alt" in attributes for tag, attributes in page.elements if tag == "img"), name
        assert any(attributes.get("href") == "#main" for tag, attributes in page.elements if tag == "a"), name
        assert not [one for tag, attributes in page.elements for one in attributes if one.startswith("on") or one == "style"], name


def test_every_line_of_the_matrix_has_a_cell_for_each_platform() -> None:
    site = gathered()
    columns = {"index.html": len(site.platforms), **{chapter.page: len(site.able(chapter)) for chapter in site.chapters}}
    for name, count in {**columns, "libraries.html": len(everywhere())}.items():
        lines = re.findall(r"(?s)<tr[^>]*><th.*?(?=<tr|<tbody|</tbody|</table)", built()[name].decode().partition("</thead>")[2])
        assert {line.count("<td>") for line in lines} == {count}, name
    assert columns["winsock.html"] < len(site.platforms) == columns["udp.html"]


def test_a_page_tells_question_rule_script_answer_and_how_to_run_it() -> None:
    page = built()[gathered().pages[E2]].decode()
    part = page[page.index("E2: both") : page.index(f"id={E2}") + 900]
    for words in (
        "S5",
        "B = tcp4(SO_REUSEADDR)",
        "<p>ok O",
        "PYTHON_DEV_2008 078446",
    ):
        assert words in part
    assert "addrinuse " in page
    assert "addrinuse explain ID" in built()["legend.html"].decode()


def test_the_cells_are_those_of_the_matrix() -> None:
    site = gathered()
    row = find(E2)
    linux = site.cells[E2]["linux"]
    assert tables.mark(linux, "bind", site.number(Platform("linux"), linux)).startswith("<p>ok O")
    assert tables.mark(replace(linux, surprise=True), "bind").endswith("<mark>!</mark>")
    looks = {tables.mark(replace(linux, outcome=outcome), "bind") for outcome in cells.OUTCOMES}
    assert looks == {"=O", "<p>ok O", "?", "-"}
    assert [line for line, _ in site.played(Platform("linux"), row)] == Platform("linux").predict(row.script)[0].lines


def test_the_number_in_a_cell_is_that_of_the_clause_on_the_platforms_page() -> None:
    site = gathered()
    text = built()["platforms.html"].decode()
    for platform in site.platforms:
        part = text[text.index(f"<h2 id={platform}>") :].partition("</section>")[0]
        for number, clause in enumerate(site.deciding[str(platform)], 1):
            assert f">{number}. " in part
            assert clause.id in part


@pytest.mark.parametrize("wish", [wish for one in wishes.ENTRIES for wish in one.wishes], ids=lambda wish: wish.words)
def test_a_situation_asks_what_there_is(wish: wishes.Wish) -> None:
    across = gathered().across(wish.experiment)
    assert {wish.granted(cell) for cell in across} & {"yes", "no", "maybe"}
    verbs = {answer.split()[0] for cell in across for answer in cell.answers}
    assert {answer.split()[0] for answer in wish.hopes} <= verbs | {"listen"}


def test_text_is_escaped() -> None:
    nasty = '<script>alert("1")</script>&'
    assert html.fill("<p title={t}>{x}", t=html.attribute(nasty), x=nasty) == (
        '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;'
    )
    assert [str(html.attribute(value)) for value in ("a/b.c+d", "a b", "", "a/", "x=y")] == ["a/b.c+d", '"a b"', '""', '"a/"', '"x=y"']
    row = find(E2)
    strange = replace(row, experiment=replace(row.experiment, question=nasty), template=replace(row.template, question=nasty))
    site = data.Site(gathered().platforms, [strange], {E2: gathered().cells[E2]})
    page = site_pages.chapter(site, site.chapters[0])
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_parameters_of_a_question_are_marked() -> None:
    said = tables.variables("May {newcomer.who} bind {places.held.aloud} & {first} with {second.aloud}?")
    names = [f"<var>{name}</var>" for name in ("newcomer", "held", "first", "second")]
    assert said == "May {} bind {} &amp; {} with {}?".format(*names)


def test_the_data_of_single_experiments_is_whole() -> None:
    packed = re.fullmatch(r'addrinuse\("([A-Za-z0-9+/=]+)"\)\n', built()["data.js"].decode())
    assert packed
    told = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    found = {}
    for page, rule, identifier, names, rows in told["families"]:
        for values, places in rows:
            script = [told["lines"][place].partition(" # ")[0] for place in places]
            found[identifier.format(**dict(zip(names, values, strict=True)))] = (page, rule, script[-1])
    for row in by_id().values():
        about = row.experiment
        shown, lines = gathered().script(row)
        last = lines[-1].partition(" # ")[0] if lines else str(shown)
        assert found.pop(about.id) == (gathered().pages[about.id], about.rule.id, last)
    assert found == {}
    assert [name for name, *_ in told["platforms"]] == [str(platform) for platform in gathered().platforms]


def test_the_inventory_can_be_read_as_sphinx_reads_it() -> None:
    head, _, body = built()["objects.inv"].partition(b"zlib.\n")
    assert head.startswith(b"# Sphinx inventory version 2\n# Project: addrinuse\n# Version: ")
    pattern = re.compile(r"(?x)(.+?)\s+(\S+)\s+(-?\d+)\s+?(\S*)\s+(.*)")  # that of sphinx.util.inventory
    entries = [pattern.fullmatch(line) for line in zlib.decompress(body).decode().splitlines()]
    found = {entry[1]: entry[4].replace("$", entry[1]) for entry in entries if entry}
    assert len(found) == len(entries) == len(list(inventory.objects(gathered())))
    assert found == {name: address for name, address, _ in inventory.objects(gathered())}
    assert found[E2] == f"{gathered().pages[E2]}#{E2}"
    assert [name for name in found if name != name.lower()] == []
    assert [address for address in found.values() if address.partition("#")[2] not in parsed()[address.partition("#")[0]].ids] == []


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
    text = built()["platforms.html"].decode()
    old = [variant for variant in gathered().clauses.values() if is_variant(variant) and variant.until]
    assert old
    assert [variant.id for variant in old if f", until {variant.until}" not in text] == []


def test_recorded_runs_are_named(tmp_path: Path) -> None:
    assert recorded(run_of(tmp_path, "linux@6.18.44", "ok")) == {"linux": ["linux@6.18.44.jsonl ()"]}
    assert recorded(tmp_path / "none") == {}


def test_it_is_the_same_each_time() -> None:
    site = gathered()
    again = files(data.Site(site.platforms, site.rows, site.cells, site.runs))
    assert [name for name, content in again.items() if content != built()[name]] == []


def test_it_is_written_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("reports.site.gather", gathered)
    monkeypatch.setattr("reports.site.files", lambda _: built())
    folder = tmp_path / "a" / "b"
    assert main(["site", "-o", str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == built()
    (tmp_path / "file").write_text("")
    assert main(["site", "-o", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
