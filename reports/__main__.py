"""The command `addrinuse VERB`. Exit status 0; 1 if the difference asked about exists; 2 for usage or bad input; `run` has pytest's."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import textwrap
from collections.abc import Iterable
from typing import NoReturn

from fixtures.record.plain import one_line
from fixtures.record.runfile import RunError
from reports import completion, conformance
from reports.inputs import BadInput
from reports.progress import Progress
from reports.screen import Screen
from reports.verbs import EXAMPLES, GROUPS, module_of, plain, summary_of

#: The columns of the narrowest terminal that is common.
WIDTH = 80
#: While it runs, a server of the user's prints what it likes.
TALKATIVE = ("record", "as")
#: What a shell reports for a program that wrote to a pipe which nobody reads any more.
CLOSED_PIPE = 141


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line."""

    def error(self, message: str) -> NoReturn:
        _tell(f"{self.prog}: {one_line(message)} (--help shows the usage)")
        sys.exit(2)


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and return the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal lacks must not end the verb.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(given)
        if sys.stdout:
            sys.stdout.flush()
    except (BadInput, RunError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("interrupted")
    except BrokenPipeError:
        _drop_output()
        return CLOSED_PIPE
    except OSError as error:
        _drop_output()
        return _refuse(f"the output could not be written: {error.strerror or error}")
    return status


def _run(given: list[str]) -> int:
    if given and given[0].startswith("--color="):
        _choose_colour(given[0].partition("=")[2])
        given = given[1:]
    if not given or given[0] in ("-h", "--help"):
        print(overview(), end="")
        return 0 if given else 2
    if given[0] == "--version":
        print("\n".join(conformance.version()))
        return 0
    if given[0] == "--print-completion":
        print(completion.script(_parser(EXAMPLES), "".join(given[1:])))
        return 0
    verb = given[0]
    if verb == "run" and not {"-h", "--help"} & set(given):
        return conformance.run_suite(given[1:])
    args = _parser([verb] if verb in EXAMPLES else EXAMPLES).parse_args(given)
    if sys.stdout is None or args.verb in TALKATIVE:
        return module_of(args.verb).run(args)
    screen = Screen(sys.stdout)
    with contextlib.redirect_stdout(screen), Progress(f"addrinuse {verb}", ended=screen.spoken):
        status = module_of(args.verb).run(args)
    screen.flush()
    return status


def _choose_colour(word: str) -> None:
    """Colour ``always``, ``never``, or ``auto``, for this process and those that it starts."""
    if word not in ("always", "never", "auto"):
        raise BadInput(f"--color={word}: say always, never or auto")
    for name, means in (("FORCE_COLOR", "always"), ("NO_COLOR", "never")):
        os.environ.pop(name, None)
        if word == means:
            os.environ[name] = "1"


def overview() -> str:
    """The verbs, in the groups in which people look for them."""
    lines = [
        "usage: addrinuse VERB ...",
        "       addrinuse VERB --help  what a verb takes, and an example",
        "       addrinuse --version, --color=never, --print-completion bash",
    ]
    for group, verbs in GROUPS.items():
        lines += ["", f"{group}:"]
        for verb in verbs:
            first, rest = f"  {verb:<11}", " " * 13
            lines += textwrap.wrap(summary_of(verb), WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return "\n".join([*lines, ""])


def _parser(verbs: Iterable[str]) -> argparse.ArgumentParser:
    parser = _Parser(prog="addrinuse", description="What addrinuse found.")
    choices = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in verbs:
        module, example = module_of(verb), f"example: {EXAMPLES[verb]}"
        form = argparse.RawDescriptionHelpFormatter
        module.configure(
            choices.add_parser(verb, help=summary_of(verb), description=plain(module.__doc__), epilog=example, formatter_class=form)
        )
    return parser


def _refuse(message: str) -> int:
    _tell(f"addrinuse: {one_line(message)}")
    return 2


def _tell(line: str) -> None:
    """Print a line where errors go. If standard error is closed, nobody hears it."""
    if sys.stderr:
        with contextlib.suppress(OSError):
            print(line, file=sys.stderr)


def _drop_output() -> None:
    """Keep Python from complaining again at exit about an output that is closed or full."""
    with contextlib.suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
