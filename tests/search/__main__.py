"""``python -m tests.search [--seconds N] [--steps N] [--scripts N | --unix N] [--seed N]``: look for calls that a model answers wrongly."""

from __future__ import annotations

import argparse
import os
import sys
import time

from fixtures.machine.bench import Bench, Unusable
from tests.search.run import search, search_scripts
from tests.search.unix import search_unix


def main() -> int:
    """Search; 0: nothing was found, 1: a disagreement, 2: no namespace."""
    parser = argparse.ArgumentParser(prog="python -m tests.search", description=__doc__)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("ADDRINUSE_SEARCH_SECONDS", "300")), help="for how long")
    parser.add_argument("--steps", type=int, default=10**9, help="end after so many calls")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="where chance begins (printed)")
    parser.add_argument("--scripts", type=int, default=0, help="instead: so many scripts that ask who receives of SO_REUSEPORT groups")
    parser.add_argument("--unix", type=int, default=0, help="instead: so many scripts of AF_UNIX, with files and several processes")
    args = parser.parse_args()
    try:
        bench = Bench("namespace", patience=0)
    except Unusable as missing:
        print(missing, file=sys.stderr)
        return 2
    try:
        if args.unix:
            return search_unix(bench, args.unix, args.seed)
        if args.scripts:
            return search_scripts(bench, args.scripts, args.seed)
        return search(bench, args.seconds, args.steps, args.seed)
    finally:
        bench.close()


if __name__ == "__main__":
    sys.exit(main())
