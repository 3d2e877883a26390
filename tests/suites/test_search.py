from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

pytest.importorskip("hypothesis")

from fixtures.language.notation import parse
from fixtures.language.words import WAITS, Address, Answer
from fixtures.machine.bench import Bench, MissingPrivilege
from fixtures.models import platform, this_platform
from fixtures.models.base import Model
from fixtures.models.block import Block
from fixtures.models.linux import Linux
from fixtures.specification.clauses import Reason
from fixtures.specification.rules import WRONG_KIND
from tests.search.run import machine, one_chunk, search_scripts, summary
from tests.search.sides import Disagreement, disagreement, model_of, reduced


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    if this_platform().name != "linux":
        pytest.skip("the search is made for Linux and its model")
    try:
        bench = Bench("namespace", patience=0)
    except MissingPrivilege as missing:
        pytest.skip(str(missing))
    yield bench
    bench.close()


def test_no_sequence_of_calls_is_answered_otherwise_by_the_model(bench: Bench) -> None:
    kind = machine(bench)
    found = one_chunk(kind, seed=20260, examples=2)
    assert found is None, str(found)
    assert kind.counts["steps"] > 40, summary(kind)


def test_no_script_that_asks_who_receives_is_answered_otherwise_by_the_model(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert search_scripts(bench, 30, seed=20261) == 0, capsys.readouterr().out


class Flags(Linux):
    """A liar: to it a group is whoever has the option now."""

    def receivers(self, protocol: str, host: str, port: str) -> tuple[list[Block], Reason]:
        found, because = super().receivers(protocol, host, port)
        alike = [block for block in self.holders(port, protocol) if not block.connected and found and block.local == found[0].local]
        return [block for block in alike if block.has("SO_REUSEPORT")] or found, because


def test_the_scripts_find_a_model_without_state(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("tests.search.run.model_of", lambda bench: partial(Flags, 0, None, this_platform().version))
    assert search_scripts(bench, 300, seed=20261) == 1
    assert "connections(" in capsys.readouterr().out.splitlines()[-2]


class EagerListener(Linux):
    """A liar: it lets a connected socket listen."""

    def on_listen(self, block: Block) -> Answer:
        return Answer("ok", WRONG_KIND) if block.connected and block.protocol == "tcp" else super().on_listen(block)


SMALLEST = """\
A = tcp4()
A.bind(127.0.0.1:P) = ok
A.listen() = ok
B = tcp4()
B.connect(127.0.0.1:P) = ok
B.listen() = EINVAL
# the model: ok (P8: A call that the kind or the state of the socket does not allow is refused.)"""


def test_a_lie_is_reduced_to_its_smallest_script(bench: Bench) -> None:
    noise = "D = udp4()\nD.send(1)\nE = other: tcp4()\nE.setsockopt(SO_REUSEADDR, 1)\nC = A.dup()\n"
    script = SMALLEST.replace("B = tcp4()", f"{noise}B = tcp4()")
    calls = [call for call, _ in parse(script)]
    make = partial(EagerListener, 0, None, this_platform().version)
    found = disagreement(bench, make, calls)
    assert isinstance(found, Disagreement)
    assert str(reduced(bench, make, found)) == SMALLEST


@pytest.mark.exhaustive
def test_the_search_finds_a_lie(bench: Bench) -> None:
    kind = machine(bench)
    kind.make = staticmethod(partial(EagerListener, 0, None, this_platform().version))
    found = one_chunk(kind, seed=1, examples=1000)
    assert found is not None
    assert str(found).splitlines()[-2].endswith(".listen() = EINVAL")


class DeafToItsPeer(Linux):
    """A liar: nothing arrives at a UDP socket that is connected."""

    def on_recv(self, block: Block, size: int) -> Answer:
        return WAITS if block.protocol == "udp" and block.connected and not block.error else super().on_recv(block, size)


class HearsStrangers(Linux):
    """A liar: a UDP socket that is connected hears everybody."""

    def on_connections(self, address: Address) -> Answer:
        connected = {block: block.remote for block in self.holders(self.port_of(address), "udp")}
        for block in connected:
            block.remote = None
        answer = super().on_connections(address)
        for block, remote in connected.items():
            block.remote = remote
        return answer


@pytest.mark.parametrize(("liar", "verb"), [(DeafToItsPeer, "recv"), (HearsStrangers, "connections")])
@pytest.mark.exhaustive
def test_the_search_asks_who_receives(bench: Bench, liar: type[Linux], verb: str) -> None:
    kind = machine(bench)
    kind.make = staticmethod(partial(liar, 0, None, this_platform().version))
    found = next(filter(None, (one_chunk(kind, seed, examples=100) for seed in range(1, 16))))
    assert found.calls[-1].verb == verb
    assert len(found.calls) < 12


def test_the_model_is_that_of_this_machine(bench: Bench) -> None:
    made: Model = model_of(bench, platform("linux@3.8"))(None)  # type: ignore[arg-type]
    assert isinstance(made, Linux)
    assert not made.since("3.9")
