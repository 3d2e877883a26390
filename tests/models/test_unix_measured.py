"""AF_UNIX as it was measured on real kernels, held against their models: on five releases of Linux and on gVisor."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.models import Platform

LINUX = ("linux@5.10.262", "linux@6.1.192", "linux@6.12.118", "linux@6.18.44", "linux@7.3.4")
GVISOR = "gvisor@20240729"

LIVE = "A = unix()\nA.bind(/F)\nA.listen()\n"
STALE = LIVE + "A.close()\n"
NAMED = "A = unix()\nA.bind(@N)\n"
ANOTHER = "B = unix()\n"
CLIENT = LIVE + "C = unix()\nC.connect(/F) = ok\n"
PEER = "A = unixgram()\nA.bind(/F)\nC = unixgram()\nC.connect(/F) = ok\n"
TARGETS = "C = {kind}()\n{made}C.connect({at}) = {answer}\n"

#: What Linux answered in every release, by the measurement. A line without an answer is a step on the way.
MEASURED = {
    "bind/live": LIVE + ANOTHER + "B.bind(/F) = EADDRINUSE\nconnections(/F) = A",
    "bind/bound": "A = unix()\nA.bind(/F)\nB = unix()\nB.bind(/F) = EADDRINUSE",
    "bind/stale": STALE + "file(/F) = socket\nB = unix()\nB.bind(/F) = EADDRINUSE",
    "bind/killed": LIVE.replace("A = ", "A = other: ") + "kill(other)\nfile(/F) = socket\nB = unix()\nB.bind(/F) = EADDRINUSE",
    "bind/file": "make(/F)\nB = unix()\nB.bind(/F) = EADDRINUSE\nfile(/F) = file",
    "bind/folder": "make(/F/)\nB = unix()\nB.bind(/F) = EADDRINUSE",
    "bind/dangling": "link(/F, /G)\nB = unix()\nB.bind(/F) = EADDRINUSE\nfile(/G) = none",
    "bind/link-to-stale": "A = unix()\nA.bind(/G)\nA.close()\nlink(/F, /G)\nB = unix()\nB.bind(/F) = EADDRINUSE",
    "bind/through-a-link": "make(/D/)\nlink(/L, /D/)\nA = unix()\nA.bind(/L/F) = ok\nfile(/D/F) = socket\nA.getsockname() = /L/F",
    "bind/unlinked": (
        LIVE + "unlink(/F)\nC = unix()\nC.connect(/F) = ENOENT\nB = unix()\nB.bind(/F) = ok\nB.listen()\n"
        "connections(/F) = B\nA.getsockname() = /F"
    ),
    "rename-over": (
        LIVE + ANOTHER + "B.bind(/F.new)\nB.listen()\nrename(/F.new, /F) = ok\nconnections(/F) = B\nB.getsockname() = /F.new\n"
        "file(/F.new) = none"
    ),
    "rename": (
        LIVE + "rename(/F, /G)\nC = unix()\nC.connect(/F) = ENOENT\nconnections(/G) = A\nA.getsockname() = /F\n"
        "B = unix()\nB.bind(/F) = ok\nB.listen()\nconnections(/F) = B"
    ),
    "hard-link": LIVE + "hard(/F, /G)\nunlink(/F)\nconnections(/G) = A",
    "relative": (
        "make(/D/)\nA = unix()\nA.bind(F)\nA.listen()\nA.getsockname() = F\nchdir(/D/)\nC = unix()\nC.connect(F) = ENOENT\n"
        "connections(../F) = A\nB = unix()\nB.bind(F) = ok\nunlink(F) = ok\nfile(/F) = socket\nfile(/D/F) = none"
    ),
    "reuseaddr": LIVE.replace("()", "(SO_REUSEADDR)", 1)
    + "B = unix(SO_REUSEADDR)\nB.bind(/F) = EADDRINUSE\nA.close()\nB.bind(/F) = EADDRINUSE",
    "reuseport": "A = unix()\nA.setsockopt(SO_REUSEPORT, 1) = EOPNOTSUPP\nA.setsockopt(SO_REUSEPORT, 0) = ok",
    "bind/twice": (
        "A = unix()\nA.bind(/F)\nA.bind(/F) = EADDRINUSE\nA.bind(/G) = EINVAL\nfile(/G) = none\nA.bind(@N) = EINVAL\nA.getsockname() = /F"
    ),
    "bind/after-refusal": "make(/F)\nA = unix()\nA.bind(/F) = EADDRINUSE\nA.bind(/G) = ok",
    "bind/lengths": "A = unix()\nA.bind(/F(109)) = EINVAL\nA.bind(/F(108)) = ok\nfile(/F(108)) = socket",
    "bind/slash": "A = unix()\nA.bind(/F/) = ENOENT\nmake(/D/)\nA.bind(/D/) = EADDRINUSE",
    "autobind": (
        "A = unix()\nA.bind(@) = ok\nA.bind(@) = ok\nA.bind(/F) = EINVAL\nfile(/F) = none\nC = unix()\nC.bind(name(A)) = EADDRINUSE\n"
        "A.close()\nC.bind(name(A)) = ok"
    ),
    "bind/no-folder": "make(/G)\nA = unix()\nA.bind(/D/F) = ENOENT\nA.bind(/G/F) = ENOTDIR",
    "child-holds": (
        LIVE + "E = A.inherit()\nA.close()\nB = unix()\nB.bind(/F) = EADDRINUSE\nC = unix()\nC.connect(/F) = ok\nE.close()\n"
        "B.bind(/F) = EADDRINUSE\nD = unix()\nD.connect(/F) = ECONNREFUSED"
    ),
    "bind/connected": CLIENT + "C.bind(/G) = ok\nfile(/G) = socket",
    "listen": (
        "A = unix()\nA.listen() = EINVAL\nA.bind(/F)\nA.listen() = ok\nA.listen() = ok\nC = unix()\nC.connect(/F)\nC.listen() = EINVAL"
    ),
    "listen/datagrams": "A = unixgram()\nA.listen() = EOPNOTSUPP\nA.bind(/F)\nA.listen() = EOPNOTSUPP",
    "type/path": LIVE + "B = unixgram()\nB.bind(/F) = EADDRINUSE",
    "type/abstract": NAMED + "B = unixgram()\nB.bind(@N) = ok\nC = unixpacket()\nC.bind(@N) = ok",
    "abstract/live": NAMED + "A.listen()\nB = unix()\nB.bind(@N) = EADDRINUSE\nconnections(@N) = A",
    "abstract/after-close": NAMED + "A.close()\nB = unix()\nB.bind(@N) = ok",
    "abstract/killed": "A = other: unix()\nA.bind(@N)\nkill(other)\nB = unix()\nB.bind(@N) = ok",
    "abstract/child-holds": NAMED + "E = A.inherit()\nA.close()\nB = unix()\nB.bind(@N) = EADDRINUSE\nE.close()\nB.bind(@N) = ok",
    "abstract/accepted": (
        NAMED + "A.listen()\nC = unix()\nC.connect(@N)\nD = A.accept()\nA.close()\nB = unix()\nB.bind(@N) = ok\n"
        "E = unix()\nE.connect(@N) = ECONNREFUSED"
    ),
    "abstract/elsewhere": NAMED + "A.listen()\nC = elsewhere: unix()\nC.connect(@N) = ECONNREFUSED\nB = elsewhere: unix()\nB.bind(@N) = ok",
    "path/elsewhere": LIVE + "B = elsewhere: unix()\nB.bind(/F) = EADDRINUSE\nB.connect(/F) = ok",
    "open-window": "A = unix()\nA.bind(/F)\nC = unix()\nC.connect(/F) = ECONNREFUSED\nA.listen()\nC.connect(/F) = ok",
    "queue/full": (
        "A = unix()\nA.bind(/F)\nA.listen(1)\nB = unix()\nB.connect(/F) = ok\nC = unix()\nC.connect(/F) = ok\n"
        "D = unix()\nD.connect(/F) = EAGAIN"
    ),
    "queue/closes": CLIENT + "A.close()\nC.recv(1) = ECONNRESET\nC.recv(1) = end\nC.send(1) = EPIPE",
    "queue/killed": CLIENT.replace("A = ", "A = other: ") + "kill(other)\nC.recv(1) = ECONNRESET\nfile(/F) = socket",
    "queue/shutdown": CLIENT + "A.shutdown(RDWR) = ok\nD = unix()\nD.connect(/F) = ECONNREFUSED",
    "queue/unlinked": CLIENT + "unlink(/F)\nB = unix()\nB.bind(/F)\nB.listen()\nD = A.accept() = ok",
    "sendto": (
        "A = unixgram()\nA.bind(/F)\nA.close()\nB = unix()\nB.bind(/G)\nB.listen()\nC = unixgram()\n"
        "C.sendto(/F) = ECONNREFUSED\nC.sendto(/D) = ENOENT\nC.sendto(/G) = EPROTOTYPE"
    ),
    "peer-replaced": (
        PEER + "A.close()\nunlink(/F)\nC.send(1) = ECONNREFUSED\nB = unixgram()\nB.bind(/F)\nC.send(1) = ENOTCONN\n"
        "C.sendto(/F) = ok\nC.connect(/F) = ok\nC.send(1) = ok"
    ),
    "peer-unlinked": PEER + "unlink(/F)\nB = unixgram()\nB.bind(/F)\nC.send(1) = ok\nA.recv(1) = ok",
    "one-peer": (
        "B = unixgram()\nB.bind(/G)\nA = unixgram()\nA.bind(/F)\nA.connect(/G)\nC = unixgram()\nC.sendto(/F) = EPERM\nC.connect(/F) = EPERM"
    ),
    **{
        f"connect/{name}": TARGETS.format(kind="unix", made=made, at="/F", answer=answer)
        for name, made, answer in [
            ("stale", STALE, "ECONNREFUSED"),
            ("file", "make(/F)\n", "ECONNREFUSED"),
            ("folder", "make(/F/)\n", "ECONNREFUSED"),
            ("missing", "", "ENOENT"),
            ("dangling", "link(/F, /G)\n", "ENOENT"),
            ("link", LIVE.replace("/F", "/G") + "link(/F, /G)\n", "ok"),
            ("unixgram", "A = unixgram()\nA.bind(/F)\n", "EPROTOTYPE"),
            ("stale-unixgram", "A = unixgram()\nA.bind(/F)\nA.close()\n", "ECONNREFUSED"),
            ("unixpacket", LIVE.replace("unix(", "unixpacket("), "EPROTOTYPE"),
            ("stale-unixpacket", STALE.replace("unix(", "unixpacket("), "ECONNREFUSED"),
            ("itself", "C.bind(/F)\nC.listen()\n", "EINVAL"),
        ]
    },
    "datagrams/itself": "C = unixgram()\nC.bind(/F)\nC.connect(/F) = ok",
    "datagrams/file": "make(/F)\nC = unixgram()\nC.connect(/F) = ECONNREFUSED",
    "mode": LIVE + "mode(/F) = 0755\nC = stranger: unix()\nC.connect(/F) = EACCES\nchmod(/F, 0722)\nC.connect(/F) = ok",
    "stale-mode": STALE + "chmod(/F, 0700)\nC = stranger: unix()\nC.connect(/F) = EACCES\nchmod(/F, 0777)\nC.connect(/F) = ECONNREFUSED",
    "folder-mode": (
        "make(/D/)\nchmod(/D, 0755)\nA = unix()\nA.bind(/D/F)\nB = stranger: unix()\nB.bind(/D/F) = EADDRINUSE\nB.bind(/D/G) = EACCES\n"
        "chmod(/D, 0700)\nB.bind(/D/F) = EACCES"
    ),
    "folder-open": (
        "make(/D/)\nchmod(/D, 0777)\nA = unix()\nA.bind(/D/F)\nstranger: unlink(/D/F) = ok\nB = stranger: unix()\nB.bind(/D/F) = ok"
    ),
    "sticky": "make(/D/)\nchmod(/D, 01777)\nA = unix()\nA.bind(/D/F)\nstranger: unlink(/D/F) = EPERM",
}
#: What others answered otherwise, line by line.
OTHERWISE = {
    # What runsc answers stands under "the same" in the notes, and nobody knows as which of two.
    "reuseport": {GVISOR: {"A.setsockopt(SO_REUSEPORT, 1)": "ok"}, "linux@5.10.262": {"A.setsockopt(SO_REUSEPORT, 1)": "ok"}},
    "bind/twice": {"linux@5.10.262": {"file(/G)": "socket"}},
    "autobind": {"linux@5.10.262": {"file(/F)": "socket"}, GVISOR: {"A.bind(@)": "ok EINVAL"}},
    "bind/slash": {GVISOR: {"A.bind(/F/)": "EISDIR", "A.bind(/D/)": "EISDIR"}},
    "type/abstract": {GVISOR: {"B.bind(@N)": "EADDRINUSE", "C.bind(@N)": "EADDRINUSE"}},
    "queue/closes": {GVISOR: {"C.recv(1)": "end"}},
    "queue/killed": {GVISOR: {"C.recv(1)": "end"}},
    "queue/shutdown": {GVISOR: {"A.shutdown(RDWR)": "ENOTCONN", "D.connect(/F)": "ok"}},
    "sendto": {GVISOR: {"C.sendto(/F)": "EINVAL", "C.sendto(/G)": "EINVAL"}},
    "peer-replaced": {GVISOR: {"C.send(1)": "EPIPE EPIPE ok"}},
    "one-peer": {GVISOR: {"C.sendto(/F)": "ok", "C.connect(/F)": "ok"}},
    "connect/unixgram": {GVISOR: {"C.connect(/F)": "ECONNREFUSED"}},
    "connect/stale-unixpacket": {GVISOR: {"C.connect(/F)": "EPROTOTYPE"}},
}


def answered(platform: str, script: str) -> list[str]:
    """The lines of a script that name an answer, with what the model of a platform answers."""
    name, _, version = platform.partition("@")
    model, said = Platform(name, version).make(), []
    for call, expected in parse(script):
        answer = model.perform(call)
        said += [f"{call} = {answer}"] if expected else []
    return said


def measured(platform: str, name: str) -> list[str]:
    """The lines of a measurement that name an answer, with what a platform answered."""
    others = {call: said.split() for call, said in OTHERWISE.get(name, {}).get(platform, {}).items()}
    lines = [(str(call), str(answer)) for call, answer in parse(MEASURED[name]) if answer]
    return [f"{call} = {_next(others[call]) if call in others else answer}" for call, answer in lines]


def _next(said: list[str]) -> str:
    """The answer to a call that stands there several times; the last one also answers what follows."""
    return said.pop(0) if len(said) > 1 else said[0]


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("platform", [*LINUX, GVISOR])
def test_the_model_answers_what_was_measured(platform: str, name: str) -> None:
    assert answered(platform, MEASURED[name]) == measured(platform, name)


def test_every_answer_that_differs_is_asked_for() -> None:
    for name, platforms in OTHERWISE.items():
        for platform, calls in platforms.items():
            assert set(calls) <= {str(call) for call, answer in parse(MEASURED[name]) if answer}, (name, platform)
            assert measured(platform, name) != measured("linux@6.18.44", name), (name, platform)
