"""Each kind of page in a real browser: `tox -e browser`. Skipped where Playwright or Chromium is absent."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from reports import site
from reports.site import npm
from tests.browser.conftest import Visit

# Playwright leaves its event loop and pipes to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

E2 = "tcp/duplicate/both-reuseaddr/unlistened"
#: One page of each kind.
KINDS = [
    "index.html",
    "situations.html",
    "situation/restart/index.html",
    "matrix.html",
    "duplicate-bind.html",
    f"e/{E2}/index.html",
    "platforms.html",
    "platform/windows/index.html",
    "platform/linux/clauses/index.html",
    "from/linux/to/windows/index.html",
    "clause/windows/default-beside-reuseaddr/index.html",
    "rule/S5/index.html",
    "libraries.html",
    "library/asyncio/index.html",
    "disputed.html",
    "claim/PYDEV-E1/index.html",
    "legend.html",
    "sources.html",
    "pictures.html",
    "docs/faq/index.html",
    "docs/porting/index.html",
]
PHONE = {"viewport": {"width": 360, "height": 700}}
#: Bytes that one visit may load, before a server packs them; a page with hundreds of experiments may be larger.
MOST = 100_000
LARGE = {"duplicate-bind.html": 140_000}


def kinds(parts: site.Parts) -> list[str]:
    return [*KINDS, *["try/index.html"] * bool(parts.engine)]


def test_no_page_complains_or_asks_elsewhere(visit: Visit, root: str, parts: site.Parts) -> None:
    for name in kinds(parts):
        visit.page.goto(f"{root}/{name}")
    assert [url for url in visit.requests if not url.startswith((root, "data:,"))] == []


def test_one_visit_loads_little(visit: Visit, served: str, parts: site.Parts) -> None:
    for name in kinds(parts):
        visit.responses.clear()
        visit.page.goto(f"{served}/{name}")
        loaded = sum(len(one.body()) for one in visit.responses if not one.url.endswith("/sw.js"))
        assert 0 < loaded < LARGE.get(name, MOST), name


@pytest.mark.parametrize("visit", [PHONE, {"viewport": {"width": 320, "height": 600}}], indirect=True, ids=["360px", "320px"])
def test_a_narrow_screen_scrolls_no_page_sideways(visit: Visit, served: str, parts: site.Parts) -> None:
    for name in kinds(parts):
        visit.page.goto(f"{served}/{name}")
        wide = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} px too wide"


def test_no_table_of_wishes_scrolls_on_a_desktop(visit: Visit, served: str) -> None:
    for name in ("index.html", "situation/restart/index.html", f"e/{E2}/index.html", "libraries.html"):
        visit.page.goto(f"{served}/{name}")
        assert visit.page.evaluate(
            "[...document.querySelectorAll('table')].every((one) => one.scrollWidth <= one.parentElement.clientWidth)"
        ), name
    visit.page.goto(f"{served}/index.html")
    visit.page.mouse.wheel(0, 700)
    visit.page.wait_for_function("scrollY > 500")
    assert visit.page.locator(".wishes thead th").nth(1).bounding_box()["y"] >= 0


@pytest.mark.parametrize("visit", [{"java_script_enabled": False}], indirect=True, ids=["off"])
def test_without_javascript(visit: Visit, root: str) -> None:
    page = visit.page
    page.goto(f"{root}/index.html")
    assert not page.locator("#q").is_visible()
    assert page.locator("thead th:visible").count() == 7
    page.click(".choose summary")
    page.uncheck("#show-linux")
    page.check("#show-wine")
    assert not page.is_visible("thead .p-linux")
    assert page.is_visible("thead .p-wine")
    page.goto(f"{root}/duplicate-bind.html#{E2}")
    page.click(f"[id='{E2}'] a")
    assert page.inner_text("h1").startswith("E2: both sockets")
    assert page.is_visible("text=inet_bind_conflict")


def test_the_keyboard_is_enough(visit: Visit, root: str) -> None:
    page = visit.page
    page.goto(f"{root}/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.focus(".choose summary")
    page.keyboard.press("Enter")
    page.focus("#show-linux")
    page.keyboard.press("Space")
    assert not page.is_visible("thead .p-linux")
    page.focus(".wishes tbody a >> nth=3")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/e/{E2}/**")


@pytest.mark.parametrize("visit", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"])
def test_axe_finds_nothing(visit: Visit, served: str, parts: site.Parts) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is absent; run: tox -e browser")
    for name in kinds(parts):
        visit.page.goto(f"{served}/{name}")
        found = axe.Axe().run(visit.page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_visited_pages_are_there_offline(visit: Visit, served: str) -> None:
    page = visit.page
    page.goto(f"{served}/legend.html")
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.reload(wait_until="networkidle")
    visit.context.set_offline(True)
    page.reload()
    assert page.inner_text("h1") == "Legend"
    assert page.evaluate("getComputedStyle(document.querySelector('.chip')).borderRadius") != "0px"
    visit.context.set_offline(False)


@pytest.mark.parametrize("visit", [{"color_scheme": "light"}], indirect=True, ids=["light"])
def test_a_print_has_no_navigation(visit: Visit, served: str) -> None:
    visit.page.goto(f"{served}/e/{E2}/")
    visit.page.emulate_media(media="print")
    assert not visit.page.is_visible(".top")
    assert visit.page.is_visible("text=inet_bind_conflict")


def test_the_nu_checker_finds_no_error(folder: Path, parts: site.Parts, tmp_path: Path) -> None:
    java, package = shutil.which("java"), npm.files_of("vnu-jar") if shutil.which("java") else ({}, "")
    if java is None or not package[0]:
        pytest.skip("the Nu checker needs java, and npm or its package in the cache")
    jar = tmp_path / "vnu.jar"
    jar.write_bytes(package[0]["vnu.jar"])
    names = [str(folder / name) for name in kinds(parts)]
    done = subprocess.run([java, "-jar", str(jar), "--errors-only", *names], capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)
