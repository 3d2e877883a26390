"""Something stands at the path: may a socket be bound there?"""

from __future__ import annotations

from itertools import pairwise

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, OK, SO_REUSEADDR, Answer
from fixtures.specification.rules_unix import FILE_STAYS, LINK_TAKEN, LOOKED_UP, NO_OPTION_ASKED, OWN_TYPE, PATH_TAKEN
from fixtures.specification.sources_unix import UNP3
from suites.unix.scenes import FOLDER, IN_FOLDER, LINK, TYPES, F, G, bound, serving, stale


@experiment("{kind}/bind/live", rule=PATH_TAKEN, cites=(UNP3.at("§15.2"),))
@pytest.mark.parametrize("kind", TYPES)
def test_a_live_server(stack: Stack, kind: str) -> None:
    """A server ({kind}) is bound to a path and serves. Is a second one refused the path?"""
    serving(stack, F, kind)
    assert stack.socket(kind).bind(F) == EADDRINUSE


@experiment("{kind}/bind/live/receives", rule=PATH_TAKEN)
@pytest.mark.parametrize("kind", TYPES)
def test_a_live_server_goes_on(stack: Stack, kind: str) -> None:
    """A second server ({kind}) was refused the path of the first. Does the first go on receiving?"""
    first = serving(stack, F, kind)
    stack.socket(kind).bind(F)
    assert stack.connections(F) == first.itself


@experiment("unix/bind/bound-not-listening", rule=PATH_TAKEN)
def test_a_socket_that_does_not_listen(stack: Stack) -> None:
    """A socket is bound to a path and does not listen. Is another refused the path?"""
    bound(stack, F)
    assert stack.socket("unix").bind(F) == EADDRINUSE


@experiment("unix/bind/closed-before-listen", rule=PATH_TAKEN, cites=(FILE_STAYS.source,))
def test_a_socket_that_never_listened(stack: Stack) -> None:
    """A socket that was bound to a path is closed, and never listened. Is another refused the path?"""
    bound(stack, F).close()
    assert stack.socket("unix").bind(F) == EADDRINUSE


@experiment("{kind}/bind/stale", rule=PATH_TAKEN, cites=(FILE_STAYS.source,))
@pytest.mark.parametrize("kind", TYPES)
def test_a_stale_file(stack: Stack, kind: str) -> None:
    """A server ({kind}) has closed its socket; its file is there. Is the next one refused the path?"""
    stale(stack, F, kind)
    assert stack.socket(kind).bind(F) == EADDRINUSE


@experiment("{kind}/close/file", rule=FILE_STAYS)
@pytest.mark.parametrize("kind", TYPES)
def test_close_leaves_the_file(stack: Stack, kind: str) -> None:
    """A server ({kind}) closes its socket. Does the file stay?"""
    stale(stack, F, kind)
    assert stack.file(F) == Answer("socket")


@experiment("unix/bind/killed", rule=PATH_TAKEN, cites=(FILE_STAYS.source,))
def test_the_server_was_killed(stack: Stack) -> None:
    """A server was killed (SIGKILL). Is the next one refused its path?"""
    serving(stack.other, F)
    stack.kill(stack.other)
    assert stack.socket("unix").bind(F) == EADDRINUSE


@experiment("unix/killed/file", rule=FILE_STAYS)
def test_a_crash_leaves_the_file(stack: Stack) -> None:
    """A server was killed (SIGKILL). Is its file still there?"""
    serving(stack.other, F)
    stack.kill(stack.other)
    assert stack.file(F) == Answer("socket")


@experiment("unix/bind/regular-file", rule=PATH_TAKEN)
def test_a_regular_file(stack: Stack) -> None:
    """A regular file stands at the path, and never was a socket. Is bind refused with EADDRINUSE?"""
    stack.make(F)
    assert stack.socket("unix").bind(F) == EADDRINUSE


