"""The holders of a port on a platform's model: what a bind there is answered, and by which clause, when these or those are present."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from fixtures.language.notation import Call
from fixtures.language.stack import Broken, Inconclusive, Unknown, Untestable
from fixtures.language.words import CLOSED, ESTABLISHED, LISTEN, OK, UNKNOWN, Address, Answer, Option
from fixtures.machine.holding import BOUND, SYN_RECV, SYN_SENT, UNCONNECTED, Holder
from fixtures.models import Platform
from fixtures.models.base import Model
from fixtures.models.block import Block, cover
from fixtures.models.state import ADDRESSES
from fixtures.specification.clauses import Reason
from fixtures.specification.worlds import TooManyWorlds

#: What the model calls a state that it does not tell apart.
_STATES = {BOUND: CLOSED, UNCONNECTED: CLOSED, SYN_SENT: ESTABLISHED, SYN_RECV: ESTABLISHED}
#: The options that a holder may have, by platform, where they cannot be read: any of them, or several.
_MAY_HAVE = {"windows": ("SO_REUSEADDR", "SO_EXCLUSIVEADDRUSE"), "wine": ("SO_REUSEADDR", "SO_EXCLUSIVEADDRUSE")}
_USUAL = ("SO_REUSEADDR", "SO_REUSEPORT")

Options = Mapping[str, int]


@dataclass(frozen=True)
class Newcomer:
    """The socket that wants the port: its options by name, and its user."""

    protocol: str
    host: str
    port: int
    options: tuple[tuple[str, int], ...] = ()
    uid: int = 0

    @property
    def family(self) -> int:
        """4 or 6."""
        return Address(self.host).family

    @property
    def kind(self) -> str:
        """``tcp4`` and so on."""
        return f"{self.protocol}{self.family}"

    @property
    def address(self) -> Address:
        """Its address in the notation."""
        return Address(self.host, str(self.port))

    def has(self, name: str) -> bool:
        """Whether an option is on."""
        return bool(dict(self.options).get(name))

    def with_options(self, *names: str, **values: int) -> Newcomer:
        """The same with these options, too."""
        return replace(self, options=tuple({**dict(self.options), **dict.fromkeys(names, 1), **values}.items()))

    def spoken(self) -> str:
        """Its options, in words."""
        return ", ".join(str(Option(name, value)) for name, value in self.options) or "no options"


@dataclass(frozen=True)
class Outcome:
    """What becomes of the newcomer: the call that decides, its answer, and why. It may be ``unknown``."""

    call: str
    answer: str
    because: Reason | None = None

    @property
    def granted(self) -> bool:
        """Whether every call was granted."""
        return self.answer == OK.name


@dataclass(frozen=True)
class Supposed:
    """A holder with the options that it has, or that it is supposed to have."""

    holder: Holder
    options: tuple[tuple[str, int], ...]


def supposed(holder: Holder, model: type[Model]) -> list[Supposed]:
    """Every set of options that a holder may have: one if they were read."""
    if holder.options is not None:
        return [Supposed(holder, tuple(holder.options.items()))]
    v6only = {"IPV6_V6ONLY": int(holder.row.v6only)} if holder.row.v6only is not None else {}
    names = [name for name in _MAY_HAVE.get(model.name, _USUAL) if name in model.options]
    sets = [dict(zip(names, bits, strict=True)) for bits in product((0, 1), repeat=len(names))]
    return [Supposed(holder, tuple({**one, **v6only}.items())) for one in sets if not all(one.get(name) for name in _MAY_HAVE["windows"])]


@dataclass(frozen=True)
class World:
    """A machine's platform, its settings, and the addresses that it has, as far as they are known."""

    platform: Platform
    settings: tuple[tuple[str, str], ...] = ()

    def outcomes(self, present: Sequence[Supposed], newcomer: Newcomer, *others: Newcomer, late: Sequence[Supposed] = ()) -> list[Outcome]:
        """What the newcomer is answered when these are present, in each world that the model allows, after the others came in.

        Those that are ``late`` come between its bind and its listen.
        """
        every = [*others, newcomer] if others else [newcomer]
        known = dict(self.settings)
        addresses = known.get(ADDRESSES, newcomer.host)
        settings = {**known, ADDRESSES: ",".join(filter(None, (addresses, *self._own(every, known))))}
        try:
            found = self.platform.worlds(lambda model: _play(model, present, every, late), newcomer.uid, settings)
        except (Untestable, Inconclusive, Broken, TooManyWorlds) as error:
            return [Outcome("bind", UNKNOWN.name if not isinstance(error, Untestable) else "ENOPROTOOPT")]
        return list(dict.fromkeys(found))

    @staticmethod
    def _own(every: Sequence[Newcomer], known: Mapping[str, str]) -> Iterator[str]:
        """The addresses that the newcomers ask for, which the machine has unless somebody looked and it has not."""
        if ADDRESSES not in known:
            yield from (one.host.removeprefix("::ffff:") for one in every if not one.address.is_wildcard)

    def outcome(self, present: Sequence[Supposed], newcomer: Newcomer, *others: Newcomer) -> Outcome:
        """The same if one answer is to be told: the first refusal, else the first that is unknown, else the grant."""
        found = self.outcomes(present, newcomer, *others)
        return min(found, key=lambda one: (one.granted, one.answer == UNKNOWN.name))


