"""``python -m tests.servers.stage``: play situations with servers, each in new namespaces.

Each line of the input asks for one, ``SERVER SITUATION FOLDER``; what it found is in ``FOLDER/SITUATION.json``.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fixtures import PATIENCE
from fixtures.machine.options import OPTIONS
from reports.calls import Recorded, read_calls
from reports.calls.sockets import Act
from reports.inputs import BadInput
from tests.servers.clients import all_accepted, arrivals, connected, ends_after_the_server, family, reached, shares
from tests.servers.instance import Instance, eventually
from tests.servers.newcomers import STRANGER, Newcomer, tried
from tests.servers.place import OUTPUT, furnish, in_new_namespaces
from tests.servers.server import ROOT, Server
from tests.servers.table import BY_NAME
from tests.servers.watching import Held, held, inodes

#: What a situation finds, for JSON.
Found = dict[str, Any]
#: What another user may set.
TRIED = ((), ("SO_REUSEADDR",), ("SO_REUSEPORT",), ("SO_REUSEADDR", "SO_REUSEPORT"))
#: How long one situation may take.
SECONDS = 90 * PATIENCE
#: From here on the system chooses ports: net.ipv4.ip_local_port_range as it is in a new namespace.
_CHOSEN = 32768
CHECKOUT = Path(__file__).parents[2]


# Recording.


def _visited(one: Instance) -> None:
    """A client comes to each port of the server, and goes again."""
    for place in _places(one.sockets):
        if place.kind.startswith("tcp"):
            with contextlib.suppress(OSError), connected(place, one.server.says):
                all_accepted([place.port])
        else:
            _datagram(place)
    # iperf3 closes its listener for a while.
    if not eventually(lambda: one.ready, 5):
        raise RuntimeError(f"{one.server.name} does not survive a client")


def _places(sockets: list[Held]) -> list[Held]:
    """One socket of each address, without those whose port the system has chosen: nobody else meets them."""
    return list({(one.kind, one.host, one.port): one for one in sockets if one.port < _CHOSEN}.values())


def _unicast(sockets: list[Held]) -> list[Held]:
    """Those that are not bound to a group: a group is nobody's to take."""
    return [place for place in _places(sockets) if not ipaddress.ip_address(place.host).is_multicast]


def _datagram(place: Held) -> None:
    with contextlib.suppress(OSError), socket.socket(family(place.host), socket.SOCK_DGRAM) as client:
        client.sendto(b"\n", (reached(place), place.port))


def record(server: Server, folder: Path) -> Found:
    """It starts, serves and ends under strace."""
    one = Instance(server, "first", folder / "strace.log")
    one.wait()
    _visited(one)
    one.stop()
    return {}


def _recorded(server: Server, folder: Path, how: str) -> Found:
    script = folder / f"record-{how}.txt"
    words = [sys.executable, "-m", "addrinuse", "record", "--how", how, "-o", str(script), "--"]
    os.environ["PYTHONPATH"] = str(CHECKOUT)
    one = Instance(server, "first", folder / f"record-{how}.log", words)
    one.wait()
    _visited(one)
    one.process.send_signal(signal.SIGTERM)
    status = one.process.wait(20 * PATIENCE)
    left = [pid for pid in one.pids if pid != one.process.pid]
    return {"status": status, "left": left, "said": one.log.with_suffix(".out").read_text("utf-8", "replace")[-1500:]}


def record_strace(server: Server, folder: Path) -> Found:
    """``addrinuse record`` with strace."""
    return _recorded(server, folder, "strace")


def record_python(server: Server, folder: Path) -> Found:
    """``addrinuse record`` in a Python that reports its calls."""
    return _recorded(server, folder, "python")


# What is asked.


def second(server: Server, folder: Path) -> Found:
    """It is started twice: which calls are refused, and who receives at each address of the first?"""
    one = _running(server, folder)
    other = Instance(server, "second", folder / "second.log")
    other.settle(one.refused)
    found = _of_start(other, folder / "first.log") | {"shares": []}
    if not other.ended:
        with one.frozen(), other.frozen():
            found["shares"] = [_share(one, place, other) for place in _places(one.sockets)]
    return found


def _running(server: Server, folder: Path) -> Instance:
    one = Instance(server, "first", folder / "first.log")
    one.wait()
    return one


def _of_start(one: Instance, usual: Path) -> Found:
    """How it started: what was refused to it that was not refused to the first, and whether it runs."""
    found = {"ready": one.ready, "ended": one.ended, "status": one.process.returncode}
    known = {json.dumps(refusal) for refusal in _refusals(usual)}
    return found | {"refused": [refusal for refusal in _refusals(one.log) if json.dumps(refusal) not in known]}


def _refusals(log: Path) -> list[list[str]]:
    """The refused calls of a log in their order: the socket's kind, its address, the call and the errno.

    A path that was bound after all is none: dovecot binds, asks whether anybody is there, deletes the stale file and binds again.
    """
    try:
        recording = read_calls(str(log))
    except BadInput:
        return []
    found = []
    had_after_all = {str(one.place) for one in recording.sockets if one.is_unix and one.serves}
    for one in recording.sockets:
        for act in one.refusals:
            address = str(act.args[0]) if act.verb == "bind" else str(one.place)
            if act.verb in ("bind", "listen") and address not in had_after_all:
                found.append((act.line, [one.kind, address, act.verb, act.answer.name]))
    return [words for _, words in sorted(found)]


def _share(one: Instance, place: Held, other: Instance) -> Found:
    arrived = arrivals(place.kind, reached(place), place.port, one.server.says)
    of = {"first": inodes(one.pids), "second": inodes(other.pids)}
    return _named(place) | shares(arrived, of)


