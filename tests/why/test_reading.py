"""How holders are read where the kernel says less: old kernels, no sock_diag, another user's descriptors, psutil."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import AF_INET, AF_INET6
from socket import SOCK_DGRAM as DGRAM
from socket import SOCK_STREAM as STREAM
from types import SimpleNamespace

import pytest

from fixtures.machine.holding import (
    BOUND,
    UNCONNECTED,
    Found,
    Holder,
    NotTold,
    Owner,
    Row,
    duplicates,
    on_linux,
    proc_net,
    sock_diag,
    with_psutil,
)
from fixtures.machine.holding.attempt import Attempt
from fixtures.models import Platform
from reports.why import recipe, subject
from reports.why.accuse import Tried, accuse
from reports.why.world import Newcomer, World

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    """A socket on loopback that is bound and does not listen."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held


def found(port: int) -> Holder:
    (holder,) = on_linux.holders("tcp", port).holders
    return holder


@linux
def test_a_socket_that_is_merely_bound_is_found_with_its_options(bound: socket.socket) -> None:
    holder = found(bound.getsockname()[1])
    assert (holder.row.state, holder.row.host, holder.row.inode) == (BOUND, "127.0.0.1", os.fstat(bound.fileno()).st_ino)
    assert holder.options == {"SO_REUSEADDR": 1, "SO_REUSEPORT": 0}
    assert [(owner.pid, owner.descriptors) for owner in holder.owners] == [(os.getpid(), (bound.fileno(),))]


