"""What a picture consists of: SVG, drawn with boxes and text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.site.html import Html, fill, join

_STYLE = (
    "svg{--ink:#1a1d21;--line:#5b6470;--paper:#fff;--box:#f1f4f8;--hold:#f7d9b0;--free:#cfe8d4;"
    "--a:#bcd7f5;--b:#f7d9b0;--c:#cfe8d4;--d:#e3d3f3;--e:#f3c9cf;--f:#e6e2b8;--g:#dde1e6;--h:#bfe5e4;--i:#d5dcae}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e8eaed;--line:#9aa4b0;--paper:#15181c;--box:#23282f;--hold:#6b4a1c;--free:#24523a;"
    "--a:#274a73;--b:#6b4a1c;--c:#24523a;--d:#4c3468;--e:#6d2b36;--f:#55502a;--g:#3a414a;--h:#1f5354;--i:#444f1d}}"
    "text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:var(--ink)}"
    ".m{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:11px}"
    "path{stroke:var(--line);stroke-width:.7}marker path{stroke:none}"
    + "".join(f".{name}{{fill:var(--{name})}}" for name in ("hold", "free", "box", "paper", *"abcdefghi"))
    + ".head{font-weight:600;font-size:13px}.s{fill:var(--line)}.l{fill:none;stroke-width:1.4}"
)

#: A box: a path whose class is a single colour.
_BOX = re.compile(r'<path class="(\w+)" d="([^"]*)"/>\n')


@dataclass(frozen=True)
class Picture:
    """An SVG drawing, a sentence that says what it shows, and its caption."""

    name: str
    title: str
    description: str
    caption: str
    width: int
    height: int
    drawing: Html

    @property
    def svg(self) -> str:
        """The file."""
        return fill(
            '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-labelledby="t d">'
            '<title id="t">{title}</title><desc id="d">{text}</desc><style>{style}</style>'
            '<rect width="{w}" height="{h}" fill="var(--paper)"/>\n'
            "{drawing}</svg>\n",
            w=self.width,
            h=self.height,
            title=self.title,
            text=self.caption,
            style=Html(_STYLE),
            drawing=_merged(self.drawing),
        )


def _merged(drawing: Html) -> Html:
    """The drawing, with all boxes of a colour as one path behind everything else. That is smaller."""
    boxes: dict[str, list[str]] = {}
    for colour, path in _BOX.findall(drawing):
        boxes.setdefault(colour, []).append(path)
    behind = (Html(f'<path class="{colour}" d="{"".join(paths)}"/>\n') for colour, paths in boxes.items())
    return join([*behind, Html(_BOX.sub("", drawing))])


def text_at(x: float, y: float, words: object, kind: str = "", anchor: str = "") -> Html:
    """Words at a place."""
    return fill(
        '<text x="{x:g}" y="{y:g}"{kind}{anchor}>{words}</text>\n'.replace("{x:g}", f"{x:g}").replace("{y:g}", f"{y:g}"),
        words=words,
        kind=fill(' class="{kind}"', kind=kind) if kind else "",
        anchor=fill(' text-anchor="{anchor}"', anchor=anchor) if anchor else "",
    )


def box(x: float, y: float, w: float, h: float, colour: str) -> Html:
    """A box of one colour, by its corner and its size."""
    return Html(f'<path class="{colour}" d="M{x:.4g},{y:.4g}h{w:.4g}v{h:.4g}h{-w:.4g}z"/>\n')  # _BOX finds it again
