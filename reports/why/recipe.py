"""How a program tests whether a port is free, on each platform: what to try, what the answer proves, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from fixtures.language.words import LISTEN, UNKNOWN, Address
from fixtures.machine.holding import UNCONNECTED, Holder, Row
from fixtures.models import Platform
from reports.why.world import Newcomer, World, supposed

#: Stands for any port that is not reserved.
_PORT = 8080
#: Of a network that is kept for documentation (RFC 5737): stands for any other address of the machine.
ELSEWHERE = "192.0.2.7"
#: Who holds the port, and where. The flag is IPV6_V6ONLY.
_HOLDERS = (
    ("127.0.0.1", "127.0.0.1", None),
    ("::1", "::1", None),
    ("0.0.0.0", "0.0.0.0", None),
    ("[::] with IPv4", "::", False),
    ("[::] of IPv6 alone", "::", True),
    ("another address of the machine", ELSEWHERE, None),
)
_EXCLUSIVE = {"windows": "SO_EXCLUSIVEADDRUSE", "wine": "SO_EXCLUSIVEADDRUSE", "solaris": "SO_EXCLBIND", "illumos": "SO_EXCLBIND"}
#: The experiments that show what a test leaves behind, and what goes wrong without it.
COSTS = {
    "bound and closed": "tcp/dead-server/never-connected/no-options",
    "connected": "tcp/time-wait/client-closes-first/old-none/new-none",
    "with SO_REUSEADDR": "tcp/duplicate/specific/bind-listen-bind-listen/none-then-reuseaddr",
}


@dataclass(frozen=True)
class Probe:
    """A bind that tests whether somebody is there."""

    host: str
    options: tuple[tuple[str, int], ...] = ()

    def newcomer(self, protocol: str) -> Newcomer:
        """The same as a socket of a protocol."""
        return Newcomer(protocol, self.host, _PORT, self.options, 0)

    def __str__(self) -> str:
        said = ", ".join(name if value else f"{name}=0" for name, value in self.options) or "no options"
        return f"{Address(self.host).aloud} with {said}"


@dataclass(frozen=True)
class Recipe:
    """The fewest binds that notice as much as any do; what they notice, for certain, and what they may miss."""

    platform: Platform
    protocol: str
    probes: tuple[Probe, ...]
    noticed: tuple[str, ...]
    missed: tuple[str, ...]


@cache
def recipe(platform: Platform, protocol: str) -> Recipe:
    """Find the recipe on the model: holders of every kind, with every set of options that they may have, against every bind."""
    seen = {probe: _noticed(platform, protocol, probe) for probe in _candidates(platform)}
    everything = {name for found in seen.values() for name in found}
    chosen: list[Probe] = []
    covered: set[str] = set()
    while covered < everything:
        best = max(seen, key=lambda probe: len(seen[probe] - covered))
        chosen.append(best)
        covered |= seen[best]
    chosen += _without_ipv6(chosen)
    names = [name for name, _, _ in _HOLDERS]
    return Recipe(
        platform,
        protocol,
        tuple(chosen),
        tuple(name for name in names if name in covered),
        tuple(name for name in names if name not in covered),
    )


def _without_ipv6(chosen: Sequence[Probe]) -> list[Probe]:
    """The bind that takes the place of a dual-stack one on a machine without IPv6."""
    dual = next((probe for probe in chosen if dict(probe.options).get("IPV6_V6ONLY") == 0), None)
    if dual is None:
        return []
    plain = Probe("0.0.0.0", tuple(pair for pair in dual.options if pair[0] != "IPV6_V6ONLY"))
    return [] if plain in chosen else [plain]


def _candidates(platform: Platform) -> list[Probe]:
    """Binds without options, and with the one that asks for the port alone. SO_REUSEADDR would make a test blind."""
    only = _EXCLUSIVE.get(platform.name)
    sets: list[tuple[tuple[str, int], ...]] = [(), *([((only, 1),)] if only else [])]
    plain = [Probe(host, options) for options in sets for host in ("0.0.0.0", "127.0.0.1", "::1")]
    six = [Probe("::", (*options, ("IPV6_V6ONLY", value))) for options in sets for value in (1, 0)]
    return [*plain, *six]


def _noticed(platform: Platform, protocol: str, probe: Probe) -> set[str]:
    model = platform.model
    assert model
    world = World(platform, (("addresses", ELSEWHERE),))
    newcomer = probe.newcomer(protocol)
    alone = world.outcome([], newcomer)
    if not alone.granted:
        return set()
    found = set()
    for name, host, v6only in _HOLDERS:
        state = LISTEN if protocol == "tcp" else UNCONNECTED
        holder = Holder(Row(protocol, Address(host).family, state, host, _PORT, None, 0, 1, None, v6only))
        outcomes = [outcome for one in supposed(holder, model) for outcome in world.outcomes([one], newcomer)]
        if all(not outcome.granted and outcome.answer != UNKNOWN.name for outcome in outcomes):
            found.add(name)
    return found


def as_text(found: Recipe) -> str:
    """The recipe for a person."""
    lines = [
        f"How to test on {found.platform} whether a {found.protocol.upper()} port is free",
        "",
        "Will my server get it? Bind (TCP: and listen) at the very address with the very options, and keep the",
        "socket. No other test proves it: between a test that closes its socket and the server's bind anybody",
        "can come in.",
        "",
        *_proof(found),
        "",
        "Costs:",
        f"  a socket that was bound and closed leaves nothing behind ({COSTS['bound and closed']});",
        f"  a test that connects and closes first leaves TIME_WAIT, and the server sees a client ({COSTS['connected']});",
        "  it also finds no socket that is bound and does not listen;",
        f"  a test with SO_REUSEADDR is blind to holders on some systems ({COSTS['with SO_REUSEADDR']});",
        "  a test without it calls a port taken over which nothing is left but TIME_WAIT.",
        *(["", program(found)] if found.probes else []),
    ]
    return "\n".join(lines)


def _proof(found: Recipe) -> list[str]:
    """What must be granted, and what that proves by the model."""
    if not found.probes:
        return [f"Does anybody have it? The model of {found.platform} knows no bind that tells for certain."]
    what = "listener" if found.protocol == "tcp" else "socket"
    lines = [
        "Does anybody have it, at any address and with any options? Each of these binds must be granted:",
        *(f"  {probe}" for probe in found.probes),
        f"Then by the model of {found.platform} there is no {what} at any of: {', '.join(found.noticed)}.",
    ]
    if found.missed:
        lines.append(f"Not noticed for certain, because it depends on options or nobody knows: a {what} at {', '.join(found.missed)}.")
    return lines


def program(found: Recipe) -> str:
    """The test as a function in Python, which needs nothing else."""
    kind = "SOCK_STREAM" if found.protocol == "tcp" else "SOCK_DGRAM"
    rows = [_row(probe) for probe in found.probes]
    listens = "                probe.listen(1)\n" if found.protocol == "tcp" else ""
    return f"""import errno
