"""The calls that concern names of AF_UNIX: bind and connect, and those on files."""

from __future__ import annotations

from fixtures.language.words import OK, Address, Answer
from reports.calls.descriptors import Descriptors
from reports.calls.files import SOMEBODYS, FileAct, FileCalls, UnixName, name_in, path_name, quoted
from reports.calls.sockets import Act, Recorded
from reports.calls.syscalls import Syscall


class Named(Descriptors):
    """Follows the names of sockets, and what is done about their files."""

    def __init__(self) -> None:
        super().__init__()
        self._files = FileCalls()

    def _act(self, one: Recorded, call: Syscall, verb: str, *args: Address | UnixName | str | int) -> Act:
        answer = Answer(call.errno) if call.failed else OK
        act = Act(call.line, verb, args, self._process(call.pid), answer)
        one.acts.append(act)
        return act

    def _file(self, call: Syscall) -> None:
        table = self._table(call.pid)
        if call.name != "chdir":
            self._files.take(call, table.where, SOMEBODYS if table.number is None else table.number)
        elif not call.failed and (name := next(iter(quoted(call.args)), b"")):
            table.where = path_name(name, table.where).text

    def _bind_unix(self, one: Recorded, call: Syscall) -> None:
        name = name_in(call.args, self._table(call.pid).where)
        if name is None:
            return
        if self._act(one, call, "bind", name).granted:
            one.name = name
        if not name.is_abstract:
            self._files.bound(name.text, self._process(call.pid))

    def _connect_unix(self, one: Recorded, call: Syscall) -> None:
        """A client. Before a bind to the same path it may be the server, which asks whether another one is there."""
        one.connected = True
        name = name_in(call.args, self._table(call.pid).where)
        if name and call.result is not None:
            answer = Answer(call.errno) if call.failed else OK
            self._files.note(FileAct(call.line, self._process(call.pid), "connect", (name.text,), answer, kind=one.kind))
