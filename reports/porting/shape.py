"""What a server does with its port, without this machine's addresses: equal for two that do the same."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.language.notation import Call
from fixtures.language.words import Address, Option


def numbered(letter: str, place: int) -> str:
    """The name of one of several sockets with the same role: ``A``, ``A1``, ``A2``."""
    return f"{letter}{place or ''}"


@dataclass(frozen=True)
class Shape:
    """What a server does with its port: equal for two that do the same.

    Its sockets, the members, are called A, A1, A2 in its calls.
    """

    kinds: tuple[str, ...]
    hosts: tuple[str, ...]
    calls: tuple[Call, ...]
    listens: tuple[bool, ...]
    workers: bool
    on_accepted: tuple[Option, ...]
    options_known: bool
    #: A name, or the number of a port that some systems reserve.
    port: str = "P"
    #: Addresses of the machine that stand for those of the recording.
    own: tuple[str, ...] = ()

    @property
    def protocol(self) -> str:
        """``tcp`` or ``udp``."""
        return self.kinds[0][:3]

    @property
    def groups(self) -> list[str]:
        """The multicast groups that it joins."""
        return list(dict.fromkeys(str(call.args[0]) for call in self.calls if call.verb == "join"))

    def address(self, member: int) -> Address:
        """The address of one member."""
        return Address(self.hosts[member], self.port)

    @property
    def settings(self) -> list[Call]:
        """The calls that set options, in order."""
        return [call for call in self.calls if call.verb == "setsockopt"]

    @property
    def options(self) -> frozenset[str]:
        """The options that it sets to another value than 0."""
        return frozenset(str(call.args[0]) for call in self.settings if call.args[1])

    @property
    def distinct(self) -> list[int]:
        """Its members, but only the first of those that do the same."""
        seen: dict[tuple[object, ...], int] = {}
        for member in range(len(self.kinds)):
            seen.setdefault(self.doing(member), member)
        return sorted(seen.values())

    @property
    def twins(self) -> bool:
        """Whether several members have the same address."""
        return len(set(zip(self.kinds, self.hosts, strict=True))) < len(self.kinds)

    def doing(self, member: int) -> tuple[object, ...]:
        """What one member does."""
        name = numbered("A", member)
        return (self.kinds[member], self.hosts[member], *((call.verb, call.args) for call in self.calls if call.on == name))

    def settings_of(self, member: int) -> list[Call]:
        """The calls that set options of one member, in order."""
        return [call for call in self.settings if call.on == numbered("A", member)]
