"""The site in a real browser: `tox -e browser`. Skipped where Playwright or Chromium is absent."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures import VERSION
from reports.catalogue import by_id
from reports.site import write
from tests.helpers.site import built, gathered

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is absent; run: tox -e browser")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is absent; run: tox -e browser")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path; install one, such as Debian's"),
    # Playwright leaves its event loop and pipes to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
E2 = "tcp/duplicate/both-reuseaddr/unlistened"
#: The script of which E2 is the only experiment.
FAMILY = "duplicate-bind.html#f2"
PAGES = [
    "index.html",
    "situations.html",
    "platforms.html",
    "libraries.html",
    "disputed.html",
    "pictures.html",
    "legend.html",
    "sources.html",
    "time-wait.html",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("www") / "some" / "path"
    write(root, built())
    write(root / "9.9", {"index.html": b'<!doctype html><title>9.9</title><link rel=icon href="data:,">'})
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield chromium
        chromium.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    root = folder.parent.parent
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{folder.relative_to(root)}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["file", "path"])
def root(request: pytest.FixtureRequest, folder: Path, served: str) -> str:
    """The site as files, and under a path of a server."""
    return folder.as_uri() if request.param == "file" else served


class Visit:
    """Pages of one browsing session, and whatever they complained of."""

    def __init__(self, context: Any) -> None:
        self.context, self.page, self.complaints = context, context.new_page(), list[str]()
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def visit(browser: Any, request: pytest.FixtureRequest) -> Iterator[Visit]:
    wishes = getattr(request, "param", {})
    context = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, **wishes})
    one = Visit(context)
    yield one
    context.close()
    assert one.complaints == []


def test_no_page_complains_or_asks_elsewhere(visit: Visit, root: str) -> None:
    for name in (name for name in built() if name.endswith(".html")):
        visit.page.goto(f"{root}/{name}")
    assert [url for url in visit.requests if not url.startswith((root, "data:,"))] == []


@pytest.mark.parametrize("address", [f"index.html?id={E2}", f"index.html?id={E2}&release={VERSION}", f"duplicate-bind.html#{E2}"])
def test_a_permalink_leads_to_the_experiment(visit: Visit, root: str, address: str) -> None:
    visit.page.goto(f"{root}/{address}")
    visit.page.wait_for_selector("dialog[open]")
    assert visit.page.url == f"{root}/duplicate-bind.html#{E2}"
    text = visit.page.inner_text("dialog")
    last = visit.page.locator("dialog tr", has=visit.page.locator("th:text-is('lwip')")).inner_text().split("\t")
    assert last[:3] == ["lwip", "ok", "observed"]
    for words in (
        E2,
        "E2: both sockets",
        "B.bind(127.0.0.1:P) = EADDRINUSE",
        "linux/unlistened-duplicates",
        "observed",
        f"id={E2}&release={VERSION}",
        f"experiment \\texttt{{{E2}}}",
    ):
        assert words in text


def test_a_permalink_of_another_release_leads_there(visit: Visit, root: str) -> None:
    visit.page.goto(f"{root}/index.html?id={E2}&release=9.9")
    visit.page.wait_for_url(f"{root}/9.9/**")


def test_an_unknown_id_is_said_to_be_unknown(visit: Visit, root: str) -> None:
    visit.page.goto(f"{root}/index.html?id=tcp/nonsense")
    visit.page.wait_for_function("document.getElementById('found').textContent.includes('no experiment tcp/nonsense')")


def test_every_experiment_has_its_story(visit: Visit, folder: Path) -> None:
    visit.page.goto(f"{folder.as_uri()}/index.html")
    told = visit.page.evaluate("async () => [...(await load()).experiments.values()].map((one) => [one.id, one.page])")
    assert dict(told) == gathered().pages


@pytest.mark.parametrize("chapter", ["time-wait.html", "udp.html"])
def test_a_question_is_told_with_what_the_experiment_puts_in(visit: Visit, folder: Path, chapter: str) -> None:
    visit.page.goto(f"{folder.as_uri()}/{chapter}")
    told = visit.page.evaluate("load().then((data) => anchors().map((one) => [one.id, question(one, data.experiments.get(one.id))]))")
    wanted = {name: row.experiment.question for name, row in by_id().items() if gathered().pages[name] == chapter}
    assert dict(told) == wanted


def test_search_opens_the_chapters_with_hits_and_hides_the_rest(visit: Visit, root: str) -> None:
    page = visit.page
    page.goto(f"{root}/index.html")
    shown = "() => [...document.querySelectorAll('.m tbody tr')].filter((row) => row.checkVisibility()).length"
    chapters = page.evaluate(shown)
    assert chapters == len(gathered().chapters)
    page.fill("#q", "neither listens SO_REUSEADDR")
    assert page.inner_text("#found") != "0 found"
    assert page.is_visible(f"a[href='{FAMILY}']")
    assert page.locator("summary:visible").count() < chapters
    page.fill("#q", "tcp/duplicate/both-reuse")
    page.wait_for_function("document.getElementById('found').textContent === '1 found'")
    page.fill("#q", "qwertyuiop")
    assert (page.inner_text("#found"), page.evaluate(shown)) == ("0 found", 0)
    page.fill("#q", E2)
    page.press("#q", "Enter")
    page.wait_for_url(f"**/duplicate-bind.html#{E2}")


def test_a_chapter_is_filtered(visit: Visit, root: str) -> None:
    page = visit.page
    page.goto(f"{root}/duplicate-bind.html")
    page.fill("#q", "wildcard6-then-specific6 reuseport-then-none")
    assert page.locator("th p a:visible, th[id] a:visible").count() > 0
    assert all("wildcard6-then-specific6" in one.get_attribute("title") for one in page.locator("th[id] a:visible").all())
    page.fill("#q", "")
    everything = page.locator(".m tbody tr:visible").count()
    page.check("#odd")
    assert 0 < page.locator(".m tbody tr:visible").count() < everything


def test_columns_are_chosen_and_remembered(visit: Visit, served: str) -> None:
    page = visit.page
    page.goto(f"{served}/index.html")
    page.click(".choose summary")
    page.uncheck("text=stevens")
    assert not page.is_visible("thead a[href$='#stevens']")
    page.goto(f"{served}/time-wait.html")
    assert not page.is_visible("thead a[href$='#stevens']")
    page.goto(f"{served}/winsock.html")
    assert page.locator("thead a:visible").all_inner_texts() == ["windows", "wine"]
    page.goto(f"{served}/udp.html?platforms=stevens,linux")
    assert page.locator("thead a:visible").all_inner_texts() == ["stevens", "linux"]


@pytest.mark.parametrize("visit", [{"viewport": {"width": 360, "height": 700}}], indirect=True, ids=["360px"])
def test_a_narrow_screen_scrolls_no_page_sideways(visit: Visit, root: str) -> None:
    for name in PAGES:
        visit.page.goto(f"{root}/{name}")
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert 0 < visit.page.locator("thead a:visible").count() < len(gathered().platforms)
    visit.page.goto(f"{root}/time-wait.html#tcp/time-wait/server-closes-first/old-none/new-none")
    visit.page.wait_for_selector("dialog[open]")
    assert visit.page.evaluate("document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth + 1")


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True, ids=["off"])
def test_without_javascript(visit: Visit, root: str) -> None:
    page = visit.page
    page.goto(f"{root}/index.html")
    link = page.locator(f"a[href='{FAMILY}']")
    assert not link.is_visible()
    page.click("summary:has-text('Duplicate bind')")
    page.click(".choose summary")
    page.uncheck("text=stevens")
    assert not page.is_visible("thead th:has-text('stevens')")
    link.click()
    page.wait_for_url(f"**/{FAMILY}")
    page.goto(f"{root}/duplicate-bind.html#{E2}")
    assert page.locator(f"[id='{E2}']").bounding_box()["height"] > 10
    assert not page.locator("#q").count()


def test_the_keyboard_is_enough(visit: Visit, root: str) -> None:
    page = visit.page
    page.goto(f"{root}/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("summary:has-text('Duplicate bind')")
    page.keyboard.press("Enter")
    page.focus(f"a[href='{FAMILY}']")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("document.activeElement.hash") == f"#{E2}"


@pytest.mark.parametrize("visit", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"])
def test_axe_finds_nothing(visit: Visit, served: str) -> None:
    for name in (*PAGES, f"duplicate-bind.html#{E2}"):
        visit.page.goto("about:blank")
        visit.page.goto(f"{served}/{name}")
        if "#" in name:
            visit.page.wait_for_selector("dialog[open]")
        found = axe.Axe().run(visit.page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
