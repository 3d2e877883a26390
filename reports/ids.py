"""``ids``: the registry of every id that was ever issued, and what each meant."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fixtures.language.stack import Trace
from fixtures.models import Platform, defined
from reports.catalogue import ROOT, Row, all_rows
from reports.inputs import BadInput

REGISTRY = ROOT / "reports" / "ids.txt"
MATRIX = ROOT / "reports" / "matrix" / "matrix.json"
#: Whoever of these can run an experiment shows what calls it makes.
SHOWING = ("stevens", "linux", "windows", "illumos", "freebsd")
HEADING = (
    "# Every id that was ever issued. Nothing here changes or goes. Of an experiment a digest of its question, its rule and its calls;\n"
    "# of a clause, a dispute or a gap (PLATFORM/NAME) the word clause: frozen is the id, not the sentence. Where one decides nothing any\n"
    "# more, the word is changed to retired, by hand: no other sentence ever gets its id.\n"
)
#: What stands in the place of a digest for what decides answers.
OF_A_PLATFORM = "clause"
#: The same of a clause that decides nothing any more.
RETIRED = "retired"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("--write", action="store_true", help="add the new ids to the registry")


def run(args: argparse.Namespace) -> int:
    """Say what the registry lacks (1), or add it; refuse when an issued id is gone or means something else (2)."""
    kept, now = read(REGISTRY), meanings() | clauses()
    if broken := [*(f"{name} is gone" for name in gone(kept, now)), *changed(kept, now)]:
        raise BadInput(f"{REGISTRY.name}: {'; '.join(broken[:5])}: an id is permanent; give the changed experiment a new one")
    new = sorted(now.keys() - kept.keys())
    if args.write:
        issued = {name: digests[0] for name, digests in now.items()} | kept
        lines = [f"{name} {digest}\n" for name, digest in sorted(issued.items())]
        REGISTRY.write_text(HEADING + "".join(lines), encoding="utf-8")
    print(f"{len(kept)} ids were issued before, {len(new)} are new")
    return 1 if new and not args.write else 0


def gone(kept: dict[str, str], now: Mapping[str, object]) -> list[str]:
    """The issued ids that nothing has any more, and that nobody retired."""
    return [name for name in sorted(kept.keys() - now.keys()) if kept[name] != RETIRED]


def changed(kept: dict[str, str], now: dict[str, tuple[str, ...]]) -> list[str]:
    """The ids that no longer mean what they meant."""
    return [f"{name} means something else" for name in sorted(kept.keys() & now.keys()) if kept[name] not in now[name]]


@cache
def clauses() -> dict[str, tuple[str, ...]]:
    """Every clause, dispute and gap that a platform defines, and every clause that the committed matrix shows."""
    reasons = json.loads(MATRIX.read_text(encoding="utf-8"))["reasons"] if MATRIX.exists() else {}
    shown = [name for name, reason in reasons.items() if reason["kind"] in ("clause", "dispute")]
    return dict.fromkeys((*(one.id for one in defined()), *shown), (OF_A_PLATFORM,))


@cache
def meanings() -> dict[str, tuple[str, ...]]:
    """What each experiment of the suites means."""
    return {row.experiment.id: digests_of(row) for row in all_rows()}


def digests_of(row: Row) -> tuple[str, ...]:
    """Digests of what an experiment asks and does: several where no model knows all of its answers, for then it may show less."""
    shown = [Platform(name).predict(row.script)[0] for name in SHOWING]
    if whole := [one for one in shown if not one.problem]:
        return (_digest(row, whole[0].trace),)
    return (*(_digest(row, one.trace) for one in shown if one.problem == "unknown"), _digest(row, []))


def _digest(row: Row, trace: Trace) -> str:
    words = "\n".join([row.experiment.question, row.experiment.rule.id, *(str(call) for call, _ in trace)])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def read(path: Path) -> dict[str, str]:
    """The registry: id and digest."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))
