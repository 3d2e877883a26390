from __future__ import annotations

import pytest

from fixtures.language.kinds import family_of, protocol_of
from fixtures.language.notation import Call, NotationError, parse, parse_line
from fixtures.language.stack import format_trace
from fixtures.language.words import Answer
from fixtures.models.linux import Linux
from fixtures.models.stevens import Stevens
from fixtures.record.verdicts import observe
from reports.catalogue import all_rows
from tests.helpers.sampling import exhaustively


#: One experiment in so many is played here; the exhaustive tests play all.
@pytest.mark.parametrize("one_in", [10, *exhaustively(1)])
def test_every_call_of_every_experiment_round_trips(one_in: int) -> None:
    made: dict[Call, Answer] = {}
    for row in all_rows()[::one_in]:
        for model in (Stevens(), Linux()):
            made.update(observe(row.script, model).trace)
    wrong = []
    for call, answer in made.items():
        try:
            read = parse_line(f"{call} = {answer}")
        except NotationError as error:
            wrong.append(str(error))
        else:
            if read != (call, answer):
                wrong.append(f"{call!r} reads as {read[0]!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("one_in", [10, *exhaustively(1)])
def test_every_trace_reads_back_as_a_script_and_plays_the_same(one_in: int) -> None:
    wrong = []
    for row in all_rows()[::one_in]:
        seen = observe(row.script, Linux())
        if seen.problem:
            continue
        again = Linux()
        try:
            again.play(call for call, _ in parse("\n".join(seen.lines)))
        except Exception as error:
            wrong.append(f"{row.experiment.id}: {error}")
        else:
            if format_trace(again.trace) != seen.lines:
                wrong.append(row.experiment.id)
    assert not wrong, "\n".join(wrong)


def test_comments_and_blank_lines_are_skipped() -> None:
    assert parse("\n# nothing\nA = tcp4()  # a socket\n") == [(Call("tcp4", makes="A"), None)]


@pytest.mark.parametrize(
    ("script", "line", "remedy"),
    [
        ("what is this", 1, "expected NAME = ACTOR: NAME.VERB(ARGUMENTS) = ANSWER"),
        ("A = tcp4()\nA.bond(127.0.0.1:P)", 2, "unknown call 'bond'; known are tcp4"),
        ("tcp4()", 1, "write NAME = ... in front"),
        ("A = tcp4()\nB = A.listen()", 2, "leave out 'NAME ='"),
        ("listen()", 1, "write NAME.listen(...)"),
        ("A = tcp4()\nA.connections(127.0.0.1:P)", 2, "write connections(...)"),
        ("A = nobody: tcp4()", 1, "known are other, stranger, stranger2, root"),
        ("A = tcp4()\nother: A.listen()", 2, "only the line that makes a socket names an actor"),
        ("A = tcp4()\nA.bind(localhost:P)", 2, "bind does not take (localhost:P)"),
        ("A = tcp4(SO_NOSUCH)", 1, "tcp4 does not take (SO_NOSUCH)"),
        ("A = tcp4()\nA.shutdown(UP)", 2, "shutdown does not take (UP)"),
        ("A = tcp4()\nA.bind([::1]:P)", 2, "A is an IPv4 socket; write an IPv4 address"),
        ("A = tcp6()\nB = A.dup()\nB.bind(127.0.0.1:P)", 3, "B is an IPv6 socket; write an IPv6 address"),
        ("A = tcp4()\nA.bind(127.0.0.256:P)", 2, "127.0.0.256:P is not an address"),
        ("A = tcp4()\nA.bind(127.0.0.1:65536)", 2, "a port up to 65535"),
        ("A = tcp4()\nA.connect(1.2.3.4.5:P)", 2, "connect does not take (1.2.3.4.5:P)"),
        ("A = udp4()\nA.join(224.0.0.256)", 2, "224.0.0.256:P is not an address"),
        ("A = udp4()\nA.leave(ff05::fb)", 2, "leave does not take (ff05::fb)"),
        ("A = udp4()\nA.leave([ff05::fb])", 2, "A is an IPv4 socket; write an IPv4 group"),
        ("A = unixgram()\nA.leave(224.0.0.251)", 2, "A is a socket of AF_UNIX; write a name"),
        ("A = tcp4()\nA.sendto(127.0.0.1:P)", 2, "A sends no datagrams; sendto is for UDP and unixgram"),
        ("A = tcp4()\nB = A.accept()\nB.sendto(127.0.0.1:P)", 3, "B sends no datagrams"),
        ("A = udp4()\nA.sendto([::1]:P)", 2, "A is an IPv4 socket; write an IPv4 address"),
        ("A = udp4()\nA.sendto(/F)", 2, "A is an IPv4 socket; write an IPv4 address"),
        ("A = udp4()\nA.disconnect(127.0.0.1:P)", 2, "disconnect does not take (127.0.0.1:P)"),
        ("A = unixgram()\nA.disconnect()", 2, "A is a socket of AF_UNIX, and disconnect is for one of IPv4 or IPv6"),
        ("A = unixgram()\nA.sendto(127.0.0.1:P)", 2, "A is a socket of AF_UNIX; write a name"),
        ("A = tcp4(SO_LINGER=2147483648)", 1, "the largest number is 2147483647"),
        ("elapse(" + "9" * 5000 + ")", 1, "the largest number is 2147483647"),
        ("elapse(\u0663)", 1, "elapse does not take (\u0663)"),
        ("run(nosuch, 127.0.0.1:P)", 1, "run does not take (nosuch, 127.0.0.1:P)"),
        ("A.listen()", 1, "no earlier line makes A"),
        ("A = tcp4()\nA.pass(other)", 2, "A is an IPv4 socket, and pass(other) is for one of AF_UNIX"),
        ("A = unix()\nA.pass(other)\nB = take()", 3, "nothing was passed to the first process"),
        ("A = unix()\nA.pass(other)\nB = other: take()\nC = other: take()", 4, "nothing was passed to other"),
        ("A = unix()\nA.pass(other)\nkill(other)\nB = other: take()", 4, "nothing was passed to other"),
        ("A = unix()\nA.pass(other)\nB = other: take()\nB.sendto(/F)", 4, "B sends no datagrams"),
        ("A = tcp4()\nA.connect(127.0.0.1:port(B))", 2, "no earlier line makes B"),
        ("A = tcp4()\n\nA = tcp4()", 3, "A already exists"),
        ("A = tcp4()\nA.setsockopt(IP_LOCAL_PORT_RANGE, 5)", 2, "setsockopt does not take (IP_LOCAL_PORT_RANGE, 5)"),
        ("A = tcp4()\nA.setsockopt(IP_LOCAL_PORT_RANGE, port(B))", 2, "no earlier line makes B"),
    ],
)
def test_a_malformed_line_is_named_with_its_remedy(script: str, line: int, remedy: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(script)
    message = str(caught.value)
    assert message.startswith(f"line {line}: {script.splitlines()[line - 1]!r}: ")
    assert remedy in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("kind", "protocol", "family"), [("tcp4", "tcp", 4), ("tcp6", "tcp", 6), ("mptcp4", "tcp", 4), ("mptcp6", "tcp", 6), ("udp6", "udp", 6)]
)
def test_a_kind_has_a_protocol_and_a_family(kind: str, protocol: str, family: int) -> None:
    assert (protocol_of(kind), family_of(kind)) == (protocol, family)
    assert str(parse_line(f"A = {kind}(SO_REUSEADDR)")[0]) == f"A = {kind}(SO_REUSEADDR)"


def test_a_socket_of_multipath_tcp_has_addresses_of_its_family() -> None:
    with pytest.raises(NotationError, match="write an IPv6 address"):
        parse("A = mptcp6()\nA.bind(127.0.0.1:P)")
