"""What is said of Windows and its relatives beside the tables: each claim a short script, with its answer and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.language.notation import parse
from fixtures.language.stack import Untestable
from fixtures.machine.identity import is_gvisor, wsl1_build
from fixtures.models import platform
from fixtures.models import situations as S
from fixtures.models.cygwin import clauses as cygwin
from fixtures.models.cygwin.edges import EDGES as CYGWIN
from fixtures.models.windows import call_clauses as k
from fixtures.models.windows import clauses as w
from fixtures.models.windows import receiver_clauses as r
from fixtures.models.windows import table_clauses as t
from fixtures.models.windows.edges import EDGES as WINDOWS
from fixtures.models.windows.tables import RA, TESTED
from fixtures.models.wsl1 import clauses as wsl1
from fixtures.specification.clauses import Reason
from fixtures.specification.worlds import Choices, every_world

TCP = TESTED["tcp"]
RA_RA = "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\n"
BOTH_LISTEN = RA_RA + "A.listen()\nB.listen()\n"
SERVED = "A = tcp4({0})\nA.bind(127.0.0.1:P)\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:P)\nD = A.accept()\nA.close()\n"
CHILD, EX_CHILD = SERVED.format(""), SERVED.format("SO_EXCLUSIVEADDRUSE")
CLOSED = "D.close()\nC.recv(1)\nC.close()\nshows(127.0.0.1:P, TIME_WAIT)\n"
OWN_PORT = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nB = tcp4({0})\nB.bind(127.0.0.1:Q)\nB.connect(127.0.0.1:P)\nD = A.accept()\n"


def answers(spec: str, script: str) -> list[tuple[str, Reason | None]]:
    """The last answer and its reason, in each world."""

    def play(choices: Choices) -> tuple[str, Reason | None]:
        model = platform(spec).make(choices=choices)
        found = [model.perform(call) for call, _ in parse(script)]
        return found[-1].name, found[-1].because

    return list(dict.fromkeys(every_world(play)))


def only(*names: str, because: Reason) -> list[tuple[str, Reason | None]]:
    """These answers, all for one reason."""
    return [(name, because) for name in names]


@pytest.mark.parametrize(
    ("spec", "script", "expected"),
    [
        # RA,RA: both listen; the first receives in tests, nobody knows says Microsoft; then the next does.
        ("windows", RA_RA, only("ok", because=TCP[RA, "S", RA, "S"])),
        ("windows@server2003", RA_RA, only("ok", because=t.DUPLICATES)),
        ("windows", BOTH_LISTEN + "connections(127.0.0.1:P)", only("A", "B", "both", because=r.RECEIVER)),
        ("windows", BOTH_LISTEN + "A.close()\nconnections(127.0.0.1:P)", only("B", because=r.RECEIVES)),
        (
            "windows",
            BOTH_LISTEN + "A.close()\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)",
            only("B", because=r.RECEIVES),
        ),
        (
            "windows",
            "A = udp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nB = udp4(SO_REUSEADDR)\nB.bind(0.0.0.0:P)\nconnections(127.0.0.1:P)",
            only("A", "B", "both", because=r.UDP_RECEIVER),
        ),
        # Without options the specific one stands beside the wildcard and receives.
        (
            "windows",
            "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:P)\nB.listen()\nconnections(127.0.0.1:P)",
            only("B", because=r.SPECIFIC_RECEIVES),
        ),
        (
            "windows",
            "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:P)",
            only("ok", because=TCP["", "W", "", "S"]),
        ),
        (
            "windows",
            "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:P)\nconnections(127.0.0.1:P)",
            only("unknown", because=r.BOUND_ONLY),
        ),
        # A victim with RA can be robbed by anyone, another user too; one without only by its own user.
        (
            "windows",
            "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nA.listen()\nB = stranger: tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("ok", because=t.DUPLICATES_3),
        ),
        (
            "windows",
            "A = tcp4()\nA.bind(0.0.0.0:P)\nB = stranger: tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("EACCES", because=t.FOREIGN_WILDCARD),
        ),
        (
            "windows",
            "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("EACCES", because=TCP["", "S", RA, "S"]),
        ),
        ("windows", "A = udp4()\nA.bind(127.0.0.1:P)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", only("EACCES", because=t.UNSHARED)),
        (
            "windows@xp",
            "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nB = stranger: tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("ok", because=t.FORCED),
        ),
        # Three sockets: one that refuses is enough.
        (
            "windows",
            "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(0.0.0.0:P)\nC = tcp4()\nC.bind(127.0.0.2:P)",
            only("ok", because=TCP["", "W", "", "S"]),
        ),
        (
            "windows",
            "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(0.0.0.0:P)\nC = tcp4()\nC.bind(127.0.0.1:P)",
            only("EADDRINUSE", because=TCP["", "S", "", "S"]),
        ),
        # SO_EXCLUSIVEADDRUSE.
        ("windows", "A = tcp4(SO_REUSEADDR)\nA.setsockopt(SO_EXCLUSIVEADDRUSE, 1)", only("EINVAL", because=w.BOTH_OPTIONS)),
        ("windows", "A = tcp4(SO_EXCLUSIVEADDRUSE)\nA.setsockopt(SO_REUSEADDR, 1)", only("EINVAL", because=w.BOTH_OPTIONS)),
        ("windows", "A = tcp4(SO_EXCLUSIVEADDRUSE)\nA.setsockopt(SO_REUSEADDR, 0)", only("ok", because=w.CLEARED_BESIDE)),
        ("windows", "A = tcp4(SO_REUSEADDR)\nA.setsockopt(SO_EXCLUSIVEADDRUSE, 0)", only("ok", because=w.CLEARED_BESIDE)),
        (
            "windows",
            "A = tcp4(SO_EXCLUSIVEADDRUSE)\nA.setsockopt(SO_EXCLUSIVEADDRUSE, 0)",
            only("ok", because=WINDOWS.because(S.SET_OPTION)),
        ),
        ("windows@xp", "A = stranger: tcp4(SO_EXCLUSIVEADDRUSE)", only("unknown", because=w.ADMINISTRATORS)),
        (
            "windows",
            "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp6(IPV6_V6ONLY=0, SO_EXCLUSIVEADDRUSE)\nB.bind([::]:P)",
            only("EADDRINUSE", "EACCES", because=w.DUAL_EXCLUSIVE),
        ),
        (
            "windows",
            "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.1:P)",
            only("EADDRINUSE", "EACCES", because=t.KERNEL_TABLE),
        ),
        # Options count as they are at bind.
        (
            "windows",
            "A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEADDR, 1)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("EACCES", because=w.LATE),
        ),
        (
            "windows",
            RA_RA + "A.setsockopt(SO_REUSEADDR, 0)\nB.close()\nC = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:P)",
            only("ok", because=TCP[RA, "S", RA, "S"]),
        ),
        # What a server leaves.
        ("windows", CHILD + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=w.CHILD_IS_FREE)),
        ("windows", CHILD + "B = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)", only("unknown", because=w.CHILD_GAP)),
        ("windows", CHILD + "B = stranger: tcp4()\nB.bind(127.0.0.1:P)", only("unknown", because=w.CHILD_GAP)),
        ("windows", EX_CHILD + "B = tcp4(SO_EXCLUSIVEADDRUSE)\nB.bind(127.0.0.1:P)", only("EADDRINUSE", "ok", because=w.CHILD_EXCLUSIVE)),
        ("windows", CHILD + CLOSED + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=w.TIME_WAIT_IS_FREE)),
        ("windows@2000", CHILD + CLOSED + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=w.TIME_WAIT_IS_FREE)),
        ("windows@nt4", CHILD + CLOSED + "B = tcp4()\nB.bind(127.0.0.1:P)", only("unknown", because=w.TIME_WAIT_EARLY)),
        ("windows@2012Server", CHILD + CLOSED + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", "EADDRINUSE", because=w.TIME_WAIT_8)),
        (
            "windows",
            EX_CHILD + CLOSED + "B = tcp4(SO_EXCLUSIVEADDRUSE)\nB.bind(127.0.0.1:P)",
            only("ok", "EADDRINUSE", because=w.TIME_WAIT_EXCLUSIVE),
        ),
        # Connections that exist.
        (
            "windows",
            OWN_PORT.format("") + "B.close()\nD.recv(1)\nD.close()\nC = tcp4()\nC.bind(127.0.0.1:Q)\nC.connect(127.0.0.1:P)",
            only("EADDRINUSE", because=k.CONNECTED_ONCE),
        ),
        (
            "windows",
            OWN_PORT.format("SO_REUSEADDR") + "C = tcp4(SO_REUSEADDR)\nC.bind(127.0.0.1:Q)\nC.connect(127.0.0.1:P)",
            only("EADDRINUSE", because=k.CONNECTED_TWICE),
        ),
        # Calls.
        ("windows", "A = tcp4()\nA.listen()", only("EINVAL", because=k.LISTEN_UNBOUND)),
        ("windows", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\nA.shutdown(RDWR)", only("ENOTCONN", because=k.SHUTDOWN_LISTENER)),
        ("windows", "A = tcp4()\nA.bind(127.0.0.1:P)\nA.bind(127.0.0.1:Q)", only("EINVAL", because=WINDOWS.because(S.BIND_BOUND))),
        ("windows", "A = udp4()\nA.bind(224.0.0.251:P)", only("EADDRNOTAVAIL", because=w.MULTICAST_BIND)),
        ("windows", "A = tcp6()\nA.getsockopt(IPV6_V6ONLY)", only("1", because=w.V6ONLY_DEFAULT)),
        ("windows", "A = tcp6()\nA.bind([::]:P)\nB = tcp4()\nB.bind(0.0.0.0:P)", only("ok", because=w.V6ONLY_DEFAULT)),
        (
            "windows",
            "A = tcp4()\nA.bind(127.0.0.1:P)\nB = A.inherit()\nA.close()\nC = tcp4()\nC.bind(127.0.0.1:P)",
            only("EADDRINUSE", because=TCP["", "S", "", "S"]),
        ),
        # What becomes of a half that was shut down.
        ("windows", CHILD + "D.shutdown(RD)\nD.recv(1)", only("ESHUTDOWN", because=k.SHUT_HALF)),
        ("cygwin", CHILD + "D.shutdown(RD)\nD.recv(1)", only("end", because=CYGWIN.because(S.RECV_SHUT))),
        ("cygwin", CHILD + "D.shutdown(WR)\nD.send(1)", only("EPIPE", because=CYGWIN.because(S.SEND_SHUT))),
        ("wsl1", CHILD + "D.shutdown(RD)\nD.recv(1)", only("unknown", because=wsl1.GAP)),
        # Cygwin: RA on the first socket takes its exclusivity away; a refused bind leaves it exclusive.
        (
            "cygwin",
            "A = tcp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4()\nB.bind(127.0.0.1:P)",
            only("ok", because=cygwin.SHARES),
        ),
        (
            "cygwin",
            "A = tcp4()\nA.bind(0.0.0.0:P)\nA.listen()\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("EACCES", because=cygwin.EXCLUSIVE),
        ),
        (
            "cygwin",
            "A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(0.0.0.0:P)\nB.setsockopt(SO_REUSEADDR, 1)\nB.bind(0.0.0.0:P)",
            only("EADDRINUSE", because=cygwin.EXCLUSIVE),
        ),
        (
            "cygwin",
            "A = udp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = udp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)",
            only("ok", because=cygwin.UDP_PASSES),
        ),
        # WSL1: what was reported.
        ("wsl1", BOTH_LISTEN, only("ok", because=wsl1.LISTENS)),
        ("wsl1", RA_RA, only("ok", because=wsl1.DUPLICATES)),
        ("wsl1", CHILD + CLOSED + "B = tcp4()\nB.bind(127.0.0.1:P)", only("ok", because=wsl1.TIME_WAIT_IS_FREE)),
        ("wsl1@14393", "A = tcp4()\nA.bind(127.0.0.1:P)\nB = tcp4()\nB.bind(127.0.0.2:P)", only("unknown", because=wsl1.ONE_ADDRESS)),
        ("wsl1", "A = tcp4()\nA.bind(0.0.0.0:P)\nB = tcp4()\nB.bind(127.0.0.2:P)", only("unknown", because=wsl1.GAP)),
    ],
)
def test_answer_and_reason(spec: str, script: str, expected: list[tuple[str, Reason | None]]) -> None:
    assert answers(spec, script) == expected


# Wine's tests_exclusive: the domain and address of the first, whether it is exclusive, the same of the second, and the answer on Windows.
WINES = [
    ("0.0.0.0",          True,  "127.0.0.1",        False, "EACCES"),
    ("::",               True,  "127.0.0.1",        False, "EACCES"),
    ("0.0.0.0",          False, "127.0.0.1",        True,  "ok"),
    ("0.0.0.0",          True,  "127.0.0.1",        True,  "EACCES"),
    ("127.0.0.1",        True,  "0.0.0.0",          False, "ok"),
    ("127.0.0.1",        False, "0.0.0.0",          True,  "EADDRINUSE"),
    ("127.0.0.1",        False, "::",               True,  "EADDRINUSE"),
    ("::1",              False, "0.0.0.0",          True,  "ok"),
    ("::1",              True,  "127.0.0.1",        True,  "ok"),
    ("::ffff:127.0.0.1", False, "0.0.0.0",          True,  "EADDRINUSE"),
    ("::",               True,  "0.0.0.0",          False, "EACCES"),
    ("::",               False, "0.0.0.0",          True,  "ok"),
    ("0.0.0.0",          False, "0.0.0.0",          True,  "EADDRINUSE"),
    ("0.0.0.0",          False, "0.0.0.0",          False, "EADDRINUSE"),
    ("::",               False, "0.0.0.0",          False, "ok"),
    ("::ffff:0.0.0.0",   False, "0.0.0.0",          False, "EADDRINUSE"),
    ("::ffff:127.0.0.1", False, "127.0.0.1",        False, "EADDRINUSE"),
    ("127.0.0.1",        False, "::ffff:127.0.0.1", False, "EADDRINUSE"),
    ("127.0.0.1",        True,  "127.0.0.1",        False, "EADDRINUSE"),
    ("127.0.0.1",        False, "127.0.0.1",        True,  "EADDRINUSE"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["windows", "wine"])
@pytest.mark.parametrize(("held", "first", "wanted", "second", "expected"), WINES)
def test_what_wine_expects_of_windows(name: str, held: str, first: bool, wanted: str, second: bool, expected: str) -> None:
    def made(host: str, exclusive: bool) -> str:
        v6only = ["IPV6_V6ONLY=0"] if ":" in host else []
        options = ", ".join(v6only + ["SO_EXCLUSIVEADDRUSE"] * exclusive)
        return f"tcp{6 if ':' in host else 4}({options})"

    one, two = (f"[{host}]:P" if ":" in host else f"{host}:P" for host in (held, wanted))
    script = f"A = {made(held, first)}\nA.bind({one})\nB = {made(wanted, second)}\nB.bind({two})"
    assert answers(name, script)[0][0] == expected


@pytest.mark.parametrize("option", ["SO_REUSEPORT", "SO_EXCLBIND", "SO_REUSEPORT_LB"])
def test_options_that_windows_lacks(option: str) -> None:
    with pytest.raises(Untestable, match=option):
        answers("windows", f"A = tcp4({option})")


def test_both_stacks_came_with_vista() -> None:
    with pytest.raises(Untestable, match="IPV6_V6ONLY"):
        answers("windows@server2003", "A = tcp6(IPV6_V6ONLY=0)")


@pytest.mark.parametrize(
    ("spec", "era"),
    [
        ("server2008", "vista"),
        ("Server2008R2", "7"),
        ("2008ServerR2", "7"),
        ("2012Server", "8"),
        ("2012ServerR2", "8.1"),
        ("server2016", "10"),
        ("2019Server", "10"),
        ("2022Server", "10"),
        ("2025Server", "11"),
        ("XP", "xp"),
        ("2003Server", "server2003"),
    ],
)
def test_versions_as_python_names_them(spec: str, era: str) -> None:
    assert platform(f"windows@{spec}").make().version == platform(f"windows@{era}").make().version


@pytest.mark.parametrize(
    ("release", "build"),
    [("4.4.0-19041-Microsoft", "19041"), ("5.10.16.3-microsoft-standard-WSL2", ""), ("6.18.44", "")],
)
def test_wsl1_is_told_by_its_release(release: str, build: str) -> None:
    assert wsl1_build(release) == build


def test_gvisor_is_told_by_what_its_sentry_shows(tmp_path: Path) -> None:
    assert not is_gvisor(tmp_path)
    (tmp_path / "sentry-meminfo").touch()
    assert is_gvisor(tmp_path)
