"""TIME_WAIT: who keeps it, whom it keeps from binding, and what lets a server restart in spite of it."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import came_and_reset, listening, server_closed_first
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    EINVAL,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    WR,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import (
    ACTIVE_CLOSER,
    BOUND_ONCE,
    COMPLETELY_DUPLICATE,
    DIFFERENT_ADDRESSES,
    REUSEPORT_ALL,
    SAME_CONNECTION,
    TIME_WAIT_REBIND,
)
from fixtures.specification.sources import HPUX_GETSOCKOPT, LITE2, MECKI, PYTHON_LIST_2009, RFC9293, TCPV1, TCPV2, UNP
from suites.tables import RESTARTS

CLIENT = LOOPBACK.at("Q")
CLIENT6 = LOOPBACK6.at("Q")


def client_closed_first(stack: Stack, old: Options) -> Socket:
    """A listener, still open, whose only connection was closed by the client (bound to port Q) first."""
    listener = listening(stack, LOOPBACK, *old)
    client = stack.tcp4(SO_REUSEADDR)
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    accepted = listener.accept()
    client.close()
    accepted.recv(1)
    accepted.close()
    stack.shows(CLIENT, TIME_WAIT)
    return listener


@experiment(
    "tcp/time-wait/server-closes-first/old-{old}/new-{new}",
    rule=TIME_WAIT_REBIND,
    cites=(
        PYTHON_LIST_2009.at("setting SO_REUSEADDR before bind, and HP-UX's SO_REUSEPORT"),
        HPUX_GETSOCKOPT.at("getsockopt(2), SO_REUSEPORT"),
        MECKI.at("SO_REUSEADDR and TIME_WAIT"),
    ),
)
@pytest.mark.parametrize(("old", "new", "expected"), RESTARTS, ids=str)
def test_restart_in_time_wait(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server (options: {new}) restart while a connection of its predecessor (options: {old}) is in TIME_WAIT?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *old)
    listener.close()
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


# While the predecessor still listens, its listener is what clashes: only SO_REUSEPORT on both permits.
STILL_LISTENING = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, EADDRINUSE),
    (NONE,      REUSEPORT, EADDRINUSE),
    (NONE,      REUSEBOTH, EADDRINUSE),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, EADDRINUSE),
    (REUSEADDR, REUSEPORT, EADDRINUSE),
    (REUSEADDR, REUSEBOTH, EADDRINUSE),
    (REUSEPORT, NONE,      EADDRINUSE),
    (REUSEPORT, REUSEADDR, EADDRINUSE),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEPORT, REUSEBOTH, OK),
    (REUSEBOTH, NONE,      EADDRINUSE),
    (REUSEBOTH, REUSEADDR, EADDRINUSE),
    (REUSEBOTH, REUSEPORT, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]  # fmt: skip


@experiment(
    "tcp/time-wait/server-still-listens/old-{old}/new-{new}",
    rule=REUSEPORT_ALL,
    cites=(UNP.at("§7.5"), HPUX_GETSOCKOPT.at("getsockopt(2), SO_REUSEPORT")),
)
@pytest.mark.parametrize(("old", "new", "expected"), STILL_LISTENING, ids=str)
def test_start_beside_a_listener_in_time_wait(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a second server (options: {new}) start on a port that has a connection in TIME_WAIT and a listener (options: {old})?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *old)
    second = stack.tcp4(*new)
    assert second.bind(LOOPBACK) == expected


# The client keeps the TIME_WAIT, at its own port: nothing is left on the server's.
UNHINDERED = [(old, new) for old, new, _ in RESTARTS]


@experiment(
    "tcp/time-wait/client-closes-first/old-{old}/new-{new}",
    rule=ACTIVE_CLOSER,
    cites=(TCPV1.at("§18.6"), PYTHON_LIST_2009.at("which side closes first")),
)
@pytest.mark.parametrize(("old", "new"), UNHINDERED, ids=str)
def test_restart_after_the_client_closed_first(stack: Stack, old: Options, new: Options) -> None:
    """May a server (options: {new}) restart after a client closed the connection to its predecessor (options: {old}) first?"""
    listener = client_closed_first(stack, old)
    listener.close()
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == OK


# The side that keeps TIME_WAIT is hindered, also when it is the client that wants its own port again.
CLIENT_PORTS = [
    (NONE,      EADDRINUSE),
    (REUSEADDR, OK),
    (REUSEPORT, OK),
    (REUSEBOTH, OK),
]  # fmt: skip


@experiment("tcp/time-wait/client-closes-first/own-port/new-{new}", rule=TIME_WAIT_REBIND, cites=(TCPV1.at("§18.6"),))
@pytest.mark.parametrize(("new", "expected"), CLIENT_PORTS, ids=str)
def test_client_binds_its_port_again(stack: Stack, new: Options, expected: Answer) -> None:
    """May a client (options: {new}) bind the local port of an earlier connection (reuseaddr) that it closed first?"""
    client_closed_first(stack, NONE)
    again = stack.tcp4(*new)
    assert again.bind(CLIENT) == expected


@experiment("tcp/time-wait/restarted-server-receives/reuseaddr", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
def test_restarted_server_receives(stack: Stack) -> None:
    """Does a server that restarted during TIME_WAIT, both times with SO_REUSEADDR, get the new connections?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEADDR)
    listener.close()
    restarted = listening(stack, LOOPBACK, SO_REUSEADDR)
    assert stack.connections(LOOPBACK) == restarted.itself


