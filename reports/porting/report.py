"""The report as plain data, from which text, Markdown, HTML and JSON are written; its schema is port.schema.json, beside this module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fixtures import VERSION
from fixtures.models import Platform
from fixtures.specification.clauses import BASES, Reason, sides_of
from reports.calls import Recorded, Recording
from reports.porting.advice import Offer, offers
from reports.porting.groups import Group, drawn, groups_of
from reports.porting.judge import SAME, VERDICTS, WORST, Bench, Found, changes, verdict
from reports.porting.recognised import libraries
from reports.porting.situations import REFUSED, SITUATIONS, Situation

Data = dict[str, Any]


def report(recording: Recording, name: str, source: Platform, targets: Sequence[Platform], bench: Bench) -> Data:
    """Everything that the report says."""
    names = [name, *recording.programs]
    servers = [_server(group, names, source, targets, bench) for group in groups_of(recording)]
    used = {reason["basis"] for server in servers for one in server["situations"] for reason in _all_reasons(one)}
    return {
        "suite": f"addrinuse {VERSION}",
        "from": str(source),
        "to": [str(target) for target in targets],
        "uid": bench.uid,
        "calls": {"name": name, "calls": recording.calls, "sockets": len(recording.sockets), "notes": list(recording.notes)},
        "verdicts": VERDICTS,
        "bases": {basis: sentence for basis, sentence in BASES.items() if basis in used},
        "servers": servers,
        "unjudged": _unjudged(recording),
    }


def differs(data: Data) -> bool:
    """Whether anything is not the same on a target."""
    found = [there for server in data["servers"] for one in server["situations"] for there in one["to"].values()]
    return any(there["verdict"] != SAME or there["changes"] for there in found)


def _all_reasons(situation: Data) -> list[Data]:
    sides = [situation["from"], *(there["answer"] for there in situation["to"].values())]
    return [reason for side in sides for reason in side["because"]]


def _server(group: Group, names: Sequence[str], source: Platform, targets: Sequence[Platform], bench: Bench) -> Data:
    asked = [situation for situation in SITUATIONS if situation.applies(group.shape)]
    judged = [_situation(situation, group, source, targets, bench) for situation in asked]
    notes = list(group.notes)
    if bench.play(SITUATIONS[0], group.shape, source).ranks == {REFUSED}:
        notes.append(f"{source} would refuse what the log grants; see start: is it the platform on which it was recorded?")
    return {
        "title": group.title,
        "ports": group.ports,
        "sockets": [_socket(one) for one in group.sockets],
        "notes": notes,
        "libraries": libraries(group, names, source, targets),
        "overall": {str(target): _overall(judged, str(target)) for target in targets},
        "situations": judged,
    }


def _overall(judged: Sequence[Data], target: str) -> str:
    words = {one["to"][target]["verdict"] for one in judged}
    return next(word for word in WORST if word in words)


def _socket(one: Recorded) -> Data:
    return {
        "kind": one.kind,
        "address": str(one.address) if one.address else None,
        "line": one.line,
        "options": {str(act.args[0]): act.args[1] for act in one.acts if act.verb == "setsockopt" and act.granted},
        "listens": one.listening,
        "processes": len(one.workers) or 1,
        "accepted": one.accepted,
        "refused": [f"line {act.line}: {act.verb} = {act.answer}" for act in one.refusals],
    }


def _situation(situation: Situation, group: Group, source: Platform, targets: Sequence[Platform], bench: Bench) -> Data:
    here = bench.play(situation, group.shape, source)
    return {
        "id": situation.id,
        "question": situation.question,
        "experiments": list(situation.experiments),
        "from": _answer(here),
        "to": {str(target): _judged(here, bench.play(situation, group.shape, target), group, bench) for target in targets},
    }


def _judged(here: Found, there: Found, group: Group, bench: Bench) -> Data:
    return {
        "verdict": verdict(here, there),
        "changes": changes(here, there) if here.platform != there.platform else [],
        "answer": _answer(there),
        "instead": [_offer(offer) for offer in offers(bench, group.shape, here, there)],
    }


def _answer(found: Found) -> Data:
    refused = dict.fromkeys(one.refusal for one in found.outcomes if one.refusal)
    return {
        "outcome": found.words,
        "refused": [{"line": one.line, "call": one.verb, "errno": one.errno, "native": one.native} for one in refused],
        "receives": sorted({one.receives for one in found.outcomes if one.receives}),
        "trace": list(found.trace),
        "because": list(map(_reason, found.reasons)),
    }


def _reason(reason: Reason) -> Data:
    return {
        "id": reason.id,
        "statement": reason.statement,
        "basis": reason.basis,
        "source": str(reason.source),
        "sides": [{"claim": side.claim, "basis": side.basis, "source": str(side.source)} for side in sides_of(reason)],
    }


def _offer(offer: Offer) -> Data:
    advice = offer.advice
    return {
        "id": advice.id,
        "say": advice.say,
        "then": offer.played.words if offer.played else None,
        "mends": list(offer.mends),
        "costs": [{"situation": situation, "verdict": word, "outcome": words} for situation, word, words in offer.costs],
        "experiments": advice.experiments,
        "because": list(dict.fromkeys([*advice.reasons, *(_ids(offer.played) if offer.played else [])])),
        "sources": [str(citation) for citation in advice.citations],
    }


def _ids(found: Found) -> list[str]:
    return [reason.id for reason in found.reasons]


def _unjudged(recording: Recording) -> list[str]:
    """What is in the recording, and is not judged."""
    said = [f"{one.kind} {one.address} (line {one.line}): the system chooses the port, so nobody else meets it" for one in drawn(recording)]
    for one in recording.sockets:
        if one.serves or not one.refusals:
            continue
        last = one.refusals[-1]
        said.append(f"{one.kind} (line {one.line}): {last.verb} was {last.answer} when it was recorded")
    clients = sum(one.connected for one in recording.sockets)
    unused = sum(not one.connected and one.address is None and not one.refusals for one in recording.sockets)
    said += [f"{clients} socket{'s of clients' if clients > 1 else ' of a client'}"] * bool(clients)
    return said + [f"{unused} socket{'s that were' if unused > 1 else ' that was'} never bound"] * bool(unused)
