"""The life cycle of a TCP socket, and whom it keeps from its port."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.language.words import CLOSE_WAIT, CLOSED, CLOSING, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, LAST_ACK, LISTEN, TIME_WAIT
from fixtures.models import Platform
from fixtures.models.lifecycle import TRANSITIONS
from reports.cells import Cell
from reports.site.data import Site
from reports.site.html import Html, join
from reports.site.pictures.picture import Picture, box, text_at

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
    drawing.append(text_at(20, 665, "● a new server is refused   ○ it may bind   ◐ sources differ   ? unknown. From left to right:", "s"))
    drawing.append(text_at(20, 683, "no options; SO_REUSEADDR on the new server only; SO_REUSEADDR on the old and on the new.", "s"))
    drawing.append(text_at(20, 701, f"A reset takes {', '.join(resettable)} to CLOSED at once.", "s"))
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
        box(x - _W / 2, y - height / 2, _W, height, "hold" if held else "free"),
        text_at(x, y - height / 2 + (17 if held else 22), state, "head", "middle"),
    ]
    for n, (name, marks) in enumerate(held):
        top = y - height / 2 + 35 + 15 * n
        parts += [text_at(x - _W / 2 + 14, top, name), text_at(x + _W / 2 - 14, top, marks, "m", "end")]
    return join(parts)


def _edge(state: str, event: str, to: str) -> Html:
    start, end = _PLACES[state], _END if to == CLOSED and _PLACES[state][1] > 300 else _PLACES[to]
    one, two = _border(start, end, state != CLOSED), _border(end, start, to != CLOSED)
    level = abs(one[1] - two[1]) < 5
    aside = (8 if state < to else -8) if level and (to, state) in _STEPS else 0
    middle = ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2 + aside)
    line = Html(f'<path class="l" marker-end="url(#p)" d="M{one[0]:.0f},{one[1] + aside:.0f}L{two[0]:.0f},{two[1] + aside:.0f}"/>\n')
    below = 16 if aside > 0 else -5
    return join([line, text_at(middle[0] + (0 if level else 7), middle[1] + (below if level else 0), event, "", "middle" if level else "")])


def _border(inside: tuple[int, int], towards: tuple[int, int], tall: bool) -> tuple[float, float]:
    """The point where the line to another box leaves this one."""
    dx, dy = towards[0] - inside[0], towards[1] - inside[1]
    scale = min(_W / 2 / abs(dx) if dx else 9, (_H if tall else 36) / 2 / abs(dy) if dy else 9)
    return inside[0] + dx * scale, inside[1] + dy * scale
