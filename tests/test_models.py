from __future__ import annotations

import pytest

from fixtures.models import linux_variants as v
from fixtures.models.base import Model
from fixtures.models.lifecycle import TRANSITIONS, after
from fixtures.models.linux import Linux
from fixtures.models.stevens import Stevens
from fixtures.notation import parse
from fixtures.rules import COMPLETELY_DUPLICATE, NO_OPTIONS, REUSEPORT_ALL, TIME_WAIT_REBIND, WILDCARD_AND_SPECIFIC, Reason
from fixtures.words import CLOSED, STATES

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


HOSTS = {
    "S": ("4", "", "127.0.0.1"),
    "S'": ("4", "", "127.0.0.2"),
    "W": ("4", "", "0.0.0.0"),
    "D": ("6", "IPV6_V6ONLY=0", "[::]"),
    "6": ("6", "IPV6_V6ONLY=1", "[::]"),
    "s6": ("6", "", "[::1]"),
    "M": ("4", "", "224.0.0.251"),
}
OPTIONS = {"none": "", "RA": "SO_REUSEADDR", "RP": "SO_REUSEPORT", "RA+RP": "SO_REUSEADDR, SO_REUSEPORT"}
STEVENS_RELATIONS = ("S=S", "W=W", "W>S", "S>W")
LINUX_RELATIONS = (*STEVENS_RELATIONS, "D>W", "W>D", "D>S", "S>D", "D=D", "s6=s6", "6=6", "6>s6")
FREE = ("S/S'", "6>W", "W>6")
ALL_PAIRS = [f"{one},{two}" for one in OPTIONS for two in OPTIONS]
#: SEMANTICS.md lists no such rows.
UNLISTED = {"RA+RP,none", "none,RA+RP"}

#: SEMANTICS.md: options of first and second -> a word for each relation. Its letters: where the refusal comes (B bind, L listen,
#: o nowhere) while the first is bound, listens, has left a connection, has left TIME_WAIT. UDP has only the first.
Table = dict[str, str]
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


def script(protocol: str, actor: str, pair: str, relation: str, state: int) -> str:
    """The second socket is B; its bind and listen are the last calls on it."""
    separator = next(sign for sign in "=>/" if sign in relation)
    one, two = (HOSTS[name] for name in relation.split(separator))
    options = [", ".join(filter(None, (OPTIONS[word], host[1]))) for word, host in zip(pair.split(","), (one, two), strict=True)]
    lines = [f"A = {protocol}{one[0]}({options[0]})", f"A.bind({one[2]}:P)"]
    second = [f"B = {actor}{protocol}{two[0]}({options[1]})", f"B.bind({two[2]}:P)"]
    if protocol == "udp":
        return "\n".join(lines + second)
    if state == 0:
        return "\n".join([*lines, *second, "A.listen()", "B.listen()"])
    lines.append("A.listen()")
    if state >= 2:
        v6 = relation.startswith(("6", "s6"))
        lines += [f"C = tcp{6 if v6 else 4}()", f"C.connect({'[::1]' if v6 else '127.0.0.1'}:P)", "D = A.accept()", "A.close()"]
    if state == 3:
        lines += ["D.close()", "C.recv(1)", "C.close()", f"shows({one[2]}:P, TIME_WAIT)"]
    return "\n".join([*lines, *second, "B.listen()"])


def letter(model: Model, text: str) -> str:
    """Play the script and say at which call of B the refusal came; everything else must be granted."""
    for call, _ in parse(text):
        answer = model.answer(call)
        if answer.name not in ("ok", "end"):
            assert call.on == "B", f"{call} = {answer}"
            return {"bind": "B", "listen": "L"}[call.verb]
    return "o"


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str) -> None:
    model, protocol, actor, relations, rows = TABLES[table]
    wrong = []
    for pairs, words in rows.items():
        for pair in pairs.split("; "):
            for relation, word in zip(relations, words.split(), strict=True):
                states = range(len(word))
                found = "".join(letter(model(), script(protocol, actor, pair, relation, state)) for state in states)
                if found != word:
                    wrong.append(f"{pair} {relation}: {found}, not {word}")
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
