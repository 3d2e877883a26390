"""Making a report: every situation of every server of a recording, played on the platform it comes from and on every target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fixtures import VERSION
from fixtures.models import Platform
from fixtures.specification.clauses import BASES, Reason, sides_of
from reports.calls import Recorded, Recording
from reports.porting.advice import Offer, offers
from reports.porting.contents import (
    Because,
    BoundSocket,
    Counts,
    Instead,
    Met,
    OneSide,
    Report,
    ServerReport,
    SituationReport,
    TargetReport,
)
from reports.porting.groups import Group, drawn, groups_of
from reports.porting.judge import PORTING_VERDICTS, SAME, WORST, Conclusion, changes, verdict
from reports.porting.player import Player
from reports.porting.recognised import libraries
from reports.porting.trials import REFUSED, TRIALS, Trial
from reports.why import told


def report(recording: Recording, name: str, source: Platform, targets: Sequence[Platform], player: Player) -> Report:
    """Everything that the report says."""
    names = [name, *recording.programs]
    servers = [_server(group, names, source, targets, player) for group in groups_of(recording)]
    used = {reason.basis for server in servers for one in server.situations for reason in _all_reasons(one)}
    return Report(
        suite=f"addrinuse {VERSION}",
        from_=str(source),
        to=[str(target) for target in targets],
        uid=player.uid,
        calls=Counts(name, recording.calls, len(recording.sockets), list(recording.notes)),
        verdicts=PORTING_VERDICTS,
        bases={basis: sentence for basis, sentence in BASES.items() if basis in used},
        servers=servers,
        unjudged=_unjudged(recording, told.for_port(recording, source, player.uid)),
    )


def differs(made: Report) -> bool:
    """Whether anything is not the same on a target."""
    return any(there.verdict != SAME or there.changes for there in made.targets)


def _all_reasons(situation: SituationReport) -> list[Because]:
    return [reason for met in (situation.from_, *(there.answer for there in situation.to.values())) for reason in met.because]


def _server(group: Group, names: Sequence[str], source: Platform, targets: Sequence[Platform], player: Player) -> ServerReport:
    judged = [_situation(trial, group, source, targets, player) for trial in TRIALS if trial.applies(group.shape)]
    notes = list(group.notes)
    if player.play(TRIALS[0], group.shape, source).ranks == {REFUSED}:
        notes.append(f"{source} would refuse what the log grants; see start: is it the platform on which it was recorded?")
    return ServerReport(
        title=group.title,
        ports=group.ports,
        sockets=[_socket(one) for one in group.sockets],
        notes=notes,
        libraries=libraries(group, names, source, targets),
        overall={str(target): _overall(judged, str(target)) for target in targets},
        situations=judged,
    )


def _overall(judged: Sequence[SituationReport], target: str) -> str:
    words = {one.to[target].verdict for one in judged}
    return next(word for word in WORST if word in words)


def _socket(one: Recorded) -> BoundSocket:
    settings = [act.args for act in one.acts if act.verb == "setsockopt" and act.granted]
    return BoundSocket(
        kind=one.kind,
        address=str(one.address) if one.address else None,
        line=one.line,
        options={str(name): value for name, value in settings if isinstance(value, int)},
        listens=one.listening,
        processes=len(one.workers) or 1,
        accepted=one.accepted,
        refused=[f"line {act.line}: {act.verb} = {act.answer}" for act in one.refusals],
    )


def _situation(trial: Trial, group: Group, source: Platform, targets: Sequence[Platform], player: Player) -> SituationReport:
    here = player.play(trial, group.shape, source)
    there = {str(target): _target(here, player.play(trial, group.shape, target), group, player) for target in targets}
    return SituationReport(trial.id, trial.question, list(trial.experiments), _met(here), there)


def _target(here: Conclusion, there: Conclusion, group: Group, player: Player) -> TargetReport:
    return TargetReport(
        verdict=verdict(here, there),
        changes=changes(here, there) if here.platform != there.platform else [],
        answer=_met(there),
        instead=[_instead(offer) for offer in offers(player, group.shape, here, there)],
    )


def _met(found: Conclusion) -> Met:
    return Met(
        outcome=found.words,
        refused=list(dict.fromkeys(one.refusal for one in found.outcomes if one.refusal)),
        receives=sorted({one.receives for one in found.outcomes if one.receives}),
        trace=list(found.trace),
        because=list(map(_because, found.reasons)),
    )


def _because(reason: Reason) -> Because:
    sides = [OneSide(side.claim, side.basis, str(side.source)) for side in sides_of(reason)]
    return Because(reason.id, reason.statement, reason.basis, str(reason.source), sides)


def _instead(offer: Offer) -> Instead:
    advice = offer.advice
    return Instead(
        id=advice.id,
        say=advice.say,
        then=offer.played.words if offer.played else None,
        mends=list(offer.mends),
        costs=list(offer.costs),
        experiments=advice.experiments,
        because=list(dict.fromkeys([*advice.reasons, *(_ids(offer.played) if offer.played else [])])),
        sources=[str(citation) for citation in advice.citations],
    )


def _ids(found: Conclusion) -> list[str]:
    return [reason.id for reason in found.reasons]


def _unjudged(recording: Recording, causes: Mapping[int, Sequence[str]]) -> list[str]:
    """What is in the recording, and is not judged; of a socket that was refused, what causes it, by its line."""
    said = [f"{one.kind} {one.address} (line {one.line}): the system chooses the port, so nobody else meets it" for one in drawn(recording)]
    for one in recording.sockets:
        if one.serves or not one.refusals:
            continue
        last = one.refusals[-1]
        said.append(f"{one.kind} (line {one.line}): {last.verb} was {last.answer} when it was recorded")
        said += (f"    {line}" for line in causes.get(one.line, ()))
    clients = sum(one.connected for one in recording.sockets)
    unused = sum(not one.connected and one.address is None and not one.refusals for one in recording.sockets)
    said += [f"{clients} socket{'s of clients' if clients > 1 else ' of a client'}"] * bool(clients)
    return said + [f"{unused} socket{'s that were' if unused > 1 else ' that was'} never bound"] * bool(unused)
