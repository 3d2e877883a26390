"""A copy of a model on which a call can be tried (`twin`): what happens to it happens to nothing of the model."""

from __future__ import annotations

from copy import deepcopy

from fixtures.language.notation import parse, parse_line
from fixtures.models.block import Block
from fixtures.models.stevens import Stevens

CONNECTED = """\
A = tcp4(SO_REUSEADDR)
A.bind(127.0.0.1:P)
A.listen()
B = tcp4()
B.connect(127.0.0.1:P)
"""


def block() -> Block:
    return Block("udp", 4, 0, "", groups={"224.0.0.251"}, options={"SO_REUSEADDR": 1}, shut={"RD"}, late={"SO_REUSEADDR"})


def test_a_copy_of_a_block_is_equal_and_shares_nothing_that_can_change() -> None:
    whole, peer = block(), block()
    whole.peer, whole.queue, peer.peer = peer, [block(), peer], whole
    other = deepcopy(whole)
    assert vars(other).keys() == vars(whole).keys()
    for name, mine in vars(whole).items():
        its = getattr(other, name)
        if isinstance(mine, (Block, list, dict, set)):
            assert its is not mine, name
        if name not in ("peer", "queue"):
            assert its == mine, name
    assert other.peer is not None
    assert (other.peer.peer, other.queue[1]) == (other, other.peer)
    assert other.queue[0] not in whole.queue


def states(model: Stevens) -> list[tuple[str, int, int]]:
    return [(one.state, one.descriptors, len(one.queue)) for one in model.blocks]


def test_what_is_tried_on_a_twin_does_not_happen() -> None:
    model = Stevens()
    model.play(call for call, _ in parse(CONNECTED))
    before = states(model)
    twin = model.twin()
    for line in ("D = A.accept()", "D.close()", "A.close()"):
        twin.perform(parse_line(line)[0])
    assert states(model) == before
    assert states(twin) != before
