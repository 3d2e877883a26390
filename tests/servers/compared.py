"""Where the machine and the report differ. ``Said`` reads the report's JSON, and a function for each situation compares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fixtures.language.kinds import UNIX_KINDS
from reports.porting.trials import ALL, GRANTED, MANY_RANKS, SHARED, TRIALS

#: What a stage found, or a report says: as it stands in JSON.
Json = Mapping[str, Any]
_TRIALS = {trial.id: trial for trial in TRIALS}
#: The situations in which somebody else asks for the port.
_NEWCOMERS = ("second-instance", "specific-beside-wildcard", "wildcard-beside-specific", "ipv4-beside-ipv6", "another-user")
_WORDS = {GRANTED: "nothing", SHARED: "a share", ALL: "all"}
#: How much somebody gets, by the report's words. Those of a refusal are not here.
SHARES = {_TRIALS[name].words[rank]: word for name in _NEWCOMERS for rank, word in _WORDS.items()}
#: It starts, and who receives is left to chance, or nobody knows.
UNDETERMINED = _TRIALS["second-instance"].words[MANY_RANKS]
#: From the worst for a thief to the best.
RANKS = ("nothing", "a share", "all")


@dataclass(frozen=True)
class Answer:
    """What the report says of one situation: how much is received, or which calls of which sockets are refused."""

    gets: str
    sockets: frozenset[str]
    #: The calls and their errno.
    refused: frozenset[str]

    def __str__(self) -> str:
        return f"refused ({', '.join(sorted(self.sockets))})" if self.refused else self.gets


class Said:
    """What a report says of the platform that it comes from, or of one that it goes to."""

    def __init__(self, report: Json, to: str = "") -> None:
        self._to = to
        self.servers: list[Json] = report["servers"]
        self.situations: list[Json] = report["program"]["situations"]

    def _of(self, situation: Json) -> Json:
        """The report's answer in a situation."""
        answer: Json = situation["to"][self._to]["answer"] if self._to else situation["from"]
        return answer

    @property
    def places(self) -> list[str]:
        """The places of its servers, ``tcp:80``, each once."""
        return list(dict.fromkeys(place for server in self.servers for place in _places(server)))

    def at(self, place: str, situation: str) -> Answer | None:
        """The answer for the server at one place, or None if the report does not ask this there."""
        asked = (one for server in self.servers if place in _places(server) for one in server["situations"])
        return next((_answer(self._of(one)) for one in asked if one["id"] == situation), None)

    def program(self, situation: str) -> Answer:
        """The answer for the program with all its servers."""
        return next(_answer(self._of(one)) for one in self.situations if one["id"] == situation)

    def outcomes(self) -> dict[str, str]:
        """Every outcome in the report's words, by place and situation, except of workers that inherit the socket.

        Whether two workers take a connection while one client comes is chance. What is asked of a path is left out, and of a program
        that has one: strace's own log has no calls on files, by which `record` knows more of a path.
        """
        over_ip = [server for server in self.servers if server["sockets"][0]["kind"] not in UNIX_KINDS]
        found = {
            f"{place} {one['id']}": self._of(one)["outcome"]
            for server in over_ip
            for place in _places(server)
            for one in server["situations"]
        }
        if over_ip == self.servers:
            found |= {f"the program {one['id']}": self._of(one)["outcome"] for one in self.situations}
        return {asked: outcome for asked, outcome in found.items() if not asked.endswith(" inherited")}


def _places(server: Json) -> list[str]:
    protocol = server["sockets"][0]["kind"][:3]
    return [f"{protocol}:{port}" for port in server["ports"]]


def _answer(met: Json) -> Answer:
    words = met["outcome"].partition(", if it sets ")[0]
    sockets = frozenset(f"{one['socket']}: {one['call']}: {one['errno']}" for one in met["refused"])
    return Answer(SHARES.get(words, words), sockets, frozenset(f"{one['call']}: {one['errno']}" for one in met["refused"]))


def differences(situation: str, found: Json, said: Said) -> list[str]:
    """Each point in which they differ, in a sentence."""
    return list(_COMPARED[situation](found, said))


def _second(found: Json, said: Said) -> Iterable[str]:
    program = said.program("second-instance")
    yield from _refusals(found, program)
    if found["ended"] and not found["refused"]:
        yield f"the second instance ended with status {found['status']}, and no bind or listen was refused to it"
    if found["refused"] and not found["ended"]:
        yield "the second instance runs on, although a call was refused to it"
    if found["refused"] or program.refused:
        return
    for place, gets in _received(found["shares"], "second").items():
        answer = said.at(place, "second-instance")
        if answer is None:
            yield f"{place}: the report does not know it"
        elif answer.gets not in (gets, UNDETERMINED):
            yield f"{place}: the second instance gets {gets}, but the report says {answer}"


