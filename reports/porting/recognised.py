"""Which library a recorded server is: by the names in the recording, else by what it sets; and what that library sets elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from fixtures.libraries.policies import Policy, Setting, load
from fixtures.models import Platform
from reports.porting.groups import Group

Data = dict[str, Any]

#: Of those that set the same so many are named.
_NAMED = 5
#: Options that decide who may bind.
_SHARING = ("SO_REUSEADDR", "SO_REUSEPORT", "SO_REUSEPORT_LB", "SO_EXCLUSIVEADDRUSE", "SO_EXCLBIND")


def libraries(group: Group, names: Sequence[str], source: Platform, targets: Sequence[Platform]) -> Data:
    """The library, or several that it may be, and how many set the same."""
    known = [policy for policy in load() if policy.protocol == group.shape.protocol]
    same = [policy for policy in known if group.shape.options_known and _same(policy.on(source.name), group)]
    words = _words(names)
    named = [policy for policy in known if words.intersection(policy.programs)]
    found = [policy for policy in named if policy in same] or named
    return {
        "recognised": [_recognised(policy, policy in same, source, targets) for policy in found],
        "alike": [_id(policy) for policy in same],
    }


def told(server: Data, data: Data) -> list[str]:
    """The library in a line or a few."""
    found, alike = server["libraries"]["recognised"], server["libraries"]["alike"]
    if not found:
        more = f" and {len(alike) - _NAMED} more" * (len(alike) > _NAMED)
        return [f"library: it sets the same as {', '.join(alike[:_NAMED])}{more}"] if alike else []
    return [_line(one, data["from"]) for one in found]


def _line(one: Data, source: str) -> str:
    here = f"sets {one['sets']} on {source}{'' if one['as_recorded'] else ' by default, unlike this server'}"
    there = "".join(f"; {target}: {text}" for target, text in one["to"].items() if text != one["sets"])
    return f"library: {one['name']} ({one['id']}) {here}{there} [{one['source']}]"


def _recognised(policy: Policy, same: bool, source: Platform, targets: Sequence[Platform]) -> Data:
    return {
        "id": _id(policy),
        "name": policy.name,
        "sets": _sets(policy, source),
        "as_recorded": same,
        "to": {str(target): _sets(policy, target) for target in targets},
        "source": policy.citation,
    }


def _sets(policy: Policy, platform: Platform) -> str:
    setting = policy.on(platform.name)
    return setting.absent.rstrip(".") or (f"{setting} ({setting.basis})" if setting.known else "unknown")


def _id(policy: Policy) -> str:
    return f"library/{policy.id}"


def _same(setting: Setting, group: Group) -> bool:
    sets = {option.name for option in setting.options}
    return setting.known and sets.intersection(_SHARING) == group.shape.options.intersection(_SHARING)


def _words(names: Sequence[str]) -> set[str]:
    """The words of file names and of commands: ``nginx-reuseport.log`` is nginx."""
    stems = [PurePath(name).name.lower().removesuffix(".log").removesuffix(".txt") for name in names]
    return {word for stem in stems for word in (stem, *re.split(r"[-_: ]", stem))}
