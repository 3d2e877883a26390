"""What other programs read: the sitemap, and the feed of claims that changed, from the changelog."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from html import escape

from reports.catalogue import ROOT

CHANGELOG = ROOT / "CHANGELOG.md"


def sitemap(address: str, paths: Iterable[str]) -> str:
    """The addresses of all pages. A sitemap needs to know where they will lie."""
    urls = "".join(f"<url><loc>{escape(address + path)}</loc></url>\n" for path in paths)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'


def feed(address: str) -> str:
    """The claims that changed, as RSS: what we now say about which platform, and why."""
    items = "".join(map(_item, changes()))
    link = address or "https://example.invalid/"
    about = "What addrinuse used to say of a platform, and says otherwise now."
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>addrinuse: claims that changed</title>'
        f"<link>{escape(link)}</link><description>{about}</description>\n{items}</channel></rss>\n"
    )


def _item(text: str) -> str:
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    told = f"<title>{escape(_title(text))}</title><description>{escape(text)}</description>"
    return f'<item>{told}<guid isPermaLink="false">{name}</guid></item>\n'


def changes() -> Iterator[str]:
    """Each entry under a heading *Claims* of the changelog, newest first; none where there is no checkout."""
    text = CHANGELOG.read_text(encoding="utf-8") if CHANGELOG.is_file() else ""
    for part in re.findall(r"^### Claims\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL):
        yield from (" ".join(entry.split()) for entry in re.split(r"^- ", part, flags=re.MULTILINE)[1:])


def _title(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97].rpartition(' ')[0]} ..."
