"""The porting report: what servers, recorded or written down, meet on another platform."""

from __future__ import annotations

from itertools import islice

import pytest

from fixtures.models import MODELS, Platform
from reports.calls import read_calls
from reports.catalogue import by_id
from reports.porting.groups import groups_of
from reports.porting.trials import TRIALS, Trial
from tests import big_logs
from tests.fuzz_calls import FOLDER, UNIX
from tests.helpers.servers import BY_ID, PLAYER, groups, judged, only, server

#: What each recorded server meets: the situations in which something is not the same. All others are.
PLAIN = {
    "windows": {"second-instance": "risk", "wildcard-beside-specific": "risk", "another-user": "risk"},
    "freebsd": {"wildcard-beside-specific": "risk"},
    "macos": {"wildcard-beside-specific": "risk"},
}
ANY = {
    target: {one.replace("wildcard-beside-specific", "specific-beside-wildcard"): word for one, word in words.items()}
    for target, words in PLAIN.items()
}
DUAL = ANY | {"windows": ANY["windows"] | {"ipv4-beside-ipv6": "risk"}, "macos": ANY["macos"] | {"ipv4-beside-ipv6": "disputed"}}
PREFORK = PLAIN | {"windows": PLAIN["windows"] | {"inherited": "breaks"}}
PREFORK_ANY = ANY | {"windows": ANY["windows"] | {"inherited": "breaks"}}
SHARED = {
    "windows": {"start": "breaks", "second-instance": "disputed", "workers": "breaks", "another-user": "risk"},
    "freebsd": {"second-instance": "risk", "workers": "breaks"},
    "macos": {"second-instance": "risk", "workers": "breaks"},
}
INHERITED = {
    "windows": {"start": "breaks", "second-instance": "disputed", "inherited": "breaks", "another-user": "risk"},
    "freebsd": {"second-instance": "risk"},
    "macos": {"second-instance": "risk"},
}
# On Linux whoever comes last takes the datagrams.
DATAGRAMS = {
    "windows": {"second-instance": "undetermined", "another-user": "undetermined"},
    "freebsd": {"second-instance": "better", "another-user": "better"},
    "macos": {"second-instance": "better", "another-user": "better"},
}
SPECIFIC, BOTH, MAPPED = "tcp4 127.0.0.1:18080", "tcp4 0.0.0.0:18080, tcp6 [::]:18080", "tcp6 [::]:18080"
SERVERS: list[tuple[str, list[tuple[str, dict[str, dict[str, str]]]]]] = [
    ("nginx", [(BOTH, PREFORK_ANY)]),
    ("nginx-reuseport", [(SPECIFIC, SHARED | {"windows": SHARED["windows"] | {"inherited": "breaks"}})]),
    ("redis", [(BOTH, ANY)]),
    ("memcached", [(SPECIFIC, PLAIN), ("udp4 127.0.0.1:18080", DATAGRAMS)]),
    ("postgresql", [(SPECIFIC, PLAIN)]),
    ("gunicorn", [(SPECIFIC, PREFORK)]),
    ("gunicorn-reuseport", [(SPECIFIC, SHARED)]),
    ("uvicorn", [(SPECIFIC, PLAIN)]),
    ("uvicorn-workers", [(SPECIFIC, PREFORK)]),
    ("hypercorn", [(SPECIFIC, INHERITED)]),
    ("http-server", [("tcp4 0.0.0.0:18080", ANY)]),
    ("go", [(MAPPED, DUAL)]),
    ("node", [(MAPPED, DUAL)]),
    ("node-cluster", [(SPECIFIC, PLAIN)]),
]


@pytest.mark.parametrize(("name", "expected"), SERVERS, ids=[name for name, _ in SERVERS])
def test_recorded_servers(name: str, expected: list[tuple[str, dict[str, dict[str, str]]]]) -> None:
    found = groups_of(read_calls(str(FOLDER / f"{name}.log")))
    assert [group.title for group in found] == [title for title, _ in expected]
    for group, (_, platforms) in zip(found, expected, strict=True):
        asked = [trial.id for trial in TRIALS if trial.applies(group.shape)]
        for target, words in platforms.items():
            assert {one: word for one in asked if (word := judged(group, one, target)) != "same"} == words, target


