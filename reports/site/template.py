"""Pages from templates: Jinja2 fills in the files of ``templates/``, and knows the way from each page to every other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixtures import VERSION
from fixtures.specification.clauses import BASES
from reports.inputs import BadInput
from reports.site import words

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).with_name("templates")
#: The licences of code and data, and the files that have them.
LICENCES = {"Code": ("MIT License", "LICENSE"), "data": ("CC0 1.0", "LICENSE-DATA")}
#: The pages that every page leads to.
WAYS = {
    "situations.html": "Situations",
    "matrix.html": "Experiments",
    "platforms.html": "Platforms",
    "libraries.html": "Libraries",
    "disputed.html": "Claims",
    "legend.html": "Legend",
}


@dataclass(frozen=True)
class Page:
    """A page before it is written: ``path`` ends with ``/`` for one with a folder of its own, the template fills its body.

    ``title`` and ``description`` are what a search engine and a link preview show; ``schema`` is the page as schema.org has it.
    ``picture`` is the file that a preview shows, and ``beside`` what lies in the folder of the page.
    """

    path: str
    template: str
    title: str
    description: str
    data: Mapping[str, Any]
    schema: Mapping[str, Any] = field(default_factory=dict)
    picture: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The file that a browser opens."""
        return file_of(self.path)


def file_of(path: str) -> str:
    """The file of a path: that of a folder is its ``index.html``, so that the links work without a server, too."""
    return f"{path}index.html" if path.endswith("/") or not path else path


def way(depth: int, path: str) -> str:
    """The address of a path (with an anchor, if it has one) for a page that lies so many folders deep."""
    place, sharp, anchor = path.partition("#")
    return f"{'../' * depth}{file_of(place)}{sharp}{anchor}"


def rendered(page: Page, site: Mapping[str, Any]) -> str:
    """The page as HTML. ``site`` is what all pages have: where it will lie, and what it has.

    Raises BadInput if Jinja2 is not installed.
    """
    depth = page.file.count("/")
    said = {**site, **page.data, "page": page, "to": partial(way, depth), "root": "../" * depth}
    return environment().get_template(page.template).render(said)


@cache
def environment() -> jinja2.Environment:
    """The templates, and the filters that they use.

    Raises BadInput if Jinja2 is not installed.
    """
    try:
        import jinja2
    except ModuleNotFoundError:
        raise BadInput("the site is made by Jinja2, which is not installed: pip install 'addrinuse[site]', or pip install jinja2") from None
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "title_of": words.title,
        "listed": words.listed,
        "ld": lambda value: json.dumps(value, ensure_ascii=False).replace("<", "\\u003c"),
    }
    made.filters.update(filters)
    made.globals.update(version=VERSION, ways=WAYS, bases=BASES, licences=licences(), about=words.ABOUT)
    return made


def licences() -> str:
    """The licences of code and data, in one line."""
    return "; ".join(f"{what}: {said}" for what, (said, _) in LICENCES.items())
