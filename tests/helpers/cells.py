"""Tables of outcomes, played cell by cell on a model.

A table is options of first and second -> a word for each relation between their addresses. A word has a letter for each state of the
first: bound, listening, left a connection, left TIME_WAIT (UDP: bound only). The letter says where the second is refused: ``B`` bind
with EADDRINUSE, ``A`` bind with EACCES, ``L`` listen, ``o`` nowhere; ``?`` nobody knows, ``-`` not asked.
"""

from __future__ import annotations

from collections.abc import Callable

from fixtures.language.notation import parse
from fixtures.models.base import Model

Table = dict[str, str]

HOSTS = {
    "S": ("4", "", "127.0.0.1"),
    "S'": ("4", "", "127.0.0.2"),
    "W": ("4", "", "0.0.0.0"),
    "D": ("6", "IPV6_V6ONLY=0", "[::]"),
    "6": ("6", "IPV6_V6ONLY=1", "[::]"),
    "s6": ("6", "", "[::1]"),
    "M": ("4", "", "224.0.0.251"),
}
OPTIONS = {
    "none": "",
    "RA": "SO_REUSEADDR",
    "RP": "SO_REUSEPORT",
    "RA+RP": "SO_REUSEADDR, SO_REUSEPORT",
    "LB": "SO_REUSEPORT_LB",
    "EX": "SO_EXCLUSIVEADDRUSE",
    "EXCLBIND": "SO_EXCLBIND",
}
CALL_LETTERS = {
    ("bind", "EADDRINUSE"): "B",
    ("bind", "EACCES"): "A",
    ("listen", "EADDRINUSE"): "L",
    ("bind", "unknown"): "?",
    ("listen", "unknown"): "?",
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
        v6 = relation.startswith(("6", "s6")) or relation == "D=D"
        lines += [f"C = tcp{6 if v6 else 4}()", f"C.connect({'[::1]' if v6 else '127.0.0.1'}:P)", "D = A.accept()", "A.close()"]
    if state == 3:
        lines += ["D.close()", "C.recv(1)", "C.close()", f"shows({one[2]}:P, TIME_WAIT)"]
    return "\n".join([*lines, *second, "B.listen()"])


def letter(model: Model, text: str) -> str:
    """Play the script and say at which call of B the refusal came; everything else must be granted."""
    for call, _ in parse(text):
        answer = model.perform(call)
        if answer.name not in ("ok", "end"):
            assert call.on == "B", f"{call} = {answer}"
            return CALL_LETTERS[call.verb, answer.name]
    return "o"


def wrong_cells(make: Callable[[], Model], protocol: str, actor: str, relations: tuple[str, ...], rows: Table) -> list[str]:
    """The cells in which the model and the table disagree."""
    wrong = []
    for pairs, words in rows.items():
        for pair in pairs.split("; "):
            for relation, word in zip(relations, words.split(), strict=True):
                asked = [(state, expected) for state, expected in enumerate(word) if expected != "-"]
                found = "".join(letter(make(), script(protocol, actor, pair, relation, state)) for state, _ in asked)
                if found != (expected := "".join(letter for _, letter in asked)):
                    wrong.append(f"{pair} {relation}: {found}, not {expected}")
    return wrong
