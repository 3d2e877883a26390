from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.language.words import CLOSED, IP_LOCAL_PORT_RANGE, STATES
from fixtures.models.base import Model
from fixtures.models.lifecycle import TRANSITIONS, after
from fixtures.models.linux import Linux
from fixtures.models.linux import clauses as v
from fixtures.models.stevens import Stevens
from fixtures.specification.clauses import Reason
from fixtures.specification.rules import COMPLETELY_DUPLICATE, NO_OPTIONS, REUSEPORT_ALL, TIME_WAIT_REBIND, WILDCARD_AND_SPECIFIC
from tests.helpers.cells import Table, wrong_cells

#: RFC 9293, figure 5: what a connection passes through.
LIVES = [
    ("active", "ESTABLISHED", "close FIN_WAIT_1 ack FIN_WAIT_2 fin TIME_WAIT 2msl CLOSED"),
    ("passive", "ESTABLISHED", "fin CLOSE_WAIT close LAST_ACK ack CLOSED"),
    ("simultaneous", "ESTABLISHED", "close FIN_WAIT_1 fin CLOSING ack TIME_WAIT 2msl CLOSED"),
    ("listener", "CLOSED", "listen LISTEN close CLOSED"),
    ("reset", "CLOSED", "open ESTABLISHED reset CLOSED"),
]


@pytest.mark.parametrize(("life", "state", "events"), LIVES)
def test_life(life: str, state: str, events: str) -> None:
    words = events.split()
    for event, expected in zip(words[::2], words[1::2], strict=True):
        state = after(state, event)
        assert state == expected


def test_the_table_is_closed_and_every_state_is_reached() -> None:
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATES)
    reached = {CLOSED}
    for _ in STATES:
        reached |= {new for (old, _), new in TRANSITIONS.items() if old in reached}
    assert reached == set(STATES)
    assert after("TIME_WAIT", "fin") == "TIME_WAIT"