@experiment("tcp/time-wait/third-start/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(MECKI.at("SO_REUSEADDR and TIME_WAIT"),))
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, NONE,      EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
    ],
    ids=str,
)  # fmt: skip
def test_option_of_the_second_start_is_not_remembered(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """After a start that bound with SO_REUSEADDR during TIME_WAIT (options then: {old}) and ended, may the next one ({new}) bind?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *old)
    listener.close()
    restarted = stack.tcp4(SO_REUSEADDR)
    restarted.bind(LOOPBACK)
    restarted.close()
    third = stack.tcp4(*new)
    assert third.bind(LOOPBACK) == expected


# The listener was on the wildcard, its connection is on the loopback address.
WILDCARD_RESTARTS = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
    (NONE,      REUSEPORT, OK),
    (REUSEPORT, REUSEPORT, OK),
]  # fmt: skip


@experiment("tcp/time-wait/wildcard-restart/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("old", "new", "expected"), WILDCARD_RESTARTS, ids=str)
def test_restart_on_the_wildcard(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server (options: {new}) restart on the wildcard while a connection of its predecessor ({old}, wildcard) is in TIME_WAIT?"""
    listener = server_closed_first(stack, WILDCARD, LOOPBACK, *old)
    listener.close()
    restarted = stack.tcp4(*new)
    assert restarted.bind(WILDCARD) == expected


@experiment("tcp/time-wait/wildcard-then-specific/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("old", "new", "expected"), WILDCARD_RESTARTS, ids=str)
def test_restart_on_a_specific_address(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) bind the very address on which a predecessor on the wildcard ({old}) has a connection in TIME_WAIT?"""
    listener = server_closed_first(stack, WILDCARD, LOOPBACK, *old)
    listener.close()
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/time-wait/specific-then-wildcard/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("old", "new", "expected"), WILDCARD_RESTARTS, ids=str)
def test_restart_on_the_wildcard_after_a_specific_address(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) bind the wildcard while a connection of a predecessor on a specific address ({old}) is in TIME_WAIT?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *old)
    listener.close()
    restarted = stack.tcp4(*new)
    assert restarted.bind(WILDCARD) == expected


@experiment("tcp/time-wait/wildcard-then-other-address/no-options", rule=DIFFERENT_ADDRESSES, cites=(LITE2.at("in_pcblookup"),))
def test_time_wait_belongs_to_one_address(stack: Stack) -> None:
    """Is another local address free, without options, while a connection of a wildcard server is in TIME_WAIT on the first?"""
    listener = server_closed_first(stack, WILDCARD, LOOPBACK)
    listener.close()
    elsewhere = stack.tcp4()
    assert elsewhere.bind(SECOND) == OK


IPV6_RESTARTS = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEPORT, REUSEPORT, OK),
]  # fmt: skip


@experiment("tcp6/time-wait/server-closes-first/old-{old}/new-{new}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(("old", "new", "expected"), IPV6_RESTARTS, ids=str)
def test_restart_in_time_wait_on_ipv6(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server on ::1 ({new}) restart while a connection of its predecessor ({old}) is in TIME_WAIT?"""
    listener = server_closed_first(stack, LOOPBACK6, LOOPBACK6, *old)
    listener.close()
    restarted = stack.tcp6(*new)
    assert restarted.bind(LOOPBACK6) == expected


@experiment("tcp6/time-wait/wildcard-restart/old-{old}/new-{new}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(("old", "new", "expected"), IPV6_RESTARTS, ids=str)
def test_restart_on_the_ipv6_wildcard(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server on :: ({new}) restart while a connection over ::1 of its predecessor ({old}) is in TIME_WAIT?"""
    listener = server_closed_first(stack, WILDCARD6, LOOPBACK6, *old)
    listener.close()
    restarted = stack.tcp6(*new)
    assert restarted.bind(WILDCARD6) == expected


@experiment("tcp6/time-wait/client-closes-first/no-options", rule=ACTIVE_CLOSER)
def test_restart_on_ipv6_after_the_client_closed_first(stack: Stack) -> None:
    """May a server on ::1 restart without options after the client closed first?"""
    listener = listening(stack, LOOPBACK6)
    client = stack.tcp6()
    client.bind(CLIENT6)
    client.connect(LOOPBACK6)
    accepted = listener.accept()
    client.close()
    accepted.recv(1)
    accepted.close()
    stack.shows(CLIENT6, TIME_WAIT)
    listener.close()
    restarted = stack.tcp6()
    assert restarted.bind(LOOPBACK6) == OK


# What the accepted socket had set when it closed is not asked either: bind looks at the new socket.
ON_THE_ACCEPTED = [
    ("cleared", NONE,      EADDRINUSE),
    ("cleared", REUSEADDR, OK),
    ("set",     NONE,      EADDRINUSE),
    ("set",     REUSEADDR, OK),
]  # fmt: skip


@experiment("tcp/time-wait/accepted-reuseaddr-{change}/new-{new}", rule=TIME_WAIT_REBIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("change", "new", "expected"), ON_THE_ACCEPTED, ids=str)
def test_option_changed_on_the_accepted_socket(stack: Stack, change: str, new: Options, expected: Answer) -> None:
    """Does it matter for a restart ({new}) that SO_REUSEADDR was {change} on the accepted socket before it closed into TIME_WAIT?"""
    listener = listening(stack, LOOPBACK, *(REUSEADDR if change == "cleared" else NONE))
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    accepted.set(SO_REUSEADDR.off if change == "cleared" else SO_REUSEADDR)
    accepted.close()
    client.recv(1)
    client.close()
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/time-wait/listener-reuseaddr-after-accept/new-{new}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(("new", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)
def test_option_set_on_the_listener_after_accept(stack: Stack, new: Options, expected: Answer) -> None:
    """Does it matter for a restart ({new}) that the old listener set SO_REUSEADDR only after it had accepted?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.set(SO_REUSEADDR)
    accepted.close()
    client.recv(1)
    client.close()
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/time-wait/shutdown-before-close/new-{new}", rule=TIME_WAIT_REBIND, cites=(ACTIVE_CLOSER.source,))
@pytest.mark.parametrize(("new", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)
def test_shutdown_does_not_avoid_time_wait(stack: Stack, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart when its predecessor first sent the end by shutdown(WR), read the client's end, and then closed?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    accepted.shutdown(WR)
    client.recv(1)
    client.close()
    accepted.recv(1)
    accepted.close()
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment(
    "tcp/time-wait/retry-of-the-same-socket", rule=TIME_WAIT_REBIND, cites=(PYTHON_LIST_2009.at("setting SO_REUSEADDR before bind"),)
)
def test_retry_with_the_option(stack: Stack) -> None:
    """May a server that was refused because of TIME_WAIT set SO_REUSEADDR and bind the same socket?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEADDR)
    listener.close()
    restarted = stack.tcp4()
    restarted.bind(LOOPBACK)
    restarted.set(SO_REUSEADDR)
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/time-wait/second-restart-twin/{options}", rule=COMPLETELY_DUPLICATE)
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_time_wait_does_not_admit_two(stack: Stack, options: Options) -> None:
    """Is a second server ({options}) refused when a first one with SO_REUSEADDR has restarted during TIME_WAIT and listens?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEADDR)
    listener.close()
    listening(stack, LOOPBACK, SO_REUSEADDR)
    second = stack.tcp4(*options)
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/another-user/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_another_user_binds_in_time_wait(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May another user's server ({new}) bind a port on which a connection of ours ({old}) is in TIME_WAIT?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *old)
    listener.close()
    stranger = stack.stranger.tcp4(*new)
    assert stranger.bind(LOOPBACK) == expected


@experiment("tcp/time-wait/natural-end/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.4.2, 2MSL"), TCPV1.at("§18.6")))
def test_time_wait_ends(stack: Stack) -> None:
    """May a server restart without options 61 seconds after its predecessor's connection went into TIME_WAIT?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK)
    listener.close()
    stack.elapse(61)
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/time-wait/two-minutes-later/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.4.2, 2MSL"),))
@pytest.mark.timeout(600)
def test_time_wait_is_over_everywhere(stack: Stack) -> None:
    """Is TIME_WAIT over after two minutes?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK)
    listener.close()
    stack.elapse(122)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/time-wait/a-second-later/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.4.2, 2MSL"),))
def test_time_wait_lasts(stack: Stack) -> None:
    """Is a server without options still refused one second after its predecessor's connection went into TIME_WAIT?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK)
    listener.close()
    stack.elapse(1)
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/forty-five-seconds-later/no-options", rule=ACTIVE_CLOSER, cites=(TCPV2.at("TCPTV_MSL"),))
def test_how_long_time_wait_lasts(stack: Stack) -> None:
    """Is a server without options still refused 45 seconds after its predecessor's connection went into TIME_WAIT?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK)
    listener.close()
    stack.elapse(45)
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/established-stays/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.4.2, 2MSL"),))
def test_only_time_wait_ends_by_itself(stack: Stack) -> None:
    """Is a server without options refused while its predecessor's connection is open, however long that was idle?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    listener.accept()
    listener.close()
    stack.elapse(61)
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == EADDRINUSE


# The port can be had again, the connection cannot.
RECONNECTS = [REUSEADDR, REUSEBOTH]


@experiment(
    "tcp/time-wait/same-four-tuple/{options}",
    rule=SAME_CONNECTION,
    cites=(LITE2.at("in_pcbconnect"), RFC9293.at("§3.6.1, MAY-2")),
)
@pytest.mark.parametrize("options", RECONNECTS, ids=str)
def test_reconnect_out_of_time_wait(stack: Stack, options: Options) -> None:
    """Is a client ({options}) that binds the port of its connection in TIME_WAIT refused the same connection?"""
    client_closed_first(stack, NONE)
    again = stack.tcp4(*options)
    again.bind(CLIENT)
    assert again.connect(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/same-port-other-destination/reuseaddr", rule=SAME_CONNECTION, cites=(TCPV1.at("§18.6"),))
def test_connect_elsewhere_out_of_time_wait(stack: Stack) -> None:
    """May a client with SO_REUSEADDR that binds the port of its connection in TIME_WAIT connect to another server?"""
    client_closed_first(stack, NONE)
    another = listening(stack, LOOPBACK.at("0"))
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(CLIENT)
    assert again.connect(another.address) == OK


@experiment("tcp/time-wait/passive-side-reconnects/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, MAY-2"),))
def test_reconnect_into_time_wait(stack: Stack) -> None:
    """May a client without options reconnect from the same port while the server's end of the old connection is in TIME_WAIT?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, at=CLIENT)
    again = stack.tcp4()
    again.bind(CLIENT)
    assert again.connect(LOOPBACK) == OK


@experiment("tcp/time-wait/server-calls-back/reuseport", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
def test_client_role_on_a_server_port(stack: Stack) -> None:
    """May a socket with SO_REUSEPORT, as the server before it, bind the port in TIME_WAIT and connect elsewhere from it?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEPORT)
    listener.close()
    another = listening(stack, LOOPBACK.at("0"))
    caller = stack.tcp4(SO_REUSEPORT)
    caller.bind(LOOPBACK)
    assert caller.connect(another.address) == OK


@experiment("tcp/time-wait/passive-side-reconnects/then-reset", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, MAY-2"),))
def test_nothing_is_left_of_a_reused_time_wait(stack: Stack) -> None:
    """A client reconnected into the server's TIME_WAIT and reset that connection: may a server restart without options?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, at=CLIENT)
    came_and_reset(stack, listener, LOOPBACK, CLIENT)
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/time-wait/another-client-connects/no-options", rule=ACTIVE_CLOSER, cites=(TCPV1.at("§18.6"),))
def test_another_connection_leaves_time_wait_alone(stack: Stack) -> None:
    """The server's end of an old connection is in TIME_WAIT, another client came and reset: is a restart without options refused?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK)
    came_and_reset(stack, listener, LOOPBACK, CLIENT)
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/same-port-of-another-client/no-options", rule=ACTIVE_CLOSER, cites=(TCPV1.at("§18.6"),))
def test_the_same_port_of_another_address_leaves_time_wait_alone(stack: Stack) -> None:
    """A client's old connection is in TIME_WAIT at the server, one of another address and the same port reset: is a restart refused?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, at=CLIENT)
    came_and_reset(stack, listener, LOOPBACK, SECOND.at("Q"))
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/same-client-elsewhere/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, MAY-2"),))
def test_the_same_client_elsewhere_leaves_time_wait_alone(stack: Stack) -> None:
    """A client whose connection is in TIME_WAIT at the server came to its other address and reset: is a restart at the first refused?"""
    listener = server_closed_first(stack, WILDCARD, LOOPBACK, at=CLIENT)
    came_and_reset(stack, listener, SECOND, CLIENT)
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


def in_time_wait(stack: Stack, *options: Option) -> Socket:
    """The socket that a server accepted, still open: it shut down its sending half first, then the client closed. Nobody listens."""
    listener = listening(stack, LOOPBACK, *options)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    accepted.shutdown(WR)
    client.recv(1)
    client.close()
    accepted.recv(1)
    stack.shows(LOOPBACK, TIME_WAIT)
    return accepted


@experiment("tcp/time-wait/descriptor-open/bind-again", rule=BOUND_ONCE, cites=(TCPV2.at("tcp_close, in_pcbdetach"),))
def test_bind_of_a_socket_in_time_wait(stack: Stack) -> None:
    """Is an accepted socket whose connection is in TIME_WAIT, with its descriptor open, refused another port?"""
    accepted = in_time_wait(stack)
    assert accepted.bind(CLIENT) == EINVAL


@experiment("tcp/time-wait/descriptor-open/new-{new}", rule=TIME_WAIT_REBIND, cites=(TCPV1.at("§18.6"),))
@pytest.mark.parametrize(("new", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)
def test_restart_beside_an_open_descriptor_in_time_wait(stack: Stack, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while a connection is in TIME_WAIT whose descriptor its predecessor (reuseaddr) has not closed?"""
    in_time_wait(stack, SO_REUSEADDR)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/time-wait/descriptor-open/option-{change}-since", rule=TIME_WAIT_REBIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("change", ["set", "cleared"])
def test_option_changed_in_time_wait(stack: Stack, change: str) -> None:
    """May a server with SO_REUSEADDR restart beside TIME_WAIT on whose open descriptor the option was {change} since?"""
    accepted = in_time_wait(stack, *([SO_REUSEADDR] if change == "cleared" else []))
    accepted.set(SO_REUSEADDR if change == "set" else SO_REUSEADDR.off)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/time-wait/bound-stays/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.4.2, 2MSL"),))
def test_a_bound_socket_stays(stack: Stack) -> None:
    """Is a bind without options refused the port of a socket that is only bound, however long that was so?"""
    first = stack.tcp4()
    first.bind(LOOPBACK.at("0"))
    stack.elapse(61)
    assert stack.tcp4().bind(first.address) == EADDRINUSE


@experiment("tcp/time-wait/seventy-seconds-later/client", rule=ACTIVE_CLOSER, cites=(TCPV2.at("TCPTV_MSL"),))
def test_the_port_of_a_client_after_time_wait(stack: Stack) -> None:
    """A client named its port and closed first: is the port free without options 70 seconds later?"""
    client_closed_first(stack, NONE)
    stack.elapse(70)
    assert stack.tcp4().bind(CLIENT) == OK
