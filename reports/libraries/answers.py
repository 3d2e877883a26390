"""The chapter as plain data: each library with what it sets on each platform, what the model predicts from that, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fixtures import VERSION
from fixtures.language.words import Address, Option
from fixtures.libraries.policies import Policy, Setting
from fixtures.models import MODELS, Platform
from fixtures.models import platform as platform_named
from fixtures.record.runfile import read_run
from fixtures.specification.clauses import BASES, weakest
from reports.calls.sockets import Act, Recorded, Recording
from reports.catalogue import ROOT, by_id
from reports.porting.groups import groups_of
from reports.porting.judge import Conclusion
from reports.porting.player import Player
from reports.porting.shape import Shape
from reports.porting.trials import ALL, GRANTED, REFUSED, SHARED, TRIALS

Data = dict[str, Any]

#: The experiments that ask the same of bare sockets, by question and protocol. {} is what a server
#: sets. The first that exists counts.
_EXPLAINING = {
    ("second-start", "tcp4"): (
        "tcp/duplicate/specific/bind-listen-bind-listen/{0}-then-{0}",
        "tcp/duplicate/exclusive/bind-listen-bind-listen/{0}-then-{0}",
    ),
    ("restart", "tcp4"): ("tcp/time-wait/server-closes-first/old-{0}/new-{0}", "tcp/exclusive/restart/time-wait/{0}-{0}"),
    ("second-start", "udp4"): ("udp4/duplicate/same-specific/{0}-{0}",),
    ("second-start", "tcp6"): ("tcp/dual-stack/same/mapped-then-mapped/{0}",),
    ("restart", "tcp6"): ("tcp/dual-stack/restart/time-wait/ipv4/{0}-{0}",),
}

RUNS = ROOT / "reports" / "libraries"
#: Servers are played as this user, who has no privileges.
_SOMEBODY = 1000
#: The checks that ask a question about a server, and the situations of the porting report that answer it.
ASKED = {"second-start": "second-instance", "restart": "restart-time-wait"}
_TRIALS = {question: next(one for one in TRIALS if one.id == name) for question, name in ASKED.items()}
_PLAYER = Player(_SOMEBODY, {})
_RECEIVES = {GRANTED: ", receives nothing", SHARED: ", shares", ALL: ", takes all"}


def chapter(policies: Sequence[Policy], platforms: Sequence[str]) -> Data:
    """Everything that is said about these libraries on these platforms."""
    libraries = [_library(policy, [platform_named(name) for name in platforms]) for policy in policies]
    used = {cell["basis"] for one in libraries for cell in cells(one)}
    return {
        "suite": f"addrinuse {VERSION}",
        "platforms": list(platforms),
        "questions": {question: trial.question for question, trial in _TRIALS.items()},
        "bases": {basis: sentence for basis, sentence in BASES.items() if basis in used},
        "seen_on": [_machine(path) for path in runs()],
        "libraries": libraries,
        "classes": classes(policies),
    }


def everywhere() -> list[Platform]:
    """Every platform that runs servers."""
    return [Platform(name) for name in MODELS if name not in ("stevens", "lwip")]


def classes(policies: Sequence[Policy]) -> list[Data]:
    """Servers that set the same, on every platform where any does. Those on the wildcard are left out."""
    found: dict[tuple[str, str], dict[str, Data]] = {}
    for policy in policies:
        for platform in everywhere():
            there = _on(policy, platform)
            if there["sets"]["options"] is not None and policy.host != "0.0.0.0":
                group = found.setdefault((policy.socket, there["sets"]["text"]), {})
                group.setdefault(platform.name, {**{q: there[q] for q in ASKED}, "libraries": []})["libraries"].append(policy.id)
    return [{"socket": socket, "sets": text, "on": group} for (socket, text), group in sorted(found.items())]


def contradictions(data: Data) -> list[str]:
    """The checks that contradict what is recorded or predicted."""
    return [check["id"] for one in data["libraries"] for check in one["checks"].values() if check["verdict"] == "surprise"]


def cells(library: Data) -> Iterable[Data]:
    """Every cell of a library: what it sets, and what follows from that."""
    for there in library["on"].values():
        yield there["sets"]
        yield from (there[question] for question in ASKED if there[question])


def _library(policy: Policy, platforms: Sequence[Platform]) -> Data:
    seen = {question: check for question in ("options", *ASKED) if (check := _seen(policy, question))}
    return {
        "id": policy.id,
        "name": policy.name,
        "language": policy.language,
        "call": policy.call,
        "version": policy.version,
        "socket": policy.socket,
        "host": policy.host,
        "edition": policy.edition,
        "source": dict(policy.source),
        "opt_in": list(policy.opt_in),
        "note": policy.note,
        "why_not": policy.why_not or "; ".join(dict.fromkeys(policy.not_asked.values())),
        "checks": seen,
        "on": {str(platform): _on(policy, platform) for platform in platforms},
    }


def _on(policy: Policy, platform: Platform) -> Data:
    setting = policy.on(platform.name)
    observed = _of_platform(policy, "options", platform)
    told = {
        "text": str(setting),
        "options": list(map(str, setting.options)) if setting.known else None,
        "basis": "observed" if observed and observed["verdict"] == "conforms" else setting.basis,
        "source": policy.citation,
        "note": setting.absent or setting.note,
    }
    if not setting.known:
        told["basis"] = "" if setting.absent else "unknown"
        return {"sets": told, **dict.fromkeys(ASKED)}
    return {"sets": told, **{question: _answer(policy, question, platform, setting) for question in ASKED}}


def _answer(policy: Policy, question: str, platform: Platform, setting: Setting) -> Data | None:
    """What the model predicts from the options, and what was seen. None if the question does not arise."""
    trial, shape = _TRIALS[question], shape_of(policy.socket, policy.host, setting.options)
    if question in policy.not_asked or not trial.applies(shape):
        return None
    found = _PLAYER.play(trial, shape, platform)
    seen = _of_platform(policy, question, platform)
    # A check sees whether the second starts, but not who receives then.
    whole = seen is not None and seen["verdict"] == "conforms" and (seen["observed"] == "refused" or question == "restart")
    bases = [setting.basis, *(reason.basis for reason in found.reasons), *["unknown"] * (None in found.ranks)]
    return {
        "outcome": found.words,
        "brief": brief(found),
        "basis": "observed" if whole else weakest(bases),
        "explained": explaining(question, policy.socket, str(setting)),
        "because": [{"id": reason.id, "basis": reason.basis, "source": str(reason.source)} for reason in found.reasons],
        "seen": seen["observed"] if seen else None,
    }


def brief(found: Conclusion) -> str:
    """The prediction in a word or two."""
    if None in found.ranks:
        return "unknown"
    granted = [rank for rank in found.ranks if rank is not None and rank > REFUSED]
    words = ["refused"] * (len(granted) < len(found.ranks))
    if len(granted) > 1:
        return " or ".join([*words, "starts; who receives is undetermined"])
    receives = found.trial.id == ASKED["second-start"]
    return " or ".join(words + [f"starts{_RECEIVES[rank] if receives else ''}" for rank in granted])


def explaining(question: str, socket: str, sets: str) -> str:
    """The id of the experiment that asks the same of sockets that set this (``SO_REUSEADDR IPV6_V6ONLY=0``), or nothing."""
    words = [option.removeprefix("SO_").replace("_", "-").lower() for option in sets.split() if option.startswith("SO_")]
    written = (template.format("+".join(words) or "none") for template in _EXPLAINING.get((question, socket), ()))
    return next((identifier for identifier in written if identifier in by_id()), "") if sets not in ("-", "unknown") else ""


@cache
def shape_of(socket: str, host: str, options: tuple[Option, ...]) -> Shape:
    """A server with one such socket, as the porting report plays it."""
    address, listening = Address(host, "8080"), socket.startswith("tcp")
    made = [Act(1, "setsockopt", (option.name, option.value), 0) for option in options]
    made += [Act(1, "bind", (address,), 0), *[Act(1, "listen", (), 0)] * listening]
    return groups_of(Recording([Recorded(socket, 1, 0, made, address, listening)]))[0].shape


# What was seen.


def runs() -> list[Path]:
    """The recorded runs of the checks."""
    return sorted(RUNS.glob("*.jsonl.xz"))


@cache
def recorded() -> dict[tuple[str, str], Data]:
    """What was seen, by the id of the check and the platform."""
    found: dict[tuple[str, str], Data] = {}
    for path in runs():
        run = read_run(path)
        machine = run.header["fingerprint"]
        for trace in run.traces:
            kept = {"id": trace["id"], "verdict": trace["verdict"], "why": trace["why"], "trace": trace["trace"], **trace["library"]}
            kept |= {"id": trace["id"], "kernel": f"{machine['system']} {machine['release']}", "python": machine["python"]}
            found.setdefault((trace["id"], run.header["platform"].partition("@")[0]), kept)
    return found


def _seen(policy: Policy, question: str) -> Data | None:
    return next((found for (name, _), found in recorded().items() if name == policy.check_id(question)), None)


def _of_platform(policy: Policy, question: str, platform: Platform) -> Data | None:
    return recorded().get((policy.check_id(question), platform.name))


def _machine(path: Path) -> Data:
    run = read_run(path)
    machine = run.header["fingerprint"]
    days = sorted({trace["library"]["when"] for trace in run.traces})
    verdicts: dict[str, int] = {}
    for trace in run.traces:
        verdicts[trace["verdict"]] = verdicts.get(trace["verdict"], 0) + 1
    return {
        "run": path.name,
        "kernel": f"{machine['system']} {machine['release']}",
        "python": machine["python"],
        "privilege": machine["privilege"],
        "isolation": machine["isolation"],
        "when": days[-1],
        "verdicts": verdicts,
    }
