"""What else `explain` knows by its name: whatever the suite, the matrix or a page of docs/ prints."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from fixtures.libraries import paths, policies
from fixtures.models import MODELS, Platform, defined
from fixtures.specification.clauses import sides_of
from fixtures.specification.rules import Rule
from reports import claims, incidents, nicknames
from reports.catalogue import all_rows, by_id
from reports.cells import cells, platform_named, statement
from reports.libraries import at_paths
from reports.libraries.answers import chapter, everywhere
from reports.libraries.text import as_text

#: So many names are suggested for one that nothing has.
SUGGESTED = 3


def looked_up(word: str) -> list[str]:
    """What is known under this name; nothing if it is nobody's."""
    finders: tuple[Callable[[str], list[str]], ...] = (_clause, _rule, _incident, _claim, _several, _library)
    return next((lines for finder in finders if (lines := finder(word))), [])


def near(word: str) -> list[str]:
    """The names that are most like this one: those that have it in them come first."""
    names = [*by_id(), *(one.id for one in defined()), *(one.id for one in incidents.load())]
    names += [*(one.id for one in policies.load()), *(one.id for one in paths.load()), *policies.ALIASES]
    names += [nick for one in nicknames.KNOWN for nick in one.words]
    inside = sorted((name for name in names if word and word in name), key=len)
    alike = difflib.get_close_matches(word, names, n=SUGGESTED, cutoff=0.5)
    return list(dict.fromkeys([*inside, *alike]))[:SUGGESTED]


def _library(word: str) -> list[str]:
    """``asyncio``, ``library/asyncio/restart``, ``nginx/windows``; and what else is known of a program, or what happened with it."""
    name, _, platform = word.removeprefix("library/").partition("/")
    meant = not platform or platform in MODELS or word.startswith("library/")
    nick = nicknames.known(name)
    found = policies.find(nick.library if nick and nick.library else name) if name and meant else []
    where = [str(platform_named(platform))] if platform in MODELS else list(map(str, everywhere()))
    lines = as_text(chapter(found, where)).splitlines() if found else []
    if rows := paths.find(name) if name and platform not in MODELS and meant else []:
        lines += [*([""] if lines else []), *at_paths.as_text(rows)]
    if not name or platform or word.startswith("library/"):
        return lines
    parts = filter(None, (nicknames.note(name), lines, nicknames.happened(name)))
    return [line for part in parts for line in ("", *part)][1:]


def _clause(word: str) -> list[str]:
    """A clause, a dispute or a gap, and the experiments that it decides on its platform."""
    one = next((one for one in defined() if one.id == word), None)
    if one is None:
        return []
    name = word.partition("/")[0]
    across = cells([Platform(name)]) if name in MODELS else {}
    decided = [identifier for identifier, row in across.items() if (because := row[str(Platform(name))].because) and because.id == word]
    sides = [f"  {side.claim} ({side.basis}) [{side.source}]" for side in sides_of(one)]
    return [statement(one), *(sides or [f"  {one.basis} [{one.source}]"]), "", *_named(decided, "decided by it")]


def _rule(word: str) -> list[str]:
    """A rule, and the experiments that assert it."""
    rules: dict[str, Rule] = {row.experiment.rule.id: row.experiment.rule for row in all_rows()}
    if word not in rules:
        return []
    rule = rules[word]
    asserting = [row.experiment.id for row in all_rows() if row.experiment.rule.id == word]
    return [f"rule {rule.id}: {rule.statement}", f"  [{rule.source}]", "", *_named(asserting, "that assert it")]


def _incident(word: str) -> list[str]:
    return incidents.as_text([one for one in incidents.load() if one.id == word]).splitlines()


def _claim(word: str) -> list[str]:
    found = [one for one in claims.load() if one.id == word]
    return [line for one in found for line in (f"{one.id} ({one.verdict}): {one.claim}", f"  {one.seen} {one.note}".rstrip(), *_asked(one))]


def _asked(claim: claims.Claim) -> list[str]:
    return [f"  [{claim.citation}]", "", *_named(claim.experiments, "that ask it")]


def _several(word: str) -> list[str]:
    """The experiments below an id, of a chapter, or whose question begins with this number: ``tcp/duplicate``, ``dual stack``, ``E2``."""
    about = [(row.experiment.id, row.chapter, row.experiment.question) for row in all_rows()]
    prefix = f"{word.rstrip('/')}/"
    found = [name for name, chapter_, question in about if name.startswith(prefix) or word in (chapter_, question.partition(":")[0])]
    return _named(found, f"of {word}") if found else []


def _named(identifiers: Iterable[str], which: str) -> list[str]:
    names = sorted(identifiers)
    return [f"Experiments {which} ({len(names)}):", *(f"  {name}" for name in names)]
