"""A diagnosis as text, and as JSON."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fixtures.language.words import Option
from fixtures.machine.holding import Holder, Owner
from fixtures.machine.holding.addresses import device_name
from fixtures.specification.clauses import Reason
from reports.why.diagnosis import Diagnosis, Suspect
from reports.why.patient import Cure
from reports.why.world import Outcome

_WIDTH = 100
#: So many holders, and processes of one, are shown; the others are counted.
_SHOWN = 12
_MARK = {"yes": "!", "perhaps": "?", "no": " "}
_BESIDE_A_DEVICE = "It has SO_BINDTODEVICE. A socket that is bound to another device may have the port, too; one without a device may not."


def as_text(found: Diagnosis) -> str:
    """What was found, for a person."""
    lines = [_headline(found), *_decided(found), *_indented(found.notes, "note: ")]
    lines += ["", *_held(found)] if found.suspects else ["", "nobody holds the port"]
    if found.cures:
        lines += ["", "what would let it in, the least harmful first"]
        lines += [line for number, cure in enumerate(found.cures, 1) for line in _cure(number, cure)]
    if found.second:
        lines += ["", "with it there, a second socket that has", *(_second(words, outcome) for words, outcome in found.second)]
    return "\n".join(lines)


def _headline(found: Diagnosis) -> str:
    newcomer = found.newcomer
    call, answer = found.answer
    said = "free" if answer == "ok" else f"refused, {call}: {_native(found, answer)}"
    who = f"user {newcomer.uid}" if newcomer.uid else "root"
    return f"{newcomer.protocol.upper()} {newcomer.address}, {newcomer.spoken()}, {who}, {found.platform}: {said}"


def _native(found: Diagnosis, answer: str) -> str:
    return found.attempt.native if found.attempt and found.attempt.native else answer


def _decided(found: Diagnosis) -> Iterator[str]:
    if not found.accused and found.because:
        yield from _reason(found.because, "  ")
    if found.not_tried:
        yield from _indented([found.not_tried])
    without = found.without
    if (
        without
        and found.newcomer.options
        and found.attempt
        and (without.call, without.answer) != (found.attempt.call, found.attempt.answer)
    ):
        yield f"  without these options: {'granted' if without.granted else f'{without.call}: {without.answer}'}"


def _held(found: Diagnosis) -> Iterator[str]:
    yield "held by"
    for suspect in found.suspects[:_SHOWN]:
        yield from _suspect(suspect)
    if len(found.suspects) > _SHOWN:
        yield f"  and {len(found.suspects) - _SHOWN} more"


def _suspect(suspect: Suspect) -> Iterator[str]:
    holder, charge = suspect.holder, suspect.charge
    yield f"{_MARK[charge.refuses]} {place(holder)}"
    yield from _indented([f"{suspect.cause.word}: {suspect.cause.says}"], width=6)
    yield from (f"      {line}" for line in _owners(holder))
    yield from _indented([f"options: {_options(holder)}"], width=6)
    if holder.row.device:
        yield from _indented([_BESIDE_A_DEVICE], width=6)
    if charge.because:
        said = {"yes": "refuses it", "perhaps": "refuses it if it has " + _any_of(charge.with_options), "no": "does not refuse it"}
        yield from _indented([f"{said[charge.refuses]} at {charge.call}:"], width=6)
        yield from _reason(charge.because, "        ")
    if suspect.charge.refuses != "no" and suspect.cause.experiments:
        yield from _indented([f"see {', '.join(suspect.cause.experiments)}"], width=6)


def place(holder: Holder) -> str:
    """Protocol, address, state and number of a holder, in a line."""
    row = holder.row
    local = f"[{row.host}]:{row.port}" if row.family == 6 else f"{row.host}:{row.port}"
    remote = ""
    if row.remote:
        remote = f" -> [{row.remote[0]}]:{row.remote[1]}" if row.family == 6 else f" -> {row.remote[0]}:{row.remote[1]}"
    many = f", {holder.alike} of them" if holder.alike > 1 else ""
    left = f", {math.ceil(row.left)} s left" if row.left is not None else ""
    only = " (IPv6 alone)" if row.v6only and row.host == "::" else " (IPv4, too)" if row.v6only is False and row.host == "::" else ""
    device = f" on device {device_name(row.device)} alone" if row.device else ""
    return f"{row.protocol.upper()} {local}{only}{remote} {row.state}{device}{left}{many}"


def _owners(holder: Holder) -> Iterator[str]:
    for owner in holder.owners[:_SHOWN]:
        yield _owner(owner)
    if len(holder.owners) > _SHOWN:
        yield f"and {len(holder.owners) - _SHOWN} processes more"
    if not holder.owners:
        uid = f" of user {holder.row.uid}" if holder.row.uid is not None else ""
        yield f"a process{uid} that cannot be seen, or the kernel itself" if holder.row.inode else "no process: the kernel keeps it"


def _owner(owner: Owner) -> str:
    user = "" if owner.uid is None else f", user {owner.uid}"
    descriptors = ", ".join(map(str, owner.descriptors))
    shown = f", descriptor {descriptors}" if owner.descriptors else ""
    tail = f"; inherited from {owner.inherits}" if owner.inherits else ""
    if owner.left_over and not owner.inherits:
        tail = "; whoever started it has ended"
    return f"{owner.program}, pid {owner.pid}{user}{shown}{tail}"


def _options(holder: Holder) -> str:
    if holder.options is None:
        return f"unknown: {holder.unread}"
    on = [name for name, value in holder.options.items() if value]
    off = [name for name, value in holder.options.items() if not value and name != "IPV6_V6ONLY"]
    return ", ".join([*on, *(f"no {name}" for name in off)])


def _any_of(several: Sequence[Mapping[str, int]]) -> str:
    words = [" and ".join(name for name, value in one.items() if value and name != "IPV6_V6ONLY") or "no option" for one in several]
    return ", or ".join(dict.fromkeys(words)) or "certain options"


def _cure(number: int, cure: Cure) -> Iterator[str]:
    tried = f" Tried on {cure.tried}." if cure.tried else " Not tried: it keeps this from coming back, or names whom to ask."
    unsure = "" if cure.sure else " It helps if the options that cannot be read allow it."
    harm = f" Cost: {cure.harm}." if cure.harm else ""
    yield from _wrapped(f"{cure.say}.{harm}{unsure}{tried}", f"{number:3}. ", "     ")
    ids = [*([cure.because.id] if cure.because else []), *cure.experiments]
    if ids:
        yield f"     {', '.join(ids)}"


def _second(words: str, outcome: Outcome) -> str:
    because = f"  {outcome.because.id}" if outcome.because else ""
    return f"  {words:<34} {'is granted it, too' if outcome.granted else f'is refused, {outcome.call}: {outcome.answer}'}{because}"


def _reason(because: Reason, indent: str) -> Iterator[str]:
    said = f"{because.id} ({because.basis}): {because.statement}"
    yield from _wrapped(said, indent, indent)


def _indented(lines: Sequence[str], prefix: str = "", width: int = 2) -> Iterator[str]:
    for line in lines:
        indent = " " * width
        yield from _wrapped(f"{prefix}{line}", indent, indent)


def _wrapped(text: str, first: str, others: str) -> list[str]:
    form = textwrap.TextWrapper(_WIDTH, first, others, break_long_words=False, break_on_hyphens=False)
    return form.wrap(text)


# JSON.


def as_json(found: Diagnosis) -> dict[str, Any]:
    """What was found, for a program."""
    call, answer = found.answer
    return {
        "address": str(found.newcomer.address),
        "protocol": found.newcomer.protocol,
        "options": [str(Option(name, value)) for name, value in found.newcomer.options],
        "uid": found.newcomer.uid,
        "platform": found.platform,
        "free": answer == "ok",
        "call": call,
        "answer": answer,
        "because": _id(found.because),
        "tried": found.attempt is not None,
        "without_options": {"call": found.without.call, "answer": found.without.answer} if found.without else None,
        "notes": [*found.notes, *filter(None, [found.not_tried])],
        "holders": [_suspect_json(one) for one in found.suspects],
        "cures": [_cure_json(one) for one in found.cures],
        "second": [{"with": words, "call": one.call, "answer": one.answer, "because": _id(one.because)} for words, one in found.second],
    }


def _suspect_json(suspect: Suspect) -> dict[str, Any]:
    row = suspect.holder.row
    return {
        "refuses": suspect.charge.refuses,
        "at": suspect.charge.call or None,
        "because": _id(suspect.charge.because),
        "cause": suspect.cause.word,
        "experiments": list(suspect.cause.experiments),
        "protocol": row.protocol,
        "family": row.family,
        "host": row.host,
        "port": row.port,
        "remote": list(row.remote) if row.remote else None,
        "state": row.state,
        "count": suspect.holder.alike,
        "uid": row.uid,
        "seconds_left": row.left,
        "v6only": row.v6only,
        "device": device_name(row.device) if row.device else None,
        "options": dict(suspect.holder.options) if suspect.holder.options is not None else None,
        "options_unread": suspect.holder.unread or None,
        "processes": [_owner_json(owner) for owner in suspect.holder.owners],
    }


def _owner_json(owner: Owner) -> dict[str, Any]:
    return {
        "pid": owner.pid,
        "program": owner.program,
        "uid": owner.uid,
        "descriptors": list(owner.descriptors),
        "inherited_from": owner.inherits,
        "left_over": owner.left_over,
    }


def _cure_json(cure: Cure) -> dict[str, Any]:
    return {
        "kind": cure.word,
        "say": cure.say,
        "cost": cure.harm or None,
        "sure": cure.sure,
        "tried_on": cure.tried or None,
        "because": _id(cure.because),
        "experiments": list(cure.experiments),
        "address": str(cure.newcomer.address) if cure.newcomer else None,
        "options": [str(Option(name, value)) for name, value in cure.newcomer.options] if cure.newcomer else None,
        "seconds": cure.seconds or None,
        "pids": list(cure.pids),
    }


def _id(because: Reason | None) -> str | None:
    return because.id if because else None
