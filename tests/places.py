"""Whether every cited file and function exists: ``python -m tests.places KEY=FOLDER...``, run by hand where the sources are.

KEY is the name of a tree in fixtures/specification/sources.py. FOLDER is its root as it was cited
(for LINUX the kernel's ``net/``), or a git directory with a revision and, after a colon, the folder in
it: ``LINUX=/somewhere/linux.git@v6.18:net/``. Prints what is absent, and how many places each tree has.
The exit status is 1 when any is absent. Trees that are not given are counted as not looked up.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fixtures.models import MODELS, defined
from fixtures.specification.clauses import Own, sides_of
from fixtures.specification.sources import Citation, bibliography

#: Reads a file of a tree; None where there is none.
Reader = Callable[[str], str | None]


def main(arguments: list[str]) -> int:
    """Look the places up."""
    given = dict(word.split("=", 1) for word in arguments)
    keys = {source: key for key, source in bibliography().items() if source.is_tree}
    cited: dict[str, set[Citation]] = {}
    for citation in places():
        if citation.source in keys:
            cited.setdefault(keys[citation.source], set()).add(citation)
    absent = 0
    for key, citations in sorted(cited.items()):
        if key not in given:
            print(f"{key}: {len(citations)} places, not looked up")
            continue
        read = reader(given[key])
        wrong = sorted(citation.locator for citation in citations if not exists(read, citation.locator))
        print(f"{key}: {len(citations)} places, {len(citations) - len(wrong)} exist", *(f"  absent: {one}" for one in wrong), sep="\n")
        absent += len(wrong)
    return 1 if absent else 0


def places() -> set[Citation]:
    """Every place that a clause or one side of a dispute names."""
    tables = [model.edges.because(situation) for model in MODELS.values() for situation in model.edges.rows]
    reasons = [*defined(), *(reason for reason in tables if isinstance(reason, Own))]
    return {citation for reason in reasons for citation in (reason.source, *(side.source for side in sides_of(reason)))}


def reader(folder: str) -> Reader:
    """How the files of a tree are read."""
    root, _, revision = folder.partition("@")
    if not revision:
        return lambda path: _text(Path(root, path))
    commit, _, below = revision.partition(":")
    return lambda path: _shown(root, f"{commit}:{below}{path}")


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _shown(repository: str, name: str) -> str | None:
    done = subprocess.run(["git", "-C", repository, "show", name], capture_output=True, check=False)
    return done.stdout.decode(errors="replace") if not done.returncode else None


def exists(read: Reader, locator: str) -> bool:
    """Whether the file is there and names the function, as a word of its own."""
    path, _, function = locator.partition(", ")
    text = read(path.split(" ")[0])
    name = function.rpartition(".")[2].rpartition("::")[2].strip()
    return text is not None and bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