def _play(model: Model, present: Sequence[Supposed], newcomers: Sequence[Newcomer], late: Sequence[Supposed]) -> Outcome:
    for number, one in enumerate(present):
        _find(model, one, f"H{number}", newcomers[-1].uid)
    outcome = Outcome("bind", OK.name)
    for number, newcomer in enumerate(newcomers):
        outcome = _come(model, newcomer, f"N{number}", late)
    return outcome


def _find(model: Model, one: Supposed, name: str, uid: int) -> None:
    """Put a holder on the model. One whose user is not known is taken for one of this user."""
    row = one.holder.row
    block = Block(row.protocol, row.family, uid if row.uid is None else row.uid, "other", name if row.inode else "", dict(one.options))
    block.state = _STATES.get(row.state, row.state)
    block.descriptors = 1 if row.inode else 0
    if row.remote:
        block.remote = (row.remote[0], str(row.remote[1]))
    else:
        block.named_port = block.named_host = True
    address = Address(row.host, str(row.port))
    block.multicast = address.is_multicast
    model.find(block, cover(address, v6only=bool(block.has("IPV6_V6ONLY") or row.v6only)), row.host, str(row.port))


def _come(model: Model, newcomer: Newcomer, name: str, late: Sequence[Supposed]) -> Outcome:
    options = tuple(Option(option, value) for option, value in newcomer.options if option != "IPV6_V6ONLY" or newcomer.family == 6)
    calls = [Call(newcomer.kind, options, makes=name), Call("bind", (newcomer.address,), on=name)]
    if newcomer.protocol == "tcp":
        calls.append(Call("listen", on=name))
    answer: Answer = OK
    granting: Answer | None = None
    for call in calls:
        if call.verb == "listen":
            for number, one in enumerate(late):
                _find(model, one, f"L{number}", newcomer.uid)
        try:
            answer = model.perform(call)
        except Unknown:
            answer = UNKNOWN
        if answer != OK:
            return Outcome("socket" if call.makes else call.verb, answer.name, answer.because)
        if call.makes:
            model.sockets[name].uid = newcomer.uid
        granting = answer if call.verb == "bind" else granting
    return Outcome(calls[-1].verb, OK.name, (granting or answer).because)


def overlapping(present: Collection[Holder], newcomer: Newcomer) -> list[Holder]:
    """The holders whose addresses meet the newcomer's, so that what arrives could go to either."""
    mine = cover(newcomer.address, v6only=newcomer.has("IPV6_V6ONLY"))
    return [one for one in present if mine.overlaps(cover(Address(one.row.host, str(one.row.port)), v6only=bool(one.row.v6only)))]


def listening(present: Collection[Holder]) -> list[Holder]:
    """The holders that get what arrives for strangers: listeners, and UDP sockets without a peer."""
    return [one for one in present if one.row.state in (LISTEN, UNCONNECTED)]
