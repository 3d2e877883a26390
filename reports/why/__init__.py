"""`addrinuse why ADDRESS:PORT`: who holds this address, which of them refuses, and what would let me in.

Instead of an address it takes a log of calls (strace, truss, kdump, the notation) or an error message in quotes, and says what refused
the calls in it. Exit status 0 if the address is free; 1 if it is refused; 2 for usage or bad input. It changes nothing: it binds a
socket of its own for a moment, where nobody loses anything by it, and closes it.
"""

from __future__ import annotations

import argparse
import json
import os

from fixtures.language.words import OPTION_NAMES
from fixtures.libraries.policies import option
from fixtures.models import this_platform
from reports.inputs import BadInput
from reports.predict import uid
from reports.why import subject
from reports.why.diagnosis import diagnose
from reports.why.text import as_json, as_text
from reports.why.world import Newcomer


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("subject", metavar="ADDRESS:PORT|FILE|MESSAGE", nargs="?", help=f"{subject.HELP}; - for standard input")
    parser.add_argument("--udp", action="store_true", help="ask for UDP (default: TCP)")
    parser.add_argument("--with", dest="options", default="", metavar="OPTION,...", help="the options that the socket has before bind")
    parser.add_argument("--as-user", type=uid, metavar="N", help="ask for this user (default: the one who asks); to try it takes root")
    parser.add_argument("--json", action="store_true", help="one JSON object, with one entry for each address")


def run(args: argparse.Namespace) -> int:
    """Tell why.

    Raises BadInput.
    """
    if not args.subject:
        raise BadInput(f"nothing is asked: {subject.HELP}")
    protocol = "udp" if args.udp else "tcp"
    if (found := subject.addresses(args.subject, protocol)) is None:
        raise BadInput(f"{args.subject[:100]}: this is none of what why takes; {subject.HELP}")
    return _on_this_machine(found, protocol, args)


def _on_this_machine(places: list[tuple[str, int]], protocol: str, args: argparse.Namespace) -> int:
    if this_platform().model is None:
        raise BadInput(f"{this_platform()}: no model says what this platform answers; addrinuse try records it")
    me = os.geteuid() if hasattr(os, "geteuid") else 0
    user = me if args.as_user is None else args.as_user
    options = options_of(args.options)
    made = [diagnose(Newcomer(protocol, host, port, options, user), as_another=user != me) for host, port in places]
    if args.json:
        print(json.dumps({"addresses": [as_json(one) for one in made]}, indent=1, ensure_ascii=False))
    else:
        print("\n\n".join(map(as_text, made)))
    return max(one.status for one in made)


def options_of(words: str) -> tuple[tuple[str, int], ...]:
    """The options of ``--with``: names with commas between them, each alone or as NAME=0.

    Raises BadInput.
    """
    found = {}
    for word in filter(None, (word.strip() for word in words.split(","))):
        name, _, value = word.partition("=")
        if name not in OPTION_NAMES or value not in ("", "0", "1"):
            raise BadInput(f"--with {word[:50]}: no such option; known are {', '.join(OPTION_NAMES)}, each also as NAME=0")
        one = option(word)
        found[one.name] = one.value
    return tuple(found.items())
