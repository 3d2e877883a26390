"""Where each page lies, relative to the root of the site: a folder of its own for whatever has a name."""

from __future__ import annotations


def experiment(identifier: str) -> str:
    """The page of an experiment."""
    return f"e/{identifier}/"


def clause(identifier: str) -> str:
    """The page of a clause, a dispute or a gap."""
    return f"clause/{identifier}/"


def rule(identifier: str) -> str:
    """The page of a rule."""
    return f"rule/{identifier}/"


def platform(name: str) -> str:
    """The page of a platform."""
    return f"platform/{name}/"


def pair(before: str, after: str) -> str:
    """The page of a port from one platform to another."""
    return f"from/{before}/to/{after}/"


def library(identifier: str) -> str:
    """The page of a server or a library."""
    return f"library/{identifier}/"


def situation(anchor: str) -> str:
    """The page of something that people want to do."""
    return f"situation/{anchor}/"


def claim(identifier: str) -> str:
    """The page of a claim that people cite."""
    return f"claim/{identifier}/"


def document(name: str) -> str:
    """The page of a file of docs/."""
    return f"docs/{name}/"
