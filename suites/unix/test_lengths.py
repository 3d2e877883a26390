"""How long may a name be?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, OK, Answer
from fixtures.specification.rules_unix import FILE_IS_REACHED, NAME_KEPT, PATH_TAKEN, SUN_PATH
from fixtures.specification.sources import POSIX
from suites.unix.scenes import bound, listening

SUN_H = POSIX.at("XBD <sys/un.h>")


@experiment("unix/length/path-{size}", rule=SUN_PATH, cites=(SUN_H,))
@pytest.mark.parametrize("size", [103, 104, 107, 108])
def test_a_path_that_fits(stack: Stack, size: int) -> None:
    """May a socket be bound to a path of {size} bytes?"""
    assert stack.socket("unix").bind(Path(f"/F({size})")) == OK


@experiment("unix/length/path-109", rule=SUN_PATH, cites=(SUN_H,))
def test_a_path_that_is_too_long(stack: Stack) -> None:
    """Is a socket refused a path of 109 bytes?"""
    assert stack.socket("unix").bind(Path("/F(109)")) != OK


@experiment("unix/length/path-108/file", rule=SUN_PATH, cites=(SUN_H,))
def test_the_whole_path_is_made(stack: Stack) -> None:
    """A socket was bound to a path of 108 bytes, with no NUL behind it. Is its file there?"""
    bound(stack, Path("/F(108)"))
    assert stack.file(Path("/F(108)")) == Answer("socket")


@experiment("unix/length/path-108/receives", rule=FILE_IS_REACHED)
def test_the_whole_path_is_reached(stack: Stack) -> None:
    """A server was bound to a path of 108 bytes. Is it reached there?"""
    server = listening(stack, Path("/F(108)"))
    assert stack.connections(Path("/F(108)")) == server.itself


@experiment("unix/length/path-108/name", rule=NAME_KEPT)
def test_the_whole_path_is_told(stack: Stack) -> None:
    """A socket was bound to a path of 108 bytes. Does getsockname give all of it?"""
    assert bound(stack, Path("/F(108)")).getsockname() == Answer("/F(108)")


@experiment("unix/length/connect-109", rule=SUN_PATH, cites=(SUN_H,))
def test_connect_to_a_path_that_is_too_long(stack: Stack) -> None:
    """Is connect to a path of 109 bytes refused?"""
    assert stack.socket("unix").connect(Path("/F(109)")) != OK


@experiment("unix/length/path-{size}/receives", rule=FILE_IS_REACHED)
@pytest.mark.parametrize("size", [103, 104])
def test_a_path_of_the_length_that_bsd_has(stack: Stack, size: int) -> None:
    """A server was bound to a path of {size} bytes. Is it reached there?"""
    path = Path(f"/F({size})")
    server = listening(stack, path)
    assert stack.connections(path) == server.itself


@experiment("unixgram/length/sendto-109", rule=SUN_PATH, cites=(SUN_H,))
def test_sendto_a_path_that_is_too_long(stack: Stack) -> None:
    """Is sendto a path of 109 bytes refused?"""
    assert stack.socket("unixgram").sendto(Path("/F(109)")) != OK


@experiment("unix/length/path-108/taken", rule=PATH_TAKEN)
def test_a_whole_path_that_is_taken(stack: Stack) -> None:
    """A socket was bound to a path of 108 bytes. Is bind of another there EADDRINUSE?"""
    bound(stack, Path("/F(108)"))
    assert stack.socket("unix").bind(Path("/F(108)")) == EADDRINUSE
