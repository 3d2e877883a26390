"""A program is one thing: a second instance of it starts only if each of its sockets does."""

from __future__ import annotations

import pytest

from fixtures.models import Platform
from reports.calls import parse_calls
from reports.porting.contents import SituationReport
from reports.porting.report import report
from reports.porting.text import as_text
from tests.helpers.servers import PLAYER

#: As a name server does: UDP and TCP at one port, both with SO_REUSEADDR.
NAME_SERVER = """\
A = udp4(SO_REUSEADDR)
A.bind(127.0.0.1:15353) = ok
B = tcp4(SO_REUSEADDR)
B.bind(127.0.0.1:15353) = ok
B.listen() = ok
"""
TWO_WORKERS = "".join(f"{name} = tcp4(SO_REUSEPORT)\n{name}.bind(0.0.0.0:18080)\n{name}.listen()\n" for name in "AB")


def program(text: str, target: str) -> dict[str, SituationReport]:
    made = report(parse_calls(text.encode(), "calls"), "calls", Platform("linux"), [Platform(target)], PLAYER)
    return {one.id: one for one in made.program.situations}


def test_the_second_instance_is_refused_if_one_socket_is() -> None:
    second = program(NAME_SERVER, "freebsd")["second-instance"]
    assert second.from_.outcome == "refused (bind of tcp4 127.0.0.1:15353: EADDRINUSE)"
    assert [one.socket for one in second.from_.refused] == ["tcp4 127.0.0.1:15353"]
    assert (second.to["freebsd"].verdict, second.to["freebsd"].answer.outcome) == (
        "same",
        "refused (bind of udp4 127.0.0.1:15353: EADDRINUSE)",
    )


def test_where_every_socket_is_granted_it_starts() -> None:
    second = program(NAME_SERVER, "windows")["second-instance"].to["windows"]
    assert (second.verdict, second.answer.outcome) == ("risk", "starts; who receives is undetermined")


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        # One socket shares on Linux, and on FreeBSD the newcomer takes all.
        (TWO_WORKERS, "", "risk"),
        # Beside a socket that keeps a second instance out on both, what the others would give does not count.
        (TWO_WORKERS, "C = tcp4()\nC.bind(127.0.0.1:18090)\nC.listen()\n", "same"),
    ],
)
def test_the_verdict_is_that_of_the_worst_socket_that_starts(first: str, second: str, word: str) -> None:
    assert program(first + second, "freebsd")["second-instance"].to["freebsd"].verdict == word


def test_a_program_restarts_only_if_all_its_servers_do() -> None:
    without = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:80)\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:8443)\nB.listen()\n"
    assert program(without.replace(":80)", ":8080)"), "windows")["restart-live"].from_.outcome == (
        "refused (bind of tcp4 127.0.0.1:8443: EADDRINUSE)"
    )


def test_a_program_with_one_server_meets_what_its_server_meets() -> None:
    one = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:8080)\nA.listen()\n"
    made = report(parse_calls(one.encode(), "calls"), "calls", Platform("linux"), [Platform("windows")], PLAYER)
    server = {asked.id: asked for asked in made.servers[0].situations}
    for asked in made.program.situations:
        assert asked.from_ == server[asked.id].from_
        assert asked.to["windows"].verdict == server[asked.id].to["windows"].verdict
        assert asked.to["windows"].answer == server[asked.id].to["windows"].answer


#: Workers with a socket each, at the address of a name server and at the wildcard of another port, as unbound has them.
WORKERS = "".join(
    f"{name} = {kind}(SO_REUSEADDR, SO_REUSEPORT)\n{name}.bind({host}) = ok\n" + f"{name}.listen() = ok\n" * (kind == "tcp4")
    for name, kind, host in [
        *(("A", "tcp4", "127.0.0.1:5300"), ("B", "tcp4", "127.0.0.1:5300")),
        *(("C", "tcp4", "0.0.0.0:5301"), ("D", "tcp4", "0.0.0.0:5301")),
    ]
)


def test_the_program_meets_what_its_worst_server_meets() -> None:
    second = program(WORKERS, "macos")["second-instance"].to["macos"]
    assert (second.verdict, second.answer.outcome) == ("breaks", "starts, and receives nothing at tcp4 0.0.0.0:5301")


def test_what_every_server_must_do_is_said_once() -> None:
    made = report(parse_calls(WORKERS.encode(), "calls"), "calls", Platform("linux"), [Platform("freebsd")], PLAYER)
    said = as_text(made)
    assert said.count("[reuseport-lb]") == said.count("they share -> one of them receives all") == 1
    first, second = (said.index(f"2 x tcp4 {place}") for place in ("127.0.0.1:5300", "0.0.0.0:5301"))
    assert said.index("each of them") < said.index("[reuseport-lb]") < first < said.index("neighbour on the wildcard") < second


def test_no_advice_costs_the_start() -> None:
    made = report(parse_calls(WORKERS.encode(), "calls"), "calls", Platform("linux"), [Platform("macos")], PLAYER)
    offered = [offer for server in made.servers for one in server.situations for offer in one.to["macos"].instead]
    assert offered
    assert not any(cost.situation == "start" for offer in offered for cost in offer.costs)