@pytest.mark.parametrize("name", [name for name, _ in SERVERS])
def test_the_notation_of_a_recording_meets_the_same(name: str) -> None:
    recording = read_calls(str(FOLDER / f"{name}.log"))
    for one, other in zip(groups_of(recording), groups(recording.notation()), strict=True):
        asked = [trial.id for trial in TRIALS if trial.applies(one.shape)]
        assert asked == [trial.id for trial in TRIALS if trial.applies(other.shape)]
        assert [judged(one, each, "windows") for each in asked] == [judged(other, each, "windows") for each in asked]


def test_every_recorded_server_is_tested() -> None:
    assert sorted(name for name, _ in SERVERS) == sorted(path.stem for path in FOLDER.glob("*.log"))


@pytest.mark.parametrize(
    ("calls", "situation", "source", "target", "word"),
    [
        # A server that sets nothing restarts only where connections do not block it.
        (server(""), "restart-live", "linux", "windows", "better"),
        (server(""), "restart-live", "windows", "linux", "breaks"),
        (server(""), "restart-time-wait", "windows", "linux", "breaks"),
        (server(), "restart-live", "linux", "freebsd", "same"),
        (server("SO_EXCLUSIVEADDRUSE"), "start", "windows", "linux", "breaks"),
        # What sources dispute is not decided.
        (server("SO_EXCLUSIVEADDRUSE"), "restart-live", "windows", "linux", "disputed"),
        (server(), "second-instance", "windows", "windows@xp", "disputed"),
        (server(), "second-instance", "windows", "windows", "same"),
        # SO_REUSEPORT: shared, or the newest takes all; other users.
        (server("SO_REUSEPORT"), "second-instance", "linux", "freebsd", "risk"),
        (server("SO_REUSEPORT"), "second-instance", "linux", "linux@3.8", "breaks"),
        (server("SO_REUSEPORT"), "another-user", "linux", "gvisor", "risk"),
        # The default of IPV6_V6ONLY.
        (server("SO_REUSEADDR", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "windows", "breaks"),
        (server("SO_REUSEADDR", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "macos", "same"),
        (server("SO_REUSEADDR, IPV6_V6ONLY=0", "[::]", "tcp6"), "start", "linux", "openbsd", "breaks"),
        # A refusal that moves.
        (server(), "second-instance", "linux", "wine", "same*"),
        (server(""), "second-instance", "linux", "windows", "same"),
        # The errno of whoever wants the port with SO_REUSEADDR.
        (server("IPV6_V6ONLY=0", "[::ffff:127.0.0.1]", "tcp6"), "another-user", "linux", "windows", "same*"),
        # Nobody knows.
        (server(), "restart-live", "linux", "aix", "unknown"),
    ],
)
def test_verdicts(calls: str, situation: str, source: str, target: str, word: str) -> None:
    assert judged(only(calls), situation, target, source) == word


def test_a_listener_that_is_bound_late_is_refused_at_listen() -> None:
    group = only("A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\n")
    assert (group.shape.kinds, judged(group, "start", "freebsd")) == (("tcp4", "tcp4"), "breaks")


def test_options_are_set_when_they_were_set() -> None:
    late = only("A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEADDR, 1)\nA.listen()\n")
    assert "A.bind(127.0.0.1:P) = ok" in PLAYER.play(BY_ID["start"], late.shape, Platform("linux")).trace
    found = [PLAYER.play(BY_ID["second-instance"], late.shape, Platform(name)).words for name in ("windows", "linux")]
    assert found == ["refused (bind: WSAEADDRINUSE)", "refused (bind: EADDRINUSE)"]


def test_a_server_that_resets_leaves_no_time_wait() -> None:
    group = only(server("") + "B = A.accept()\nB.setsockopt(SO_LINGER, 0)\nB.close()\n")
    assert PLAYER.play(BY_ID["restart-time-wait"], group.shape, Platform("linux")).words == "starts again"
    assert PLAYER.play(BY_ID["restart-live"], group.shape, Platform("linux")).words == "refused (bind: EADDRINUSE)"


def test_servers_that_do_the_same_are_one() -> None:
    text = "".join(f"A{n} = tcp4(SO_REUSEADDR)\nA{n}.bind(10.0.0.{n}:{8000 + n})\nA{n}.listen()\n" for n in range(1, 9))
    group = only(text)
    assert (len(group.ports), group.shape.hosts) == (8, ("127.0.0.1",))
    assert group.title == "tcp4 10.0.0.1:8001, and the same at port 8002, 8003, 8004 and others"


def test_many_twins_are_two() -> None:
    text = "".join(f"A{n} = tcp4(SO_REUSEPORT)\nA{n}.bind(0.0.0.0:80)\nA{n}.listen()\n" for n in range(1, 9))
    group = only(text)
    assert len(group.shape.kinds) == 2
    assert list(group.notes) == ["8 sockets at these addresses; of those that do the same 2 are played, of all 20"]


def test_of_many_addresses_at_one_port_some_are_played() -> None:
    group = only("".join(f"A{n} = udp4()\nA{n}.bind(10.0.1.{n}:53)\n" for n in range(1, 41)))
    assert group.shape.hosts == group.shape.own == tuple(f"127.0.0.{n}" for n in range(1, 21))
    assert len(group.sockets) == 40


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        # The addresses of the recording's machine are taken to be those of the target's as well.
        (("10.0.0.1", "10.0.0.2", "10.0.0.3"), "starts"),
        (("2001:db8::1", "2001:db8::2"), "starts"),
        # Of the loopback network, some systems have 127.0.0.1 alone.
        (("127.0.0.53",), "refused (bind: EADDRNOTAVAIL)"),
        (("127.0.0.1", "10.0.0.1"), "starts"),
    ],
)
def test_which_addresses_the_target_has(hosts: tuple[str, ...], words: str) -> None:
    bound = [(f"A{n}", f"[{host}]" if ":" in host else host) for n, host in enumerate(hosts)]
    kind = "tcp6" if ":" in hosts[0] else "tcp4"
    shape = only("".join(f"{name} = {kind}()\n{name}.bind({host}:8053)\n{name}.listen()\n" for name, host in bound)).shape
    assert {PLAYER.play(BY_ID["start"], shape, Platform(name)).words for name in ("macos", "freebsd", "openbsd")} == {words}
    assert PLAYER.play(BY_ID["start"], shape, Platform("linux")).words == "starts"


