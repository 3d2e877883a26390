"""A state machine that makes socket calls as they come: up to five sockets in up to three processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, precondition, rule

from fixtures.language.kinds import protocol_of
from fixtures.language.notation import Call
from fixtures.language.words import (
    CLOSED,
    IP_MULTICAST_ALL,
    IPV6_V6ONLY,
    LIMITED_BROADCAST,
    LISTEN,
    SO_BROADCAST,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    Address,
    Option,
)
from fixtures.machine.bench import Bench
from fixtures.models.base import Model
from fixtures.models.block import Block
from fixtures.specification.worlds import Choices
from tests.search.sides import Disagreement, Sides, Undetermined, confirmed

MOST_SOCKETS = 5
HOSTS = {
    "tcp4": ("127.0.0.1", "0.0.0.0", "127.0.0.2", "127.0.0.1", "0.0.0.0", "127.255.255.255"),
    "udp4": ("127.0.0.1", "0.0.0.0", "127.0.0.2", "224.0.0.251", "127.255.255.255", "255.255.255.255"),
    "tcp6": ("::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:127.0.0.2"),
    "udp6": ("::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:127.0.0.2", "ff05::fb", "::ffff:127.255.255.255"),
}
HOSTS |= {f"mp{kind}": HOSTS[kind] for kind in ("tcp4", "tcp6")}
KINDS = ("tcp4", "tcp4", "tcp6", "udp4", "udp6", "mptcp4", "mptcp4", "mptcp6")
SERVERS = ("tcp4", "tcp4", "tcp6", "tcp6", "mptcp4", "mptcp6")
OPTION_SETS = ((), (SO_REUSEADDR,), (SO_REUSEPORT,), (SO_REUSEADDR, SO_REUSEPORT))
SWITCHES = (SO_REUSEADDR, SO_REUSEPORT, SO_REUSEADDR.off, SO_REUSEPORT.off, SO_LINGER_0)

EVERYBODY = ("127.255.255.255", "127.255.255.255", "255.255.255.255")

UDP = st.sampled_from(("udp4", "udp6"))
HOST = st.integers(0, 29)
LUCK = st.integers(0, 9)
PORT = st.sampled_from(("P", "P", "P", "Q"))


class Search(RuleBasedStateMachine):
    """One example: a script that goes on until the two sides disagree, or the answer is a matter of chance."""

    bench: ClassVar[Bench]
    make: ClassVar[Callable[[Choices], Model]]
    actors: ClassVar[tuple[str | None, ...]] = (None, "other", "stranger")
    counts: ClassVar[Counter[str]] = Counter()
    verbs: ClassVar[Counter[str]] = Counter()
    found: ClassVar[list[Disagreement]] = []

    sockets = Bundle("sockets")

    def __init__(self) -> None:
        super().__init__()
        self.sides = Sides(self.bench, type(self).make)
        self.kinds: dict[str, str] = {}
        self.open: set[str] = set()
        self.ported: set[Block] = set()
        self.spoken: set[tuple[str, str]] = set()
        self.made = 0
        self.over = False
        self.counts["examples"] += 1

    # The calls. Each is made whether it makes sense or not: a refusal is an answer too.

    @precondition(lambda self: len(self.open) < MOST_SOCKETS)
    @rule(target=sockets, kind=st.sampled_from(KINDS), actor=st.integers(0, 5), options=st.sampled_from(OPTION_SETS))
    def create(self, kind: str, actor: int, options: tuple[Option, ...]) -> object:
        """A socket, in one of the processes."""
        return self._made(kind, Call(kind, options, makes=self._name(), actor=self.actors[actor % len(self.actors)]))

    @rule(socket=sockets, luck=LUCK, host=HOST, port=PORT)
    def bind(self, socket: str, luck: int, host: int, port: str) -> None:
        """To one of two ports."""
        socket = self._prefer(socket, luck, lambda block: not block.port)
        self._call("bind", self._address(socket, host, port), on=socket)

    @rule(socket=sockets, host=HOST, whose=st.one_of(st.none(), sockets))
    def bind_elsewhere(self, socket: str, host: int, whose: str | None) -> None:
        """To a port of the system's choice, or to the port that some socket has."""
        port = self._port_of(whose) if whose else "0"
        if port:
            self._call("bind", self._address(socket, host, port), on=socket)

    @rule(socket=sockets, luck=LUCK)
    def listen(self, socket: str, luck: int) -> None:
        """Also where it cannot be."""
        socket = self._prefer(socket, luck, lambda block: block.protocol == "tcp" and bool(block.port) and not block.connected)
        self._call("listen", on=socket)

    @rule(socket=sockets, luck=LUCK, backlog=st.sampled_from((0, 0, 1)))
    def listen_with(self, socket: str, luck: int, backlog: int) -> None:
        """With a queue that is soon full."""
        socket = self._prefer(socket, luck, lambda block: block.protocol == "tcp" and bool(block.port) and not block.connected)
        self._call("listen", backlog, on=socket)

    @rule(socket=sockets, luck=LUCK, host=HOST, port=PORT)
    def connect(self, socket: str, luck: int, host: int, port: str) -> None:
        """To one of two ports."""
        self._connect(self._prefer(socket, luck, lambda block: block.state == CLOSED and not block.connected), host, port)

    @rule(socket=sockets, host=HOST, whose=sockets)
    def connect_to(self, socket: str, host: int, whose: str) -> None:
        """To the port that some socket has."""
        self._connect(socket, host, self._port_of(whose))

    @rule(socket=sockets, luck=LUCK)
    def disconnect(self, socket: str, luck: int) -> None:
        """Whether there is a peer or not."""
        socket = self._prefer(socket, luck, lambda block: block.connected or block.state == LISTEN)
        self._call("disconnect", on=socket)
        block = self.sides.model.sockets.get(socket)
        if block and not block.port:
            # What a send draws next the bench does not see.
            self.ported.discard(block)

    @precondition(lambda self: len(self.open) < MOST_SOCKETS)
    @rule(target=sockets, listener=sockets, luck=LUCK)
    def accept(self, listener: str, luck: int) -> object:
        """Accept what waits, or find that nothing does."""
        listener = self._prefer(listener, luck, lambda block: bool(block.queue))
        return self._made(self.kinds[listener], Call("accept", on=listener, makes=self._name()))

    @rule(socket=sockets, luck=LUCK)
    def send(self, socket: str, luck: int) -> None:
        """One byte, or one datagram."""
        self._call("send", 1, on=self._prefer(socket, luck, lambda block: block.connected))

    @rule(socket=sockets, host=HOST, port=PORT, whose=st.one_of(st.none(), sockets))
    def sendto(self, socket: str, host: int, port: str, whose: str | None) -> None:
        """To one of two ports, to that of some socket, or to none."""
        address = self._address(socket, host, (self._port_of(whose) or "0") if whose else port)
        block = self.sides.model.sockets.get(socket)
        # Where datagrams to a group go depends on the interfaces and routes of the machine.
        if self.kinds[socket][:3] == "udp" and block and not address.is_multicast and not self._strays(block, address):
            self._call("sendto", address, on=socket)
            if block.port:
                self.ported.add(block)
                self.spoken.add(("udp", block.port))

    @rule(socket=sockets, luck=LUCK)
    def recv(self, socket: str, luck: int) -> None:
        """One byte, or one datagram."""
        self._call("recv", 1, on=self._prefer(socket, luck, lambda block: bool(block.unread or block.finished or block.error)))

    @rule(socket=sockets, luck=LUCK, how=st.sampled_from(("RD", "WR", "RDWR")))
    def shutdown(self, socket: str, luck: int, how: str) -> None:
        """Any half."""
        self._call("shutdown", how, on=self._prefer(socket, luck, lambda block: block.connected or block.state == LISTEN))

    @rule(socket=consumes(sockets))
    def close(self, socket: str) -> None:
        """A descriptor."""
        self._call("close", on=socket)
        self.open.discard(socket)

    @precondition(lambda self: len(self.open) < MOST_SOCKETS)
    @rule(target=sockets, socket=sockets, heir=st.sampled_from((None, "other", "stranger")))
    def copy(self, socket: str, heir: str | None) -> object:
        """A second descriptor, here or in another process."""
        if heir is None:
            return self._made(self.kinds[socket], Call("dup", on=socket, makes=self._name()))
        if heir not in self.actors:
            return multiple()
        return self._made(self.kinds[socket], Call("inherit", () if heir == "other" else (heir,), on=socket, makes=self._name()))

    @rule(socket=sockets, option=st.sampled_from(SWITCHES))
    def setsockopt(self, socket: str, option: Option) -> None:
        """At any time."""
        self._call("setsockopt", option.name, option.value, on=socket)

    @rule(socket=sockets, value=st.integers(0, 1))
    def v6only(self, socket: str, value: int) -> None:
        """IPv6 alone, or both."""
        block = self.sides.model.sockets.get(socket)
        # A socket that lost its port but not its address: what the option then does to a mapped address is not modelled.
        if self.kinds[socket][-1] == "6" and block and (block.port or not block.named_host):
            self._call("setsockopt", IPV6_V6ONLY.name, value, on=socket)

    @rule(socket=sockets, name=st.sampled_from(("SO_REUSEADDR", "SO_REUSEPORT", "SO_LINGER", "IPV6_V6ONLY", "SO_BROADCAST")))
    def getsockopt(self, socket: str, name: str) -> None:
        """What is set."""
        if name != "IPV6_V6ONLY" or self.kinds[socket][-1] == "6":
            self._call("getsockopt", name, on=socket)

    @rule(socket=sockets, group=st.sampled_from(("224.0.0.251", "ff05::fb", "127.0.0.1")))
    def join(self, socket: str, group: str) -> None:
        """A group, or what is none."""
        if ":" in group or self.kinds[socket][-1] == "4":
            self._call("join", group, on=socket)

    @rule(socket=sockets, luck=LUCK, group=st.sampled_from(("224.0.0.251", "224.0.0.251", "ff05::fb", "127.0.0.1")))
    def leave(self, socket: str, luck: int, group: str) -> None:
        """A group, whether it was joined or not, or what is none."""
        socket = self._prefer(socket, luck, lambda block: group in block.groups)
        if (":" in group) == (self.kinds[socket][-1] == "6"):
            self._call("leave", group, on=socket)

    @rule(socket=sockets, value=st.integers(0, 1))
    def multicast_all(self, socket: str, value: int) -> None:
        """Linux' own, which a socket of Multipath TCP does not have."""
        if self.kinds[socket][:2] != "mp":
            self._call("setsockopt", IP_MULTICAST_ALL.name, value, on=socket)

    @rule(socket=sockets, luck=LUCK, value=st.sampled_from((1, 1, 1, 0)))
    def broadcasts(self, socket: str, luck: int, value: int) -> None:
        """Only UDP asks for it."""
        socket = self._prefer(socket, luck, lambda block: block.protocol == "udp")
        self._call("setsockopt", SO_BROADCAST.name, value, on=socket)

    @rule(socket=sockets, host=st.sampled_from(("127.0.0.1", "127.0.0.2", "::1", "224.0.0.251", "ff05::fb", *EVERYBODY)))
    def who_receives(self, socket: str, host: str) -> None:
        """Connections, or datagrams where only UDP sockets have the port."""
        port = self._port_of(socket)
        if Address(host).is_multicast and protocol_of(self.kinds[socket]) == "tcp":
            return
        there = [block for block in self.sides.model.blocks if port and block.port == self.sides.model.sockets[socket].port]
        # Where TCP and UDP had the same port the bench and the model may not mean the same one.
        if port and {("tcp", self._number(socket)), ("udp", self._number(socket))} <= self.spoken:
            return
        # 64 connections are more than a short queue holds.
        if any(block.backlog is not None for block in self.sides.model.sockets.values()):
            return
        # The bench begins by taking what waits there.
        if port and not any(block.queue or block.error or (block.unread and block.protocol == "udp") for block in there):
            self._call("connections", Address(host, port))

    @precondition(lambda self: len(self.open) < MOST_SOCKETS - 2)
    @rule(
        target=sockets,
        kind=st.sampled_from(SERVERS),
        other=st.booleans(),
        actor=st.integers(0, 5),
        options=st.sampled_from(OPTION_SETS),
        port=PORT,
    )
    def serve(self, kind: str, other: bool, actor: int, options: tuple[Option, ...], port: str) -> object:
        """A server with a client, which take some luck to come about; the client may be one of TCP alone."""
        host = 29 if kind[-1] == "4" and actor % 2 else 0
        listener = self._created(kind, actor, options)
        self._call("bind", self._address(listener, host, port), on=listener)
        self._call("listen", on=listener)
        client = self._created(kind[-4:] if other else kind, actor // 2, options)
        self._connect(client, 0, port)
        accepted = self._made(kind, Call("accept", on=listener, makes=self._name()))
        return multiple(*(name for name in (listener, client, accepted) if isinstance(name, str)))

    @precondition(lambda self: len(self.open) < MOST_SOCKETS - 1)
    @rule(target=sockets, kind=UDP, actor=st.integers(0, 5), options=st.sampled_from(OPTION_SETS), host=HOST, port=PORT)
    def converse(self, kind: str, actor: int, options: tuple[Option, ...], host: int, port: str) -> object:
        """Two UDP sockets that are connected to each other."""
        one, two = self._created(kind, actor, options), self._created(kind, actor // 2, options)
        self._call("bind", self._address(one, host, port), on=one)
        self._call("bind", self._address(two, host, "0"), on=two)
        self._connect(two, host, self._port_of(one))
        self._connect(one, host, self._port_of(two))
        return multiple(one, two)

    @precondition(lambda self: len(self.open) < MOST_SOCKETS)
    @rule(target=sockets, holder=sockets, host=HOST, whose=st.one_of(st.none(), sockets))
    def share(self, holder: str, host: int, whose: str | None) -> object:
        """Another socket like one that has a port, at that port: without a peer, or connected to somebody."""
        like, port = self.sides.model.sockets.get(holder), self._port_of(holder)
        if not like or not port:
            return multiple()
        given = tuple(option for option in (SO_REUSEADDR, SO_REUSEPORT) if like.has(option.name))
        name = self._created(self.kinds[holder], self.actors.index(like.actor or None), given)
        self._call("bind", self._address(name, host, port), on=name)
        if whose:
            self._connect(name, host, self._port_of(whose))
        return name

    # How a call is made.

    def _created(self, kind: str, actor: int, options: tuple[Option, ...]) -> str:
        name = self._name()
        self.kinds[name] = kind
        self._made(kind, Call(kind, options, makes=name, actor=self.actors[actor % len(self.actors)]))
        return name

    def _prefer(self, socket: str, luck: int, wanted: Callable[[Block], bool]) -> str:
        """This socket, or with luck one with which the call makes more sense."""
        blocks = self.sides.model.sockets
        better = [name for name in sorted(self.open) if name in blocks and wanted(blocks[name])] if luck else []
        return socket if not better or socket in better else better[luck % len(better)]

    def _connect(self, socket: str, host: int, port: str) -> None:
        address = self._address(socket, host, port)
        block = self.sides.model.sockets.get(socket)
        # Where datagrams to a group go depends on the interfaces and routes of the machine.
        if port and block and not address.is_multicast and not self._turns(block, address) and not self._strays(block, address):
            self._call("connect", address, on=socket)

    def _turns(self, block: Block, address: Address) -> bool:
        """Whether a UDP socket that was connected in one family would be in the other: it then has an address of each."""
        ipv4 = address.family == 4 or address.host.startswith("::ffff:")
        return block.protocol == "udp" and block.remote is not None and ipv4 == (":" in block.remote[0].removeprefix("::ffff:"))

    def _strays(self, block: Block, address: Address) -> bool:
        """Whether routes would decide where a datagram to 255.255.255.255 goes: it stays on loopback from an address of loopback alone."""
        at_home = block.local_host.startswith("127.") and not Address(block.local_host).is_broadcast
        return block.protocol == "udp" and address.host == LIMITED_BROADCAST.host and not at_home

    def _address(self, socket: str, host: int, port: str) -> Address:
        hosts = HOSTS[self.kinds[socket]]
        return Address(hosts[host % len(hosts)], port)

    def _port_of(self, name: str) -> str:
        block = self.sides.model.sockets.get(name)
        # The bench does not see the port that a send drew.
        return f"port({name})" if block and block.port and block in self.ported else ""

    def _number(self, name: str) -> str:
        return self.sides.model.sockets[name].port

    def _name(self) -> str:
        lap, at = divmod(self.made, 23)
        self.made += 1
        return "ABCDEFGHIJKLMNORSTUVWXY"[at] + (str(lap) if lap else "")

    def _made(self, kind: str, call: Call) -> object:
        if not self._perform(call):
            return multiple()
        assert call.makes
        self.kinds[call.makes] = kind
        self.open.add(call.makes)
        return call.makes

    def _call(self, verb: str, *args: Address | int | str, on: str | None = None) -> None:
        self._perform(Call(verb, args, on=on))

    def _perform(self, call: Call) -> bool:
        """Make a call; say whether it made what it makes. What happens next depends on the model alone, so that it can be repeated."""
        if call.on and call.on not in self.open:
            return False
        answer = self.sides.predict(call)
        if answer.name == "ok" and call.verb in ("bind", "listen", "connect", "accept"):
            block = self.sides.model.sockets[call.makes or call.on or ""]
            self.ported.add(block)
            self.spoken.add((block.protocol, block.port))
        if not self.over:
            self._compare(call)
        return answer.name == "ok"

    def _compare(self, call: Call) -> None:
        try:
            self.sides.compare(call)
        except Undetermined:
            self.over = True
            self.counts["undetermined"] += 1
        except Disagreement as found:
            self._examine(found)
        else:
            self.counts["steps"] += 1
            self.verbs[call.verb if call.verb == "connections" else f"{call.verb} {self.sides.predicted}"] += 1

    def _examine(self, found: Disagreement) -> None:
        """It counts if it is still there when the machine rests after each call."""
        self.over = True
        self.sides.close()
        again = confirmed(self.bench, type(self).make, found.calls)
        if again:
            self.found.append(again)
            raise again
        self.counts["unrested"] += 1

    def teardown(self) -> None:
        """Close every socket."""
        self.sides.close()
