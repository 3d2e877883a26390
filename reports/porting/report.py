"""Making a report: every situation of every server of a recording, played on the platform it comes from and on every target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fixtures import VERSION
from fixtures.libraries import paths
from fixtures.models import Platform
from fixtures.specification.clauses import BASES, Reason, sides_of
from reports.calls import Recording
from reports.porting.advice import Offer, offers
from reports.porting.bound import bound_sockets
from reports.porting.contents import (
    SCHEMA,
    Because,
    Counts,
    Instead,
    Met,
    OneSide,
    ProgramReport,
    Refused,
    Report,
    ServerReport,
    SituationReport,
    TargetReport,
)
from reports.porting.groups import Group, drawn, groups_of
from reports.porting.judge import Conclusion, Refusal, changes, verdict
from reports.porting.player import Player
from reports.porting.program import asked_of, concluded, judged, placed
from reports.porting.recognised import libraries, words_of
from reports.porting.trials import REFUSED, TRIALS, Trial
from reports.porting.warnings import warnings
from reports.porting.words import PORTING_VERDICTS, SAME, worst
from reports.why import told


def report(recording: Recording, name: str, source: Platform, targets: Sequence[Platform], player: Player) -> Report:
    """Everything that the report says."""
    names = [name, *recording.programs]
    groups = groups_of(recording)
    servers = [_server(group, names, source, targets, player) for group in groups]
    used = {reason.basis for server in servers for one in server.situations for reason in _all_reasons(one)}
    return Report(
        schema=SCHEMA,
        suite=f"addrinuse {VERSION}",
        from_=str(source),
        to=[str(target) for target in targets],
        uid=player.uid,
        calls=Counts(name, recording.calls, recording.number, list(recording.notes)),
        verdicts=PORTING_VERDICTS,
        bases={basis: sentence for basis, sentence in BASES.items() if basis in used},
        program=_program(groups, source, targets, player),
        servers=servers,
        unjudged=_unjudged(recording, told.for_port(recording, source, player.uid)),
    )


def differs(made: Report) -> bool:
    """Whether anything is not the same on a target."""
    return any(there.verdict != SAME or there.changes for there in made.targets) or any(one.verdict != SAME for one in made.warned)


def _all_reasons(situation: SituationReport) -> list[Because]:
    return [reason for met in (situation.from_, *(there.answer for there in situation.to.values())) for reason in met.because]


def _program(groups: Sequence[Group], source: Platform, targets: Sequence[Platform], player: Player) -> ProgramReport:
    """What the program meets as a whole."""
    asked = [_of_program(trial, concerned, source, targets, player) for trial, concerned in asked_of(groups)]
    title = ", ".join(group.title for group in groups)
    return ProgramReport(title, {str(target): _overall(asked, str(target)) for target in targets}, asked)


def _of_program(trial: Trial, groups: Sequence[Group], source: Platform, targets: Sequence[Platform], player: Player) -> SituationReport:
    here = concluded(trial, groups, source, player)
    there = {}
    for target in targets:
        word, found = judged(here, concluded(trial, groups, target, player))
        changed = changes(here.whole, found.whole) if target != source else []
        met = _met(found.whole, found.group)
        there[str(target)] = TargetReport(
            word, changed, replace(met, outcome=f"{met.outcome} at {found.where}") if found.where else met, []
        )
    return SituationReport(trial.id, trial.name, trial.question, list(trial.experiments), _met(here.whole, here.group), there)


def _server(group: Group, names: Sequence[str], source: Platform, targets: Sequence[Platform], player: Player) -> ServerReport:
    asked = [_situation(trial, group, source, targets, player) for trial in TRIALS if trial.applies(group.shape)]
    notes = list(group.notes)
    notes += _doubts(player.play(TRIALS[0], group.shape, source))
    notes += [f"{one.name} {one.version} (library/{one.id}): {one.said}" for one in paths.named(list(words_of(names)))] * group.is_unix
    warned = {str(target): warnings(group.sockets, source, target) for target in targets}
    return ServerReport(
        title=group.title,
        ports=group.ports,
        sockets=bound_sockets(group.sockets),
        notes=notes,
        libraries=libraries(group, names, source, targets),
        overall={target: _overall(asked, target, *(one.verdict for one in warnings)) for target, warnings in warned.items()},
        warnings=warned,
        situations=asked,
    )


def _doubts(start: Conclusion) -> list[str]:
    """What to say if the model of the source refuses what was recorded there."""
    if start.ranks != {REFUSED}:
        return []
    if any(one.refusal and one.refusal.errno in ("EACCES", "EPERM") for one in start.outcomes):
        return [f"{start.platform} keeps its low ports for root: --uid 0 plays the server as root"]
    return [f"{start.platform} would refuse what the log grants; see start: is it the platform on which it was recorded?"]


def _overall(asked: Sequence[SituationReport], target: str, *more: str) -> str:
    return worst({*(one.to[target].verdict for one in asked), *more})


def _situation(trial: Trial, group: Group, source: Platform, targets: Sequence[Platform], player: Player) -> SituationReport:
    here = player.play(trial, group.shape, source)
    there = {str(target): _target(here, player.play(trial, group.shape, target), group, player) for target in targets}
    return SituationReport(trial.id, trial.name, trial.question, list(trial.experiments), _met(here, group), there)


def _target(here: Conclusion, there: Conclusion, group: Group, player: Player) -> TargetReport:
    return TargetReport(
        verdict=verdict(here, there),
        changes=changes(here, there) if here.platform != there.platform else [],
        answer=_met(there, group),
        instead=[_instead(offer) for offer in offers(player, group.shape, here, there)],
    )


def _met(found: Conclusion, group: Group) -> Met:
    return Met(
        outcome=found.words,
        refused=[_refused(refusal, group) for refusal in dict.fromkeys(one.refusal for one in found.outcomes if one.refusal)],
        receives=sorted({one.receives for one in found.outcomes if one.receives}),
        trace=list(found.trace),
        because=list(map(_because, found.reasons)),
    )


def _refused(refusal: Refusal, group: Group) -> Refused:
    return Refused(refusal.socket or placed(refusal, group).socket, refusal.line, refusal.call, refusal.errno, refusal.native)


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
    clients = recording.clients + sum(one.connected and not one.serves for one in recording.sockets)
    unused = recording.unused + sum(not one.connected and one.forgettable for one in recording.sockets)
    said += [f"{clients} socket{'s of clients' if clients > 1 else ' of a client'}"] * bool(clients)
    return said + [f"{unused} socket{'s that were' if unused > 1 else ' that was'} never bound"] * bool(unused)
