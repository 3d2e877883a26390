"""The sockets of a server as the report lists them: those that do the same are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.calls import Recorded
from reports.porting.contents import BoundSocket


def bound_sockets(sockets: Sequence[Recorded]) -> list[BoundSocket]:
    """Every socket, in the order of the log. Several at one address that do the same are one, with their number."""
    found: dict[tuple[object, ...], BoundSocket] = {}
    for one in map(_bound, sockets):
        same = (
            one.kind,
            one.address,
            tuple(one.options.items()),
            tuple(one.options_after.items()),
            one.known,
            one.listens,
            tuple(one.joins),
        )
        first = found.get(same)
        found[same] = _added(first, one) if first else one
    return list(found.values())


def _added(first: BoundSocket, other: BoundSocket) -> BoundSocket:
    refused = [*first.refused, *other.refused]
    most = max(first.processes, other.processes)
    return replace(first, count=first.count + 1, processes=most, accepted=first.accepted + other.accepted, refused=refused)


def _bound(one: Recorded) -> BoundSocket:
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    bound = one.inherited
    for act in one.acts:
        bound |= act.verb == "bind" and act.granted
        if act.verb == "setsockopt" and act.granted and isinstance(act.args[1], int):
            (after if bound else before)[str(act.args[0])] = act.args[1]
    return BoundSocket(
        kind=one.kind,
        address=str(one.place) if one.place else None,
        line=one.line,
        count=1,
        options=before,
        options_after=after,
        known=not one.inherited,
        listens=one.listening,
        joins=list(dict.fromkeys(str(act.args[0]) for act in one.acts if act.verb == "join" and act.granted)),
        processes=len(one.workers) or 1,
        accepted=one.accepted,
        refused=[f"line {act.line}: {act.verb} = {act.answer}" for act in one.refusals],
    )
