"""A server's file is unlinked, renamed or linked while it lives: whose socket does a path lead to?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import OK, Answer
from fixtures.specification.rules_unix import FILE_IS_REACHED, FILE_STAYS, FILES_ALONE, LOOKED_UP, MASKED_MODE, NAME_KEPT
from fixtures.specification.sources_unix import UNP3
from suites.unix.scenes import FOLDER, IN_FOLDER, NEW, F, G, bound, listening, serving, stale, waiting


@experiment("unix/unlinked/bind", rule=FILES_ALONE)
def test_unlink_lets_another_in(stack: Stack) -> None:
    """The file of a live server was unlinked. May another server be bound to the path?"""
    listening(stack, F)
    stack.unlink(F)
    assert stack.socket("unix").bind(F) == OK


@experiment("unix/unlinked/connect", rule=LOOKED_UP)
def test_unlink_makes_the_server_deaf(stack: Stack) -> None:
    """The file of a live server was unlinked. Is connect to the path ENOENT?"""
    listening(stack, F)
    stack.unlink(F)
    assert stack.socket("unix").connect(F) == Answer("ENOENT")


@experiment("unix/unlinked/receives", rule=FILE_IS_REACHED)
def test_the_newcomer_receives(stack: Stack) -> None:
    """The file of a live server was unlinked, and another took the path. Does the newcomer receive?"""
    listening(stack, F)
    stack.unlink(F)
    second = listening(stack, F)
    assert stack.connections(F) == second.itself


@experiment("unixgram/unlinked/receives", rule=FILE_IS_REACHED)
def test_the_newcomer_receives_datagrams(stack: Stack) -> None:
    """A live datagram socket's file was unlinked, and another took the path. Does the newcomer receive?"""
    bound(stack, F, "unixgram")
    stack.unlink(F)
    second = bound(stack, F, "unixgram")
    assert stack.connections(F) == second.itself


@experiment("unix/unlinked/name", rule=NAME_KEPT)
def test_the_name_outlives_the_file(stack: Stack) -> None:
    """The file of a live server was unlinked. Does the server still call itself by the path?"""
    server = listening(stack, F)
    stack.unlink(F)
    assert server.getsockname() == Answer("/F")


@experiment("unix/unlinked/listen", rule=FILES_ALONE)
def test_the_server_may_listen_again(stack: Stack) -> None:
    """The file of a server was unlinked before it listened. May it listen?"""
    server = bound(stack, F)
    stack.unlink(F)
    assert server.listen() == OK


@experiment("unix/unlinked/two-live/close-of-the-first", rule=FILE_IS_REACHED)
def test_the_first_closes(stack: Stack) -> None:
    """A second server has taken the path of a live one, which now closes. Does the second still receive?"""
    first = listening(stack, F)
    stack.unlink(F)
    second = listening(stack, F)
    first.close()
    assert stack.connections(F) == second.itself


@experiment("unix/unlinked/two-live/clean-up-of-the-first", rule=FILE_IS_REACHED, cites=(FILE_STAYS.source,))
def test_the_first_cleans_up(stack: Stack) -> None:
    """A server cleans its path up as it ends, and another has taken the path. Is that one deaf then?"""
    first = listening(stack, F)
    stack.unlink(F)
    listening(stack, F)
    first.close()
    stack.unlink(F)
    assert stack.connections(F) == Answer("none")


@experiment("unix/rename/new-name", rule=FILE_IS_REACHED)
def test_a_socket_moves_with_its_file(stack: Stack) -> None:
    """The file of a live server was renamed. Is the server reached at the new name?"""
    server = listening(stack, F)
    stack.rename(F, G)
    assert stack.connections(G) == server.itself


@experiment("unix/rename/old-name", rule=LOOKED_UP)
def test_nobody_is_at_the_old_name(stack: Stack) -> None:
    """The file of a live server was renamed. Is connect to the old name ENOENT?"""
    listening(stack, F)
    stack.rename(F, G)
    assert stack.socket("unix").connect(F) == Answer("ENOENT")


@experiment("unix/rename/name", rule=NAME_KEPT)
def test_the_name_does_not_move(stack: Stack) -> None:
    """The file of a live server was renamed. Does the server still call itself by the old name?"""
    server = listening(stack, F)
    stack.rename(F, G)
    assert server.getsockname() == Answer("/F")


@experiment("unix/rename/bind", rule=FILES_ALONE)
def test_the_old_name_is_free(stack: Stack) -> None:
    """The file of a live server was renamed. May another server be bound to the old name?"""
    listening(stack, F)
    stack.rename(F, G)
    assert stack.socket("unix").bind(F) == OK


