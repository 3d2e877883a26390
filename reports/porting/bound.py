"""The sockets of a server as the report lists them: those that do the same are counted."""

from __future__ import annotations

from collections.abc import Sequence

from reports.calls import Recorded
from reports.porting.contents import BoundSocket


def bound_sockets(sockets: Sequence[Recorded]) -> list[BoundSocket]:
    """Every socket, in the order of the log. Several at one address that do the same are one, with their number."""
    alike: dict[tuple[object, ...], list[Recorded]] = {}
    for one in sockets:
        alike.setdefault(_same(one), []).append(one)
    return list(map(_bound, alike.values()))


def _same(one: Recorded) -> tuple[object, ...]:
    """What those have in common that do the same."""
    acts = tuple((act.verb, act.args) for act in one.acts if act.granted and act.verb in ("setsockopt", "bind", "join"))
    return one.kind, one.place, one.inherited, one.listening, acts


def _bound(alike: Sequence[Recorded]) -> BoundSocket:
    first = alike[0]
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    bound = first.inherited
    for act in first.acts:
        bound |= act.verb == "bind" and act.granted
        if act.verb == "setsockopt" and act.granted and isinstance(act.args[1], int):
            (after if bound else before)[str(act.args[0])] = act.args[1]
    return BoundSocket(
        kind=first.kind,
        address=str(first.place) if first.place else None,
        line=first.line,
        count=len(alike),
        options=before,
        options_after=after,
        known=not first.inherited,
        listens=first.listening,
        joins=list(dict.fromkeys(str(act.args[0]) for act in first.acts if act.verb == "join" and act.granted)),
        processes=max(len(one.workers) or 1 for one in alike),
        accepted=sum(one.accepted for one in alike),
        refused=[f"line {act.line}: {act.verb} = {act.answer}" for one in alike for act in one.refusals],
    )
