"""The playground: a script answered in the browser by the very models, in Pyodide. It is built only where npm has Pyodide."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from typing import Any

from reports.catalogue import ROOT
from reports.site import npm
from reports.site.data import Site
from reports.site.experiment_page import fragment, script
from reports.site.pictures.timeline import STORIES
from reports.site.template import Page
from reports.site.words import ABOUT, MAIN, ordered, title
from reports.wishes import ENTRIES

Data = dict[str, Any]

#: The module that answers, and the function in it.
ASKED = "reports.asked"
#: A zip file has no earlier year; the same modules give the same file.
_WHEN = (1980, 1, 1, 0, 0, 0)
# A model is imported when it is first asked for.
_LOADED = f"""
import sys, {ASKED}
from fixtures.models import MODELS
every = [*MODELS.values()]
print(*(name for name in sys.modules if name.partition(".")[0] in ("fixtures", "reports")))
"""

NOTATION = (
    ("A = tcp4(SO_REUSEADDR)", "make a socket, and set options; also tcp6, udp4, udp6, IPV6_V6ONLY=0"),
    ("B = other: tcp4()", "in another process of the same user; stranger: of another user"),
    ("A.bind(127.0.0.1:P)", "P and Q are ports; 0.0.0.0:P, [::1]:P, [::]:P, 224.0.0.251:P"),
    ("A.listen()", "and D = A.accept(), C.connect(127.0.0.1:P), A.close()"),
    ("C.send(1)", "and C.recv(1), A.shutdown(WR), A.setsockopt(SO_REUSEPORT, 1), E = A.dup()"),
    ("connections(127.0.0.1:P)", "who receives what is sent there?"),
    ("D.sendto(127.0.0.1:P)", "of a UDP socket; and D.join(224.0.0.251), D.leave(224.0.0.251), D.disconnect()"),
    ("D.setsockopt(SO_BROADCAST, 1)", "then D.sendto(255.255.255.255:P); connections(255.255.255.255:P): who hears a broadcast?"),
    ("U = unix()", "U.bind(/F) takes a path, U.bind(@N) an abstract name of Linux; file(/F) looks at the file, unlink(/F) removes it"),
    ("U.pass(other)", "sends the descriptor to another process in a message (SCM_RIGHTS); V = other: take() receives it"),
    ("elapse(60)", "let 60 seconds pass"),
    ("B.bind(127.0.0.1:P) = ok", "your guess after a call; a wrong one is marked"),
)


def page(site: Site) -> Page:
    """The page."""
    data = {
        "platforms": [
            {"name": p.name, "title": title(p), "main": p.name in MAIN, "about": ABOUT.get(p.name, "")} for p in ordered(site.platforms)
        ],
        "gallery": gallery(site),
        "notation": NOTATION,
        "engine": f"pyodide-{npm.packages()['pyodide']['version']}/",
    }
    text = "Write socket calls, and see what each platform answers, call by call, and why. The models run in your browser."
    return Page("try/", "playground.html", "Try a script", text, data)


def gallery(site: Site) -> list[Data]:
    """The examples: those of 2008, and for each situation the first that no other example plays."""
    found = {_fragment(site, story.experiment): story.title for story in STORIES}
    for entry in ENTRIES:
        asked = ((_fragment(site, wish.experiment), wish.words) for wish in entry.wishes)
        fresh, words = next((one, words) for one, words in asked if one not in found)
        found[fresh] = f"{entry.title}: {words}"
    return [{"title": name, "fragment": one} for one, name in found.items()]


def _fragment(site: Site, experiment: str) -> str:
    platform = next(one for one in ordered(site.platforms) if site.cells[experiment][str(one)].answers)
    return fragment(script(site.played(platform, site.row(experiment))))


def files() -> tuple[dict[str, bytes], str]:
    """The engine and the models, or why there are none."""
    engine, why = npm.files_of("pyodide")
    return ({**engine, "try/models.zip": models()}, "") if engine else ({}, why)


def models() -> bytes:
    """The modules that answer, as a zip file: those that a Python of its own loads for them."""
    loaded = subprocess.run([sys.executable, "-c", _LOADED], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(loaded):
            path = ROOT.joinpath(*name.split("."))
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            archive.writestr(zipfile.ZipInfo(file.relative_to(ROOT).as_posix(), _WHEN), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
