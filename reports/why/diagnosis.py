"""A diagnosis of one address: what the kernel answers a bind there, who holds the port, who of them refuses, and what would help."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fixtures.language.words import LISTEN, TIME_WAIT, UNKNOWN
from fixtures.machine.fingerprint import settings
from fixtures.machine.holding import Found, Holder, NotTold, holders
from fixtures.machine.holding.addresses import Own, addresses
from fixtures.machine.holding.attempt import Attempt, NotTried, Wanted, attempt, attempt_as
from fixtures.models import this_platform
from fixtures.models.state import ADDRESSES
from fixtures.specification.clauses import Reason
from reports.why.accuse import Charge, Findings, Tried, accuse
from reports.why.causes import Cause, cause_of
from reports.why.cures import cures
from reports.why.patient import Cure, Patient
from reports.why.world import Newcomer, Outcome, World, listening, overlapping, supposed

FREE, REFUSED = 0, 1
_REMEMBERED = ("SO_REUSEPORT", "SO_REUSEPORT_LB")


@dataclass(frozen=True)
class Suspect:
    """A holder, what it is, and whether it refuses."""

    charge: Charge
    cause: Cause

    @property
    def holder(self) -> Holder:
        """The holder."""
        return self.charge.holder


@dataclass
class Diagnosis:
    """What was found about one address. ``attempt`` is None if the bind was not tried, and ``not_tried`` says why."""

    newcomer: Newcomer
    platform: str
    attempt: Attempt | None
    not_tried: str
    outcome: Outcome
    without: Attempt | None = None
    suspects: list[Suspect] = field(default_factory=list)
    cures: list[Cure] = field(default_factory=list)
    second: list[tuple[str, Outcome]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def answer(self) -> tuple[str, str]:
        """The call that decides and its answer: the kernel's if it was tried, with the model's for a listen that was not."""
        if self.attempt and not (self.attempt.granted and self.not_tried):
            return self.attempt.call, self.attempt.answer
        return self.outcome.call, self.outcome.answer

    @property
    def status(self) -> int:
        """0 if the address is free, else 1."""
        return FREE if self.answer[1] == "ok" else REFUSED

    @property
    def because(self) -> Reason | None:
        """What decides, if the model agrees with the kernel."""
        return self.outcome.because if self.outcome.answer == self.answer[1] else None

    @property
    def accused(self) -> list[Suspect]:
        """Those that refuse, or may."""
        return [one for one in self.suspects if one.charge.refuses != "no"]


def diagnose(newcomer: Newcomer, *, as_another: bool = False) -> Diagnosis:
    """Ask this machine. ``as_another``: the newcomer's user is not the one who asks."""
    own, known = addresses(), settings()
    world = _world(own, known)
    found = _found(newcomer)
    doctor = _Doctor(world, newcomer, found, as_another)
    made = doctor.diagnosis()
    made.notes += _notes_on_address(newcomer, made, own)
    return made


def _world(own: list[Own] | None, known: Mapping[str, str]) -> World:
    here = this_platform()
    named = {ADDRESSES: ",".join(one.host for one in own)} if own is not None else {}
    usable = {**{name: value for name, value in known.items() if here.model and name in here.model.knobs}, **_raw(known), **named}
    return World(here, tuple(usable.items()))


def _raw(known: Mapping[str, str]) -> dict[str, str]:
    """The settings that the causes and cures look at, though no model does."""
    return {name: known[name] for name in ("net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports") if known.get(name)}


def _found(newcomer: Newcomer) -> Found:
    try:
        return holders(newcomer.protocol, newcomer.port)
    except NotTold as error:
        return Found([], [str(error)])


