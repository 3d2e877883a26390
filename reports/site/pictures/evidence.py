"""The evidence map: on which basis each platform's answers are known."""

from __future__ import annotations

from fixtures.specification.clauses import BASES
from reports.cells import BASIS_LETTERS, UNTESTABLE
from reports.site.data import Site
from reports.site.html import Html, join
from reports.site.pictures.picture import Picture, box, text_at

_SHADES = dict(zip((*BASES, UNTESTABLE), ("c", "h", "a", "i", "d", "f", "b", "e", "paper", "box"), strict=True))


def evidence(site: Site) -> Picture:
    """For each platform, the number of its answers on each basis."""
    counts = [(platform, site.bases(platform)) for platform in site.platforms]
    most = len(site.rows)
    parts = [_key()]
    for n, (platform, bases) in enumerate(counts):
        y, x = 84 + 24 * n, 100.0
        parts.append(text_at(92, y + 14, platform, "", "end"))
        for basis in _SHADES:
            width = 680 * bases[basis] / most
            if width:
                parts.append(box(x, y, width, 20, _SHADES[basis]))
            if width > 14:
                parts.append(text_at(x + width / 2, y + 14, _letter(basis), "", "middle"))
            x += width
    told = "; ".join(
        f"{platform}: {', '.join(f'{bases[basis]} {basis}' for basis in _SHADES if bases[basis])}" for platform, bases in counts
    )
    return Picture(
        "evidence",
        "How the answers of each platform are known",
        told,
        "Each bar is every experiment; the letters are those of the legend.",
        800,
        94 + 24 * len(counts),
        join(parts),
    )


def _letter(basis: str) -> str:
    return BASIS_LETTERS.get(basis, "?" if basis in BASES else "-")


def _key() -> Html:
    parts = []
    for n, basis in enumerate(_SHADES):
        x, y = 100 + 172 * (n % 4), 12 + 22 * (n // 4)
        parts += [box(x, y, 22, 16, _SHADES[basis]), text_at(x + 11, y + 12, _letter(basis), "", "middle"), text_at(x + 28, y + 13, basis)]
    return join(parts)
