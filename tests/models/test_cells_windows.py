"""Windows, Cygwin and WSL1: their tables of outcomes cell by cell."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.models.base import Model
from fixtures.models.cygwin import Cygwin
from fixtures.models.windows import Windows
from fixtures.models.wsl1 import Wsl1
from tests.helpers.cells import Table, wrong_cells

OPTIONS = ("none", "RA", "EX")
PAIRS = "; ".join(f"{one},{two}" for one in OPTIONS for two in OPTIONS)
WRITTEN = {"none": "", "RA": "SO_REUSEADDR", "EX": "SO_EXCLUSIVEADDRUSE"}
HELD = [(option, host) for option in OPTIONS for host in ("0.0.0.0", "127.0.0.1")]
WORDS = {"ok": "OK", "EADDRINUSE": "INUSE", "EACCES": "ACCESS"}

# Microsoft's tables as they are printed: rows hold, columns ask; default, SO_REUSEADDR, SO_EXCLUSIVEADDRUSE, each wildcard and specific.
XP = """
    INUSE INUSE OK     OK     INUSE INUSE
    INUSE INUSE OK     OK     INUSE INUSE
    INUSE INUSE OK     OK     INUSE INUSE
    INUSE INUSE OK     OK     INUSE INUSE
    INUSE INUSE ACCESS ACCESS INUSE INUSE
    INUSE INUSE ACCESS ACCESS INUSE INUSE
"""
SAME_USER = """
    INUSE OK     ACCESS OK     INUSE OK
    OK    INUSE  OK     ACCESS INUSE INUSE
    INUSE OK     OK     OK     INUSE OK
    OK    INUSE  OK     OK     INUSE INUSE
    INUSE ACCESS ACCESS ACCESS INUSE ACCESS
    OK    INUSE  OK     ACCESS INUSE INUSE
"""
ANOTHER_USER = """
    INUSE ACCESS ACCESS ACCESS INUSE ACCESS
    OK    INUSE  OK     ACCESS INUSE INUSE
    INUSE ACCESS OK     OK     INUSE ACCESS
    OK    INUSE  OK     OK     INUSE INUSE
    INUSE ACCESS ACCESS ACCESS INUSE ACCESS
    OK    INUSE  OK     ACCESS INUSE INUSE
"""
MICROSOFT = [
    *[(version, "", XP) for version in ("nt4", "2000", "xp")],
    *[(version, "", SAME_USER) for version in ("server2003", "vista", "7", "8", "8.1", "10", "11", "")],
    *[(version, "stranger: ", ANOTHER_USER) for version in ("server2003", "vista", "7", "8", "8.1", "10", "11", "")],
]


def second_bind(stack: Model, kind: str, first: tuple[str, str], listens: bool, actor: str, second: tuple[str, str]) -> str:
    """What the second bind answers, in Microsoft's word."""
    listen = "A.listen()\n" if listens else ""
    script = (
        f"A = {kind}({WRITTEN[first[0]]})\nA.bind({first[1]}:P)\n{listen}B = {actor}{kind}({WRITTEN[second[0]]})\nB.bind({second[1]}:P)"
    )
    answers = [stack.perform(call) for call, _ in parse(script)]
    assert answers[-1].native == (None if answers[-1].name == "ok" else f"WSA{answers[-1].name}")
    return WORDS[answers[-1].name]


@pytest.mark.parametrize(("version", "actor", "table"), MICROSOFT, ids=lambda value: str(value).strip()[:12] or "newest")
@pytest.mark.parametrize(("kind", "listens"), [("tcp4", False), ("tcp4", True), ("udp4", False)])
def test_every_cell_of_microsofts_tables(version: str, actor: str, table: str, kind: str, listens: bool) -> None:
    rows = [line.split() for line in table.strip().splitlines()]
    wrong = [
        f"{first} {second}: {found}, not {rows[i][j]}"
        for i, first in enumerate(HELD)
        for j, second in enumerate(HELD)
        if (found := second_bind(Windows(version=version), kind, first, listens, actor, second)) != rows[i][j]
    ]
    assert not wrong, "\n".join(wrong)


def test_before_server_2003_the_user_does_not_matter() -> None:
    rows = [line.split() for line in XP.strip().splitlines()]
    for i, first in enumerate(HELD):
        for j, second in enumerate(HELD[:4]):
            assert second_bind(Windows(version="xp"), "tcp4", first, True, "stranger: ", second) == rows[i][j]


