"""The life of a socket in NetBSD and OpenBSD: what the flags of a socket let a call do."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Inconclusive
from fixtures.models.base import Model
from fixtures.models.netbsd import NetBSD
from fixtures.models.openbsd import OpenBSD
from fixtures.specification.worlds import Choices

BOTH: dict[str, type[Model]] = {"netbsd": NetBSD, "openbsd": OpenBSD}
LISTENS = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\n"
SERVED = LISTENS + "B = tcp4()\nB.bind(127.0.0.1:Q)\nB.connect(127.0.0.1:P)\nC = A.accept()\n"
GONE = LISTENS + "B = tcp4(SO_LINGER=0)\nB.connect(127.0.0.1:P)\nB.close()\nC = A.accept()\n"
REFUSED = "A = tcp4()\nA.connect(127.0.0.1:P)\n"
RESET = SERVED + "B.setsockopt(SO_LINGER, 0)\nB.close()\n"
UDP = "A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\n"
GROUP = "A = udp4()\nA.bind(224.0.0.251:P)\nA.connect(127.0.0.1:Q)\n"


def answers(model: type[Model], text: str, choices: Choices | None = None) -> list[str]:
    """The answers of a script, with EAGAIN for a call that waits."""
    stack, said = model(choices=choices), []
    for call, _ in parse(text):
        try:
            said.append(stack.perform(call).name)
        except Inconclusive:
            said.append("EAGAIN")
    return said


def last(model: type[Model], text: str) -> str:
    """The answer to the last call of a script."""
    return answers(model, text)[-1]


#: What the kernel of both decides in the same way: a sentence, the script, the answer to its last call.
SAME = [
    # Without a connection.
    ("shutdown asks for no connection", "A = tcp4()\nA.shutdown(WR)", "ok"),
    ("nor does that of UDP", "A = udp4()\nA.shutdown(RDWR)", "ok"),
    ("the control block is gone", "A = tcp4()\nA.shutdown(WR)\nA.bind(127.0.0.1:P)", "EINVAL"),
    ("even for a bind to port 0", "A = tcp4()\nA.shutdown(WR)\nA.bind(127.0.0.1:0)", "EINVAL"),
    ("and for an address that no interface has", "A = tcp4()\nA.shutdown(WR)\nA.bind(192.0.2.1:P)", "EINVAL"),
    ("and its address with it", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.shutdown(WR)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok"),
    ("a second shutdown finds nothing", "A = tcp4()\nA.shutdown(WR)\nA.shutdown(WR)", "EINVAL"),
    ("but one for reading asks nobody", "A = tcp4()\nA.shutdown(WR)\nA.shutdown(RD)", "ok"),
    ("connect after it", LISTENS + "B = tcp4()\nB.shutdown(RDWR)\nB.connect(127.0.0.1:P)", "EINVAL"),
    ("reading alone leaves it", LISTENS + "B = tcp4()\nB.shutdown(RD)\nB.connect(127.0.0.1:P)", "ok"),
    ("recv is at its end", "A = tcp4()\nA.shutdown(RD)\nA.recv(1)", "end"),
    ("send of UDP", UDP + "B.shutdown(WR)\nB.connect(127.0.0.1:P)\nB.send(1)", "EPIPE"),
    ("EPIPE comes before the missing peer", "A = udp4()\nA.shutdown(WR)\nA.send(1)", "EPIPE"),
    ("a datagram finds no space", UDP + "B.connect(127.0.0.1:P)\nA.shutdown(RD)\nB.send(1)\nA.recv(1)", "end"),
    # A listener.
    ("a former listener cannot connect", LISTENS + "A.shutdown(WR)\nA.connect(127.0.0.1:Q)", "EOPNOTSUPP"),
    ("nor listen", LISTENS + "A.shutdown(WR)\nA.listen()", "EINVAL"),
    ("a connection that waited is still there", LISTENS + "B = tcp4()\nB.connect(127.0.0.1:P)\nA.shutdown(WR)\nC = A.accept()", "ok"),
    (
        "and goes with the last descriptor",
        LISTENS + "B = tcp4()\nB.connect(127.0.0.1:P)\nA.shutdown(WR)\nA.close()\nB.recv(1)",
        "ECONNRESET",
    ),
    (
        "what was reset while it waited",
        GONE,
        "ECONNABORTED",
    ),
    ("is told once", GONE + "D = A.accept()", "EAGAIN"),
    ("a deaf listener resets", LISTENS + "A.shutdown(RD)\nB = tcp4()\nB.connect(127.0.0.1:P)", "ECONNRESET"),
    ("so that nobody receives", LISTENS + "A.shutdown(RD)\nconnections(127.0.0.1:P)", "none"),
    ("recv on it", LISTENS + "A.shutdown(RD)\nA.recv(1)", "end"),
    ("the listener's SO_LINGER 0 becomes 120", SERVED.replace("tcp4()", "tcp4(SO_LINGER=0)", 1) + "C.close()\nB.recv(1)", "end"),
    # A refusal.
    ("connect again", REFUSED + "A.connect(127.0.0.1:P)", "EINVAL"),
    ("listen", REFUSED + "A.listen()", "EINVAL"),
    ("recv", REFUSED + "A.recv(1)", "end"),
    ("send", REFUSED + "A.send(1)", "EPIPE"),
    ("options of SOL_SOCKET can be read", REFUSED + "A.getsockopt(SO_REUSEADDR)", "0"),
    ("those of IPv6 cannot", "A = tcp6()\nA.connect([::1]:P)\nA.getsockopt(IPV6_V6ONLY)", "ECONNRESET"),
    ("nor be set", "A = tcp6()\nA.connect([::1]:P)\nA.setsockopt(IPV6_V6ONLY, 1)", "ECONNRESET"),
    ("nor a group be joined", REFUSED + "A.join(224.0.0.251)", "ECONNRESET"),
    ("nobody listens at a bound socket", "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.connect(127.0.0.1:P)", "ETIMEDOUT"),
    # A reset.
    ("send asks for the half first", RESET + "C.send(1)", "EPIPE"),
    ("recv tells it once", RESET + "C.recv(1)\nC.recv(1)", "end"),
    ("data come before it", SERVED + "C.setsockopt(SO_LINGER, 0)\nC.send(1)\nC.close()\nB.recv(1)", "ok"),
    ("the socket is bound no more", RESET + "C.recv(1)\nC.bind(127.0.0.1:P)", "EINVAL"),
    ("shutdown", RESET + "C.recv(1)\nC.shutdown(WR)", "EINVAL"),
    ("FIN_WAIT_2 hears of it", SERVED + "C.shutdown(WR)\nB.setsockopt(SO_LINGER, 0)\nB.close()\nC.recv(1)", "ECONNRESET"),
    ("the second send meets it", SERVED + "C.close()\nB.send(1)\nB.send(1)", "EPIPE"),
    ("recv tells it too", SERVED + "C.close()\nB.send(1)\nB.recv(1)", "ECONNRESET"),
    # The halves.
    ("what had arrived is thrown away", SERVED + "B.send(1)\nC.shutdown(RD)\nC.recv(1)", "end"),
    ("and what comes after", SERVED + "C.shutdown(RD)\nB.send(1)\nC.recv(1)", "end"),
    ("shutdown again", SERVED + "C.shutdown(WR)\nC.shutdown(WR)", "ok"),
    ("both halves end the connection of the socket", SERVED + "B.shutdown(RDWR)\nB.connect(127.0.0.1:P)", "EADDRINUSE"),
    ("it can have another", SERVED + "B.shutdown(RDWR)\nB.connect(127.0.0.2:P)", "ECONNREFUSED"),
    (
        "though it cannot send there",
        SERVED + LISTENS.replace("A", "D").replace("127.0.0.1", "127.0.0.2") + "B.shutdown(RDWR)\nB.connect(127.0.0.2:P)\nB.send(1)",
        "EPIPE",
    ),
    ("and its first peer is alone", SERVED + "B.shutdown(RDWR)\nB.connect(127.0.0.2:P)\nC.send(1)\nC.send(1)", "EPIPE"),
    ("TIME_WAIT can listen", SERVED + "B.shutdown(WR)\nC.close()\nB.listen()", "ok"),
    ("a connection cannot connect", SERVED + "B.connect(127.0.0.2:P)", "EISCONN"),
    ("nor listen", SERVED + "B.listen()", "EINVAL"),
    (
        "SO_LINGER 0 ends TIME_WAIT",
        SERVED + "A.close()\nC.shutdown(WR)\nB.close()\nC.setsockopt(SO_LINGER, 0)\nC.close()\nshows(127.0.0.1:P, TIME_WAIT)",
        "EAGAIN",
    ),
    # UDP.
    ("a second connect forgets the address", UDP + "A.connect(127.0.0.2:Q)\nA.connect(127.0.0.2:Q)\nB.bind(127.0.0.1:P)", "ok"),
    ("connect tells the error", "A = udp4()\nA.connect(127.0.0.1:P)\nA.send(1)\nA.connect(127.0.0.1:Q)", "ECONNREFUSED"),
    ("and connects", UDP + "B.connect(127.0.0.1:Q)\nB.send(1)\nB.connect(127.0.0.1:P)\nB.send(1)\nA.recv(1)", "ok"),
    ("a group over IPv6 is no source", "A = udp6()\nA.bind([ff05::fb]:P)\nA.connect([::1]:Q)\nA.send(1)", "EOPNOTSUPP"),
    (
        "the source of a socket at the wildcard is chosen before the lookup",
        GROUP.replace("udp4()", "udp4(SO_REUSEADDR)") + "B = udp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nB.connect(127.0.0.1:Q)",
        "ok",
    ),
    ("nobody hears a group that nobody joined", "A = udp4()\nA.bind(224.0.0.251:P)\nconnections(224.0.0.251:P)", "none"),
    ("a join of any socket counts", "A = udp4()\nA.bind(224.0.0.251:P)\nB = tcp4()\nB.join(224.0.0.251)\nconnections(224.0.0.251:P)", "A"),
    (
        "the newest without an option is the last that hears",
        "A = udp4(SO_REUSEADDR)\nB = udp4()\nB.bind(0.0.0.0:P)\nA.bind(224.0.0.251:P)\nA.join(224.0.0.251)\nconnections(224.0.0.251:P)",
        "B",
    ),
    # Groups.
    ("TCP may join", "A = tcp4()\nA.join(224.0.0.251)", "ok"),
    ("once", "A = udp4()\nA.join(224.0.0.251)\nA.join(224.0.0.251)", "EADDRINUSE"),
]


@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize(("text", "answer"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_both_answer(platform: str, text: str, answer: str) -> None:
    assert last(BOTH[platform], text) == answer


#: Where the two differ: the script, NetBSD's answer, OpenBSD's.
DIFFERENT = [
    ("root's port, which is held", "A = tcp4()\nA.bind(127.0.0.1:80)\nB = stranger: tcp4()\nB.bind(127.0.0.1:80)", "EACCES", "EADDRINUSE"),
    ("root's port, which is free", "A = stranger: tcp4()\nA.bind(127.0.0.1:80)", "EACCES", "EACCES"),
    ("accept of a UDP socket", "A = udp4()\nB = A.accept()", "EOPNOTSUPP", "EINVAL"),
    ("listen of a connected UDP socket", "A = udp4()\nA.connect(127.0.0.1:P)\nA.listen()", "EINVAL", "EOPNOTSUPP"),
    ("accept of a deaf listener", LISTENS + "A.shutdown(RD)\nB = A.accept()", "EAGAIN", "ECONNABORTED"),
    ("accept of a former listener", LISTENS + "A.shutdown(WR)\nB = A.accept()", "EAGAIN", "ECONNABORTED"),
    ("to itself", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:P)", "ok", "ECONNREFUSED"),
    ("to itself from the wildcard", "A = tcp4()\nA.bind(0.0.0.0:P)\nA.connect(127.0.0.2:P)\nA.recv(1)", "EAGAIN", "end"),
    ("to a group", "A = tcp4()\nA.connect(224.0.0.251:P)", "EADDRNOTAVAIL", "EINVAL"),
    ("to a group over IPv6", "A = tcp6()\nA.connect([ff05::fb]:P)", "EADDRNOTAVAIL", "EINVAL"),
    ("an error that nobody has read", RESET + "C.bind(127.0.0.1:P)", "EINVAL", "ECONNRESET"),
    ("it is not read by that", RESET + "C.shutdown(WR)\nC.recv(1)", "ECONNRESET", "ECONNRESET"),
    ("an option of SOL_SOCKET", REFUSED + "A.setsockopt(SO_REUSEADDR, 1)", "ECONNRESET", "ok"),
    ("it is set", REFUSED + "A.setsockopt(SO_REUSEADDR, 1)\nA.getsockopt(SO_REUSEADDR)", "1", "1"),
    ("FIN_WAIT_2 is shut again", SERVED + "C.shutdown(WR)\nC.shutdown(WR)\nC.recv(1)", "end", "EAGAIN"),
    ("a sender at a group", GROUP + "A.send(1)", "EADDRNOTAVAIL", "ok"),
    ("is told nothing", GROUP + "A.send(1)\nA.send(1)", "EADDRNOTAVAIL", "ok"),
    ("a group of IPv6 on an IPv4 socket", "A = udp4()\nA.join([ff05::fb])", "ENOPROTOOPT", "EINVAL"),
    ("a port is drawn first", "A = tcp4()\nA.connect(224.0.0.251:Q)\nA.bind(127.0.0.1:P)", "EINVAL", "ok"),
    ("a mapped peer", "A = tcp6()\nA.listen()\nA.connect([::ffff:0.0.0.0]:P)", "EOPNOTSUPP", "EOPNOTSUPP"),
    ("a mapped wildcard", "A = udp6()\nA.connect([::ffff:0.0.0.0]:P)", "EINVAL", "EADDRNOTAVAIL"),
    ("UDP from ::1 to the wildcard", "A = udp6()\nA.bind([::1]:P)\nA.connect([::]:Q)\nA.send(1)", "ENOTCONN", "ENOTCONN"),
    ("and again", "A = udp6()\nA.bind([::1]:P)\nA.connect([::]:Q)\nA.connect([::1]:Q)", "EISCONN", "EISCONN"),
    ("UDP to the wildcard", UDP + "A.connect(0.0.0.0:P)\nA.send(1)", "ok", "ENOTCONN"),
    ("UDP to the wildcard, again", UDP + "A.connect(0.0.0.0:P)\nA.connect(127.0.0.1:Q)", "ok", "EISCONN"),
    ("UDP to the wildcard, without a route", "A = udp4()\nA.connect(0.0.0.0:P)", "ok", "EADDRNOTAVAIL"),
]


@pytest.mark.parametrize(("text", "netbsd", "openbsd"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT])
def test_where_they_differ(text: str, netbsd: str, openbsd: str) -> None:
    assert (last(NetBSD, text), last(OpenBSD, text)) == (netbsd, openbsd)


def test_an_ipv4_client_resets_the_other_end_of_a_mapped_connection() -> None:
    mapped = "B = tcp6(IPV6_V6ONLY=0)\nB.bind([::ffff:127.0.0.1]:Q)\nB.connect([::ffff:127.0.0.1]:P)\nC = A.accept()\n"
    client = "D = tcp4(SO_REUSEPORT)\nD.bind(127.0.0.1:Q)\nD.connect(127.0.0.1:P)\nC.recv(1)"
    assert answers(NetBSD, LISTENS + mapped.replace("=0)", "=0, SO_REUSEPORT)") + client)[-2:] == ["ok", "ECONNRESET"]


def test_an_error_over_ipv4_is_told_ipv4_sockets_alone() -> None:
    mapped = "A = udp6(IPV6_V6ONLY=0)\nA.connect([::ffff:127.0.0.1]:P)\nA.send(1)\nA.send(1)"
    assert answers(NetBSD, mapped)[-1] == "ok"
    assert answers(NetBSD, mapped.replace("[::ffff:127.0.0.1]", "[::1]"))[-1] == "ECONNREFUSED"


@pytest.mark.parametrize(("host", "heard"), [("[::]", "B"), ("[::ffff:0.0.0.0]", "none")])
def test_a_dual_stack_socket_hears_a_group_of_ipv4_but_not_at_the_mapped_wildcard(host: str, heard: str) -> None:
    text = f"A = udp4()\nA.join(224.0.0.251)\nB = udp6(IPV6_V6ONLY=0)\nB.bind({host}:P)\nconnections(224.0.0.251:P)"
    assert last(NetBSD, text) == heard


@pytest.mark.parametrize(
    ("kind", "host", "errnos"),
    [
        ("tcp6", "[::]", ["EHOSTUNREACH", "EADDRNOTAVAIL", "ENETUNREACH", "ETIMEDOUT"]),
        ("tcp6", "[::ffff:0.0.0.0]", ["EHOSTUNREACH", "EADDRNOTAVAIL", "ETIMEDOUT"]),
        ("udp6", "[::]", ["EHOSTUNREACH", "EADDRNOTAVAIL", "ENETUNREACH", "ok"]),
        ("udp6", "[::ffff:0.0.0.0]", ["EHOSTUNREACH", "EADDRNOTAVAIL", "ok"]),
    ],
)
def test_the_answer_of_a_connect_to_the_wildcard_is_up_to_the_routes(kind: str, host: str, errnos: list[str]) -> None:
    text = f"A = {kind}(IPV6_V6ONLY=0)\nA.connect({host}:P)"
    assert [answers(NetBSD, text, Choices((world,)))[-1] for world in range(len(errnos))] == errnos


def test_what_a_udp_socket_does_at_a_mapped_wildcard_is_not_known() -> None:
    text = "A = udp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nA.connect([::ffff:0.0.0.0]:Q)\nA.send(1)"
    assert answers(NetBSD, text)[-2:] == ["ok", "unknown"]
