"""Abstract names: who has one, when is it free, and who may have the same?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, ECONNREFUSED, OK, SO_REUSEADDR, Answer
from fixtures.specification.rules_unix import ABSTRACT as ABSTRACT_RULE
from fixtures.specification.rules_unix import AUTOBIND, NOT_LISTENING, OWN_NETWORK, OWN_TYPE, PATH_TAKEN
from suites.unix.scenes import ABSTRACT, CHOSEN, TYPES, F, abstract, listening, waiting


@experiment("{kind}/abstract/free", rule=ABSTRACT_RULE)
@pytest.mark.parametrize("kind", TYPES)
def test_a_free_name(stack: Stack, kind: str) -> None:
    """Nobody has an abstract name. May a {kind} socket be bound to it?"""
    assert stack.socket(kind).bind(ABSTRACT) == OK


@experiment("{kind}/abstract/live", rule=ABSTRACT_RULE)
@pytest.mark.parametrize("kind", TYPES)
def test_a_name_that_is_taken(stack: Stack, kind: str) -> None:
    """A {kind} socket has an abstract name. Is another refused it?"""
    abstract(stack, kind)
    assert stack.socket(kind).bind(ABSTRACT) == EADDRINUSE


@experiment("unix/abstract/reuseaddr", rule=ABSTRACT_RULE)
def test_reuseaddr(stack: Stack) -> None:
    """A socket has an abstract name. Is another with SO_REUSEADDR refused it?"""
    abstract(stack)
    assert stack.socket("unix", SO_REUSEADDR).bind(ABSTRACT) == EADDRINUSE


@experiment("unix/abstract/closed", rule=ABSTRACT_RULE)
def test_close_frees_the_name(stack: Stack) -> None:
    """A socket with an abstract name was closed. May another have the name?"""
    abstract(stack).close()
    assert stack.socket("unix").bind(ABSTRACT) == OK


@experiment("unix/abstract/killed", rule=ABSTRACT_RULE)
def test_a_crash_frees_the_name(stack: Stack) -> None:
    """A process with an abstract name was killed (SIGKILL). May another have the name?"""
    abstract(stack.other)
    stack.kill(stack.other)
    assert stack.socket("unix").bind(ABSTRACT) == OK


@experiment("unix/abstract/child-holds", rule=ABSTRACT_RULE)
def test_a_child_holds_the_name(stack: Stack) -> None:
    """A server's child has its socket, and the server closed it. Is another refused the abstract name?"""
    server = abstract(stack)
    server.inherit()
    server.close()
    assert stack.socket("unix").bind(ABSTRACT) == EADDRINUSE


@experiment("unix/abstract/child-ended", rule=ABSTRACT_RULE)
def test_the_child_has_ended(stack: Stack) -> None:
    """The last process with a server's socket was killed. May another have the abstract name?"""
    server = abstract(stack)
    server.inherit()
    server.close()
    stack.kill(stack.other)
    assert stack.socket("unix").bind(ABSTRACT) == OK


@experiment("unix/abstract/accepted-open", rule=ABSTRACT_RULE)
def test_a_connection_does_not_hold_the_name(stack: Stack) -> None:
    """A listener closed, and a connection that it accepted is open. May another have the abstract name?"""
    server = abstract(stack)
    server.listen()
    waiting(stack, ABSTRACT)
    server.accept()
    server.close()
    assert stack.socket("unix").bind(ABSTRACT) == OK


@experiment("unix/abstract/other-type/{first}-{second}", rule=OWN_TYPE)
@pytest.mark.parametrize(("first", "second"), [("unix", "unixgram"), ("unixgram", "unix"), ("unix", "unixpacket")])
def test_a_name_of_another_type(stack: Stack, first: str, second: str) -> None:
    """A {first} socket has an abstract name. Is a {second} socket refused it?"""
    newcomer = stack.socket(second)
    abstract(stack, first)
    assert newcomer.bind(ABSTRACT) == EADDRINUSE


@experiment("unix/abstract/padded", rule=ABSTRACT_RULE)
def test_the_length_counts(stack: Stack) -> None:
    """A socket has an abstract name. May another have the same with NULs behind it, up to 108 bytes?"""
    abstract(stack)
    assert stack.socket("unix").bind(Path("@N(108)")) == OK


@experiment("unix/abstract/elsewhere", rule=OWN_NETWORK)
def test_another_network_namespace(stack: Stack) -> None:
    """A socket has an abstract name. May one in another network namespace have it, too?"""
    abstract(stack)
    assert stack.elsewhere.socket("unix").bind(ABSTRACT) == OK


@experiment("unix/abstract/elsewhere/connect", rule=OWN_NETWORK)
def test_nobody_is_there(stack: Stack) -> None:
    """A server has an abstract name. Is connect from another network namespace refused?"""
    abstract(stack).listen()
    assert stack.elsewhere.socket("unix").connect(ABSTRACT) == ECONNREFUSED


@experiment("unix/path/elsewhere/bind", rule=PATH_TAKEN, cites=(OWN_NETWORK.source,))
def test_a_path_from_another_network_namespace(stack: Stack) -> None:
    """A server has a path. Is one in another network namespace refused it?"""
    newcomer = stack.elsewhere.socket("unix")
    listening(stack, F)
    assert newcomer.bind(F) == EADDRINUSE


@experiment("unix/path/elsewhere/connect", rule=OWN_NETWORK)
def test_connect_across_network_namespaces(stack: Stack) -> None:
    """A server has a path. May a client in another network namespace connect to it?"""
    client = stack.elsewhere.socket("unix")
    listening(stack, F)
    assert client.connect(F) == OK


@experiment("unix/abstract/nobody", rule=NOT_LISTENING)
def test_connect_to_nobody(stack: Stack) -> None:
    """Nobody has an abstract name any more. Is connect to it ECONNREFUSED?"""
    abstract(stack).close()
    assert stack.socket("unix").connect(ABSTRACT) == ECONNREFUSED


@experiment("unix/abstract/stranger", rule=ABSTRACT_RULE)
def test_no_permissions(stack: Stack) -> None:
    """A server has an abstract name and the umask 077. May a client of another user connect to it?"""
    stack.umask("077")
    abstract(stack).listen()
    assert stack.stranger.socket("unix").connect(ABSTRACT) == OK


@experiment("unix/abstract/theft", rule=ABSTRACT_RULE)
def test_anybody_takes_a_free_name(stack: Stack) -> None:
    """A server with an abstract name restarts. May a process of another user take the name meanwhile?"""
    abstract(stack).close()
    assert stack.stranger.socket("unix").bind(ABSTRACT) == OK


@experiment("unix/autobind/name", rule=AUTOBIND)
def test_the_kernel_chooses(stack: Stack) -> None:
    """A socket is bound without a name. Does it have five hexadecimal digits as an abstract one?"""
    holder = stack.socket("unix")
    holder.bind(CHOSEN)
    assert holder.getsockname() == Answer("@hhhhh")


@experiment("unix/autobind/taken", rule=ABSTRACT_RULE)
def test_a_chosen_name_is_taken(stack: Stack) -> None:
    """The kernel chose the name of a socket. Is another refused that name?"""
    holder = abstract(stack, path=CHOSEN)
    assert stack.socket("unix").bind(holder.by_name) == EADDRINUSE


@experiment("unix/autobind/receives", rule=AUTOBIND)
def test_a_chosen_name_is_reached(stack: Stack) -> None:
    """The kernel chose the name of a server. Is the server reached at that name?"""
    server = abstract(stack, path=CHOSEN)
    server.listen()
    assert stack.connections(server.by_name) == server.itself
