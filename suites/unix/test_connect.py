"""What does connect answer at each thing that may stand at a path?"""

from __future__ import annotations

from itertools import pairwise

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import ECONNREFUSED, OK, Answer
from fixtures.specification.rules import LISTENER_STAYS, WRONG_KIND
from fixtures.specification.rules_unix import FILE_IS_REACHED, LOOKED_UP, NO_SOCKET, NOT_LISTENING, SAME_TYPE
from fixtures.specification.sources_unix import UNP3
from suites.unix.scenes import ABSTRACT, FOLDER, IN_FOLDER, LINK, STREAMS, F, G, abstract, bound, listening, serving, stale, waiting

ITEM_3 = UNP3.at("§15.4, item 3")


@experiment("{kind}/connect/live", rule=FILE_IS_REACHED)
@pytest.mark.parametrize("kind", ["unix", "unixgram", "unixpacket"])
def test_a_live_server(stack: Stack, kind: str) -> None:
    """A server ({kind}) is at a path. Does connect reach it?"""
    client = stack.socket(kind)
    serving(stack, F, kind)
    assert client.connect(F) == OK


@experiment("{kind}/connect/stale", rule=NOT_LISTENING, cites=(ITEM_3,))
@pytest.mark.parametrize("kind", ["unix", "unixgram", "unixpacket"])
def test_a_stale_file(stack: Stack, kind: str) -> None:
    """A server ({kind}) has closed its socket; its file is there. Is connect ECONNREFUSED?"""
    client = stack.socket(kind)
    stale(stack, F, kind)
    assert client.connect(F) == ECONNREFUSED


@experiment("unix/connect/killed", rule=NOT_LISTENING, cites=(ITEM_3,))
def test_the_server_was_killed(stack: Stack) -> None:
    """A server was killed (SIGKILL); its file is there. Is connect ECONNREFUSED?"""
    listening(stack.other, F)
    stack.kill(stack.other)
    assert stack.socket("unix").connect(F) == ECONNREFUSED


@experiment("{kind}/connect/bound-not-listening", rule=NOT_LISTENING)
@pytest.mark.parametrize("kind", STREAMS)
def test_between_bind_and_listen(stack: Stack, kind: str) -> None:
    """A server ({kind}) is bound to a path and does not listen yet. Is connect ECONNREFUSED?"""
    client = stack.socket(kind)
    bound(stack, F, kind)
    assert client.connect(F) == ECONNREFUSED


@experiment("unix/connect/bound-not-listening/then", rule=FILE_IS_REACHED)
def test_the_same_client_again(stack: Stack) -> None:
    """A client was refused before the server listened. May the same socket connect when it does?"""
    server, client = bound(stack, F), stack.socket("unix")
    client.connect(F)
    server.listen()
    assert client.connect(F) == OK


@experiment("unix/connect/missing", rule=LOOKED_UP)
def test_nothing_is_there(stack: Stack) -> None:
    """Nothing stands at the path. Is connect ENOENT?"""
    assert stack.socket("unix").connect(F) == Answer("ENOENT")


@experiment("unix/connect/dangling-link", rule=LOOKED_UP)
def test_a_link_to_nothing(stack: Stack) -> None:
    """A symbolic link to nothing stands at the path. Is connect ENOENT?"""
    stack.link(F, G)
    assert stack.socket("unix").connect(F) == Answer("ENOENT")


@experiment("unix/connect/looping-link", rule=LOOKED_UP)
def test_a_link_to_itself(stack: Stack) -> None:
    """Two symbolic links lead to each other. Is connect ELOOP?"""
    stack.link(F, G)
    stack.link(G, F)
    assert stack.socket("unix").connect(F) == Answer("ELOOP")


@experiment("unix/connect/through-file", rule=LOOKED_UP)
def test_through_a_file(stack: Stack) -> None:
    """A path leads through a regular file. Is connect ENOTDIR?"""
    stack.make(F)
    assert stack.socket("unix").connect(Path("/F/G")) == Answer("ENOTDIR")


@experiment("unix/connect/regular-file", rule=NO_SOCKET)
def test_a_regular_file(stack: Stack) -> None:
    """A regular file stands at the path. Is connect refused?"""
    stack.make(F)
    assert stack.socket("unix").connect(F) != OK


@experiment("unix/connect/folder", rule=NO_SOCKET)
def test_a_folder(stack: Stack) -> None:
    """A folder stands at the path. Is connect refused?"""
    stack.make(FOLDER)
    assert stack.socket("unix").connect(Path("/D")) != OK


TYPES = [("unix", "unixgram"), ("unixgram", "unix"), ("unix", "unixpacket"), ("unixpacket", "unix")]


@experiment("{client}/connect/other-type/{server}", rule=SAME_TYPE, cites=(ITEM_3,))
@pytest.mark.parametrize(("client", "server"), TYPES)
def test_a_server_of_another_type(stack: Stack, client: str, server: str) -> None:
    """A {server} server is at a path. Is connect of a {client} socket EPROTOTYPE?"""
    newcomer = stack.socket(client)
    serving(stack, F, server)
    assert newcomer.connect(F) == Answer("EPROTOTYPE")


