"""Answers in words: what a cell says, what a colour means, and what platforms are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fixtures.language.words import OK
from fixtures.models import Platform
from reports.cells import EITHER, HOLDS, UNKNOWN, UNTESTABLE, Cell

#: The platforms that most people have. Tables show these unless a reader chooses others; their pairs have pages.
MAIN = ("linux", "macos", "windows", "freebsd", "openbsd", "gvisor")

#: What platforms call themselves.
TITLES = {
    "stevens": "Stevens",
    "linux": "Linux",
    "windows": "Windows",
    "freebsd": "FreeBSD",
    "macos": "macOS",
    "solaris": "Solaris",
    "tru64": "Tru64",
    "hpux": "HP-UX",
    "illumos": "illumos",
    "aix": "AIX",
    "openbsd": "OpenBSD",
    "netbsd": "NetBSD",
    "dragonfly": "DragonFly",
    "gvisor": "gVisor",
    "wsl1": "WSL 1",
    "wine": "Wine",
    "cygwin": "Cygwin",
    "lwip": "lwIP",
}
#: What a reader may not know of a platform by its name.
ABOUT = {
    "stevens": "4.4BSD as W. R. Stevens describes it: the textbook, not a system that you can install",
    "gvisor": "Google's kernel in user space, for Linux programs in a sandbox",
    "wsl1": "the Windows Subsystem for Linux 1; WSL 2 is Linux",
    "wine": "Windows programs on other systems",
    "lwip": "a stack for small devices",
}

#: Who receives, where the answer is not the name of one socket.
_RECEIVERS = {"both": "both sockets receive", "each": "each socket receives a copy", "none": "nobody receives"}
#: What is said of a call that succeeds, where “succeeds” would mislead.
_GRANTED = {"recv": "recv gets the data", "shows": "it is shown", "run": "the program runs", "connect": "connect succeeds"}
#: What is said of an answer that tells something, and grants nothing.
_TOLD = {"file": "a {} is there", "mode": "the permissions are {}", "getsockname": "it is called {}"}
#: What stands at a path.
_STANDS = {"none": "nothing is there", "file": "a regular file is there"}
#: What is said of an answer that is no errno.
_SPECIAL = {
    "recv end": "recv sees the end of the stream",
    "recv EAGAIN": "recv gets nothing (EAGAIN)",
    "accept EAGAIN": "nobody waits (EAGAIN)",
}


def title(platform: Platform | str) -> str:
    """A platform as it calls itself: ``macOS``, ``FreeBSD 14``."""
    name, _, version = str(platform).partition("@")
    return " ".join(filter(None, (TITLES.get(name, name), version)))


def ordered(platforms: Iterable[Platform]) -> list[Platform]:
    """The main platforms first, then the rest in their own order."""
    return sorted(platforms, key=lambda one: MAIN.index(one.name) if one.name in MAIN else len(MAIN))


def phrase(answer: str, platform: str = "") -> str:
    """An answer in words: ``bind EADDRINUSE`` is *refused at bind: EADDRINUSE*. Windows says WSAEADDRINUSE."""
    verb, _, word = answer.partition(" ")
    if answer in _SPECIAL:
        return _SPECIAL[answer]
    if verb == "connections":
        names = word.split("+")
        return _RECEIVERS.get(word) or f"{listed(names)} receive{'s' if len(names) == 1 else ''}"
    if verb == "getsockopt" and word.isdecimal():
        return f"the option reads {word}"
    if verb in _TOLD and not _is_errno(word):
        return _STANDS.get(word, _TOLD[verb].format(word))
    if word in ("", OK.name):
        return _GRANTED.get(verb, f"{verb} succeeds" if word else "the socket is made")
    return f"refused at {verb}: {native(word, platform)}"


def native(errno: str, platform: str) -> str:
    """An errno as the platform calls it."""
    return f"WSA{errno}" if platform in ("windows", "wine") and errno.startswith("E") else errno


def headline(cell: Cell, platform: str = "") -> str:
    """What a cell says, in a few words."""
    if cell.outcome == UNKNOWN:
        return "unknown"
    if cell.outcome == UNTESTABLE:
        return "cannot be asked"
    return " or ".join(_shortened([phrase(answer, platform) for answer in cell.answers]))


def _shortened(phrases: Sequence[str]) -> list[str]:
    """Several phrases, of which those after the first do not say again at which call it was refused."""
    head, colon, _ = phrases[0].partition(": ")
    return [phrases[0], *(one.removeprefix(f"{head}: ") if colon else one for one in phrases[1:])]


def colour(cell: Cell) -> str:
    """The class that colours a cell: it can be told without colour, too."""
    if cell.outcome in (UNKNOWN, UNTESTABLE):
        return cell.outcome
    refused = [_is_refusal(answer) for answer in cell.answers]
    if any(refused) != all(refused):
        return EITHER
    if all(refused):
        return "refused"
    return "granted" if all(answer.partition(" ")[2] in ("", OK.name) for answer in cell.answers) else "says"


def _is_refusal(answer: str) -> bool:
    return _is_errno(answer.partition(" ")[2])


def _is_errno(word: str) -> bool:
    return word.startswith("E") and word.isupper()


def rule_kept(cell: Cell) -> str:
    """Whether the rule of the experiment holds, in a few words."""
    if cell.outcome in (UNKNOWN, UNTESTABLE):
        return ""
    return {HOLDS: "as the rule says", EITHER: "by the rule or not"}.get(cell.outcome, "departs from the rule")


def alike(across: Sequence[tuple[Platform, Cell]]) -> list[tuple[str, list[str]]]:
    """The answers that differ, each with the platforms that give it; the commonest first, platforms without an answer last."""
    found: dict[str, list[str]] = {}
    for platform, cell in across:
        found.setdefault(headline(cell), []).append(title(platform))
    return sorted(found.items(), key=lambda item: (item[0] in ("unknown", "cannot be asked"), -len(item[1])))


def summary(across: Sequence[tuple[Platform, Cell]]) -> str:
    """A sentence or two that say who answers what, the main platforms first: ``Linux: bind succeeds. macOS: refused at bind: EINVAL.``"""
    found = alike(across)
    able = [words for words, _ in found if words != "cannot be asked"]
    if len(able) == 1 and able[0] != "unknown":
        return f"Wherever it can be asked: {able[0]}."
    main = alike([(platform, cell) for platform, cell in across if platform.name in MAIN])
    rest = alike([(platform, cell) for platform, cell in across if platform.name not in MAIN])
    return " Others: ".join(filter(None, (" ".join(_sentences(main)), " ".join(_sentences(rest)))))


def _sentences(found: Sequence[tuple[str, list[str]]]) -> list[str]:
    return [f"{listed(names)}: {words}." for words, names in found if words != "cannot be asked"]


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: ``Linux, macOS and Wine``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
