"""What a dead server leaves besides TIME_WAIT: its listener is closed, its connection is in some other state."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    CLOSE_WAIT,
    CLOSING,
    EADDRINUSE,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    IPV6_V6ONLY,
    LAST_ACK,
    LOOPBACK,
    MORE_THAN_FITS,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    WR,
    Answer,
    Options,
)
from fixtures.specification.rules import ACTIVE_CLOSER, ONE_OR_EACH, PCB_LOOKUP, RESET, RESTART, REUSEPORT_ALL, UNBOUND_CALL
from fixtures.specification.sources import LITE2, PYTHON_LIST_2009, RFC9293, TCPV1, TCPV2, UNP
from suites.tables import RESTARTS

SERVERS = UNP.at("§7.5, the four reasons for SO_REUSEADDR")


def connected(stack: Stack, old: Options) -> tuple[Socket, Socket]:
    """The two ends of a connection, the server's first; the listener (options: ``old``) is closed."""
    listener = listening(stack, LOOPBACK, *old)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    return accepted, client


# Where SO_REUSEPORT makes the outcome a matter of chance on some system, SO_REUSEADDR alone is asked about.
REUSEADDR_RESTARTS = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
]  # fmt: skip


@experiment("tcp/dead-server/established/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS, PYTHON_LIST_2009.at("address already in use")))
@pytest.mark.parametrize(("old", "new", "expected"), RESTARTS, ids=str)
def test_restart_beside_an_established_child(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a listening server ({new}) restart while a connection of its predecessor ({old}) is still served?"""
    connected(stack, old)
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/close-wait/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("old", "new", "expected"), RESTARTS, ids=str)
def test_restart_beside_close_wait(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while its predecessor's connection ({old}) is in CLOSE_WAIT: the client closed, nobody else did?"""
    _, client = connected(stack, old)
    client.close()
    stack.shows(LOOPBACK, CLOSE_WAIT)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/fin-wait-1/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS, TCPV1.at("§18.6")))