@experiment("unix/connect/stale-of-other-type", rule=NOT_LISTENING)
def test_a_stale_file_of_another_type(stack: Stack) -> None:
    """A datagram socket was at a path, and its file is there. Is connect of a stream ECONNREFUSED?"""
    stale(stack, F, "unixgram")
    assert stack.socket("unix").connect(F) == ECONNREFUSED


@experiment("unix/connect/abstract-of-other-type", rule=SAME_TYPE)
def test_an_abstract_name_of_another_type(stack: Stack) -> None:
    """A datagram socket has an abstract name. Is connect of a stream EPROTOTYPE?"""
    client = stack.socket("unix")
    abstract(stack, "unixgram")
    assert client.connect(ABSTRACT) == Answer("EPROTOTYPE")


@experiment("unix/connect/connected", rule=WRONG_KIND)
def test_a_client_that_is_connected(stack: Stack) -> None:
    """A client is connected. Is a second connect to the same server EISCONN?"""
    listening(stack, F)
    assert waiting(stack, F).connect(F) == Answer("EISCONN")


@experiment("unix/connect/connected-to-missing", rule=WRONG_KIND)
def test_a_connected_client_at_a_path_that_is_missing(stack: Stack) -> None:
    """A client is connected, and nothing stands at another path. Is connect to that refused?"""
    listening(stack, F)
    assert waiting(stack, F).connect(G) != OK


@experiment("unix/connect/listener", rule=LISTENER_STAYS)
def test_a_listener_connects(stack: Stack) -> None:
    """A server listens. Is it refused a connect to another server?"""
    listening(stack, G)
    assert listening(stack, F).connect(G) != OK


@experiment("unix/connect/itself", rule=NOT_LISTENING)
def test_a_socket_connects_to_itself(stack: Stack) -> None:
    """A socket is bound and does not listen. Is it refused a connect to its own path?"""
    assert bound(stack, F).connect(F) != OK


@experiment("unixgram/connect/itself", rule=FILE_IS_REACHED)
def test_a_datagram_socket_connects_to_itself(stack: Stack) -> None:
    """A datagram socket is bound to a path. May it connect to it?"""
    assert bound(stack, F, "unixgram").connect(F) == OK


@experiment("unix/connect/no-name", rule=NOT_LISTENING)
def test_no_name_at_all(stack: Stack) -> None:
    """Is a connect without any name refused?"""
    assert stack.socket("unix").connect(Path("@")) != OK


@experiment("unix/connect/slash", rule=LOOKED_UP)
def test_a_slash_behind_the_name(stack: Stack) -> None:
    """A server is at a path. Is connect to that path with a slash behind it ENOTDIR?"""
    listening(stack, F)
    assert stack.socket("unix").connect(Path("/F/")) == Answer("ENOTDIR")


@experiment("unix/connect/dots", rule=FILE_IS_REACHED)
def test_dots_on_the_way(stack: Stack) -> None:
    """A server is at /F. Is it reached at /D/.././F?"""
    stack.make(FOLDER)
    server = listening(stack, F)
    assert stack.connections(Path("/D/.././F")) == server.itself


@experiment("unix/connect/absolute", rule=FILE_IS_REACHED)
def test_an_absolute_path_from_another_folder(stack: Stack) -> None:
    """A server was bound to an absolute path, and its process changed its folder. Is it reached there?"""
    stack.make(FOLDER)
    server = listening(stack, F)
    stack.chdir(Path("/D"))
    assert stack.connections(F) == server.itself


@experiment("unix/connect/many-links", rule=FILE_IS_REACHED)
def test_a_chain_of_links(stack: Stack) -> None:
    """Twenty-five symbolic links, each to the next, lead to a server. Does connect reach it?"""
    server = listening(stack, F)
    links = [*(Path(f"/L{number}") for number in range(25)), F]
    for link, target in pairwise(links):
        stack.link(link, target)
    assert stack.connections(links[0]) == server.itself


@experiment("unix/connect/through-two-links", rule=FILE_IS_REACHED)
def test_a_link_to_a_link_on_the_way(stack: Stack) -> None:
    """A path leads through a symbolic link to a link to a folder. Is the server in that folder reached?"""
    stack.make(FOLDER)
    server = listening(stack, IN_FOLDER)
    stack.link(G, FOLDER)
    stack.link(LINK, G)
    assert stack.connections(Path("/L/F")) == server.itself


@experiment("unix/connect/abstract-of-packets", rule=SAME_TYPE)
def test_an_abstract_name_of_packets(stack: Stack) -> None:
    """A SOCK_SEQPACKET server has an abstract name. Is connect of a stream EPROTOTYPE?"""
    client = stack.socket("unix")
    abstract(stack, "unixpacket").listen()
    assert client.connect(ABSTRACT) == Answer("EPROTOTYPE")


@experiment("unix/connect/dot", rule=NO_SOCKET)
def test_a_dot_at_the_end(stack: Stack) -> None:
    """A path ends in a folder and a dot. Is connect refused?"""
    stack.make(FOLDER)
    assert stack.socket("unix").connect(Path("/D/.")) != OK


@experiment("unix/connect/folder-slash", rule=NO_SOCKET)
def test_a_folder_with_a_slash(stack: Stack) -> None:
    """A folder stands at the path, and a slash is behind its name. Is connect refused?"""
    stack.make(FOLDER)
    assert stack.socket("unix").connect(FOLDER) != OK
