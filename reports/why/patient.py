"""Who is refused, and how a cure is tried on the model before it is offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fixtures.machine.holding import Holder
from fixtures.specification.clauses import Reason
from reports.why.accuse import Case, Findings
from reports.why.world import Newcomer, Supposed, World

#: The experiments that show what something does: for TCP, and for UDP.
_SHOWN = {
    "SO_REUSEADDR": ("tcp/time-wait/server-closes-first/old-reuseaddr/new-reuseaddr", "udp4/duplicate/same-specific/reuseaddr-reuseaddr"),
    "SO_REUSEPORT": (
        "tcp/duplicate/specific/bind-listen-bind-listen/reuseport-then-reuseport",
        "udp4/duplicate/same-specific/reuseport-reuseport",
    ),
    "SO_REUSEPORT_LB": ("tcp4/reuseport-lb/receives/specific", "udp4/reuseport-lb/another-address"),
    "IPV6_V6ONLY": ("tcp/dual-stack/apart/v6only-then-any4", "udp/dual-stack/any4-then-v6only/none"),
    "specific": ("tcp/different-addresses/listening", "udp4/different-addresses/none-none"),
    "wait": ("tcp/time-wait/server-closes-first/old-none/new-none", ""),
    "child": ("tcp/descriptors/closed-in-both/inherit", ""),
    "stop": ("tcp/dead-server/never-connected/no-options", "udp4/duplicate/same-specific/none-none"),
    "reserved": ("tcp4/address/reserved-port", "udp4/address/reserved-port"),
    "foreign": ("tcp4/address/foreign", "udp4/address/foreign"),
}


@dataclass(frozen=True)
class Cure:
    """Something to do, and what comes of it on the model.

    ``word`` names its kind, ``harm`` what it costs, ``sure`` is False if it helps only with some of the options that a holder may have.
    ``tried`` says by what it was tried: the model, or (also) this kernel. Empty: it only keeps the cause from coming back.
    """

    word: str
    say: str
    harm: str = ""
    because: Reason | None = None
    experiments: tuple[str, ...] = ()
    sure: bool = True
    tried: str = "the model"
    newcomer: Newcomer | None = None
    seconds: float = 0
    pids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Patient:
    """Who is refused, by whom, in which world."""

    world: World
    newcomer: Newcomer
    holders: Sequence[Holder]
    findings: Findings

    @property
    def accused(self) -> list[Holder]:
        """The holders that refuse, or may."""
        return self.findings.accused

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of the machine."""
        return dict(self.world.settings)

    def shown(self, what: str) -> tuple[str, ...]:
        """The experiment that shows what an option or a measure does, for the protocol of the newcomer."""
        return tuple(filter(None, [_SHOWN[what][self.newcomer.protocol == "udp"]]))

    def offer(self, cure: Cure, newcomer: Newcomer, change: Mapping[Holder, Holder | None] | None = None) -> Iterator[Cure]:
        """The cure, if the model grants what it leads to in some case. ``change`` tells what becomes of holders (None: they are gone)."""
        found = [self.world.outcome(changed(case, change or {}), newcomer) for case in self.findings.cases]
        if any(outcome.granted for outcome in found):
            because = next(outcome.because for outcome in found if outcome.granted)
            yield replace(cure, because=because, sure=all(outcome.granted for outcome in found), newcomer=newcomer)


def changed(case: Case, change: Mapping[Holder, Holder | None]) -> list[Supposed]:
    """The case as it is after a change."""
    kept = []
    for one in case:
        holder = change.get(one.holder, one.holder)
        if holder is one.holder:
            kept.append(one)
        elif holder is not None:
            kept.append(Supposed(holder, tuple({**dict(one.options), **(holder.options or {})}.items())))
    return kept
