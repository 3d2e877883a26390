"""Completion for a shell: verbs, options, platforms, ids and clauses."""

from __future__ import annotations

import argparse
import importlib

from fixtures.models import MODELS, defined
from fixtures.record.verdicts import VERDICTS
from reports.catalogue import by_id
from reports.inputs import BadInput

SHELLS = ("bash", "zsh", "tcsh")


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What the shell reads.

    Raises BadInput for another shell, and if shtab is missing.
    """
    if shell not in SHELLS:
        raise BadInput(f"--print-completion {shell}: there is completion for {', '.join(SHELLS)}")
    try:
        shtab = importlib.import_module("shtab")
    except ModuleNotFoundError:
        raise BadInput("--print-completion needs shtab: python -m pip install 'addrinuse[completion]'") from None
    for verb, one in _verbs(parser).items():
        for action in one._actions:
            if known := _known(verb, action):
                action.choices = known
    text: str = shtab.complete(parser, shell=shell)
    return text


def _verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (choices,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices.choices)


def _known(verb: str, action: argparse.Action) -> list[str]:
    """The values of an argument that are not written in its parser."""
    if verb == "explain" and action.dest == "name":
        return [*by_id(), *(one.id for one in defined())]
    if verb == "show" and action.dest == "ids":
        return [*VERDICTS, *by_id()]
    takes_platforms = "NAME[@VERSION]" in str(action.metavar) or (verb, action.dest) in (
        ("diff", "a"),
        ("diff", "b"),
        ("trend", "platform"),
    )
    return list(MODELS) if takes_platforms else []