class _Doctor:
    """Tries, accuses, and looks for cures."""

    def __init__(self, world: World, newcomer: Newcomer, found: Found, as_another: bool) -> None:
        self.world, self.newcomer, self.holders, self.notes = world, newcomer, found.holders, found.notes
        self._as_another = as_another
        self._refused = ""

    def diagnosis(self) -> Diagnosis:
        """Everything, in the order in which it is needed."""
        mine = self._try(self.newcomer)
        bare = self._try(replace(self.newcomer, options=())) if self.newcomer.options else mine
        evidence = [one for one in (mine, bare, self._with_reuseaddr()) if one]
        findings = accuse(self.world, self.holders, self.newcomer, list(dict.fromkeys(evidence)))
        outcome = self.world.outcome(findings.cases[0], self.newcomer)
        if mine and mine.attempt.granted and not mine.listened and not outcome.granted and outcome.call == "bind":
            mine = self._with_listen(self.newcomer)
        made = Diagnosis(
            self.newcomer,
            str(self.world.platform),
            mine.attempt if mine else None,
            self._refused or ("" if mine and (mine.listened or not mine.attempt.granted) else self._why_not()),
            outcome,
            bare.attempt if bare else None,
            self._suspects(findings),
            notes=self.notes,
        )
        self._treat(made, findings)
        return made

    def _treat(self, made: Diagnosis, findings: Findings) -> None:
        patient = Patient(self.world, self.newcomer, self.holders, findings)
        if made.status == FREE:
            made.second = _second(patient)
            made.notes += [_remembered(made)] if made.outcome.answer not in ("ok", UNKNOWN.name) else []
        else:
            made.cures = [tried for one in cures(patient, made.answer[1]) if (tried := self._tried_here(one))]
            made.notes += self._unexplained(made)

    def _suspects(self, findings: Findings) -> list[Suspect]:
        known = dict(self.world.settings)
        suspects = [Suspect(one, cause_of(one.holder, self.holders, self.newcomer, known)) for one in findings.charges]
        rank = ("yes", "perhaps", "no")
        return sorted(suspects, key=lambda one: rank.index(one.charge.refuses))

    # Trying on the kernel.

    def _try(self, newcomer: Newcomer) -> Tried | None:
        """Bind, and listen where no listener would lose connections by it; not at all where datagrams would be lost in vain."""
        met = listening(overlapping(self.holders, newcomer))
        if met and newcomer.protocol == "udp" and self._is_known_to_share(newcomer):
            return None
        listens = not any(one.row.state == LISTEN for one in met)
        wanted = Wanted(newcomer.protocol, newcomer.host, newcomer.port, dict(newcomer.options), listens)
        if not self._as_another:
            return Tried(newcomer, attempt(wanted), listens)
        if self._refused:
            return None
        try:
            return Tried(newcomer, attempt_as(newcomer.uid, wanted), listens)
        except NotTried as error:
            self._refused = f"it was not tried, because {error}"
            return None

    def _with_listen(self, newcomer: Newcomer) -> Tried:
        """The whole of it: the kernel grants what the model refuses, so that the model cannot answer for the listen."""
        wanted = Wanted(newcomer.protocol, newcomer.host, newcomer.port, dict(newcomer.options))
        return Tried(newcomer, attempt_as(newcomer.uid, wanted) if self._as_another else attempt(wanted))

    def _is_known_to_share(self, newcomer: Newcomer) -> bool:
        model = self.world.platform.model
        if model is None or any(one.options is None for one in self.holders):
            return False
        return self.world.outcome([supposed(one, model)[0] for one in self.holders], newcomer).granted

    def _with_reuseaddr(self) -> Tried | None:
        """What TIME_WAIT remembers cannot be read, but a bind that is closed at once tells."""
        unread = any(one.options is None for one in overlapping(self.holders, self.newcomer))
        if not unread or self.newcomer.protocol == "udp" or self.newcomer.has("SO_REUSEADDR"):
            return None
        return self._try(self.newcomer.with_options("SO_REUSEADDR"))

    def _why_not(self) -> str:
        met = listening(overlapping(self.holders, self.newcomer))
        verb, what = ("listen", "connections") if self.newcomer.protocol == "tcp" else ("bind", "datagrams")
        pids = ", ".join(str(owner.pid) for one in met for owner in one.owners) or "the holder"
        return f"{verb} was not tried here, because for a moment it would take {what} from {pids}: the answer is the model's"

    def _tried_here(self, cure: Cure) -> Cure | None:
        """The same, tried on the kernel too if the newcomer alone can do it and nobody loses anything; None if the kernel refuses it."""
        newcomer = cure.newcomer
        if cure.word not in ("option", "v6only", "specific", "own") or newcomer is None or cure.harm:
            return cure
        # Linux remembers a granted bind with SO_REUSEPORT as long as anybody has the port, and lets the next one in unasked.
        if self.holders and any(newcomer.has(name) for name in _REMEMBERED):
            return cure
        tried = self._try(newcomer)
        if tried is None or not tried.listened:
            return cure
        return replace(cure, tried="this kernel") if tried.attempt.granted else None

    def _unexplained(self, made: Diagnosis) -> list[str]:
        """What to say if the kernel refuses and no holder explains it."""
        if made.accused or made.answer[1] != "EADDRINUSE":
            return []
        if self.world.platform.name == "linux" and os.geteuid() != 0:
            return ["no holder that can be seen explains it: as root you see more"]
        return ["no holder that can be seen explains it; a model, or this list, may be wrong"]


def _remembered(made: Diagnosis) -> str:
    because = made.outcome.because
    name = f" ({because.id})" if because else ""
    return f"the model refuses this{name}, and the kernel does not: on Linux a port remembers who bound it first, and then asks no holder"


def _second(patient: Patient) -> list[tuple[str, Outcome]]:
    """What a second socket could do at the address, once the newcomer has it."""
    newcomer, case = patient.newcomer, patient.findings.cases[0]
    stranger = replace(newcomer, uid=60001 if newcomer.uid != 60001 else 60002)
    rivals = [("the same options", newcomer), ("the same options and another user", stranger)]
    if newcomer.options:
        rivals.insert(1, ("no options", replace(newcomer, options=())))
    return [(words, patient.world.outcome(case, rival, newcomer)) for words, rival in rivals]


def _notes_on_address(newcomer: Newcomer, made: Diagnosis, own: Sequence[Own] | None) -> list[str]:
    """What the machine's addresses and its reserved ranges have to do with it."""
    errno = made.answer[1]
    if errno == "EADDRNOTAVAIL":
        mine = next((one for one in own or () if one.host == newcomer.host), None)
        if mine and mine.tentative:
            return [f"{mine.device} has the address, but looks for a duplicate of it first (tentative): wait a second or two"]
        have = ", ".join(one.host for one in own or () if (":" in one.host) == (newcomer.family == 6))
        return [f"no interface has {newcomer.host}; this machine has {have or 'no address of this family'}"] if own is not None else []
    if errno == "EACCES" and sys.platform == "win32":
        return ["netsh interface ipv4 show excludedportrange tcp lists the ranges that Windows reserves"]
    if errno == "EACCES" and not made.accused and made.outcome.granted:
        return ["the port is not reserved: a security module (SELinux, AppArmor) or a BPF program of the cgroup may refuse it"]
    return []


def waits(suspect: Suspect) -> bool:
    """Whether it goes away by itself."""
    return suspect.holder.row.state == TIME_WAIT