@pytest.mark.parametrize(("old", "new", "expected"), RESTARTS, ids=str)
def test_restart_beside_fin_wait_1(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while its predecessor ({old}) has closed but a client does not read what it sent (FIN_WAIT_1)?"""
    accepted, _ = connected(stack, old)
    accepted.send(MORE_THAN_FITS)
    accepted.close()
    stack.shows(LOOPBACK, FIN_WAIT_1)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/fin-wait-2/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS, TCPV1.at("§18.6")))
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_beside_fin_wait_2(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while its predecessor ({old}) has closed but a client has not (FIN_WAIT_2)?"""
    accepted, _ = connected(stack, old)
    accepted.close()
    stack.shows(LOOPBACK, FIN_WAIT_2)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/half-closed/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_beside_a_half_closed_connection(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while its predecessor ({old}) still reads from a client to which it has sent the end?"""
    accepted, _ = connected(stack, old)
    accepted.shutdown(WR)
    stack.shows(LOOPBACK, FIN_WAIT_2)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/closing/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS, TCPV1.at("ch. 18, simultaneous close")))
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_beside_closing(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while the ends of its predecessor's connection ({old}) closed at the same time (CLOSING)?"""
    accepted, client = connected(stack, old)
    accepted.send(MORE_THAN_FITS)
    accepted.close()
    client.shutdown(WR)
    stack.shows(LOOPBACK, CLOSING)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/last-ack/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("old", "new", "expected"), RESTARTS, ids=str)
def test_restart_beside_last_ack(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while its predecessor ({old}) closed second and waits for the last ACK behind unread data?"""
    accepted, client = connected(stack, old)
    client.shutdown(WR)
    accepted.recv(1)
    accepted.send(MORE_THAN_FITS)
    accepted.close()
    stack.shows(LOOPBACK, LAST_ACK)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


# Where nothing is left, no option is needed.
@experiment("tcp/dead-server/reset-by-server/no-options", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
def test_restart_after_the_server_reset(stack: Stack) -> None:
    """May a server restart without options when its predecessor closed with SO_LINGER 0 and so reset the connection?"""
    accepted, client = connected(stack, NONE)
    accepted.set(SO_LINGER_0)
    accepted.close()
    client.recv(1)
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/dead-server/reset-by-client/no-options", rule=RESET)
def test_restart_after_the_client_reset(stack: Stack) -> None:
    """May a server restart without options when the client had reset the connection?"""
    accepted, client = connected(stack, NONE)
    client.set(SO_LINGER_0)
    client.close()
    accepted.recv(1)
    accepted.close()
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/dead-server/linger-0-on-listener/no-options", rule=RESET, cites=(UNP.at("§7.4, inherited options"),))
def test_linger_set_on_the_listener(stack: Stack) -> None:
    """Does SO_LINGER 0 on the listener alone spare its connections TIME_WAIT, so that a server restarts without options?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    accepted.close()
    client.recv(1)
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/dead-server/never-accepted/no-options", rule=RESET, cites=(TCPV2.at("soclose"),))
def test_restart_after_a_connection_that_was_never_accepted(stack: Stack) -> None:
    """May a server restart without options when its predecessor ended with a connection that it had not accepted?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    listener.close()
    client.recv(1)
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/dead-server/never-connected/no-options", rule=UNBOUND_CALL)
def test_restart_of_a_server_without_clients(stack: Stack) -> None:
    """May a server restart without options when nobody had connected to its predecessor?"""
    listener = listening(stack, LOOPBACK)
    listener.close()
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/dead-server/established/other-process/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_beside_a_child_of_another_process(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart while another process still serves a connection of the predecessor ({old})?"""
    listener = stack.other.tcp4(*old)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    listener.accept()
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/established/wildcard/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_on_the_wildcard_beside_a_child(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """May a server ({new}) restart on the wildcard while a connection of its predecessor ({old}) on one address is still served?"""
    connected(stack, old)
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = stack.tcp4(*new)
    assert restarted.bind(WILDCARD) == expected


@experiment("tcp/dead-server/established/other-address/no-options", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_other_address_beside_a_child(stack: Stack) -> None:
    """Is another local address free, without options, while a connection of a dead server is open on the first?"""
    connected(stack, NONE)
    stack.shows(LOOPBACK, ESTABLISHED)
    elsewhere = stack.tcp4()
    assert elsewhere.bind(SECOND) == OK


@experiment("tcp/dead-server/established/restarted-receives/reuseaddr", rule=RESTART, cites=(SERVERS,))
def test_restarted_server_receives_beside_a_child(stack: Stack) -> None:
    """Does a server that restarted beside an open connection of its predecessor, both with SO_REUSEADDR, get the new connections?"""
    connected(stack, REUSEADDR)
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = listening(stack, LOOPBACK, SO_REUSEADDR)
    assert stack.connections(LOOPBACK) == restarted.itself


@experiment("tcp/dead-server/established/old-connection-survives/reuseaddr", rule=ONE_OR_EACH, cites=(SERVERS,))
def test_the_old_connection_survives_a_restart(stack: Stack) -> None:
    """Does what a client sends on its old connection still arrive there after another server has restarted on the port?"""
    accepted, client = connected(stack, REUSEADDR)
    listening(stack, LOOPBACK, SO_REUSEADDR)
    client.send(1)
    assert accepted.recv(1) == OK


@experiment("tcp/dead-server/reset-in/{word}", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
@pytest.mark.parametrize("word", ["fin-wait-1", "fin-wait-2", "close-wait", "last-ack", "closing"])
def test_restart_after_a_reset_in_each_state(stack: Stack, word: str) -> None:
    """A connection of the predecessor is in {word} when the client resets it: may a server restart without options?"""
    state = word.upper().replace("-", "_")
    accepted, client = connected(stack, NONE)
    if state in (FIN_WAIT_1, LAST_ACK, CLOSING):
        accepted.send(MORE_THAN_FITS)
    if state in (CLOSE_WAIT, LAST_ACK):
        client.shutdown(WR)
    if state == LAST_ACK:
        accepted.recv(1)
    if state != CLOSE_WAIT:
        accepted.close()
    if state == CLOSING:
        client.shutdown(WR)
    stack.shows(LOOPBACK, state)
    client.set(SO_LINGER_0)
    client.close()
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/dead-server/another-user/fin-wait-2/{ended}", rule=REUSEPORT_ALL, cites=(SERVERS,))
@pytest.mark.parametrize("ended", ["close", "shutdown"])
def test_another_user_beside_fin_wait_2(stack: Stack, ended: str) -> None:
    """Our connection with SO_REUSEPORT is in FIN_WAIT_2 after {ended}: may another user's server with SO_REUSEPORT bind?"""
    accepted, _ = connected(stack, REUSEPORT)
    if ended == "close":
        accepted.close()
    else:
        accepted.shutdown(WR)
    stack.shows(LOOPBACK, FIN_WAIT_2)
    stranger = stack.stranger.tcp4(*REUSEPORT)
    assert stranger.bind(LOOPBACK) == OK


@experiment("tcp/dead-server/two-connections/no-options", rule=RESTART, cites=(SERVERS,))
def test_restart_beside_two_connections(stack: Stack) -> None:
    """A server left two connections: is a server without options refused?"""
    listener = listening(stack, LOOPBACK)
    clients = stack.tcp4(), stack.tcp4()
    for client in clients:
        client.connect(LOOPBACK)
    for _ in clients:
        listener.accept()
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/dead-server/two-connections/dual-stack", rule=RESTART, cites=(SERVERS,))
def test_the_second_of_two_connections_that_waited(stack: Stack) -> None:
    """Two IPv4 connections waited for a dual-stack server; the first was reset, the server has ended: does the second keep 127.0.0.1?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY.off)
    resetting, staying = stack.tcp4(SO_LINGER_0), stack.tcp4()
    resetting.connect(LOOPBACK)
    staying.connect(LOOPBACK)
    first, _ = listener.accept(), listener.accept()
    resetting.close()
    first.recv(1)
    first.close()
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/dead-server/another-user/established/{options}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("options", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)
def test_another_user_beside_an_established_child(stack: Stack, options: Options, expected: Answer) -> None:
    """A dead server left a connection (both {options}): may another user's server bind?"""
    connected(stack, options)
    stranger = stack.stranger.tcp4(*options)
    assert stranger.bind(LOOPBACK) == expected


@experiment("tcp/dead-server/unread-data/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, SHLD-3"), TCPV2.at("tcp_disconnect")))
def test_restart_after_a_close_with_unread_data(stack: Stack) -> None:
    """Is a server without options refused when its predecessor closed first and had not read what the client sent?"""
    accepted, client = connected(stack, NONE)
    client.send(1)
    accepted.close()
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/dead-server/data-after-close/{word}", rule=RESET, cites=(UNP.at("§5.13"), RFC9293.at("§3.6.1")))
@pytest.mark.parametrize("word", ["fin-wait-1", "fin-wait-2"])
def test_restart_after_data_for_the_dead(stack: Stack, word: str) -> None:
    """A dead server's connection was in {word} when the client sent data, which a reset answers: is the port free without options?"""
    accepted, client = connected(stack, NONE)
    if word == "fin-wait-1":
        accepted.send(MORE_THAN_FITS)
    accepted.close()
    stack.shows(LOOPBACK, word.upper().replace("-", "_"))
    client.send(1)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/linger-0-in-{word}/{port}", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
@pytest.mark.parametrize("word", ["closing", "fin-wait-2"])
@pytest.mark.parametrize("port", ["server", "client"])
def test_both_ports_after_linger_0(stack: Stack, word: str, port: str) -> None:
    """A server closed with SO_LINGER 0 in {word}, so that the connection was reset: is the {port}'s port free without options?"""
    accepted, client = connected(stack, NONE)
    if word == "closing":
        accepted.send(MORE_THAN_FITS)
    accepted.shutdown(WR)
    if word == "closing":
        client.shutdown(WR)
    stack.shows(LOOPBACK, word.upper().replace("-", "_"))
    accepted.set(SO_LINGER_0)
    accepted.close()
    assert stack.tcp4().bind(LOOPBACK.at(f"port({client.name})") if port == "client" else LOOPBACK) == OK
