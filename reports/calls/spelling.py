"""The names of AF_UNIX sockets and their files as the notation writes them: /F, /G, @N, and in a folder that was made /D/F."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from itertools import count

from fixtures.language.notation import Argument
from fixtures.language.paths import Path
from reports.calls.files import FileAct, UnixName

#: Up to so many bytes a path is taken by every system (FreeBSD and macOS have 104 with the NUL); how long a longer one is, is written.
ANY_TAKES = 103
CHOSEN = "@"


class Spelling:
    """What is written for each name, in the order in which they are met."""

    def __init__(self, names: Iterable[UnixName], acts: Iterable[FileAct], *, is_script: bool) -> None:
        self._is_script = is_script
        self._written: dict[str, Path] = {}
        self._lengths: dict[str, int] = {}
        for name in names:
            self._lengths.setdefault(name.text, name.length)
        made = (act.names[0] for act in acts if act.verb == "make" and act.answer.name == "ok")
        self._folders = dict(zip(dict.fromkeys(made), _letters("D"), strict=False))
        self._paths, self._abstract = _letters("F"), _letters("N")

    def of(self, name: str) -> Path:
        """How a name is written."""
        if self._is_script or name == CHOSEN:
            return Path(name)
        if name not in self._written:
            self._written[name] = Path(self._spelled(name))
        return self._written[name]

    def args(self, args: Iterable[Argument | UnixName]) -> tuple[Argument, ...]:
        """The arguments of a call, with every name as it is written."""
        return tuple(self.of(arg.text) if isinstance(arg, UnixName) else arg for arg in args)

    def _spelled(self, name: str) -> str:
        if name in self._folders:
            return f"/{self._folders[name]}/"
        size = self._lengths.get(name, 0)
        length = f"({size})" if size > ANY_TAKES else ""
        if name.startswith("@"):
            return f"@{next(self._abstract)}{length}"
        folder = self._folders.get(posixpath.dirname(name))
        return f"{f'/{folder}' if folder else ''}/{next(self._paths)}{length}"

    def told(self) -> Iterator[str]:
        """What each name stands for, a line for each."""
        yield from (f"{path} is {name}" for name, path in self._written.items())


def _letters(first: str) -> Iterator[str]:
    """F, G, ... without those that folders, abstract names and ports have; then F1, G1."""
    every = "FGHIJKL" if first == "F" else first
    return (f"{letter}{lap or ''}" for lap in count() for letter in every)
