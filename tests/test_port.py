"""The porting report: what recorded servers meet on another platform, and in what forms it is said."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fixtures.models import MODELS, Platform
from fixtures.rules import Rule, Variant
from fixtures.words import OPTION_NAMES
from reports.__main__ import main
from reports.calls import parse_calls, read_calls
from reports.catalogue import ROOT, by_id
from reports.porting import advice
from reports.porting.groups import Group, groups_of
from reports.porting.judge import SAME, VERDICTS, Bench, changes, verdict
from reports.porting.situations import AS_RECORDED, SITUATIONS
from tests import big_logs
from tests.fuzz_calls import FOLDER

LETTERS = {"same": "=", "stricter": "<", "looser": ">", "unknown": "?"}
BENCH = Bench(1000, {})
QUESTIONS = {situation.id: situation for situation in SITUATIONS}


def groups(text: str) -> list[Group]:
    return groups_of(parse_calls(text.encode(), "calls"))


def judged(group: Group, situation: str, target: str, source: str = "linux") -> str:
    """``=`` ``<`` ``>`` ``?``, with a star where the call, the errno or the receiver changes although the verdict is same."""
    here, there = (BENCH.play(QUESTIONS[situation], group.shape, Platform(*name.split("@"))) for name in (source, target))
    word = verdict(here, there)
    return LETTERS[word] + ("*" if word == SAME and changes(here, there) else "")


#: What each recorded server meets: the situations in which something is not the same. All others are.
PLAIN = {
    "windows": {"second-instance": ">", "wildcard-beside-specific": ">", "another-user": ">"},
    "freebsd": {"wildcard-beside-specific": ">"},
    "macos": {"wildcard-beside-specific": ">"},
}
ANY = {
    target: {one.replace("wildcard-beside-specific", "specific-beside-wildcard"): word for one, word in words.items()}
    for target, words in PLAIN.items()
}
DUAL = ANY | {"windows": ANY["windows"] | {"ipv4-beside-ipv6": ">"}}
SHARED = {
    "windows": {"start": "<", "second-instance": "?", "workers": "<", "another-user": ">"},
    "freebsd": {"second-instance": ">", "workers": "<"},
    "macos": {"second-instance": ">", "workers": "<"},
}
INHERITED = {
    "windows": {"start": "<", "second-instance": "?", "another-user": ">"},
    "freebsd": {"second-instance": ">"},
    "macos": {"second-instance": ">"},
}
DATAGRAMS = {
    "windows": {"second-instance": "?", "another-user": "?"},
    "freebsd": {"second-instance": "<", "another-user": "<"},
    "macos": {"second-instance": "<", "another-user": "<"},
}
SPECIFIC, BOTH, MAPPED = "tcp4 127.0.0.1:18080", "tcp4 0.0.0.0:18080, tcp6 [::]:18080", "tcp6 [::]:18080"
SERVERS: list[tuple[str, list[tuple[str, dict[str, dict[str, str]]]]]] = [
    ("nginx", [(BOTH, ANY)]),
    ("nginx-reuseport", [(SPECIFIC, SHARED)]),
    ("redis", [(BOTH, ANY)]),
    ("memcached", [(SPECIFIC, PLAIN), ("udp4 127.0.0.1:18080", DATAGRAMS)]),
    ("postgresql", [(SPECIFIC, PLAIN)]),
    ("gunicorn", [(SPECIFIC, PLAIN)]),
    ("gunicorn-reuseport", [(SPECIFIC, SHARED)]),
    ("uvicorn", [(SPECIFIC, PLAIN)]),
    ("uvicorn-workers", [(SPECIFIC, PLAIN)]),
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
        asked = [situation.id for situation in SITUATIONS if situation.applies(group.shape)]
        for target, words in platforms.items():
            assert {one: word for one in asked if (word := judged(group, one, target)) != "="} == words, target


@pytest.mark.parametrize("name", [name for name, _ in SERVERS])
def test_the_notation_of_a_recording_meets_the_same(name: str) -> None:
    recording = read_calls(str(FOLDER / f"{name}.log"))
    for one, other in zip(groups_of(recording), groups(recording.notation()), strict=True):
        asked = [situation.id for situation in SITUATIONS if situation.applies(one.shape)]
        assert asked == [situation.id for situation in SITUATIONS if situation.applies(other.shape)]
        assert [judged(one, each, "windows") for each in asked] == [judged(other, each, "windows") for each in asked]


def test_every_recorded_server_is_tested() -> None:
    assert sorted(name for name, _ in SERVERS) == sorted(path.stem for path in FOLDER.glob("*.log"))


def server(options: str = "SO_REUSEADDR", host: str = "127.0.0.1", kind: str = "tcp4") -> str:
    return f"A = {kind}({options})\nA.bind({host}:P)\nA.listen()\n"


def only(text: str) -> Group:
    (group,) = groups(text)
    return group


@pytest.mark.parametrize(
    ("calls", "situation", "source", "target", "word"),
    [
        # A server that sets nothing restarts only where connections do not block it.
        (server(""), "restart-live", "linux", "windows", ">"),
        (server(""), "restart-live", "windows", "linux", "<"),
        (server(""), "restart-time-wait", "windows", "linux", "<"),
        (server(), "restart-live", "linux", "freebsd", "="),
        (server("SO_EXCLUSIVEADDRUSE"), "start", "windows", "linux", "<"),
        # What sources dispute is not decided.
        (server("SO_EXCLUSIVEADDRUSE"), "restart-live", "windows", "linux", "?"),
        (server(), "second-instance", "windows", "windows@xp", "?"),
        (server(), "second-instance", "windows", "windows", "="),
        # SO_REUSEPORT: shared, or the newest takes all; other users.
        (server("SO_REUSEPORT"), "second-instance", "linux", "freebsd", ">"),
        (server("SO_REUSEPORT"), "second-instance", "linux", "linux@3.8", "<"),
        (server("SO_REUSEPORT"), "another-user", "linux", "gvisor", ">"),
        # The default of IPV6_V6ONLY.
        (server("SO_REUSEADDR", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "windows", "<"),
        (server("SO_REUSEADDR", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "macos", "="),
        (server("SO_REUSEADDR, IPV6_V6ONLY=0", "[::]", "tcp6"), "start", "linux", "openbsd", "<"),
        # A refusal that moves.
        (server(), "second-instance", "linux", "wine", "=*"),
        (server(""), "second-instance", "linux", "windows", "="),
        (server("IPV6_V6ONLY=0", "[::ffff:127.0.0.1]", "tcp6"), "another-user", "linux", "windows", "="),
        # Nobody knows.
        (server(), "restart-live", "linux", "aix", "?"),
    ],
)
def test_verdicts(calls: str, situation: str, source: str, target: str, word: str) -> None:
    assert judged(only(calls), situation, target, source) == word


def test_a_listener_that_is_bound_late_is_refused_at_listen() -> None:
    group = only("A = tcp4(SO_REUSEADDR)\nA.bind(127.0.0.1:P)\nB = tcp4(SO_REUSEADDR)\nB.bind(127.0.0.1:P)\n")
    assert (group.shape.kinds, judged(group, "start", "freebsd")) == (("tcp4", "tcp4"), "<")


def test_options_are_set_when_they_were_set() -> None:
    late = only("A = tcp4()\nA.bind(127.0.0.1:P)\nA.setsockopt(SO_REUSEADDR, 1)\nA.listen()\n")
    assert "A.bind(127.0.0.1:P) = ok" in BENCH.play(QUESTIONS["start"], late.shape, Platform("linux")).trace
    found = [BENCH.play(QUESTIONS["second-instance"], late.shape, Platform(name)).words for name in ("windows", "linux")]
    assert found == ["refused (bind: WSAEADDRINUSE)", "refused (bind: EADDRINUSE)"]


def test_a_server_that_resets_leaves_no_time_wait() -> None:
    group = only(server("") + "B = A.accept()\nB.setsockopt(SO_LINGER, 0)\nB.close()\n")
    assert BENCH.play(QUESTIONS["restart-time-wait"], group.shape, Platform("linux")).words == "starts again"
    assert BENCH.play(QUESTIONS["restart-live"], group.shape, Platform("linux")).words == "refused (bind: EADDRINUSE)"


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
    group = only("".join(f"A{n} = udp4()\nA{n}.bind(127.0.1.{n}:53)\n" for n in range(1, 41)))
    assert group.shape.hosts == tuple(f"127.0.0.{n}" for n in range(1, 21))
    assert len(group.sockets) == 40


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
    words = {BENCH.play(situation, group.shape, Platform("linux")).words for situation in SITUATIONS if situation.applies(group.shape)}
    assert words == {"unknown: its options were set before the log begins"}


@pytest.mark.parametrize("situation", SITUATIONS, ids=[situation.id for situation in SITUATIONS])
def test_situations_are_scripts_that_every_model_can_play(situation: Any) -> None:
    shapes = {group.shape for path in FOLDER.glob("*.log") for group in groups_of(read_calls(str(path)))}
    applying = [shape for shape in shapes if situation.applies(shape)]
    assert applying
    assert [identifier for identifier in situation.experiments if identifier not in by_id()] == []
    for name in MODELS:
        for shape in applying[:3]:
            found = BENCH.play(situation, shape, Platform(name))
            assert found.words
            assert None in found.ranks or all(rank in situation.words for rank in found.ranks)


# Advice.


def test_the_file_of_advice_is_what_its_schema_says() -> None:
    schema = json.loads(Path(advice.FILE).with_name("advice.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads(advice.FILE.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []


def reasons() -> set[str]:
    found: set[str] = set()
    modules = [__import__("fixtures.rules", fromlist=["x"])]
    modules += [__import__(f"fixtures.models.{path.stem}", fromlist=["x"]) for path in (ROOT / "fixtures" / "models").glob("*.py")]
    for module in modules:
        found |= {value.id for value in vars(module).values() if isinstance(value, Rule | Variant)}
    return found


def test_advice_names_what_exists() -> None:
    known = reasons()
    for one in advice.load():
        assert one.experiments
        assert set(one.experiments) <= set(by_id()), one.id
        assert set(one.reasons) <= known, (one.id, set(one.reasons) - known)
        assert set(one.to) <= set(MODELS), one.id
        assert set(one.situations) <= set(QUESTIONS), one.id
        assert set(one.verdicts) <= set(VERDICTS), one.id
        assert {*one.has, *one.lacks, *one.has_cleared} <= set(OPTION_NAMES), one.id
        assert one.citations or one.reasons or one.experiments
    assert len({one.id for one in advice.load()}) == len(advice.load())


@pytest.mark.parametrize(
    ("calls", "situation", "source", "target", "ids"),
    [
        (server(), "second-instance", "linux", "windows", ["windows-exclusive", "windows-no-option"]),
        (server("SO_REUSEPORT"), "start", "linux", "illumos", ["reuseport-absent"]),
        (server("SO_REUSEPORT"), "second-instance", "linux", "freebsd", ["reuseport-lb"]),
        (server("", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "windows", ["clear-v6only"]),
        (server("", "[::]", "tcp6"), "ipv4-through-ipv6", "windows", "linux", ["keep-v6only"]),
        (server("IPV6_V6ONLY=0", "[::]", "tcp6"), "start", "linux", "openbsd", ["openbsd-v6only-stays"]),
        (server("IPV6_V6ONLY=0", "[::]", "tcp6"), "ipv4-through-ipv6", "linux", "openbsd", ["openbsd-second-socket"]),
        (server(""), "restart-time-wait", "windows", "linux", ["reuseaddr-to-restart"]),
        (server("SO_EXCLUSIVEADDRUSE"), "start", "windows", "linux", ["exclusive-is-windows"]),
        (server(), "wildcard-beside-specific", "linux", "illumos", ["exclbind", "no-reuseaddr-no-neighbour"]),
        (server(), "restart-live", "linux", "aix", []),
    ],
)
def test_what_to_write_instead(calls: str, situation: str, source: str, target: str, ids: list[str]) -> None:
    shape = only(calls).shape
    here, there = (BENCH.play(QUESTIONS[situation], shape, Platform(name)) for name in (source, target))
    offered = advice.offers(BENCH, shape, here, there)
    assert [offer.advice.id for offer in offered] == ids
    assert all(verdict(here, offer.played) == SAME for offer in offered if offer.played)


def test_advice_says_what_it_costs() -> None:
    shape = only(server()).shape
    here, there = (BENCH.play(QUESTIONS["second-instance"], shape, Platform(name)) for name in ("linux", "windows"))
    exclusive, plain = advice.offers(BENCH, shape, here, there)
    assert [(situation, word) for situation, word, _ in exclusive.costs] == [("restart-live", "unknown"), ("restart-time-wait", "unknown")]
    assert (exclusive.mends, plain.costs) == (("wildcard-beside-specific", "another-user"), ())


def test_every_piece_of_advice_is_offered_to_somebody() -> None:
    variants = ["", "SO_REUSEADDR", "SO_REUSEPORT", "SO_EXCLUSIVEADDRUSE"]
    calls = [server(options) for options in variants] + [server(options, "[::]", "tcp6") for options in (*variants, "IPV6_V6ONLY=0")]
    calls += [server("SO_REUSEPORT") + server("SO_REUSEPORT").replace("A", "B"), server() + "B = A.inherit()\nC = B.accept()\n"]
    offered = set()
    for text in calls:
        shape = only(text).shape
        for source in ("linux", "windows"):
            for target in ("linux", "windows", "openbsd", "freebsd", "illumos", "macos"):
                for situation in SITUATIONS:
                    if situation.applies(shape) and source != target:
                        here, there = (BENCH.play(situation, shape, Platform(name), AS_RECORDED) for name in (source, target))
                        offered |= {offer.advice.id for offer in advice.offers(BENCH, shape, here, there)}
    assert {one.id for one in advice.load()} - offered == set()


# What is printed.


@pytest.fixture
def port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(text: str, *options: str, name: str = "calls.txt") -> tuple[int, str, str]:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        status = main(["port", "--from", "linux", *options, str(path)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_text(port: Any) -> None:
    status, out, err = port(server(), "--to", "windows")
    assert (status, err) == (1, "")
    assert "looser    second-instance: May a second instance start while the first runs, and who receives?" in out
    assert "linux   refused (bind: EADDRINUSE)" in out
    assert "windows/reuseaddr-duplicates (documented)" in out
    assert "[windows-exclusive]" in out
    assert "but then restart-live is unknown: refused (bind: WSAEADDRINUSE) or starts again" in out
    assert all(f"{word}: {sentence}" in out for word, sentence in VERDICTS.items())


def test_nothing_differs(port: Any) -> None:
    status, out, _ = port(server(), "--to", "linux")
    assert status == 0
    assert "looser  " not in out
    assert port(server(), "--to", "linux@6.1")[0] == 0


def test_a_table_of_all(port: Any) -> None:
    status, out, _ = port(server(), "--to", "all")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:] if line.split()[:1] and line.split()[0] in MODELS}
    assert status == 1
    assert set(rows) == set(MODELS) - {"stevens", "linux"}
    assert rows["windows"] == ["same", "same", "same", "looser", "looser", "looser"]
    assert port(server(), "--to", "freebsd,macos", "--format", "markdown")[1].count("| freebsd |") == 1


@pytest.mark.parametrize("target", ["windows", "all"])
def test_json(port: Any, target: str) -> None:
    schema = json.loads((ROOT / "reports" / "porting" / "port.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    for path in FOLDER.glob("*.log"):
        data = json.loads(port(path.read_text(encoding="utf-8"), "--to", target, "--format", "json")[1])
        assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []


HOSTILE = "<script>alert(1)</script> & `|` [x](y).txt"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("target", ["windows", "all"])
def test_html_is_escaped_and_needs_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    name = HOSTILE.replace("/", "_")
    (tmp_path / name).write_text(server(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main(["port", "--from", "linux", "--to", target, "--format", "html", name])
    page = capsys.readouterr().out
    tags = Tags()
    tags.feed(page)
    assert (tags.open, tags.seen & {"script", "link", "img", "iframe"}) == ([], set())
    assert not re.search(r"(?:src|href)=", page)
    assert "&lt;script&gt;" in page


def test_markdown_is_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    name = HOSTILE.replace("/", "_")
    (tmp_path / name).write_text(server(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main(["port", "--from", "linux", "--to", "windows", "--format", "markdown", name])
    out = capsys.readouterr().out
    assert "<script>" not in out
    tables = [line for line in out.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {7}


def test_what_is_not_judged_is_said(port: Any) -> None:
    log = """\