RELATIONS = ("S=S", "W=W", "W>S", "S>W", "D>W", "W>D", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6")
FREE = ("S/S'", "6>W", "W>6")

# All refusals come from bind, whether the first listens or not; what a connection leaves is another matter (- here).
WINDOWS_TCP: Table = {
    "none,none": "BB-o BB-o oo-o oo-o oo-o oo-o oo-o oo-o BB-o BB-o BB-o oo-o",
    "RA,none": "BB-o BB-o oo-o oo-o oo-o oo-o oo-o oo-o BB-o BB-o BB-o oo-o",
    "none,RA": "AA-o AA-o oo-o oo-o oo-o oo-o oo-o oo-o AA-o AA-o AA-o oo-o",
    "RA,RA": "oooo " * 12,
    "EX,none": "BB-- BB-- AA-- oo-- AA-- oo-- AA-- oo-- BB-- BB-- BB-- AA--",
    "none,EX; RA,EX": "BB-- BB-- oo-- BB-- oo-- BB-- oo-- BB-- BB-- BB-- BB-- oo--",
    "EX,RA": "AA-- AA-- AA-- oo-- AA-- oo-- AA-- oo-- AA-- AA-- AA-- AA--",
    "EX,EX": "BB-- BB-- AA-- BB-- AA-- BB-- AA-- BB-- BB-- BB-- BB-- AA--",
}
XP_RELATIONS = ("S=S", "W=W", "W>S", "S>W", "s6=s6")
XP_TCP: Table = {
    "none,none; RA,none; none,EX; RA,EX; EX,none; EX,EX": "BB-- " * 5,
    "none,RA": "oo-- " * 5,
    "RA,RA": "oooo " * 5,
    "EX,RA": "AA-- " * 5,
}
CYGWIN_RELATIONS = ("S=S", "W=W", "W>S", "S>W", "S/S'")
CYGWIN_TCP: Table = {
    "none,none": "BB?? BB?? AA?? BB?? oo--",
    "RA,none": "BB?? BB?? oo?? BB?? oo--",
    "none,RA": "BB?? BB?? AA?? oo?? oo--",
    "RA,RA": "BB?? BB?? oo?? oo?? oo--",
}
# fhandler_socket_inet::bind sets SO_EXCLUSIVEADDRUSE on a UDP socket without SO_REUSEADDR as well.
CYGWIN_UDP: Table = {
    "none,none": "B B A B o",
    "RA,none": "B B o B o",
    "none,RA": "A A A o o",
    "RA,RA": "o o o o o",
}
WSL1_RELATIONS = ("S=S", "W=W", "W>S", "S>W", "S/S'")
WSL1_TCP: Table = {
    "none,none; RP,RP": "BB-o BB-o ??-o ??-o ooo-",
    "RA,RA; RA+RP,RA+RP": "oo-o oo-o ??-o ??-o ooo-",
    "none,RA; RA,none": "??-o ??-o ??-o ??-o ooo-",
}
CASES: dict[str, tuple[type[Model], str, str, str, tuple[str, ...], Table]] = {
    "windows-tcp": (Windows, "11", "tcp", "", RELATIONS, WINDOWS_TCP),
    "windows-tcp-free": (Windows, "11", "tcp", "", FREE, {PAIRS: "oo-- oo-- oo--"}),
    "windows-udp-free": (Windows, "11", "udp", "", FREE, {PAIRS: "o o o"}),
    "xp-tcp": (Windows, "xp", "tcp", "", XP_RELATIONS, XP_TCP),
    "xp-tcp-free": (Windows, "xp", "tcp", "", ("S/S'",), {PAIRS: "oo--"}),
    "cygwin-tcp": (Cygwin, "", "tcp", "", CYGWIN_RELATIONS, CYGWIN_TCP),
    "cygwin-udp": (Cygwin, "3.5", "udp", "", CYGWIN_RELATIONS, CYGWIN_UDP),
    "wsl1-tcp": (Wsl1, "19041", "tcp", "", WSL1_RELATIONS, WSL1_TCP),
    "wsl1-udp": (Wsl1, "19041", "udp", "", WSL1_RELATIONS, {"none,none; RA,RA": "? ? ? ? o"}),
    "wsl1-14393": (Wsl1, "14393", "tcp", "", ("S/S'",), {"none,none; RA,RA": "????"}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_cell_of_the_table(case: str) -> None:
    model, version, protocol, actor, relations, rows = CASES[case]
    wrong = wrong_cells(lambda: model(version=version), protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)
