"""What people come for, from the first page to the answer, on a desktop and on a phone."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import unquote_plus

import pytest

from fixtures import VERSION
from reports import asked, site
from reports.catalogue import by_id
from reports.site.experiment_page import script
from reports.site.words import MAIN
from tests.browser.conftest import Visit
from tests.helpers.site import gathered

# Playwright leaves its event loop and pipes to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

E2 = "tcp/duplicate/both-reuseaddr/unlistened"
DESKTOP = {"viewport": {"width": 1300, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 700}, "has_touch": True}
both_screens = pytest.mark.parametrize("visit", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])
#: How many scripts the browser and ``predict`` must answer alike.
SCRIPTS = 500


@pytest.fixture(autouse=True)
def _needs(parts: site.Parts) -> None:
    if not parts.search or not parts.engine:
        pytest.skip("npm is absent, and with it the search and the playground")


def look_for(page: Any, words: str) -> Any:
    page.fill("#q", words)
    page.wait_for_function("/found/.test(document.getElementById('found').textContent)")
    return page.locator("#hits li")


@both_screens
def test_a_broken_test_in_ci_from_the_errno_to_the_answer(visit: Visit, served: str) -> None:
    page = visit.page
    page.goto(f"{served}/")
    hits = look_for(page, "EADDRINUSE node restart")
    assert "Node.js" in hits.first.inner_text()
    hits.locator("a", has_text="Restart a server at once").click()
    page.wait_for_url("**/situation/restart/")
    row = page.locator(".wishes tbody tr", has_text="TIME_WAIT; SO_REUSEADDR on the new server only")
    assert row.locator("td.p-linux").inner_text().split()[-1] == "no"
    assert row.locator("td.p-freebsd").inner_text().split()[-1] == "yes"


@both_screens
def test_porting_from_linux_to_windows(visit: Visit, served: str) -> None:
    page = visit.page
    page.goto(f"{served}/")
    page.click("a:has-text('Port a server')")
    page.locator(".pairs tr", has=page.locator("th:text-is('Linux')")).locator("a", has_text="Windows").click()
    assert page.inner_text("h1") == "From Linux to Windows"
    first = page.locator(".changes > li").first.inner_text()
    assert "refused at bind: EADDRINUSE" in first
    assert "Windows bind succeeds" in " ".join(first.split())
    assert page.is_visible("text=set SO_EXCLUSIVEADDRUSE before bind")


@pytest.mark.parametrize(
    "visit", [{**one, "permissions": ["clipboard-read", "clipboard-write"]} for one in (DESKTOP, PHONE)], indirect=True
)
def test_citing(visit: Visit, served: str) -> None:
    page = visit.page
    page.goto(f"{served}/")
    look_for(page, E2).first.locator("a").click()
    page.wait_for_url(f"**/e/{E2}/")
    page.click("a:text-is('Cite it')")
    page.get_by_role("button", name="Copy: A line").click()
    assert page.evaluate("navigator.clipboard.readText()") == f"addrinuse {VERSION}, experiment {E2}"
    page.get_by_role("button", name="Copy: A link that stays").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{served}/index.html?id={E2}&release={VERSION}"
    page.goto(link)
    page.wait_for_url(f"**/e/{E2}/")


@both_screens
def test_trying_a_script_and_sending_the_link(visit: Visit, served: str) -> None:
    page = visit.page
    page.goto(f"{served}/e/{E2}/")
    page.click("text=Try it here")
    page.wait_for_url("**/try/**")
    assert page.input_value("#script").count("SO_REUSEADDR") == 2
    page.press("#script", "Control+Enter")
    page.wait_for_selector(".results")
    assert page.inner_text("#parted") == "They part at line 4: B.bind(127.0.0.1:P)"
    last = page.locator(".results tbody tr").last
    assert [one.split("\n")[0].strip() for one in last.locator("td .chip").all_inner_texts()] == ["ok", "EADDRINUSE", "ok", "EADDRINUSE"]
    page.uncheck("[value=macos]")
    page.click("text=Copy a link to this")
    sent = page.url
    assert "B.bind(127.0.0.1:P)" in unquote_plus(sent)
    page.goto("about:blank")
    page.goto(sent)
    assert page.input_value("#script").count("SO_REUSEADDR") == 2
    assert not page.is_checked("[value=macos]")
    page.fill("#script", "A = tcp4()\nA.bnd()\n")
    page.click("button[type=submit]")
    page.wait_for_selector("#trouble.error")
    assert page.inner_text("#trouble").startswith("Line 2: ")


@both_screens
def test_choosing_platforms_and_coming_back(visit: Visit, served: str) -> None:
    page = visit.page
    page.goto(f"{served}/")
    page.click(".choose summary")
    page.uncheck("#show-openbsd")
    page.check("#show-lwip")
    assert "platforms=linux,macos,windows,freebsd,gvisor,lwip" in page.url
    sent = page.url
    page.goto(f"{served}/situation/workers/")
    assert not page.locator("td.p-openbsd").first.is_visible()
    assert page.locator("td.p-lwip").first.is_visible()
    page.evaluate("localStorage.clear()")
    page.goto(f"{served}/")
    assert page.locator("td.p-openbsd").first.is_visible()
    page.goto(sent)
    assert not page.locator("td.p-openbsd").first.is_visible()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("10048", "connect says 10048"),
        ("asyncio", "asyncio"),
        ("EADDRINUSE node restart", "Node.js"),
        ("two servers on windows same port", "Two copies of my server run on Windows"),
        ("esp32", "lwIP"),
        ("SO_REUSEPORT freebsd workers idle", "Does SO_REUSEPORT spread connections over my workers?"),
        ("listen EADDRINUSE bind ok", "bind succeeded. Why does listen say EADDRINUSE?"),
        ("tcp/duplicate/both-reuse", E2),
        ("hole punching", "May I connect from the port on which I listen (hole punching)?"),
        ("libp2p", "Many outgoing connections from one address"),
        ("libp2p hole punching", "May I connect from the port on which I listen (hole punching)?"),
        ("TIME_WAIT restart", "Restart a server at once"),
        ("stale socket file", "A stale socket file (AF_UNIX)"),
        ("EACCES bind windows", "Windows says 10013 (WSAEACCES)"),
        ("gunicorn reload", "Connections are lost when my server reloads. Why?"),
        ("gunicron", "gunicorn"),
        ("SO_REUSEPORT macos", "Does SO_REUSEPORT spread connections over my workers?"),
    ],
)
def test_the_search_finds_first_what_is_meant(visit: Visit, root: str, words: str, wanted: str) -> None:
    """Among the first three, for that is what a small screen shows."""
    visit.page.goto(f"{root}/index.html")
    assert [text for text in look_for(visit.page, words).all_inner_texts()[:3] if wanted in text]


@pytest.mark.parametrize("errno", ["EADDRINUSE", "WSAEADDRINUSE"])
def test_an_errno_alone_leads_to_what_people_want_before_it_leads_to_experiments(visit: Visit, served: str, errno: str) -> None:
    visit.page.goto(f"{served}/")
    kinds = look_for(visit.page, errno).locator("small").all_inner_texts()[:5]
    assert {kind.partition(".")[0] for kind in kinds} <= {"Situation", "Question"}


@pytest.mark.parametrize("visit", [{"service_workers": "block"}], indirect=True, ids=["no-worker"])
def test_the_search_waits_for_its_engine(visit: Visit, served: str) -> None:
    """The index came before MiniSearch once in a while, on a busy machine, and the search stopped at “Loading the index”."""
    held: list[Any] = []
    visit.page.route("**/minisearch.js", lambda route: held.append(route))
    visit.page.goto(f"{served}/")
    with visit.page.expect_request("**/minisearch.js"):
        visit.page.focus("#q")
    visit.page.evaluate("fetch('index.html').then((answer) => answer.text())")
    assert [one.request.url for one in held] == [f"{served}/minisearch.js"]
    assert f"{served}/search.js" not in visit.requests
    held[0].continue_()
    assert look_for(visit.page, "asyncio").count()
    visit.complaints[:] = [one for one in visit.complaints if one != "Service Worker registration blocked by Playwright"]


def test_a_permalink_of_old_leads_to_the_experiment(visit: Visit, root: str) -> None:
    for address in (f"index.html?id={E2}", f"index.html?id={E2}&release={VERSION}"):
        visit.page.goto(f"{root}/{address}")
        visit.page.wait_for_url(f"{root}/e/{E2}/**")
    visit.page.goto(f"{root}/index.html?id={E2}&release=9.9")
    visit.page.wait_for_url(f"{root}/9.9/**")
    visit.page.goto(f"{root}/platforms.html#linux/listener-blocks")
    visit.page.wait_for_url(f"{root}/clause/linux/listener-blocks/**")


def test_the_browser_answers_as_predict_does(visit: Visit, served: str) -> None:
    chance = random.Random(21)
    requests = []
    for identifier in chance.sample(sorted(by_id()), SCRIPTS):
        platforms = chance.sample(list(gathered().platforms), 2)
        shown = next((one for one in gathered().platforms if gathered().cells[identifier][str(one)].answers), platforms[0])
        text = script(gathered().played(shown, gathered().row(identifier)))
        requests.append({"script": text, "platforms": [*map(str, platforms), chance.choice(MAIN)]})
    visit.page.goto(f"{served}/try/")
    got = visit.page.evaluate(
        "async (all) => { const told = []; for (const one of all) told.push(await addrinuseAsk(one)); return told; }", requests
    )
    differ = [one for one, answer in zip(requests, got, strict=True) if answer != json.loads(asked.answered(json.dumps(one)))]
    assert differ == []
    assert sum(1 for answer in got if "calls" in answer) > SCRIPTS * 0.9
