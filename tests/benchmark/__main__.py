"""``python -m tests.benchmark [--json FILE]``: how fast every pair is tried, beside a bare C loop that makes the same system calls.

It also measures what predictions and pytest cost, and how long somebody waits who has nothing but a clone. It runs on Linux, in a
network namespace. The engine and the loop take turns.
Rates are per second of processor time of all processes together, so that other load on the machine matters little. It asserts
nothing: it prints what it measured.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from fixtures.machine.bench import MAIN, Bench, Unusable
from fixtures.models import Platform, this_platform
from fixtures.pairs.answers import WIDTH
from fixtures.pairs.engine import observe
from fixtures.pairs.forecast import Forecast
from fixtures.pairs.product import Pairs, kinds
from fixtures.record.output import problem
from reports.catalogue import ROOT, all_rows
from tests.benchmark.bare import Bare, write_down

Result = dict[str, Any]
SIZES = (10_000, 100_000, 1_000_000)
#: How often the scripts of all experiments are in the file of a batch.
BATCHES = 10


def _file(word: str) -> Path:
    if why := problem(Path(word)):
        raise argparse.ArgumentTypeError(f"{word}: {why}")
    return Path(word)


def main() -> int:
    """Measure, print a table, and write the numbers; 0, or 2 without a namespace."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--json", metavar="FILE", type=_file, help="write the numbers to FILE")
    parser.add_argument("--rounds", type=_rounds, default=2, metavar="N", help="how often engine and loop take turns (default: 2)")
    parser.add_argument("--largest", type=int, default=SIZES[-1], metavar="PAIRS", help="leave out sizes above this")
    args = parser.parse_args()
    try:
        bench = Bench("namespace")
    except Unusable as missing:
        print(missing, file=sys.stderr)
        return 2
    bare = Bare()
    try:
        result = {"machine": bench.fingerprint(), "engine": _engine(bench, bare, args.rounds)}
        result["sizes"] = [_size(bench, size) for size in SIZES if size <= args.largest]
        result |= {"predictions": _predictions(), "pytest": _pytest(), "nothing": {way: _from_nothing(way) for way in ("pip", "uv")}}
    finally:
        bench.close()
        bare.close()
    print("\n".join(_table(result)))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def _rounds(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word} rounds measure nothing: at least 1")
    return int(word)


def _engine(bench: Bench, bare: Bare, rounds: int) -> list[Result]:
    """For each state of the first, the time that the engine takes, with its comparison, and the time of the loop."""
    rows = []
    for kind in kinds():
        if kind.actor == "same":
            pairs = Pairs(kind)
            answers = observe(bench, pairs, range(len(pairs)))
            tape = b"" if bare.why_not else write_down(pairs, answers[::WIDTH])
            times = [_turn(bench, pairs, bare, tape) for _ in range(rounds)]
            engine, loop = min(time for time, _ in times), min((time for _, time in times if time), default=None)
            rows.append({"kind": str(kind), "pairs": len(pairs), "engine": engine, "bare": loop, "why_not": bare.why_not})
    return rows


def _turn(bench: Bench, pairs: Pairs, bare: Bare, tape: bytes) -> tuple[float, float | None]:
    start = _used(bench)
    _compare(bench, pairs, range(len(pairs)))
    return _used(bench) - start, bare.seconds(tape) if tape else None


def _used(bench: Bench) -> float:
    """Seconds of processor time of this process and of its agents, those that have ended too."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = sum(_used_by(pid) for pid in bench.pids)
    return time.process_time() + ended.ru_utime + ended.ru_stime + running


def _used_by(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _compare(bench: Bench, pairs: Pairs, numbers: range) -> bool:
    """What an item of the suites does: every pair on the kernel, and the model's answers beside them."""
    forecast = Forecast(lambda choices: this_platform().make(0, bench.settings, choices))
    predicted = forecast.of_kind(pairs).answers
    return observe(bench, pairs, numbers) == predicted[: WIDTH * len(numbers)]


def _size(bench: Bench, size: int) -> Result:
    """Time and memory for this many pairs, kind after kind. After the last kind it begins again."""
    start, used, left = time.perf_counter(), _used(bench), size
    for pairs in _some():
        count = min(left, len(pairs))
        _compare(bench, pairs, range(count))
        left -= count
        if not left:
            break
    agent = Path(f"/proc/{bench.agent(MAIN).process.pid}/status").read_text(encoding="ascii")
    memory = next(int(line.split()[1]) for line in agent.splitlines() if line.startswith("VmHWM"))
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = {"seconds": time.perf_counter() - start, "processor": _used(bench) - used}
    return {"pairs": size, **spent, "driver_kib": mine, "agent_kib": memory}


def _some() -> Iterator[Pairs]:
    """Kind after kind, with the expensive among the cheap."""
    return cycle(Pairs(kind) for kind in sorted(kinds(), key=lambda kind: (kind.actor, kind.state.name)))


