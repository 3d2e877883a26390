"""The part of the chapter about AF_UNIX: what servers and libraries do about the files of their sockets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fixtures.libraries.at_path import ASKED
from fixtures.libraries.paths import BASES, AtPath

HEADS = {
    "second": "second instance",
    "second_ends": "when that ends, a client meets",
    "ended": "SIGTERM: its file",
    "restart": "then",
    "crash": "SIGKILL: it",
    "regular": "a file that is no socket",
    "link": "a link to a stale socket",
    "mode": "mode",
}
INTRODUCTION = """\
## On a Unix socket

What does a server do about the file of its AF_UNIX socket, and about whatever stands at its path when it starts? What goes wrong with
each way, and one that holds, is in [unix.md](unix.md). *Observed* is what `tests/libraries/test_at_path.py` sees when it starts the
server, twice, ends it, kills it, and puts things in its way; `tox -e libraries` runs it with all of them installed. They were seen on
CPython 3.11. Since 3.13 asyncio removes the file of its own socket, so those that serve by it may do so, too. The rows are
[recorded](../fixtures/libraries/paths.json). `addrinuse port` says the same of any server whose calls you record
([porting.md](porting.md#a-server-on-a-unix-socket))."""


def as_data(rows: Sequence[AtPath]) -> list[dict[str, Any]]:
    """The rows as plain data."""
    return [{**vars(one), "does": dict(one.does), "programs": list(one.programs)} for one in rows]


def as_text(rows: Sequence[AtPath]) -> list[str]:
    """Each server in a few lines."""
    lines = []
    for one in rows:
        where = f": {one.at}" if one.at else ""
        lines += [f"{one.name} on a Unix socket (library/{one.id}): {one.call}", f"    {one.version}, {one.basis}{where}"]
        lines += [f"    {question}  {one.does[word]}" for word, question in ASKED.items() if one.does[word] != "unknown"]
        lines += [f"    {one.note}"] if one.note else []
    return lines


def as_markdown(rows: Sequence[AtPath]) -> list[str]:
    """The table, and where each row is from."""
    head = ["program", *HEADS.values(), "version", "known"]
    lines = [INTRODUCTION, "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for one in rows:
        cells = [one.name, *("?" if one.does[word] == "unknown" else one.does[word] for word in HEADS), one.version, one.basis]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    told = [one for one in rows if one.note or one.at]
    lines += ["", *(f"- **{one.name}**: `{one.call}`{f' ({one.at})' if one.at else ''}. {one.note}".rstrip() for one in told)]
    used = dict.fromkeys(one.basis for one in rows)
    return [*lines, "", *(f"- *{basis}* here: {sentence}" for basis, sentence in BASES.items() if basis in used), "- ?: unknown."]
