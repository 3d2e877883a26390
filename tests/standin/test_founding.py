"""What the buildbots of python-dev gave in 2008, on one machine; and what follows from each platform's answer."""

from __future__ import annotations

import pytest

from tests.helpers.sampling import exhaustively
from tests.standin.running import NOBODY, another_user_can_run_it, linux, python

pytestmark = linux

#: The snippet of the mail (python-dev, 5 April 2008): two sockets, both with SO_REUSEADDR, on one port.
TWO_SERVERS = """\
first, second = tcp(socket.SO_REUSEADDR), tcp(socket.SO_REUSEADDR)
first.bind(("127.0.0.1", 0))
print(answer(second.bind, first.getsockname()))
print(answer(first.listen), answer(second.listen) if second.getsockname()[1] else "-")
"""
#: Then who receives, of 20 connections.
WHO = """\
got = {first: 0, second: 0}
for _ in range(20):
    client = socket.create_connection(first.getsockname(), 5)
    for one in got:
        one.setblocking(False)
        try:
            one.accept()[0].close()
        except BlockingIOError:
            continue
        got[one] += 1
print(*got.values())
"""
#: A server closed a connection first, so that TIME_WAIT is its own; the one that follows sets SO_REUSEADDR, alone.
RESTART = """\
old = tcp()
old.bind(("127.0.0.1", 0)); old.listen()
client = socket.create_connection(old.getsockname(), 5)
accepted, _ = old.accept()
address = old.getsockname()
accepted.close(); client.recv(1); client.close(); old.close()
print(answer(tcp().bind, address), answer(tcp(socket.SO_REUSEADDR).bind, address))
"""


@pytest.mark.parametrize(
    ("platform", "bound", "listened"),
    [
        ("linux", "ok", "ok EADDRINUSE"),
        ("windows", "ok", "ok ok"),
        ("freebsd", "EADDRINUSE", "ok -"),
        *exhaustively(("macos", "EADDRINUSE", "ok -"), ("solaris", "EADDRINUSE", "ok -"), ("tru64", "EADDRINUSE", "ok -")),
    ],
)
def test_two_servers_with_reuseaddr_do_what_they_did_on_the_buildbots(platform: str, bound: str, listened: str) -> None:
    assert python(platform, TWO_SERVERS) == [bound, *listened.split()]


@pytest.mark.parametrize(("platform", "bound"), [("freebsd", "EADDRINUSE"), *exhaustively(("linux", "ok"), ("windows", "ok"))])
def test_a_user_needs_no_privilege(platform: str, bound: str) -> None:
    if not another_user_can_run_it():
        pytest.skip("the tests are not root's, or another user cannot run this checkout")
    assert python(platform, TWO_SERVERS, user=NOBODY)[0] == bound


def test_on_windows_the_first_of_two_servers_receives_everything() -> None:
    assert python("windows", TWO_SERVERS + WHO)[-2:] == ["20", "0"]


def test_two_servers_with_reuseport_take_turns_as_their_platform_has_it() -> None:
    both = TWO_SERVERS.replace("SO_REUSEADDR", "SO_REUSEPORT") + WHO
    # The newest takes all (netinet/in_pcb.c); an older kernel of Linux shares.
    assert python("freebsd", both)[-2:] == ["0", "20"]
    shared = [int(word) for word in python("linux", both)[-2:]]
    assert sum(shared) == 20
    assert all(shared)


@pytest.mark.parametrize(
    ("platform", "alone", "reuseaddr"),
    [
        ("freebsd", "EADDRINUSE", "ok"),
        ("windows", "ok", "ok"),
        *exhaustively(("linux", "EADDRINUSE", "EADDRINUSE"), ("macos", "EADDRINUSE", "ok")),
    ],
)
def test_a_restart_over_time_wait(platform: str, alone: str, reuseaddr: str) -> None:
    assert python(platform, RESTART) == [alone, reuseaddr]


def test_a_specific_address_beside_the_wildcard_is_granted_and_receives() -> None:
    """On BSD SO_REUSEADDR lets a second server listen at one address of the first one's wildcard; Linux refuses that."""
    beside = TWO_SERVERS.replace('first.bind(("127.0.0.1", 0))', 'first.bind(("0.0.0.0", 0))').replace(
        "first.getsockname())", '("127.0.0.1", first.getsockname()[1]))'
    )
    assert python("freebsd", beside) == ["ok", "ok", "ok"]
    assert python("linux", beside) == ["ok", "ok", "EADDRINUSE"]


def test_the_program_reads_its_options_as_it_set_them() -> None:
    asked = "one = tcp(); one.bind(('127.0.0.1', 0)); print(one.getsockopt(1, socket.SO_REUSEADDR), one.getsockopt(1, socket.SO_REUSEPORT))"
    assert python("freebsd", asked) == ["0", "0"]


def test_python_has_the_platforms_options_and_no_others() -> None:
    told = "print(hasattr(socket, 'SO_REUSEPORT'), hasattr(socket, 'SO_EXCLUSIVEADDRUSE'), hasattr(socket, 'SO_EXCLBIND'))"
    assert python("windows", told) == ["False", "True", "False"]
    assert python("illumos", told) == ["False", "False", "True"]
    assert python("freebsd", told) == ["True", "False", "False"]


def test_exclusive_use_keeps_others_out_on_windows() -> None:
    script = """\
first, second = tcp(socket.SO_EXCLUSIVEADDRUSE), tcp(socket.SO_REUSEADDR)
first.bind(("127.0.0.1", 0))
print(answer(second.bind, first.getsockname()), answer(first.setsockopt, 1, 15, 1))
"""
    assert python("windows", script) == ["EACCES", "ENOPROTOOPT"]


def test_ipv6_sockets_have_the_platforms_default_of_v6only() -> None:
    script = """\
one = socket.socket(socket.AF_INET6)
print(one.getsockopt(41, socket.IPV6_V6ONLY))
one.bind(("::", 0)); one.listen()
print(answer(socket.socket().connect, ("127.0.0.1", one.getsockname()[1])))
"""
    assert python("openbsd", script) == ["1", "ECONNREFUSED"]
    assert python("macos", script) == ["0", "ok"]
