"""Scenes on a stack that grants everything, and on a model: they are the same calls."""

from __future__ import annotations

import pytest

from fixtures.language.granting import Granting
from fixtures.language.notation import parse
from fixtures.language.scenes import connected, left_time_wait, serving, start
from fixtures.language.stack import Stack, format_trace
from fixtures.language.words import LOOPBACK, SO_REUSEADDR
from fixtures.models import Platform
from reports.calls import read_calls
from reports.porting.groups import groups_of
from reports.porting.rehearsal import Rehearsal, Role
from reports.porting.trials import TRIALS
from tests.fuzz_calls import FOLDER
from tests.helpers.servers import BY_ID, only, server


def restart(stack: Stack) -> None:
    first = serving(stack, "tcp4", LOOPBACK, SO_REUSEADDR)
    client, accepted = connected(stack.other, first, LOOPBACK)
    left_time_wait(stack, LOOPBACK, accepted, client, first)
    serving(stack.other, "tcp4", LOOPBACK, SO_REUSEADDR)


@pytest.mark.parametrize("platform", ["linux", "freebsd", "windows"])
def test_a_scene_is_the_same_calls_with_the_same_answers_where_all_is_granted(platform: str) -> None:
    granting, model = Granting(), Platform(platform).make()
    restart(granting)
    restart(model)
    assert format_trace(granting.trace) == format_trace(model.trace)


def test_a_server_gives_up_at_the_first_refusal() -> None:
    model = Platform("linux").make()
    start(model.tcp4(), LOOPBACK)
    answer = start(model.tcp4(), LOOPBACK)
    assert (answer.name, model.trace[-1][0].verb) == ("EADDRINUSE", "bind")


def test_the_roles_of_a_restart() -> None:
    (rehearsal,) = BY_ID["restart-time-wait"].rehearse(only(server("")).shape)
    roles = {role: [str(part.call) for part in rehearsal.parts if part.role is role] for role in Role}
    assert roles == {
        Role.SERVES: ["A.bind(127.0.0.1:P)", "A.listen()"],
        Role.STAGES: ["C.connect(127.0.0.1:P)", "D = A.accept()", "shows(127.0.0.1:P, TIME_WAIT)"],
        Role.ASKED: ["B.bind(127.0.0.1:P)", "B.listen()"],
        Role.RECEIVES: [],
        Role.TESTS: [],
        Role.PASSING: ["A = tcp4()", "C = other: tcp4()", "D.close()", "C.recv(1)", "C.close()", "A.close()", "B = other: tcp4()"],
    }
    assert rehearsal.mine == {"B"}


def rehearsals() -> list[Rehearsal]:
    shapes = {group.shape for path in FOLDER.glob("*.log") for group in groups_of(read_calls(str(path)))}
    return [rehearsal for shape in shapes for trial in TRIALS if trial.applies(shape) for rehearsal in trial.rehearse(shape)]


def test_the_calls_of_every_rehearsal_are_in_the_notation() -> None:
    """They are typed and never read back, but a reader can paste them into `try`."""
    for rehearsal in rehearsals():
        calls = [part.call for part in rehearsal.parts]
        assert [call for call, _ in parse("\n".join(map(str, calls)))] == calls
