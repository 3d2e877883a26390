"""From system calls to sockets, and what was done to each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from fixtures.language.notation import LARGEST
from fixtures.language.words import OK, OPTION_NAMES, Address, Answer
from reports.calls.arguments import address as address_of
from reports.calls.arguments import kind as kind_of
from reports.calls.descriptors import Descriptors, Held
from reports.calls.sockets import Act, Recorded, Recording
from reports.calls.syscalls import FORKS, Syscall

_OPTION = re.compile(r",\s*(\w+),\s*(\w+),\s*(\[-?\d+\]|\{[^}]*\}|[^,]*)")
_LINGER = re.compile(r"l?_?onoff=(\d+), (?:l_)?linger=(\d+)")

#: Options that decide who may bind or who receives, but that no model knows.
UNMODELLED = (
    *("SO_BINDTODEVICE", "SO_BINDTOIFINDEX", "IP_FREEBIND", "IPV6_FREEBIND", "IP_TRANSPARENT", "IPV6_TRANSPARENT"),
    *("SO_ATTACH_REUSEPORT_CBPF", "SO_ATTACH_REUSEPORT_EBPF", "SO_BINDANY", "IP_BINDANY", "SO_SETFIB", "SO_USER_COOKIE"),
)


class Assembler(Descriptors):
    """Follows descriptors. `recording` grows with every call."""

    def __init__(self) -> None:
        super().__init__()
        self.recording = Recording()
        self._named: dict[tuple[int, int], Address] = {}
        self._do: dict[str, Callable[[Syscall], None]] = {
            **{name: getattr(self, f"_{name}") for name in ("socket", "bind", "listen", "connect", "setsockopt", "getsockname", "fcntl")},
            **{name: getattr(self, f"_{name}") for name in ("sendmsg", "recvmsg", "close", "dup", "close_range", "unshare")},
            **dict.fromkeys(("accept", "accept4"), self._accept),
            **dict.fromkeys(("dup2", "dup3"), self._dup2),
            **dict.fromkeys(("execve", "execveat"), self._execve),
            **dict.fromkeys(("exit", "exit_group"), self._exit),
            **dict.fromkeys(FORKS, self._fork),
            **{"fcntl64": self._fcntl, "closefrom": self._close_range, "socketpair": self._nothing},
        }

    def take(self, calls: Iterable[Syscall]) -> Recording:
        """Follow every call of a log."""
        for call in calls:
            self.recording.calls += 1
            self._do[call.name](call)
        return self.recording

    # Sockets.

    def _socket(self, call: Syscall) -> None:
        if call.failed or call.result is None:
            return
        kind = kind_of(call.args)
        held = Held(closes_on_exec="CLOEXEC" in call.args)
        if kind:
            made = self._made(kind, call)
            held = Held(made, None, "CLOEXEC" in call.args)
            if "MPTCP" in call.args:
                made.notes["it was made for Multipath TCP; the answers are those of TCP"] = None
        self._put(call, call.result, held)

    def _made(self, kind: str, call: Syscall) -> Recorded:
        made = Recorded(kind, call.line, self._process(call.pid))
        self.recording.sockets.append(made)
        return made

    def _act(self, one: Recorded, call: Syscall, verb: str, *args: Address | str | int) -> Act:
        answer = Answer(call.errno) if call.failed else OK
        act = Act(call.line, verb, args, self._process(call.pid), answer)
        one.acts.append(act)
        return act

    def _server(self, call: Syscall, address: Address | None = None) -> Recorded | None:
        """The socket of a call. A socket that is older than the log is recognised by its address."""
        descriptor, held = self._held(call)
        if held is None and (held := self._past_exec(call, descriptor)):
            self._put(call, descriptor, Held(held.socket, held.parent))
        if held is not None:
            return held.socket
        address = address or self._named.get((self._process(call.pid), descriptor))
        if address is None or descriptor < 0:
            return None
        made = self._made(f"tcp{address.family}", call)
        made.inherited, made.address = True, address
        self._put(call, descriptor, Held(made))
        return made

    def _past_exec(self, call: Syscall, descriptor: int) -> Held | None:
        """A socket that must have survived exec, because it is used afterwards."""
        held = self._table(call.pid).closed_by_exec.pop(descriptor, None)
        if held and held.socket:
            held.socket.closed_at = 0
        return held

    def _getsockname(self, call: Syscall) -> None:
        descriptor, held = self._held(call)
        if held is None and descriptor >= 0 and not call.failed and (address := address_of(call.args)):
            self._named[self._process(call.pid), descriptor] = address

    def _bind(self, call: Syscall) -> None:
        address = address_of(call.args)
        _, held = self._held(call)
        one = held.socket if held else None
        if one is None or address is None or address.family != one.family or call.result is None:
            return
        if self._act(one, call, "bind", address).granted:
            one.address = address

    def _listen(self, call: Syscall) -> None:
        one = self._server(call)
        if one is None or call.result is None or one.protocol == "udp":
            return
        if one.listening and not call.failed:
            one.workers.setdefault(self._process(call.pid), call.line)
            return
        if self._act(one, call, "listen").granted:
            one.listening = True
            one.workers.setdefault(self._process(call.pid), call.line)

    def _accept(self, call: Syscall) -> None:
        one = self._server(call)
        if one is None or one.protocol == "udp":
            self._put(call, None if call.failed else call.result, Held())
            return
        one.workers.setdefault(self._process(call.pid), call.line)
        if not call.failed and call.result is not None:
            one.accepted += 1
            self._put(call, call.result, Held(None, one, "CLOEXEC" in call.args))

    def _connect(self, call: Syscall) -> None:
        _, held = self._held(call)
        if held and held.socket and address_of(call.args) and (not call.failed or call.errno == "EINPROGRESS"):
            held.socket.connected = True

    def _setsockopt(self, call: Syscall) -> None:
        _, held = self._held(call)
        found = _OPTION.search(call.args)
        if held is None or found is None or call.result is None:
            return
        name, value = found[2], found[3]
        if held.socket and name in UNMODELLED:
            held.socket.notes[f"it has {name}, which no model knows; the answers are those without it"] = None
        if name not in OPTION_NAMES:
            return
        number = self._value(held, name, value)
        if number is not None and held.socket and not (name == "IPV6_V6ONLY" and held.socket.family == 4):
            self._act(held.socket, call, "setsockopt", name, number)
        elif number is not None and held.parent and len(held.parent.on_accepted) < len(OPTION_NAMES):
            held.parent.on_accepted.setdefault(name, number)

    def _value(self, held: Held, name: str, value: str) -> int | None:
        if name == "SO_LINGER":
            found = _LINGER.search(value)
            return min(int(found[2][:12]), LARGEST) if found and found[1] != "0" else None
        if re.fullmatch(r"\[-?\d+\]", value):
            return int(value.strip("[-]")[:12] != "0")
        if held.socket:
            held.socket.notes[f"the log does not show the value of {name}; it is taken for 1"] = None
        return 1
