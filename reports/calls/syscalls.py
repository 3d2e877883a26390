"""A system call. Every tracer's log is read into a sequence of them."""

from __future__ import annotations

from typing import NamedTuple


class Syscall(NamedTuple):
    """A call as a tracer shows it.

    ``result`` is None if the log does not show it. ``begun``: it has not returned yet.
    """

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


#: The calls that look at a file, and those that change one: a server on AF_UNIX makes them about the file of its socket.
LOOKS = ("stat", "lstat", "newfstatat", "fstatat", "statx", "stat64", "lstat64", "fstatat64")
CHANGES = ("unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmodat", "mkdir", "mkdirat", "rmdir", "chdir")
ON_FILES = frozenset((*LOOKS, *CHANGES))
#: The calls that say something about sockets, descriptors and processes.
NAMES = (
    *("socket", "bind", "listen", "accept", "accept4", "connect", "setsockopt", "getsockopt", "getsockname", "socketpair"),
    *("sendmsg", "recvmsg", "recvmmsg", "recvfrom"),
    *("dup", "dup2", "dup3", "fcntl", "fcntl64", "close", "close_range", "closefrom"),
    *("clone", "clone3", "fork", "vfork", "rfork", "execve", "execveat", "exit", "exit_group", "unshare"),
    *LOOKS,
    *CHANGES,
)
#: The numbers of errnos on BSD, for tracers that show only the number.
BSD_ERRNOS = {
    48: "EADDRINUSE",
    13: "EACCES",
    49: "EADDRNOTAVAIL",
    22: "EINVAL",
    42: "ENOPROTOOPT",
    61: "ECONNREFUSED",
    35: "EAGAIN",
    2: "ENOENT",
}
#: Those that make a process or a thread.
FORKS = ("clone", "clone3", "fork", "vfork", "rfork")
#: The calls that strace is asked to record; and with those on files, without which nobody can tell what a server does about the
#: file of its AF_UNIX socket.
TRACED = "trace=network,process,close,dup,dup2,dup3,fcntl"
TRACED_FILES = f"{TRACED},%file"
