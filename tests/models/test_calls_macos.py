"""What macOS answers to calls on sockets that are not alone, not bound, or over: the newest release, and what changed before it."""

from __future__ import annotations

import contextlib

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Unknown
from fixtures.language.words import Answer
from fixtures.models.macos import MacOS
from fixtures.models.macos import arrivals as a
from fixtures.models.macos import call_clauses as k
from fixtures.models.macos import clauses as v
from fixtures.models.macos import connect_clauses as n
from fixtures.specification.clauses import Reason

PAIR = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)\nC.connect(127.0.0.1:P)\n"
ACCEPTED = "D = A.accept()\nD.getsockopt(IPV6_V6ONLY)"
#: A socket that was refused.
REFUSED = "A = tcp4()\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\n"
#: C is connected to D.
OPEN = PAIR + "D = A.accept()\n"
RESET = OPEN + "D.setsockopt(SO_LINGER, 0)\nD.close()\n"
GROUP6_TWO = "A = udp6({0})\nB = udp6({1})\nA.bind([ff05::fb]:P)\nB.bind([::1]:P)\n"
AT_A_GROUP = "A = udp4()\nA.bind(224.0.0.251:P)\nA.connect(127.0.0.1:Q)\n"
AT_A_GROUP6 = "A = udp6()\nA.bind([ff05::fb]:P)\nA.connect([::1]:Q)\n"
MAPPED = "A = {}6()\nA.bind([::ffff:127.0.0.1]:Q)\nA.connect([::1]:P)"
TO_MAPPED = "A = {}6()\nA.bind([::1]:Q)\nA.connect([::ffff:127.0.0.1]:P)"
V6ONLY_TO_MAPPED = "A = {}6(IPV6_V6ONLY=1)\nA.connect([::ffff:127.0.0.1]:P)"
TWO_UDP = "A = udp4(SO_REUSEPORT)\nA.bind(0.0.0.0:P)\nB = udp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)\nA.join(224.0.0.251)\n"
CALLS: list[tuple[str, str, Reason | None]] = [
    # A dead block: nothing but reading options and the end of the stream; it holds nothing.
    (REFUSED + "A.listen()", "EINVAL", k.DEAD),
    (REFUSED + "A.bind(127.0.0.1:R)", "EINVAL", k.DEAD),
    (REFUSED + "A.connect(127.0.0.1:P)", "EINVAL", n.DEAD_CONNECT),
    (REFUSED + "A.connect(127.0.0.1:P)\nA.connect(127.0.0.1:P)", "EINVAL", n.DEAD_CONNECT),
    (REFUSED + "A.recv(1)", "end", k.DEAD_RECV),
    (REFUSED + "A.send(1)", "EPIPE", k.DEAD_SEND),
    (REFUSED + "A.shutdown(WR)", "ENOTCONN", None),
    (REFUSED + "A.setsockopt(SO_REUSEADDR, 1)", "EINVAL", k.SET_WHEN_SHUT),
    (REFUSED + "A.getsockopt(SO_REUSEADDR)", "0", None),
    (REFUSED + "B = tcp4()\nB.bind(127.0.0.1:Q)", "ok", v.NOBODY_HOLDS),
    (RESET + "C.send(1)", "EPIPE", k.SEND_RESET),
    (RESET + "C.send(1)\nC.recv(1)", "ECONNRESET", None),
    (RESET + "C.recv(1)\nC.recv(1)", "end", None),
    (RESET + "C.recv(1)\nC.send(1)", "EPIPE", k.DEAD_SEND),
    (RESET + "C.connect(127.0.0.1:P)", "ECONNRESET", n.DEAD_ERROR),
    (RESET + "C.connect(127.0.0.1:P)\nC.connect(127.0.0.1:P)", "EINVAL", n.DEAD_CONNECT),
    (RESET + "C.connect(127.0.0.1:P)\nC.recv(1)", "end", None),
    (RESET + "C.listen()", "EINVAL", k.DEAD),
    (RESET + "C.bind(127.0.0.1:R)", "EINVAL", k.DEAD),
    (RESET + "B = tcp4()\nB.bind(127.0.0.1:Q)", "ok", v.NOBODY_HOLDS),
    (OPEN + "D.send(1)\nD.setsockopt(SO_LINGER, 0)\nD.close()\nC.recv(1)", "ok", None),
    (OPEN + "D.shutdown(WR)\nC.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)", "ECONNRESET", None),
    (OPEN + "C.send(64000000)\nC.shutdown(WR)\nD.setsockopt(SO_LINGER, 0)\nD.close()\nC.recv(1)", "ECONNRESET", None),
    (OPEN + "D.close()\nC.send(1)\nC.recv(1)", "ECONNRESET", None),
    (OPEN + "D.close()\nC.send(1)\nC.send(1)", "EPIPE", None),
    # A half that is over.
    (OPEN + "C.shutdown(WR)\nC.shutdown(WR)", "ENOTCONN", k.SHUT_AGAIN),
    (OPEN + "C.shutdown(RD)\nC.shutdown(RDWR)", "ENOTCONN", k.SHUT_AGAIN),
    (OPEN + "C.shutdown(WR)\nC.shutdown(RDWR)", "ENOTCONN", k.SHUT_AGAIN),
    (OPEN + "C.shutdown(WR)\nC.shutdown(RDWR)\nC.recv(1)", "end", None),
    (OPEN + "C.shutdown(WR)\nC.shutdown(RD)", "ok", None),
    (OPEN + "D.shutdown(WR)\nC.shutdown(RDWR)", "ENOTCONN", k.SHUT_AGAIN),
    (OPEN + "D.shutdown(WR)\nC.shutdown(RDWR)\nC.send(1)", "ok", None),
    (OPEN + "C.shutdown(RDWR)\nC.setsockopt(SO_REUSEADDR, 1)", "EINVAL", k.SET_WHEN_SHUT),
    (OPEN + "C.shutdown(WR)\nC.setsockopt(SO_REUSEADDR, 1)", "ok", None),
    (OPEN + "D.send(1)\nC.shutdown(RD)\nC.recv(1)", "end", None),
    (OPEN + "D.shutdown(RD)\nC.send(1)", "ok", k.SENT_TO_THE_SHUT),
    (OPEN + "D.shutdown(RD)\nC.send(1)\nD.recv(1)", "end", None),
    (OPEN + "D.shutdown(RD)\nC.send(1)\nD.send(1)", "EPIPE", k.DEAD_SEND),
    (OPEN + "C.send(1)\nD.close()", "ok", k.UNREAD_RESETS),
    (OPEN + "C.send(1)\nD.close()\nC.recv(1)", "ECONNRESET", None),
    (OPEN + "A.close()\nC.send(1)\nD.close()\nC.close()\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", v.NOBODY_HOLDS),
    ("A = udp4()\nA.connect(127.0.0.1:P)\nA.shutdown(RDWR)\nA.join(224.0.0.251)", "EINVAL", k.SET_WHEN_SHUT),
    ("A = udp4()\nA.connect(127.0.0.1:P)\nA.shutdown(RD)\nA.shutdown(RD)", "ENOTCONN", k.SHUT_AGAIN),
    ("A = udp4()\nA.connect(127.0.0.1:P)\nA.shutdown(WR)\nA.send(1)", "EPIPE", None),
    # What is over listens, connects no more to the same peer, and elsewhere nobody knows.
    (OPEN + "C.shutdown(RDWR)\nC.connect(127.0.0.1:P)", "EADDRINUSE", n.OVER_AGAIN[4]),
    (OPEN + "C.shutdown(RDWR)\nC.connect(127.0.0.1:R)", "unknown", n.OVER_ELSEWHERE),
    (OPEN + "C.shutdown(RDWR)\nC.listen()", "ok", k.OVER_LISTENS),
    (OPEN + "C.shutdown(RDWR)\nC.listen()\nC.bind(127.0.0.1:R)", "unknown", n.OVER_ELSEWHERE),
    (OPEN + "C.shutdown(WR)\nC.shutdown(RD)\nC.connect(127.0.0.1:R)", "EISCONN", None),
    (OPEN + "C.shutdown(WR)\nD.close()\nC.connect(127.0.0.1:P)", "EADDRINUSE", n.OVER_AGAIN[4]),
    # accept.
    ("A = tcp4(SO_LINGER=0)\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()", "ok", k.ACCEPTED_LINGER),
    ("A = tcp6(IPV6_V6ONLY=1)\nA.bind([::1]:P)\nA.listen()\nC = tcp6()\nC.connect([::1]:P)\n" + ACCEPTED, "0", k.ACCEPTED_V6ONLY),
    ("A = udp4()\nA.bind(127.0.0.1:P)\nD = A.accept()", "EOPNOTSUPP", k.ACCEPT_UDP),
    # connect.
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nC = tcp4()\nC.connect(127.0.0.1:P)", "ETIMEDOUT", n.SILENT),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nC = tcp4()\nC.connect(127.0.0.1:P)\nC.listen()", "EINVAL", k.DEAD),
    ("A = tcp4()\nA.connect(224.0.0.251:P)", "EAFNOSUPPORT", n.CONNECT_GROUP),
    ("A = tcp6()\nA.connect([ff05::fb]:P)", "EAFNOSUPPORT", n.CONNECT_GROUP_IPV6),
    ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:P)", "EINVAL", n.TO_ITSELF),
    ("A = tcp6()\nA.bind([::]:P)\nA.connect([::ffff:127.0.0.1]:P)", "EINVAL", n.TO_ITSELF),
    ("A = tcp6()\nA.bind([::1]:P)\nA.connect([::1]:P)", "ok", n.TO_ITSELF_IPV6),
    ("A = tcp6()\nA.bind([::]:P)\nA.connect([::1]:P)\nB = tcp6(SO_REUSEADDR)\nB.bind([::]:P)", "ok", v.PASSES_CONNECTIONS_IPV6),
    ("A = udp4()\nA.connect(127.0.0.1:P)\nA.send(1)\nA.connect(127.0.0.1:Q)", "ECONNREFUSED", None),
    ("A = udp4()\nA.connect(127.0.0.1:P)\nA.send(1)\nA.connect(127.0.0.1:Q)\nA.connect(127.0.0.1:R)", "ok", None),
    # Groups.
    ("A = tcp4()\nA.bind(224.0.0.251:P)", "EAFNOSUPPORT", v.BIND_GROUP),
    ("A = tcp6()\nA.bind([ff05::fb]:P)", "EAFNOSUPPORT", v.BIND_GROUP_IPV6),
    ("A = udp4()\nA.join(224.0.0.251)\nA.join(224.0.0.251)", "EADDRINUSE", None),
    ("A = tcp4()\nA.join(224.0.0.251)", "EOPNOTSUPP", k.JOIN_OVER_TCP),
    ("A = tcp6()\nA.join([ff05::fb])", "EOPNOTSUPP", k.JOIN_OVER_TCP_IPV6),
    ("A = udp4()\nA.join([ff05::fb])", "EINVAL", k.JOIN_OTHER_FAMILY),
    (TWO_UDP + "connections(224.0.0.251:P)", "A", a.MEMBERS),
    (TWO_UDP + "B.join(224.0.0.252)\nconnections(224.0.0.251:P)", "A", a.MEMBERS),
    (TWO_UDP + "connections(224.0.0.1:P)", "each", a.MEMBERS),
    (
        TWO_UDP + "B.setsockopt(SO_REUSEPORT, 0)\nB.join(224.0.0.251)\nconnections(224.0.0.251:P)",
        "B",
        a.MEMBERS_STOP,
    ),
    (TWO_UDP + "A.setsockopt(SO_REUSEPORT, 0)\nB.join(224.0.0.251)\nconnections(224.0.0.251:P)", "each", a.MEMBERS),
    (GROUP6_TWO.format("", "") + "A.join([ff05::fb])\nconnections([ff05::fb]:P)", "B", a.MEMBERS_STOP_IPV6),
    (GROUP6_TWO.format("", "SO_REUSEPORT") + "A.join([ff05::fb])\nconnections([ff05::fb]:P)", "each", a.MEMBERS_IPV6),
    (GROUP6_TWO.format("", "") + "A.join([ff05::fb])\nB.join([ff05::fc])\nconnections([ff05::fb]:P)", "A", a.MEMBERS_IPV6),
    (GROUP6_TWO.format("", "") + "connections([ff05::fb]:P)", "none", a.MEMBERS_IPV6),
    (GROUP6_TWO.format("", "") + "B.connect([::1]:Q)\nA.join([ff05::fb])\nconnections([ff05::fb]:P)", "A", None),
    # A source address that no interface has.
    (AT_A_GROUP + "A.send(1)\nA.send(1)", "EADDRNOTAVAIL", k.FROM_A_GROUP),
    ("B = udp4()\nB.bind(127.0.0.1:Q)\n" + AT_A_GROUP + "A.send(1)\nB.recv(1)", "EAGAIN", k.FROM_A_GROUP),
    (AT_A_GROUP6 + "A.send(1)", "EOPNOTSUPP", k.FROM_A_GROUP_IPV6),
    (AT_A_GROUP + "B = udp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nB.connect(127.0.0.1:Q)", "ok", None),
    (AT_A_GROUP6 + "B = udp6(SO_REUSEADDR)\nB.bind([::]:P)\nB.connect([::1]:Q)", "ok", None),
]
#: What changed between macOS 11 and 15: the answers of older releases, each up to the one before that which is named next.
CHANGED: list[tuple[str, dict[str, str]]] = [
    (MAPPED.format("tcp"), {"11": "EHOSTUNREACH", "15.1": "EHOSTUNREACH", "15.2": "EAFNOSUPPORT"}),
    (MAPPED.format("tcp") + "\nA.listen()", {"11": "unknown", "15.2": "ok"}),
    (TO_MAPPED.format("tcp"), {"11": "EADDRNOTAVAIL", "15.1": "EADDRNOTAVAIL", "15.2": "EAFNOSUPPORT"}),
    (V6ONLY_TO_MAPPED.format("tcp"), {"11": "EINVAL", "15.1": "EINVAL", "15.2": "EAFNOSUPPORT"}),
    (V6ONLY_TO_MAPPED.format("udp"), {"11": "EHOSTUNREACH", "15.2": "EHOSTUNREACH"}),
    (V6ONLY_TO_MAPPED.format("udp") + "\nA.bind([::1]:Q)", {"11": "ok", "15.2": "ok"}),
    (MAPPED.format("udp"), {"11": "ok", "12.3": "ok", "12.4": "EINVAL", "15.2": "EINVAL"}),
    (MAPPED.format("udp") + "\nA.send(1)", {"11": "EHOSTUNREACH", "12.3": "EHOSTUNREACH"}),
    (TO_MAPPED.format("udp"), {"11": "ok", "15.1": "ok", "15.2": "EINVAL"}),
    (TO_MAPPED.format("udp") + "\nA.send(1)", {"11": "EADDRNOTAVAIL", "15.1": "EADDRNOTAVAIL"}),
    (MAPPED.format("udp").replace("[::1]:P", "[::]:P"), {"11": "ok", "12.4": "EINVAL", "13.2": "EINVAL", "13.3": "ok"}),
    # A UDP socket that connects again keeps its family, and loses its address.
    ("A = udp6()\nA.connect([::ffff:127.0.0.1]:P)\nA.connect([::1]:P)", {"11": "ok", "12.4": "EINVAL", "15.2": "EINVAL"}),
    ("A = udp6()\nA.connect([::1]:P)\nA.connect([::ffff:127.0.0.1]:P)", {"11": "ok", "15.1": "ok", "15.2": "EINVAL"}),
    ("A = udp6()\nA.connect([::1]:P)\nA.connect([::ffff:127.0.0.1]:P)\nA.send(1)", {"11": "ok", "15.2": "EDESTADDRREQ"}),
    ("A = udp4()\nA.bind(127.0.0.2:Q)\nA.connect(127.0.0.1:P)\nA.connect(127.0.0.1:R)\nB = udp4()\nB.bind(127.0.0.2:Q)", {"15.2": "ok"}),
    ("A = tcp4()\nA.connect(255.255.255.255:P)", {"12": "EAFNOSUPPORT", "15.2": "EAFNOSUPPORT"}),
    ("A = tcp4()\nA.bind(255.255.255.255:P)", {"11": "EADDRNOTAVAIL", "12": "EAFNOSUPPORT"}),
    ("A = tcp6()\nA.bind([::ffff:224.0.0.251]:P)", {"12": "EAFNOSUPPORT"}),
    # Until 12.4 a bind that is refused still changes which family a bound socket takes.
    *[
        (f"A = {kind}6({options})\nA.bind({own}:P)\nA.bind({asked}:Q)\nD = {kind}{family}()\nD.bind({other}:P)", said)
        for kind in ("tcp", "udp")
        for options, own, asked, family, other, said in [
            ("", "[::1]", "[::ffff:127.0.0.2]", 6, "[::1]", {"11": "ok", "12.3": "ok", "12.4": "EADDRINUSE"}),
            ("", "[::1]", "[::2]", 6, "[::1]", {"11": "EADDRINUSE", "12.5": "EADDRINUSE"}),
            ("", "[::]", "[::1]", 4, "127.0.0.1", {"11": "ok", "12.3": "ok", "12.5": "EADDRINUSE"}),
            ("", "[::]", "[::ffff:127.0.0.1]", 6, "[::1]", {"11": "ok", "12.4": "EADDRINUSE"}),
            ("", "[::]", "[::]", 4, "127.0.0.1", {"11": "EADDRINUSE", "12.5": "EADDRINUSE"}),
            ("", "[::ffff:127.0.0.1]", "[::1]", 4, "127.0.0.1", {"11": "ok", "12.5": "EADDRINUSE"}),
            ("", "[::ffff:0.0.0.0]", "[::1]", 6, "[::1]", {"11": "EADDRINUSE", "12.5": "ok"}),
            ("IPV6_V6ONLY=1", "[::]", "[::]", 4, "127.0.0.1", {"11": "ok", "12.5": "ok"}),
            ("IPV6_V6ONLY=1", "[::1]", "[::1]", 6, "[::1]", {"11": "EADDRINUSE", "12.5": "EADDRINUSE"}),
        ]
    ],
    ("A = tcp6()\nA.bind([::]:P)\nA.bind([::1]:Q)\nD = tcp4()\nD.bind(127.0.0.1:P)", {"12.4": "ok", "12.5": "EADDRINUSE"}),
    ("A = udp6()\nA.bind([::]:P)\nA.bind([::1]:Q)\nD = udp4()\nD.bind(127.0.0.1:P)", {"12.4": "EADDRINUSE"}),
]
#: A user who is not root.
RESERVED: list[tuple[str, str, Reason | None]] = [
    ("A = tcp4()\nA.bind(127.0.0.1:80)", "EACCES", None),
    ("A = udp6()\nA.bind([::1]:80)", "EACCES", None),
    ("A = tcp4()\nA.bind(0.0.0.0:80)", "ok", v.RESERVED_WILDCARD),
    ("A = tcp6()\nA.bind([::]:80)", "ok", v.RESERVED_WILDCARD_IPV6),
    ("A = tcp4()\nA.bind(0.0.0.0:80)\nB = tcp4()\nB.bind(0.0.0.0:80)", "EADDRINUSE", v.IN_USE),
    ("A = tcp4()\nA.bind(0.0.0.0:P)\nA.bind(0.0.0.0:80)", "EINVAL", None),
    ("A = tcp4()\nA.bind(0.0.0.0:1024)", "ok", v.NOBODY_HOLDS),
]


def last(stack: MacOS, text: str) -> Answer:
    """The last answer of a script."""
    with contextlib.suppress(Unknown):
        stack.play(call for call, _ in parse(text))
    return stack.trace[-1][1]


@pytest.mark.parametrize(("text", "answer", "because"), CALLS)
def test_answer_and_reason(text: str, answer: str, because: Reason | None) -> None:
    found = last(MacOS(), text)
    assert found.name == answer
    assert because is None or found.because == because


@pytest.mark.parametrize(("text", "version", "answer"), [(text, *one) for text, said in CHANGED for one in said.items()])
def test_what_changed(text: str, version: str, answer: str) -> None:
    assert last(MacOS(version=version), text).name == answer


@pytest.mark.parametrize(("text", "answer", "because"), RESERVED)
def test_reserved_ports(text: str, answer: str, because: Reason | None) -> None:
    found = last(MacOS(uid=1000), text)
    assert found.name == answer
    assert because is None or found.because == because
