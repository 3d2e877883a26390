"""A copy of a block: what happens to it happens to nothing of the block."""

from __future__ import annotations

from copy import deepcopy

from fixtures.models.block import Block


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
