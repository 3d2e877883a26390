"""What one row of the table of servers says."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Where the servers are installed, below the environment of the Python that runs this.
ROOT = "servers"
#: The kinds of package, by the word before the colon.
REGISTRIES = ("apt", "pypi", "npm")
PROGRAMS = Path(__file__).with_name("programs")
#: A folder for each server that has a configuration, by its name.
FILES = Path(__file__).with_name("files")


@dataclass(frozen=True)
class Server:
    """A real server: how it is installed, how it is started, and how one sees that it is ready.

    ``packages`` are ``apt:NAME``, ``pypi:NAME`` or ``npm:NAME``. In ``command``, ``before`` and its configuration,
    ``{state}`` is the folder of this instance, ``{python}`` the Python of the environment and ``{programs}`` the folder of
    the same name. It is ready when it holds every port in ``ports`` (``tcp:80``, ``udp:53``), by as many
    sockets as the port is named.
    """

    name: str
    packages: tuple[str, ...]
    command: str
    ports: tuple[str, ...]
    #: A shell command that must have been run in its folder.
    before: str = ""
    #: The users that its package would have made.
    users: tuple[str, ...] = ()
    #: What a client sends so that the kernel hands the connection over, where the server waits for that (TCP_DEFER_ACCEPT).
    says: str = ""
    #: Whether all its socket calls go through Python's socket module, so that ``record --how python`` sees them.
    python: bool = False
    #: Whether it belongs to the minimum, which is run with every change.
    minimum: bool = False
    #: Situations in which the machine and the report differ, each with the reason.
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        """Its configuration."""
        folder = FILES / self.name
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def words(self, values: Mapping[str, str]) -> list[str]:
        """The command to run, with its placeholders filled."""
        return [filled(word, values) for word in shlex.split(self.command)]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled. Other braces stay."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
