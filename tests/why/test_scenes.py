"""In each scene `why` names the cause and the process, and its cure, carried out, lets the newcomer in."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from reports.catalogue import ROOT, by_id
from reports.why.causes import CAUSES
from tests.helpers.sampling import exhaustively
from tests.why.scenes import SCENES

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="scenes are made in network namespaces")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


@functools.cache
def has_namespaces() -> bool:
    return run("tests.why.namespace").returncode == 0


def playable(who: str) -> list[str]:
    """The scenes that can be made: some take root, and are asked as root."""
    return [name for name, scene in SCENES.items() if not scene.root or (IS_ROOT and who == "me")]


@functools.cache
def played(who: str) -> dict[str, dict[str, Any]]:
    """What was said in every scene; they are played one after the other."""
    names = playable(who)
    done = run("tests.why.playing", who, *names)
    lines = done.stdout.splitlines()
    assert len(lines) == len(names), done.stderr
    return dict(zip(names, map(json.loads, lines), strict=True))


#: As whoever runs the tests; and, if that is root, as a user who may look at nothing but what is his.
WHO = ["me", *(["user"] if IS_ROOT else [])]


@pytest.mark.parametrize(
    ("who", "name"),
    [*((WHO[0], name) for name in playable(WHO[0])), *exhaustively(*((who, name) for who in WHO[1:] for name in playable(who)))],
)
def test_a_scene_is_seen_through(who: str, name: str) -> None:
    if not has_namespaces():
        pytest.skip("no network namespace can be made here")
    scene, said = SCENES[name], played(who)[name]
    assert (said["free"], said["answer"], said["granted_before"]) == (False, scene.answer, False), said["text"]
    accused = [one for one in said["holders"] if one["refuses"] != "no"]
    assert {one["cause"] for one in accused} == ({scene.cause} if scene.cause else set()), said["text"]
    assert {owner["pid"] for one in accused for owner in one["processes"]} == set(said["pids"]), said["text"]
    assert all(one["because"] for one in accused), said["text"]
    assert scene.cure in [one["kind"] for one in said["cures"]], said["text"]
    if scene.cure == "wait":
        assert 0 < said["seconds"] <= 60
    else:
        assert said["cured"] is True, said["text"]


@pytest.mark.parametrize("who", WHO)
def test_the_device_of_a_holder_is_named(who: str) -> None:
    if not has_namespaces():
        pytest.skip("no network namespace can be made here")
    said = played(who)["a listener on one device"]
    assert [one["device"] for one in said["holders"]] == ["lo"]
    assert "LISTEN on device lo alone" in said["text"]


def test_there_are_twenty_scenes_and_every_cause_has_one() -> None:
    assert len(SCENES) >= 20
    assert {scene.cause for scene in SCENES.values()} >= CAUSES.keys() - {"closing"}


def test_what_causes_and_cures_name_exists() -> None:
    known = by_id()
    named = [name for cause in CAUSES.values() for name in cause.experiments]
    assert [name for name in named if name not in known] == []