def _restarted(server: Server, folder: Path, ends: Callable[[list[socket.socket]], None]) -> Found:
    one = _running(server, folder)
    listeners = [place for place in _places(one.sockets) if place.kind.startswith("tcp")]
    clients = [connected(place, server.says) for place in listeners]
    taken = all_accepted([place.port for place in listeners])
    one.kill()
    ends(clients)
    ports = {place.port for place in listeners}
    eventually(lambda: not _others(ports), 1)
    left = sorted({(row.port, row.state) for row in held() if row.kind.startswith("tcp") and row.port in ports})
    again = Instance(server, "first", folder / "again.log")
    again.settle(one.refused)
    return _of_start(again, folder / "first.log") | {"taken": taken, "left": left, "listeners": sorted(ports)}


def _others(ports: set[int]) -> bool:
    """Whether a connection is still on its way to TIME_WAIT or to its end."""
    return any(row.port in ports and row.state in ("04", "09", "0B") for row in held() if row.kind.startswith("tcp"))


def live(server: Server, folder: Path) -> Found:
    """It crashes with its connections open, and is started again."""
    kept: list[socket.socket] = []
    return _restarted(server, folder, kept.extend)


def time_wait(server: Server, folder: Path) -> Found:
    """It crashes, its clients end their connections after it, and it is started again."""

    def ends(clients: list[socket.socket]) -> None:
        for client in clients:
            ends_after_the_server(client)

    return _restarted(server, folder, ends)


def stranger(server: Server, folder: Path) -> Found:
    """Another user tries to take each port of the server, with each set of options."""
    one = _running(server, folder)
    found = []
    for place in _unicast(one.sockets):
        ipv6 = {"IPV6_V6ONLY": int(_only_ipv6(place))} if place.kind.endswith("6") else {}
        for host in dict.fromkeys((place.host, reached(place))):
            found += [tried(one, Newcomer(place, host, dict.fromkeys(options, 1) | ipv6, STRANGER)) for options in TRIED]
    return {"tried": found}


def _only_ipv6(place: Held) -> bool:
    """Whether a socket of IPv6 leaves IPv4 to another."""
    return any(row.port == place.port and row.kind == f"{place.kind[:3]}4" and row.serves for row in held())


def alone(server: Server, folder: Path) -> Found:
    """Nobody else is there: how many of its sockets receive at each address, and does its IPv6 wildcard receive IPv4?"""
    one = _running(server, folder)
    with one.frozen():
        workers = [_workers(one, place) for place in _places(one.sockets)]
        ipv4 = [_ipv4(one, place) for place in _places(one.sockets) if place.host == "::" and not _only_ipv6(place)]
    return {"workers": workers, "ipv4": ipv4}


def _workers(one: Instance, place: Held) -> Found:
    at = [row for row in one.sockets if (row.kind, row.host, row.port) == (place.kind, place.host, place.port)]
    arrived = arrivals(place.kind, reached(place), place.port, one.server.says)
    return _named(place) | {"sockets": len(at), "receive": sum(row.inode in arrived for row in at)}


def _ipv4(one: Instance, place: Held) -> Found:
    arrived = arrivals(place.kind, "127.0.0.1", place.port, one.server.says)
    return _named(place) | {"receive": sum(row.inode in arrived for row in one.sockets)}


def beside(server: Server, folder: Path) -> Found:
    """Another server with the options of its first socket binds a specific address beside its wildcard, or the wildcard beside it."""
    one = _running(server, folder)
    places = _unicast(one.sockets)
    found = []
    for first in _first_of_each(folder / "first.log"):
        place = next((place for place in places if first.address and f"{first.kind} {first.address}" == _written(place)), None)
        if place:
            options = {str(act.args[0]): int(str(act.args[1])) for act in _settings(first)}
            found.append(tried(one, Newcomer(place, _neighbour(place), options)))
    return {"tried": found}


def _neighbour(place: Held) -> str:
    if place.host in ("0.0.0.0", "::"):
        return reached(place)
    return "::" if place.kind.endswith("6") else "0.0.0.0"


def _first_of_each(log: Path) -> list[Recorded]:
    """The first socket at each protocol and port of a log."""
    found: dict[tuple[str, str], Recorded] = {}
    for one in read_calls(str(log)).servers:
        if one.address:
            found.setdefault((one.protocol, one.address.port), one)
    return list(found.values())


def _settings(one: Recorded) -> list[Act]:
    """Also those that it made after bind: the report's newcomer has its options from the start."""
    return [act for act in one.acts if act.verb == "setsockopt" and act.granted and act.args[0] in OPTIONS]


def _written(place: Held) -> str:
    return f"{place.kind} {f'[{place.host}]' if ':' in place.host else place.host}:{place.port}"


def _named(place: Held) -> Found:
    return {"kind": place.kind, "host": place.host, "port": place.port}


SITUATIONS: dict[str, Callable[[Server, Path], Found]] = {
    play.__name__: play for play in (record, record_strace, record_python, second, live, time_wait, stranger, alone, beside)
}


def play(name: str, situation: str, folder: str) -> None:
    """Play one situation with one server; what it found is written to the folder."""
    server = BY_NAME[name]
    furnish(Path(sys.prefix, ROOT, "debian"), Path(folder), server.users)
    found = SITUATIONS[situation](server, OUTPUT)
    (OUTPUT / f"{situation}.json").write_text(json.dumps(found), encoding="utf-8")


def main() -> int:
    """Play what is asked, a line for each, until the input ends. Answer each with its exit status."""
    for line in sys.stdin:
        words = line.split(maxsplit=2)
        print(in_new_namespaces(functools.partial(play, words[0], words[1], words[2].rstrip()), SECONDS), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
