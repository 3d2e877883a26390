"""The list of limits, and what counts as one."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.language.words import OK
from fixtures.standin.limits import LIMITS, coverage, limit_of
from reports.__main__ import main
from reports.catalogue import ROOT

SERVERS = """\
A = tcp4()
A.bind({one}:P) = ok
A.listen() = ok
B = tcp4()
B.bind({other}:P) = ok
B.listen() = ok
"""
#: A server whose first socket has another peer than its second.
TWO_CLIENTS = """\
A = udp4()
A.bind(127.0.0.1:P) = ok
A.connect(127.0.0.1:Q) = ok
B = udp4()
B.bind(127.0.0.1:0) = ok
B.connect(127.0.0.1:P) = ok
C = udp4()
C.bind(127.0.0.1:P) = ok
C.connect(127.0.0.1:port(B)) = ok
B.send(1) = ok
"""

#: A client that was refused, and now listens.
REFUSED = "A = tcp4()\nA.bind(127.0.0.1:0) = ok\nA.connect(127.0.0.1:P) = ECONNREFUSED\nA.listen() = ok\n"


def parted(script: str, expected: str) -> str:
    """The name of the limit that explains why the last line of a script has another answer than the one expected; empty if none does."""
    observed = [(call, answer or OK) for call, answer in parse(script)]
    predicted = [*observed[:-1], parse(f"{script.rpartition(' = ')[0]} = {expected}")[-1]]
    limit = limit_of(observed, [(call, answer or OK) for call, answer in predicted])
    return limit.name if limit else ""


@pytest.mark.parametrize(
    ("script", "expected", "limit"),
    [
        ("A = unix()\nA.bind(/F) = ok\nA.recv(1) = EINVAL", "ENOTCONN", "unix"),
        ("make(/F) = ok", "EACCES", "unix"),
        ("A = tcp4()\nA.send(1) = EPIPE", "ENOTCONN", "kernel-calls"),
        ("A = tcp4()\nA.shutdown(WR) = ENOTCONN\nA.bind(127.0.0.1:P) = ok", "EINVAL", "kernel-endings"),
        ("A = tcp4()\nA.connect(127.0.0.1:P) = ECONNREFUSED\nA.listen() = EINVAL", "ok", "kernel-refuses"),
        (SERVERS.format(one="127.0.0.1", other="0.0.0.0") + "connections(127.0.0.1:P) = A", "B", "most-specific"),
        (SERVERS.format(one="127.0.0.1", other="127.0.0.1") + "connections(127.0.0.1:P) = A", "none", "nobody-receives"),
        ("A = udp4()\nA.bind(0.0.0.0:P) = ok\nA.join(224.0.0.251) = ok\nconnections(224.0.0.251:P) = A", "none", "nobody-receives"),
        (
            "A = udp4()\nA.bind(0.0.0.0:P) = ok\nB = udp4()\nB.bind(0.0.0.0:P) = ok\nconnections(224.0.0.251:P) = each",
            "A",
            "multicast-copies",
        ),
        (TWO_CLIENTS + "C.recv(1) = ok", "EAGAIN", "nobody-receives"),
        (
            SERVERS.format(one="127.0.0.1", other="0.0.0.0") + "C = tcp4()\nC.connect(127.0.0.1:P) = ok\nD = B.accept() = EAGAIN",
            "ok",
            "most-specific",
        ),
        (REFUSED + "connections(127.0.0.2:port(A)) = none", "A", "named-address"),
        ("A = tcp4(SO_REUSE_UNICASTPORT)\nA.bind(127.0.0.1:0) = ok\nA.getsockopt(SO_REUSEADDR) = 0", "1", "drawn-ports"),
    ],
)
def test_where_a_limit_is_met(script: str, expected: str, limit: str) -> None:
    assert parted(script, expected) == limit


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("A = tcp4()\nA.bind(127.0.0.1:P) = ok", "EADDRINUSE"),
        ("A = tcp4()\nA.bind(127.0.0.1:P) = EADDRINUSE", "ok"),
        ("A = tcp4()\nA.bind(127.0.0.1:P) = ok\nA.listen() = ok", "EADDRINUSE"),
        (SERVERS.format(one="127.0.0.1", other="127.0.0.1") + "connections(127.0.0.1:P) = A", "B"),
        (SERVERS.format(one="0.0.0.0", other="0.0.0.0") + "connections(127.0.0.1:P) = both", "A"),
        (REFUSED + "connections(127.0.0.1:port(A)) = none", "A"),
        (REFUSED.replace("A.connect(127.0.0.1:P) = ECONNREFUSED\n", "") + "connections(127.0.0.2:port(A)) = none", "A"),
        # Another one received than the platform has it, whatever call tells of it.
        (SERVERS.format(one="127.0.0.1", other="127.0.0.1") + "C = tcp4()\nC.connect(127.0.0.1:P) = ok\nD = B.accept() = EAGAIN", "ok"),
        ("A = udp4()\nA.bind(127.0.0.1:P) = ok\nB = udp4()\nB.bind(127.0.0.1:P) = ok\nB.recv(1) = EAGAIN", "ok"),
        ("A = udp4()\nA.bind(224.0.0.251:P) = ok\nB = udp4()\nB.join(224.0.0.251) = ok\nconnections(224.0.0.251:P) = none", "A"),
        # Somebody else sent, or set an option, where nothing has come to its end.
        ("A = udp4()\nA.connect(127.0.0.1:Q) = ok\nA.send(1) = ok\nB = tcp4()\nB.bind(127.0.0.1:P) = ok", "EADDRINUSE"),
        ("A = tcp4(SO_LINGER=0)\nA.bind(127.0.0.1:P) = ok\nB = tcp4()\nB.bind(127.0.0.1:P) = ok", "EADDRINUSE"),
    ],
)
def test_what_no_limit_excuses(script: str, expected: str) -> None:
    """These are what the stand-in is for."""
    assert parted(script, expected) == ""


def test_traces_that_agree_meet_no_limit() -> None:
    same = [(call, answer or OK) for call, answer in parse("A = tcp4()\nA.bind(127.0.0.1:P) = ok")]
    assert limit_of(same, same) is None


def test_names_are_unique_and_sentences_are_sentences() -> None:
    assert len({limit.name for limit in LIMITS}) == len(LIMITS)
    assert all(limit.sentence.endswith(".") for limit in LIMITS)


def test_the_page_has_the_list() -> None:
    rows = [f"| `{limit.name}` | {limit.sentence} |" for limit in LIMITS]
    page = (ROOT / "docs" / "as.md").read_text(encoding="utf-8").partition("## What cannot be had")[2]
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows


def test_the_verb_prints_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["as", "windows", "--limits"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if not line.startswith(" ")] == [limit.name for limit in LIMITS]


def test_coverage_counts_what_the_platform_has_an_answer_to() -> None:
    verdicts = [
        ("conforms", ""),
        ("variant", ""),
        ("untestable", "limit kernel-calls of the stand-in"),
        ("untestable", "option X is absent"),
        ("untestable", "the platform has no answer: nothing was sent"),
        ("unrecorded", "unknown"),
    ]
    told = coverage([{"verdict": verdict, "why": why} for verdict, why in verdicts])
    assert told == "2 of 3 experiments with an answer could be tried on the stand-in: 66.7 %."
