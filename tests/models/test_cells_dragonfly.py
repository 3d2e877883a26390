from __future__ import annotations

from functools import partial

import pytest

from fixtures.language.notation import parse
from fixtures.models.dragonfly import DragonFly
from fixtures.models.dragonfly import clauses as v
from fixtures.models.dragonfly import socket_clauses as w
from fixtures.specification.clauses import Reason
from tests.helpers.cells import Table, wrong_cells

RELATIONS = ("S=S", "W=W", "W>S", "S>W", "s6=s6", "6=6", "6>s6")
FREE = ("S/S'", "6>W", "W>6")
NO = "none,none; RA,none; RP,none"
ONE_SIDED = "none,RA; RA,RA; none,RP; RA,RP; RP,RA; RA+RP,RA; RA,RA+RP"
SHARED = "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP"
SAME_USER: Table = {NO: "BBBB " * 7, ONE_SIDED: "BBoo BBoo oooo oooo BBoo BBoo oooo", SHARED: "oooo " * 7}
#: Since 5.6 accepted sockets of IPv4 are not in the way.
SINCE_5_6: Table = SAME_USER | {NO: "BBoo " * 4 + "BBBB " * 3}


@pytest.mark.parametrize("version", DragonFly.releases)
def test_every_cell_of_the_table(version: str) -> None:
    make = partial(DragonFly, version=version)
    wrong = wrong_cells(make, "tcp", "", RELATIONS, SINCE_5_6 if make().since("5.6") else SAME_USER)
    wrong += wrong_cells(make, "tcp", "", FREE, {"; ".join(SAME_USER): "oooo " * 3})
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("version", "kind", "place", "answer", "because"),
    [
        ("", "tcp4", "127.0.0.1:P", "EADDRINUSE", v.OTHER_USER),
        ("", "tcp4", "0.0.0.0:P", "EADDRINUSE", v.OTHER_USER),
        ("", "tcp6", "[::]:P", "EADDRINUSE", v.OTHER_USER_IPV6),
        ("3.6", "tcp4", "127.0.0.1:P", "EADDRINUSE", v.OTHER_USER_4),
        ("3.6", "tcp4", "0.0.0.0:P", "ok", v.BOTH_HAVE_REUSEPORT),
        ("3.6", "tcp6", "[::]:P", "EADDRINUSE", v.OTHER_USER_4_IPV6),
    ],
)
def test_other_users(version: str, kind: str, place: str, answer: str, because: Reason) -> None:
    stack = DragonFly(version=version)
    script = f"A = {kind}(SO_REUSEPORT)\nA.bind({place})\nB = stranger: {kind}(SO_REUSEPORT)\nB.bind({place})"
    stack.play(call for call, _ in parse(script))
    found = stack.trace[-1][1]
    assert (found.name, found.because) == (answer, because)


