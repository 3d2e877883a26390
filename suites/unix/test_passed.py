"""A descriptor was passed to another process (SCM_RIGHTS): who has the path, and who is reached, before and after it is taken?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, ECONNREFUSED, OK, Answer
from fixtures.specification.rules import DELIVERED
from fixtures.specification.rules_unix import ABSTRACT as ABSTRACT_RULE
from fixtures.specification.rules_unix import FILE_IS_REACHED, FILE_STAYS, IN_FLIGHT, LOOKED_UP, NAME_KEPT, PATH_TAKEN
from suites.unix.scenes import ABSTRACT, STREAMS, TYPES, F, abstract, bound, listening, serving, waiting

# In flight: the sender has closed its own descriptor, and nobody has taken the one in the message.


@experiment("{kind}/passed/in-flight/connect", rule=IN_FLIGHT)
@pytest.mark.parametrize("kind", TYPES)
def test_connect_in_flight(stack: Stack, kind: str) -> None:
    """A server ({kind}) is open in a message alone, which nobody has received. May a client connect?"""
    server = serving(stack, F, kind)
    server.pass_to(stack.other)
    server.close()
    assert stack.socket(kind).connect(F) == OK


@experiment("{kind}/passed/in-flight/accept", rule=IN_FLIGHT)
@pytest.mark.parametrize("kind", STREAMS)
def test_accept_of_who_came_in_flight(stack: Stack, kind: str) -> None:
    """A client connected while the server ({kind}) was open in a message alone. May it be accepted?"""
    server = listening(stack, F, kind)
    server.pass_to(stack.other)
    server.close()
    waiting(stack, F, kind)
    assert stack.other.take().try_accept() == OK


@experiment("unixgram/passed/in-flight/arrives", rule=IN_FLIGHT)
def test_a_datagram_that_came_in_flight(stack: Stack) -> None:
    """A datagram was sent to a socket that was open in a message alone. Is it received by who takes it?"""
    receiver = bound(stack, F, "unixgram")
    receiver.pass_to(stack.other)
    receiver.close()
    stack.socket("unixgram").sendto(F)
    assert stack.other.take().recv(1) == OK


@experiment("unix/passed/in-flight/bind", rule=PATH_TAKEN)
def test_the_path_in_flight(stack: Stack) -> None:
    """A server is open in a message alone. Is bind of another to its path EADDRINUSE?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    server.close()
    assert stack.socket("unix").bind(F) == EADDRINUSE


@experiment("unix/passed/in-flight/abstract", rule=IN_FLIGHT, cites=(ABSTRACT_RULE.source,))
def test_an_abstract_name_in_flight(stack: Stack) -> None:
    """A socket with an abstract name is open in a message alone. Is bind of another to it EADDRINUSE?"""
    holder = abstract(stack)
    holder.pass_to(stack.other)
    holder.close()
    assert stack.socket("unix").bind(ABSTRACT) == EADDRINUSE


@experiment("unix/passed/in-flight/send", rule=IN_FLIGHT)
def test_a_connection_in_flight(stack: Stack) -> None:
    """A server passed on a connection, and closed it before it was taken. May the client still send?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    accepted.pass_to(stack.other)
    accepted.close()
    assert client.send(1) == OK


# The message is lost: the process that it was for ends without having received it.


@experiment("unix/passed/lost/connect", rule=IN_FLIGHT)
def test_the_receiver_dies(stack: Stack) -> None:
    """A server was open in a message alone, and the process that it was for is killed. ECONNREFUSED?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    server.close()
    stack.kill(stack.other)
    assert stack.socket("unix").connect(F) == ECONNREFUSED


@experiment("unix/passed/lost/file", rule=FILE_STAYS)
def test_the_file_after_the_receiver_has_died(stack: Stack) -> None:
    """A server was open in a message alone, and the process that it was for is killed. Does the file stay?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    server.close()
    stack.kill(stack.other)
    assert stack.file(F) == Answer("socket")


@experiment("unix/passed/lost/abstract", rule=IN_FLIGHT, cites=(ABSTRACT_RULE.source,))
def test_an_abstract_name_after_the_receiver_has_died(stack: Stack) -> None:
    """An abstract name was open in a message alone, and its receiver is killed. May another have it?"""
    holder = abstract(stack)
    holder.pass_to(stack.other)
    holder.close()
    stack.kill(stack.other)
    assert stack.socket("unix").bind(ABSTRACT) == OK


@experiment("unix/passed/lost/sender-open", rule=IN_FLIGHT)
def test_the_receiver_dies_and_the_sender_is_open(stack: Stack) -> None:
    """A server passed its listener on and has it open, and the receiver is killed. Is the server reached?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    stack.kill(stack.other)
    assert stack.connections(F) == server.itself


