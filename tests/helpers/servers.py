"""Servers for the tests of the porting report, and what one meets on another platform."""

from __future__ import annotations

from fixtures.models import Platform
from reports.calls import parse_calls
from reports.porting.groups import Group, groups_of
from reports.porting.judge import changes, verdict
from reports.porting.player import Player
from reports.porting.trials import TRIALS
from reports.porting.words import SAME

PLAYER = Player(1000, {})
BY_ID = {trial.id: trial for trial in TRIALS}


def groups(text: str) -> list[Group]:
    return groups_of(parse_calls(text.encode(), "calls"))


def judged(group: Group, situation: str, target: str, source: str = "linux") -> str:
    """The verdict, with a star where the call, the errno or the receiver changes although it is *same*."""
    here, there = (PLAYER.play(BY_ID[situation], group.shape, Platform(*name.split("@"))) for name in (source, target))
    word = verdict(here, there)
    return word + ("*" if word == SAME and changes(here, there) else "")


def server(options: str = "SO_REUSEADDR", host: str = "127.0.0.1", kind: str = "tcp4") -> str:
    return f"A = {kind}({options})\nA.bind({host}:P)\nA.listen()\n"


def only(text: str) -> Group:
    (group,) = groups(text)
    return group
