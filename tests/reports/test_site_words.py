"""What the site says in words, and since when: each of it must follow from the cells and the models."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from fixtures.models import MODELS, Platform
from fixtures.specification.clauses import is_variant
from reports.catalogue import find
from reports.cells import UNKNOWN, UNTESTABLE, Cell, cell
from reports.site import chapter_page, feed, first_page, history, pair_page, platform_page, words
from reports.site.template import way
from tests.helpers.site import gathered

E2 = "tcp/duplicate/both-reuseaddr/unlistened"
WAITING = "tcp/time-wait/server-closes-first/old-none/new-reuseaddr"


@pytest.mark.parametrize(
    ("answer", "platform", "said"),
    [
        ("bind EADDRINUSE", "linux", "refused at bind: EADDRINUSE"),
        ("bind EACCES", "windows", "refused at bind: WSAEACCES"),
        ("listen ok", "linux", "listen succeeds"),
        ("ok", "linux", "the socket is made"),
        ("connections B", "linux", "B receives"),
        ("connections A+B+D", "linux", "A, B and D receive"),
        ("connections both", "linux", "both sockets receive"),
        ("connections none", "linux", "nobody receives"),
        ("getsockopt 1", "linux", "the option reads 1"),
        ("getsockopt ECONNRESET", "linux", "refused at getsockopt: ECONNRESET"),
        ("recv end", "linux", "recv sees the end of the stream"),
        ("recv EAGAIN", "linux", "recv gets nothing (EAGAIN)"),
        ("file socket", "linux", "a socket is there"),
        ("file none", "linux", "nothing is there"),
        ("mode 0755", "linux", "the permissions are 0755"),
        ("getsockname /F", "linux", "it is called /F"),
        ("unlink EACCES", "linux", "refused at unlink: EACCES"),
    ],
)
def test_an_answer_in_words(answer: str, platform: str, said: str) -> None:
    assert words.phrase(answer, platform) == said


def test_a_second_errno_does_not_name_the_call_again() -> None:
    cell = Cell("either", ("bind EADDRINUSE", "bind EACCES"), "disputed", None, None)
    assert words.headline(cell, "windows") == "refused at bind: WSAEADDRINUSE or WSAEACCES"
    assert words.headline(replace(cell, answers=("bind ok", "listen EACCES"))) == "bind succeeds or refused at listen: EACCES"


@pytest.mark.parametrize(
    ("answers", "colour"),
    [
        (("bind ok",), "granted"),
        (("bind EINVAL",), "refused"),
        (("bind ok", "bind EADDRINUSE"), "either"),
        (("connections A",), "says"),
        (("bind EACCES", "bind EADDRINUSE"), "refused"),
    ],
)
def test_the_colour_of_an_answer(answers: tuple[str, ...], colour: str) -> None:
    assert words.colour(Cell("holds", answers, "source", None, None)) == colour
    assert words.colour(Cell(UNKNOWN, answers, "", None, None)) == UNKNOWN
    assert words.colour(Cell(UNTESTABLE, (), "", None, None)) == UNTESTABLE


def test_every_answer_of_the_matrix_has_words_and_every_platform_a_name() -> None:
    said = {answer: words.phrase(answer) for across in gathered().cells.values() for one in across.values() for answer in one.answers}
    assert len(said) > 50
    assert [answer for answer, phrase in said.items() if phrase == answer or "  " in phrase] == []
    assert set(words.TITLES) == set(MODELS)
    assert set(words.MAIN) <= set(MODELS)


def test_a_summary_names_each_platform_once() -> None:
    across = [(platform, gathered().cells[E2][str(platform)]) for platform in words.ordered(gathered().platforms)]
    told = words.summary(across)
    assert told.startswith("Linux, Windows and gVisor: bind succeeds. macOS, FreeBSD and OpenBSD: refused at bind: EADDRINUSE. Others: ")
    able = [platform for platform, one in across if one.outcome != UNTESTABLE]
    assert [words.title(platform) for platform in able if told.count(words.title(platform)) != 1] == []


@pytest.mark.parametrize("platform", ["linux", "windows", "solaris", "dragonfly", "gvisor"])
@pytest.mark.parametrize("identifier", [WAITING, E2, "tcp4/reuseport/receives/reuseport", "tcp/dual-stack/default/any4"])
def test_the_spans_of_releases_are_what_each_release_answers(platform: str, identifier: str) -> None:
    row = find(identifier)
    told = history.spans(Platform(platform), row)
    for release in [*MODELS[platform].releases, ""]:
        here = Platform(platform, release)
        model = here.make()
        span = [one for one in told if model.since(one.since)][-1]
        brute = cell(row, model, here.predict(row.script), None)
        assert (span.cell.outcome, span.cell.answers) == (brute.outcome, brute.answers), release
    changes = [(one.cell.outcome, one.cell.answers) for one in told]
    assert all(one != two for one, two in itertools.pairwise(changes))


def test_a_release_that_answers_otherwise_is_told() -> None:
    assert [(one.since, one.cell.answers) for one in history.spans(Platform("linux"), find(WAITING))] == [
        ("", ("bind EADDRINUSE",)),
        ("6.1", ("bind ok",)),
        ("6.1.21", ("bind EADDRINUSE",)),
    ]


def test_a_pair_tells_every_experiment_that_ends_differently_once() -> None:
    site = gathered()
    groups = pair_page.grouped(site, Platform("linux"), Platform("windows"))
    told = [name for _, names in groups for name in names]
    differing = [
        name
        for name, across in site.cells.items()
        if across["linux"].answers and across["windows"].answers and across["linux"].answers != across["windows"].answers
    ]
    assert sorted(told) == sorted(differing)
    assert len(differing) > 100


def test_the_surprises_of_a_platform_are_variants_that_decide() -> None:
    for platform in gathered().platforms:
        told = platform_page.surprises(gathered(), platform)
        assert [one["id"] for one in told if not is_variant(gathered().clauses[one["id"]])] == []
        assert all(one["example"] in gathered().decided[str(platform)][one["id"]] for one in told)
    assert "windows/time-wait-does-not-block" in [one["id"] for one in platform_page.surprises(gathered(), Platform("windows"))]
    assert platform_page.surprises(gathered(), Platform("stevens")) == []


def test_all_clauses_of_a_platform_are_under_their_places() -> None:
    told = platform_page.clauses_of(gathered(), Platform("linux")).data["groups"]
    names = [one["id"] for group in told for one in group["clauses"]]
    assert sorted(names) == sorted(one.id for one in gathered().own(Platform("linux")))
    assert "ipv4/inet_connection_sock.c" in [group["place"] for group in told]


#: The twelve lines of the first page, in their order: what Linux, Windows and FreeBSD are known for.
HEADLINES = [
    # Linux, Windows, FreeBSD
    ("no",  "yes",       "no"),
    ("no",  "yes",       "yes"),
    ("yes", "yes",       "yes"),
    ("no",  "no",        "yes"),
    ("yes", "no",        "yes"),
    ("yes", "not there", "yes"),
    ("yes", "not there", "no"),
    ("yes", "not there", "yes"),
    ("no",  "no",        "yes"),
    ("no",  "yes",       "no"),
    ("no",  "yes",       "yes"),
    ("yes", "no",        "no"),
]  # fmt: skip


def test_the_first_page_says_of_each_line_what_it_grants() -> None:
    lines = first_page.first(gathered(), ()).data["questions"]
    words = [{cell["name"]: cell["word"] for cell in line["cells"]} for line in lines]
    assert [tuple(line[name] for name in ("linux", "windows", "freebsd")) for line in words] == HEADLINES


def test_the_differences_of_a_line_are_those_of_its_cells() -> None:
    assert chapter_page.differences(gathered(), E2) == "bind succeeds; macOS, FreeBSD and OpenBSD: refused at bind: EADDRINUSE"
    cells = [{"name": "linux", "word": "yes", "title": "Linux"}, {"name": "windows", "word": "no", "title": "Windows"}]
    assert first_page.differs(cells) == "no on Windows"
    assert first_page.differs(cells[:1]) == "yes on all that have it"


@pytest.mark.parametrize(
    ("depth", "path", "address"),
    [
        (0, "", "index.html"),
        (1, "e/a/b/", "../e/a/b/index.html"),
        (2, "legend.html#bases", "../../legend.html#bases"),
        (0, "try/#x=/", "try/index.html#x=/"),
    ],
)
def test_the_way_from_page_to_page(depth: int, path: str, address: str) -> None:
    assert way(depth, path) == address


def test_the_feed_and_the_sitemap_are_xml() -> None:
    tree = ElementTree.fromstring(feed.feed("https://example.org/"))
    items = tree.findall("channel/item")
    told = list(feed.changes())
    assert [item.findtext("description") for item in items] == told
    assert len({item.findtext("guid") for item in items}) == len(told) > 5
    mapped = ElementTree.fromstring(feed.sitemap("https://example.org/", ["", "e/a&b/"]))
    assert [one[0].text for one in mapped] == ["https://example.org/", "https://example.org/e/a&b/"]
