"""Plays scenes: ``python -m tests.why.playing me|user NAME...`` plays each in a new network namespace.

It carries the cure out, and prints what `why` said.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from fixtures.machine.holding.attempt import Wanted, attempt, attempt_as
from fixtures.machine.namespace import enter
from reports.why.diagnosis import Diagnosis, diagnose
from reports.why.patient import Cure
from reports.why.text import as_json, as_text
from reports.why.world import Newcomer
from tests.why.scenes import SCENES, Scene, Staged
from tests.why.stage import ELSEWHERE, USER, Stage, add_address, as_user, sysctl, wait_gone


def carry_out(cure: Cure, staged: Staged) -> Newcomer:
    """Do what a cure says. The newcomer then tries again as returned."""
    if cure.word == "stop":
        if staged.before_stop:
            staged.before_stop()
        for pid in cure.pids:
            os.kill(pid, signal.SIGKILL)
            wait_gone(pid)
        return staged.newcomer
    if cure.word == "both":
        assert staged.both
        staged.both(cure)
    elif cure.word in ("setting", "nonlocal"):
        name, _, value = cure.say.partition("sysctl -w ")[2].partition("=")
        sysctl(name, value)
        return staged.newcomer
    return cure.newcomer or staged.newcomer


def ask(newcomer: Newcomer) -> Diagnosis:
    return diagnose(newcomer, as_another=newcomer.uid != os.geteuid())


def granted(newcomer: Newcomer) -> bool:
    """Whether the kernel really grants it now."""
    wanted = Wanted(newcomer.protocol, newcomer.host, newcomer.port, dict(newcomer.options))
    return (attempt(wanted) if newcomer.uid == os.geteuid() else attempt_as(newcomer.uid, wanted)).granted


def play(scene: Scene, uid: int) -> dict[str, Any]:
    """Play a scene with processes of a user, ask as this user, carry the cure out, and try again."""
    stage = Stage(uid)
    try:
        if os.geteuid() == 0 or uid:
            add_address(ELSEWHERE)
        staged = scene.build(stage)
        with as_user(uid):
            found = ask(staged.newcomer)
            before = granted(staged.newcomer)
        cure = next((cure for cure in found.cures if cure.word == scene.cure), None)
        said = {**as_json(found), "text": as_text(found), "pids": list(staged.culprits), "granted_before": before, "cured": None}
        if cure is None or cure.word == "wait":
            return {**said, "seconds": cure.seconds if cure else None}
        after = carry_out(cure, staged)
        with as_user(uid):
            return {**said, "cured": granted(after)}
    finally:
        stage.close()


def in_a_namespace(action: Callable[[], object]) -> None:
    """Do it in a child, in a new network namespace."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        enter("new")
        print(json.dumps(action()), flush=True)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def main(who: str, *names: str) -> int:
    """A line of JSON for each scene, in their order."""
    for name in names:
        in_a_namespace(lambda name=name: play(SCENES[name], USER if who == "user" else os.geteuid()))  # type: ignore[misc]
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