import socket

PROBES = ({"".join(rows)}
)
ABSENT = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def is_free(port):
    \"\"\"Whether nobody has this {found.protocol.upper()} port of the machine now. Made for {found.platform}.\"\"\"
    for family, host, options in PROBES:
        try:
            with socket.socket(family, socket.{kind}) as probe:
                for level, name, value in options:
                    probe.setsockopt(level, name, value)
                probe.bind((host, port))
{listens}        except OSError as error:
            # A family or an address that the machine lacks is nobody's.
            if error.errno not in ABSENT:
                return False
    return True"""


def _row(probe: Probe) -> str:
    family = "AF_INET6" if Address(probe.host).family == 6 else "AF_INET"
    options = "".join(
        f"({_LEVELS.get(name, 'socket.SOL_SOCKET')}, {_NUMBERS.get(name, f'socket.{name}')}, {value}), " for name, value in probe.options
    )
    return f'\n    (socket.{family}, "{probe.host}", ({options.rstrip()})),'


_LEVELS = {"IPV6_V6ONLY": "socket.IPPROTO_IPV6"}
#: Python has no name for it; sys/socket.h of illumos has.
_NUMBERS = {"SO_EXCLBIND": "0x1015"}


def as_json(found: Recipe) -> dict[str, object]:
    """The recipe for a program."""
    return {
        "platform": str(found.platform),
        "protocol": found.protocol,
        "binds": [{"host": probe.host, "options": [f"{name}={value}" for name, value in probe.options]} for probe in found.probes],
        "notices": list(found.noticed),
        "misses": list(found.missed),
        "costs": COSTS,
        "python": program(found) if found.probes else None,
    }
