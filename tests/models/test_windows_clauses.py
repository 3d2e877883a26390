"""What decides on Windows, Cygwin and WSL1: every cell of Microsoft's tables, and what short scripts show of the rest."""

from __future__ import annotations

import pytest

from fixtures.language.stack import Untestable
from fixtures.models import situations as S
from fixtures.models.cygwin import clauses as cygwin
from fixtures.models.cygwin import passed
from fixtures.models.cygwin.edges import EDGES as CYGWIN
from fixtures.models.windows import call_clauses as k
from fixtures.models.windows import clauses as w
from fixtures.models.windows import receiver_clauses as r
from fixtures.models.windows import reset_clauses as b
from fixtures.models.windows import table_clauses as t
from fixtures.models.windows.edges import EDGES
from fixtures.models.windows.tables import EX, RA, TABLE_1, TABLE_2, TABLE_3, TESTED, Table
from fixtures.models.wsl1 import clauses as wsl1
from fixtures.specification.clauses import Reason, sides_of
from tests.models.test_windows import CHILD, CLOSED, OWN_PORT, SERVED, answers, only

OPTIONS = {"Default": "", RA: RA, EX: EX}
PLACES = {"wildcard": "W", "specific": "S"}
SAME = "where both are the wildcard or both the specific address"
OTHER = "where one is the wildcard and the other a specific address"


def named(kind: tuple[str, str], words: str) -> bool:
    """Whether a row or a column is one of those that are named: by its option, by its place, or by both."""
    ways = [part.split(" ") for part in words.split(" and ")]
    return any(all(OPTIONS.get(word) == kind[0] or PLACES.get(word) == kind[1] for word in way) for way in ways)


def told(first: tuple[str, str], second: tuple[str, str], locator: str) -> bool:
    """Whether a place in a table names this cell."""
    for part in locator.split(", ")[1:]:
        if part in (SAME, OTHER):
            found = (first[1] == second[1]) == (part == SAME)
        else:
            kind, _, words = part.partition(" ")
            found = named(first if kind.startswith("row") else second, words)
        if not found:
            return False
    return True


@pytest.mark.parametrize(("number", "table"), [(1, TABLE_1), (2, TABLE_2), (3, TABLE_3)])
def test_the_place_of_a_clause_names_the_cells_that_it_decides(number: int, table: Table) -> None:
    assert len(table) == 36
    wrong = []
    for (one, where, two, there), answer in table.items():
        assert answer.because
        place = (sides_of(answer.because) or [answer.because])[0].source.locator
        if not (place.startswith(f"table {number}, ") and told((one, where), (two, there), place)):
            wrong.append(f"{one or 'Default'} {where}, {two or 'Default'} {there}: {place}")
    assert wrong == []


def test_a_clause_of_a_table_is_in_that_table_alone() -> None:
    tables = [{answer.because.id for answer in table.values() if answer.because} for table in (TABLE_1, TABLE_2, TABLE_3)]
    assert len(set.union(*tables)) == sum(map(len, tables))


def test_what_sounds_alike_differs_by_table() -> None:
    assert t.HELD_3.statement == f"Between two users: {t.HELD.statement}"
    assert t.FOREIGN_WILDCARD.source.locator.startswith("table 3")


SERVES_IPV4 = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\n"
SHUT_LISTENER = SERVES_IPV4 + "A.shutdown({})\n"
FROM_WILDCARD = SERVES_IPV4 + "B = tcp4()\nB.bind(0.0.0.0:Q)\nB.connect(127.0.0.1:P)\n"
TWO_UDP = "A = udp4()\nA.bind(0.0.0.0:P)\nB = udp4()\nB.bind(127.0.0.1:P)\n"
HOLDS = "A = tcp4({0})\nA.bind({1}:P)\nB = {2}tcp4({3})\nB.bind({4}:P)"
WILD, ONE = "0.0.0.0", "127.0.0.1"
DUAL = "A = {0}6(IPV6_V6ONLY=0{1})\nA.bind([::]:P)\nB = {2}4({3})\nB.bind(0.0.0.0:P)"
REFUSED_THEN_SERVED = "A = tcp4()\nA.connect(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P)\nB.listen()\n"
UNREACHABLE = "A = udp4()\nA.connect(127.0.0.1:P)\nA.send(1)"
#: Sockets that keep their descriptor: a client that was reset, an accepted connection that was, and one in TIME_WAIT.
RESET = OWN_PORT.format("") + "D.setsockopt(SO_LINGER, 0)\nD.close()\nB.recv(1)\n"
CHILD_RESET = CHILD + "C.setsockopt(SO_LINGER, 0)\nC.close()\n"
TIME_WAIT_OPEN = "D.shutdown(WR)\nC.recv(1)\nC.close()\nshows(127.0.0.1:P, TIME_WAIT)\n"


