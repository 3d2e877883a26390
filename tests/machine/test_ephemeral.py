from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fixtures.language.words import IP_BIND_ADDRESS_NO_PORT, IP_LOCAL_PORT_RANGE
from fixtures.machine import options
from fixtures.machine.bench import Bench, MissingPrivilege
from fixtures.machine.kernel import Kernel
from fixtures.models import this_platform
from fixtures.models.linux import Linux
from fixtures.models.linux.clauses import AUTOBIND_REUSE
from fixtures.models.stevens import Stevens
from fixtures.record.verdicts import observe
from reports.catalogue import ROOT, Row, all_rows, find

REUSE = "net.ipv4.ip_autobind_reuse"
TURN_ON = """
import sys
from fixtures.machine.namespace import enter
enter(f"join:{sys.argv[1]}")
with open("/proc/sys/net/ipv4/ip_autobind_reuse", "w") as file:
    file.write("1")
"""
ROWS = [row for row in all_rows() if row.chapter == "ephemeral"]


@pytest.fixture(scope="module")
def reusing() -> Iterator[Bench]:
    """A bench in a namespace of its own where ip_autobind_reuse is 1."""
    try:
        bench = Bench("namespace")
    except MissingPrivilege as missing:
        pytest.skip(str(missing))
    done = subprocess.run(
        [sys.executable, "-c", TURN_ON, str(bench.agent().process.pid)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    bench.settings = bench.agent().ask("fingerprint")["settings"]
    if bench.settings.get(REUSE) != "1":
        bench.close()
        pytest.skip(f"{REUSE} cannot be set: {done.stderr.strip().rpartition(chr(10))[2]}")
    yield bench
    bench.close()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.experiment.id)
def test_the_model_follows_autobind_reuse(row: Row, reusing: Bench) -> None:
    seen = observe(row.script, Kernel(reusing))
    if seen.problem == "untestable":
        pytest.skip(seen.why)
    assert seen.lines == observe(row.script, this_platform().make(settings=reusing.settings)).lines


@pytest.mark.parametrize(
    ("identifier", "shares"),
    [
        ("tcp/ephemeral/exhausted/first-reuseaddr/second-reuseaddr", True),
        ("tcp/ephemeral/exhausted/first-reuseaddr/second-reuseaddr+reuseport", True),
        ("tcp/ephemeral/exhausted/first-reuseport/second-reuseport", False),
        ("tcp/ephemeral/exhausted/first-reuseaddr+reuseport/second-reuseaddr+reuseport", False),
        ("tcp/ephemeral/another-user/reuseaddr+reuseport", True),
        ("tcp/ephemeral/time-wait/reuseaddr", True),
        ("tcp/ephemeral/listener/reuseaddr", False),
    ],
)
def test_who_shares_under_autobind_reuse(identifier: str, shares: bool) -> None:
    script = find(identifier).script
    assert observe(script, Linux()).held
    assert observe(script, Linux(settings={REUSE: "0"})).held
    seen = observe(script, Linux(settings={REUSE: "1"}))
    assert (seen.held, AUTOBIND_REUSE in seen.variants) == (not shares, shares)


def test_a_model_without_the_option_leaves_it_untested() -> None:
    confined = [row for row in ROWS if any(call.verb == "setsockopt" for call, _ in observe(row.script, Linux()).trace)]
    assert len(confined) > 20
    assert {(seen.problem, seen.why) for row in confined for seen in [observe(row.script, Stevens())]} == {
        ("untestable", f"option {name} is absent") for name in (IP_LOCAL_PORT_RANGE, IP_BIND_ADDRESS_NO_PORT.name)
    }


def test_a_system_without_the_option_leaves_it_untested(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = (socket.IPPROTO_IP, 4095)
    monkeypatch.setitem(options.OPTIONS, IP_LOCAL_PORT_RANGE, unknown)
    with socket.socket() as sock, pytest.raises(options.Absent, match=IP_LOCAL_PORT_RANGE):
        options.set_option(sock, IP_LOCAL_PORT_RANGE, 50000)
    monkeypatch.delitem(options.OPTIONS, IP_LOCAL_PORT_RANGE)
    with socket.socket() as sock, pytest.raises(options.Absent, match=IP_LOCAL_PORT_RANGE):
        options.set_option(sock, IP_LOCAL_PORT_RANGE, 50000)
