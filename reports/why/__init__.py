"""`addrinuse why ADDRESS:PORT`: who holds this address, which of them refuses, and what would let me in.

Of a socket file (/run/server.sock) it says whether anybody has the socket. Instead of an address it takes a log of calls (strace, truss,
kdump, the notation) or an error message in quotes, and says what refused the calls in it. --recipe says how a program tests whether a port
is free. Exit status 0 if the address is free, or if a log has no refused call; 1 if something is refused; 2 for usage or bad input. It
changes nothing: where nobody loses anything by it, it binds a socket of its own for a moment, and closes it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence

from fixtures.language.words import OPTION_NAMES
from fixtures.libraries.policies import option
from fixtures.models import Platform, UnknownPlatform, platform, this_platform
from reports.calls import read_calls
from reports.inputs import BadInput, named, tell
from reports.predict import uid
from reports.why import messages, recipe, subject, told, unix_file
from reports.why.diagnosis import Diagnosis, diagnose
from reports.why.text import as_json, as_text
from reports.why.world import Newcomer

#: The user as whom the calls of a log, or of a message from elsewhere, are judged.
SOMEBODY = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("subject", metavar="SUBJECT", nargs="?", help=f"{subject.HELP}; - for standard input")
    parser.add_argument("--udp", action="store_true", help="ask for UDP (default: TCP)")
    parser.add_argument("--with", dest="options", default="", metavar="OPTION,...", help="the options that the socket has before bind")
    parser.add_argument("--as-user", type=uid, metavar="N", help="ask for this user (default: the one who asks); to try it takes root")
    parser.add_argument("--platform", metavar="P", help="whose log, message or recipe it is, NAME[@VERSION] (default: this machine's)")
    parser.add_argument("--recipe", action="store_true", help="how a program tests whether a port is free, with code for Python")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Tell why.

    Raises BadInput.
    """
    protocol = "udp" if args.udp else "tcp"
    where = _platform(args.platform) if args.platform else this_platform()
    if where.model is None:
        raise BadInput(f"{where}: no model says what this platform answers; --platform names another")
    if args.recipe:
        return _recipe(args, where, protocol)
    if not args.subject:
        raise BadInput(f"nothing is asked: {subject.HELP}")
    if (places := subject.addresses(args.subject, protocol)) is not None:
        return _on_this_machine(places, protocol, args)
    if unix_file.is_socket(args.subject):
        return _socket_file(args)
    if subject.is_file(args.subject):
        return _log(args, where)
    if message := messages.read(args.subject):
        return _message(message, args, where)
    raise BadInput(f"{args.subject[:100]}: this is none of what why takes; {subject.HELP}")


def _platform(spec: str) -> Platform:
    try:
        found = platform(spec)
    except UnknownPlatform as error:
        raise BadInput(f"--platform {error}") from None
    tell(filter(None, [found.note]))
    return found


def _recipe(args: argparse.Namespace, where: Platform, protocol: str) -> int:
    if args.subject:
        raise BadInput(f"{args.subject[:100]}: --recipe is about a platform and takes no address; leave it out")
    found = recipe.recipe(where, protocol)
    _print(args, recipe.as_json(found), recipe.as_text(found))
    return 0


def _on_this_machine(places: Sequence[tuple[str, int]], protocol: str, args: argparse.Namespace) -> int:
    if args.platform:
        raise BadInput("--platform is for a log, a message or --recipe; an address is asked of this machine: leave it out")
    options, user = options_of(args.options), _user(args)
    made = [_diagnosed(Newcomer(protocol, host, port, options, user)) for host, port in places]
    _print(args, {"addresses": [as_json(one) for one in made]}, "\n\n".join(map(as_text, made)))
    return max(one.status for one in made)


def _socket_file(args: argparse.Namespace) -> int:
    if args.platform:
        raise BadInput("--platform is for a log, a message or --recipe; a socket file is asked of this machine: leave it out")
    found = unix_file.ask(args.subject)
    _print(args, unix_file.as_json(found), unix_file.as_text(found))
    return 1


def _diagnosed(newcomer: Newcomer) -> Diagnosis:
    return diagnose(newcomer, as_another=newcomer.uid != _me())


def _me() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def _user(args: argparse.Namespace) -> int:
    return _me() if args.as_user is None else int(args.as_user)


def _log(args: argparse.Namespace, where: Platform) -> int:
    found = told.on_log(read_calls(args.subject), where, SOMEBODY if args.as_user is None else args.as_user)
    text = told.log_as_text(found, where) if found else f"{named(args.subject)}: no bind and no listen was refused in it"
    _print(args, {"platform": str(where), "refusals": [one.as_json() for one in found]}, text)
    return 1 if found else 0


def _message(message: messages.Message, args: argparse.Namespace, where: Platform) -> int:
    """On the machine that it is about, ask the machine; otherwise the model."""
    options = options_of(args.options)
    here = this_platform()
    is_here = not args.platform and (not message.platforms or here.name in message.platforms)
    if is_here:
        made = [_diagnosed(one) for one in told.newcomers(message, options, here, _user(args))]
        found = told.Told(message, here, made)
        if made and not found.status:
            found.refusals = told.supposed(message, options, here, _user(args))
    else:
        place = where if args.platform else Platform(message.platforms[0])
        found = told.Told(message, place, [], told.supposed(message, options, place, SOMEBODY if args.as_user is None else args.as_user))
    _print(args, found.as_json(), found.as_text())
    return found.status


def _print(args: argparse.Namespace, data: object, text: str) -> None:
    print(json.dumps(data, indent=1, ensure_ascii=False) if args.json else text)


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
