"""What every tracer's log is read into: one system call after another."""

from __future__ import annotations

from typing import NamedTuple


class Syscall(NamedTuple):
    """A call as a tracer shows it. ``result`` is None where the log does not tell; ``begun``: it had not returned yet."""

    line: int
    pid: int
    name: str
    args: str
    result: int | None
    errno: str = ""
    begun: bool = False

    @property
    def failed(self) -> bool:
        """Whether the log says that it failed."""
        return bool(self.errno)


#: The calls from which sockets, descriptors and processes can be told.
NAMES = (
    *("socket", "bind", "listen", "accept", "accept4", "connect", "setsockopt", "getsockname", "socketpair", "sendmsg", "recvmsg"),
    *("dup", "dup2", "dup3", "fcntl", "fcntl64", "close", "close_range", "closefrom"),
    *("clone", "clone3", "fork", "vfork", "rfork", "execve", "execveat", "exit", "exit_group", "unshare"),
)
#: BSD's numbers of errnos, for tracers that show a number alone.
BSD_ERRNOS = {48: "EADDRINUSE", 13: "EACCES", 49: "EADDRNOTAVAIL", 22: "EINVAL", 42: "ENOPROTOOPT", 61: "ECONNREFUSED", 35: "EAGAIN"}
#: Those that make a process or a thread.
FORKS = ("clone", "clone3", "fork", "vfork", "rfork")
#: What strace is asked for.
TRACED = "trace=network,process,close,dup,dup2,dup3,fcntl"