@experiment("unix/bind/regular-file/kept", rule=PATH_TAKEN)
def test_a_regular_file_is_kept(stack: Stack) -> None:
    """bind was refused a path where a regular file stands. Is the file still there?"""
    stack.make(F)
    stack.socket("unix").bind(F)
    assert stack.file(F) == Answer("file")


@experiment("unix/bind/folder", rule=PATH_TAKEN)
def test_a_folder(stack: Stack) -> None:
    """A folder stands at the path. Is bind refused with EADDRINUSE?"""
    stack.make(FOLDER)
    assert stack.socket("unix").bind(Path("/D")) == EADDRINUSE


@experiment("unix/bind/dangling-link", rule=LINK_TAKEN)
def test_a_dangling_link(stack: Stack) -> None:
    """A symbolic link to nothing stands at the path. Is bind refused with EADDRINUSE?"""
    stack.link(F, G)
    assert stack.socket("unix").bind(F) == EADDRINUSE


@experiment("unix/bind/dangling-link/target", rule=LINK_TAKEN)
def test_a_dangling_link_is_not_followed(stack: Stack) -> None:
    """A socket is bound to the name of a symbolic link to nothing. Is there still nothing where it leads?"""
    stack.link(F, G)
    stack.socket("unix").bind(F)
    assert stack.file(G) == Answer("none")


@experiment("unix/bind/link-to-stale", rule=LINK_TAKEN)
def test_a_link_to_a_stale_file(stack: Stack) -> None:
    """A symbolic link to a stale socket file stands at the path. Is bind refused with EADDRINUSE?"""
    stale(stack, G)
    stack.link(F, G)
    assert stack.socket("unix").bind(F) == EADDRINUSE


@experiment("unix/bind/through-link", rule=LOOKED_UP)
def test_a_link_on_the_way(stack: Stack) -> None:
    """A path leads through a symbolic link to a folder. Does bind make the file in that folder?"""
    stack.make(FOLDER)
    stack.link(LINK, FOLDER)
    bound(stack, Path("/L/F"))
    assert stack.file(IN_FOLDER) == Answer("socket")


@experiment("unix/bind/no-folder", rule=LOOKED_UP)
def test_a_folder_that_is_missing(stack: Stack) -> None:
    """The folder of a path is missing. Is bind refused with ENOENT?"""
    assert stack.socket("unix").bind(IN_FOLDER) == Answer("ENOENT")


@experiment("unix/bind/through-file", rule=LOOKED_UP)
def test_a_file_instead_of_a_folder(stack: Stack) -> None:
    """A path leads through a regular file. Is bind refused with ENOTDIR?"""
    stack.make(F)
    assert stack.socket("unix").bind(Path("/F/G")) == Answer("ENOTDIR")


@experiment("unix/bind/slash", rule=LOOKED_UP)
def test_a_slash_behind_the_name(stack: Stack) -> None:
    """Nothing stands at the path, and a slash is behind its name. Is bind refused with ENOENT?"""
    assert stack.socket("unix").bind(Path("/F/")) == Answer("ENOENT")


@experiment("unix/bind/removed-folder", rule=LOOKED_UP)
def test_the_folder_was_removed(stack: Stack) -> None:
    """A server's file was unlinked and its folder removed. Is bind to the path ENOENT?"""
    stack.make(FOLDER)
    serving(stack, IN_FOLDER)
    stack.unlink(IN_FOLDER)
    stack.unlink(FOLDER)
    assert stack.socket("unix").bind(IN_FOLDER) == Answer("ENOENT")


@experiment("unix/bind/reuseaddr/{state}", rule=NO_OPTION_ASKED)
@pytest.mark.parametrize("state", ["live", "stale"])
def test_reuseaddr(stack: Stack, state: str) -> None:
    """A server with SO_REUSEADDR had a path, and it is {state}. Is one with SO_REUSEADDR refused it?"""
    first = stack.socket("unix", SO_REUSEADDR)
    first.bind(F)
    first.listen()
    if state == "stale":
        first.close()
    assert stack.socket("unix", SO_REUSEADDR).bind(F) == EADDRINUSE


