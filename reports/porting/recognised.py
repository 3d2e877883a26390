"""Which library a recorded server is, by the names in the recording or else by what it sets, and what that library sets elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from fixtures.libraries.policies import Policy, Setting, load
from fixtures.models import Platform
from reports.porting.groups import Group

#: How many of those that set the same are named.
_NAMED = 5
#: Options that decide who may bind.
_SHARING = ("SO_REUSEADDR", "SO_REUSEPORT", "SO_REUSEPORT_LB", "SO_EXCLUSIVEADDRUSE", "SO_EXCLBIND")


@dataclass(frozen=True)
class Recognised:
    """A library that the server is or may be: what it sets where the server was recorded, and on each target."""

    id: str
    name: str
    sets: str
    #: Whether the server sets just that.
    as_recorded: bool
    #: If it does not: how it differs, or why that cannot be told.
    but: str
    to: dict[str, str]
    source: str


@dataclass(frozen=True)
class Libraries:
    """The libraries that the server may be, and those that set the same."""

    recognised: list[Recognised]
    alike: list[str]

    def told(self, source: str) -> list[str]:
        """The library in a line or a few."""
        if self.recognised:
            return [_line(one, source) for one in self.recognised]
        more = f" and {len(self.alike) - _NAMED} more" * (len(self.alike) > _NAMED)
        return [f"library: it sets the same as {', '.join(self.alike[:_NAMED])}{more}"] if self.alike else []


def libraries(group: Group, names: Sequence[str], source: Platform, targets: Sequence[Platform]) -> Libraries:
    """The libraries that a recorded server may be."""
    known = [policy for policy in load() if policy.protocol == group.shape.protocol]
    same = [policy for policy in known if not _but(policy.on(source.name), group)]
    words = words_of(names)
    named = [policy for policy in known if words.intersection(policy.programs)]
    found = [policy for policy in named if policy in same] or named
    return Libraries([_recognised(policy, group, source, targets) for policy in found], [_id(policy) for policy in same])


def _line(one: Recognised, source: str) -> str:
    here = f"sets {one.sets} on {source}{'' if one.as_recorded else f' by default; {one.but}'}"
    there = "".join(f"; {target}: {text}" for target, text in one.to.items() if text != one.sets)
    return f"library: {one.name} ({one.id}) {here}{there} [{one.source}]"


def _recognised(policy: Policy, group: Group, source: Platform, targets: Sequence[Platform]) -> Recognised:
    there = {str(target): _sets(policy, target) for target in targets}
    but = _but(policy.on(source.name), group)
    return Recognised(_id(policy), policy.name, _sets(policy, source), not but, but, there, policy.citation)


def _sets(policy: Policy, platform: Platform) -> str:
    setting = policy.on(platform.name)
    return setting.absent.rstrip(".") or (f"{setting} ({setting.basis})" if setting.known else "unknown")


def _id(policy: Policy) -> str:
    return f"library/{policy.id}"


def _but(setting: Setting, group: Group) -> str:
    """How the server differs from the library, or why that cannot be told. Nothing if both set the same."""
    if not group.shape.options_known:
        return "what this server sets is not in the log"
    server, library = group.shape.options, {option.name for option in setting.options}
    if not setting.known:
        return f"this server sets {_listed(server) or 'none'}"
    more, less = _listed(server - library), _listed(library - server)
    differs = [f"also sets {more}"] * bool(more) + [f"does not set {less}"] * bool(less)
    return f"this server {' and '.join(differs)}" if differs else ""


def _listed(options: Collection[str]) -> str:
    return " and ".join(name for name in _SHARING if name in options)


def words_of(names: Sequence[str]) -> set[str]:
    """The words in the names of files and commands: ``nginx-reuseport.log`` is nginx."""
    stems = [PurePath(name).name.lower().removesuffix(".log").removesuffix(".txt") for name in names]
    return {word for stem in stems for word in (stem, *re.split(r"[-_: ]", stem))}
