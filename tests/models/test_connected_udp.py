"""Who gets a datagram that has a connected UDP socket's four-tuple: what no experiment asks, and what was wrong once."""

from __future__ import annotations

import pytest

from fixtures.language.notation import Call, parse
from fixtures.language.stack import Inconclusive
from fixtures.language.words import UNKNOWN, WAITS, Answer
from fixtures.models import MODELS, platform
from fixtures.models.base import Model

# Two sockets that are connected to each other; each size is of one datagram.
EACH_OTHER = """
S = other: udp4()
S.bind(127.0.0.1:Q)
A = udp4()
A.bind(127.0.0.1:P)
A.connect(127.0.0.1:Q)
A.send(3)
S.recv(3)
S.connect(127.0.0.1:P)
S.send(5)
S.send(5)
A.recv(5)
A.recv(5)
S.send(5)
"""
NEWCOMERS_FIRST = """
L = udp4(SO_REUSEADDR)
L.bind(127.0.0.1:P)
K = udp4(SO_REUSEADDR)
K.bind(127.0.0.1:P)
K.connect(127.0.0.1:Q)
C = udp4()
C.bind(127.0.0.1:Q)
C.connect(127.0.0.1:P)
C.send(1)
"""


def played(model: Model, script: str) -> list[Answer]:
    """The answers to a script; what would wait is EAGAIN."""
    return [_answer(model, call) for call, _ in parse(script)]


def _answer(model: Model, call: Call) -> Answer:
    try:
        return model.perform(call)
    except Inconclusive:
        return WAITS


@pytest.mark.parametrize("name", MODELS)
def test_two_connected_sockets_hear_each_other(name: str) -> None:
    assert {answer.name for answer in played(platform(name).make(), EACH_OTHER)} == {"ok"}


@pytest.mark.parametrize(("name", "hears", "waits"), [("windows", "L", "K"), ("linux", "K", "L"), ("gvisor", "K", "L"), ("lwip", "K", "L")])
def test_the_client_of_a_server_whose_socket_for_newcomers_came_first(name: str, hears: str, waits: str) -> None:
    script = f"{NEWCOMERS_FIRST}{hears}.recv(1)\n{waits}.recv(1)\nC.send(1)"
    assert [answer.name for answer in played(platform(name).make(), script)[-3:]] == ["ok", "EAGAIN", "ok"]


def test_on_windows_the_reason_of_waiting_in_vain_is_told() -> None:
    (answer,) = played(platform("windows").make(), f"{NEWCOMERS_FIRST}K.recv(1)")[-1:]
    assert answer.because
    assert (answer.name, answer.because.id) == ("EAGAIN", "windows/first-bound-hears-all")


def test_on_windows_nobody_knows_who_hears_the_peer_of_one_at_the_wildcard() -> None:
    script = NEWCOMERS_FIRST.replace("K.bind(127.0.0.1:P)", "K.bind(0.0.0.0:P)")
    assert played(platform("windows").make(), f"{script}L.recv(1)\nK.recv(1)")[-2:] == [UNKNOWN, UNKNOWN]


def test_on_netbsd_an_ipv4_socket_goes_before_a_connected_ipv6_one() -> None:
    script = """
K = udp6(IPV6_V6ONLY=0, SO_REUSEPORT)
K.bind([::ffff:127.0.0.1]:P)
K.connect([::ffff:127.0.0.1]:Q)
C = udp4()
C.bind(127.0.0.1:Q)
C.connect(127.0.0.1:P)
C.send(1)
K.recv(1)
L = udp4(SO_REUSEPORT)
L.bind(0.0.0.0:P)
C.send(1)
L.recv(1)
K.recv(1)
"""
    assert [answer.name for answer in played(platform("netbsd").make(), script)[-6:]] == ["ok", "ok", "ok", "ok", "ok", "EAGAIN"]
    assert [answer.name for answer in played(platform("freebsd").make(), script)[-2:]] == ["EAGAIN", "ok"]


TWO_OF_ONE_PEER = """
A = udp4(SO_REUSEADDR)
A.bind(127.0.0.1:P)
A.connect(127.0.0.1:Q)
C = udp4()
C.bind(127.0.0.1:Q)
C.connect(127.0.0.1:P)
"""
ANOTHER = """
B = udp4(SO_REUSEADDR)
B.bind(127.0.0.1:P)
B.connect(127.0.0.1:Q)
C.send(1)
"""


def test_lwip_keeps_to_the_one_that_it_found_until_another_is_bound() -> None:
    found = ANOTHER.replace("B.connect", "C.send(1)\nA.recv(1)\nB.connect")
    assert played(platform("lwip").make(), f"{TWO_OF_ONE_PEER}{found}B.recv(1)\nA.recv(1)")[-2:] == [WAITS, Answer("ok")]
    assert played(platform("lwip").make(), f"{TWO_OF_ONE_PEER}{ANOTHER}B.recv(1)\nA.recv(1)")[-2:] == [Answer("ok"), WAITS]


def test_gvisor_prefers_the_last_that_was_connected_and_a_specific_address() -> None:
    assert played(platform("gvisor").make(), f"{TWO_OF_ONE_PEER}{ANOTHER}B.recv(1)\nA.recv(1)")[-2:] == [Answer("ok"), WAITS]
    script = f"{TWO_OF_ONE_PEER}{ANOTHER}".replace("B.bind(127.0.0.1:P)", "B.bind(0.0.0.0:P)")
    assert played(platform("gvisor").make(), f"{script}A.recv(1)\nB.recv(1)")[-2:] == [Answer("ok"), WAITS]


MEMBERS = """
K = udp4(SO_REUSEPORT_LB)
K.bind(0.0.0.0:P)
L = udp4(SO_REUSEPORT_LB)
L.bind(0.0.0.0:P)
K.connect(127.0.0.1:Q)
connections(127.0.0.1:P)
"""


@pytest.mark.parametrize(("version", "receives"), [("12", "both"), ("14", "both"), ("15", "L")])
def test_a_member_of_a_balanced_group_that_connects(version: str, receives: str) -> None:
    assert played(platform(f"freebsd@{version}").make(), MEMBERS)[-1].name == receives


def test_a_group_keeps_the_address_that_it_was_bound_to() -> None:
    script = MEMBERS.replace("connections(", "S = udp4(SO_REUSEADDR)\nS.bind(127.0.0.1:P)\nconnections(")
    (answer,) = played(platform("freebsd@14").make(), script)[-1:]
    assert answer.name == "both"


def test_what_came_before_connect_is_not_the_peers() -> None:
    script = """
A = udp4()
A.bind(127.0.0.1:P)
C = udp4()
C.bind(127.0.0.1:Q)
C.connect(127.0.0.1:P)
C.send(1)
A.connect(127.0.0.1:Q)
C.send(1)
A.recv(1)
A.recv(1)
"""
    reasons = [answer.because.id for answer in played(platform("freebsd").make(), script)[-2:] if answer.because]
    assert reasons == ["freebsd/recv-udp", "freebsd/connected-receives"]