GROUP = "A = tcp4(SO_REUSEPORT)\nA.bind({0}:P)\nA.listen()\nB = tcp4(SO_REUSEPORT)\nB.bind({0}:P)\n{1}connections(127.0.0.1:P)"
TWINS = "A = {0}({1})\nA.bind({2}:P)\nB = {0}({3})\nB.bind({4}:P)"
RA, RP = "SO_REUSEADDR", "SO_REUSEPORT"
LEFT = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"
ACCEPTED = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\n"
ONE_OF_TWO = "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\n"
SPECIFIC_GROUP = (
    "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)\nB.listen()\n"
    "connections(127.0.0.1:P)"
)
GROUP_V6 = "A = tcp6(SO_REUSEPORT)\nA.bind([::1]:P)\nA.listen()\nB = tcp6(SO_REUSEPORT)\nB.bind([::1]:P)\nB.listen()\nconnections([::1]:P)"
CLEARED = (
    "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.setsockopt(SO_REUSEPORT, 1)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)\n"
    "A.setsockopt(SO_REUSEPORT, 0)\nB.listen()\nconnections(127.0.0.1:P)"
)
ELSEWHERE6 = "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::2]:P)"
LISTENER = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\n"
ACCEPTED6 = ACCEPTED.replace("tcp4", "tcp6").replace("127.0.0.1", "[::1]")
INHERITED = (
    "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\n"
    "B = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)\nB.listen()\nA.shutdown(WR)\n"
)
TWO_PEERS = "A = udp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\n"
TWO_PEERS6 = TWO_PEERS.replace("udp4", "udp6").replace("127.0.0.1", "[::1]")
MEMBERS = "A = udp4(SO_REUSEPORT)\nB = udp4(SO_REUSEPORT)\nA.bind(224.0.0.251:P)\nB.bind(224.0.0.251:P)\n"
MEMBERS6 = MEMBERS.replace("udp4", "udp6").replace("224.0.0.251", "[ff05::fb]")
CASES: list[tuple[str, str, str, Reason | None]] = [
    # Who may bind.
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)", "ok", v.FREE),
    ("", TWINS.format("tcp4", "", "127.0.0.1", "", "127.0.0.2"), "ok", v.OTHER_ADDRESS),
    ("", TWINS.format("tcp4", RA, "127.0.0.1", "", "0.0.0.0"), "EADDRINUSE", v.NO_OPTIONS),
    ("", TWINS.format("tcp4", "", "127.0.0.1", RA, "0.0.0.0"), "ok", v.WILDCARD_PASSED_OVER),
    ("", TWINS.format("tcp4", RA, "127.0.0.1", RA, "127.0.0.1"), "EADDRINUSE", v.REUSEADDR_SHARES_NOTHING),
    ("", TWINS.format("tcp4", RA, "127.0.0.1", RP, "127.0.0.1"), "EADDRINUSE", v.HOLDER_LACKS_REUSEPORT),
    ("", TWINS.format("tcp4", RP, "127.0.0.1", RP, "127.0.0.1"), "ok", v.BOTH_HAVE_REUSEPORT),
    ("", TWINS.format("udp4", RA, "224.0.0.251", RA, "224.0.0.251"), "ok", v.GROUP_SHARED),
    ("", TWINS.format("udp4", "", "224.0.0.251", RA, "224.0.0.251"), "EADDRINUSE", v.GROUP_HOLDER_LACKS),
    ("", LEFT + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", v.PEER_PASSED_OVER),
    ("4.2", LEFT + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.NO_OPTIONS),
    ("5.6", LEFT + "B = tcp4()\nB.bind(127.0.0.1:P)", "ok", v.ACCEPTED_PASSED_OVER),
    ("", LEFT + "D.close()\nC.close()\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", v.ACCEPTED_PASSED_OVER),
    ("", LEFT + "B = stranger: tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", v.OTHER_USER),
    ("", LEFT.replace("tcp4", "tcp6").replace("127.0.0.1", "[::1]") + "B = tcp6()\nB.bind([::1]:P)", "EADDRINUSE", v.NO_OPTIONS_IPV6),
    ("", "A = tcp6()\nA.bind([::1]:P)", "ok", v.FREE_IPV6),
    ("", "A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", "ok", v.OTHER_FAMILY),
    ("", "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6()\nB.bind([::]:P)", "ok", v.OTHER_FAMILY_IPV6),
    ("", TWINS.format("tcp6", "", "[::1]", "", "[::]"), "EADDRINUSE", v.NO_OPTIONS_IPV6),
    ("", TWINS.format("tcp6", "", "[::1]", RA, "[::]"), "ok", v.WILDCARD_PASSED_OVER_IPV6),
    ("", TWINS.format("tcp6", RA, "[::1]", RA, "[::1]"), "EADDRINUSE", v.REUSEADDR_SHARES_NOTHING_IPV6),
    ("", TWINS.format("tcp6", RA, "[::1]", RP, "[::1]"), "EADDRINUSE", v.HOLDER_LACKS_REUSEPORT_IPV6),
    ("", TWINS.format("tcp6", RP, "[::1]", RP, "[::1]"), "ok", v.BOTH_HAVE_REUSEPORT_IPV6),
    ("", TWINS.format("udp6", RA, "[ff02::fb]", RA, "[ff02::fb]"), "ok", v.GROUP_SHARED_IPV6),
    ("", TWINS.format("udp6", "", "[ff02::fb]", RA, "[ff02::fb]"), "EADDRINUSE", v.GROUP_HOLDER_LACKS_IPV6),
    ("", "A = tcp6()", "ok", v.V6ONLY_DEFAULT),
    ("", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", v.MAPPED),
    # listen and connect.
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", "ok", v.LISTEN),
    ("", "A = tcp6()\nA.bind([::1]:P)\nA.listen()", "ok", v.LISTEN_IPV6),
    ("", ONE_OF_TWO + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)\nB.connect(127.0.0.1:P)", "EADDRINUSE", v.ONE_CONNECTION),
    ("", "A = udp4()\nA.connect(0.0.0.0:P)", "ok", v.TO_THE_FIRST_ADDRESS),
    # Options, and what is sent.
    ("", "A = tcp4(SO_REUSEADDR)\nA.getsockopt(SO_REUSEADDR)", "1", v.GET_OPTION),
    ("", ACCEPTED + "D.getsockopt(SO_REUSEADDR)", "1", v.ACCEPTED),
    ("", ACCEPTED + "C.send(1)", "ok", v.SEND),
    ("", "A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\nB.connect(127.0.0.1:P)\nB.send(1)", "ok", v.SEND_UDP),
    # Who receives.
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", v.SPECIFIC),
    ("", "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", v.WILDCARD),
    ("", "A = tcp4()\nA.bind(0.0.0.0:P)\nconnections(127.0.0.1:P)", "none", v.NOBODY),
    ("", "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::1]:P)", "A", v.SPECIFIC_IPV6),
    ("", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections([::1]:P)", "A", v.WILDCARD_IPV6),
    ("", "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections(127.0.0.1:P)", "none", v.NOBODY),
    ("", GROUP.format("127.0.0.1", "B.listen()\n"), "both", v.REUSEPORT_BALANCES),
    ("", GROUP.format("0.0.0.0", "B.listen()\n"), "both", v.REUSEPORT_BALANCES),
    ("", SPECIFIC_GROUP, "A", v.SPECIFIC),
    ("", CLEARED, "both", v.REUSEPORT_BALANCES),
    ("", GROUP_V6, "B", v.SPECIFIC_IPV6),
    ("5.6", ELSEWHERE6, "none", v.NOBODY_IPV6),
    ("5.8", ELSEWHERE6, "A", v.OTHER_SPECIFIC_IPV6),
    ("3.4", SPECIFIC_GROUP, "A", v.NEWEST_SPECIFIC),
    ("3.4", GROUP_V6, "B", v.SPECIFIC_IPV6),
    ("3.4", GROUP.format("127.0.0.1", "B.listen()\n"), "B", v.NEWEST_SPECIFIC),
    ("3.4", GROUP.format("0.0.0.0", "B.listen()\n"), "A", v.OLDEST_WILDCARD),
    ("", GROUP.format("127.0.0.1", ""), "A", v.ONLY_LISTENERS),
]


# What a socket is still good for.
CASES += [
    ("", "A = tcp4()\nA.connect(127.0.0.1:P)\n" + call, answer, because)
    for call, answer, because in (
        ("A.bind(127.0.0.1:Q)", "EINVAL", w.DROPPED_CALL),
        ("A.listen()", "EINVAL", w.DROPPED_CALL),
        ("A.connect(127.0.0.1:Q)", "EINVAL", w.DROPPED_CALL),
        ("A.listen()\nA.connect(127.0.0.1:Q)", "EOPNOTSUPP", w.FAILED_LISTEN),
        ("A.recv(1)", "end", w.DROPPED_RECV),
        ("A.send(1)", "EPIPE", w.DROPPED_SEND),
        ("A.shutdown(WR)", "EINVAL", w.DROPPED_SHUTDOWN),
    )
]
CASES += [
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.shutdown(WR)", "ok", w.SHUT_WR),
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.shutdown(WR)\nA.listen()", "EINVAL", w.DROPPED_CALL),
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.shutdown(WR)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", None),
    ("", "A = tcp4()\nA.shutdown(RD)\nA.recv(1)", "end", w.RECV_SHUT),
    ("", "A = tcp4()\nA.shutdown(RD)\nA.bind(127.0.0.1:P)", "ok", None),
    ("", "A = tcp4()\nA.shutdown(RD)", "ok", w.SHUT_RD),
    ("", "A = udp4()\nA.shutdown(WR)", "ok", w.SHUT_UDP),
    ("", "A = udp4()\nA.shutdown(WR)\nA.connect(127.0.0.1:P)\nA.send(1)", "EPIPE", None),
    ("", LISTENER + "A.shutdown(RD)", "ok", w.SHUT_LISTENER_RD),
    ("", LISTENER + "A.shutdown(RD)\nC = tcp4()\nC.connect(127.0.0.1:P)\nC.send(1)\nD = A.accept()\nD.recv(1)", "end", w.RECV_SHUT),
    ("", LISTENER + "A.shutdown(RD)\nD = A.accept()", "ECONNABORTED", w.ACCEPT_SHUT),
    ("", LISTENER + "A.shutdown(WR)", "ok", w.SHUT_LISTENER),
    ("", LISTENER + "C = tcp4()\nC.connect(127.0.0.1:P)\nA.shutdown(WR)\nD = A.accept()", "ok", w.ACCEPT_SHUT),
    ("", LISTENER + "A.shutdown(WR)\nD = A.accept()", "ECONNABORTED", w.ACCEPT_SHUT),
    ("", LISTENER + "A.shutdown(WR)\nA.connect(127.0.0.1:Q)", "EOPNOTSUPP", None),
    ("", LISTENER + "A.shutdown(WR)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", v.FREE),
    ("", INHERITED + "D = B.accept()", "ok", None),
    ("", INHERITED + "D = A.accept()", "ECONNABORTED", w.ACCEPT_SHUT),
    ("", ACCEPTED + "C.shutdown(RDWR)\nC.connect(127.0.0.1:P)", "EALREADY", w.IN_TIME_WAIT),
    ("", ACCEPTED6 + "C.shutdown(RDWR)\nC.connect([::1]:P)", "EADDRINUSE", w.IN_TIME_WAIT_IPV6),
    ("", ACCEPTED + "D.setsockopt(SO_LINGER, 0)\nD.close()\nC.send(1)", "EPIPE", w.SEND_RESET),
    ("", ACCEPTED.replace("SO_REUSEADDR", "SO_LINGER=0") + "D.close()", "ok", w.LINGERS),
    ("", ACCEPTED.replace("SO_REUSEADDR", "SO_LINGER=0") + "D.close()\nC.recv(1)", "end", None),
    ("", ACCEPTED + "C.send(1)\nD.shutdown(RD)\nD.recv(1)", "end", w.RECV_SHUT),
    # Destinations.
    ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:P)", "ok", None),
    ("", "A = tcp4()\nA.connect(224.0.0.251:P)", "EAFNOSUPPORT", None),
    ("", "A = tcp6()\nA.bind([ff05::fb]:P)", "EAFNOSUPPORT", w.GROUP_OVER_TCP),
    ("", "A = tcp6()\nA.connect([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", w.TO_MAPPED),
    ("", "A = udp6()\nA.connect([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", w.TO_MAPPED_UDP),
    ("", "A = tcp6()\nA.connect([::ffff:0.0.0.0]:P)", "EADDRNOTAVAIL", w.TO_MAPPED),
    ("", "A = udp6()\nA.connect([::]:P)", "ok", w.TO_LOOPBACK),
    ("", "A = stranger: tcp4()\nA.bind(127.0.0.1:80)", "EPERM", w.RESERVED),
    ("", "A = stranger: tcp6()\nA.bind([::1]:80)", "EACCES", None),
    # UDP: a four-tuple twice, a second connect, and listen.
    ("", TWO_PEERS + "B.connect(127.0.0.1:Q)", "ok", w.CONNECTS_IN_VAIN),
    ("", TWO_PEERS + "B.connect(127.0.0.1:Q)\nB.send(1)", "EDESTADDRREQ", None),
    ("", TWO_PEERS6 + "B.connect([::1]:Q)", "EADDRINUSE", w.ONE_UDP_PEER_IPV6),
    ("", TWO_PEERS6 + "B.connect([::1]:Q)\nconnections([::1]:P)", "none", None),
    ("", "A = udp4()\nA.listen()\nA.connect(127.0.0.1:P)", "EOPNOTSUPP", w.FAILED_LISTEN),
    # Groups and options.
    ("", MEMBERS + "A.join(224.0.0.251)\nconnections(224.0.0.251:P)", "A", v.MEMBERS_ONLY),
    ("", MEMBERS6 + "A.join([ff05::fb])\nconnections([ff05::fb]:P)", "each", v.MEMBERS_IPV6),
    ("", MEMBERS6 + "A.join([ff05::fb])\nB.setsockopt(SO_REUSEPORT, 0)\nconnections([ff05::fb]:P)", "B", v.MEMBERS_STOP_IPV6),
    (
        "",
        MEMBERS + "A.join(224.0.0.251)\nB.join(224.0.0.251)\nB.setsockopt(SO_REUSEPORT, 0)\nconnections(224.0.0.251:P)",
        "B",
        v.MEMBERS_STOP,
    ),
    ("", "A = udp4()\nA.bind(224.0.0.251:P)\nA.connect(127.0.0.1:Q)\nA.send(1)\nA.send(1)", "ok", w.FROM_A_GROUP),
    ("", "A = tcp4()\nA.join([ff05::fb])", "EINVAL", w.JOIN_OTHER_FAMILY),
    ("", "A = tcp4()\nA.join(224.0.0.251)", "EOPNOTSUPP", w.JOIN_OVER_TCP),
    ("", "A = tcp6()\nA.setsockopt(IPV6_V6ONLY, 0)", "EOPNOTSUPP", w.ALWAYS_V6ONLY),
    ("", "A = tcp6()\nA.bind([::1]:P)\nA.setsockopt(IPV6_V6ONLY, 0)", "EINVAL", w.ALWAYS_V6ONLY),
]


@pytest.mark.parametrize(("version", "text", "answer", "because"), CASES)
def test_answer_and_reason(version: str, text: str, answer: str, because: Reason | None) -> None:
    stack = DragonFly(version=version)
    stack.play(call for call, _ in parse(text))
    found = stack.trace[-1][1]
    assert found.name == answer
    assert because is None or found.because == because
