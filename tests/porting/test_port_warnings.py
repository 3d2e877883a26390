"""What the porting report says of things that no model plays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.models import MODELS, Platform
from reports.calls import parse_calls
from reports.porting import warnings
from reports.porting.advice import offers
from reports.porting.queues import queue
from reports.porting.report import differs, report
from tests.helpers.servers import BY_ID, PLAYER, groups, judged, only

LINUX = Platform("linux")
DHCP = """\
1 socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = 3
1 setsockopt(3, SOL_SOCKET, SO_BINDTODEVICE, "eth0\\0", 5) = 0
1 bind(3, {sa_family=AF_INET, sin_port=htons(6767), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
1 socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) = 4
1 setsockopt(4, SOL_SOCKET, SO_BINDTODEVICE, "eth1\\0", 5) = 0
1 bind(4, {sa_family=AF_INET, sin_port=htons(6767), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
"""


def listener(option: str, port: int = 8080, host: str = "192.0.2.7") -> str:
    return f"""\
1 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3
1 setsockopt(3, SOL_IP, {option}, [1], 4) = 0
1 bind(3, {{sa_family=AF_INET, sin_port=htons({port}), sin_addr=inet_addr("{host}")}}, 16) = 0
1 listen(3, 511) = 0
"""


def warned(log: str, target: str, source: str = "linux") -> list[tuple[str, str]]:
    made = report(parse_calls(log.encode(), "log"), "log", Platform(source), [Platform(target)], PLAYER)
    return [(one.verdict, one.say) for one in made.warned]


def test_sockets_of_different_interfaces_do_not_conflict() -> None:
    (group,) = groups(DHCP)
    assert PLAYER.play(BY_ID["start"], group.shape, LINUX).words == "starts"
    assert group.ports == ["6767%eth0", "6767%eth1"]
    assert warned(DHCP, "linux") == []


def waiting(backlog: int, host: str = "192.0.2.7") -> str:
    return listener("IP_TTL", host=host).replace("511", str(backlog))


@pytest.mark.parametrize(
    ("backlog", "source", "target", "verdict", "said"),
    [
        (5, "linux", "macos", "risk", "of connections that nobody has accepted linux holds 6 and macos 5"),
        (5, "linux", "windows", "risk", "on linux its connect waits, and tries again; on windows it is refused with WSAECONNREFUSED"),
        (5, "windows", "linux", "risk", "on windows it is refused with WSAECONNREFUSED; on linux its connect waits, and tries again"),
        (5, "linux", "freebsd", "risk", "on freebsd its connect is granted, or reset"),
        (5, "freebsd", "linux", "risk", "on freebsd its connect is granted, or reset; on linux its connect waits, and tries again"),
        (5, "linux", "aix", "unknown", "what a client meets there that finds the queue full was not read"),
    ],
)
def test_a_queue_that_holds_fewer_or_lets_the_next_client_meet_something_else(
    backlog: int, source: str, target: str, verdict: str, said: str
) -> None:
    ((told, words),) = warned(waiting(backlog), target, source)
    assert told == verdict
    assert f"listen({backlog})" in words
    assert said in words


@pytest.mark.parametrize(
    ("backlog", "source", "target"),
    [
        (5, "linux", "netbsd"),  # 6 on either
        (5, "macos", "linux"),  # 5, and 6
        (5, "linux", "openbsd"),  # at least 80
        (0, "linux", "macos"),  # 1, and 128
        (5, "linux", "linux"),
        (511, "linux", "windows"),  # no situation fills it
    ],
)
def test_a_queue_that_holds_as_many_is_not_told(backlog: int, source: str, target: str) -> None:
    assert warned(waiting(backlog), target, source) == []


def test_the_shortest_of_several_queues_is_told() -> None:
    log = waiting(5) + waiting(2, "192.0.2.8").replace("(3,", "(4,").replace("= 3", "= 4")
    assert [words.partition(":")[0] for _, words in warned(log, "macos")] == ["listen(2)"]


@pytest.mark.parametrize("backlog", [0, 1, 2, 4])
def test_a_queue_holds_what_the_experiments_say(backlog: int) -> None:
    """As ``suites/backlog`` asks it, one client after the other; nobody has to come where nobody knows."""
    everybody = 3 * backlog // 2 + 2
    known = dict.fromkeys(("linux", "gvisor", "netbsd", "dragonfly"), backlog + 1)
    known |= dict.fromkeys(("stevens", "illumos", "freebsd"), 3 * backlog // 2 + 1)
    known |= {"openbsd": everybody, "macos": backlog or everybody}
    assert {name: queue(Platform(name), backlog).holds for name in MODELS} == {name: known.get(name) for name in MODELS}


DISCOVERY = "A = udp4({})\nA.bind(0.0.0.0:P)\n"


@pytest.mark.parametrize(
    ("options", "target", "judgement"),
    [
        ("SO_REUSEADDR, SO_BROADCAST", "macos", "breaks"),
        ("SO_REUSEADDR, SO_BROADCAST", "freebsd", "breaks"),
        ("SO_REUSEADDR, SO_BROADCAST", "gvisor", "same"),
        ("SO_REUSEADDR, SO_BROADCAST", "windows", "unknown"),
        ("SO_REUSEPORT, SO_BROADCAST", "macos", "same"),
    ],
)
def test_programs_that_look_for_each_other_each_hear_a_broadcast(options: str, target: str, judgement: str) -> None:
    assert judged(only(DISCOVERY.format(options)), "broadcast-shared", target) == judgement


def test_who_sends_no_broadcasts_is_not_asked_about_them() -> None:
    asked = [trial for trial in BY_ID.values() if trial.id.startswith("broadcast-")]
    assert len(asked) == 2
    for text in (DISCOVERY.format("SO_REUSEADDR"), "A = udp4(SO_BROADCAST)\nA.bind(127.0.0.1:P)\n", "A = tcp4()\nA.bind(0.0.0.0:P)\n"):
        assert not any(trial.applies(only(text).shape) for trial in asked)


def test_a_second_instance_on_bsd_is_advised_to_set_the_option() -> None:
    assert instead(DISCOVERY.format("SO_REUSEADDR, SO_BROADCAST"), "broadcast-shared", "macos") == ["broadcast-reuseport"]


@pytest.mark.parametrize(
    ("log", "target", "verdict", "said"),
    [
        (DHCP, "windows", "breaks", "bind the address of the interface instead"),
        (DHCP, "macos", "unknown", "IP_BOUND_IF"),
        (listener("IP_FREEBIND"), "windows", "breaks", "bind fails with EADDRNOTAVAIL until the machine has the address"),
        (listener("IP_FREEBIND"), "freebsd", "breaks", "set IP_BINDANY"),
        (listener("IP_FREEBIND"), "openbsd", "breaks", "set SO_BINDANY"),
        (listener("IP_TRANSPARENT"), "aix", "unknown", "was not read"),
        (listener("IP_MINTTL_X").replace("IP_MINTTL_X", "SO_SETFIB"), "linux", "unknown", "no model knows it"),
    ],
)
def test_an_option_that_the_target_lacks(log: str, target: str, verdict: str, said: str) -> None:
    assert [(word, said in say) for word, say in warned(log, target)] == [(verdict, True)]


@pytest.mark.parametrize(
    ("port", "source", "target", "expected"),
    [
        (18080, "linux", "freebsd", ["risk"]),
        (9999, "linux", "freebsd", []),
        (50000, "linux", "freebsd", []),  # as on Linux
        (61000, "linux", "windows", ["risk"]),
        (40000, "macos", "linux", ["risk"]),
        (18080, "linux", "aix", []),
    ],
)
def test_a_port_that_the_target_gives_to_clients(port: int, source: str, target: str, expected: list[str]) -> None:
    assert [word for word, _ in warned(listener("TCP_NODELAY", port), target, source)] == expected


def test_a_warning_counts() -> None:
    made = report(parse_calls(listener("IP_FREEBIND").encode(), "log"), "log", LINUX, [Platform("openbsd")], PLAYER)
    assert differs(made)
    assert made.servers[0].overall == {"openbsd": "breaks"}


def test_the_tables_name_platforms() -> None:
    named = {name for missing in warnings.MISSING for name in (*missing.home, *missing.to)} | set(warnings.GIVEN_TO_CLIENTS)
    assert named - {warnings.ELSEWHERE} <= set(MODELS)
    assert all(warnings.ELSEWHERE in missing.to for missing in warnings.MISSING)


# A program that keeps the socket.

CHILD = """\
1 fork() = 2
2 execve("/usr/lib/helper", ["helper"], 0x7f) = 0
"""


def test_a_program_that_inherits_the_socket_is_named() -> None:
    log = listener("TCP_NODELAY").replace("|SOCK_CLOEXEC", "") + CHILD
    (note,) = only(log).notes
    assert note.startswith("helper, which the server runs, inherits its descriptor")
    assert list(only(listener("TCP_NODELAY") + CHILD).notes) == []
    assert list(only(log + "2 accept(3, NULL, NULL) = 5\n").notes) == []


# What to write instead.


def instead(text: str, situation: str, target: str) -> list[str]:
    shape = only(text).shape
    here, there = (PLAYER.play(BY_ID[situation], shape, Platform(name)) for name in ("linux", target))
    return [offer.advice.id for offer in offers(PLAYER, shape, here, there)]


def test_who_binds_a_group_on_windows_binds_the_wildcard() -> None:
    text = "A = udp4(SO_REUSEADDR)\nA.bind(239.255.255.250:1900)\nA.join(239.255.255.250)\n"
    assert instead(text, "start", "windows") == ["windows-group"]


def test_udp_workers_take_no_connections() -> None:
    text = "".join(f"{name} = udp4(SO_REUSEPORT)\n{name}.bind(127.0.0.1:P)\n" for name in "AB")
    assert instead(text, "workers", "macos") == ["one-reader"]
    data = json.loads((Path(warnings.__file__).parent / "advice.json").read_text(encoding="utf-8"))["advice"]
    said = [one["say"] for one in data if one.get("protocol") == "udp"]
    assert said
    assert not any("listen" in say or "connection" in say for say in said)