STEVENS_RELATIONS = ("S=S", "W=W", "W>S", "S>W")
LINUX_RELATIONS = (*STEVENS_RELATIONS, "D>W", "W>D", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6")
FREE = ("S/S'", "6>W", "W>6")
SHARED = ("none", "RA", "RP", "RA+RP")
ALL_PAIRS = [f"{one},{two}" for one in SHARED for two in SHARED]
#: No such rows were measured.
UNLISTED = {"RA+RP,none", "none,RA+RP"}

LINUX_TCP: Table = {
    "none,none; RA,none; none,RA; RP,none; none,RP; RA,RP; RP,RA": "BBBB " * 12,
    "RA,RA; RA+RP,RA; RA,RA+RP": "LBoo " * 12,
    "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP": "oooo " * 12,
}
LINUX_TCP_STRANGER: Table = {
    "RP,RP; RA+RP,RP; RP,RA+RP": "BBBo " * 12,
    "RA+RP,RA+RP": "LBoo " * 12,
}
LINUX_UDP: Table = {
    "none,none; RA,none; none,RA; RP,none; none,RP; RA,RP; RP,RA": "B " * 13,
    "RA,RA; RP,RP; RA+RP,RA; RA,RA+RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP": "o " * 13,
}
LINUX_UDP_STRANGER: Table = {"RP,RP; RA+RP,RP; RP,RA+RP": "B " * 13}
STEVENS_TCP: Table = {
    "none,none; RA,none; RP,none": "BBBB BBBB BBBB BBBB",
    "none,RA; RA,RA; none,RP; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP": "BBoo BBoo oooo oooo",
    "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP": "oooo oooo oooo oooo",
}
STEVENS_UDP: Table = {
    "none,none; RA,none; RP,none": "B B B B B",
    "none,RA; none,RP; RA,RP": "B B o o B",
    "RA,RA; RP,RA; RA+RP,RA; RA,RA+RP": "B B o o o",
    "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP": "o o o o o",
}
TABLES: dict[str, tuple[type[Model], str, str, tuple[str, ...], Table]] = {
    "linux-tcp": (Linux, "tcp", "", LINUX_RELATIONS, LINUX_TCP),
    "linux-tcp-stranger": (Linux, "tcp", "stranger: ", LINUX_RELATIONS, LINUX_TCP_STRANGER),
    "linux-tcp-free": (Linux, "tcp", "", FREE, {"; ".join(ALL_PAIRS): "oooo " * 3}),
    "linux-udp": (Linux, "udp", "", (*LINUX_RELATIONS, "M=M"), LINUX_UDP),
    "linux-udp-stranger": (Linux, "udp", "stranger: ", (*LINUX_RELATIONS, "M=M"), LINUX_UDP_STRANGER),
    "linux-udp-free": (Linux, "udp", "", FREE, {"; ".join(ALL_PAIRS): "o " * 3}),
    "stevens-tcp": (Stevens, "tcp", "", STEVENS_RELATIONS, STEVENS_TCP),
    "stevens-tcp-free": (Stevens, "tcp", "", ("S/S'",), {"; ".join(ALL_PAIRS): "oooo"}),
    "stevens-udp": (Stevens, "udp", "", (*STEVENS_RELATIONS, "M=M"), STEVENS_UDP),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str) -> None:
    model, protocol, actor, relations, rows = TABLES[table]
    wrong = wrong_cells(model, protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)


def test_the_tables_cover_every_pair_of_options() -> None:
    for rows in (LINUX_TCP, LINUX_UDP, STEVENS_TCP, STEVENS_UDP):
        assert sorted(pair for pairs in rows for pair in pairs.split("; ")) == sorted(set(ALL_PAIRS) - UNLISTED)


RA_RA = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\n"
REMNANT = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"


@pytest.mark.parametrize(
    ("model", "text", "answer", "because"),
    [
        (Stevens, "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", NO_OPTIONS),
        (Stevens, RA_RA + "B.bind(127.0.0.1:P)", "EADDRINUSE", COMPLETELY_DUPLICATE),
        (Linux, RA_RA + "B.bind(127.0.0.1:P)", "ok", v.UNLISTENED_DUPLICATES),
        (Linux, RA_RA + "B.bind(127.0.0.1:P)\nA.listen()\nB.listen()", "EADDRINUSE", v.SECOND_LISTEN),
        (Stevens, RA_RA + "A.listen()\nB.bind(0.0.0.0:P)", "ok", WILDCARD_AND_SPECIFIC),
        (Linux, RA_RA + "A.listen()\nB.bind(0.0.0.0:P)", "EADDRINUSE", v.LISTENER_BLOCKS),
        (Stevens, REMNANT + "D.close()\nC.recv(1)\nC.close()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", TIME_WAIT_REBIND),
        (
            Linux,
            REMNANT + "D.close()\nC.recv(1)\nC.close()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            "EADDRINUSE",
            v.TIME_WAIT_KEEPS_OPTIONS,
        ),
        (Linux, REMNANT + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.CHILD_KEEPS_OPTIONS),
        (
            Stevens,
            "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
            "EADDRINUSE",
            REUSEPORT_ALL,
        ),
    ],
)
def test_answer_and_reason(model: type[Model], text: str, answer: str, because: Reason) -> None:
    stack = model()
    stack.play(call for call, _ in parse(text))
    found = stack.trace[-1][1]
    assert (found.name, found.because) == (answer, because)


@pytest.mark.parametrize(
    ("version", "there"), [("5.10.262", False), ("6.1.31", False), ("6.1.32", True), ("6.1.192", True), ("6.2.16", False), ("6.3", True)]
)
def test_an_option_may_come_to_an_older_series_too(version: str, there: bool) -> None:
    assert (IP_LOCAL_PORT_RANGE in Linux(version=version).options) == there
