"""What no model plays, and what it means on a target: options that only some systems have, and ports that a system gives to clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fixtures.models import Platform
from fixtures.specification.sources import (
    FREEBSD,
    FREEBSD_IP4,
    LINUX_MAN,
    OPENBSD,
    WINDOWS_PORTS,
    WINSOCK_IP_OPTIONS,
    XNU,
    Citation,
)
from reports.calls import Recorded
from reports.porting.contents import Warned
from reports.porting.queues import DOCUMENTED, of_queues
from reports.porting.words import BREAKS, RISK, UNKNOWN

#: Any platform that a table does not name.
ELSEWHERE = ""


@dataclass(frozen=True)
class Means:
    """What an option means on a target."""

    verdict: str
    say: str
    sources: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Missing:
    """Options that mean one thing where a server was recorded, and what there is on other platforms instead."""

    names: tuple[str, ...]
    #: Where they are.
    home: tuple[str, ...]
    to: Mapping[str, Means]


_UNTIL = "bind fails with EADDRNOTAVAIL until the machine has the address"
_BINDANY = "set IP_BINDANY (IPV6_BINDANY for IPv6), which only root may"
_SO_BINDANY = "set SO_BINDANY, which only root may"
_OPENBSD_BINDANY = (OPENBSD.at("kern/uipc_socket.c, sosetopt"), OPENBSD.at("netinet/in_pcb.c, in_pcbaddrisavail"))
_WAIT = "bind the wildcard, or wait for the address and bind again"

#: Each option with what takes its place.
MISSING = (
    Missing(
        ("IP_FREEBIND", "IPV6_FREEBIND"),
        ("linux",),
        {
            "freebsd": Means(BREAKS, f"{_BINDANY}; without it {_UNTIL}", (FREEBSD_IP4.at("IP_BINDANY"),)),
            "openbsd": Means(BREAKS, f"{_SO_BINDANY}; without it {_UNTIL}", _OPENBSD_BINDANY),
            "windows": Means(BREAKS, f"nothing takes its place: {_UNTIL}; {_WAIT}", (WINSOCK_IP_OPTIONS.at("the table of options"),)),
            "macos": Means(BREAKS, f"nothing takes its place: {_UNTIL}; {_WAIT}", (XNU.at("bsd/netinet/in_pcb.c, in_pcbbind"),)),
            ELSEWHERE: Means(UNKNOWN, f"whether there is an option like it was not read; without one {_UNTIL}"),
        },
    ),
    Missing(
        ("IP_TRANSPARENT", "IPV6_TRANSPARENT"),
        ("linux",),
        {
            "freebsd": Means(BREAKS, f"{_BINDANY}, and let the firewall hand over the connections", (FREEBSD_IP4.at("IP_BINDANY"),)),
            "openbsd": Means(BREAKS, f"{_SO_BINDANY}, and let the firewall hand over the connections", _OPENBSD_BINDANY),
            "windows": Means(
                BREAKS,
                "nothing takes its place: a server cannot bind, or accept for, addresses of others",
                (WINSOCK_IP_OPTIONS.at("the table of options"),),
            ),
            ELSEWHERE: Means(UNKNOWN, "whether there is an option like it was not read"),
        },
    ),
    Missing(
        ("SO_BINDTODEVICE", "SO_BINDTOIFINDEX"),
        ("linux",),
        {
            "windows": Means(
                BREAKS,
                "sockets of two interfaces conflict there if they bind one address; bind the address of the interface instead "
                "(IP_UNICAST_IF chooses only where datagrams leave, IP_IFLIST where they may come in)",
                (WINSOCK_IP_OPTIONS.at("IP_UNICAST_IF, IP_IFLIST"),),
            ),
            "macos": Means(
                UNKNOWN,
                "IP_BOUND_IF takes the number of an interface instead; whether sockets of two interfaces may bind one address was not "
                "read: bind the address of the interface",
                (XNU.at("bsd/netinet/ip_output.c, ip_ctloutput"),),
            ),
            ELSEWHERE: Means(UNKNOWN, "whether there is an option like it was not read: bind the address of the interface instead"),
        },
    ),
    Missing(
        ("SO_ATTACH_REUSEPORT_CBPF", "SO_ATTACH_REUSEPORT_EBPF"),
        ("linux",),
        {ELSEWHERE: Means(UNKNOWN, "a program of the server's chooses among its sockets on Linux, and no model plays that")},
    ),
)

#: The ports that a system gives to clients unless it was told otherwise, and how it is told.
GIVEN_TO_CLIENTS: Mapping[str, tuple[int, int, str, Citation]] = {
    "linux": (32768, 60999, "reserve it: net.ipv4.ip_local_reserved_ports", LINUX_MAN.at("ip(7), ip_local_port_range")),
    "freebsd": (10000, 65535, "narrow the range: net.inet.ip.portrange.first", FREEBSD.at("netinet/in_pcb.c, ipport_firstauto")),
    "macos": (49152, 65535, "narrow the range: net.inet.ip.portrange.first", XNU.at("bsd/netinet/in_pcb.c, ipport_firstauto")),
    "windows": (49152, 65535, "narrow the range: netsh int ipv4 set dynamicport", WINDOWS_PORTS.at("Introduction")),
}


def warnings(sockets: Sequence[Recorded], source: Platform, target: Platform) -> list[Warned]:
    """What to say of a server on a target beside what its model answers."""
    return [*_of_options(sockets, source, target), *_of_ports(sockets, source, target), *of_queues(sockets, source, target)]


def citations() -> list[Citation]:
    """Everything that a warning cites."""
    documented = (citation for _, citation in DOCUMENTED.values())
    options = (citation for missing in MISSING for means in missing.to.values() for citation in means.sources)
    return [*documented, *options, *(citation for *_, citation in GIVEN_TO_CLIENTS.values())]


def _of_options(sockets: Sequence[Recorded], source: Platform, target: Platform) -> Iterator[Warned]:
    has = dict.fromkeys(name for one in sockets for name in one.unmodelled)
    for missing in MISSING:
        found = [name for name in missing.names if has.pop(name, 0) is None]
        if found and not (target.name == source.name and target.name in missing.home):
            means = missing.to.get(target.name) or missing.to[ELSEWHERE]
            yield Warned(means.verdict, f"{found[0]} is not played: {means.say}.", list(map(str, means.sources)))
    for name in has:
        yield Warned(UNKNOWN, f"{name} is not played: no model knows it, and the answers are those without it.", [])


def _of_ports(sockets: Sequence[Recorded], source: Platform, target: Platform) -> Iterator[Warned]:
    """A fixed port that the target gives to clients, and the source does not: a client may hold it when the server starts."""
    if target.name not in GIVEN_TO_CLIENTS:
        return
    first, last, remedy, citation = GIVEN_TO_CLIENTS[target.name]
    here = GIVEN_TO_CLIENTS.get(source.name, (1, 0, "", None))
    ports = {int(one.address.port) for one in sockets if one.address and one.address.port.isdecimal()}
    for port in sorted(port for port in ports if first <= port <= last and not here[0] <= port <= here[1]):
        said = (
            f"{target.name} gives ports {first} to {last} to clients. If one has {port}, the server does not start: "
            f"take a port below {first}, or {remedy}."
        )
        yield Warned(RISK, said, [str(citation)])
