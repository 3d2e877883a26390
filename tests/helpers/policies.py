"""The recorded policies of libraries, by id."""

from __future__ import annotations

from fixtures.libraries.policies import Policy, load


def named(identifier: str) -> Policy:
    return next(one for one in load() if one.id == identifier)
