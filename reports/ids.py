"""``ids``: the registry of every id that was ever issued, and what each means."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fixtures.models import defined
from reports.catalogue import ROOT, all_rows, need_checkout
from reports.inputs import BadInput
from reports.plans import digest_of

REGISTRY = ROOT / "reports" / "ids.txt"
MATRIX = ROOT / "reports" / "matrix" / "matrix.json"
HEADING = (
    "# Every id that was ever issued. Nothing here changes or is removed. An experiment has a digest of its calls and of the answers\n"
    "# with which its assertion holds; if it was issued before December 2026, the digest of that time follows (of question, rule\n"
    "# and calls). A clause, a dispute or a gap (PLATFORM/NAME) has the word clause: its id is frozen, not its sentence.\n"
    "# If one decides nothing any more, the word is changed to retired, by hand: no other sentence ever gets its id.\n"
)
#: Stands instead of a digest for clauses, disputes and gaps.
OF_A_PLATFORM = "clause"
#: The same for a clause that decides nothing any more.
RETIRED = "retired"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("--write", action="store_true", help="add the new ids to the registry")


def run(args: argparse.Namespace) -> int:
    """Say how many ids the registry lacks (1), or add them. Refuse if an issued id is gone or means something else (2)."""
    need_checkout("ids")
    kept, now = read(REGISTRY), meanings() | clauses()
    if broken := [*(f"{name} is gone" for name in gone(kept, now)), *changed(kept, now)]:
        raise BadInput(f"{REGISTRY.name}: {'; '.join(broken[:5])}: an id is permanent; give the changed experiment a new one")
    new = sorted(now.keys() - kept.keys())
    if args.write:
        lines = [f"{name} {' '.join(digests)}\n" for name, digests in sorted(({name: [now[name]] for name in new} | kept).items())]
        REGISTRY.write_text(HEADING + "".join(lines), encoding="utf-8")
    print(f"{len(kept)} ids were issued before, {len(new)} are new")
    return 1 if new and not args.write else 0


def gone(kept: Mapping[str, list[str]], now: Mapping[str, object]) -> list[str]:
    """The issued ids that nothing has any more and nobody has retired."""
    return [name for name in sorted(kept.keys() - now.keys()) if kept[name] != [RETIRED]]


def changed(kept: dict[str, list[str]], now: dict[str, str]) -> list[str]:
    """The ids that no longer mean what they meant."""
    return [f"{name} means something else" for name in sorted(kept.keys() & now.keys()) if kept[name][0] != now[name]]


@cache
def clauses() -> dict[str, str]:
    """Every clause, dispute and gap that a platform defines, and every clause that the committed matrix shows."""
    reasons = json.loads(MATRIX.read_text(encoding="utf-8"))["reasons"] if MATRIX.exists() else {}
    shown = [name for name, reason in reasons.items() if reason["kind"] in ("clause", "dispute")]
    return dict.fromkeys((*(one.id for one in defined()), *shown), OF_A_PLATFORM)


@cache
def meanings() -> dict[str, str]:
    """What each experiment of the suites asks, as a digest."""
    return {row.experiment.id: digest_of(row.script) for row in all_rows()}


def read(path: Path) -> dict[str, list[str]]:
    """The registry: the digest of each id, and perhaps an old one."""
    if not path.exists():
        return {}
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {name: digests for name, *digests in filter(None, lines)}
