"""`addrinuse disputed`: claims that people cite, and which of them a kernel or another page contradicts."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby

from fixtures.specification.sources import Source, bibliography
from reports.claims import CLAIM_VERDICTS, Claim, load, on_linux

DISPUTED = ("contradicted", "outdated", "disputed", "partly")

INTRODUCTION = """\
# Disputed claims

Sentences that people cite about address reuse, in our words, and what we found about each. This page is rendered from
`reports/claims.json` by `addrinuse render`; a test keeps the two in step.

The answer beside an experiment is the last one of its trace on Linux, where the model and the kernel (6.18) agree;
`addrinuse run` asks your own kernel. *conforms*: the rule that the experiment asserts holds; *variant*: Linux
departs from it; *untestable*: Linux lacks an option. The rule is the experiment's own and need not be the claim."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print the claims. The status is always 0."""
    render = {"text": as_text, "markdown": as_markdown, "json": as_json}[args.format]
    print(render(load()), end="")
    return 0


def as_json(claims: Iterable[Claim]) -> str:
    """Each claim with its citation written out."""
    entries = [{**asdict(claim), "citation": str(claim.citation), "link": claim.citation.source.link} for claim in claims]
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def as_text(claims: list[Claim]) -> str:
    """A line for each claim, and what was seen; the disputed ones come first."""
    lines = [counts(claims)]
    for verdict in CLAIM_VERDICTS:
        lines += ["", f"{verdict}: {CLAIM_VERDICTS[verdict]}"]
        for claim in claims:
            if claim.verdict == verdict:
                lines += [f"  {claim.id}: {claim.claim}", f"      {claim.seen} {claim.note}".rstrip(), f"      [{claim.citation}]"]
    return "\n".join(lines) + "\n"


def as_markdown(claims: list[Claim]) -> str:
    """The page docs/disputed.md."""
    disputed = [claim for claim in claims if claim.verdict in DISPUTED]
    asked = [claim for claim in claims if claim not in disputed and claim.experiments]
    unasked = [claim for claim in claims if claim not in disputed and not claim.experiments]
    words = [f"- *{word}*: {meaning}" for word, meaning in CLAIM_VERDICTS.items()]
    return "\n".join(
        [
            *[INTRODUCTION, "", counts(claims), "", *words, "", "## Contradicted, outdated, disputed or true in part", ""],
            *[line for group in by_source(disputed) for line in _section(*group)],
            *["## Claims that hold", "", *_table([claim for claim in asked if claim.verdict == "holds"])],
            *["## Claims that none of our machines could decide", ""],
            *["Experiments ask them. Run on that platform, they will answer.", ""],
            *_table([claim for claim in asked if claim.verdict == "open"]),
            *["## Claims that no experiment asks", "", *_reasons(unasked)],
        ]
    )


def counts(claims: list[Claim]) -> str:
    """How many claims there are, and how many of each verdict."""
    tally = ", ".join(f"{sum(claim.verdict == word for claim in claims)} {word}" for word in CLAIM_VERDICTS)
    return f"{len(claims)} claims: {tally}; {sum(bool(claim.experiments) for claim in claims)} of them have experiments."


def by_source(claims: list[Claim]) -> list[tuple[Source, list[Claim]]]:
    """Claims under their source, in the order of the bibliography."""
    order = list(bibliography())
    ordered = sorted(claims, key=lambda claim: order.index(claim.source))
    return [(bibliography()[key], list(group)) for key, group in groupby(ordered, lambda claim: claim.source)]


def _section(source: Source, claims: list[Claim]) -> list[str]:
    name = f"{source.author}, {source.title}, {source.date}"
    heading = f"### [{name}]({source.link})" if source.link else f"### {name}"
    return [heading, "", *[line for claim in claims for line in _entry(claim)]]


def _entry(claim: Claim) -> list[str]:
    lines = [f"**{claim.id}** ({claim.verdict}; {', '.join(claim.platforms)}; {claim.at}). {claim.claim}", ""]
    lines += [f"- Seen: {claim.seen}"]
    lines += [f"- Sources: {claim.note}"] * bool(claim.note)
    lines += [f"- No experiment: {claim.why_not}"] * bool(claim.why_not)
    return [*lines, *[f"- {_answer(identifier, word)}" for identifier, word in claim.experiments.items()], ""]


def _answer(identifier: str, word: str) -> str:
    """An experiment with its last answer on Linux."""
    seen = on_linux(identifier)
    return f"`{identifier}`: {word}, {seen.why if seen.problem else f'`{seen.lines[-1]}`'}"


def _table(claims: list[Claim]) -> list[str]:
    head = ["| claim | it says | seen | source | experiments |", "|---|---|---|---|---|"]
    return [*head, *[_row(claim) for claim in claims], ""]


def _row(claim: Claim) -> str:
    experiments = "<br>".join(f"`{identifier}`" for identifier in claim.experiments)
    seen = " ".join(filter(None, (claim.seen, claim.note)))
    return f"| {claim.id} | {claim.claim} | {seen} | {_cited(claim)} | {experiments} |"


def _reasons(claims: list[Claim]) -> list[str]:
    rows = [
        f"| {claim.id} | {claim.verdict} | {claim.claim} | {claim.why_not} | {claim.seen} {claim.note}".rstrip() + f" | {_cited(claim)} |"
        for claim in claims
    ]
    return ["| claim | verdict | it says | why it is not asked | seen | source |", "|---|---|---|---|---|---|", *rows, ""]


def _cited(claim: Claim) -> str:
    source = claim.citation.source
    name = f"{source.author}, {source.title}"
    return f"{f'[{name}]({source.link})' if source.link else name}, {claim.at}"
