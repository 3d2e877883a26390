"""What the search found: what a socket holds after a refusal, a reset or a call that came too early."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connected, listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    ECONNREFUSED,
    ECONNRESET,
    EINVAL,
    ESTABLISHED,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    NOBODY,
    OK,
    RD,
    RDWR,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    WR,
    Answer,
)
from fixtures.specification.rules import (
    ACTIVE_CLOSER,
    BOUND_ONCE,
    BROKEN_PIPE,
    DROPPED,
    DUAL_STACK,
    NOBODY_LISTENS,
    ONE_OR_EACH,
    RESET,
    REUSEPORT_ALL,
    SIMULTANEOUS_OPEN,
    UNBOUND_CALL,
    WRONG_KIND,
)
from fixtures.specification.sources import POSIX, RFC9293, TCPV2, UNP

CLIENT = LOOPBACK.at("Q")
ANY_PORT = LOOPBACK.at("0")
DROP = TCPV2.at("tcp_drop, tcp_close")


@experiment("tcp/after-failure/refused/drawn-port", rule=DROPPED, cites=(DROP, POSIX.at("connect, [ECONNREFUSED]")))
def test_drawn_port_of_a_refused_client(stack: Stack) -> None:
    """Is the port that a client got by binding port 0 free when its connection was refused but it is not closed yet?"""
    client = stack.tcp4()
    client.bind(ANY_PORT)
    client.connect(LOOPBACK)
    second = stack.tcp4()
    assert second.bind(client.address) == OK


@experiment("tcp/after-failure/reset/named-port", rule=RESET, cites=(DROP,))
def test_port_of_a_client_that_was_reset(stack: Stack) -> None:
    """Is the port that a client had bound free when its server reset the connection but it is not closed yet?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client = stack.tcp4()
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    second = stack.tcp4()
    assert second.bind(CLIENT) == OK


@experiment("tcp/after-failure/reset/drawn-port", rule=RESET, cites=(DROP,))
def test_drawn_port_of_a_client_that_was_reset(stack: Stack) -> None:
    """Is the port that a client got by binding port 0 free when its server reset the connection but it is not closed yet?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client = stack.tcp4()
    client.bind(ANY_PORT)
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    second = stack.tcp4()
    assert second.bind(client.address) == OK


@experiment("tcp/after-failure/connect-to-itself/no-options", rule=SIMULTANEOUS_OPEN, cites=(RFC9293.at("§3.5, figure 7"),))
def test_connection_to_itself(stack: Stack) -> None:
    """May a client connect to its own address and port, where nobody listens?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(CLIENT) == OK