@experiment("unix/bind/other-type/{first}-{second}", rule=OWN_TYPE)
@pytest.mark.parametrize(("first", "second"), [("unix", "unixgram"), ("unixgram", "unix"), ("unix", "unixpacket")])
def test_a_path_of_another_type(stack: Stack, first: str, second: str) -> None:
    """A {first} socket is bound to a path. Is a {second} socket refused it?"""
    newcomer = stack.socket(second)
    bound(stack, F, first)
    assert newcomer.bind(F) == EADDRINUSE


@experiment("unix/bind/after-refusal", rule=PATH_TAKEN)
def test_a_refusal_uses_nothing_up(stack: Stack) -> None:
    """A socket was refused a path that is taken. May it be bound to another one?"""
    stack.make(F)
    newcomer = bound(stack, F)
    assert newcomer.bind(G) == OK


@experiment("unix/bind/slash/taken", rule=PATH_TAKEN)
def test_a_slash_behind_a_name_that_is_taken(stack: Stack) -> None:
    """A socket is bound to the path, and a slash is behind its name. Is bind refused with EADDRINUSE?"""
    bound(stack, F)
    assert stack.socket("unix").bind(Path("/F/")) == EADDRINUSE


@experiment("unix/bind/through-two-links", rule=LOOKED_UP)
def test_a_link_to_a_link_on_the_way(stack: Stack) -> None:
    """A path leads through a symbolic link to a link to a folder. Does bind make the file in that folder?"""
    stack.make(FOLDER)
    stack.link(G, FOLDER)
    stack.link(LINK, G)
    bound(stack, Path("/L/F"))
    assert stack.file(IN_FOLDER) == Answer("socket")


@experiment("unix/bind/dots", rule=LOOKED_UP)
def test_dots_on_the_way(stack: Stack) -> None:
    """A path goes through dots. Does bind make the file where they lead?"""
    stack.make(FOLDER)
    bound(stack, Path("/D/.././D/F"))
    assert stack.file(IN_FOLDER) == Answer("socket")


@experiment("unix/bind/absolute", rule=LOOKED_UP)
def test_an_absolute_path_from_another_folder(stack: Stack) -> None:
    """A process changed its folder and binds an absolute path. Is the file where the path says?"""
    stack.make(FOLDER)
    stack.chdir(Path("/D"))
    bound(stack, F)
    assert stack.file(F) == Answer("socket")


@experiment("unix/bind/relative/file", rule=LOOKED_UP)
def test_a_relative_path_from_another_folder(stack: Stack) -> None:
    """A process changed its folder and binds a relative path. Is the file in that folder?"""
    stack.make(FOLDER)
    stack.chdir(Path("/D"))
    bound(stack, Path("F"))
    assert stack.file(IN_FOLDER) == Answer("socket")


@experiment("unix/bind/bystander", rule=PATH_TAKEN)
def test_another_process_was_killed(stack: Stack) -> None:
    """A process with a socket was killed. May the socket of another be bound to a free path?"""
    newcomer = stack.socket("unix")
    bound(stack.other, G)
    stack.kill(stack.other)
    assert newcomer.bind(F) == OK


@experiment("unix/bind/through-links/{number}", rule=LOOKED_UP)
@pytest.mark.parametrize("number", [8, 12])
def test_many_links_on_the_way(stack: Stack, number: int) -> None:
    """{number} symbolic links, each to the next, lead to a folder. May a socket be bound in it?"""
    stack.make(FOLDER)
    links = [*(Path(f"/L{count}") for count in range(number)), FOLDER]
    for link, target in pairwise(links):
        stack.link(link, target)
    assert stack.socket("unix").bind(Path("/L0/F")) == OK
