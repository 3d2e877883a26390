"""The kernel's tables: one walk answers all questions of one moment."""

from __future__ import annotations

import socket

from fixtures.language.words import LISTEN
from fixtures.standin.tables import Tables
from tests.standin.running import linux

pytestmark = linux
#: NETLINK_SOCK_DIAG.
SOCK_DIAG = 4


def test_what_was_found_holds_until_it_is_forgotten() -> None:
    tables = Tables(socket.socket(getattr(socket, "AF_NETLINK", 16), socket.SOCK_RAW, SOCK_DIAG))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert [row.state for row in tables.holders(port)] == [LISTEN]
    assert tables.receivers(port) == []
    assert [row.state for row in tables.holders(port)] == [LISTEN]
    tables.forget()
    assert tables.holders(port) == []
    tables.close()
