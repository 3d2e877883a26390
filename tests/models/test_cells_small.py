"""AIX, HP-UX and Tru64, cell by cell; and the traps that their documents and sources name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Stack
from fixtures.models import aix, hpux, tru64
from fixtures.models import situations as S
from fixtures.models.aix import AIX
from fixtures.models.base import Model
from fixtures.models.expected import bound_only, carried_over, listener_receives, other_family, over_ipv6
from fixtures.models.hpux import HPUX
from fixtures.models.tru64 import Tru64
from fixtures.record.verdicts import predict
from fixtures.specification.clauses import Dispute, Reason
from tests.helpers.cells import Table, wrong_cells
from tests.models.test_models import ALL_PAIRS, STEVENS_RELATIONS, STEVENS_TCP, STEVENS_UDP

FOUR = STEVENS_RELATIONS
V6_FREE = ("S/S'", "6>W", "W>6")

AIX_TCP: Table = {
    "none,none; RA,none; RP,none; RA+RP,none": "BB?? BB?? ???? ????",
    "none,RP; RA,RP": "BB?? BB?? ???? ????",
    "RP,RP; RA+RP,RP": "oo?? oo?? ???? ????",
    "none,RA; RP,RA": "???? ???? ???? ????",
    "RA,RA": "?L?? ?L?? ???? ????",
}
AIX_UDP: Table = {"none,none; RA,none; RP,none; none,RP": "B B ? ?", "RP,RP": "o o ? ?", "RA,RA; none,RA": "? ? ? ?"}
HPUX_TCP: Table = {
    "none,none; RA,none; RP,none": "BB?? BB?? ???? ????",
    "none,RA; RP,RA": "BBo- BBo- ??o- ??o-",
    "RA,RA": "BBo- BBo- -oo- -?o-",
    "none,RP; RP,RP": "BB-- BB-- ??-- ??--",
    "none,RA+RP; RP,RA+RP": "BBoo BBoo ??oo ??oo",
}
HPUX_UDP: Table = {
    "none,none; RA,none; RP,none; none,RP; RA,RP": "B B ? ? B",
    "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP": "o o ? ? o",
    "RA,RA": "? ? ? ? o",
    "none,RA; RP,RA": "? ? ? ? B",
}
TABLES: dict[str, tuple[Callable[[], Model], str, tuple[str, ...], Table]] = {
    "aix-tcp": (AIX, "tcp", FOUR, AIX_TCP),
    "aix-tcp-free": (AIX, "tcp", V6_FREE, {"; ".join(ALL_PAIRS): "oooo " * 3}),
    "aix-udp": (AIX, "udp", FOUR, AIX_UDP),
    "hpux-tcp": (HPUX, "tcp", FOUR, HPUX_TCP),
    "hpux-tcp-free": (HPUX, "tcp", V6_FREE, {"; ".join(ALL_PAIRS): "oooo " * 3}),
    "hpux-udp": (HPUX, "udp", (*FOUR, "M=M"), HPUX_UDP),
    "tru64-tcp": (Tru64, "tcp", FOUR, STEVENS_TCP),
    "tru64-tcp-free": (Tru64, "tcp", ("S/S'",), {"; ".join(ALL_PAIRS): "oooo"}),
    "tru64-udp": (Tru64, "udp", (*FOUR, "M=M"), STEVENS_UDP),
}


@pytest.mark.parametrize("actor", ["", "other: ", "stranger: "])
@pytest.mark.parametrize("table", TABLES)
def test_every_cell_of_the_table(table: str, actor: str) -> None:
    """No user counts on any of these systems."""
    make, protocol, relations, rows = TABLES[table]
    wrong = wrong_cells(make, protocol, actor, relations, rows)
    assert not wrong, "\n".join(wrong)


TWINS = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nB = tcp4({1})\nB.bind(127.0.0.1:P)"
REMNANT = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"
TIME_WAIT = REMNANT + "D.close()\nC.recv(1)\nC.close()\n"
AGAIN = "B = tcp4({1})\nB.bind(127.0.0.1:P)"
WILDCARD_AGAIN = "B = tcp4({0})\nB.bind(0.0.0.0:P)"
RA, RP, BOTH = "SO_REUSEADDR", "SO_REUSEPORT", "SO_REUSEADDR, SO_REUSEPORT"
LISTENING = TWINS.format(RA, RA) + "\nA.listen()\nB.listen()"
SHARED = TWINS.format(RP, RP) + "\nA.listen()\nB.listen()"
UDP_TWINS = "A = udp4({0})\nA.bind(127.0.0.1:P)\nB = udp4({0})\nB.bind(127.0.0.1:P)\n"
AFTER_LISTEN = "A = tcp4(SO_REUSEADDR)\nA.bind({0}:P)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind({0}:P)\n"
ONE_TUPLE = (
    "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\n"
    "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)\nB.connect(127.0.0.1:P)"
)
BESIDE_WILDCARD = "A = tcp4({0})\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4({0})\nB.bind(127.0.0.1:P)"

BESIDE_WILDCARD_IPV6 = "A = tcp6(SO_REUSEADDR)\nA.bind([::]:P)\nA.listen()\nB = tcp6(SO_REUSEADDR)\nB.bind([::1]:P)"
TO_MAPPED = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp6()\nB.connect([::ffff:127.0.0.1]:P)"
UNCONNECTED = "A = tcp4()\nA.shutdown(WR)"
SHUT_LISTENER = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown({0})"
IDLE_SECOND = "A.bind(127.0.0.1:P)\nA.listen()\nB.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)"
OF_TWO_USERS = "A = tcp{0}(SO_REUSEPORT)\nA.bind({1}:P)\nB = stranger: tcp{0}(SO_REUSEPORT)\nB.bind({1}:P)"
SET_LATE = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 1)\n"
CLEARED_LATE = "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 0)\n"
TWINS_IPV6 = "A = {0}({1})\nA.bind([::1]:P)\nB = {0}({1})\nB.bind([::1]:P)"
NOBODY_JOINED = "A = udp4()\nA.bind(224.0.0.251:P)\nconnections(224.0.0.251:P)"

#: Model, script, the last answer, its reason (None: any).
CASES: list[tuple[Callable[[], Model], str, str, Reason | None]] = [
    # AIX.
    (AIX, SHARED, "ok", aix.SHARERS_LISTEN),
    (AIX, TWINS.format(RP, RP), "ok", aix.REUSEPORT_SHARES),
    (AIX, TWINS.format("", ""), "EADDRINUSE", aix.WITHOUT_OPTIONS),
    (AIX, "A = tcp4()\nA.bind(127.0.0.1:P)", "ok", aix.PORT_FREE),
    (AIX, "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.2:P)", "ok", aix.OTHER_ADDRESS),
    (AIX, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", "ok", aix.LISTEN_ALONE),
    (AIX, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", aix.MOST_PRECISE),
    (AIX, AFTER_LISTEN.format("127.0.0.1") + "B.listen()", "EADDRINUSE", aix.SECOND_SERVER),
    (AIX, SHARED + "\nconnections(127.0.0.1:P)", "B", aix.FIRST_FOUND),
    (partial(AIX, settings={"soreuseport_lb": "1"}), SHARED + "\nconnections(127.0.0.1:P)", "both", aix.BALANCES),
    (partial(AIX, settings={"soreuseport_lb": "1"}, version="7.1"), SHARED + "\nconnections(127.0.0.1:P)", "B", aix.FIRST_FOUND),
    (AIX, TWINS.format("", RP), "EADDRINUSE", aix.REUSEPORT_ON_ALL),
    (AIX, TWINS.format(RP, RP) + "\nC = tcp4()\nC.bind(127.0.0.1:P)", "EADDRINUSE", aix.WITHOUT_OPTIONS),
    (AIX, "A = tcp6()\nA.bind([::1]:P)\nB = tcp6()\nB.bind([::1]:P)", "EADDRINUSE", aix.WITHOUT_OPTIONS),
    (AIX, OF_TWO_USERS.format("4", "127.0.0.1"), "ok", aix.REUSEPORT_OF_TWO_USERS),
    (AIX, OF_TWO_USERS.format("6", "[::1]"), "ok", carried_over(aix.REUSEPORT_OF_TWO_USERS)),
    (AIX, SET_LATE + f"B = tcp4({RP})\nB.bind(127.0.0.1:P)", "ok", aix.REUSEPORT_SET_LATE),
    (AIX, CLEARED_LATE + f"B = tcp4({RP})\nB.bind(127.0.0.1:P)", "EADDRINUSE", aix.REUSEPORT_SET_LATE),
    (AIX, CLEARED_LATE + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", aix.WITHOUT_OPTIONS),
    (AIX, AFTER_LISTEN.format("127.0.0.1").replace("B = ", "B = stranger: "), "ok", aix.SECOND_SERVER_BEYOND),
    (AIX, "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6()\nB.bind([::1]:P)", "ok", other_family("aix", over_v6=True)),
    (AIX, "A = tcp6()\nA.bind([::1]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", "ok", other_family("aix", over_v6=False)),
    (AIX, "A = udp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", aix.PORT_FREE),
    (AIX, TWINS.format(RA, RA), "unknown", aix.GAP),
    (AIX, TWINS.format("", "") + "\nA.close()\nB.bind(127.0.0.1:P)", "ok", None),
    (AIX, TO_MAPPED, "ok", aix.CONNECT_MAPPED),
    (AIX, UNCONNECTED, "ENOTCONN", AIX.edges.because(S.SHUT_UNCONNECTED)),
    (AIX, "A = tcp4(SO_REUSEPORT)\nB = tcp4(SO_REUSEPORT)\n" + IDLE_SECOND, "A", listener_receives("aix")),
    (AIX, "A = tcp6()\nA.bind([::1]:P)", "ok", over_ipv6(aix.PORT_FREE)),
    (AIX, NOBODY_JOINED, "none", aix.NOBODY_JOINED),
    # HP-UX.
    (HPUX, (REMNANT + AGAIN).format("", RA), "ok", hpux.REUSEADDR_RESTARTS),
    (HPUX, (TIME_WAIT + AGAIN).format("", BOTH), "ok", hpux.EITHER_RESTARTS),
    (HPUX, TWINS.format(RP, RP), "EADDRINUSE", hpux.REUSEPORT_IS_UDP),
    (HPUX, TWINS.format(RA, RA), "EADDRINUSE", hpux.REUSEADDR_DUPLICATE),
    (HPUX, TWINS.format("", RP), "EADDRINUSE", hpux.REUSEPORT_ON_ALL),
    (HPUX, BESIDE_WILDCARD.format(RA).replace("B = ", "B = stranger: "), "ok", hpux.THEFT),
    (HPUX, BESIDE_WILDCARD.format(RA) + "\nB.listen()", "ok", hpux.THEFT_LISTENS),
    (HPUX, BESIDE_WILDCARD.format(RA) + "\nB.listen()\nconnections(127.0.0.1:P)", "B", hpux.THEFT_RECEIVES),
    (HPUX, TWINS.format("", ""), "EADDRINUSE", hpux.WITHOUT_OPTIONS),
    (HPUX, BESIDE_WILDCARD.format(RA), "ok", hpux.WILDCARD_BESIDE_SPECIFIC),
    (HPUX, ONE_TUPLE, "EADDRINUSE", hpux.ONE_CONNECTION),
    (HPUX, (TIME_WAIT + AGAIN).format("", RA), "ok", hpux.SPECIFIC_RESTART_OPTION),
    (HPUX, TIME_WAIT.format("", RA) + WILDCARD_AGAIN.format(RA), "ok", hpux.RESTART_OPTION),
    (HPUX, REMNANT.format("", RA) + WILDCARD_AGAIN.format(RA), "ok", hpux.WILDCARD_BESIDE_SPECIFIC),
    (HPUX, "A = tcp6(SO_REUSEPORT)\nA.bind([::1]:P)\nB = tcp6()\nB.bind([::1]:P)", "EADDRINUSE", over_ipv6(hpux.WITHOUT_OPTIONS)),
    (HPUX, TWINS_IPV6.format("tcp6", RA), "EADDRINUSE", hpux.over_ipv6(hpux.REUSEADDR_DUPLICATE)),
    (HPUX, TWINS_IPV6.format("tcp6", RP), "EADDRINUSE", hpux.over_ipv6(hpux.REUSEPORT_IS_UDP)),
    (HPUX, TWINS_IPV6.format("udp6", RP), "ok", hpux.over_ipv6(hpux.REUSEPORT_SHARES)),
    (HPUX, REMNANT.format("", "") + "C.listen()", "EINVAL", hpux.LISTEN_CONNECTED),
    (HPUX, UDP_TWINS.format(RP), "ok", hpux.REUSEPORT_SHARES),
    (HPUX, "A = udp4(SO_REUSEADDR)\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)", "ok", hpux.GROUP_SHARED),
    (HPUX, "A = udp4(SO_REUSEADDR)\nA.bind(224.0.0.251:P)\nB = udp4()\nB.bind(224.0.0.251:P)", "EADDRINUSE", hpux.WITHOUT_OPTIONS),
    (
        HPUX,
        "A = udp4(SO_REUSEPORT)\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)",
        "EADDRINUSE",
        hpux.MULTICAST_ON_ALL,
    ),
    (HPUX, UNCONNECTED, "EINVAL", hpux.SHUT_UNCONNECTED),
    (HPUX, "A = udp4()\nA.shutdown(WR)", "ok", hpux.SHUT_UNCONNECTED_UDP),
    (HPUX, SHUT_LISTENER.format("WR"), "ok", hpux.SHUT_LISTENER),
    (HPUX, SHUT_LISTENER.format("WR") + "\nB = tcp4()\nB.bind(127.0.0.1:P)", "unknown", hpux.FULLY_SHUT),
    (HPUX, SHUT_LISTENER.format("RD"), "unknown", hpux.GAP),
    (HPUX, BESIDE_WILDCARD_IPV6, "ok", hpux.over_ipv6(hpux.WILDCARD_BESIDE_SPECIFIC)),
    (HPUX, TO_MAPPED, "ok", hpux.CONNECT_MAPPED),
    (HPUX, "A = tcp4()\nA.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)", "none", bound_only("hpux")),
    (HPUX, NOBODY_JOINED, "none", hpux.NOBODY_JOINED),
    # Tru64.
    (Tru64, UNCONNECTED, "ENOTCONN", Tru64.edges.because(S.SHUT_UNCONNECTED)),
    (Tru64, TO_MAPPED, "ok", tru64.CONNECT_MAPPED),
    (Tru64, SHUT_LISTENER.format("WR"), "ok", tru64.SHUT_LISTENER),
    (Tru64, "A = udp6()\nA.connect([::]:P)", "ok", tru64.TO_LOOPBACK),
    (Tru64, "A = tcp4()\nA.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)", "none", tru64.BOUND_TAKES),
    (Tru64, REMNANT.format(RA, "") + "D.getsockopt(SO_REUSEADDR)", "1", tru64.ACCEPTED),
    (Tru64, "A = tcp6()\nA.bind([::1]:P)\nB = tcp6()\nB.bind([::1]:P)", "EADDRINUSE", over_ipv6(tru64.WITHOUT_OPTIONS)),
    (Tru64, "A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", "EADDRINUSE", carried_over(tru64.WITHOUT_OPTIONS)),
    (Tru64, "A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::1]:P)", "A", over_ipv6(tru64.MOST_SPECIFIC)),
    (Tru64, "A = tcp6()\nA.bind([::]:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", carried_over(tru64.MOST_SPECIFIC)),
    (Tru64, NOBODY_JOINED, "none", tru64.NOBODY_JOINED),
    (Tru64, TWINS.format(RA, RA), "EADDRINUSE", tru64.DUPLICATE_SEEN),
    (Tru64, TWINS.format("", ""), "EADDRINUSE", tru64.NO_OPTIONS_SEEN),
    (Tru64, TWINS.format("", "").replace("127.0.0.1", "0.0.0.0"), "EADDRINUSE", tru64.WITHOUT_OPTIONS),
    (Tru64, TWINS.format("", "").replace("B = ", "B = stranger: "), "EADDRINUSE", tru64.WITHOUT_OPTIONS),
    (Tru64, TWINS.format("", "").replace("\nB = ", "\nelapse(61)\nB = "), "EADDRINUSE", tru64.WITHOUT_OPTIONS),
    (Tru64, "A = tcp4()\nA.bind(127.0.0.1:0)\nB = tcp4()\nB.bind(127.0.0.1:port(A))", "EADDRINUSE", tru64.WITHOUT_OPTIONS),
    (Tru64, TWINS.format(RA, RA).replace("B = ", "B = other: "), "EADDRINUSE", tru64.TCP_DUPLICATE),
    (Tru64, TWINS.format(RP, RP), "ok", tru64.REUSEPORT_SAID),
    (Tru64, OF_TWO_USERS.format("4", "127.0.0.1"), "ok", tru64.REUSEPORT_SHARES),
    (Tru64, OF_TWO_USERS.format("6", "[::1]"), "ok", carried_over(tru64.REUSEPORT_SHARES)),
    (Tru64, "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp6()\nB.bind([::1]:P)", "ok", other_family("tru64", over_v6=True)),
    (Tru64, TWINS.format("", RP), "EADDRINUSE", tru64.REUSEPORT_ON_ALL),
    (Tru64, TWINS.format("", RA), "EADDRINUSE", tru64.TCP_DUPLICATE),
    (Tru64, TWINS.format(RA, ""), "EADDRINUSE", tru64.WITHOUT_OPTIONS),
    (Tru64, UDP_TWINS.format(RA), "EADDRINUSE", tru64.UDP_TWINS),
    (Tru64, BESIDE_WILDCARD.format(RA), "ok", tru64.WILDCARD_BESIDE),
    (Tru64, (REMNANT + AGAIN).format("", RA), "ok", tru64.RESTARTS),
    (Tru64, (TIME_WAIT + AGAIN).format("", RA), "ok", tru64.PASSES_TIME_WAIT),
    (Tru64, "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.2:P)", "ok", tru64.OTHER_ADDRESS),
    (Tru64, f"A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4({RA})\nB.bind(127.0.0.2:P)", "ok", tru64.OTHER_ADDRESS),
    (Tru64, "A = tcp4()\nA.bind(127.0.0.1:P)", "ok", tru64.PORT_FREE),
    (Tru64, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", "ok", tru64.LISTENS),
    (Tru64, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nconnections(127.0.0.1:P)", "A", tru64.MOST_SPECIFIC),
    (Tru64, "A = udp4()\nA.connect(0.0.0.0:P)", "ok", tru64.FIRST_ADDRESS),
    (Tru64, "A = udp4(SO_REUSEADDR)\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)", "ok", tru64.GROUP_SHARED),
    (Tru64, "A = udp4()\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)", "EADDRINUSE", tru64.GROUP_REFUSED),
]


@pytest.mark.parametrize(("make", "text", "answer", "because"), CASES)
def test_answer_and_reason(make: Callable[[], Model], text: str, answer: str, because: Reason | None) -> None:
    model = make()
    found = [model.perform(call) for call, _ in parse(text)][-1]
    assert found.name == answer
    assert because in (None, found.because)


def restart_in_time_wait(stack: Stack, *options: str) -> None:
    for call, _ in parse((TIME_WAIT + AGAIN).format("", ", ".join(options))):
        stack.answer(call)


@pytest.mark.parametrize(
    ("options", "answers"),
    [((RA,), {"ok", "EADDRINUSE"}), ((RP,), {"ok", "EADDRINUSE"}), ((RA, RP), {"ok"}), ((), {"unknown"})],
)
def test_hpux_documents_dispute_which_option_restarts(options: tuple[str, ...], answers: set[str]) -> None:
    found = predict(lambda stack: restart_in_time_wait(stack, *options), lambda choices: HPUX(choices=choices))
    assert {seen.trace[-1][1].name for seen in found} == answers


def test_what_hpux_says_of_af_inet_is_only_predicted_of_ipv6() -> None:
    assert hpux.over_ipv6(hpux.REUSEPORT_SHARES).basis == "predicted"
    assert hpux.over_ipv6(hpux.EITHER_RESTARTS) is hpux.EITHER_RESTARTS
    dispute = hpux.over_ipv6(hpux.RESTART_OPTION)
    assert isinstance(dispute, Dispute)
    assert [side.basis for side in dispute.sides] == ["predicted", "reported"]


def test_aix_may_find_either_listener_first() -> None:
    def who(stack: Stack) -> None:
        for call, _ in parse(SHARED + "\nconnections(127.0.0.1:P)"):
            stack.answer(call)

    assert {seen.trace[-1][1].name for seen in predict(who, lambda choices: AIX(choices=choices))} == {"A", "B"}


def test_what_is_expected_of_tru64_says_so() -> None:
    assert tru64.RESTARTS.basis == "predicted"
    assert tru64.DUPLICATE_SEEN.basis == "reported"
