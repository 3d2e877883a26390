"""Windows, Wine, Cygwin and WSL1: their tables of outcomes cell by cell, and their traps."""

from __future__ import annotations

import pytest

from fixtures.models.base import Model
from fixtures.models.wine import Wine
from tests.cells import Table, wrong_cells

RELATIONS = ("S=S", "W=W", "W>S", "S>W", "D>W", "W>D", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6")
FREE = ("S/S'", "6>W", "W>6")
OPTIONS = ("none", "RA", "EX")
PAIRS = "; ".join(f"{one},{two}" for one in OPTIONS for two in OPTIONS)

WINE_TCP: Table = {
    "none,none; RA,none": "BBoo BBoo LBoo LBoo LBoo LBoo LBoo LBoo BBoo BBoo BBoo LBoo",
    "none,RA": "AAoo AAoo LAoo LAoo LAoo LAoo LAoo LAoo AAoo AAoo AAoo LAoo",
    "RA,RA": "LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo LAoo",
    "EX,none": "BBoo AAoo AAoo LBoo AAoo LBoo AAoo LBoo AAoo BBoo AAoo AAoo",
    "none,EX; RA,EX": "BBoo BBoo LBoo BBoo LBoo BBoo LBoo BBoo BBoo BBoo BBoo LBoo",
    "EX,EX": "BBoo AAoo AAoo BBoo AAoo AAoo AAoo BBoo AAoo BBoo AAoo AAoo",
    "EX,RA": "AAoo AAoo AAoo LAoo AAoo LAoo AAoo LAoo AAoo AAoo AAoo AAoo",
}
TABLES: dict[str, tuple[type[Model], str, str, str, tuple[str, ...], Table]] = {
    "wine-tcp": (Wine, "8.0", "tcp", "", RELATIONS, WINE_TCP),
    "wine-tcp-free": (Wine, "8.0", "tcp", "", FREE, {PAIRS: "oooo oooo oooo"}),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str) -> None:
    model, version, protocol, actor, relations, rows = TABLES[table]
    wrong = wrong_cells(lambda: model(version=version), protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)
