"""``explain NAME``: an experiment, its answers on every platform with their reasons, how to cite it; or whatever else has a name.

NAME is an experiment (tcp/stevens-s11/theft, or tcp/stevens-s11/theft/windows for one platform),
what several of them begin with (tcp/stevens-s11, E2, dual stack), a clause (linux/listener-blocks),
a rule (S5), a library (asyncio, nginx/windows), an incident (kafka-13572) or a claim (PYDEV-E1).
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping, Sequence

from fixtures import COMMAND, VERSION
from fixtures.language.stack import format_trace
from fixtures.models import Platform
from fixtures.specification.clauses import BASES, sides_of
from fixtures.specification.sources import Citation
from reports.catalogue import Row, by_id
from reports.cells import OUTCOMES, UNKNOWN, UNTESTABLE, Cell, cells, columns, platform_named, statement
from reports.inputs import BadInput
from reports.lookup import looked_up, near

#: How to run one experiment, by its id.
RUN = f"{COMMAND} run -k"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("name", metavar="NAME", help="an experiment, or what the suite or the matrix prints beside one")


def run(args: argparse.Namespace) -> int:
    """Print the explanation."""
    print("\n".join(told(args.name)))
    return 0


def told(name: str) -> list[str]:
    """What is known under a name.

    Raises BadInput with the nearest names.
    """
    experiments = by_id()
    identifier, _, spec = name.rpartition("/")
    if name in experiments:
        return explanation(experiments[name], columns())
    if identifier in experiments:
        return explanation(experiments[identifier], [platform_named(spec)])
    if found := looked_up(name):
        return found
    others = near(name)
    raise BadInput(f"{name}: nothing has this name{'; did you mean ' + ', '.join(others) if others else ''}")


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
        *(line for citation in dict.fromkeys(about.cites) for line in _cited(citation)),
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


def _cited(citation: Citation) -> list[str]:
    """A source, and where it can be read."""
    link = citation.source.link
    return [f"  [{citation}]", *([f"   {link}"] if link and link not in str(citation) else [])]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 110, initial_indent="  ", subsequent_indent="  ")
