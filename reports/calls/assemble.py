"""From system calls to sockets: who has which descriptor, through fork, threads, dup, exec and descriptors sent to others."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fixtures.notation import LARGEST
from fixtures.words import OK, OPTION_NAMES, Address, Answer
from reports.calls.sockets import Act, Recorded, Recording
from reports.calls.syscalls import FORKS, Syscall

_FD = re.compile(r"\s*(0x[0-9a-fA-F]+|\d+)")
_SOCKET = re.compile(r"\s*(?:[AP]F_(INET6?)|0x[0-9a-f]+|\d+)\b[^,]*,\s*(?:SOCK_)?(STREAM|DGRAM|(?:0x)?[12])\b")
#: The numbers of the address families, IPv6 on Linux, FreeBSD, macOS, NetBSD and OpenBSD, and Solaris.
_DOMAIN = {2: "4", 10: "6", 28: "6", 30: "6", 24: "6", 26: "6"}
_OPTION = re.compile(r",\s*(\w+),\s*(\w+),\s*(\[-?\d+\]|\{[^}]*\}|[^,]*)")
_LINGER = re.compile(r"l?_?onoff=(\d+), (?:l_)?linger=(\d+)")
_STRACE_4 = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([0-9.]+)"\)')
_STRACE_6 = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([0-9a-fA-F:.]+)"')
_BSD = re.compile(r"AF_INET6?,? \[?([0-9a-fA-F.:]+?)\]?:(\d+)[ ,}]")
_RIGHTS = re.compile(r"SCM_RIGHTS, cmsg_data=\[([\d, ]+)\]")
_PAYLOAD = re.compile(r'iov_base="((?:[^"\\]|\\.)*)"')

#: Options that decide who may bind or receives, and that no model knows.
UNMODELLED = (
    *("SO_BINDTODEVICE", "SO_BINDTOIFINDEX", "IP_FREEBIND", "IPV6_FREEBIND", "IP_TRANSPARENT", "IPV6_TRANSPARENT"),
    *("SO_ATTACH_REUSEPORT_CBPF", "SO_ATTACH_REUSEPORT_EBPF", "SO_BINDANY", "IP_BINDANY", "SO_SETFIB", "SO_USER_COOKIE"),
)
MAX_DESCRIPTOR = 2**20


@dataclass(frozen=True)
class Held:
    """What a descriptor stands for: an Internet socket, an accepted connection of one, or (both None) something else."""

    socket: Recorded | None = None
    parent: Recorded | None = None
    closes_on_exec: bool = False


class Table(dict[int, Held]):
    """The descriptors of a process, which its threads share, and its number."""

    number: int | None = None
    users = 0

    def __init__(self, entries: dict[int, Held] | None = None) -> None:
        super().__init__(entries or {})
        #: What exec closed, unless a call that the log does not show had told it not to.
        self.closed_by_exec: dict[int, Held] = {}


class Assembler:
    """Follows descriptors. `recording` grows with every call."""

    def __init__(self) -> None:
        self.recording = Recording()
        self._tables: dict[int, Table] = {}
        self._forking: dict[int, Table] = {}
        self._processes = 0
        self._sees_forks = False
        #: For each descriptor the socket that it last stood for anywhere.
        self._latest: dict[int, Held] = {}
        self._uses: dict[int, int] = {}
        self._sent: dict[str, list[Held]] = {}
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

    # Processes.

    def _table(self, pid: int) -> Table:
        table = self._tables.get(pid)
        return self._given(pid, self._adopt()) if table is None else table

    def _given(self, pid: int, table: Table) -> Table:
        self._tables[pid] = table
        table.users += 1
        return table

    def _adopt(self) -> Table:
        """The table of a process that nobody was seen to make: the one that is just being made, if any."""
        if self._forking:
            pid, table = next(iter(self._forking.items()))
            del self._forking[pid]
            return table
        return Table()

    def _process(self, pid: int) -> int:
        """Its number; threads of one process share it with their table."""
        table = self._table(pid)
        if table.number is None:
            table.number = self._processes
            self._processes += 1
        return table.number

    def _fork(self, call: Syscall) -> None:
        self._sees_forks = True
        shares = "CLONE_FILES" in call.args
        table = self._table(call.pid)
        if call.begun:
            self._forking[call.pid] = table if shares else self._copied(table)
            return
        snapshot = self._forking.pop(call.pid, None)
        child = call.result or 0
        if call.failed or child <= 0 or child in self._tables:
            return
        self._given(child, table if shares else snapshot if snapshot is not None else self._copied(table))

    def _copied(self, table: Table) -> Table:
        for held in table.values():
            self._keep(held)
        return Table(table)

    def _unshare(self, call: Syscall) -> None:
        if "CLONE_FILES" in call.args and not call.failed:
            shared = self._table(call.pid)
            shared.users -= 1
            self._given(call.pid, self._copied(shared))

    def _execve(self, call: Syscall) -> None:
        if call.failed or call.result is None:
            return
        table = self._table(call.pid)
        table.closed_by_exec = {number: held for number, held in table.items() if held.closes_on_exec}
        for descriptor, held in table.closed_by_exec.items():
            del table[descriptor]
            self._drop(held, call)

    def _exit(self, call: Syscall) -> None:
        table = self._tables.pop(call.pid, None)
        self._forking.pop(call.pid, None)
        if table is not None:
            table.users -= 1
            for held in () if table.users else table.values():
                self._drop(held, call)

    # Descriptors.

    def _keep(self, held: Held) -> None:
        if held.socket:
            self._uses[id(held.socket)] = self._uses.get(id(held.socket), 0) + 1

    def _drop(self, held: Held, call: Syscall) -> None:
        if held.socket:
            left = self._uses[id(held.socket)] = self._uses.get(id(held.socket), 0) - 1
            if left <= 0:
                held.socket.closed_at = call.line

    def _put(self, call: Syscall, descriptor: int | None, held: Held) -> None:
        if descriptor is None or not 0 <= descriptor < MAX_DESCRIPTOR:
            return
        table = self._table(call.pid)
        old = table.get(descriptor)
        self._keep(held)
        table[descriptor] = held
        if held.socket:
            self._latest[descriptor] = held
        if old:
            self._drop(old, call)

    def _held(self, call: Syscall) -> tuple[int, Held | None]:
        """The first argument, and what it stands for; where forks are not in the log, a process has what others have."""
        found = _FD.match(call.args)
        if not found:
            return -1, None
        descriptor = _number(found[1])
        table = self._table(call.pid)
        held = table.get(descriptor)
        if held is None and not self._sees_forks:
            held = self._latest.get(descriptor)
            if held:
                self._put(call, descriptor, held)
        return descriptor, held

    def _close(self, call: Syscall) -> None:
        descriptor, _ = self._held(call)
        if not call.failed and (held := self._table(call.pid).pop(descriptor, None)):
            self._drop(held, call)

    def _close_range(self, call: Syscall) -> None:
        numbers = [int(word[:12]) for word in re.findall(r"\b\d+\b", call.args)]
        table = self._table(call.pid)
        if call.failed or not numbers or "CLOEXEC" in call.args:
            return
        last = numbers[1] if len(numbers) > 1 and call.name == "close_range" else MAX_DESCRIPTOR
        for descriptor in [number for number in table if numbers[0] <= number <= last]:
            self._drop(table.pop(descriptor), call)

    def _dup(self, call: Syscall) -> None:
        _, held = self._held(call)
        if not call.failed:
            self._put(call, call.result, Held(held.socket, held.parent) if held else Held())

    def _dup2(self, call: Syscall) -> None:
        before, held = self._held(call)
        if not call.failed and call.result != before:
            self._put(call, call.result, Held(held.socket, held.parent, "CLOEXEC" in call.args) if held else Held())

    def _fcntl(self, call: Syscall) -> None:
        descriptor, held = self._held(call)
        if call.failed or held is None:
            return
        if "F_DUPFD" in call.args:
            self._put(call, call.result, Held(held.socket, held.parent, "CLOEXEC" in call.args))
        elif "F_SETFD" in call.args:
            self._table(call.pid)[descriptor] = Held(held.socket, held.parent, "FD_CLOEXEC" in call.args)

    def _nothing(self, call: Syscall) -> None:
        for word in re.findall(r"\[(\d+), (\d+)\]", call.args)[-1:]:
            for descriptor in word:
                self._put(call, int(descriptor[:12]), Held())

    def _sendmsg(self, call: Syscall) -> None:
        if not call.failed and (found := _RIGHTS.search(call.args)):
            table = self._table(call.pid)
            queue = self._sent.setdefault(self._payload(call), [])
            for word in found[1].split(","):
                held = table.get(int(word[:12]), Held()) if word.strip() else Held()
                self._keep(held)
                queue.append(held)

    def _recvmsg(self, call: Syscall) -> None:
        if not call.failed and (found := _RIGHTS.search(call.args)):
            queue = self._sent.get(self._payload(call), [])
            for word in found[1].split(","):
                held = queue.pop(0) if queue else Held()
                if word.strip():
                    self._put(call, int(word[:12]), Held(held.socket, held.parent, "CLOEXEC" in call.args))
                self._drop(held, call)

    def _payload(self, call: Syscall) -> str:
        found = _PAYLOAD.search(call.args)
        return found[1] if found else ""

    # Sockets.

    def _socket(self, call: Syscall) -> None:
        if call.failed or call.result is None:
            return
        kind = _kind(call.args)
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
        """The socket of a call; one that was there before the log begins is told by its address."""
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
        """A socket that must have outlived exec, since it is used afterwards."""
        held = self._table(call.pid).closed_by_exec.pop(descriptor, None)
        if held and held.socket:
            held.socket.closed_at = 0
        return held

    def _getsockname(self, call: Syscall) -> None:
        descriptor, held = self._held(call)
        if held is None and descriptor >= 0 and not call.failed and (address := _address(call.args)):
            self._named[self._process(call.pid), descriptor] = address

    def _bind(self, call: Syscall) -> None:
        address = _address(call.args)
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
        if held and held.socket and _address(call.args) and (not call.failed or call.errno == "EINPROGRESS"):
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


def _kind(args: str) -> str:
    """``tcp4`` and so on, or nothing for what is no TCP or UDP socket."""
    found = _SOCKET.match(args)
    if not found or any(other in args for other in ("SCTP", "DCCP", "ICMP", "UDPLITE")):
        return ""
    family = {"INET": "4", "INET6": "6"}.get(found[1] or "") or _DOMAIN.get(_number(args.split(",")[0].strip()), "")
    protocol = "tcp" if found[2] in ("STREAM", "0x1", "1") else "udp"
    return f"{protocol}{family}" if family else ""


def _number(word: str) -> int:
    """A number as tracers write it, decimal or hexadecimal."""
    return int(word[:12], 16 if word.lower().startswith("0x") else 10) if _FD.fullmatch(word) else -1


def _address(args: str) -> Address | None:
    for pattern, port, host in ((_STRACE_4, 1, 2), (_STRACE_6, 1, 2), (_BSD, 2, 1)):
        if found := pattern.search(args):
            number = int(found[port][:12])
            try:
                ipaddress.ip_address(found[host])
            except ValueError:
                return None
            return Address(found[host], str(number)) if number <= 65535 else None
    return None
