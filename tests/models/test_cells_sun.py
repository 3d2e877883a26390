"""The tables of Solaris and illumos, cell by cell, and what a table cannot say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Untestable
from fixtures.models import situations as S
from fixtures.models.base import Model
from fixtures.models.illumos import Illumos
from fixtures.models.illumos import calls as c
from fixtures.models.illumos import clauses as i
from fixtures.models.solaris import Solaris
from fixtures.models.solaris import clauses as s
from fixtures.specification.clauses import Clause, Own, Reason
from fixtures.specification.worlds import Choices, every_world
from tests.helpers.cells import Table, wrong_cells

TCP_RELATIONS = ("S=S", "W=W", "W>S", "S>W", "S/S'", "D>W", "W>D", "D>S", "S>D", "D=D", "6>W", "W>6", "s6=s6", "6=6", "6>s6")
UDP_RELATIONS = tuple(relation for relation in TCP_RELATIONS if relation != "S/S'")
BOTH_NONE = "none,none; RA,none"
NEW_RA = "none,RA; RA,RA"
SECOND_EX = "none,EXCLBIND; EXCLBIND,EXCLBIND; RA,EXCLBIND"

# Where what is left of a first counts for two readings the letter is that of the documented one.
TCP: Table = {
    BOTH_NONE: "BBBB BBBB BBBB BBBB oooo ooBB oooo ooBB oooo BBBB oooo oooo BBBB BBBB BBBB",
    NEW_RA: "BBoo BBoo oooo oooo oooo oooo oooo oooo oooo BBoo oooo oooo BBoo BBoo oooo",
    "EXCLBIND,none": "BBBB BBBB BBBB BBBB oooo BBBB BBBo BBBB BBBo BBBB BBBo BBBo BBBB BBBB BBBB",
    "none,EXCLBIND; EXCLBIND,EXCLBIND; RA,EXCLBIND": "BBBB BBBB BBBB BBBB oooo BBBB BBBo BBBB BBBo BBBB BBBo BBBo BBBB BBBB BBBB",
    "EXCLBIND,RA": "BBBo BBBo BBBo BBBo oooo BBBo BBBo BBBo BBBo BBBo BBBo BBBo BBBo BBBo BBBo",
}
UDP: Table = {
    BOTH_NONE: "B B B B o o o o B o o B B B",
    NEW_RA: "o " * 14,
    f"EXCLBIND,none; EXCLBIND,RA; {SECOND_EX}": "B " * 14,
}
NOBODY = Illumos.edges.because(S.NOBODY_RECEIVES)
PAIRS = "; ".join(pairs for pairs in (BOTH_NONE, NEW_RA, "EXCLBIND,none; EXCLBIND,RA", SECOND_EX))
MODELS: dict[str, Callable[[], Model]] = {
    "illumos": Illumos,
    "solaris": Solaris,
    **{f"solaris@{version}": partial(Solaris, version=version) for version in Solaris.releases},
}


@pytest.mark.parametrize("actor", ["", "stranger: "])
@pytest.mark.parametrize("name", MODELS)
def test_every_cell(name: str, actor: str) -> None:
    wrong = wrong_cells(MODELS[name], "tcp", actor, TCP_RELATIONS, TCP)
    wrong += wrong_cells(MODELS[name], "udp", actor, UDP_RELATIONS, UDP)
    wrong += wrong_cells(MODELS[name], "udp", actor, ("S/S'",), {PAIRS: "o"})
    assert not wrong, "\n".join(wrong)


#: A connection that a closed server left; then its end, for TIME_WAIT.
LEFT = "A = tcp4({options})\nA.bind({held}:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"
CLOSED_BY_US = "D.close()\nC.recv(1)\nC.close()\n"
CLOSED_BY_CLIENT = "C.shutdown(WR)\nD.recv(1)\n"
REFUSED = "A = tcp4()\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\n"
MEMBER = "A = udp4()\nA.bind(224.0.0.251:P)\nA.join(224.0.0.251)\n"
LISTENER = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\n"


def left(options: str = "", held: str = "127.0.0.1") -> str:
    return LEFT.format(options=options, held=held)


def last_answers(make: Callable[..., Model], text: str) -> list[tuple[str, Reason | None]]:
    def play(choices: Choices) -> tuple[str, Reason | None]:
        stack = make(choices=choices)
        answers = [stack.perform(call) for call, _ in parse(text)]
        return answers[-1].name, answers[-1].because

    return every_world(play)


@pytest.mark.parametrize(
    ("text", "answer", "because"),
    [
        # Traps: the dual wildcard beside 0.0.0.0; SO_REUSEADDR of a second UDP socket; SO_EXCLBIND is the remedy.
        ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", "ok", i.FAMILIES_APART),
        ("A = udp4()\nA.bind(0.0.0.0:P)\nB = udp6(IPV6_V6ONLY=0)\nB.bind([::]:P)", "ok", i.FAMILIES_APART_UDP),
        ("A = udp4()\nA.bind(127.0.0.1:P)\nB = stranger: udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", i.UDP_THEFT),
        ("A = udp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = udp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", i.IN_USE_UDP),
        ("A = udp4()\nA.bind(224.0.0.251:P)\nB = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)", "ok", i.UDP_THEFT),
        ("A = tcp4(SO_EXCLBIND)\nA.bind(0.0.0.0:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "EADDRINUSE", i.EXCLUSIVE),
        ("A = udp4(SO_EXCLBIND)\nA.bind(0.0.0.0:P)\nB = udp6()\nB.bind([::1]:P)", "EADDRINUSE", i.EXCLUSIVE_FAMILIES_UDP),
        # SO_EXCLBIND counts as it is now, and SO_REUSEADDR of the first does not help.
        ("A = tcp4(SO_EXCLBIND)\nA.bind(0.0.0.0:P)\nA.setsockopt(SO_EXCLBIND, 0)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
         "ok", i.BESIDE_WILDCARD),
        ("A = tcp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nB = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", i.IN_USE),
        # Three sockets: every holder is asked.
        ("A = tcp4(SO_EXCLBIND)\nA.bind(127.0.0.2:P)\nB = tcp4()\nB.bind(127.0.0.1:P)\nC = tcp4(SO_REUSEADDR)\nC.bind(0.0.0.0:P)",
         "EADDRINUSE", i.EXCLUSIVE),
        ("A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:P)",
         "EADDRINUSE", i.DUPLICATE),
        # UDP stops at the first holder that overlaps; the newest is asked first, a wildcard last.
        ("A = udp4(SO_EXCLBIND)\nA.bind(127.0.0.2:P)\nB = udp4()\nB.bind(127.0.0.1:P)\nC = udp4(SO_REUSEADDR)\nC.bind(0.0.0.0:P)",
         "ok", i.UDP_HIDDEN),
        ("A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4(SO_EXCLBIND)\nB.bind(127.0.0.2:P)\nC = udp4(SO_REUSEADDR)\nC.bind(0.0.0.0:P)",
         "EADDRINUSE", i.EXCLUSIVE_UDP),
        ("A = udp4(SO_EXCLBIND)\nA.bind(127.0.0.2:P)\nB = udp4()\nB.bind(127.0.0.1:P)\nC = udp4(SO_REUSEADDR)\nC.bind(127.0.0.2:P)",
         "EADDRINUSE", i.EXCLUSIVE_UDP),
        # IPV6_V6ONLY after bind: free, and delivery follows.
        ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\nA.listen()\nA.setsockopt(IPV6_V6ONLY, 1)", "ok", c.V6ONLY_LATE),
        ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\nA.listen()\nA.setsockopt(IPV6_V6ONLY, 1)\nconnections(127.0.0.1:P)", "none", NOBODY),
        # A restart: SO_REUSEADDR on the new socket; a server with SO_EXCLBIND that is closing no longer counts.
        (left() + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", i.BESIDE_CONNECTION),
        (left() + CLOSED_BY_US + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", "ok", i.OVER_TIME_WAIT),
        (left() + CLOSED_BY_US + "B = tcp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", i.IN_USE),
        (left("SO_EXCLBIND") + CLOSED_BY_US + "B = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)", "ok", i.OVER_TIME_WAIT),
        (left("SO_EXCLBIND") + CLOSED_BY_CLIENT + "B = tcp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)", "ok", i.BESIDE_CONNECTION),
        (left() + CLOSED_BY_CLIENT + "B = tcp4(SO_REUSEADDR, SO_EXCLBIND)\nB.bind(0.0.0.0:P)", "ok", i.BESIDE_CONNECTION),
        (left() + "B = tcp4(SO_REUSEADDR, SO_EXCLBIND)\nB.bind(0.0.0.0:P)", "EADDRINUSE", i.EXCLUSIVE),
        (left() + CLOSED_BY_US + "elapse(60)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", i.PORT_FREE),
        # listen is not asked again; twice is no error; shutdown does not concern it.
        (LISTENER, "ok", c.LISTEN_IS_FREE),
        (LISTENER + "A.listen()", "ok", Illumos.edges.because(S.LISTEN_AGAIN)),
        (LISTENER + "A.shutdown(RDWR)", "ENOTCONN", c.SHUTDOWN_REFUSED),
        (LISTENER + "A.shutdown(RDWR)\nconnections(127.0.0.1:P)", "A", c.ONLY_MATCH),
        # Four-tuples: EADDRINUSE for TCP, in TIME_WAIT too, EADDRNOTAVAIL for UDP.
        (LISTENER + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)\nB.connect(127.0.0.1:P)\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)\n"
         "C.connect(127.0.0.1:P)", "EADDRINUSE", c.CONNECTION_EXISTS),
        ("A = udp4(SO_REUSEADDR)\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:Q)\n"
         "B.connect(127.0.0.1:P)", "EADDRNOTAVAIL", c.UDP_SAME_CONNECTION),
        # Who receives: the most specific, of equals the oldest; 0.0.0.0 before a dual wildcard; no socket that only is bound.
        ("A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)", "A", c.OLDEST_RECEIVES),
        ("A = udp4()\nA.bind(0.0.0.0:P)\nB = udp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nconnections(127.0.0.1:P)", "A",
         c.OLDEST_WILDCARD_RECEIVES),
        ("A = udp4()\nA.bind(0.0.0.0:P)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)", "B", c.SPECIFIC_FIRST),
        ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\nA.listen()\nB = tcp4()\nB.bind(0.0.0.0:P)\nB.listen()\nconnections(127.0.0.1:P)",
         "B", c.IPV4_FIRST),
        ("A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)",
         "A", c.ONLY_MATCH),
        ("A = tcp6()\nA.bind([::1]:P)\nA.listen()\nconnections([::1]:P)", "A", c.ONLY_MATCH_IPV6),
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.connect(127.0.0.1:P)", "ECONNREFUSED", Illumos.edges.because(S.CONNECT_REFUSED)),
        # Mapped addresses.
        ("A = udp6(IPV6_V6ONLY=1)\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", c.MAPPED_REFUSED_UDP),
        ("A = tcp6(IPV6_V6ONLY=1)\nA.bind([::ffff:127.0.0.1]:P)", "EADDRNOTAVAIL", c.MAPPED_REFUSED),
        ("A = udp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nB = udp4()\nB.bind(127.0.0.1:P)", "EADDRINUSE", i.IN_USE_UDP),
        ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nB = tcp4()\nB.bind(127.0.0.1:P)", "ok", i.FAMILIES_APART),
        ("A = tcp6(IPV6_V6ONLY=0)\nA.bind([::ffff:127.0.0.1]:P)\nB = tcp6()\nB.bind([::]:P)", "EADDRINUSE", i.MAPPED_IS_IPV6),
        # What sockfs asks before the protocol does.
        (REFUSED + "A.bind(127.0.0.1:Q)", "EINVAL", c.BIND_SHUT),
        (REFUSED + "A.listen()", "ok", c.USABLE_AGAIN),
        (REFUSED + "A.setsockopt(SO_REUSEADDR, 1)", "EINVAL", c.SET_SHUT),
        (REFUSED + "A.recv(1)", "end", c.REFUSED_END),
        (REFUSED + "A.send(1)", "EPIPE", c.REFUSED_END),
        (REFUSED + "B = tcp4()\nB.bind(127.0.0.1:Q)", "ok", i.PORT_FREE),
        (REFUSED + "B = tcp4()\nB.bind(127.0.0.1:P)\nB.listen()\nA.connect(127.0.0.1:P)\nA.send(1)", "EPIPE", c.REFUSED_END),
        (LISTENER + "C = tcp4()\nC.connect(127.0.0.1:P)\nC.shutdown(WR)\nC.connect(127.0.0.1:P)", "EINVAL", c.CONNECT_CLOSING),
        ("A = udp4()\nA.connect(127.0.0.1:P)\nA.send(1)\nA.connect(127.0.0.1:Q)", "ECONNREFUSED", c.CONNECT_TELLS),
        ("A = udp4()\nA.bind(224.0.0.251:P)\nA.connect(127.0.0.1:Q)\nB = udp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nB.connect(127.0.0.1:Q)",
         "ok", Illumos.edges.because(S.CONNECT_UDP)),
        # Of a group those hear that joined, and the first alone if it has no SO_REUSEADDR.
        (MEMBER + "B = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)\nconnections(224.0.0.251:P)", "A", c.MEMBERS_ONLY),
        (MEMBER + "B = udp4(SO_REUSEADDR)\nB.bind(224.0.0.251:P)\nB.join(224.0.0.251)\nconnections(224.0.0.251:P)", "A", c.MEMBERS),
    ],
)  # fmt: skip
def test_answer_and_reason(text: str, answer: str, because: Reason) -> None:
    assert last_answers(Illumos, text) == [(answer, because)]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        # TCP and UDP have a function each, and an accepted socket its options from another place than its listener.
        ("A = tcp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)", c.BIND_BOUND),
        ("A = udp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)", c.BIND_BOUND_UDP),
        ("A = tcp4()\nA.bind(127.0.0.1:0)", c.DRAW),
        ("A = udp4()\nA.bind(127.0.0.1:0)", c.DRAW_UDP),
        ("A = udp4()\nA.bind(127.0.0.1:P)", i.PORT_FREE_UDP),
        ("A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\nB.bind(127.0.0.2:P)", i.DISTINCT_UDP),
        ("A = udp4()\nB = A.accept()", c.ACCEPT_UDP),
        (LISTENER + "A.getsockopt(SO_REUSEADDR)", c.GET_OPTION),
        (LISTENER + "B = tcp4()\nB.connect(127.0.0.1:P)\nC = A.accept()\nC.getsockopt(SO_REUSEADDR)", c.INHERITED),
        # The wildcard as a destination, in three functions.
        (LISTENER + "B = tcp4()\nB.connect(0.0.0.0:P)", c.TO_LOOPBACK),
        ("A = tcp6()\nA.bind([::1]:P)\nA.listen()\nB = tcp6()\nB.connect([::]:P)", c.TO_LOOPBACK_IPV6),
        ("A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\nB.connect(0.0.0.0:P)", c.TO_LOOPBACK_UDP),
        # Groups, in a function for each family.
        ("A = udp4()\nA.bind(224.0.0.251:P)\nA.join(224.0.0.251)\nconnections(224.0.0.251:P)", c.MEMBERS),
        ("A = udp6()\nA.bind([ff05::fb]:P)\nA.join([ff05::fb])\nconnections([ff05::fb]:P)", c.MEMBERS_IPV6),
    ],
)
def test_reason(text: str, because: Reason) -> None:
    assert [reason for _, reason in last_answers(Illumos, text)] == [because]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        # In the source a connection has no bound address, and none of its listener's SO_EXCLBIND.
        (left() + "B = tcp4()\nB.bind(127.0.0.2:P)", i.CONNECTION_IS_WILDCARD),
        (left() + CLOSED_BY_US + "B = tcp4()\nB.bind(127.0.0.2:P)", i.CONNECTION_IS_WILDCARD),
        (LISTENER + "B = tcp4()\nB.connect(127.0.0.1:P)\nC = tcp4()\nC.bind(127.0.0.2:port(B))", i.CONNECTION_IS_WILDCARD),
        (left("SO_EXCLBIND") + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", i.EXCLUSIVE_CHILD),
        (left("SO_EXCLBIND", "0.0.0.0") + "B = tcp6(IPV6_V6ONLY=1)\nB.bind([::]:P)", i.EXCLUSIVE_CHILD),
        ("A = udp4()\nA.connect(127.0.0.1:Q)\nB = udp4()\nB.bind(127.0.0.2:port(A))", i.CLIENT_IS_WILDCARD_UDP),
        # Nor does it look at the address that connect chose.
        (LISTENER + "B = tcp4()\nB.bind(0.0.0.0:Q)\nB.connect(127.0.0.1:P)\nC = tcp4()\nC.bind(127.0.0.2:Q)", i.CONNECTION_IS_WILDCARD),
        ("A = udp4()\nA.bind(0.0.0.0:Q)\nA.connect(127.0.0.1:P)\nB = udp4()\nB.bind(127.0.0.2:Q)", i.CLIENT_IS_WILDCARD_UDP),
    ],
)
def test_disputed(text: str, because: Reason) -> None:
    found = last_answers(Illumos, text)
    assert sorted(found, key=lambda world: world[0]) == [("EADDRINUSE", because), ("ok", because)]


UDP_GROUP = "A = udp4({0})\nA.bind(127.0.0.1:P)\nB = udp4({0})\nB.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)"


@pytest.mark.parametrize(
    ("version", "text", "expected"),
    [
        ("11", UDP_GROUP.format("SO_REUSEPORT"), [("A", s.REUSEPORT_UNBALANCED), ("B", s.REUSEPORT_UNBALANCED)]),
        ("11.3", UDP_GROUP.format("SO_REUSEPORT"), [("A", s.REUSEPORT_UNBALANCED), ("B", s.REUSEPORT_UNBALANCED)]),
        ("11.4", UDP_GROUP.format("SO_REUSEPORT"), [("both", s.REUSEPORT_BALANCES)]),
        ("", UDP_GROUP.format("SO_REUSEADDR, SO_REUSEPORT"), [("A", s.REUSEADDR_UNBALANCES), ("B", s.REUSEADDR_UNBALANCES)]),
        ("", "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
         [("ok", s.REUSEPORT_SHARES)]),
        ("", "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)", [("unknown", s.REUSEPORT_GAP)]),
        ("", "A = tcp4(SO_REUSEPORT)\nA.bind(0.0.0.0:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)", [("unknown", s.REUSEPORT_GAP)]),
        ("", "A = tcp4(SO_REUSEPORT)\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P)", [("EADDRINUSE", s.OWN[i.IN_USE.id])]),
        # SO_EXCLBIND is asked first, and where it is disputed whether somebody is in the way SO_REUSEPORT has no part.
        ("", "A = tcp4(SO_REUSEPORT, SO_EXCLBIND)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEPORT)\nB.bind(127.0.0.1:P)",
         [("EADDRINUSE", s.EXCLUSIVE)]),
        ("", LISTENER + "B = tcp4()\nB.connect(127.0.0.1:P)\nC = tcp4(SO_REUSEPORT)\nC.bind(127.0.0.2:port(B))",
         [("EADDRINUSE", s.OWN[i.CONNECTION_IS_WILDCARD.id]), ("ok", s.OWN[i.CONNECTION_IS_WILDCARD.id])]),
    ],
)  # fmt: skip
def test_reuseport_of_solaris(version: str, text: str, expected: list[tuple[str, Reason]]) -> None:
    assert sorted(last_answers(partial(Solaris, version=version), text), key=lambda world: world[0]) == expected


@pytest.mark.parametrize("make", [Illumos, partial(Solaris, version="10")])
def test_no_reuseport(make: Callable[[], Model]) -> None:
    with pytest.raises(Untestable, match="SO_REUSEPORT"):
        make().play(call for call, _ in parse("A = tcp4(SO_REUSEPORT)"))


def test_what_solaris_is_expected_to_do_was_read_in_illumos_or_documented() -> None:
    read = {one.id: one for module in (i, c) for one in vars(module).values() if isinstance(one, Own)}
    assert s.OWN.keys() == read.keys()
    assert {own.id for own in s.OWN.values()} == {identifier.replace("illumos/", "solaris/") for identifier in read}
    assert {own.basis for own in s.OWN.values()} == {"predicted", "documented", "disputed", "unknown"}
    assert {own.id for own in s.OWN.values() if own.basis == "documented"} == {"solaris/exclbind", "solaris/exclbind-udp"}


def test_a_row_of_solaris_is_predicted_from_that_of_illumos() -> None:
    because = Solaris.edges.because(S.CONNECT_REFUSED)
    assert isinstance(because, Clause)
    assert (because.id, because.basis, because.source) == (
        "solaris/connect-refused",
        "predicted",
        Illumos.edges.because(S.CONNECT_REFUSED).source,
    )
