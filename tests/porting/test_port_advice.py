"""The advice of the porting report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import fixtures.specification.rules
from fixtures.language.words import OPTION_NAMES
from fixtures.models import MODELS, Platform, defined
from fixtures.specification.rules import Rule
from reports.catalogue import by_id
from reports.porting import advice
from reports.porting.judge import verdict
from reports.porting.trials import TRIALS
from reports.porting.words import PORTING_VERDICTS, SAME
from tests.helpers.servers import BY_ID, PLAYER, only, server


def test_the_file_of_advice_is_what_its_schema_says() -> None:
    schema = json.loads(Path(advice.FILE).with_name("advice.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads(advice.FILE.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []


def reasons() -> set[str]:
    rules = {value.id for value in vars(fixtures.specification.rules).values() if isinstance(value, Rule)}
    return rules | {one.id for one in defined()}


def test_advice_names_what_exists() -> None:
    known = reasons()
    for one in advice.load():
        assert one.experiments
        assert set(one.experiments) <= set(by_id()), one.id
        assert set(one.reasons) <= known, (one.id, set(one.reasons) - known)
        assert set(one.to) <= set(MODELS), one.id
        assert set(one.situations) <= set(BY_ID), one.id
        assert set(one.verdicts) <= set(PORTING_VERDICTS), one.id
        assert {*one.has, *one.lacks, *one.has_cleared} <= set(OPTION_NAMES), one.id
        assert one.citations or one.reasons or one.experiments
    assert len({one.id for one in advice.load()}) == len(advice.load())


@pytest.mark.parametrize(
    ("calls", "situation", "source", "target", "ids"),
    [
        (server(), "second-instance", "linux", "windows", ["windows-exclusive", "windows-no-option"]),
        (server("SO_REUSEPORT"), "start", "linux", "illumos", ["reuseport-absent"]),
        (server("SO_REUSEPORT"), "second-instance", "linux", "freebsd", ["reuseport-lb"]),
        (server("", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "windows", ["clear-v6only"]),
        (server("", "[::]", "tcp6"), "ipv4-through-ipv6", "windows", "linux", ["keep-v6only"]),
        (server("IPV6_V6ONLY=0", "[::]", "tcp6"), "start", "linux", "openbsd", ["openbsd-v6only-stays"]),
        (server("IPV6_V6ONLY=0", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "openbsd", ["openbsd-second-socket"]),
        (server(""), "restart-time-wait", "windows", "linux", ["reuseaddr-to-restart"]),
        (server("SO_EXCLUSIVEADDRUSE"), "start", "windows", "linux", ["exclusive-is-windows"]),
        (server(), "wildcard-beside-specific", "linux", "illumos", ["exclbind", "no-reuseaddr-no-neighbour"]),
        (server(), "restart-live", "linux", "aix", []),
    ],
)
def test_what_to_write_instead(calls: str, situation: str, source: str, target: str, ids: list[str]) -> None:
    shape = only(calls).shape
    here, there = (PLAYER.play(BY_ID[situation], shape, Platform(name)) for name in (source, target))
    offered = advice.offers(PLAYER, shape, here, there)
    assert [offer.advice.id for offer in offered] == ids
    assert all(verdict(here, offer.played) == SAME for offer in offered if offer.played)


def test_advice_says_what_it_costs() -> None:
    shape = only(server()).shape
    here, there = (PLAYER.play(BY_ID["second-instance"], shape, Platform(name)) for name in ("linux", "windows"))
    exclusive, plain = advice.offers(PLAYER, shape, here, there)
    assert [(cost.situation, cost.verdict) for cost in exclusive.costs] == [("restart-live", "disputed"), ("restart-time-wait", "disputed")]
    assert (exclusive.mends, plain.costs) == (("wildcard-beside-specific", "another-user"), ())


def test_every_piece_of_advice_is_offered_to_somebody() -> None:
    variants = ["", "SO_REUSEADDR", "SO_REUSEPORT", "SO_EXCLUSIVEADDRUSE"]
    calls = [server(options) for options in variants] + [server(options, "[::]", "tcp6") for options in (*variants, "IPV6_V6ONLY=0")]
    calls += [server("SO_REUSEPORT") + server("SO_REUSEPORT").replace("A", "B"), server() + "B = A.inherit()\nC = B.accept()\n"]
    calls += ["".join(f"{name} = udp4(SO_REUSEPORT)\n{name}.bind(127.0.0.1:P)\n" for name in "AB")]
    calls += ["A = udp4(SO_REUSEADDR)\nA.bind(239.255.255.250:1900)\nA.join(239.255.255.250)\n"]
    calls += ["A = udp4(SO_REUSEADDR, SO_BROADCAST)\nA.bind(0.0.0.0:P)\n"]
    calls += [f"A = {kind}()\nA.bind({name})\nA.listen()\n" for kind, name in (("unix", "/F(108)"), ("unix", "@N"), ("unixpacket", "/F"))]
    calls += ["unlink(/F)\nA = unix()\nA.bind(/F)\nA.listen()\n"]
    offered = set()
    for text in calls:
        shape = only(text).shape
        for source in ("linux", "windows"):
            for target in ("linux", "windows", "openbsd", "freebsd", "illumos", "macos"):
                for trial in TRIALS:
                    if trial.applies(shape) and source != target:
                        here, there = (PLAYER.play(trial, shape, Platform(name)) for name in (source, target))
                        offered |= {offer.advice.id for offer in advice.offers(PLAYER, shape, here, there)}
    assert {one.id for one in advice.load()} - offered == set()
