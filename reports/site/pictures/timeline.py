"""The calls of an experiment from top to bottom, and its sockets beside them: the mails of python-dev, April 2008, and any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fixtures.language.words import ESTABLISHED, LISTEN
from fixtures.models import Platform
from reports.catalogue import Row
from reports.cells import HOLDS, Cell
from reports.site.data import Site
from reports.site.html import Html, join
from reports.site.pictures.picture import Picture, box, text_at


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
    head = [text_at(x, 24, platform, "head"), text_at(x, 42, f"{outcome} ({cell.basis})" if cell.basis else outcome, "s")]
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
        yield text_at(x, y + 17, _shown(line), "m")
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
    drawing = join([text_at(12, 24, identifier, "head"), text_at(12, 42, f"on {platform}", "s"), *_calls(steps, 12, bars)])
    return Picture("calls", row.experiment.question, told, caption, wide, 66 + _STEP * len(steps), drawing)


def _bars(now: dict[str, str], before: dict[str, str], lanes: dict[str, float], x: float, y: float) -> Iterator[Html]:
    for name, state in now.items():
        at = lanes.setdefault(name, x + len(lanes) * _LANE)
        if state != "gone":
            yield box(at, y, _LANE - 6, _STEP, _COLOURS.get(state, "g"))
        if before.get(name) != state and state != "gone":
            yield text_at(at + (_LANE - 6) / 2, y + 17, _STATE_LETTERS.get(state, state[:2]), "m", "middle")


_COLOURS = {"open": "g", "bound": "a", LISTEN: "b", ESTABLISHED: "c"}
_STATE_LETTERS = {"open": "o", "bound": "b", LISTEN: "L", ESTABLISHED: "E"}
