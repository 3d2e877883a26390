"""Every pair: the whole product of two sockets, compared with the model. `fixtures.pairs.product` has the dimensions and equivalences."""

from __future__ import annotations

import pytest

from fixtures.pairs.product import Kind, kinds


@pytest.mark.parametrize("kind", kinds(), ids=str)
def test_every_pair(kind: Kind) -> None:
    """Does every pair of sockets answer as the model says?"""


test_every_pair.every_pair = True  # type: ignore[attr-defined]