def test_a_server_that_overlaps_with_its_successor_is_played_with_it() -> None:
    first, second, third = (server("SO_REUSEPORT").replace("A", name) for name in "ABC")
    assert len(only(f"{first}{second}A.close()\n{third}B.close()\n").sockets) == 3
    assert len(only(f"{first}A.close()\n{second}B.close()\n").sockets) == 1


@pytest.mark.parametrize(
    ("log", "servers", "ports"),
    [
        ("long_lived", 1, 1),
        ("forking", 1, 1),
        ("short_lived", 1, 100),
        ("beside", 1, 125),
        ("sharing", 1, 1),
        ("replaced", 1, 1),
        ("programs", 3, 46),
    ],
)
def test_long_logs(log: str, servers: int, ports: int) -> None:
    """`python -m tests.big_logs` makes reports of 100,000 lines."""
    found = groups("\n".join(islice(getattr(big_logs, log)(), 500)))
    assert (len(found), sum(len(group.ports) for group in found)) == (servers, ports)


def test_a_server_that_was_started_twice_is_one() -> None:
    again = server().replace("A ", "B ").replace("A.", "B.")
    assert len(only(f"{server()}A.close()\n{again}").shape.kinds) == 1


def test_options_from_before_the_log_are_not_guessed() -> None:
    log = 'getsockname(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, [16]) = 0\nlisten(3, 5) = 0\n'
    group = only(log)
    words = {PLAYER.play(trial, group.shape, Platform("linux")).words for trial in TRIALS if trial.applies(group.shape)}
    assert words == {"unknown: its options were set before the log begins"}


@pytest.mark.parametrize("trial", TRIALS, ids=[trial.id for trial in TRIALS])
def test_every_model_can_play_every_trial(trial: Trial) -> None:
    logs = [*FOLDER.glob("*.log"), *UNIX.glob("*.log"), FOLDER.parent / "port" / "discovery.log"]
    shapes = {group.shape for path in logs for group in groups_of(read_calls(str(path)))}
    applying = [shape for shape in shapes if trial.applies(shape)]
    assert applying
    assert [identifier for identifier in trial.experiments if identifier not in by_id()] == []
    for name in MODELS:
        for shape in applying[:3]:
            found = PLAYER.play(trial, shape, Platform(name))
            assert found.words
            assert None in found.ranks or all(rank in trial.words for rank in found.ranks)
