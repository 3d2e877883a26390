"""What each socket of a server is for: reserving a port, hearing a group, serving; and what is set up before it serves."""

from __future__ import annotations

import pytest

from fixtures.models import Platform
from reports.calls import parse_calls, read_calls
from reports.porting.groups import groups_of
from reports.porting.report import report
from reports.porting.trials import TRIALS
from tests.helpers.servers import BY_ID, PLAYER, judged, only
from tests.porting.test_calls_told import FOLDER

LINUX = Platform("linux")


def words(situation: str, text: str, platform: str = "linux") -> str:
    return PLAYER.play(BY_ID[situation], only(text).shape, Platform(platform)).words


# A socket that only reserves the port.


def test_a_socket_that_reserves_the_port_displaces_no_worker() -> None:
    (group,) = groups_of(read_calls(str(FOLDER / "placeholder.log")))
    assert group.shape.listens == (False, True, True)
    assert {trial.id for trial in TRIALS if trial.applies(group.shape)} >= {"restart-live", "restart-time-wait", "workers"}
    assert PLAYER.play(BY_ID["workers"], group.shape, LINUX).words == "they share"
    assert PLAYER.play(BY_ID["restart-time-wait"], group.shape, LINUX).words == "starts again"
    assert judged(group, "workers", "freebsd") == "breaks"


def test_sockets_that_do_the_same_are_counted() -> None:
    made = report(read_calls(str(FOLDER / "placeholder.log")), "log", LINUX, [LINUX], PLAYER)
    assert [(one.count, one.listens) for one in made.servers[0].sockets] == [(1, False), (2, True)]


# Groups.

MEMBER = "A = udp4(SO_REUSEADDR)\nA.bind(239.255.255.250:1900)\nA.join(239.255.255.250)\n"


def test_every_member_of_a_group_receives() -> None:
    (group,) = groups_of(read_calls(str(FOLDER / "multicast.log")))
    assert group.shape.groups == ["239.255.255.250"]
    assert PLAYER.play(BY_ID["second-instance"], group.shape, LINUX).words == "starts, and shares"
    assert words("second-instance", MEMBER) == "starts, and shares"
    assert words("second-instance", MEMBER.replace("A.join(239.255.255.250)\n", "")) == "starts, and receives nothing"


def test_who_cannot_bind_the_group_does_not_start() -> None:
    assert words("start", MEMBER, "windows") == "refused (bind: WSAEADDRNOTAVAIL)"
    assert words("start", MEMBER.replace("239.255.255.250:1900", "0.0.0.0:1900"), "windows") == "starts"


# What is set up before it serves.

PLAIN = "A = tcp4()\nA.bind(127.0.0.1:8080)\nA.listen()\n"


@pytest.mark.parametrize(
    ("text", "restarts"),
    [
        # Connections inherit what the listener has; what it sets last, before it closes, no connection can inherit.
        (f"{PLAIN}B = A.accept()\nA.setsockopt(SO_LINGER, 0)\nA.close()\n", "refused (bind: EADDRINUSE)"),
        (f"{PLAIN}A.setsockopt(SO_LINGER, 0)\nB = A.accept()\nA.close()\n", "starts again"),
        (PLAIN.replace("A.listen", "A.setsockopt(SO_LINGER, 0)\nA.listen"), "starts again"),
    ],
)
def test_what_is_set_when_closing_is_no_setup(text: str, restarts: str) -> None:
    assert words("restart-time-wait", text) == restarts
    assert words("restart-time-wait", parse_calls(text.encode(), "log").notation()) == restarts


def test_options_that_are_set_after_bind_are_told_apart() -> None:
    text = "A = udp4()\nA.setsockopt(SO_REUSEPORT, 1)\nA.bind(0.0.0.0:5353)\nA.setsockopt(SO_REUSEADDR, 1)\n"
    made = report(parse_calls(text.encode(), "log"), "log", LINUX, [LINUX], PLAYER)
    (one,) = made.servers[0].sockets
    assert (one.options, one.options_after) == ({"SO_REUSEPORT": 1}, {"SO_REUSEADDR": 1})


# Prefork.


def test_a_prefork_server_breaks_where_there_is_no_fork() -> None:
    text = f"{PLAIN}B = A.inherit()\nC = B.accept()\n"
    assert judged(only(text), "inherited", "windows") == "breaks"
    assert words("inherited", text, "windows") == "impossible: there is no fork"
    assert judged(only(text), "inherited", "freebsd") == "same"