def _predictions() -> Result:
    """Named experiments on the model of Linux, which answers with its reasons: on one core, and as a file of scripts on all of them."""
    rows, platform = all_rows(), Platform("linux")
    played = [platform.predict(row.script) for row in rows]
    times = []
    for _ in range(3):
        start = time.process_time()
        for row in rows:
            platform.predict(row.script)
        times.append(time.process_time() - start)
    scripts = ["\n".join(str(call) for call, _ in worlds[0].trace) for worlds in played]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scripts.jsonl")
        file.write_text("".join(json.dumps({"id": id, "script": script}) + "\n" for id, script in enumerate(BATCHES * scripts)), "utf-8")
        start = time.perf_counter()
        command = [sys.executable, "-m", "addrinuse", "predict", "--platform", "linux", "--batch", str(file)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        together = time.perf_counter() - start
    return {"experiments": len(rows), "seconds": min(times), "scripts": BATCHES * len(rows), "batch_seconds": together}


def _pytest() -> Result:
    """One chapter in pytest without workers, less the cost of a run of one experiment."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "suites/test_duplicate_bind.py"]
    times = []
    for more in (["-k", "test_e1_without_options"], []):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, _count(done.stdout)))
    (base, one), (full, many) = times
    return {"experiments": many, "seconds": full, "start_seconds": base, "each_ms": 1000 * (full - base) / max(1, many - one)}


#: A line of pytest's progress.
VERDICTS = re.compile(rb"(?m)^[.v]")


def _from_nothing(way: str) -> Result:
    """Seconds of README's command, step by step, in a folder that goes again: with pip, or with uv, and what each has in its cache."""
    uv = shutil.which("uv")
    if way == "uv" and uv is None:
        return {"seconds": {}, "why_not": "there is no uv"}
    with tempfile.TemporaryDirectory(prefix="addrinuse-") as folder:
        python = str(Path(folder, "venv", "bin", "python"))
        environment = str(Path(folder, "venv"))
        steps = {
            "pip": {
                "venv": [sys.executable, "-m", "venv", environment],
                "install": [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", str(ROOT)],
            },
            "uv": {
                "venv": [str(uv), "venv", "--quiet", "--python", sys.executable, environment],
                "install": [str(uv), "pip", "install", "--quiet", "--python", python, "-e", str(ROOT)],
            },
        }[way]
        run = [python, "-m", "addrinuse", "run"]
        seconds = {}
        for name, command in steps.items():
            start = time.perf_counter()
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            seconds[name] = time.perf_counter() - start
            if done.returncode:
                return {"seconds": seconds, "why_not": f"{name}: {(done.stderr or done.stdout).strip().splitlines()[-1]}"}
        start = time.perf_counter()
        with subprocess.Popen(run, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert isinstance(process.stdout, io.BufferedReader)
            said = b""
            while (more := process.stdout.read1()) and not VERDICTS.search(said := said + more):
                pass
            seconds["first verdicts"] = time.perf_counter() - start
            process.communicate()
        seconds["the rest"] = time.perf_counter() - start - seconds["first verdicts"]
        return {"seconds": seconds, "why_not": f"run: it ended with {process.returncode}" if process.returncode else ""}


def _count(output: str) -> int:
    """The number of experiments in pytest's last line."""
    return sum(map(int, re.findall(r"(\d+) (?:conforms|variant|untestable|surprise)", output.strip().splitlines()[-1])))


def _table(result: Result) -> list[str]:
    lines = [f"{'a second of processor time':<36}{'pairs':>8}{'engine/s':>10}{'bare C/s':>10}{'ratio':>7}"]
    for row in [*result["engine"], _sum(result["engine"])]:
        bare = row["pairs"] / row["bare"] if row["bare"] else None
        engine = row["pairs"] / row["engine"]
        tail = f"{bare:>10,.0f}{engine / bare:>7.2f}" if bare else f"  {row['why_not']}"
        lines.append(f"{row['kind']:<36}{row['pairs']:>8,}{engine:>10,.0f}{tail}")
    lines += ["", f"{'pairs':>10}{'wall s':>10}{'cpu s':>10}{'cpu us each':>12}{'driver MiB':>12}{'agent MiB':>12}"]
    for size in result["sizes"]:
        each = 1e6 * size["processor"] / size["pairs"]
        memory = f"{size['driver_kib'] / 1024:>12.0f}{size['agent_kib'] / 1024:>12.0f}"
        lines.append(f"{size['pairs']:>10,}{size['seconds']:>10.1f}{size['processor']:>10.1f}{each:>12.1f}{memory}")
    predicted, ran = result["predictions"], result["pytest"]
    alone, together = predicted["experiments"] / predicted["seconds"], predicted["scripts"] / predicted["batch_seconds"]
    lines += ["", f"predictions of named experiments: {alone:,.0f} a second on one core"]
    lines += [f"predict --batch: {together:,.0f} a second with all cores, from start to end"]
    lines += [f"pytest: {ran['each_ms']:.1f} ms a named experiment, {ran['start_seconds']:.1f} s to start"]
    return [*lines, *(f"with {way}, {_waited(nothing)}" for way, nothing in result["nothing"].items())]


def _waited(nothing: Result) -> str:
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in nothing["seconds"].items())
    if nothing["why_not"]:
        return f"from nothing to verdicts: not measured: {nothing['why_not']}"
    first = sum(nothing["seconds"].values()) - nothing["seconds"]["the rest"]
    return f"from nothing to the first verdicts: {first:.1f} s ({steps})"


def _sum(rows: list[Result]) -> Result:
    whole = all(row["bare"] for row in rows)
    total = {name: sum(row[name] for row in rows) for name in ("pairs", "engine")}
    return {"kind": "all", **total, "bare": sum(row["bare"] for row in rows) if whole else None, "why_not": rows[0]["why_not"]}


if __name__ == "__main__":
    sys.exit(main())
