"""gVisor, AIX, HP-UX and Tru64, cell by cell; and the traps that their documents and sources name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from fixtures.clauses import Reason
from fixtures.models import aix, gvisor_variants, hpux, tru64
from fixtures.models.aix import AIX
from fixtures.models.base import Model
from fixtures.models.gvisor import GVisor
from fixtures.models.hpux import HPUX
from fixtures.models.tru64 import Tru64
from fixtures.notation import parse
from fixtures.rules import REUSEPORT_ALL
from fixtures.stack import Stack
from fixtures.verdicts import predict
from tests.cells import Table, wrong_cells
from tests.test_models import ALL_PAIRS, FREE, LINUX_RELATIONS, LINUX_UDP, STEVENS_RELATIONS, STEVENS_TCP, STEVENS_UDP

FOUR = STEVENS_RELATIONS
V6_FREE = ("S/S'", "6>W", "W>6")

GVISOR_TCP: Table = {
    "none,none; RA,none; none,RA; RP,none; RP,RA; RA+RP,none": "BBBB " * 12,
    "RA,RA; RA+RP,RA; RA,RA+RP": "LBoo LBoo oooo oooo LBoo LBoo oooo oooo LBoo LBoo LBoo oooo",
    "none,RP; RA,RP; none,RA+RP": "BBoo " * 12,
    "RP,RP; RA+RP,RP; RP,RA+RP; RA+RP,RA+RP": "oooo " * 12,
}
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
    "RA,RA": "BBo- BBo- -?o- -?o-",
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
    "gvisor-tcp": (GVisor, "tcp", LINUX_RELATIONS, GVISOR_TCP),
    "gvisor-tcp-free": (GVisor, "tcp", FREE, {"; ".join(ALL_PAIRS): "oooo " * 3}),
    "gvisor-udp": (GVisor, "udp", (*LINUX_RELATIONS, "M=M"), LINUX_UDP),
    "gvisor-udp-free": (GVisor, "udp", FREE, {"; ".join(ALL_PAIRS): "o " * 3}),
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
RA, RP, BOTH = "SO_REUSEADDR", "SO_REUSEPORT", "SO_REUSEADDR, SO_REUSEPORT"
LISTENING = TWINS.format(RA, RA) + "\nA.listen()\nB.listen()"
SHARED = TWINS.format(RP, RP) + "\nA.listen()\nB.listen()"
CLIENT = (
    "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4()\nA.bind({0}:Q)\nA.connect(127.0.0.1:P)\nC = L.accept()\nC.close()\nA.recv(1)\n"
)
DUAL = "A = tcp6(IPV6_V6ONLY=0, SO_REUSEPORT)\nA.bind([::]:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(0.0.0.0:P)\nA.listen()\nB.listen()\n"
UDP_TWINS = "A = udp4({0})\nA.bind(127.0.0.1:P)\nB = udp4({0})\nB.bind(127.0.0.1:P)\n"
SAME_TUPLE = (
    "L = tcp4()\nL.bind(127.0.0.1:P)\nL.listen()\nA = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:Q)\n"
    "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\nB.connect(127.0.0.1:P)\n"
)
REFUSED = "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp6(IPV6_V6ONLY=0)\nB.bind([::ffff:127.0.0.1]:P)\n"
V = gvisor_variants

#: Model, script, the last answer, its reason (None: any).
CASES: list[tuple[Callable[[], Model], str, str, Reason | None]] = [
    # gVisor: the options of the moment of bind.
    (GVisor, TWINS.format(RA, RA), "ok", V.UNLISTENED_DUPLICATES),
    (
        GVisor,
        "A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 1)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
        "EADDRINUSE",
        V.FROZEN,
    ),
    (
        GVisor,
        "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEPORT, 0)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
        "ok",
        V.FROZEN,
    ),
    (GVisor, "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)", "EADDRINUSE", V.BOTH_NEED),
    # For the wildcard each address is asked for itself.
    (
        GVisor,
        "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.2:P)\n"
        "C = tcp4(SO_REUSEADDR, SO_REUSEPORT)\nC.bind(0.0.0.0:P)",
        "ok",
        None,
    ),
    # A refused listen ends the socket, and so does a refused connection.
    (GVisor, LISTENING, "EADDRINUSE", V.SECOND_LISTEN),
    (GVisor, LISTENING + "\nA.close()\nB.listen()", "EINVAL", V.REFUSED_LISTEN_ENDS),
    (GVisor, LISTENING + "\nB.bind(127.0.0.1:Q)", "EINVAL", None),
    (GVisor, LISTENING + "\nA.close()\nC = tcp4()\nC.bind(127.0.0.1:P)", "ok", None),
    (GVisor, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nA.listen()", "EINVAL", V.REFUSED_CONNECT_ENDS),
    (GVisor, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nA.connect(127.0.0.1:Q)", "ECONNABORTED", V.REFUSED_CONNECT_ENDS),
    (GVisor, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.connect(127.0.0.1:Q)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", None),
    # Children and TIME_WAIT: SO_REUSEPORT passes, SO_REUSEADDR needs that of the listener, which the child does not read.
    (GVisor, (REMNANT + AGAIN).format("", RA), "EADDRINUSE", V.CHILD_KEEPS_OPTIONS),
    (GVisor, (REMNANT + AGAIN).format("", RP), "ok", None),
    (GVisor, (REMNANT + "D.setsockopt(SO_REUSEADDR, 1)\n" + AGAIN).format("", RA), "EADDRINUSE", V.FROZEN),
    (GVisor, (REMNANT + "D.getsockopt(SO_REUSEADDR)").format(RA), "0", None),
    (GVisor, (REMNANT + AGAIN).format(RA, RA), "ok", None),
    (GVisor, (TIME_WAIT + AGAIN).format("", RA), "EADDRINUSE", V.TIME_WAIT_KEEPS_OPTIONS),
    (GVisor, (TIME_WAIT + AGAIN).format("", RP), "ok", None),
    (GVisor, (TIME_WAIT + AGAIN).format("SO_LINGER=0", ""), "EADDRINUSE", None),
    # Connections.
    (GVisor, CLIENT.format("127.0.0.1") + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:Q)", "ok", None),
    (GVisor, CLIENT.format("0.0.0.0") + "A.close()\nB = tcp4()\nB.bind(127.0.0.1:Q)", "EADDRINUSE", None),
    (GVisor, CLIENT.format("0.0.0.0") + "A.close()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)", "EADDRINUSE", V.CLIENT_LEAVES_WILDCARD),
    (GVisor, UDP_TWINS.format(RP) + "A.connect(127.0.0.1:Q)\nB.connect(127.0.0.1:Q)", "EADDRINUSE", None),
    (GVisor, UDP_TWINS.format(RA) + "A.connect(127.0.0.1:Q)\nB.connect(127.0.0.1:Q)", "ok", V.UDP_CONNECT_SHARED),
    (GVisor, "A = udp4()\nA.bind(0.0.0.0:P)\nA.connect(127.0.0.1:Q)\nA.close()\nB = udp4()\nB.bind(0.0.0.0:P)", "ok", None),
    (GVisor, SAME_TUPLE + "B.listen()", "EADDRINUSE", V.SECOND_LISTEN),
    # A refused bind stays with the socket.
    (GVisor, REFUSED + "B.bind([::1]:P)", "EINVAL", V.REFUSED_BIND_STAYS),
    (GVisor, REFUSED + "A.close()\nB.bind([::]:P)\nB.listen()\nconnections(127.0.0.2:P)", "none", None),
    (GVisor, REFUSED + "A.close()\nB.bind([::]:P)\nB.close()\nC = tcp4()\nC.bind(127.0.0.2:P)", "EADDRINUSE", None),
    (GVisor, REFUSED.replace("tcp", "udp") + "B.bind([::1]:P)", "ok", None),
    # shutdown keeps the port, listen opens it again.
    (GVisor, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RDWR)\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", None),
    (GVisor, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RDWR)\nconnections(127.0.0.1:P)", "none", None),
    (GVisor, "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RDWR)\nA.listen()\nconnections(127.0.0.1:P)", "A", None),
    # Mapped addresses and dual stack.
    (GVisor, "A = tcp6(IPV6_V6ONLY=1)\nA.bind([::ffff:127.0.0.1]:P)", "EHOSTUNREACH", V.MAPPED_UNREACHABLE),
    (GVisor, "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", None),
    (GVisor, "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::1]:P)\nA.getsockopt(IPV6_V6ONLY)", "0", None),
    # Who receives.
    (GVisor, DUAL + "connections(127.0.0.1:P)", "both", V.REUSEPORT_BALANCES),
    (GVisor, DUAL + "connections([::1]:P)", "A", None),
    (GVisor, UDP_TWINS.format(RA) + "connections(127.0.0.1:P)", "B", None),
    (GVisor, UDP_TWINS.format(BOTH) + "connections(127.0.0.1:P)", "both", V.REUSEPORT_BALANCES),
    # Port 0 never shares, nor does an implicit port.
    (GVisor, "A = tcp4()\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:port(A))", "EADDRINUSE", V.BOTH_NEED),
    # AIX.
    (AIX, SHARED, "ok", None),
    (AIX, SHARED + "\nconnections(127.0.0.1:P)", "B", aix.FIRST_FOUND),
    (partial(AIX, settings={"soreuseport_lb": "1"}), SHARED + "\nconnections(127.0.0.1:P)", "both", aix.BALANCES),
    (partial(AIX, settings={"soreuseport_lb": "1"}, version="7.1"), SHARED + "\nconnections(127.0.0.1:P)", "B", aix.FIRST_FOUND),
    (AIX, TWINS.format("", RP), "EADDRINUSE", REUSEPORT_ALL),
    (AIX, TWINS.format(RP, RP) + "\nC = tcp4()\nC.bind(127.0.0.1:P)", "EADDRINUSE", None),
    (AIX, TWINS.format(RA, RA), "unknown", aix.GAP),
    (AIX, TWINS.format("", "") + "\nA.close()\nB.bind(127.0.0.1:P)", "ok", None),
    # HP-UX.
    (HPUX, (REMNANT + AGAIN).format("", RA), "ok", None),
    (HPUX, TWINS.format(RP, RP), "EADDRINUSE", hpux.REUSEPORT_IS_UDP),
    (HPUX, TWINS.format(RA, RA), "EADDRINUSE", None),
    (HPUX, "A = tcp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", None),
    (HPUX, "A = udp4(SO_REUSEADDR)\nA.bind(224.0.0.251:P)\nB = udp4()\nB.bind(224.0.0.251:P)", "EADDRINUSE", None),
    (
        HPUX,
        "A = udp4(SO_REUSEPORT)\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)",
        "EADDRINUSE",
        hpux.MULTICAST_ON_ALL,
    ),
    # Tru64.
    (Tru64, TWINS.format(RA, RA), "EADDRINUSE", tru64.DUPLICATE_SEEN),
    (Tru64, TWINS.format("", ""), "EADDRINUSE", tru64.NO_OPTIONS_SEEN),
    (Tru64, TWINS.format(RP, RP), "ok", tru64.REUSEPORT_SAID),
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


def test_aix_may_find_either_listener_first() -> None:
    def who(stack: Stack) -> None:
        for call, _ in parse(SHARED + "\nconnections(127.0.0.1:P)"):
            stack.answer(call)

    assert {seen.trace[-1][1].name for seen in predict(who, lambda choices: AIX(choices=choices))} == {"A", "B"}


def test_what_is_expected_of_tru64_says_so() -> None:
    model = Tru64()
    answer = [model.perform(call) for call, _ in parse((REMNANT + AGAIN).format("", RA))][-1]
    assert answer.because
    assert model.grounds(answer.because)[0] == "predicted"
    assert model.grounds(tru64.DUPLICATE_SEEN)[0] == "reported"
