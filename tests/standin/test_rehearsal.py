"""A call that is rehearsed: the model answers as if it were made, and nothing happens to it."""

from __future__ import annotations

from copy import deepcopy

import pytest

from fixtures.language.notation import parse, parse_line
from fixtures.models import MODELS, platform
from fixtures.models.base import Model
from fixtures.specification.worlds import Choices
from fixtures.standin.rehearsal import Twin, rehearse

#: A connection at one port, another one in TIME_WAIT at a second, and a socket that is about to connect.
PAST = """\
A = tcp4(SO_REUSEADDR)
A.bind(127.0.0.1:2000)
A.listen()
B = tcp4()
B.connect(127.0.0.1:2000)
E = tcp4(SO_REUSEADDR)
E.bind(127.0.0.1:3000)
E.listen()
F = tcp4()
F.connect(127.0.0.1:3000)
G = E.accept()
F.close()
G.close()
C = tcp4(SO_REUSEADDR)
C.bind(127.0.0.1:4000)
"""
AT = ("2000", "4000")


def states(model: Model) -> list[tuple[str, str, int, int, object]]:
    return [(one.port, one.state, one.descriptors, len(one.queue), one.remote) for one in model.blocks]


def played(name: str) -> Model:
    model = platform(name).make(0, {}, Choices())
    model.play(call for call, _ in parse(PAST))
    assert isinstance(model, Model)
    return model


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("line", ["C.connect(127.0.0.1:2000)", "C.connect(127.0.0.1:3000)", "C.connect(127.0.0.1:4000)"])
def test_it_answers_as_if_it_were_made_and_nothing_happens(name: str, line: str) -> None:
    model, call = played(name), parse_line(line)[0]
    before, known = states(model), deepcopy({key: value for key, value in vars(model).items() if isinstance(value, set | dict)})
    answer = rehearse(model, call, model.sockets["C"], {"4000", line.rpartition(":")[2][:-1]})
    assert states(model) == before
    assert {key: len(vars(model)[key]) for key in known} == {key: len(value) for key, value in known.items()}
    assert model.perform(call) == answer


def test_a_twin_has_its_own_of_what_is_at_the_ports_and_the_models_of_all_else() -> None:
    model = played("freebsd")
    at_ports = [block for block in model.blocks if block.port in AT]
    twin = Twin(model, at_ports, AT).model
    assert states(twin) == states(model)
    shared = set(model.blocks) & set(twin.blocks)
    assert shared.isdisjoint(at_ports)
    assert "3000" in {block.port for block in shared}
    for script in ("D = A.accept()", "D.close()", "A.close()"):
        twin.perform(parse_line(script)[0])
    assert states(twin) != states(model)
