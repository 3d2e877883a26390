"""The calls of a log on the files of AF_UNIX sockets: what a server removes, renames, looks at or asks before it binds, and at its end."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fixtures.language.words import OK, Answer
from reports.calls.syscalls import LOOKS, Syscall

#: How many calls on files are remembered until a socket is bound to one of them, and how many are kept then.
RECENT, MOST = 1000, 1000
#: Stands for a process that has not made a socket yet.
SOMEBODYS = -1
_QUOTED = re.compile(r'(@?)"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"AF_(?:UNIX|LOCAL|FILE), ([^ ]+) \}")
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}
_UNIX = re.compile(r"\bAF_(?:UNIX|LOCAL|FILE)\b")
_KINDS = {"S_IFSOCK": "socket", "S_IFREG": "file", "S_IFDIR": "folder", "S_IFLNK": "link", "mode=s": "socket", "mode=d": "folder"}
_MODE = re.compile(r",\s*([0-7]{3,8})\b")
#: What `file` answers about a place where nothing stands.
NONE = "none"
#: Which of the calls name a folder first, as a descriptor.
_AT = ("unlinkat", "renameat", "renameat2", "fchmodat", "mkdirat", "newfstatat", "fstatat", "statx")


class UnixName(NamedTuple):
    """The name of a socket of AF_UNIX: a path as the program is, or ``@`` and an abstract name; and how many bytes were given."""

    text: str
    length: int = 0

    @property
    def is_abstract(self) -> bool:
        """Whether no file has it."""
        return self.text.startswith("@")

    def __str__(self) -> str:
        return self.text


class FileAct(NamedTuple):
    """A call about a file, under the notation's verb; ``connect`` is that of a client that asks who is there."""

    line: int
    process: int
    verb: str
    names: tuple[str, ...]
    answer: Answer = OK
    #: The permissions that chmod gives.
    mode: str = ""
    #: The type of the socket that asks.
    kind: str = ""

    @property
    def granted(self) -> bool:
        """Whether the answer was ok."""
        return self.answer.name == OK.name


def quoted(args: str) -> list[bytes]:
    """Every string in the arguments of a call, without its escapes; that of an abstract name begins with a NUL."""
    return [b"\0" * bool(found[1]) + _plain(found[2].encode("utf-8", "surrogateescape")) for found in _QUOTED.finditer(args)]


def _plain(content: bytes) -> bytes:
    return _ESCAPED.sub(_escaped, content)


def _escaped(found: re.Match[bytes]) -> bytes:
    word = found[1]
    if word[:1].isdigit():
        return bytes([int(word, 8) & 255])
    return bytes([int(word[1:], 16)]) if len(word) == 3 else _LETTERS.get(word, word)


def shown(content: bytes) -> str:
    """A name as it is printed: one line, whatever bytes it has."""
    text = content.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def name_in(args: str, where: str = "") -> UnixName | None:
    """The name in the arguments of bind or connect, if they have one of AF_UNIX; ``where`` is the working directory."""
    if not _UNIX.search(args):
        return None
    if bare := _BARE.search(args):
        return path_name(bare[1].strip('"').encode("utf-8", "surrogateescape"), where)
    content = next(iter(quoted(args)), b"\0")
    return UnixName(f"@{shown(content[1:])}", len(content)) if content[:1] in (b"\0", b"") else path_name(content, where)


def path_name(content: bytes, where: str = "") -> UnixName:
    """A path as one is given: relative to the working directory."""
    return UnixName(absolute(shown(content), where), len(content))


def absolute(path: str, where: str) -> str:
    """The path from the root, as far as the log shows where the process is."""
    return posixpath.normpath(posixpath.join(where, path))


@dataclass
class FileCalls:
    """Follows the calls on files, and keeps those about the files of sockets."""

    kept: list[FileAct] = field(default_factory=list)
    #: Whether the log has calls on files at all.
    traced: bool = False
    _names: dict[str, None] = field(default_factory=dict)
    _recent: deque[FileAct] = field(default_factory=lambda: deque(maxlen=RECENT))

    def bound(self, name: str, process: int) -> None:
        """A process binds a socket to this path, or is refused that: what was done about it is kept."""
        if name in self._names:
            return
        self._names[name] = None
        mine = [act for act in self._recent if _concerns(act, name)]
        for act in mine:
            self._keep(act._replace(process=process) if act.process == SOMEBODYS else act)
        self.kept.sort(key=lambda act: act.line)

    def note(self, act: FileAct) -> None:
        """A call was made."""
        self.traced |= act.verb != "connect"
        known = any(name in self._names for name in act.names)
        if not known:
            self._recent.append(act)
            return
        if act.verb != "connect":
            self._keep(act._replace(process=max(act.process, 0)))
        if act.verb == "rename" and act.answer == OK:
            self.bound(act.names[1], act.process)

    def _keep(self, act: FileAct) -> None:
        """Of several looks that see the same one is enough."""
        last = next((one for one in reversed(self.kept) if set(one.names) & set(act.names)), None)
        if act not in self.kept and len(self.kept) < MOST and not (last and act.verb == "file" and last[1:] == act[1:]):
            self.kept.append(act)

    def take(self, call: Syscall, where: str, process: int) -> None:
        """Follow a call on files that a process makes in this working directory."""
        self.traced = True
        if call.result is None and not call.failed:
            return
        read: Callable[[Syscall, int, list[str]], Iterator[FileAct]] = self._looked if call.name in LOOKS else self._changed
        names = [absolute(shown(name), where) for name in quoted(call.args) if name]
        if not names or (call.name in _AT and not call.args.lstrip().startswith("AT_FDCWD") and not names[0].startswith("/")):
            return
        for act in read(call, process, names):
            self.note(act)

    def _looked(self, call: Syscall, process: int, names: list[str]) -> Iterator[FileAct]:
        found = next((kind for word, kind in _KINDS.items() if word in call.args), "file")
        if not call.failed or call.errno == "ENOENT":
            yield FileAct(call.line, process, "file", tuple(names[:1]), Answer(NONE if call.failed else found))

    def _changed(self, call: Syscall, process: int, names: list[str]) -> Iterator[FileAct]:
        answer = Answer(call.errno) if call.failed else OK
        verb = {"un": "unlink", "re": "rename", "mk": "make", "rm": "unlink"}.get(call.name[:2], "chmod")
        mode = f"{int(found[1], 8) & 0o777:04o}" if verb == "chmod" and (found := _MODE.search(call.args)) else ""
        needed = 2 if verb == "rename" else 1
        # A damaged line may have lost a name or the mode.
        if len(names) >= needed and (verb != "chmod" or mode):
            yield FileAct(call.line, process, verb, tuple(names[:needed]), answer, mode)


def _concerns(act: FileAct, name: str) -> bool:
    """Whether a call is about a file, or made the folder in which it lies."""
    return name in act.names or (act.verb == "make" and act.answer == OK and posixpath.dirname(name) == act.names[0])
