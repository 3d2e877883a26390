"""Twelve lines of *my situation* on every platform, for the README and the first page of the site."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.models import Platform
from reports.cells import Cells
from reports.site.html import Html, fill, join
from reports.site.pictures.picture import Picture, box, text_at
from reports.wishes import HEADLINES

#: The sign and the colour of each outcome of a wish.
_GRANTED = {"yes": ("●", "c"), "no": ("○", "b"), "maybe": ("◐", "f"), "?": ("?", "g"), "-": ("-", "paper")}


def overview(platforms: Sequence[Platform], cells: Cells) -> Picture:
    """What every platform answers to a dozen questions."""
    columns = [396 + 27 * n for n in range(len(platforms))]
    parts, told = [], []
    for x, platform in zip(columns, platforms, strict=True):
        turned = Html(f' transform="rotate(-48 {x + 12} 78)"')
        parts.append(fill('<text x="{x}" y="78"{turned}>{name}</text>\n', x=x + 12, turned=turned, name=platform))
    for n, wish in enumerate(HEADLINES):
        y, granted = 88 + 25 * n, [wish.granted(cells[wish.experiment][str(platform)]) for platform in platforms]
        parts += [box(x, y, 25, 23, _GRANTED[word][1]) for x, word in zip(columns, granted, strict=True)]
        signs, places = "".join(_GRANTED[word][0] for word in granted), " ".join(str(x + 12.5) for x in columns)
        parts.append(text_at(386, y + 16, wish.words, "", "end"))
        parts.append(Html(f'<text y="{y + 16}" x="{places}" text-anchor="middle">{signs}</text>\n'))
        told.append(f"{wish.words}: {', '.join(f'{p} {word}' for p, word in zip(platforms, granted, strict=True))}.")
    height = 88 + 25 * len(HEADLINES)
    key = "● yes · ○ no · ◐ sources differ · ? nobody is known to have said · - the platform lacks what is needed"
    parts.append(text_at(20, height + 22, key, "s"))
    title = "What platforms answer to twelve questions about addresses in use"
    return Picture("overview", title, " ".join(told), " ".join(told), columns[-1] + 60, height + 36, join(parts))