socket(AF_INET, SOCK_STREAM, 0) = 3
connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)
socket(AF_INET, SOCK_STREAM, 0) = 4
bind(4, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
listen(4, 5) = 0
socket(AF_INET, SOCK_STREAM, 0) = 5
bind(5, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EADDRINUSE (Address already in use)
socket(AF_INET6, SOCK_DGRAM, 0) = 6
"""
    status, out, _ = port(log, "--to", "windows")
    assert status == 0
    assert "tcp4 127.0.0.1:0 (line 3): the system chooses the port, so nobody else meets it" in out
    assert "tcp4 (line 6): bind was EADDRINUSE when it was recorded" in out
    assert "1 socket of a client" in out
    assert "1 socket that was never bound" in out


def test_a_log_of_another_platform_is_noticed(port: Any) -> None:
    assert "linux would refuse what the log grants" in port(server("SO_EXCLUSIVEADDRUSE"), "--to", "windows")[1]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", ("--to", "windows"), "no socket calls in it"),
        ("A = tcp4()\n", ("--to", "windows"), "no TCP or UDP socket is bound in it"),
        ("A = tcp4()\nA.bind(x)\n", ("--to", "windows"), "line 2"),
        (server(), ("--to", "plan9"), "plan9: no such platform"),
        (server(), ("--to", "linux@x"), "version 'x'"),
    ],
)
def test_bad_input(port: Any, text: str, options: tuple[str, ...], said: str) -> None:
    status, out, err = port(text, *options)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["port", "--from", "linux", "--to", "windows", "/nonexistent/calls.log"]) == 2
    assert "cannot be read" in capsys.readouterr().err