@pytest.mark.parametrize(
    ("spec", "script", "expected"),
    [
        # Nobody is in the way.
        ("windows", "A = tcp4()\nA.bind(127.0.0.1:P)", only("ok", because=w.FREE)),
        ("windows", HOLDS.format("", ONE, "", "", "127.0.0.2"), only("ok", because=w.DIFFERENT)),
        ("windows", "A = tcp6(IPV6_V6ONLY=1)\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", only("ok", because=w.V6ONLY_APART)),
        # Cells that follow the rule as well as those that break one.
        ("windows", HOLDS.format("", WILD, "", RA, ONE), only("ok", because=t.REUSE_SPECIFIC)),
        ("windows", HOLDS.format(RA, WILD, "stranger: ", RA, ONE), only("ok", because=t.REUSE_SPECIFIC_3)),
        ("windows", HOLDS.format("", ONE, "", RA, WILD), only("ok", because=t.REUSE_WILDCARD)),
        ("windows", HOLDS.format("", ONE, "", EX, WILD), only("EADDRINUSE", because=TESTED["tcp"]["", "S", EX, "W"])),
        ("windows", HOLDS.format(RA, ONE, "", EX, WILD), only("EADDRINUSE", because=t.EXCLUSIVE_ASKS_ALL)),
        ("windows", HOLDS.format("", ONE, "", EX, ONE), only("EADDRINUSE", because=TESTED["tcp"]["", "S", EX, "S"])),
        ("windows", HOLDS.format(RA, ONE, "", EX, ONE), only("EADDRINUSE", because=t.EXCLUSIVE_ASKS)),
        ("windows", HOLDS.format(EX, ONE, "stranger: ", "", ONE), only("EADDRINUSE", because=t.EXCLUSIVE_HOLDS_3)),
        ("windows", HOLDS.format(RA, ONE, "stranger: ", "", ONE), only("EADDRINUSE", "EACCES", because=t.KERNEL_TABLE_3)),
        ("windows@xp", HOLDS.format("", ONE, "stranger: ", "", ONE), only("EADDRINUSE", because=t.HELD_1)),
        ("windows@xp", HOLDS.format(RA, ONE, "", RA, ONE), only("ok", because=t.DUPLICATES_1)),
        ("windows@xp", HOLDS.format(EX, ONE, "", RA, WILD), only("EACCES", because=t.EXCLUSIVE_EACCES_1)),
        # What is left of a server that is gone, with SO_REUSEADDR on both.
        (
            "windows",
            SERVED.format(RA) + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("ok", because=w.REUSE_CHILD),
        ),
        ("windows@xp", CHILD + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", only("ok", because=w.REUSE_CHILD)),
        ("windows", SERVED.format(RA) + CLOSED + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", only("ok", because=w.TIME_WAIT_IS_FREE)),
        ("windows@nt4", SERVED.format(RA) + CLOSED + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", only("ok", because=w.REUSE_CHILD)),
        ("windows", CHILD + "B = tcp4()\nB.bind(127.0.0.1:P)\nB.listen()", only("ok", because=r.LISTENS)),
        # Sockets that are not closed, though their connection is over.
        ("windows", RESET + "E = tcp4()\nE.bind(127.0.0.1:Q)", only("unknown", because=w.UNCLOSED)),
        ("windows", RESET + "B.close()\nE = tcp4()\nE.bind(127.0.0.1:Q)", only("ok", because=w.FREE)),
        ("windows", RESET + "E = tcp4()\nE.bind(127.0.0.2:Q)", only("ok", because=w.FREE)),
        ("windows", RESET + "E = udp4()\nE.bind(127.0.0.1:Q)", only("ok", because=w.FREE)),
        ("cygwin", RESET + "E = tcp4()\nE.bind(127.0.0.1:Q)", only("unknown", because=passed.UNCLOSED)),
        ("wsl1", RESET + "E = tcp4()\nE.bind(127.0.0.1:Q)", only("unknown", because=wsl1.WORDS[w.UNCLOSED.id])),
        ("windows", CHILD_RESET + "E = tcp4()\nE.bind(127.0.0.1:P)", only("ok", because=w.CHILD_OVER)),
        ("windows", CHILD_RESET + "E = stranger: tcp4()\nE.bind(127.0.0.1:P)", only("unknown", because=w.UNCLOSED)),
        ("windows", CHILD + TIME_WAIT_OPEN + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=w.TIME_WAIT_UNCLOSED)),
        (
            "windows",
            SERVED.format(RA) + TIME_WAIT_OPEN + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("ok", because=w.REUSE_CHILD),
        ),
        ("wsl1", CHILD + TIME_WAIT_OPEN + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=wsl1.TIME_WAIT_UNCLOSED)),
        # A client that was at the wildcard until it connected.
        ("windows", FROM_WILDCARD + "C = tcp4()\nC.bind(127.0.0.1:Q)", only("EADDRINUSE", because=w.CONNECT_BINDS)),
        ("windows", FROM_WILDCARD + "C = tcp4()\nC.bind(127.0.0.2:Q)", only("ok", because=w.CONNECT_LEAVES)),
        ("cygwin", FROM_WILDCARD + "C = tcp4()\nC.bind(127.0.0.2:Q)", only("unknown", because=cygwin.CONNECT_LEAVES)),
        ("wsl1", FROM_WILDCARD + "C = tcp4()\nC.bind(127.0.0.2:Q)", only("ok", because=wsl1.CONNECT_LEAVES)),
        (
            "windows",
            OWN_PORT.format(RA) + "C = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)\nC.connect(127.0.0.1:P)",
            only("EADDRINUSE", because=k.CONNECTED_TWICE),
        ),
        ("windows", SERVES_IPV4 + "C = tcp6(IPV6_V6ONLY=0)\nC.connect([::ffff:127.0.0.1]:P)", only("ok", because=k.CONNECT_MAPPED)),
        ("cygwin", SERVES_IPV4 + "C = tcp6(IPV6_V6ONLY=0)\nC.connect([::ffff:127.0.0.1]:P)", only("ok", because=passed.CONNECT_MAPPED)),
        ("wsl1", SERVES_IPV4 + "C = tcp6(IPV6_V6ONLY=0)\nC.connect([::ffff:127.0.0.1]:P)", only("ok", because=wsl1.CONNECT_MAPPED)),
        # Who receives.
        ("windows", SERVES_IPV4 + "connections(127.0.0.1:P)", only("A", because=r.RECEIVES)),
        ("windows", "A = udp4()\nA.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)", only("A", because=r.RECEIVES_DATAGRAMS)),
        ("windows", TWO_UDP + "connections(127.0.0.1:P)", only("B", because=r.SPECIFIC_RECEIVES_DATAGRAMS)),
        ("windows", "A = udp6(IPV6_V6ONLY=0)\nA.bind([::]:P)\nconnections(127.0.0.1:P)", only("A", because=r.DUAL_RECEIVES)),
        ("windows", "A = tcp6(IPV6_V6ONLY=0)\nA.bind([::1]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", only("ok", because=w.OTHER_FAMILY)),
        (
            "cygwin",
            HOLDS.format(RA, WILD, "", RA, ONE) + "\nA.listen()\nB.listen()\nconnections(127.0.0.1:P)",
            only("B", because=passed.SPECIFIC_RECEIVES),
        ),
        # Listening, and what an accepted socket has.
        ("windows", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()", only("ok", because=r.LISTENS)),
        ("windows", HOLDS.format("", WILD, "", "", ONE) + "\nA.listen()\nB.listen()", only("ok", because=r.LISTENS_BESIDE)),
        ("windows", CHILD + "D.getsockopt(SO_REUSEADDR)", only("0", because=k.ACCEPTED_OPTION)),
        ("windows", "A = tcp4()\nA.getsockopt(SO_REUSEADDR)", only("0", because=k.GET_OPTION)),
        ("windows", "A = tcp4()\nA.connect(0.0.0.0:P)", only("EADDRNOTAVAIL", because=k.TO_ANY)),
        ("windows", "A = tcp4()\nA.connect(127.0.0.1:P)", only("ECONNREFUSED", because=EDGES.because(S.CONNECT_REFUSED))),
        ("windows", "A = tcp6()\nA.bind([::ffff:127.0.0.1]:P)", only("EADDRNOTAVAIL", because=w.V6ONLY_MAPPED)),
        (
            "windows",
            CHILD + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)\nD.recv(1)",
            only("ECONNRESET", because=k.RECV_AFTER_RESET),
        ),
        ("wsl1", CHILD + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)\nD.recv(1)", only("unknown", because=wsl1.GAP)),
        # [::] without IPV6_V6ONLY and 0.0.0.0: who may bind beside whom, and who receives over UDP.
        ("windows", DUAL.format("tcp", "", "tcp", ""), only("ok", because=w.DUAL_FIRST)),
        ("windows", DUAL.format("tcp", f", {EX}", "tcp", ""), only("EACCES", because=w.DUAL_FIRST_EXCLUSIVE)),
        ("windows", DUAL.format("tcp", f", {EX}", "tcp", EX), only("EACCES", "EADDRINUSE", because=w.DUAL_WILDCARDS)),
        ("windows", DUAL.format("udp", "", "udp", ""), only("ok", because=w.DUAL_UDP)),
        ("windows", DUAL.format("udp", f", {EX}", "udp", EX), only("EADDRINUSE", because=w.DUAL_UDP_EXCLUSIVE)),
        ("windows", DUAL.format("udp", "", "udp", "") + "\nconnections(127.0.0.1:P)", only("A", because=r.FIRST_OF_WILDCARDS)),
        ("windows", DUAL.format("udp", "", "udp", "") + "\nA.close()\nconnections(127.0.0.1:P)", only("B", because=r.RECEIVES_DATAGRAMS)),
        (
            "windows",
            "A = udp4()\nA.bind(0.0.0.0:P)\nB = udp6(IPV6_V6ONLY=0)\nB.bind([::]:P)\nconnections(127.0.0.1:P)",
            only("A", because=r.FIRST_OF_WILDCARDS),
        ),
        (
            "windows",
            DUAL.format("udp", f", {RA}", "udp", RA) + "\nconnections(127.0.0.1:P)",
            only("A", because=r.FIRST_OF_SHARED_WILDCARDS),
        ),
        # What a socket hears of a refusal, of a port that nobody holds, and of an end that was closed.
        ("windows", "A = tcp4()\nA.connect(127.0.0.1:P)\nA.connect(127.0.0.1:P)", only("ECONNREFUSED", because=k.CONNECT_AGAIN)),
        ("windows", "A = tcp4()\nA.connect(127.0.0.1:P)\nA.listen()", only("unknown", because=k.REFUSED)),
        ("windows", "A = tcp4()\nA.bind(127.0.0.1:Q)\nA.connect(127.0.0.1:P)\nA.connect(127.0.0.1:P)", only("unknown", because=k.REFUSED)),
        ("windows", REFUSED_THEN_SERVED + "A.connect(127.0.0.1:P)", only("ok", because=k.CONNECT_AGAIN)),
        ("windows", REFUSED_THEN_SERVED + "A.connect(127.0.0.1:P)\nA.send(1)", only("ok", because=EDGES.because(S.SEND))),
        ("windows", "A = udp4()\nA.recv(1)", only("EINVAL", because=b.RECV_UNBOUND)),
        ("windows", UNREACHABLE, only("ok", because=b.SEND_UNREACHABLE)),
        ("windows", f"{UNREACHABLE}\nA.recv(1)", only("ECONNRESET", because=b.RECV_UNREACHABLE)),
        ("windows", f"{UNREACHABLE}\nA.send(1)\nA.recv(1)", only("unknown", because=b.UNREACHABLE_ORDER)),
        ("windows", f"{UNREACHABLE}\nA.recv(1)\nA.send(1)", only("ok", because=b.SEND_UNREACHABLE)),
        ("cygwin", f"{UNREACHABLE}\nA.recv(1)", only("EAGAIN", because=cygwin.UNREACHABLE_UNHEARD)),
        ("windows", CHILD + "C.close()\nD.send(1)\nD.send(1)", only("ECONNABORTED", "ECONNRESET", because=b.SEND_BROKEN)),
        ("windows", CHILD + "C.close()\nD.send(1)\nD.recv(1)", only("ECONNABORTED", because=b.RECV_BROKEN)),
        ("windows", "A = udp4()\nA.bind(127.0.0.1:P)\nB = A.accept()", only("EOPNOTSUPP", "EINVAL", because=k.ACCEPT_UDP)),
        ("windows", "A = udp4()\nA.join(224.0.0.251)\nA.join(224.0.0.251)", only("EADDRNOTAVAIL", "EINVAL", because=k.JOIN_AGAIN)),
        ("windows", "A = tcp6()\nA.connect([::ffff:127.0.0.1]:P)", only("EADDRNOTAVAIL", because=k.CONNECT_TO_MAPPED)),
        ("windows", "A = udp6()\nA.connect([::ffff:127.0.0.1]:P)", only("EADDRNOTAVAIL", because=k.CONNECT_TO_MAPPED_UDP)),
        ("windows", "A = udp6()\nA.connect([::ffff:127.0.0.1]:P)\nA.bind([::1]:Q)", only("unknown", because=k.AFTER_MAPPED)),
        ("windows", "A = udp4()\nA.connect(0.0.0.0:P)", only("EADDRNOTAVAIL", because=k.TO_ANY_UDP)),
        ("windows", "A = udp6(IPV6_V6ONLY=0)\nA.connect([::ffff:0.0.0.0]:P)", only("unknown", because=EDGES.because(S.CONNECT_WILDCARD))),
        # TIME_WAIT lasts two minutes.
        ("windows", CHILD + CLOSED + "elapse(61)\nshows(127.0.0.1:P, TIME_WAIT)", only("ok", because=EDGES.because(S.SHOWS))),
        ("windows", CHILD + CLOSED + "elapse(122)\nB = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=w.FREE)),
        # Cygwin: what its own bind told Winsock.
        ("cygwin", "A = tcp4()\nA.bind(127.0.0.1:P)", only("ok", because=passed.FREE)),
        ("cygwin", HOLDS.format("", ONE, "", "", ONE), only("EADDRINUSE", because=cygwin.EXCLUSIVE_IS_POSIX)),
        ("cygwin", HOLDS.format(RA, ONE, "", "", ONE), only("EADDRINUSE", because=cygwin.EXCLUSIVE_IS_POSIX)),
        ("cygwin", HOLDS.format(RA, ONE, "", RA, ONE), only("EADDRINUSE", because=cygwin.HELD)),
        ("cygwin", HOLDS.format(RA, ONE, "", RA, WILD), only("ok", because=cygwin.SHARES)),
        (
            "cygwin",
            OWN_PORT.format(RA) + "C = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)",
            only("EADDRINUSE", because=cygwin.CONNECTED),
        ),
        (
            "cygwin",
            OWN_PORT.format("") + "C = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)",
            only("EADDRINUSE", because=cygwin.EXCLUSIVE),
        ),
        (
            "cygwin",
            "A = udp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nB = udp4()\nB.bind(127.0.0.1:P)",
            only("ok", because=passed.OWN_SPECIFIC),
        ),
        ("cygwin", "A = udp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEADDR, 1)", only("EINVAL", because=cygwin.EXCLUSIVE_STAYS)),
        ("cygwin", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp4()\nB.connect(0.0.0.0:P)", only("ok", because=cygwin.TO_LOOPBACK)),
        # listen binds what is not bound, and not exclusively.
        ("cygwin", "A = tcp4()\nA.listen()", only("ok", because=cygwin.LISTEN_BINDS)),
        ("cygwin", "A = udp4()\nA.listen()", only("EOPNOTSUPP", because=CYGWIN.because(S.LISTEN_UDP))),
        ("cygwin", "A = tcp4()\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:port(A))", only("ok", because=cygwin.LISTEN_SHARES)),
        ("cygwin", "A = tcp4()\nA.listen()\nB = tcp4()\nB.bind(0.0.0.0:port(A))", only("EADDRINUSE", because=cygwin.EXCLUSIVE_IS_POSIX)),
        ("cygwin", CHILD + "C.listen()", only("EISCONN", because=cygwin.LISTEN_CONNECTED)),
        ("cygwin", "A = tcp4()\nA.listen()\nA.connect(127.0.0.1:P)", only("EISCONN", because=cygwin.CONNECT_LISTENER)),
        # What an accepted socket has of its listener.
        ("cygwin", CHILD + "D.getsockopt(SO_REUSEADDR)", only("0", because=cygwin.ACCEPTED_OPTION)),
        ("cygwin", SERVED.format(RA) + "D.getsockopt(SO_REUSEADDR)", only("0", because=cygwin.ACCEPTED_OPTION)),
        ("cygwin", CHILD + "D.setsockopt(SO_REUSEADDR, 1)\nD.getsockopt(SO_REUSEADDR)", only("1", because=cygwin.GET_OPTION)),
        # recv waits before it asks Winsock, unless FD_CLOSE is there.
        ("cygwin", "A = tcp4()\nA.recv(1)", only("EAGAIN", because=cygwin.RECV_WAITS)),
        ("cygwin", "A = tcp4()\nA.shutdown(WR)\nA.recv(1)", only("EAGAIN", because=cygwin.RECV_WAITS)),
        ("cygwin", "A = tcp4()\nA.shutdown(RD)\nA.recv(1)", only("ENOTCONN", because=cygwin.RECV_UNCONNECTED)),
        (
            "cygwin",
            CHILD + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)\nD.recv(1)",
            only("ECONNRESET", because=cygwin.RECV_AFTER_RESET),
        ),
        (
            "cygwin",
            CHILD + "C.setsockopt(SO_LINGER, 0)\nC.close()\nD.recv(1)\nD.send(1)",
            only("ECONNRESET", because=cygwin.SEND_AFTER_RESET),
        ),
        # A listener that was shut down for reading holds its address and accepts nothing; a client does not hear of its connection.
        ("cygwin", SHUT_LISTENER.format("WR") + "connections(127.0.0.1:P)", only("A", because=passed.RECEIVES)),
        ("cygwin", SHUT_LISTENER.format("RD") + "connections(127.0.0.1:P)", only("none", because=cygwin.SHUT_LISTENER)),
        (
            "cygwin",
            SHUT_LISTENER.format("RDWR") + "B = tcp4()\nB.bind(127.0.0.1:P)",
            only("EADDRINUSE", because=cygwin.SHUT_LISTENER_HOLDS),
        ),
        (
            "cygwin",
            SHUT_LISTENER.format("RD") + "B = tcp4()\nB.connect(127.0.0.1:P)\nC = A.accept()",
            only("EINVAL", because=cygwin.SHUT_LISTENER),
        ),
        (
            "cygwin",
            SERVES_IPV4 + "B = tcp4()\nB.shutdown(RD)\nB.connect(127.0.0.1:P)",
            only("ECONNRESET", because=cygwin.SHUT_CLIENT),
        ),
        (
            "cygwin",
            SERVES_IPV4 + "B = tcp4()\nB.shutdown(RDWR)\nB.connect(127.0.0.1:P)\nB.send(1)",
            only("unknown", because=cygwin.SHUT_CLIENT_GAP),
        ),
        ("cygwin", "A = tcp4()\nA.setsockopt(SO_REUSEADDR, 1)", only("ok", because=cygwin.SET_OPTION)),
        ("cygwin", SERVES_IPV4 + "C = tcp6(IPV6_V6ONLY=0)\nC.connect([::ffff:0.0.0.0]:P)", only("EADDRNOTAVAIL", because=cygwin.TO_MAPPED)),
        ("cygwin", "A = udp6(IPV6_V6ONLY=0)\nA.connect([::ffff:0.0.0.0]:P)", only("unknown", because=CYGWIN.because(S.CONNECT_WILDCARD))),
        ("cygwin", CHILD + "B = tcp4()\nB.bind(127.0.0.1:P)", only("unknown", because=cygwin.LEFT)),
        # WSL1: what was reported, and what is foreseen.
        ("wsl1", "A = tcp4()\nA.bind(127.0.0.1:P)", only("ok", because=wsl1.FREE)),
        ("wsl1", HOLDS.format("", ONE, "", "", "127.0.0.2"), only("ok", because=wsl1.DIFFERENT)),
        ("wsl1", "A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4()\nB.bind(127.0.0.2:P)", only("ok", because=wsl1.DIFFERENT_UDP)),
        ("wsl1", HOLDS.format("", ONE, "", "", ONE), only("EADDRINUSE", because=wsl1.HELD)),
        ("wsl1", HOLDS.format("SO_REUSEPORT", ONE, "", "SO_REUSEPORT", ONE), only("EADDRINUSE", because=wsl1.REUSEPORT_IGNORED)),
        ("wsl1", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nconnections(127.0.0.1:P)", only("A", because=wsl1.RECEIVES)),
        ("wsl1", "A = udp4()\nA.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)", only("A", because=wsl1.RECEIVES_DATAGRAMS)),
        (
            "wsl1",
            OWN_PORT.format("") + "B.close()\nD.recv(1)\nD.close()\nC = tcp4()\nC.bind(127.0.0.1:Q)\nC.connect(127.0.0.1:P)",
            only("EADDRINUSE", because=wsl1.CONNECTED_ONCE),
        ),
        ("wsl1", "A = udp4()\nA.bind(127.0.0.1:P)", only("ok", because=wsl1.FREE_UDP)),
        ("wsl1", OWN_PORT.format("") + "C = tcp4()\nC.bind(127.0.0.1:Q)", only("EADDRINUSE", because=wsl1.HELD_BY_CLIENT)),
        ("wsl1", OWN_PORT.format(RA) + "C = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)", only("ok", because=wsl1.BESIDE_CLIENT)),
        ("wsl1", "A = tcp4()\nA.setsockopt(SO_REUSEPORT, 1)", only("ok", because=wsl1.SET_REUSEPORT)),
        ("wsl1@15063", "A = tcp4()\nA.setsockopt(SO_REUSEPORT, 1)", only("unknown", because=wsl1.REUSEPORT_REFUSED)),
        ("wsl1@16299", "A = tcp4()\nA.setsockopt(SO_REUSEPORT, 1)", only("ok", because=wsl1.SET_REUSEPORT)),
        ("wsl1", CHILD + CLOSED + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=wsl1.TIME_WAIT_IS_FREE)),
    ],
)
def test_what_decides(spec: str, script: str, expected: list[tuple[str, Reason | None]]) -> None:
    assert answers(spec, script) == expected


def test_wsl1_cannot_read_so_reuseport() -> None:
    with pytest.raises(Untestable, match="SO_REUSEPORT"):
        answers("wsl1", "A = tcp4(SO_REUSEPORT)\nA.getsockopt(SO_REUSEPORT)")


def test_what_cygwin_hands_on_has_its_own_id_and_microsofts_place() -> None:
    receives, foreign = passed.RECEIVES, passed.FOREIGN_WILDCARD
    assert (receives.id, receives.source) == ("cygwin/listener-receives", r.RECEIVES.source)
    assert (foreign.id, foreign.since, foreign.source) == ("cygwin/wildcard-of-another-user", "", t.FOREIGN_WILDCARD.source)
    assert "is EACCES unless" in foreign.statement
    assert "without any option" not in passed.OWN_SPECIFIC.statement