@experiment("unix/passed/lost/waiting", rule=IN_FLIGHT)
def test_who_waits_when_the_receiver_dies(stack: Stack) -> None:
    """A client waits at a server that was open in a message alone; its receiver is killed. Does recv end?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    server.pass_to(stack.other)
    server.close()
    stack.kill(stack.other)
    assert client.recv(1) != OK


# Taken: a server hands its listener over to its successor.


@experiment("{kind}/passed/taken/receives", rule=IN_FLIGHT)
@pytest.mark.parametrize("kind", TYPES)
def test_the_successor_is_reached(stack: Stack, kind: str) -> None:
    """A server ({kind}) passed its socket to a successor and closed it. Is the successor reached?"""
    server = serving(stack, F, kind)
    server.pass_to(stack.other)
    successor = stack.other.take()
    server.close()
    assert stack.connections(F) == successor.itself


@experiment("unix/passed/taken/waiting", rule=IN_FLIGHT)
def test_who_waited_is_accepted_by_the_successor(stack: Stack) -> None:
    """A client waits, and the server passes its listener on and closes it. May the successor accept it?"""
    server = listening(stack, F)
    waiting(stack, F)
    server.pass_to(stack.other)
    server.close()
    assert stack.other.take().try_accept() == OK


@experiment("unix/passed/taken/name", rule=NAME_KEPT)
def test_the_successor_has_the_name(stack: Stack) -> None:
    """A server passed its listener to a successor. Does getsockname there give the path?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    assert stack.other.take().getsockname() == Answer("/F")


@experiment("unix/passed/taken/sender-killed", rule=IN_FLIGHT)
def test_the_sender_dies(stack: Stack) -> None:
    """A server passed its listener to another process and was killed before that took it. Is that reached?"""
    listening(stack.other, F).pass_to()
    stack.kill(stack.other)
    successor = stack.take()
    assert stack.connections(F) == successor.itself


@experiment("unix/passed/taken/old-cleans-up", rule=LOOKED_UP)
def test_the_old_server_removes_its_file(stack: Stack) -> None:
    """A server passed its listener on, closed it, and removes the file as it ends. Is connect ENOENT?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    stack.other.take()
    server.close()
    stack.unlink(F)
    assert stack.socket("unix").connect(F) == Answer("ENOENT")


@experiment("unix/passed/taken/third", rule=FILE_IS_REACHED)
def test_a_third_server_takes_the_path(stack: Stack) -> None:
    """A listener was passed on, and a third server removes the file and binds. Is the third one reached?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    stack.other.take()
    server.close()
    stack.unlink(F)
    third = listening(stack, F)
    assert stack.connections(F) == third.itself


@experiment("unix/passed/taken/closed", rule=FILE_STAYS)
def test_the_successor_closes(stack: Stack) -> None:
    """Sender and receiver have both closed a listener that was passed on. Does its file stay?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    successor = stack.other.take()
    server.close()
    successor.close()
    assert stack.file(F) == Answer("socket")


@experiment("unix/passed/taken/one-closed", rule=IN_FLIGHT)
def test_the_successor_closes_first(stack: Stack) -> None:
    """A listener was passed on, and the receiver closes it again. Is the sender, which kept it, reached?"""
    server = listening(stack, F)
    server.pass_to(stack.other)
    stack.other.take().close()
    assert stack.connections(F) == server.itself


@experiment("unix/passed/taken/another-user", rule=IN_FLIGHT)
def test_another_user_serves_a_path_that_it_may_not_write(stack: Stack) -> None:
    """A listener whose file is 0700 is passed to another user. May that user accept who waits there?"""
    server = listening(stack, F)
    stack.chmod(F, "0700")
    waiting(stack, F)
    server.pass_to(stack.stranger)
    server.close()
    assert stack.stranger.take().try_accept() == OK


@experiment("unix/passed/taken/two", rule=DELIVERED)
def test_two_are_taken_in_turn(stack: Stack) -> None:
    """Two sockets were passed to a process. Does it take first what was passed first?"""
    first, second = listening(stack, F), stack.socket("unix")
    first.pass_to(stack.other)
    second.pass_to(stack.other)
    assert stack.other.take().getsockname() == Answer("/F")
