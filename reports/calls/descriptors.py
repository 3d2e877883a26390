"""Which process has which descriptor, through fork, threads, dup, exec and descriptors that are sent to others."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.calls.arguments import NUMBER, number
from reports.calls.sockets import Recorded
from reports.calls.syscalls import Syscall

_RIGHTS = re.compile(r"SCM_RIGHTS, cmsg_data=\[([\d, ]+)\]")
_PAYLOAD = re.compile(r'iov_base="((?:[^"\\]|\\.)*)"')
MAX_DESCRIPTOR = 2**20


@dataclass(frozen=True)
class Held:
    """What a descriptor stands for: a socket, a connection that one accepted, or (both None) something else."""

    socket: Recorded | None = None
    parent: Recorded | None = None
    closes_on_exec: bool = False


class Table(dict[int, Held]):
    """The descriptors of a process, which its threads share, and the number of the process."""

    number: int | None = None
    users = 0
    #: The working directory, as far as the log shows it.
    where = ""

    def __init__(self, entries: dict[int, Held] | None = None) -> None:
        super().__init__(entries or {})
        #: What exec closed, as far as the log shows. A call that it does not show may have prevented that.
        self.closed_by_exec: dict[int, Held] = {}


class Descriptors:
    """The descriptors of every process of a log. Each method follows one system call."""

    def __init__(self) -> None:
        self._tables: dict[int, Table] = {}
        self._forking: dict[int, Table] = {}
        #: The first thread of the process of each thread that was seen to begin.
        self._leaders: dict[int, int] = {}
        self._processes = 0
        self._sees_forks = False
        #: Whether a process used a descriptor of another one, though the log shows no fork.
        self._shared = False
        self._sees_closes = False
        #: The socket that each descriptor last stood for, in any process.
        self._latest: dict[int, Held] = {}
        self._uses: dict[int, int] = {}
        self._sent: dict[str, list[Held]] = {}

    # Processes.

    def _table(self, pid: int) -> Table:
        table = self._tables.get(pid)
        return self._given(pid, self._adopt()) if table is None else table

    def _given(self, pid: int, table: Table) -> Table:
        self._tables[pid] = table
        table.users += 1
        return table

    def _adopt(self) -> Table:
        """The table of a process whose fork was not seen. If a fork has not returned yet, it is that child."""
        if self._forking:
            pid, table = next(iter(self._forking.items()))
            del self._forking[pid]
            return table
        return Table()

    def _process(self, pid: int) -> int:
        """The number of a process. Its threads share the table, and so the number."""
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
        if call.failed or child <= 0:
            return
        if "CLONE_THREAD" in call.args:
            self._leaders[child] = self._leaders.get(call.pid, call.pid)
        if child in self._tables:
            return
        self._given(child, table if shares else snapshot if snapshot is not None else self._copied(table))

    def _copied(self, table: Table) -> Table:
        for held in table.values():
            self._keep(held)
        copied = Table(table)
        copied.where = table.where
        return copied

    def _unshare(self, call: Syscall) -> None:
        if "CLONE_FILES" in call.args and not call.failed:
            shared = self._table(call.pid)
            shared.users -= 1
            self._given(call.pid, self._copied(shared))

    def _execve(self, call: Syscall) -> None:
        if call.failed or call.result is None:
            return
        for other in self._threads(call.pid) - {call.pid}:
            self._end(other, call)
        table = self._table(call.pid)
        table.closed_by_exec = {place: held for place, held in table.items() if held.closes_on_exec}
        for descriptor, held in table.closed_by_exec.items():
            del table[descriptor]
            self._drop(held, call)
        for held in table.values():
            self._survived(held, call)

    def _exit(self, call: Syscall) -> None:
        """One thread ends."""
        self._end(call.pid, call)

    def _exit_group(self, call: Syscall) -> None:
        """Every thread of the process ends, without a word of the others."""
        for pid in self._threads(call.pid):
            self._end(pid, call)

    def _threads(self, pid: int) -> set[int]:
        """The threads of a process, as far as the log shows how they began."""
        leader = self._leaders.get(pid, pid)
        return {pid, leader, *(other for other, first in self._leaders.items() if first == leader)}

    def _end(self, pid: int, call: Syscall) -> None:
        table = self._tables.pop(pid, None)
        self._forking.pop(pid, None)
        self._leaders.pop(pid, None)
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
                self._closed(held.socket, call)

    def _survived(self, held: Held, call: Syscall) -> None:
        """Called for each descriptor that a program keeps that a process runs."""

    def _closed(self, one: Recorded, call: Syscall) -> None:
        """Called when the last descriptor of a socket is closed."""

    def _put(self, call: Syscall, descriptor: int | None, held: Held) -> None:
        if descriptor is None or not 0 <= descriptor < MAX_DESCRIPTOR:
            return
        table = self._table(call.pid)
        old = table.get(descriptor)
        self._keep(held)
        table[descriptor] = held
        if held.socket and not held.socket.is_unix:  # clients of AF_UNIX come and go in every program, such as those of nscd
            self._latest[descriptor] = held
        if old:
            self._drop(old, call)

    def _held(self, call: Syscall) -> tuple[int, Held | None]:
        """The first argument, and what it stands for. If the log shows no forks, a process has what others have."""
        found = NUMBER.match(call.args)
        if not found:
            return -1, None
        descriptor = number(found[1])
        table = self._table(call.pid)
        held = table.get(descriptor)
        if held is None and not self._sees_forks:
            self._shared |= descriptor in self._latest
            held = self._latest.get(descriptor)
            if held:
                self._put(call, descriptor, held)
        return descriptor, held

    def _close(self, call: Syscall) -> None:
        self._sees_closes = True
        descriptor, _ = self._held(call)
        if not call.failed and (held := self._table(call.pid).pop(descriptor, None)):
            self._drop(held, call)

    def _close_range(self, call: Syscall) -> None:
        numbers = [int(word[:12]) for word in re.findall(r"\b\d+\b", call.args)]
        table = self._table(call.pid)
        if call.failed or not numbers or "CLOEXEC" in call.args:
            return
        last = numbers[1] if len(numbers) > 1 and call.name == "close_range" else MAX_DESCRIPTOR
        for descriptor in [held for held in table if numbers[0] <= held <= last]:
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
