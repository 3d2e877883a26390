"""May a socket be bound a second time, and what does a refusal leave behind?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import OK, Answer
from fixtures.specification.rules import BOUND_ONCE, NOT_OPEN
from fixtures.specification.rules_unix import FILE_IS_REACHED, NAME_KEPT
from suites.unix.scenes import ABSTRACT, CHOSEN, F, G, abstract, bound, listening, waiting


@experiment("unix/bind-again/other-path", rule=BOUND_ONCE)
def test_another_path(stack: Stack) -> None:
    """A socket is bound to a path. Is it refused another path with EINVAL?"""
    assert bound(stack, F).bind(G) == Answer("EINVAL")


@experiment("unix/bind-again/other-path/file", rule=BOUND_ONCE)
def test_a_refusal_leaves_no_file(stack: Stack) -> None:
    """A socket that is bound was refused another path. Is there no file at that path?"""
    bound(stack, F).bind(G)
    assert stack.file(G) == Answer("none")


@experiment("unix/bind-again/same-path", rule=BOUND_ONCE)
def test_the_same_path(stack: Stack) -> None:
    """A socket is bound to a path. Is it refused the same path?"""
    assert bound(stack, F).bind(F) != OK


@experiment("unix/bind-again/name", rule=NAME_KEPT)
def test_the_name_stays(stack: Stack) -> None:
    """A socket that is bound was refused another path. Does it keep its name?"""
    holder = bound(stack, F)
    holder.bind(G)
    assert holder.getsockname() == Answer("/F")


@experiment("unix/bind-again/abstract-after-path", rule=BOUND_ONCE)
def test_an_abstract_name_after_a_path(stack: Stack) -> None:
    """A socket is bound to a path. Is it refused an abstract name?"""
    assert bound(stack, F).bind(ABSTRACT) != OK


@experiment("unix/bind-again/path-after-abstract", rule=BOUND_ONCE)
def test_a_path_after_an_abstract_name(stack: Stack) -> None:
    """A socket has an abstract name. Is it refused a path with EINVAL?"""
    assert abstract(stack).bind(F) == Answer("EINVAL")


@experiment("unix/bind-again/path-after-chosen/file", rule=BOUND_ONCE)
def test_a_path_after_a_name_that_was_chosen(stack: Stack) -> None:
    """A socket whose name the kernel chose is refused a path. Is there no file at that path?"""
    abstract(stack, path=CHOSEN).bind(F)
    assert stack.file(F) == Answer("none")


@experiment("unix/bind-again/chosen-twice", rule=BOUND_ONCE)
def test_no_name_twice(stack: Stack) -> None:
    """A socket was bound without a name, and has one now. Is a second bind without a name EINVAL?"""
    assert abstract(stack, path=CHOSEN).bind(CHOSEN) == Answer("EINVAL")


@experiment("unix/bind-again/after-connect", rule=NAME_KEPT)
def test_a_client_takes_a_name(stack: Stack) -> None:
    """A client is connected and has no name. May it be bound to a path?"""
    listening(stack, F)
    assert waiting(stack, F).bind(G) == OK


@experiment("unix/bind-again/dup", rule=BOUND_ONCE)
def test_a_copy_of_the_descriptor(stack: Stack) -> None:
    """A socket is bound to a path. Is a copy of its descriptor refused another path?"""
    assert bound(stack, F).dup().bind(G) == Answer("EINVAL")


@experiment("unix/unbound/name", rule=NAME_KEPT)
def test_no_name(stack: Stack) -> None:
    """A socket was never bound. Does getsockname give no name?"""
    assert stack.socket("unix").getsockname() == Answer("unnamed")


@experiment("unix/accepted/name", rule=NAME_KEPT)
def test_an_accepted_socket(stack: Stack) -> None:
    """A server accepted a connection. Does the accepted socket have the server's name?"""
    server = listening(stack, F)
    waiting(stack, F)
    assert server.accept().getsockname() == Answer("/F")


@experiment("unix/accepted/unlinked", rule=FILE_IS_REACHED)
def test_an_accepted_socket_goes_on(stack: Stack) -> None:
    """A server ended, its file was unlinked, and another took the path. Can the old client still send?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    server.accept()
    server.close()
    stack.unlink(F)
    listening(stack, F)
    assert client.send(1) == OK


@experiment("unix/closed/bind", rule=NOT_OPEN)
def test_a_closed_descriptor(stack: Stack) -> None:
    """A socket was closed. Is bind of it EBADF?"""
    holder = stack.socket("unix")
    holder.close()
    assert holder.bind(F) == Answer("EBADF")
