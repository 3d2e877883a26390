"""A Chromium for the tests of the site, the site as files and under a path of a server, and visits that notice complaints."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports import site
from tests.helpers.site import FEW, gathered

NO_BROWSER = "Playwright is absent; run: tox -e browser"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


@pytest.fixture(scope="session")
def parts() -> site.Parts:
    """What npm gives: the search and the engine of the playground. It is asked for where there is a browser to try them."""
    pytest.importorskip("playwright.sync_api", reason=NO_BROWSER)
    return site.parts()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, parts: site.Parts) -> Path:
    root = tmp_path_factory.mktemp("www") / "some" / "path"
    site.write(root, site.files(gathered(), only=FEW, parts=parts))
    site.write(root / "9.9", {"index.html": b'<!doctype html><title>9.9</title><link rel=icon href="data:,">'})
    return root


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason=NO_BROWSER)
    if CHROMIUM is None:
        pytest.skip("no chromium on the path; install one, such as Debian's")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield chromium
        chromium.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
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
        self.page.on("requestfailed", lambda request: self._failed(request))
        self.responses: list[Any] = []
        self.page.on("response", lambda response: self.responses.append(response))
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _failed(self, request: Any) -> None:
        """Note a request that failed. Leaving a page ends the requests that it still waits for; that is no failure."""
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(request.url)


@pytest.fixture
def visit(browser: Any, request: pytest.FixtureRequest) -> Iterator[Visit]:
    wishes = getattr(request, "param", {})
    context = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, **wishes})
    context.set_default_timeout(120_000)
    one = Visit(context)
    yield one
    context.close()
    assert one.complaints == []
