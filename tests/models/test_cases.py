"""Calls of public reports, with the answers that are right. ``tests/data/cases`` has the scripts; each names the report."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fixtures.language.words import UNKNOWN
from fixtures.models import MODELS, platform
from reports.catalogue import ROOT
from reports.predict import Predictor
from reports.scripts import read_script

FOLDER = ROOT / "tests" / "data" / "cases"
EVERY = tuple(MODELS)
BSDS = ("freebsd", "openbsd", "netbsd", "dragonfly")
SOMEBODY = 1000


@dataclass(frozen=True)
class Case:
    """A script whose written answers are right on these platforms."""

    script: str
    platforms: tuple[str, ...]
    uid: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    #: Whether "unknown" will do: a model need not know which addresses a machine has.
    or_unknown: bool = False


CASES = (
    # Who receives.
    Case("connected-udp-hears-its-peer", EVERY),
    Case("a-member-that-connects-leaves", ("linux",)),
    Case("all-but-one-hear-a-group", ("linux",)),
    Case("a-hash-goes-before-the-connected", ("linux@4.14",)),
    Case("mapped-wildcard-scores-no-more", ("linux",)),
    Case("option-cleared-before-the-next-joins", ("linux",)),
    Case("option-cleared-before-the-next-listens", ("linux",)),
    Case("everybody-hears-a-group", ("linux",)),
    Case("only-who-joined-hears", ("windows",)),
    Case("only-who-joined-hears-of-two", ("freebsd", "macos")),
    # Wine has no SO_REUSEPORT, and then no socket there.
    Case("broadcast", tuple(name for name in EVERY if name != "wine"), or_unknown=True),
    Case("broadcast-on-loopback", ("linux",)),
    # Whether an address can be bound.
    # DragonFly answers EPERM over IPv4 (in_pcbbind).
    Case("low-port", ("stevens", "linux", "freebsd", "openbsd", "netbsd", "illumos")),
    Case("low-port-at-the-wildcard", ("macos",), SOMEBODY),
    Case("address-of-no-interface", tuple(name for name in EVERY if name != "lwip"), or_unknown=True),
    Case("any-address", ("lwip",)),
    Case("loopback-is-one-address", ("macos", *BSDS, "illumos")),
    Case("loopback-is-a-network", ("linux", "windows")),
    Case("link-local-without-scope", ("linux",)),
    Case("hash2-misses-the-wildcard", ("linux@5.10", "linux@6.16")),
    Case("hash2-sees-the-wildcard", ("linux",)),
    Case("wildcards-of-both-families", ("solaris", "solaris@11.4")),
    # Errors and settings.
    Case("port-unreachable-resets", ("windows",)),
    Case("connected-to-itself", ("linux",)),
    Case("queued-connection-migrates", ("linux",), settings={"net.ipv4.tcp_migrate_req": "1"}),
    Case("families-by-default", ("linux",), settings={"net.ipv6.bindv6only": "1"}),
)
ROWS = [(case, name) for case in CASES for name in case.platforms]


def wrong_lines(case: Case, name: str) -> list[str]:
    """The calls whose answers are not the written ones."""
    script = read_script((FOLDER / f"{case.script}.txt").read_text(encoding="utf-8"))
    played = Predictor(platform(name), case.uid, case.settings).predict(script)
    expected = [(one, set(one.step.expected.name.split("|"))) for one in played if one.step.expected]
    assert expected
    right = [{UNKNOWN.name}] if case.or_unknown else []
    return [f"{one.step.call} = {'|'.join(one.names)}" for one, names in expected if set(one.names) not in (names, *right)]


@pytest.mark.parametrize(("case", "name"), ROWS, ids=[f"{case.script}-{name}" for case, name in ROWS])
def test_the_model_answers_what_is_right(case: Case, name: str) -> None:
    assert wrong_lines(case, name) == []


def test_every_script_has_a_case() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {case.script for case in CASES}
