"""What would let the newcomer in, the least harmful first. Each is tried on the model before it is offered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fixtures.language.words import CLOSE_WAIT, TIME_WAIT, Address
from fixtures.machine.holding import Holder
from fixtures.models.state import ADDRESSES
from reports.why.causes import cause_of
from reports.why.patient import Cure, Patient, changed
from reports.why.world import Newcomer, listening, overlapping

#: People add as much to a port that is root's: 8080, 8443.
_HIGHER = 8000
#: The process that holds sockets for systemd's units: systemd.socket(5).
INIT = 1
UNPRIVILEGED, NONLOCAL = "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_nonlocal_bind"
RESERVED = "net.ipv4.ip_local_reserved_ports"
#: The options that a newcomer can set to share a port, alone or together, by what they are called on each platform.
_SHARING = (("SO_REUSEADDR",), ("SO_REUSEPORT",), ("SO_REUSEPORT_LB",), ("SO_REUSEADDR", "SO_REUSEPORT"))
_OF_ONE_USER = ("tcp/takeover/listening/stranger-stranger2/reuseport",)


def cures(patient: Patient, errno: str) -> list[Cure]:
    """What helps, the least harmful first."""
    if errno == "EACCES" and not patient.accused:
        return [*_privilege(patient)]
    if errno == "EADDRNOTAVAIL":
        return [*_own_address(patient)]
    alone = [*_options(patient), *_elsewhere(patient), *_as_its_user(patient)]
    harmless = [one for one in alone if not one.harm]
    costly = [one for one in alone if one.harm]
    both = [] if any(one.word == "option" and one.sure for one in harmless) else [*_both(patient)]
    return [*harmless, *_wait(patient), *both, *costly, *_stop(patient), *_reserve(patient)]


# What the newcomer can do alone.


def _options(patient: Patient) -> Iterator[Cure]:
    """An option that the newcomer lacks, and no more of them than it takes."""
    model = patient.world.platform.model
    assert model
    enough: list[set[str]] = []
    for names in _SHARING:
        lacking = {name for name in names if not patient.newcomer.has(name)}
        if not lacking or not model.options.issuperset(names) or any(known <= lacking for known in enough):
            continue
        changed = patient.newcomer.with_options(*names)
        said = " and ".join(sorted(lacking))
        cure = Cure("option", f"set {said} before bind", _sharing(patient, changed), experiments=patient.shown(names[0]))
        for offered in patient.offer(cure, changed):
            enough.append(lacking)
            yield offered


def _sharing(patient: Patient, changed: Newcomer) -> str:
    """What it costs: if others receive at this address, what arrives is shared with them or taken from them."""
    met = listening(overlapping(patient.holders, changed))
    return f"it and {_named(met)} then both receive, or one of them gets all" if met else ""


def _elsewhere(patient: Patient) -> Iterator[Cure]:
    """IPv6 alone, or one address, where the wildcard is refused."""
    newcomer = patient.newcomer
    if newcomer.host == "::" and not newcomer.has("IPV6_V6ONLY"):
        cure = Cure("v6only", "set IPV6_V6ONLY, and leave IPv4 to whoever has it", experiments=patient.shown("IPV6_V6ONLY"))
        yield from patient.offer(cure, newcomer.with_options("IPV6_V6ONLY"))
    if newcomer.address.is_wildcard:
        for host in _hosts(patient, newcomer.family):
            elsewhere = replace(newcomer, host=host)
            harm = _sharing(patient, elsewhere)
            cure = Cure("specific", f"bind {elsewhere.address} instead of the wildcard", harm, experiments=patient.shown("specific"))
            yield from patient.offer(cure, elsewhere)


def _hosts(patient: Patient, family: int) -> list[str]:
    """The addresses of the machine, those of others' before loopback's, without those that have a scope."""
    every = [host for host in patient.settings.get(ADDRESSES, "").split(",") if host and Address(host).family == family]
    usable = [host for host in dict.fromkeys(every) if not host.lower().startswith("fe80:")]
    return sorted(usable, key=lambda host: host in ("127.0.0.1", "::1"))


# What the others can do.


def _wait(patient: Patient) -> Iterator[Cure]:
    """Until TIME_WAIT is over, if that is all."""
    left = [one.row.left for one in patient.accused]
    if patient.accused and all(seconds is not None for seconds in left):
        seconds = max(seconds for seconds in left if seconds is not None)
        cure = Cure("wait", f"wait {math.ceil(seconds)} s", experiments=patient.shown("wait"), seconds=seconds)
        yield from patient.offer(cure, patient.newcomer, dict.fromkeys(patient.accused))


def _both(patient: Patient) -> Iterator[Cure]:
    """The same option on the other socket."""
    model = patient.world.platform.model
    assert model
    alive = [one for one in patient.accused if one.row.inode]
    remnants = not alive
    enough: list[set[str]] = []
    for names in _SHARING[:3]:
        if not patient.accused or not model.options.issuperset(names) or any(known <= set(names) for known in enough):
            continue
        with_it = {one: replace(one, options={**(one.options or {}), **dict.fromkeys(names, 1)}) for one in patient.accused}
        changed = patient.newcomer.with_options(*names)
        whom = "the old server, before its bind" if remnants else _named(alive)
        say = f"set {names[0]} on both: here, and on {whom}"
        harm = "" if remnants else _sharing(patient, changed) or "the other program must be changed, too"
        cure = Cure("both", f"{say} (it helps from the next start on)" if remnants else say, harm, experiments=patient.shown(names[0]))
        for offered in patient.offer(cure, changed, with_it):
            enough.append(set(names))
            yield offered


def _stop(patient: Patient) -> Iterator[Cure]:
    """End those that hold the port, or let them close it, and wait for what that leaves behind."""
    alive = [one for one in patient.accused if one.row.inode or one.owners]
    if not alive:
        return
    pids = tuple(dict.fromkeys(owner.pid for one in alive for owner in one.owners))
    words = {cause_of(one, patient.holders, patient.newcomer, patient.settings).word for one in alive}
    left = max((one.row.left or 0 for one in patient.accused), default=0)
    follows = [one for one in alive if _leaves_time_wait(patient, one)]
    then = f", then wait {math.ceil(left)} s" if left else ""
    if follows:
        minute = f"TIME_WAIT keeps the port for {_minute(patient)} s more"
        then = f", once the other end has closed: if this end closes first, {minute}, unless it resets the connection (SO_LINGER 0)"
    say = f"stop {_named(alive)}, or let it close the socket: {_how(alive, pids)}{then}"
    shown = patient.shown("child" if words & {"inherited", "left-over"} else "stop")
    cure = Cure("stop", say, "what it serves ends", experiments=shown, seconds=left, pids=pids)
    yield from patient.offer(cure, patient.newcomer, dict.fromkeys(patient.accused))
    if INIT in pids:
        yield Cure(
            "unit",
            "process 1 holds it for a unit: systemctl list-sockets names it, systemctl stop ends it",
            "what it serves ends",
            tried="",
        )


def _leaves_time_wait(patient: Patient, holder: Holder) -> bool:
    """Whether a connection that is closed from here leaves a TIME_WAIT that is in the way as well."""
    if holder.row.protocol == "udp" or holder.row.remote is None or holder.row.state == CLOSE_WAIT:
        return False
    remnant = replace(holder, row=replace(holder.row, state=TIME_WAIT, inode=None), owners=())
    case = patient.findings.cases[0]
    kept = [one for one in changed(case, {holder: remnant}) if one.holder is remnant]
    return not patient.world.outcome(kept, patient.newcomer).granted


def _minute(patient: Patient) -> int:
    """How long TIME_WAIT lasts on the platform, in seconds."""
    return int(patient.world.platform.make().time_wait)


def _how(alive: Sequence[Holder], pids: Sequence[int]) -> str:
    unseen = [one for one in alive if not one.owners]
    how = [f"kill {' '.join(map(str, pids))}"] if pids else []
    return ", and ".join([*how, *(["find out whose it is: as root you see it"] if unseen else [])])


def _as_its_user(patient: Patient) -> Iterator[Cure]:
    """SO_REUSEPORT is for sockets of one user."""
    users = {one.row.uid for one in patient.accused}
    if len(users) == 1 and (user := users.pop()) is not None and user != patient.newcomer.uid:
        same = replace(patient.newcomer, uid=user)
        harm = _sharing(patient, same)
        yield from patient.offer(Cure("user", f"run it as user {user}, like the holder", harm, experiments=_OF_ONE_USER), same)


def _reserve(patient: Patient) -> Iterator[Cure]:
    """Keep the system from drawing the port for outgoing connections."""
    found = {cause_of(one, patient.holders, patient.newcomer, patient.settings).word for one in patient.accused}
    if patient.world.platform.name == "linux" and found & {"outgoing", "udp-outgoing", "itself"}:
        port = patient.newcomer.port
        already = patient.settings.get(RESERVED, "")
        value = f"{already},{port}" if already else str(port)
        yield Cure("reserve", f'sysctl -w {RESERVED}="{value}", so that no outgoing connection draws the port again', tried="")


# What bind refuses before it asks who else is there.


def _privilege(patient: Patient) -> Iterator[Cure]:
    newcomer = patient.newcomer
    higher = replace(newcomer, port=newcomer.port + _HIGHER)
    say = f"take a port from 1024 on, such as {higher.port}, if nobody holds it"
    yield from patient.offer(Cure("port", say, experiments=patient.shown("reserved")), higher)
    if patient.world.platform.name == "linux":
        give = "let it keep one privilege: setcap cap_net_bind_service=+ep PROGRAM, or AmbientCapabilities=CAP_NET_BIND_SERVICE of its unit"
        yield from patient.offer(Cure("capability", give, experiments=patient.shown("reserved")), replace(newcomer, uid=0))
        settings = tuple({**patient.settings, UNPRIVILEGED: str(newcomer.port)}.items())
        lowered = replace(patient, world=replace(patient.world, settings=settings))
        say = f"sysctl -w {UNPRIVILEGED}={newcomer.port}"
        harm = f"every user may then take any port from {newcomer.port} on"
        yield from lowered.offer(Cure("setting", say, harm, experiments=patient.shown("reserved")), newcomer)
    yield from patient.offer(
        Cure("root", "run it as root", "it may then do everything", experiments=patient.shown("reserved")), replace(newcomer, uid=0)
    )


def _own_address(patient: Patient) -> Iterator[Cure]:
    newcomer = patient.newcomer
    wildcard = replace(newcomer, host="::" if newcomer.family == 6 else "0.0.0.0")
    for host in _hosts(patient, newcomer.family):
        mine = replace(newcomer, host=host)
        yield from patient.offer(
            Cure("own", f"bind an address that this machine has: {mine.address}", experiments=patient.shown("foreign")), mine
        )
    say = f"bind the wildcard, {wildcard.address}, which needs no address to be there"
    yield from patient.offer(Cure("wildcard", say, "others can reach it at every address", experiments=patient.shown("foreign")), wildcard)
    yield Cure("later", "start it once the address is there (systemd: After=network-online.target)", tried="")
    if patient.world.platform.name == "linux" and newcomer.family == 4:
        settings = tuple({**patient.settings, NONLOCAL: "1"}.items())
        changed = replace(patient, world=replace(patient.world, settings=settings))
        say = f"IP_FREEBIND on the socket, or for every socket sysctl -w {NONLOCAL}=1"
        yield from changed.offer(
            Cure("nonlocal", say, "a wrong address is no error any more", experiments=patient.shown("foreign")), newcomer
        )


def _named(holders: Sequence[Holder]) -> str:
    """The programs behind holders."""
    names = dict.fromkeys(f"{owner.program} ({owner.pid})" for one in holders for owner in one.owners)
    several = list(names) or ["the holder"]
    return ", ".join(several[:3]) + (f" and {len(several) - 3} more" if len(several) > 3 else "")
