"""What is unknown of a socket is unknown under all its names."""

from __future__ import annotations

from fixtures.language.notation import parse, parse_line
from fixtures.models import situations as S
from fixtures.models.stevens import Stevens

CONNECTED = """\
A = tcp4()
A.bind(127.0.0.1:P)
A.listen()
B = tcp4()
B.connect(127.0.0.1:P)
D = B.dup()
E = B.inherit()
"""


def test_a_descriptor_of_a_socket_of_which_nothing_is_known() -> None:
    model = Stevens()
    model.play(call for call, _ in parse(CONNECTED))
    model.lose(model.sockets["B"], model.because(S.SEND))
    assert {model.perform(parse_line(f"{name}.send(1)")[0]).name for name in "BDE"} == {"unknown"}
