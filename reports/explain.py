"""``explain ID[/PLATFORM]``: an experiment, its answers on every platform with their reasons, how to cite it; or a server or library."""

from __future__ import annotations

import argparse
import difflib
import textwrap
from collections.abc import Mapping, Sequence

from fixtures import COMMAND, VERSION
from fixtures.language.stack import format_trace
from fixtures.libraries import policies
from fixtures.libraries.policies import Policy
from fixtures.models import Platform
from fixtures.specification.clauses import BASES, sides_of
from reports.catalogue import Row, by_id
from reports.cells import OUTCOMES, UNKNOWN, UNTESTABLE, Cell, cells, columns, platform_named, statement
from reports.inputs import BadInput
from reports.libraries.answers import chapter, everywhere
from reports.libraries.text import as_text

#: How to run one experiment, by its id.
RUN = f"{COMMAND} run -k"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    known = "an experiment, and a platform if only that is of interest; or the name of a server or library"
    parser.add_argument("id", metavar="ID[/PLATFORM]", help=known)


def run(args: argparse.Namespace) -> int:
    """Print the explanation."""
    if known := libraries(args.id):
        print(as_text(chapter(known, list(map(str, everywhere())))), end="")
        return 0
    row, chosen = asked(args.id)
    print("\n".join(explanation(row, chosen)))
    return 0


def libraries(words: str) -> list[Policy]:
    """The servers and libraries that ``asyncio`` or ``library/asyncio/restart`` means, if any."""
    prefix, _, rest = words.partition("library/")
    name = rest.partition("/")[0] if rest and not prefix else words
    return [] if words in by_id() else policies.find(name)


def asked(words: str) -> tuple[Row, list[Platform]]:
    """The experiment and the platforms of ``ID`` or ``ID/PLATFORM``.

    Raises BadInput with the nearest ids.
    """
    experiments = by_id()
    if words in experiments:
        return experiments[words], columns()
    identifier, _, spec = words.rpartition("/")
    if identifier in experiments:
        return experiments[identifier], [platform_named(spec)]
    near = difflib.get_close_matches(words, experiments, n=3, cutoff=0.5)
    raise BadInput(f"{words}: no such experiment or library{'; did you mean ' + ', '.join(near) if near else ''}")


def explanation(row: Row, platforms: Sequence[Platform]) -> list[str]:
    """The question, the rule, the script, the answers with their reasons, and how to run and cite it."""
    about = row.experiment
    across = cells(platforms, [row])[about.id]
    shown = next((p for p in platforms if across[str(p)].outcome not in (UNTESTABLE, UNKNOWN)), platforms[0])
    played = shown.predict(row.script)[0]
    return [
        about.id,
        f"  {about.question}",
        "",
        f"rule {about.rule.id}",
        *_wrapped(about.rule.statement),
        *(f"  [{citation}]" for citation in dict.fromkeys(about.cites)),
        "",
        f"script (as on {shown})",
        *(f"  {line}" for line in format_trace(played.trace)),
        "",
        "answers",
        *(f"  {name:<12} {cell.answer or cell.outcome:<24} {_how(cell)}" for name, cell in across.items()),
        "",
        *_reasons(list(across.values())),
        "to run",
        f"  {RUN} {about.id}",
        "to cite",
        f"  {citation_line(about.id)}",
        f"  {comment(row, across)}",
        *(f"  {line}" for line in bibtex(about.id)),
    ]


def citation_line(identifier: str) -> str:
    """The line that cites an experiment."""
    return f"addrinuse {VERSION}, experiment {identifier}"


def comment(row: Row, across: Mapping[str, Cell]) -> str:
    """A comment for code that relies on an experiment: the rule, or the answer of the platform if only one was asked."""
    if len(across) == 1:
        ((platform, cell),) = across.items()
        how = ", ".join(filter(None, (cell.basis, f"addrinuse {VERSION}")))
        return f"# {row.experiment.id}: on {platform} {cell.answer or cell.outcome} ({how})"
    return f"# {row.experiment.id}: {row.experiment.rule.statement} (addrinuse {VERSION})"


def bibtex(identifier: str) -> list[str]:
    """The BibTeX entry that cites an experiment."""
    return [
        "@misc{addrinuse,",
        "  title = {addrinuse, an executable conformance suite for socket reuse semantics},",
        "  author = {{The addrinuse authors}},",
        f"  note = {{Version {VERSION}, experiment \\texttt{{{identifier}}}}},",
        "}",
    ]


def _how(cell: Cell) -> str:
    reason = cell.because.id if cell.because else cell.why
    return " ".join(filter(None, (cell.outcome, cell.basis and f"({cell.basis})", reason)))


def _reasons(across: Sequence[Cell]) -> list[str]:
    found = {cell.because: cell for cell in across if cell.because}
    lines = ["why"]
    for because, cell in found.items():
        lines += _wrapped(statement(because))
        sides = [f"    {side.claim} ({side.basis}) [{side.source}]" for side in sides_of(because)]
        lines += sides or [f"    [{cell.source}]"]
    used = dict.fromkeys(cell.basis for cell in across if cell.basis)
    return [*lines, "", *(f"{basis}: {BASES[basis]}" for basis in used), *_outcomes(across), ""]


def _outcomes(across: Sequence[Cell]) -> list[str]:
    return [f"{word}: {OUTCOMES[word]}" for word in dict.fromkeys(cell.outcome for cell in across) if word != UNKNOWN]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 110, initial_indent="  ", subsequent_indent="  ")
