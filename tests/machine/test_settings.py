"""A script may change a setting of the kernel: in the suite's own network namespace alone, and only until it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.language.notation import NotationError, parse_line
from fixtures.language.stack import Untestable
from fixtures.machine.bench import Bench, MissingPrivilege
from fixtures.machine.kernel import Kernel
from fixtures.models import platform

MIGRATE = "net.ipv4.tcp_migrate_req"
PLACE = Path("/proc/sys/net/ipv4/tcp_migrate_req")


@pytest.fixture
def bench() -> Iterator[Bench]:
    try:
        bench = Bench("namespace")
    except MissingPrivilege as missing:
        pytest.skip(str(missing))
    yield bench
    bench.close()


def setting_of(bench: Bench) -> str:
    """What the setting is for the sockets of the bench."""
    return str(bench.agent().ask("fingerprint")["settings"].get(MIGRATE, ""))


def test_a_setting_is_given_back_when_the_experiment_ends(bench: Bench) -> None:
    was, outside = setting_of(bench), PLACE.read_text(encoding="ascii") if PLACE.exists() else ""
    if not was:
        pytest.skip(f"{MIGRATE} is absent")
    other = "0" if was == "1" else "1"
    kernel = Kernel(bench)
    kernel.sysctl(MIGRATE, int(other))
    assert setting_of(bench) == other
    assert PLACE.read_text(encoding="ascii") == outside
    kernel.sysctl(MIGRATE, int(was))
    kernel.sysctl(MIGRATE, int(other))
    kernel.close()
    assert setting_of(bench) == was


def test_the_setting_of_the_host_is_never_changed() -> None:
    bench = Bench("host")
    try:
        with pytest.raises(Untestable, match="network namespace"):
            Kernel(bench).sysctl(MIGRATE, 1)
    finally:
        bench.close()


@pytest.mark.parametrize("name", ["freebsd", "windows", "linux@5.10", "stevens"])
def test_it_is_untestable_where_it_is_absent(name: str) -> None:
    with pytest.raises(Untestable, match="is absent"):
        platform(name).make().sysctl(MIGRATE, 1)


@pytest.mark.parametrize(
    "line", ["sysctl(net.core.somaxconn, 1)", "sysctl(net.ipv4.tcp_migrate_req, 2)", "A.sysctl(net.ipv4.tcp_migrate_req, 1)"]
)
def test_only_known_settings_are_in_the_notation(line: str) -> None:
    with pytest.raises(NotationError):
        parse_line(line)
