"""From system calls to sockets, and what was done to each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from fixtures.language.notation import LARGEST, UNIX_OPTIONS
from fixtures.language.words import OPTION_NAMES
from reports.calls.arguments import address as address_of
from reports.calls.arguments import backlog as backlog_of
from reports.calls.arguments import is_group
from reports.calls.arguments import kind as kind_of
from reports.calls.descriptors import Held
from reports.calls.inherited import Passed, Told, annotated
from reports.calls.named import Named
from reports.calls.sockets import Act, Recorded, Recording
from reports.calls.syscalls import FORKS, ON_FILES, TRACED, Syscall

_OPTION = re.compile(r",\s*(\w+),\s*(\w+),\s*(\[-?\d+\]|\{[^}]*\}|[^,]*)")
_LINGER = re.compile(r"l?_?onoff=(\d+), (?:l_)?linger=(\d+)")

_NO_FORKS = (
    "the log shows descriptors in use by several tasks, but not how these began: they may be threads of one process, or processes that "
    f"inherited them, and are taken for threads; record with strace -f -e {TRACED} to tell"
)
_KEPT = (
    "{}, which the server runs, inherits its descriptor: while that runs, the port stays in use after the server has ended; "
    "open the socket with SOCK_CLOEXEC"
)
_KEPT_UNIX = (
    "{}, which the server runs, inherits its descriptor: while that runs, clients can still connect after the server has ended, "
    "but nobody accepts; open the socket with SOCK_CLOEXEC"
)
_JOINED = (
    "descriptors are given out that were not closed: is this several files of strace -ff in one? Then give the files themselves, "
    "each an argument, because without the numbers of processes nobody can tell whose a descriptor is"
)
#: Options that decide who may bind or who receives, but that no model knows.
UNMODELLED = (
    *("SO_BINDTODEVICE", "SO_BINDTOIFINDEX", "IP_FREEBIND", "IPV6_FREEBIND", "IP_TRANSPARENT", "IPV6_TRANSPARENT"),
    *("SO_ATTACH_REUSEPORT_CBPF", "SO_ATTACH_REUSEPORT_EBPF", "SO_BINDANY", "IP_BINDANY", "SO_SETFIB", "SO_USER_COOKIE"),
)


#: Options that make a socket a member of a multicast group.
_JOINS = ("IP_ADD_MEMBERSHIP", "IP_ADD_SOURCE_MEMBERSHIP", "IPV6_ADD_MEMBERSHIP", "IPV6_JOIN_GROUP", "MCAST_JOIN_GROUP")
#: How a group is named: by IPv4's and by IPv6's option, and by the one for both.
_GROUP = re.compile(r'multiaddr=inet_addr\("([0-9.]+)"\)|inet_pton\(AF_INET6, "([0-9a-fA-F:.]+)"|sin_addr=inet_addr\("([0-9.]+)"\)')
#: An address of no family, as strace, kdump and truss write it.
_DISCONNECT = re.compile(r"\bAF_UNSPEC\b|sa_family=0\b")
_DISCONNECTED = (
    "line {line}: it gives up its peer (connect to AF_UNSPEC), which is not followed here: Linux then gives up a port that bind did not "
    "name, other systems keep every port"
)
#: The value of an option, as strace and the others write it.
_NUMBER = re.compile(r"\[-?\d+\]")
_PROGRAM = re.compile(r'"([^"]{1,200})"')
_DEVICE = re.compile(r'"((?:[^"\\]|\\.)*?)(?:\\0)*"')


class Assembler(Named):
    """Follows descriptors. `recording` grows with every call. ``passed`` are sockets that the first process has from its parent."""

    def __init__(self, passed: Mapping[int, Passed] | None = None) -> None:
        super().__init__()
        self.recording = Recording()
        self._kept: dict[int, Recorded] = {}
        self._told: dict[tuple[int, int], Told] = {}
        self._passed = dict(passed or {})
        self._do: dict[str, Callable[[Syscall], None]] = {
            **{
                name: getattr(self, f"_{name}")
                for name in ("socket", "bind", "listen", "connect", "setsockopt", "getsockopt", "getsockname")
            },
            **{name: getattr(self, f"_{name}") for name in ("fcntl", "sendmsg", "close", "dup", "close_range", "unshare", "exit_group")},
            **dict.fromkeys(("accept", "accept4"), self._accept),
            **dict.fromkeys(("recvfrom", "recvmmsg"), self._received),
            "recvmsg": self._message,
            **dict.fromkeys(("dup2", "dup3"), self._dup2),
            **dict.fromkeys(("execve", "execveat"), self._execve),
            "exit": self._exit,
            **dict.fromkeys(FORKS, self._fork),
            **{"fcntl64": self._fcntl, "closefrom": self._close_range, "socketpair": self._nothing},
            **dict.fromkeys(ON_FILES, self._file),
        }

    def take(self, calls: Iterable[Syscall]) -> Recording:
        """Follow every call of a log."""
        follow, understood = self._do, 0
        for call in calls:
            if self._passed:
                self._have_passed(call)
            understood += call.name not in ON_FILES
            follow[call.name](call)
        self.recording.calls += understood
        self.recording.sockets = [one for one in self._kept.values() if not (one.is_unix and one.forgettable)]
        self.recording.files, self.recording.shows_files = self._files.kept, self._files.traced
        for one in self.recording.servers:
            kept = _KEPT_UNIX if one.is_unix else _KEPT
            one.notes |= {kept.format(program): None for number, program in one.kept_by.items() if number not in one.workers}
        if self._shared:
            self._doubt_processes()
        return self.recording

    def _doubt_processes(self) -> None:
        """Take those who share descriptors for threads, and say that they may be processes."""
        self.recording.notes[_NO_FORKS] = None
        for one in self.recording.sockets:
            one.workers = dict([*one.workers.items()][:1])
            one.process = 0
            one.acts = [act._replace(process=0) for act in one.acts]

    def _have_passed(self, call: Syscall) -> None:
        for descriptor, passed in self._passed.items():
            made = self._made(passed.kind, call)
            made.acts += [Act(call.line, "setsockopt", (name, value), made.process) for name, value in passed.options.items()]
            made.acts.append(Act(call.line, "bind", (passed.address,), made.process))
            made.acts += [Act(call.line, "listen", (), made.process)] * passed.listens
            made.address, made.listening = passed.address, passed.listens
            made.notes["it was passed on by the server's parent; its options were asked for"] = None
            self._put(call, descriptor, Held(made))
        self._passed = {}

    def _survived(self, held: Held, call: Syscall) -> None:
        """A program that another process of the server runs has the server's socket, too."""
        number = self._process(call.pid)
        if held.socket and held.socket.place and number != held.socket.process:
            found = _PROGRAM.match(call.args)
            held.socket.kept_by.setdefault(number, found[1].rpartition("/")[2] if found else "a program")

    def _closed(self, one: Recorded, call: Syscall) -> None:
        one.killed = "SIGKILL" in call.args
        if one.forgettable and id(one) in self._kept:
            del self._kept[id(one)]
            del self._uses[id(one)]
            self.recording.clients += one.connected and not one.is_unix
            self.recording.unused += not (one.connected or one.is_unix)

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
                made.for_mptcp()
        if not call.pid and self._sees_closes and call.result in self._table(0):
            self.recording.notes[_JOINED] = None
        self._put(call, call.result, held)

    def _made(self, kind: str, call: Syscall) -> Recorded:
        made = Recorded(kind, call.line, self._process(call.pid))
        self._kept[id(made)] = made
        return made

    def _server(self, call: Syscall) -> Recorded | None:
        """The socket of a call. One that is older than the log is recognised by its address."""
        descriptor, held = self._held(call)
        if held is None and (held := self._past_exec(call, descriptor)):
            self._put(call, descriptor, Held(held.socket, held.parent))
        if held is not None:
            return held.socket
        return self._older(call, descriptor) or self._only_listener(call, descriptor)

    def _older(self, call: Syscall, descriptor: int) -> Recorded | None:
        """A socket that is older than the log, if the log names its address."""
        told = self._told.get((self._process(call.pid), descriptor)) or Told()
        if found := annotated(call.args):
            told.protocol, told.address = found
        if told.address is None or descriptor < 0:
            return None
        made = self._made(f"{told.protocol}{told.address.family}", call)
        made.inherited, made.address = not told.is_complete, told.address
        acts = [("setsockopt", (name, value)) for name, value in told.options.items() if value or name == "IPV6_V6ONLY"]
        made.acts += [Act(call.line, verb, args, made.process) for verb, args in acts]
        if told.is_complete:
            made.acts.append(Act(call.line, "bind", (told.address,), made.process))
        self._put(call, descriptor, Held(made))
        return made

    def _only_listener(self, call: Syscall, descriptor: int) -> Recorded | None:
        """Whose descriptor it must be, in a log without forks and dups: if there is only one listener, a copy of that."""
        listeners = [one for one in self._kept.values() if one.listening and not one.closed_at]
        if self._sees_forks or not call.name.startswith("accept") or descriptor < 0 or len(listeners) != 1:
            return None
        self._shared = True
        listeners[0].notes[f"line {call.line}: descriptor {descriptor} is not in the log; it is taken for a copy of the only listener"] = (
            None
        )
        self._put(call, descriptor, Held(listeners[0]))
        return listeners[0]

    def _past_exec(self, call: Syscall, descriptor: int) -> Held | None:
        """A socket that must have survived exec, because it is used afterwards."""
        held = self._table(call.pid).closed_by_exec.pop(descriptor, None)
        if held and held.socket:
            held.socket.closed_at = 0
            self._kept.setdefault(id(held.socket), held.socket)
        return held

    def _getsockname(self, call: Syscall) -> None:
        descriptor, held = self._held(call)
        if held is None and descriptor >= 0 and not call.failed and (address := address_of(call.args)):
            self._told.setdefault((self._process(call.pid), descriptor), Told()).address = address

    def _getsockopt(self, call: Syscall) -> None:
        descriptor, held = self._held(call)
        if held is None and descriptor >= 0 and not call.failed:
            self._told.setdefault((self._process(call.pid), descriptor), Told()).hear(call.args)

    def _received(self, call: Syscall) -> None:
        """A datagram came in."""
        if not call.failed and (one := self._server(call)) and one.protocol == "udp":
            one.received = one.received or not one.connected

    def _message(self, call: Syscall) -> None:
        if "SCM_RIGHTS" in call.args:
            self._recvmsg(call)
        elif "sin" in call.args:
            self._received(call)

    def _bind(self, call: Syscall) -> None:
        address = address_of(call.args)
        _, held = self._held(call)
        one = held.socket if held else None
        if one is not None and one.is_unix and call.result is not None:
            self._bind_unix(one, call)
        elif one is None or address is None or address.family != one.family or call.result is None:
            return
        elif self._act(one, call, "bind", address).granted:
            one.address = address

    def _listen(self, call: Syscall) -> None:
        one = self._server(call)
        if one is None or call.result is None or one.protocol == "udp":
            return
        backlog = backlog_of(call.args)
        if one.listening and not call.failed:
            # The later of two backlogs counts.
            one.acts = [act._replace(args=backlog) if act.verb == "listen" and act.granted else act for act in one.acts]
            one.workers.setdefault(self._process(call.pid), call.line)
            return
        if self._act(one, call, "listen", *backlog).granted:
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
            one.accepted_at = call.line
            self._put(call, call.result, Held(None, one, "CLOEXEC" in call.args))

    def _connect(self, call: Syscall) -> None:
        """Whoever connects is a client, even in vain; but a UDP server may connect to a peer from which it heard, and give it up again."""
        _, held = self._held(call)
        one = held.socket if held else None
        if one and one.is_unix:
            self._connect_unix(one, call)
        elif one and _DISCONNECT.search(call.args):
            self._disconnect(one, call)
        elif one and address_of(call.args) and not one.received:
            one.connected = True

    def _disconnect(self, one: Recorded, call: Syscall) -> None:
        """connect to AF_UNSPEC. What was bound before is no client for it; what was not asks for its source address alone."""
        if one.address and one.protocol == "udp":
            one.connected = False
            one.notes[_DISCONNECTED.format(line=call.line)] = None

    def _setsockopt(self, call: Syscall) -> None:
        _, held = self._held(call)
        found = _OPTION.search(call.args)
        if held is None or found is None or call.result is None:
            return
        name, value = found[2], found[3]
        if held.socket and not call.failed:
            self._unmodelled(held.socket, name, call.args)
        if held.socket and name in _JOINS:
            self._join(held.socket, call)
        if name not in OPTION_NAMES:
            return
        number = self._value(held, name, value)
        if held.socket and held.socket.is_unix and name not in UNIX_OPTIONS:
            return
        if number is not None and held.socket and not (name == "IPV6_V6ONLY" and held.socket.family == 4):
            self._act(held.socket, call, "setsockopt", name, number)
        elif number is not None and held.parent and len(held.parent.on_accepted) < len(OPTION_NAMES):
            held.parent.on_accepted.setdefault(name, number)

    def _unmodelled(self, one: Recorded, name: str, args: str) -> None:
        if name in UNMODELLED:
            one.unmodelled[name] = None
        if name == "SO_BINDTODEVICE" and (found := _DEVICE.search(args)):
            one.device = found[1]

    def _join(self, one: Recorded, call: Syscall) -> None:
        """A group is joined once for each interface; here it is joined once."""
        found = _GROUP.search(call.args)
        group = next(filter(None, found.groups()), "") if found else ""
        joined = {str(act.args[0]) for act in one.acts if act.verb == "join"}
        if is_group(group, one.family) and group not in joined and one.protocol == "udp" and not call.failed:
            self._act(one, call, "join", group)

    def _value(self, held: Held, name: str, value: str) -> int | None:
        if name == "SO_LINGER":
            found = _LINGER.search(value)
            return min(int(found[2][:12]), LARGEST) if found and found[1] != "0" else None
        if _NUMBER.fullmatch(value):
            return int(value.strip("[-]")[:12] != "0")
        if held.socket:
            held.socket.notes[f"the log does not show the value of {name}; it is taken for 1"] = None
        return 1
