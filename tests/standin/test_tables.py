"""The kernel's tables: one walk answers all questions about a port at one moment."""

from __future__ import annotations

import contextlib
import socket

from fixtures.language.words import ESTABLISHED, LISTEN, TIME_WAIT
from fixtures.standin.tables import Row, Tables
from tests.standin.running import linux

pytestmark = linux
#: NETLINK_SOCK_DIAG.
SOCK_DIAG = 4


def tables() -> contextlib.closing[Tables]:
    return contextlib.closing(Tables(socket.socket(getattr(socket, "AF_NETLINK", 16), socket.SOCK_RAW, SOCK_DIAG)))


def alive(rows: list[Row]) -> list[Row]:
    """Without what other tests have left of connections on ports that were drawn anew."""
    return [row for row in rows if row.state != TIME_WAIT]


def test_what_was_found_holds_until_it_is_forgotten() -> None:
    with tables() as here:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            assert [row.state for row in alive(here.holders(port))] == [LISTEN]
        assert here.receivers(port) == []
        assert [row.state for row in alive(here.holders(port))] == [LISTEN]
        here.forget()
        assert alive(here.holders(port)) == []


def test_who_has_a_port_at_either_end() -> None:
    with tables() as here, socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)):
        address = server.getsockname()
        with socket.create_connection(address) as client:
            rows = alive(here.holders(str(address[1])))
            assert sorted(row.state for row in rows) == [ESTABLISHED, ESTABLISHED, LISTEN]
            assert {end[1] for row in rows for end in (row.local, row.remote)} == {str(address[1]), str(client.getsockname()[1]), "0"}
            assert [row.state for row in here.receivers(str(address[1]))] == [LISTEN]
            assert len(alive(here.holders(str(client.getsockname()[1])))) == 2
            assert {row.cookie for row in rows} <= {row.cookie for row in here.everybody()}