@linux
def test_a_kernel_that_lists_no_bound_socket_is_asked_by_descriptors(bound: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = sock_diag.rows

    def old(protocol: str, port: int) -> list[Row]:
        return [row for row in listed(protocol, port) if row.state != BOUND]

    monkeypatch.setattr(sock_diag, "rows", old)
    holder = found(bound.getsockname()[1])
    assert (holder.row.state, holder.options) == (BOUND, {"SO_REUSEADDR": 1, "SO_REUSEPORT": 0})


@linux
def test_without_sock_diag_the_tables_of_proc_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(protocol: str, port: int) -> list[Row]:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(sock_diag, "rows", absent)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        holder = found(held.getsockname()[1])
        assert (holder.row.state, holder.row.host) == ("LISTEN", "127.0.0.1")


def test_the_tables_are_parsed(tmp_path: Path) -> None:
    heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    loopback = "0100007F" if sys.byteorder == "little" else "7F000001"
    row = f"   0: {loopback}:1F90 {loopback}:C350 06 00000000:00000000 03:00000BB8 00000000     0        0 0 3 0000000000000000\n"
    (tmp_path / "tcp").write_text(heading + row, encoding="ascii")
    (one,) = proc_net.rows("tcp", 8080, tmp_path)
    assert one == Row("tcp", 4, "TIME_WAIT", "127.0.0.1", 8080, ("127.0.0.1", 50000), None, None, 30.0)
    with pytest.raises(NotTold):
        proc_net.rows("tcp", 8080, tmp_path / "nothing")


@linux
def test_a_descriptor_that_is_no_socket_is_not_read() -> None:
    with open(os.devnull, "rb") as file, pytest.raises(duplicates.Unread):
        duplicates.options(os.getpid(), file.fileno())


def test_psutil_is_asked_elsewhere_and_its_limits_are_told() -> None:
    class Error(Exception):
        pass

    class AccessDenied(Error):
        pass

    def process(pid: int) -> SimpleNamespace:
        if pid == 2:
            raise Error
        return SimpleNamespace(name=lambda: "server", ppid=lambda: 1, uids=lambda: SimpleNamespace(real=501))

    def end(port: int) -> SimpleNamespace:
        return SimpleNamespace(ip="127.0.0.1", port=port)

    every = [
        SimpleNamespace(fd=3, family=socket.AF_INET, laddr=end(80), raddr=(), status="LISTEN", pid=1),
        SimpleNamespace(fd=-1, family=socket.AF_INET, laddr=end(80), raddr=end(5), status="FIN_WAIT2", pid=2),
        SimpleNamespace(fd=-1, family=socket.AF_INET, laddr=end(81), raddr=(), status="LISTEN", pid=None),
    ]
    fake = SimpleNamespace(net_connections=lambda kind: every, Process=process, Error=Error, AccessDenied=AccessDenied)
    told = with_psutil.holders_by(fake, "tcp", 80)
    assert [(one.row.state, one.options, [owner.program for owner in one.owners]) for one in told.holders] == [
        ("LISTEN", None, ["server"]),
        ("FIN_WAIT_2", None, ["a process that has ended"]),
    ]
    assert any("untried" in note for note in told.notes)
    # The listener has a process; the other's is gone, but Windows lists the socket under it for a child that inherited it.
    assert all(one.row.inode for one in told.holders)
    assert with_psutil.holders_by(fake, "udp", 80).holders[0].row.state == UNCONNECTED

    def denied(kind: str) -> None:
        raise AccessDenied

    fake.net_connections = denied
    with pytest.raises(NotTold, match="as root"):
        with_psutil.holders_by(fake, "tcp", 80)


@linux
def test_psutil_sees_what_the_kernel_says() -> None:
    """Of all systems this is the one where both can be asked."""
    psutil = pytest.importorskip("psutil", reason="tox -e tests has it")
    with contextlib.ExitStack() as stack:
        made = [
            stack.enter_context(socket.socket(*kind))
            for kind in [(AF_INET, STREAM)] * 4 + [(AF_INET6, STREAM), (AF_INET, DGRAM), (AF_INET, DGRAM)]
        ]
        listener, client, half, late, six, udp, peer = made
        for one in (listener, udp):
            one.bind(("127.0.0.1", 0))
        six.bind(("::1", 0))
        for one in (listener, six):
            one.listen()
        for one in (client, half, late):
            one.connect(listener.getsockname())
        accepted = [stack.enter_context(listener.accept()[0]) for _ in range(3)]
        half.shutdown(socket.SHUT_WR)
        accepted[2].close()
        late.recv(1)
        late.close()  # the accepted one is in TIME_WAIT now
        peer.connect(udp.getsockname())
        for protocol, one in [("tcp", listener), ("tcp", six), ("tcp", half), ("udp", udp), ("udp", peer)]:
            port = one.getsockname()[1]
            mine, theirs = (listed(told) for told in (on_linux.holders(protocol, port), with_psutil.holders_by(psutil, protocol, port)))
            assert mine == theirs


def listed(told: Found) -> list[tuple[object, ...]]:
    """Of each holder what both ways tell: that somebody has it, and who."""
    return sorted(
        (
            row.protocol,
            row.family,
            row.state,
            row.host,
            row.port,
            row.remote or (),
            bool(row.inode),
            *((owner.pid, owner.descriptors) for owner in holder.owners),
        )
        for holder in told.holders
        for row in [holder.row]
    )


# Options that cannot be read.

_TIME_WAIT = Holder(Row("tcp", 4, "TIME_WAIT", "127.0.0.1", 8080, ("127.0.0.1", 50000), None, None, 30.0))
_OF_ROOT = Holder(Row("tcp", 4, "LISTEN", "127.0.0.1", 8080, None, 0, 7), (Owner(1, "server"),))
_WORLD = World(Platform("linux"))
_PLAIN = Newcomer("tcp", "127.0.0.1", 8080, (), 1000)
_REUSEADDR = _PLAIN.with_options("SO_REUSEADDR")


def test_what_time_wait_remembers_follows_from_a_bind_that_was_granted() -> None:
    refused = Tried(_PLAIN, Attempt("bind", "EADDRINUSE"))
    (before,) = accuse(_WORLD, [_TIME_WAIT], _PLAIN, [refused]).charges
    assert before.refuses == "yes"
    with_it = accuse(_WORLD, [_TIME_WAIT], _PLAIN, [refused, Tried(_REUSEADDR, Attempt("listen", "ok"))])
    assert {dict(case[0].options)["SO_REUSEADDR"] for case in with_it.cases} == {1}
    without = accuse(_WORLD, [_TIME_WAIT], _REUSEADDR, [Tried(_REUSEADDR, Attempt("bind", "EADDRINUSE"))])
    assert {dict(case[0].options)["SO_REUSEADDR"] for case in without.cases} == {0}
    assert without.charges[0].refuses == "yes"


def test_a_listener_refuses_whatever_its_options_are() -> None:
    (one,) = accuse(_WORLD, [_OF_ROOT], _REUSEADDR, [Tried(_REUSEADDR, Attempt("bind", "EADDRINUSE"))]).charges
    assert (one.refuses, one.because.id if one.because else "") == ("yes", "linux/both-need-the-option")


def test_of_two_that_may_refuse_neither_is_sure() -> None:
    other = Holder(Row("tcp", 4, "TIME_WAIT", "127.0.0.1", 8080, ("127.0.0.1", 50001), None, None, 20.0))
    charges = accuse(_WORLD, [_TIME_WAIT, other], _REUSEADDR, [Tried(_REUSEADDR, Attempt("bind", "EADDRINUSE"))]).charges
    assert [one.refuses for one in charges] == ["perhaps", "perhaps"]


# Addresses, and the recipe.


def test_an_address_is_read() -> None:
    assert subject.addresses("127.0.0.1:8080", "tcp") == [("127.0.0.1", 8080)]
    assert subject.addresses("[::1]:8080", "tcp") == [("::1", 8080)]
    assert subject.addresses(":8080", "tcp") == subject.addresses("*:8080", "tcp") == [("0.0.0.0", 8080), ("::", 8080)]
    assert subject.addresses("http://127.0.0.1:8080/path", "tcp") == [("127.0.0.1", 8080)]
    assert subject.addresses("127.0.0.1:http", "tcp") == [("127.0.0.1", 80)]
    localhost = subject.addresses("localhost:80", "tcp")
    assert localhost
    assert {("127.0.0.1", 80), ("::1", 80)} <= set(localhost)
    assert subject.addresses("calls.log", "tcp") is None
    assert subject.addresses("[Errno 98] Address already in use", "tcp") is None


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@linux
def test_the_recipe_notices_holders_on_this_kernel(protocol: str) -> None:
    code: dict[str, object] = {}
    exec(recipe.program(recipe.recipe(Platform("linux"), protocol)), code)
    is_free = code["is_free"]
    assert callable(is_free)
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.2")):
        with socket.socket(family, kind) as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                held.bind((host, 0))
            except OSError:
                continue
            port = held.getsockname()[1]
            if protocol == "tcp":
                held.listen()
            assert is_free(port) is False
        assert is_free(port) is True


def test_the_recipe_of_windows_asks_for_exclusive_use() -> None:
    found = recipe.recipe(Platform("windows"), "tcp")
    assert all(dict(probe.options).get("SO_EXCLUSIVEADDRUSE") for probe in found.probes)
    assert "socket.SO_EXCLUSIVEADDRUSE" in recipe.program(found)
    assert found.missed == ()
    nobody_knows = recipe.recipe(Platform("wsl1"), "tcp")
    assert "knows no bind that tells for certain" in recipe.as_text(nobody_knows)
    assert "is_free" not in recipe.as_text(nobody_knows)
