"""`python -m reports.stacks STACK`: run the suite on another stack. Exit status 0; 1 for a surprise; 2 for usage, or if it cannot run."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from types import FrameType
from typing import NoReturn

from fixtures.record.runfile import RunError
from reports.stacks.common import CannotRun

#: Each is a module of this package with configure(parser) and run(args). It is imported only if it is asked for.
STACKS = {
    "kernels": "Debian's Linux kernels under qemu",
    "uml": "User-Mode Linux",
    "gvisor": "gVisor's runsc",
    "wine": "Wine, under a Windows Python",
    "lwip": "lwIP, preloaded",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a stack and give the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    chosen = argparse.ArgumentParser(prog="python -m reports.stacks", description="Run the suite on another network stack of this machine.")
    chosen.add_argument("stack", choices=STACKS, help="; ".join(f"{name}: {what}" for name, what in STACKS.items()))
    name = chosen.parse_args(given[:1]).stack
    stack = importlib.import_module(f"reports.stacks.{name}")
    parser = argparse.ArgumentParser(prog=f"python -m reports.stacks {name}", description=stack.__doc__)
    stack.configure(parser)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        status: int = stack.run(parser.parse_args(given[1:]))
    except (CannotRun, RunError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("interrupted")
    return status


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _refuse(message: str) -> int:
    print(f"python -m reports.stacks: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
