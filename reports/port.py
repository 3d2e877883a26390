"""`addrinuse port --from A --to B CALLS`: what a server's recorded calls meet on another platform.

CALLS is a log of strace -f -e trace=network,process,close,dup,dup2,dup3,fcntl -o CALLS SERVER, of
truss or kdump, or a script in the notation. Several are the files of strace -ff. Exit status 0; 1
if something differs; 2 for usage or bad input.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
from collections.abc import Iterator, Mapping

from fixtures.language.notation import Call
from fixtures.language.words import Address
from fixtures.models import MODELS, Platform
from fixtures.models.state import ADDRESSES
from reports.calls import Recording, names, read_calls, why_no_server
from reports.cells import platform_named
from reports.inputs import BadInput, tell
from reports.porting.contents import Report
from reports.porting.details import as_details
from reports.porting.html import as_html
from reports.porting.markdown import as_markdown
from reports.porting.player import Player
from reports.porting.report import differs, report
from reports.porting.text import as_text
from reports.predict import uid
from reports.settings import notes_on, setting

ALL = "all"
#: The user without privileges as whom the recorded server is played, and the one who may bind every port.
SOMEBODY, ROOT = 1000, 0
#: Nobody ports to this one.
RULES = "stevens"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    known = ", ".join(MODELS)
    parser.add_argument("--from", dest="source", metavar="A", required=True, help=f"where it was recorded, NAME[@VERSION]: {known}")
    parser.add_argument(
        "--to", dest="target", metavar="B", required=True, help="where it will run: one or more, separated by commas, or all"
    )
    parser.add_argument("--format", choices=("text", "markdown", "html", "json"), default="text")
    parser.add_argument("--details", action="store_true", help="with text: every answer, with its reasons and sources")
    parser.add_argument("--scripts", action="store_true", help="with text: --details, and each script as the target answers it")
    parser.add_argument(
        "--uid", type=uid, metavar="N", help=f"who runs the server (default: {SOMEBODY}, or root if the log shows a port below 1024)"
    )
    parser.add_argument("--setting", type=setting, action="append", default=[], metavar="NAME=VALUE", help="a kernel setting; repeatable")
    parser.add_argument("calls", metavar="CALLS", nargs="+", help="a log or a script, - for standard input; or the files of strace -ff")


def run(args: argparse.Namespace) -> int:
    """Print the report.

    Raises BadInput.
    """
    source = platform_named(args.source)
    targets = _targets(args.target, source)
    name = names(args.calls)
    with _uncollected():
        return _report(args, name, source, targets)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing of a report is garbage before it is printed: a fifth of the time of a large one goes into looking for some.

    What is left of it is not looked through afterwards either: the command ends.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()
            gc.enable()


def _report(args: argparse.Namespace, name: str, source: Platform, targets: list[Platform]) -> int:
    recording = read_calls(*args.calls)
    if not recording.servers:
        raise BadInput(f"{name}: {why_no_server(recording)}")
    settings = dict(args.setting)
    tell(notes_on(settings, [source, *targets]))
    player = Player(_user(args.uid, recording, source, settings), settings)
    made = report(recording, name, source, targets, player)
    if (args.scripts or args.details) and args.format != "text":
        raise BadInput("--details and --scripts are for text; the other formats always have all")
    long = args.scripts or args.details
    print(as_details(made, scripts=args.scripts) if long else WRITERS[args.format](made))
    return 1 if differs(made) else 0


def _user(given: int | None, recording: Recording, source: Platform, settings: Mapping[str, str]) -> int:
    """Who runs the server: whoever the user names, or root if nobody else could have made these calls."""
    if given is not None:
        return given
    if any(_only_root(kind, address, source, settings) for kind, address in recording.reserved):
        recording.notes["a port below 1024 was bound, so the server is played as root; --uid N plays another user"] = None
        return ROOT
    return SOMEBODY


def _only_root(kind: str, address: Address, source: Platform, settings: Mapping[str, str]) -> bool:
    """Whether the model of the source refuses this bind to a user, on a machine that has the address."""
    model = source.make(SOMEBODY, {**settings, ADDRESSES: address.host})
    made, bound = Call(kind, makes="A"), Call("bind", (address,), on="A")
    return model.perform(made).name == "ok" and model.perform(bound).name in ("EACCES", "EPERM")


def _targets(spec: str, source: Platform) -> list[Platform]:
    if spec.strip().lower() == ALL:
        return [Platform(name) for name in MODELS if name not in (RULES, source.name)]
    return list(dict.fromkeys(platform_named(word) for word in spec.split(",")))


def _as_json(made: Report) -> str:
    return json.dumps(made.as_json(), indent=1, ensure_ascii=False)


WRITERS = {"text": as_text, "markdown": as_markdown, "html": as_html, "json": _as_json}
