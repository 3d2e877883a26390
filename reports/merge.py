"""``merge RUN...``: runs of one version of the suite side by side; with ``-o`` those of one platform become one run.

Exit status 0; 1 if a run has a surprise, a stale variant or a broken bench; 2 for usage or a file
that is not a whole run.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from fixtures.record.runfile import Header, Record, Run, write_run
from fixtures.record.screens import number
from fixtures.record.verdicts import FAILURES, VERDICTS
from reports.inputs import BadInput
from reports.recorded import UNFINISHED, file_name, one_suite, read_runs, same_trace, title

Table = list[list[str]]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="recorded runs, all of one version of the suite")
    parser.add_argument("-o", "--output", metavar="FILE", help="write one run to FILE, or the runs of several platforms to FOLDER/")
    parser.add_argument("--format", choices=("text", "markdown"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print them side by side, and write the merged runs.

    Raises RunError or BadInput for runs that cannot be merged.
    """
    if twice := next((path for n, path in enumerate(args.runs) if path.resolve() in [other.resolve() for other in args.runs[:n]]), None):
        raise BadInput(f"{twice}: named twice; name each run once")
    found = read_runs(args.runs)
    suite = one_suite(args.runs, found)
    merged = [together(group) for group in _groups(found)]
    if args.output:
        _write(args.output, merged)
    print("\n".join(_page(suite, merged, markdown=args.format == "markdown")))
    return 1 if any(record["verdict"] in FAILURES for one in merged for record in one.traces) else 0


def _groups(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs in groups of one platform, stack and privilege, on the system itself or on its stack alone."""
    groups: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for one in runs:
        groups[one.header["platform"], one.header["stack"], one.header["fingerprint"].get("privilege", ""), one.basis].append(one)
    return [group for _, group in sorted(groups.items())]


def together(group: Sequence[Run]) -> Run:
    """One run from several of one platform.

    One may test what another could not; if two disagree, that is inconclusive.
    """
    traces: dict[str, Record] = {}
    for one in group:
        for record in one.traces:
            known = traces.get(record["id"])
            traces[record["id"]] = record if known is None else _better(known, record)
    return Run(_common(group), [traces[name] for name in sorted(traces)])


def _better(known: Record, new: Record) -> Record:
    if new["verdict"] in UNFINISHED:
        return new if new["verdict"] == "broken" else known
    if known["verdict"] in UNFINISHED:
        return known if known["verdict"] == "broken" else new
    if same_trace(known, new):
        return known
    # A surprise must not get lost, nor that the two disagree.
    failing = next((one for one in (known, new) if one["verdict"] in FAILURES), None)
    return failing or known | {"verdict": "inconclusive", "why": "two runs do not agree", "held": False, "variants": []}


def _common(group: Sequence[Run]) -> Header:
    """The header of them all. Where fingerprints differ, the values stand side by side."""
    first = group[0].header
    machines = [one.header["fingerprint"] for one in group]
    words = dict.fromkeys(word for machine in machines for word in machine if word != "settings")
    names = dict.fromkeys(name for machine in machines for name in machine.get("settings", {}))
    fingerprint: Header = {word: _joined(machine.get(word) for machine in machines) for word in words}
    if names:
        fingerprint["settings"] = {name: _joined(machine.get("settings", {}).get(name) for machine in machines) for name in names}
    return first | {"fingerprint": fingerprint}


def _joined(values: Iterable[str | None]) -> str:
    return " | ".join(dict.fromkeys(value for value in values if value is not None))


def _write(output: str, merged: Sequence[Run]) -> None:
    folder = Path(output)
    if output.endswith("/") or folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for one in merged:
            _write_one(folder / file_name(one), one)
    elif len(merged) > 1:
        raise BadInput(f"-o {output}: these are runs of {len(merged)} platforms or users; name a folder, as in -o {output}/")
    else:
        _write_one(folder, merged[0])


def _write_one(path: Path, one: Run) -> None:
    try:
        write_run(path, {word: value for word, value in one.header.items() if word != "format"}, one.traces)
    except OSError as error:
        raise BadInput(f"-o {path}: cannot be written: {error.strerror or error}") from None


def _page(suite: str, merged: Sequence[Run], *, markdown: bool) -> list[str]:
    form = _as_markdown if markdown else _as_text
    words = [word for word in VERDICTS if any(record["verdict"] == word for one in merged for record in one.traces)]
    failing = [(one, record) for one in merged for record in one.traces if record["verdict"] in FAILURES]
    lines = [f"{'## ' if markdown else ''}addrinuse {suite}: {number(len(merged), 'run')}", "", *form(_verdicts(merged, words)), ""]
    lines += ["How many experiments of each chapter depart from their rule, of those that could be tested:", ""]
    lines += [*form(_chapters(merged)), ""]
    lines += [line for one, record in failing for line in _told(one, record, markdown=markdown)]
    return lines + [f"{'* ' if markdown else ''}{word}: {VERDICTS[word]}" for word in words]


def _verdicts(merged: Sequence[Run], words: Sequence[str]) -> Table:
    rows = [[title(one), *_counts(one.traces, words)] for one in merged]
    return [["run", *words], *rows]


def _counts(traces: Iterable[Record], words: Sequence[str]) -> list[str]:
    counts = Counter(record["verdict"] for record in traces)
    return [str(counts[word] or "-") for word in words]


def _chapters(merged: Sequence[Run]) -> Table:
    chapters = sorted({record["chapter"] for one in merged for record in one.traces})
    return [["chapter", *(one.header["platform"] for one in merged)]] + [
        [chapter, *(_departing(record for record in one.traces if record["chapter"] == chapter) for one in merged)] for chapter in chapters
    ]


def _departing(part: Iterable[Record]) -> str:
    run = [record for record in part if record["verdict"] not in UNFINISHED]
    if any(record["held"] is None for record in run):
        return f"?/{len(run)}"
    return f"{sum(not record['held'] for record in run)}/{len(run)}" if run else "-"


def _told(one: Run, record: Record, *, markdown: bool) -> list[str]:
    fence = ["```"] if markdown else []
    mark = "### " if markdown else ""
    told = [record["question"], *(f"  {line}" for line in record["trace"]), f"  {record['why']}"]
    told = [line.replace("`", "'") for line in told] if markdown else told
    return [f"{mark}{record['verdict']}: {record['id']} on {one.header['platform']}", *fence, *told, *fence, ""]


def _as_text(table: Table) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in table]


def _as_markdown(table: Table) -> list[str]:
    rows = [[word.replace("|", "\\|").replace("<", "&lt;") for word in line] for line in table]
    return [f"| {' | '.join(line)} |" for line in (rows[0], ["---"] * len(rows[0]), *rows[1:])]