@experiment("tcp/after-failure/shutdown-before-listen/no-options", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_that_came_too_early(stack: Stack) -> None:
    """Does a server serve its clients although it had, in vain, shut down its sending half before it listened?"""
    listener = stack.tcp4()
    listener.shutdown(WR)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    assert accepted.send(1) == OK


@experiment("tcp/after-failure/shutdown-before-listen/both/shut-again", rule=RESET, cites=(POSIX.at("send, [ECONNRESET]"),))
def test_a_listener_that_was_shut_down_twice(stack: Stack) -> None:
    """A server had been shut down in vain before it listened and is shut down again: is a client that had sent told of a reset?"""
    listener = stack.tcp4()
    listener.shutdown(WR)
    listener.shutdown(RD)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    client.send(1)
    listener.shutdown(RDWR)
    assert client.send(1) == ECONNRESET


@experiment("udp/after-failure/send-without-peer/no-options", rule=UNBOUND_CALL, cites=(POSIX.at("send, [EDESTADDRREQ]"),))
def test_bind_after_a_send_without_peer(stack: Stack) -> None:
    """May a UDP socket bind after a send that was refused because it had no peer?"""
    caller = stack.udp4()
    caller.send(1)
    assert caller.bind(LOOPBACK) == OK


@experiment("udp/after-failure/payload/no-options", rule=ONE_OR_EACH, cites=(UNP.at("§8.11"),))
def test_a_datagram_arrives(stack: Stack) -> None:
    """Does a socket get what another one that is connected to it sends?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    caller = stack.udp4()
    caller.connect(LOOPBACK)
    caller.send(1)
    assert server.recv(1) == OK


@experiment("tcp/after-failure/accepted-by-another-user/reuseport", rule=REUSEPORT_ALL)
def test_beside_a_connection_that_another_user_accepted(stack: Stack) -> None:
    """May a server restart beside its listener (both SO_REUSEPORT) when another user's process accepted a connection from a copy of it?"""
    listener = listening(stack, LOOPBACK, SO_REUSEPORT)
    copy = listener.inherit("stranger")
    stack.tcp4().connect(LOOPBACK)
    copy.accept()
    restarted = stack.tcp4(SO_REUSEPORT)
    # With the port's memory of the listener's user gone, every holder is asked.
    stack.tcp4().bind(SECOND)
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/after-failure/beside-ipv6-client/mapped-wildcard", rule=DUAL_STACK)
def test_mapped_wildcard_beside_an_ipv6_client(stack: Stack) -> None:
    """May an IPv6 socket bind the mapped wildcard on the port that an IPv6 client has?"""
    listening(stack, LOOPBACK6)
    client = stack.tcp6()
    client.connect(LOOPBACK6)
    second = stack.tcp6(IPV6_V6ONLY.off)
    assert second.bind(MAPPED_WILDCARD.at(f"port({client.name})")) == OK


#: What else may ask for the port of an IPv6 client: the kind of the socket, and the address.
BESIDE_A_UDP_CLIENT = {"mapped-wildcard": ("udp6", MAPPED_WILDCARD), "loopback4": ("udp4", LOOPBACK)}


@experiment("udp/after-failure/beside-ipv6-client/{wanted}", rule=DUAL_STACK)
@pytest.mark.parametrize("wanted", BESIDE_A_UDP_CLIENT)
def test_beside_an_ipv6_client_over_udp(stack: Stack, wanted: str) -> None:
    """A dual-stack UDP client is connected over IPv6: may another socket bind {wanted} on its port?"""
    client = stack.udp6(IPV6_V6ONLY.off)
    client.connect(LOOPBACK6)
    kind, address = BESIDE_A_UDP_CLIENT[wanted]
    second = stack.socket(kind, *([IPV6_V6ONLY.off] if kind == "udp6" else []))
    assert second.bind(address.at(f"port({client.name})")) == OK


@experiment("tcp/after-failure/refused/connect-again", rule=DROPPED, cites=(DROP, POSIX.at("connect, [ECONNREFUSED]")))
def test_refused_client_connects_again(stack: Stack) -> None:
    """Is a second connect of a client that was refused invalid, although somebody listens by then?"""
    client, listener = stack.tcp4(), stack.tcp4()
    client.connect(LOOPBACK)
    listener.bind(LOOPBACK)
    listener.listen()
    assert client.connect(LOOPBACK) == EINVAL


@experiment("tcp6/after-failure/refused/mapped-twice", rule=DROPPED, cites=(DROP, POSIX.at("connect, [ECONNREFUSED]")))
def test_mapped_client_is_refused_twice(stack: Stack) -> None:
    """Is a second connect of an IPv6 client that was refused at a mapped address invalid?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.connect(MAPPED)
    assert client.connect(MAPPED) == EINVAL


@experiment("tcp6/after-failure/refused/twice", rule=DROPPED, cites=(DROP, POSIX.at("connect, [ECONNREFUSED]")))
def test_ipv6_client_is_refused_twice(stack: Stack) -> None:
    """Is a second connect of an IPv6 client that was refused invalid?"""
    client = stack.tcp6()
    client.connect(LOOPBACK6)
    assert client.connect(LOOPBACK6) == EINVAL


@experiment("tcp/after-failure/refused/second-listen", rule=DROPPED, cites=(DROP,))
def test_two_refused_clients_listen(stack: Stack) -> None:
    """Two clients with SO_REUSEADDR were refused and have one port: is the second refused to listen after the first did?"""
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    for client in (first, second):
        client.bind(CLIENT)
        client.connect(LOOPBACK)
    first.listen()
    assert second.listen() != OK


@experiment("tcp/after-failure/refused/address-stays/{address}", rule=DROPPED, cites=(DROP,))
@pytest.mark.parametrize("address", ["specific", "wildcard", "none"])
def test_what_a_refused_client_listens_on(stack: Stack, address: str) -> None:
    """A client that had bound port 0 of an address ({address}) was refused and calls listen: does nothing reach it at another address?"""
    client = stack.tcp4()
    if address != "none":
        client.bind((LOOPBACK if address == "specific" else WILDCARD).at("0"))
    client.connect(LOOPBACK)
    client.listen()
    assert stack.connections(SECOND.at(f"port({client.name})")) == NOBODY


@experiment("tcp/after-failure/refused/address-goes/refused-bind", rule=DROPPED, cites=(DROP,))
def test_what_a_refused_client_listens_on_after_a_refused_bind(stack: Stack) -> None:
    """A client that had bound port 0 was refused, is refused a bind and calls listen: does no connection to another address reach it?"""
    holder, client = stack.tcp4(), stack.tcp4()
    holder.bind(LOOPBACK)
    client.bind(ANY_PORT)
    client.connect(CLIENT)
    client.bind(LOOPBACK)
    client.listen()
    assert stack.connections(SECOND.at(f"port({client.name})")) == NOBODY


def at_the_wildcard_instead(stack: Stack) -> Socket:
    """A server that was refused an address, and then was bound to the wildcard on another port."""
    stack.tcp4().bind(LOOPBACK)
    server = stack.tcp4()
    server.bind(LOOPBACK)
    server.bind(WILDCARD.at("Q"))
    return server


@experiment("tcp/after-failure/refused-bind/then-wildcard/reached", rule=UNBOUND_CALL)
def test_a_server_that_was_refused_an_address_is_reached(stack: Stack) -> None:
    """A server was refused an address and listens at the wildcard on another port: do connections to another address reach it?"""
    server = at_the_wildcard_instead(stack)
    server.listen()
    assert stack.connections(SECOND.at("Q")) == server.itself


@experiment("tcp/after-failure/refused-bind/then-wildcard/closed", rule=UNBOUND_CALL)
def test_nothing_is_left_of_a_server_that_was_refused_an_address(stack: Stack) -> None:
    """A server was refused an address, had the wildcard on another port and has closed: is that port free?"""
    at_the_wildcard_instead(stack).close()
    assert stack.tcp4().bind(WILDCARD.at("Q")) == OK


@experiment("tcp6/after-failure/refused/{address}/other-address", rule=DROPPED, cites=(DROP,))
@pytest.mark.parametrize("address", ["wildcard", "mapped-wildcard"])
def test_other_address_beside_a_refused_client(stack: Stack, address: str) -> None:
    """A client on a wildcard ({address}) was refused and is open: is its port free at another local address than the one it used?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.bind((MAPPED_WILDCARD if address == "mapped-wildcard" else WILDCARD6).at("Q"))
    client.connect(MAPPED)
    assert stack.tcp4().bind(SECOND.at("Q")) == OK


@experiment("tcp/after-failure/reset/same-connection", rule=RESET, cites=(DROP,))
def test_connection_of_a_client_that_was_reset(stack: Stack) -> None:
    """May another client with SO_REUSEADDR open the very connection of one that was reset and is open?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client, again = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    again.bind(CLIENT)
    assert again.connect(LOOPBACK) == OK


@experiment("tcp/after-failure/reset/then-closed", rule=RESET, cites=(DROP,))
def test_port_of_a_client_that_was_reset_and_closed(stack: Stack) -> None:
    """Is the port that a client had bound free when its server reset the connection and it was closed?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client = stack.tcp4()
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    client.close()
    assert stack.tcp4().bind(CLIENT) == OK


@experiment("tcp/after-failure/reset/accepted-binds", rule=BOUND_ONCE, cites=(DROP,))
def test_accepted_socket_that_was_reset_binds(stack: Stack) -> None:
    """Is an accepted socket that was reset refused another port?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4(SO_LINGER_0)
    client.connect(LOOPBACK)
    accepted = listener.accept()
    client.close()
    accepted.recv(1)
    assert accepted.bind(CLIENT) == EINVAL


@experiment("tcp/after-failure/connect-to-itself/established", rule=SIMULTANEOUS_OPEN, cites=(RFC9293.at("§3.5, figure 7"),))
def test_connection_to_itself_is_one(stack: Stack) -> None:
    """Is the connection of a client to its own address and port established?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(CLIENT) == OK
    assert stack.shows(CLIENT, ESTABLISHED) == OK


@experiment("tcp/after-failure/connect-to-itself/closed", rule=SIMULTANEOUS_OPEN, cites=(RFC9293.at("§3.6, figure 13"),))
def test_connection_to_itself_leaves_time_wait(stack: Stack) -> None:
    """Does the connection of a client to itself leave TIME_WAIT when it is closed?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(CLIENT) == OK
    client.close()
    stack.shows(CLIENT, TIME_WAIT)
    assert stack.tcp4().bind(CLIENT) == EADDRINUSE


@experiment("tcp/after-failure/connect-to-itself/another-address", rule=NOBODY_LISTENS)
def test_own_port_at_another_address(stack: Stack) -> None:
    """Is a client refused a connection to its own port at another local address, where nobody listens?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(SECOND.at("Q")) == ECONNREFUSED


@experiment("tcp/after-failure/connect-to-itself/from-the-wildcard", rule=SIMULTANEOUS_OPEN)
def test_own_port_at_another_address_from_the_wildcard(stack: Stack) -> None:
    """May a client on the wildcard connect to its own port at a second local address, which is its own too?"""
    client = stack.tcp4()
    client.bind(WILDCARD.at("Q"))
    assert client.connect(SECOND.at("Q")) == OK


@experiment("tcp/after-failure/connect-to-itself/after-shutdown/{how}", rule=SIMULTANEOUS_OPEN, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
@pytest.mark.parametrize("how", ["rd", "wr"])
def test_connection_to_itself_after_a_shutdown(stack: Stack, how: str) -> None:
    """May a client connect to itself after a shutdown ({how}) that came too early?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    client.shutdown(how.upper())
    assert client.connect(CLIENT) == OK


@experiment("{protocol}/after-failure/shutdown-before-connect/{how}", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("how", ["rd", "wr", "rdwr"])
def test_shutdown_before_connect(stack: Stack, protocol: str, how: str) -> None:
    """May a {protocol} client send although it had, in vain, been shut down ({how}) before it connected?"""
    server, client = stack.socket(f"{protocol}4"), stack.socket(f"{protocol}4")
    server.bind(LOOPBACK)
    if protocol == "tcp":
        server.listen()
    client.shutdown(how.upper())
    client.connect(LOOPBACK)
    assert client.send(1) == OK


@experiment("tcp/after-failure/recv-after-early-shutdown/{how}", rule=WRONG_KIND, cites=(POSIX.at("recv, [ENOTCONN]"),))
@pytest.mark.parametrize("how", ["rd", "wr", "rdwr"])
def test_recv_after_an_early_shutdown(stack: Stack, how: str) -> None:
    """Is recv refused on a socket without a connection that was, in vain, shut down ({how})?"""
    first = stack.tcp4()
    first.shutdown(how.upper())
    assert first.recv(1) == Answer("ENOTCONN")


@experiment("tcp/after-failure/shutdown-before-listen/{how}/who-keeps-time-wait", rule=ACTIVE_CLOSER, cites=(ACTIVE_CLOSER.source,))
@pytest.mark.parametrize("how", ["rd", "wr"])
def test_who_keeps_time_wait_after_an_early_shutdown(stack: Stack, how: str) -> None:
    """A server had been shut down ({how}) in vain before it listened, and its client closed first: may it restart without options?"""
    listener = stack.tcp4()
    listener.shutdown(how.upper())
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    client.close()
    accepted.recv(1)
    accepted.close()
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp6/after-failure/beside-ipv6-client/{v6only}", rule=DUAL_STACK)
@pytest.mark.parametrize("v6only", ["dual", "v6only"])
def test_ipv4_wildcard_beside_an_ipv6_client(stack: Stack, v6only: str) -> None:
    """May an IPv4 socket bind the wildcard on the port that an IPv6 client ({v6only}) has?"""
    listening(stack, LOOPBACK6)
    client = stack.tcp6(IPV6_V6ONLY if v6only == "v6only" else IPV6_V6ONLY.off)
    client.connect(LOOPBACK6)
    assert stack.tcp4().bind(WILDCARD.at(f"port({client.name})")) == OK


@experiment("tcp6/after-failure/mapped-bound/connect-to-ipv6", rule=NOBODY_LISTENS)
def test_mapped_socket_connects_to_ipv6(stack: Stack) -> None:
    """Is a client that is bound to a mapped address refused as by nobody when it connects to an IPv6 address, where nobody listens?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.bind(MAPPED.at("Q"))
    assert client.connect(LOOPBACK6) == ECONNREFUSED


@experiment("tcp/after-failure/refused/recv", rule=DROPPED, cites=(POSIX.at("recv, [ENOTCONN]"),))
def test_recv_of_a_refused_client(stack: Stack) -> None:
    """Is recv of a client that was refused answered as that of any socket without a connection?"""
    client = stack.tcp4()
    client.connect(LOOPBACK)
    assert client.recv(1) == Answer("ENOTCONN")


@experiment("tcp/after-failure/refused/recv-again", rule=DROPPED, cites=(POSIX.at("recv, [ENOTCONN]"),))
def test_third_recv_of_a_refused_client(stack: Stack) -> None:
    """Is a refused client's third recv ENOTCONN?"""
    client = stack.tcp4()
    client.connect(LOOPBACK)
    client.recv(1)
    client.recv(1)
    assert client.recv(1) == Answer("ENOTCONN")


@experiment("tcp/after-failure/refused/option-stays", rule=UNBOUND_CALL, cites=(POSIX.at("getsockopt"),))
def test_option_of_a_refused_client(stack: Stack) -> None:
    """Is SO_REUSEADDR of a refused client still on?"""
    client = stack.tcp4(SO_REUSEADDR)
    client.connect(LOOPBACK)
    assert client.get(SO_REUSEADDR) == Answer("1")


@experiment("tcp/after-failure/refused/twice/recv", rule=DROPPED, cites=(POSIX.at("recv, [ENOTCONN]"),))
def test_recv_of_a_client_that_was_refused_twice(stack: Stack) -> None:
    """Is recv of a client that asked in vain twice answered as that of any socket without a connection?"""
    client = stack.tcp4()
    client.connect(LOOPBACK)
    client.connect(LOOPBACK)
    assert client.recv(1) == Answer("ENOTCONN")


@experiment("tcp/after-failure/refused/twice/listen", rule=DROPPED, cites=(DROP,))
def test_client_that_was_refused_twice_listens(stack: Stack) -> None:
    """A client asked in vain twice and calls listen: does nothing reach it at another address?"""
    client = stack.tcp4()
    client.connect(LOOPBACK)
    client.connect(LOOPBACK)
    client.listen()
    assert stack.connections(SECOND.at(f"port({client.name})")) == NOBODY


@experiment("tcp6/after-failure/refused/v6only-since", rule=DROPPED, cites=(DROP,))
def test_refused_client_becomes_v6only(stack: Stack) -> None:
    """A dual-stack client was refused, sets IPV6_V6ONLY and calls listen: does no IPv4 connection reach it?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.connect(LOOPBACK6)
    client.set(IPV6_V6ONLY)
    client.listen()
    assert stack.connections(LOOPBACK.at(f"port({client.name})")) == NOBODY


@experiment("tcp/after-failure/refused/bound-anew/other-address", rule=DROPPED, cites=(DROP,))
def test_other_address_beside_a_client_that_was_refused_twice(stack: Stack) -> None:
    """A client at port 0 was refused, asked for the wildcard and was refused again: is that port free at another local address?"""
    client = stack.tcp4()
    client.bind(ANY_PORT)
    client.connect(LOOPBACK)
    client.bind(WILDCARD.at("Q"))
    client.connect(LOOPBACK)
    assert stack.tcp4().bind(SECOND.at("Q")) == OK


@experiment("tcp/after-failure/reset/shutdown", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_of_a_client_that_was_reset(stack: Stack) -> None:
    """Is shutdown of a client whose server reset the connection refused?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    assert client.shutdown(WR) == Answer("ENOTCONN")


@experiment("tcp/after-failure/reset/accepted-shuts-down", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_of_a_connection_that_its_client_reset(stack: Stack) -> None:
    """Is shutdown of an accepted connection refused that its client reset?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = connected(stack, listener, LOOPBACK, SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert accepted.shutdown(WR) == Answer("ENOTCONN")


@experiment("tcp/after-failure/shutdown-before-listen/two-clients", rule=ACTIVE_CLOSER, cites=(ACTIVE_CLOSER.source,))
def test_each_connection_of_a_server_that_was_shut_down_early(stack: Stack) -> None:
    """A server had been shut down in vain before it listened; one client reset, one closed first: may it restart without options?"""
    listener = stack.tcp4()
    listener.shutdown(WR)
    listener.bind(LOOPBACK)
    listener.listen()
    resetting, closing = stack.tcp4(SO_LINGER_0), stack.tcp4()
    resetting.connect(LOOPBACK)
    closing.connect(LOOPBACK)
    first, second = listener.accept(), listener.accept()
    resetting.close()
    first.close()
    closing.close()
    second.recv(1)
    second.close()
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("{protocol}/after-failure/second-bind/{port}", rule=BOUND_ONCE, cites=(POSIX.at("bind, [EINVAL]"),))
@pytest.mark.parametrize(("protocol", "port"), [("tcp", "held"), ("udp", "free")])
def test_address_of_a_socket_that_asks_for_a_second(stack: Stack, protocol: str, port: str) -> None:
    """Does a {protocol} socket keep its port when it asks for another ({port})?"""
    if port == "held":
        stack.socket(f"{protocol}4").bind(CLIENT)
    first = stack.socket(f"{protocol}4")
    first.bind(LOOPBACK)
    first.bind(CLIENT)
    assert stack.socket(f"{protocol}4").bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/after-failure/reset/error-stays", rule=BROKEN_PIPE, cites=(BROKEN_PIPE.source,))
def test_the_error_of_a_reset_stays(stack: Stack) -> None:
    """A client sent to a closed end, and was asked for another port; then its old server connects to that: is the next send still EPIPE?"""
    listener, client = stack.tcp4(), stack.tcp4()
    listener.bind(LOOPBACK)
    listener.listen()
    client.connect(LOOPBACK)
    listener.accept().close()
    client.send(1)
    listener.shutdown(RDWR)
    client.bind(CLIENT)
    listener.connect(CLIENT)
    assert client.send(1) == Answer("EPIPE")
