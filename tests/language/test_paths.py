"""The names of AF_UNIX in the notation."""

from __future__ import annotations

import pytest

from fixtures.language.notation import NotationError, parse, parse_line
from fixtures.language.paths import Path

SCRIPT = """\
A = unix()
B = other: unixgram(SO_REUSEADDR)
C = elsewhere: unixpacket()
A.bind(/F)
A.bind(F)
A.bind(/D/F.new)
A.bind(../F)
A.bind(/F(108))
A.bind(@N)
A.bind(@N(108))
A.bind(@)
A.bind(name(B))
A.listen(0)
B.connect(/L/F)
B.sendto(/F)
A.getsockname() = @hhhhh
connections(/F) = A
file(/F) = socket
mode(/F) = 0755
make(/F)
make(/D/)
link(/L, D/)
hard(/F, /G)
rename(/F.new, /F)
stranger: unlink(/F) = EPERM
chmod(/F, 0600)
chmod(/D/, 01777)
chdir(/D)
other: umask(077)
kill(other)
"""


def test_every_call_is_written_as_it_is_read() -> None:
    assert [f"{call} = {answer}" if answer else str(call) for call, answer in parse(SCRIPT)] == SCRIPT.splitlines()


@pytest.mark.parametrize("line", SCRIPT.splitlines())
def test_a_call_reads_back_as_itself(line: str) -> None:
    read = parse_line(line)
    assert parse_line(f"{read[0]} = {read[1]}" if read[1] else str(read[0])) == read


@pytest.mark.parametrize(
    ("script", "line", "remedy"),
    [
        ("A = unix()\nA.bind(127.0.0.1:P)", 2, "A is a socket of AF_UNIX; write a name, such as /F or @N"),
        ("A = unix()\nA.join(224.0.0.251)", 2, "A is a socket of AF_UNIX; write a name"),
        ("A = tcp4()\nA.bind(/F)", 2, "A is an IPv4 socket; write an IPv4 address"),
        ("A = tcp6()\nA.connect(@N)", 2, "A is an IPv6 socket; write an IPv6 address"),
        ("A = tcp4()\nA.getsockname()", 2, "A is an IPv4 socket, and getsockname() is for one of AF_UNIX"),
        ("A = unix()\nB = A.accept()\nB.bind(127.0.0.1:P)", 3, "B is a socket of AF_UNIX"),
        ("A = unix(IPV6_V6ONLY=1)", 1, "unix does not take (IPV6_V6ONLY=1)"),
        ("A = unix()\nA.bind(/f)", 2, "bind does not take (/f)"),
        ("A = unix()\nA.bind(/etc/passwd)", 2, "bind does not take (/etc/passwd)"),
        ("make(/../F)", 1, "/../F leads out of the folder of the experiment"),
        ("unlink(/D/../../F)", 1, "/D/../../F leads out of the folder of the experiment"),
        ("chmod(/F, 600)", 1, "chmod does not take (/F, 600)"),
        ("link(/F)", 1, "link does not take (/F)"),
        ("unlink(@N)", 1, "unlink does not take (@N)"),
        ("A = unix()\nA.bind(/F(2147483648))", 2, "the largest number is 2147483647"),
        ("A = unix()\nA.bind(name(B))", 2, "no earlier line makes B"),
        ("kill(nobody)", 1, "kill does not take (nobody)"),
        ("A = other: tcp4()\nkill(other)", 2, "other has a socket that is not of AF_UNIX"),
        ("A = tcp4()\nB = A.inherit()\nkill(other)", 3, "other has a socket that is not of AF_UNIX"),
        ("A = elsewhere: tcp4()", 1, "tcp4 has no process elsewhere"),
        ("other: kill(other)", 1, "only the line that makes a socket names an actor"),
    ],
)
def test_a_name_in_the_wrong_place_is_refused_with_its_remedy(script: str, line: int, remedy: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(script)
    message = str(caught.value)
    assert message.startswith(f"line {line}: {script.splitlines()[line - 1]!r}: ")
    assert remedy in message


def test_what_a_name_is() -> None:
    absolute, relative, abstract, chosen, given = map(Path, ("/D/../F(108)", "../F", "@N(20)", "@", "name(A)"))
    assert (absolute.is_absolute, absolute.steps, absolute.length, absolute.leaves) == (True, ("D", "..", "F(108)"), 108, False)
    assert (relative.is_absolute, relative.steps, relative.length, relative.leaves) == (False, ("..", "F"), 0, False)
    assert (abstract.is_abstract, abstract.is_chosen, abstract.bare, abstract.length) == (True, False, "@N", 20)
    assert (chosen.is_abstract, chosen.is_chosen, given.of) == (True, True, "A")
    assert (Path("/D/").wants_folder, Path("/D").wants_folder) == (True, False)