@experiment("unix/rename-over/receives", rule=FILE_IS_REACHED)
def test_a_server_is_replaced_at_once(stack: Stack) -> None:
    """A new server's file is renamed over that of a live one. Does the new server receive?"""
    listening(stack, F)
    second = listening(stack, NEW)
    stack.rename(NEW, F)
    assert stack.connections(F) == second.itself


@experiment("unix/rename-over/waiting", rule=FILE_IS_REACHED)
def test_what_waits_stays_where_it_is(stack: Stack) -> None:
    """A client waits at a server whose file another's is renamed over. May the first server accept it?"""
    first = listening(stack, F)
    waiting(stack, F)
    listening(stack, NEW)
    stack.rename(NEW, F)
    assert first.try_accept() == OK


@experiment("unix/hard-link/receives", rule=FILE_IS_REACHED)
def test_another_name_of_the_file(stack: Stack) -> None:
    """A socket file got another name, and its first one was unlinked. Is the server reached at the other?"""
    server = listening(stack, F)
    stack.hard(F, G)
    stack.unlink(F)
    assert stack.connections(G) == server.itself


@experiment("unix/link/receives", rule=FILE_IS_REACHED)
def test_a_symbolic_link(stack: Stack) -> None:
    """A symbolic link leads to the file of a live server. Is the server reached by connect to the link?"""
    server = listening(stack, F)
    stack.link(G, F)
    assert stack.connections(G) == server.itself


@experiment("unix/relative/name", rule=NAME_KEPT, cites=(UNP3.at("§15.4, item 2"),))
def test_a_relative_name(stack: Stack) -> None:
    """A socket was bound to a relative path. Does getsockname give it as it was?"""
    assert bound(stack, Path("F")).getsockname() == Answer("F")


@experiment("unix/relative/elsewhere", rule=LOOKED_UP, cites=(UNP3.at("§15.4, item 2"),))
def test_a_relative_name_from_another_folder(stack: Stack) -> None:
    """A server was bound to a relative path, and its process changed its folder. Is that path ENOENT now?"""
    stack.make(FOLDER)
    listening(stack, Path("F"))
    stack.chdir(Path("/D"))
    assert stack.socket("unix").connect(Path("F")) == Answer("ENOENT")


@experiment("unix/relative/back", rule=FILE_IS_REACHED)
def test_a_relative_name_from_below(stack: Stack) -> None:
    """A server was bound to F, and its process went to a folder below. Is it reached at ../F?"""
    stack.make(FOLDER)
    server = listening(stack, Path("F"))
    stack.chdir(Path("/D"))
    assert stack.connections(Path("../F")) == server.itself


@experiment("unix/relative/bind", rule=FILES_ALONE)
def test_the_same_relative_name_elsewhere(stack: Stack) -> None:
    """A server was bound to F, and its process changed its folder. May another be bound to F there?"""
    stack.make(FOLDER)
    listening(stack, Path("F"))
    stack.chdir(Path("/D"))
    assert stack.socket("unix").bind(Path("F")) == OK


@experiment("unix/relative/unlinks-another", rule=FILES_ALONE)
def test_a_server_unlinks_its_own_name_in_another_folder(stack: Stack) -> None:
    """A server changed its folder and unlinks its own name, F. Is another F removed instead?"""
    stack.make(FOLDER)
    listening(stack, Path("F"))
    stack.chdir(Path("/D"))
    bound(stack, Path("F"))
    stack.unlink(Path("F"))
    assert stack.file(IN_FOLDER) == Answer("none")


@experiment("unix/mode/usual", rule=MASKED_MODE)
def test_the_usual_permissions(stack: Stack) -> None:
    """A process has the umask 022. Does bind make the socket file with the permissions 0755?"""
    bound(stack, F)
    assert stack.mode(F) == Answer("0755")


@experiment("unix/mode/private", rule=MASKED_MODE)
def test_private_permissions(stack: Stack) -> None:
    """A process has the umask 077. Does bind make the socket file with the permissions 0700?"""
    stack.umask("077")
    bound(stack, F)
    assert stack.mode(F) == Answer("0700")


@experiment("unix/unlinked/file-of-the-stale", rule=FILES_ALONE)
def test_unlink_of_a_stale_file(stack: Stack) -> None:
    """A stale socket file is unlinked. May the next server be bound to the path?"""
    stale(stack, F)
    stack.unlink(F)
    assert serving(stack, F).getsockname() == Answer("/F")
