"""Which answer holds where several may."""

from __future__ import annotations

from fixtures.standin.world import Kindest, Worst


def test_worst_refuses_first_then_lets_one_take_all() -> None:
    assert Worst().pick(("ok", "EADDRINUSE")) == "EADDRINUSE"
    assert Worst().pick((["A"], ["B"], ["A", "B"])) == ["A"]
    assert Worst().pick((["A", "B"], ["B"])) == ["B"]


def test_kindest_grants_and_shares() -> None:
    assert Kindest().pick(("EADDRINUSE", "ok")) == "ok"
    assert Kindest().pick((["A"], ["A", "B"])) == ["A", "B"]


def test_between_equals_the_model_has_its_way() -> None:
    assert Worst().pick(("EADDRINUSE", "EACCES")) == "EADDRINUSE"
    assert Kindest().pick(("EACCES", "EADDRINUSE")) == "EACCES"