def _refusals(found: Json, answer: Answer) -> Iterable[str]:
    """Where the first call that was refused is not the one that the report names."""
    if not found["refused"]:
        yield from [f"no call was refused, but the report says {answer}"] if answer.refused else []
        return
    kind, address, call, errno = found["refused"][0]
    if f"{kind} {address}: {call}: {errno}" not in answer.sockets:
        yield f"{kind} {address}: refused ({call}: {errno}), but the report says {answer}"


def _received(shares: Iterable[Json], who: str) -> dict[str, str]:
    """How much the newcomer gets at each place: the most of what it gets at any address there."""
    found: dict[str, str] = {}
    for one in shares:
        place = _place(one)
        gets = _share(one["first"], one[who])
        found[place] = max(found.get(place, RANKS[0]), gets, key=RANKS.index)
    return found


def _share(first: int, newcomer: int) -> str:
    return "nothing" if not newcomer else "a share" if first else "all"


def _restart(situation: str, states: Iterable[str]) -> Callable[[Json, Said], Iterable[str]]:
    def compared(found: Json, said: Said) -> Iterable[str]:
        for port in found["listeners"]:
            there = {state for at, state in found["left"] if at == port}
            if not there & set(states):
                yield f"the precondition is not there: no connection of port {port} in {' or '.join(states)}, but {sorted(there)}"
        yield from _refusals(found, said.program(situation))
        if not found["refused"] and not found["ready"]:
            yield f"it did not start again (status {found['status']}), and no bind or listen was refused to it"

    return compared


def _stranger(found: Json, said: Said) -> Iterable[str]:
    for place in _in_order(found["tried"]):
        tried = [one for one in found["tried"] if _place(one) == place]
        answer = said.at(place, "another-user")
        if answer is None:
            yield f"{place}: the report does not say what another user can do"
        else:
            yield from _theft(place, tried, answer)


def _in_order(found: Iterable[Json]) -> list[str]:
    return list(dict.fromkeys(map(_place, found)))


def _place(one: Json) -> str:
    return f"{one['kind'][:3]}:{one['port']}"


def _theft(place: str, tried: Iterable[Json], answer: Answer, who: str = "another user") -> Iterable[str]:
    best = _best(tried)
    if isinstance(best, frozenset):
        if not answer.refused & best:
            yield f"{place}: {who} is refused ({', '.join(sorted(best))}), but the report says {answer}"
    elif answer.refused or answer.gets != best[0]:
        yield f"{place}: {who} gets {best[0]} with {best[1]}, but the report says {answer}"


def _alone(found: Json, said: Said) -> Iterable[str]:
    for one in found["workers"]:
        answer = said.at(_place(one), "workers")
        shared = _TRIALS["workers"].words[SHARED if one["receive"] > 1 else GRANTED]
        if one["sockets"] > 1 and (answer is None or answer.gets != shared):
            yield f"{_place(one)}: {one['receive']} of {one['sockets']} sockets receive, but the report says {answer}"
        if not one["receive"]:
            yield f"{_place(one)}: nobody receives at {one['host']}"
    for one in found["ipv4"]:
        answer = said.at(_place(one), "ipv4-through-ipv6")
        does = _TRIALS["ipv4-through-ipv6"].words[ALL if one["receive"] else GRANTED]
        if answer is None or answer.gets != does:
            yield f"{_place(one)}: does IPv4 reach its IPv6 wildcard? {does}, but the report says {answer}"


def _beside(found: Json, said: Said) -> Iterable[str]:
    for one in found["tried"]:
        situation = "specific-beside-wildcard" if one["host"] in ("0.0.0.0", "::") else "wildcard-beside-specific"
        answer = said.at(_place(one), situation)
        # It does not ask about an address that the server holds, too.
        if answer:
            yield from _theft(_place(one), [one], answer, f"a server with the same options at {one['at']}")


def _best(tried: Iterable[Json]) -> tuple[str, str] | frozenset[str]:
    """What the best attempt got, and how; or how all were refused."""
    granted = [(_share(one["first"], one["newcomer"]), one) for one in tried if one["answer"] == "ok"]
    if not granted:
        return frozenset(one["answer"] for one in tried)
    gets, one = max(granted, key=lambda pair: RANKS.index(pair[0]))
    return gets, f"{' and '.join(one['options']) or 'no option'} at {one['at']}"


_COMPARED: dict[str, Callable[[Json, Said], Iterable[str]]] = {
    "second": _second,
    "live": _restart("restart-live", ("01", "04", "05", "06")),
    "time_wait": _restart("restart-time-wait", ("06",)),
    "stranger": _stranger,
    "alone": _alone,
    "beside": _beside,
}
