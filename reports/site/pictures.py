"""The pictures: SVG drawn from the life-cycle table, from traces and from the cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fixtures.language.words import CLOSE_WAIT, CLOSED, CLOSING, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, LISTEN, TIME_WAIT
from fixtures.models import Platform
from fixtures.models.lifecycle import TRANSITIONS
from fixtures.specification.clauses import BASES
from reports.catalogue import Row
from reports.cells import BASIS_LETTERS, HOLDS, UNTESTABLE, Cell, Cells
from reports.site.data import Site
from reports.site.html import Html, fill, join
from reports.wishes import HEADLINES

_STYLE = (
    "svg{--ink:#1a1d21;--line:#5b6470;--paper:#fff;--box:#f1f4f8;--hold:#f7d9b0;--free:#cfe8d4;"
    "--a:#bcd7f5;--b:#f7d9b0;--c:#cfe8d4;--d:#e3d3f3;--e:#f3c9cf;--f:#e6e2b8;--g:#dde1e6;--h:#bfe5e4;--i:#d5dcae}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e8eaed;--line:#9aa4b0;--paper:#15181c;--box:#23282f;--hold:#6b4a1c;--free:#24523a;"
    "--a:#274a73;--b:#6b4a1c;--c:#24523a;--d:#4c3468;--e:#6d2b36;--f:#55502a;--g:#3a414a;--h:#1f5354;--i:#444f1d}}"
    "text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:var(--ink)}"
    ".m{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:11px}"
    "path{stroke:var(--line);stroke-width:.7}marker path{stroke:none}"
    + "".join(f".{name}{{fill:var(--{name})}}" for name in ("hold", "free", "box", "paper", *"abcdefghi"))
    + ".h{font-weight:600;font-size:13px}.s{fill:var(--line)}.l{fill:none;stroke-width:1.4}"
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


def pictures(site: Site) -> list[Picture]:
    """Every picture of the site."""
    return [lifecycle(site), *(timeline(site, story) for story in STORIES), evidence(site)]


def _text(x: float, y: float, words: object, kind: str = "", anchor: str = "") -> Html:
    return fill(
        '<text x="{x:g}" y="{y:g}"{kind}{anchor}>{words}</text>\n'.replace("{x:g}", f"{x:g}").replace("{y:g}", f"{y:g}"),
        words=words,
        kind=fill(' class="{kind}"', kind=kind) if kind else "",
        anchor=fill(' text-anchor="{anchor}"', anchor=anchor) if anchor else "",
    )


def _box(x: float, y: float, w: float, h: float, colour: str) -> Html:
    return Html(f'<path class="{colour}" d="M{x:.4g},{y:.4g}h{w:.4g}v{h:.4g}h{-w:.4g}z"/>\n')  # _BOX finds it again


# The life cycle, and who holds the port.

_W, _H = 168, 76
#: The middle of each state's box.
_PLACES = {
    CLOSED: (420, 52),
    LISTEN: (110, 52),
    ESTABLISHED: (420, 175),
    FIN_WAIT_1: (250, 315),
    CLOSE_WAIT: (690, 315),
    FIN_WAIT_2: (110, 455),
    CLOSING: (390, 455),
    LAST_ACK: (690, 455),
    TIME_WAIT: (250, 595),
}
#: A second box for CLOSED, in which everything ends, so that no line crosses the picture.
_END = (690, 595)

_STEPS = {(state, to) for (state, event), to in TRANSITIONS.items() if event != "reset"}

#: The options of the server that left the state, and of the one that wants its port.
_OLD_NEW = (("none", "none"), ("none", "reuseaddr"), ("reuseaddr", "reuseaddr"))


def _asks(state: str, old: str, new: str) -> str:
    """The experiment that starts a server while the block of another is in this state."""
    if state == LISTEN:
        return f"tcp/duplicate/specific/bind-listen-bind-listen/{old}-then-{new}"
    if state == TIME_WAIT:
        return f"tcp/time-wait/server-closes-first/old-{old}/new-{new}"
    return f"tcp/dead-server/{state.lower().replace('_', '-')}/old-{old}/new-{new}"


def _holding(site: Site, state: str, platform: Platform) -> str:
    """Three marks. A mark is filled if a block in this state keeps a new server out."""
    return " ".join(_sign(site.cells[_asks(state, *pair)][str(platform)]) for pair in _OLD_NEW)


def _sign(cell: Cell) -> str:
    got = [answer.endswith(" ok") for answer in cell.answers]
    return "?" if not got else "○" if all(got) else "◐" if any(got) else "●"


_ARROW = Html(
    '<defs><marker id="p" markerWidth="9" markerHeight="9" refX="8" refY="4" orient="auto">'
    '<path d="M0,0L8,4L0,8z" fill="var(--line)"/></marker></defs>\n'
)


def lifecycle(site: Site) -> Picture:
    """The states of a TCP control block, what leads from one to another, and whom each keeps out."""
    shown = [platform for platform in site.platforms if platform.name in ("stevens", "linux", "windows")]
    resettable = [state for (state, event) in TRANSITIONS if event == "reset"]
    edges = [(state, event, to) for (state, event), to in TRANSITIONS.items() if event != "reset"]
    drawing = [_ARROW]
    drawing += [_edge(*edge) for edge in edges]
    drawing += [_state(site, state, place, shown) for state, place in _PLACES.items()]
    drawing.append(_node(_END, CLOSED, []))
    drawing.append(_text(20, 665, "● a new server is refused   ○ it may bind   ◐ sources differ   ? unknown. From left to right:", "s"))
    drawing.append(_text(20, 683, "no options; SO_REUSEADDR on the new server only; SO_REUSEADDR on the old and on the new.", "s"))
    drawing.append(_text(20, 701, f"A reset takes {', '.join(resettable)} to CLOSED at once.", "s"))
    told = "; ".join(f"{state} on {event} becomes {to}" for state, event, to in edges)
    return Picture(
        "lifecycle",
        "The life of a TCP socket, and whom it keeps from its port",
        f"States and events: {told}. In each state that can hold a port, whether a new server may bind it on {', '.join(map(str, shown))}.",
        "Drawn from the table of transitions (fixtures/models/lifecycle.py) and from the cells of three chapters: dead server, time wait, "
        "duplicate bind.",
        800,
        715,
        join(drawing),
    )


def _state(site: Site, state: str, place: tuple[int, int], shown: Sequence[Platform]) -> Html:
    held = [] if state == CLOSED else [(str(platform), _holding(site, state, platform)) for platform in shown]
    return _node(place, state, held)


def _node(place: tuple[int, int], state: str, held: Sequence[tuple[str, str]]) -> Html:
    x, y = place
    height = _H if held else 36
    parts = [
        _box(x - _W / 2, y - height / 2, _W, height, "hold" if held else "free"),
        _text(x, y - height / 2 + (17 if held else 22), state, "h", "middle"),
    ]
    for n, (name, marks) in enumerate(held):
        top = y - height / 2 + 35 + 15 * n
        parts += [_text(x - _W / 2 + 14, top, name), _text(x + _W / 2 - 14, top, marks, "m", "end")]
    return join(parts)


def _edge(state: str, event: str, to: str) -> Html:
    start, end = _PLACES[state], _END if to == CLOSED and _PLACES[state][1] > 300 else _PLACES[to]
    one, two = _border(start, end, state != CLOSED), _border(end, start, to != CLOSED)
    level = abs(one[1] - two[1]) < 5
    aside = (8 if state < to else -8) if level and (to, state) in _STEPS else 0
    middle = ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2 + aside)
    line = Html(f'<path class="l" marker-end="url(#p)" d="M{one[0]:.0f},{one[1] + aside:.0f}L{two[0]:.0f},{two[1] + aside:.0f}"/>\n')
    below = 16 if aside > 0 else -5
    return join([line, _text(middle[0] + (0 if level else 7), middle[1] + (below if level else 0), event, "", "middle" if level else "")])


def _border(inside: tuple[int, int], towards: tuple[int, int], tall: bool) -> tuple[float, float]:
    """The point where the line to another box leaves this one."""
    dx, dy = towards[0] - inside[0], towards[1] - inside[1]
    scale = min(_W / 2 / abs(dx) if dx else 9, (_H if tall else 36) / 2 / abs(dy) if dy else 9)
    return inside[0] + dx * scale, inside[1] + dy * scale


# The timelines of python-dev, April 2008.


@dataclass(frozen=True)
class Story:
    """An experiment of 2008, and its subject."""

    name: str
    title: str
    experiment: str


STORIES = (
    Story("e1", "E1: no options", "tcp/duplicate/no-option"),
    Story("e2", "E2: SO_REUSEADDR on both, nobody listens", "tcp/duplicate/both-reuseaddr/unlistened"),
    Story(
        "e3",
        "E3: SO_REUSEADDR on both, both bind, then both listen",
        "tcp/duplicate/specific/bind-bind-listen-listen/reuseaddr-then-reuseaddr",
    ),
    Story("e4", "E4: SO_REUSEADDR on both, who gets the connections?", "tcp/duplicate/receives/reuseaddr"),
)
_SEEN = ("stevens", "linux", "windows", "freebsd")
_PANEL, _LANE, _STEP = 322, 36, 26


def timeline(site: Site, story: Story) -> Picture:
    """An experiment on several platforms side by side: its calls from top to bottom, and a bar for each socket, coloured by state."""
    shown = [platform for platform in site.platforms if platform.name in _SEEN]
    row = site.row(story.experiment)
    plays = [(platform, site.played(platform, row)) for platform in shown]
    longest = max(len(steps) for _, steps in plays)
    cells = site.cells[story.experiment]
    drawing = join(_panel(platform, steps, cells[str(platform)], 12 + n * _PANEL) for n, (platform, steps) in enumerate(plays))
    told = " ".join(f"{platform}: {'; '.join(line for line, _ in steps)}." for platform, steps in plays)
    return Picture(
        story.name,
        story.title,
        f"{row.experiment.question} {told}",
        f"{story.experiment}. A column of boxes is a socket, from call to call: o open, b bound, L listening. RA is SO_REUSEADDR.",
        12 + _PANEL * len(shown),
        78 + _STEP * longest,
        drawing,
    )


def _panel(platform: Platform, steps: Sequence[tuple[str, str]], cell: Cell, x: float) -> Html:
    outcome = "the rule holds" if cell.outcome == HOLDS else cell.outcome
    head = [_text(x, 24, platform, "h"), _text(x, 42, f"{outcome} ({cell.basis})" if cell.basis else outcome, "s")]
    return join([*head, *_calls(steps, x, x + _PANEL - 112)])


def _calls(steps: Sequence[tuple[str, str]], x: float, bars: float) -> Iterator[Html]:
    """The calls from top to bottom at ``x``, and beside them the bars of the sockets."""
    lanes: dict[str, float] = {}
    now: dict[str, str] = {}
    for n, (line, changes) in enumerate(steps):
        y = 54 + n * _STEP
        made, before = line.partition(" = ")[0], dict(now)
        if line[1:4] == " = " and made not in now:
            now[made] = "open"
        now |= dict(change.rsplit(" ", 1) for change in changes.split(", ") if change)
        yield _text(x, y + 17, _shown(line), "m")
        yield from _bars(now, before, lanes, bars, y)


def _shown(line: str) -> str:
    refused = line.rpartition(") = ")[2] if ") = " in line else "ok"
    return ("✗ " if refused.startswith("E") else "") + line.replace("SO_REUSEADDR", "RA").replace("127.0.0.1:P", "…:P")


def calls(row: Row, platform: Platform, steps: Sequence[tuple[str, str]]) -> Picture:
    """The calls of one experiment on one platform, for its page and for those who link to it."""
    identifier = row.experiment.id
    bars = 24 + 7 * max([len(_shown(line)) for line, _ in steps], default=0)
    changed = {change.rsplit(" ", 1)[0] for _, changes in steps for change in changes.split(", ")}
    sockets = changed | {line.partition(" = ")[0] for line, _ in steps if line[1:4] == " = "}
    wide = max(bars + _LANE * len(sockets) + 12, 24 + 7 * len(identifier))
    told = f"{platform}: {'; '.join(line for line, _ in steps)}."
    caption = (
        f"{row.experiment.question} A column of boxes is a socket, from call to call: o open, b bound, L listening. RA is SO_REUSEADDR."
    )
    drawing = join([_text(12, 24, identifier, "h"), _text(12, 42, f"on {platform}", "s"), *_calls(steps, 12, bars)])
    return Picture("calls", row.experiment.question, told, caption, wide, 66 + _STEP * len(steps), drawing)


def _bars(now: dict[str, str], before: dict[str, str], lanes: dict[str, float], x: float, y: float) -> Iterator[Html]:
    for name, state in now.items():
        at = lanes.setdefault(name, x + len(lanes) * _LANE)
        if state != "gone":
            yield _box(at, y, _LANE - 6, _STEP, _COLOURS.get(state, "g"))
        if before.get(name) != state and state != "gone":
            yield _text(at + (_LANE - 6) / 2, y + 17, _STATE_LETTERS.get(state, state[:2]), "m", "middle")


_COLOURS = {"open": "g", "bound": "a", LISTEN: "b", ESTABLISHED: "c"}
_STATE_LETTERS = {"open": "o", "bound": "b", LISTEN: "L", ESTABLISHED: "E"}


# Twelve lines of *my situation* on every platform, for the README and the first page of the site.

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
        parts += [_box(x, y, 25, 23, _GRANTED[word][1]) for x, word in zip(columns, granted, strict=True)]
        signs, places = "".join(_GRANTED[word][0] for word in granted), " ".join(str(x + 12.5) for x in columns)
        parts += [_text(386, y + 16, wish.words, "", "end"), Html(f'<text y="{y + 16}" x="{places}" text-anchor="middle">{signs}</text>\n')]
        told.append(f"{wish.words}: {', '.join(f'{p} {word}' for p, word in zip(platforms, granted, strict=True))}.")
    height = 88 + 25 * len(HEADLINES)
    key = "● yes · ○ no · ◐ sources differ · ? nobody is known to have said · - the platform lacks what is needed"
    parts.append(_text(20, height + 22, key, "s"))
    title = "What platforms answer to twelve questions about addresses in use"
    return Picture("overview", title, " ".join(told), " ".join(told), columns[-1] + 60, height + 36, join(parts))


# The evidence map.

_SHADES = dict(zip((*BASES, UNTESTABLE), ("c", "h", "a", "i", "d", "f", "b", "e", "paper", "box"), strict=True))


def evidence(site: Site) -> Picture:
    """For each platform, the number of its answers on each basis."""
    counts = [(platform, site.bases(platform)) for platform in site.platforms]
    most = len(site.rows)
    parts = [_key()]
    for n, (platform, bases) in enumerate(counts):
        y, x = 84 + 24 * n, 100.0
        parts.append(_text(92, y + 14, platform, "", "end"))
        for basis in _SHADES:
            width = 680 * bases[basis] / most
            if width:
                parts.append(_box(x, y, width, 20, _SHADES[basis]))
            if width > 14:
                parts.append(_text(x + width / 2, y + 14, _letter(basis), "", "middle"))
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
        parts += [_box(x, y, 22, 16, _SHADES[basis]), _text(x + 11, y + 12, _letter(basis), "", "middle"), _text(x + 28, y + 13, basis)]
    return join(parts)
