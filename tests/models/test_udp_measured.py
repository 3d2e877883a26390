"""UDP as it was measured on real kernels, held against the models: on five to nine releases of Linux."""

from __future__ import annotations

import pytest

from fixtures.language.notation import parse
from fixtures.models import Platform

#: Each was measured on these; where 6.13 changed an answer, on those before and since.
BEFORE = ("linux@5.10.262", "linux@6.1.192", "linux@6.12.118")
SINCE = ("linux@6.16.12", "linux@6.17.13", "linux@6.18.44", "linux@6.19.14", "linux@7.0.13", "linux@7.3.4")
LINUX = (*BEFORE, *SINCE)

SHARED = "A = udp4({option})\nA.bind({host}:P)\nB = udp4({option})\nB.bind({host}:P)\nconnections(127.0.0.1:P) = {first}\n"
FIRST = "A.connect(127.0.0.1:Q)\nconnections(127.0.0.1:P) = B\nA.disconnect() = ok\n"
SECOND = "B.connect(127.0.0.1:Q)\nconnections(127.0.0.1:P) = A\nB.disconnect() = ok\n"
THIRD = "connections(127.0.0.1:P) = {then}\nC = udp4({option})\nC.bind({host}:P) = ok\nconnections(127.0.0.1:P) = {at_last}"
BOUND = "A = udp4()\nA.bind({at})\nA.connect(127.0.0.1:Q)\nA.disconnect() = ok\nB = udp4()\n"
TWO = "A = udp4({option})\nA.bind(0.0.0.0:P)\nB = udp4({option})\nB.bind(0.0.0.0:P)\n"
TO_ALL = "connections(127.255.255.255:P) = {}\n"
TO_GROUP = "connections(224.0.0.251:P) = {}\n"
CLIENT = (
    "L = tcp4()\nL.bind(127.0.0.1:Q)\nL.listen()\nC = tcp4()\nC.bind({at})\nC.connect(127.0.0.1:Q)\nD = L.accept()\nC.disconnect() = ok\n"
)
LISTENER = "A = tcp4()\nA.bind({at})\nA.listen()\nC = tcp4()\nC.connect(127.0.0.1:{port})\nA.disconnect() = ok\nC.recv(1) = ECONNRESET\n"


def _shared(who: str, option: str, host: str, first: str, then: str, at_last: str) -> str:
    return (SHARED + who + THIRD).format(option=option, host=host, first=first, then=then, at_last=at_last)


#: What Linux answered, by the measurement. A line without an answer is a step on the way.
MEASURED = {
    "unspec/udp/unbound": (
        "A = udp4()\nA.connect(127.0.0.1:Q)\nA.disconnect() = ok\nB = udp4()\nB.bind(0.0.0.0:port(A)) = ok\nA.disconnect() = ok\n"
        "A.send(1) = EDESTADDRREQ"
    ),
    "unspec/udp/named-wildcard": BOUND.format(at="0.0.0.0:P") + "B.bind(0.0.0.0:P) = EADDRINUSE\nconnections(127.0.0.1:P) = A",
    "unspec/udp/named-specific": BOUND.format(at="127.0.0.1:P") + "B.bind(0.0.0.0:P) = EADDRINUSE\nconnections(127.0.0.1:P) = A",
    "unspec/udp/drawn-wildcard": BOUND.format(at="0.0.0.0:0") + "connections(127.0.0.1:port(A)) = none\nB.bind(0.0.0.0:port(A)) = ok",
    "unspec/udp/drawn-specific": BOUND.format(at="127.0.0.1:0") + "connections(127.0.0.1:port(A)) = none\nB.bind(127.0.0.1:port(A)) = ok",
    "unspec/never-connected/named": "A = udp4()\nA.bind(0.0.0.0:P)\nA.disconnect() = ok\nB = udp4()\nB.bind(0.0.0.0:P) = EADDRINUSE",
    "unspec/never-connected/drawn": "A = udp4()\nA.bind(0.0.0.0:0)\nA.disconnect() = ok\nB = udp4()\nB.bind(0.0.0.0:port(A)) = ok",
    "unspec/never-connected/unbound": "A = udp4()\nA.disconnect() = ok",
    "unspec/udp6/drawn": (
        "A = udp6()\nA.bind([::]:0)\nA.connect([::1]:Q)\nA.disconnect() = ok\nB = udp6()\nB.bind([::]:port(A)) = ok\n"
        "A.connect([::1]:Q) = ok"
    ),
    "unspec/udp6/mapped": "A = udp6()\nA.connect([::ffff:127.0.0.1]:Q)\nA.disconnect() = ok\nA.connect([::1]:Q) = ok",
    "unspec/option-change": "A = udp4()\nA.bind(0.0.0.0:0)\nA.connect(127.0.0.1:Q)\nA.disconnect() = ok\nA.bind(127.0.0.1:P) = ok",
    "unspec/option-change/named": "A = udp4()\nA.bind(0.0.0.0:P)\nA.connect(127.0.0.1:Q)\nA.disconnect()\nA.bind(127.0.0.1:Q) = EINVAL",
    "unspec/group/reuseport/any": _shared(FIRST, "SO_REUSEPORT", "0.0.0.0", "both", "A", "both"),
    "unspec/group-B-connects/reuseport/any": _shared(SECOND, "SO_REUSEPORT", "0.0.0.0", "both", "B", "both"),
    "unspec/group/reuseaddr/any": _shared(FIRST, "SO_REUSEADDR", "0.0.0.0", "B", "A", "C"),
    "unspec/group/reuseaddr/127.0.0.1": _shared(FIRST, "SO_REUSEADDR", "127.0.0.1", "B", "B", "C"),
    "unspec/tcp/unbound": (
        "L = tcp4()\nL.bind(127.0.0.1:Q)\nL.listen()\nC = tcp4()\nC.connect(127.0.0.1:Q)\nD = L.accept()\nC.disconnect() = ok\n"
        "D.recv(1) = ECONNRESET\nB = tcp4()\nB.bind(0.0.0.0:port(C)) = ok\nC.connect(127.0.0.1:Q) = ok"
    ),
    **{
        f"unspec/tcp/{at}": CLIENT.format(at=at)
        + f"D.recv(1) = ECONNRESET\nB = tcp4()\nB.bind({at.partition(':')[0]}:port(C)) = {others}\nC.connect(127.0.0.1:Q) = ok"
        for at, others in (("0.0.0.0:P", "EADDRINUSE"), ("127.0.0.1:P", "EADDRINUSE"), ("0.0.0.0:0", "ok"), ("127.0.0.1:0", "ok"))
    },
    **{
        f"unspec/tcp-listener/{at}": LISTENER.format(at=at, port="P" if at[-1] == "P" else "port(A)")
        + f"E = tcp4()\nE.connect(127.0.0.1:port(A)) = ECONNREFUSED\nB = tcp4()\nB.bind({at.partition(':')[0]}:port(A)) = {others}\n"
        "A.listen() = ok"
        for at, others in (("0.0.0.0:P", "EADDRINUSE"), ("127.0.0.1:P", "EADDRINUSE"), ("127.0.0.1:0", "ok"))
    },
    "implicit/sendto": (
        "A = udp4()\nA.sendto(127.0.0.1:P) = ok\nA.sendto(127.0.0.1:P) = ok\nA.bind(127.0.0.1:Q) = EINVAL\n"
        "B = udp4()\nB.bind(0.0.0.0:port(A)) = EADDRINUSE\nB.bind(127.0.0.1:port(A)) = EADDRINUSE\n"
        "C = udp4(SO_REUSEADDR)\nC.bind(127.0.0.1:port(A)) = EADDRINUSE\nconnections(127.0.0.1:port(A)) = A"
    ),
    **{
        f"implicit/sendto-reuse/{option}": f"A = udp4({option})\nA.sendto(127.0.0.1:P)\nB = udp4({option})\n"
        "B.bind(127.0.0.1:port(A)) = ok\nconnections(127.0.0.1:port(A)) = B"
        for option in ("SO_REUSEADDR", "SO_REUSEPORT")
    },
    "implicit/failed-sendto/send": "A = udp4()\nA.send(1) = EDESTADDRREQ\nA.bind(127.0.0.1:P) = EINVAL",
    "implicit/after-disconnect": (
        "A = udp4()\nA.sendto(127.0.0.1:P)\nA.disconnect() = ok\nB = udp4()\nB.bind(0.0.0.0:port(A)) = ok\nA.sendto(127.0.0.1:P) = ok"
    ),
    "errors/unconnected": "A = udp4()\nA.sendto(127.0.0.1:Q) = ok\nA.sendto(127.0.0.1:Q) = ok",
    "errors/connected/sendto-another": (
        "C = udp4()\nC.connect(127.0.0.1:Q)\nC.send(1) = ok\nC.sendto(127.0.0.1:P) = ECONNREFUSED\nC.sendto(127.0.0.1:P) = ok"
    ),
    "multicast/all-default/reuseaddr": TWO.format(option="SO_REUSEADDR")
    + "A.getsockopt(IP_MULTICAST_ALL) = 1\nA.join(224.0.0.251) = ok\n"
    + TO_GROUP.format("each"),
    **{
        f"multicast/all-0/{option}": TWO.format(option=option)
        + "A.join(224.0.0.251)\nB.setsockopt(IP_MULTICAST_ALL, 0) = ok\n"
        + TO_GROUP.format("A")
        + "B.join(224.0.0.252) = ok\n"
        + TO_GROUP.format("A")
        + "connections(224.0.0.252:P) = each"
        for option in ("SO_REUSEADDR", "SO_REUSEPORT")
    },
    "multicast/leave/reuseaddr": TWO.format(option="SO_REUSEADDR")
    + "A.join(224.0.0.251)\nB.join(224.0.0.251)\nB.join(224.0.0.251) = EADDRINUSE\n"
    + TO_GROUP.format("each")
    + "B.leave(224.0.0.251) = ok\n"
    + TO_GROUP.format("each")
    + "B.setsockopt(IP_MULTICAST_ALL, 0)\n"
    + TO_GROUP.format("A")
    + "A.leave(224.0.0.251) = ok\n"
    + TO_GROUP.format("none")
    + "A.leave(224.0.0.251) = EADDRNOTAVAIL",
    "multicast/bound-to-group/reuseaddr": (TWO.format(option="SO_REUSEADDR") + "A.join(224.0.0.251)\n").replace(
        "0.0.0.0:P", "224.0.0.251:P"
    )
    + "C = udp4(SO_REUSEADDR)\nC.bind(127.0.0.1:P) = ok\nB.setsockopt(IP_MULTICAST_ALL, 0)\n"
    + TO_GROUP.format("A"),
    "multicast/closes": TWO.format(option="SO_REUSEADDR") + "A.join(224.0.0.251)\nA.close()\n" + TO_GROUP.format("none"),
    "multicast/other-process-joined": "C = other: udp4()\nC.join(224.0.0.251)\nA = udp4()\nA.bind(0.0.0.0:P)\n"
    + TO_GROUP.format("A")
    + "A.setsockopt(IP_MULTICAST_ALL, 0)\n"
    + TO_GROUP.format("none"),
    "broadcast/needs-option": "A = udp4()\nA.bind(0.0.0.0:P)\nS = udp4()\n"
    "S.sendto(127.255.255.255:P) = EACCES\nS.connect(127.255.255.255:P) = EACCES\n"
    "S.setsockopt(SO_BROADCAST, 1)\nS.sendto(127.255.255.255:P) = ok\nA.recv(1) = ok\nS.connect(127.255.255.255:P) = ok\n"
    "S.setsockopt(SO_BROADCAST, 0)\nS.send(1) = ok\nA.recv(1) = ok",
    "broadcast/two-wildcards/reuseaddr": TWO.format(option="SO_REUSEADDR") + TO_ALL.format("each") + "connections(127.0.0.1:P) = B",
    "broadcast/two-wildcards/reuseport": TWO.format(option="SO_REUSEPORT") + TO_ALL.format("each") + "connections(127.0.0.1:P) = both",
    "broadcast/wildcard-specific-broadcast/reuseaddr": "A = udp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nB = udp4(SO_REUSEADDR)\n"
    "B.bind(127.0.0.1:P) = ok\nC = udp4(SO_REUSEADDR)\nC.bind(127.255.255.255:P) = ok\n"
    + TO_ALL.format("both")
    + "connections(127.0.0.1:P) = B",
    "broadcast/two-on-the-broadcast-address/reuseport": TWO.format(option="SO_REUSEPORT").replace("0.0.0.0:P", "127.255.255.255:P")
    + TO_ALL.format("each"),
    "broadcast/connected-sharer/reuseaddr": TWO.format(option="SO_REUSEADDR") + "B.connect(127.0.0.1:Q)\n" + TO_ALL.format("A"),
    "broadcast/dual-stack-listens/reuseaddr": "A = udp4(SO_REUSEADDR)\nA.bind(0.0.0.0:P)\nB = udp6(IPV6_V6ONLY=0, SO_REUSEADDR)\n"
    "B.bind([::]:P) = ok\n" + TO_ALL.format("each"),
    "broadcast/no-options": "A = udp4()\nA.bind(127.255.255.255:P) = ok\nB = udp4()\nB.bind(127.0.0.1:P) = ok\nC = udp4()\n"
    "C.bind(0.0.0.0:P) = EADDRINUSE\n" + TO_ALL.format("A"),
    "errors/connected-then-unspec-pending": "A = udp4()\nA.connect(127.0.0.1:Q)\nA.send(1)\nA.disconnect() = ok\nA.recv(1) = ECONNREFUSED",
}
#: Who receives at one address: until 6.13 the disconnected socket is back in its group, since then it stays out and hears nothing.
CHANGED = {
    "unspec/group/reuseport/127.0.0.1": (
        _shared(FIRST, "SO_REUSEPORT", "127.0.0.1", "both", "both", "A+B+C"),
        _shared(FIRST, "SO_REUSEPORT", "127.0.0.1", "both", "B", "both"),
    ),
    "unspec/group-B-connects/reuseport/127.0.0.1": (
        _shared(SECOND, "SO_REUSEPORT", "127.0.0.1", "both", "both", "A+B+C"),
        _shared(SECOND, "SO_REUSEPORT", "127.0.0.1", "both", "B", "both"),
    ),
}


def _wrong(platform: str, script: str) -> list[str]:
    """The lines that the model answers otherwise."""
    model = Platform(*platform.split("@")).make()
    expected = [(call, answer) for call, answer in parse(script)]
    return [f"{call} = {said}, not {answer}" for call, answer in expected if (said := model.answer(call)) and answer and said != answer]


@pytest.mark.parametrize("measured", MEASURED)
def test_what_was_measured_on_linux(measured: str) -> None:
    wrong = {platform: lines for platform in LINUX if (lines := _wrong(platform, MEASURED[measured]))}
    assert wrong == {}


@pytest.mark.parametrize("measured", CHANGED)
def test_what_changed_in_linux(measured: str) -> None:
    scripts = dict.fromkeys(BEFORE, CHANGED[measured][0]) | dict.fromkeys(SINCE, CHANGED[measured][1])
    wrong = {platform: lines for platform, script in scripts.items() if (lines := _wrong(platform, script))}
    assert wrong == {}


def test_until_5_6_a_wildcard_that_was_disconnected_was_deaf() -> None:
    """As the message of 303d0403b8c2 has it: found to begin in 5.0."""
    script = "A = udp4()\nA.bind(0.0.0.0:P)\nA.connect(127.0.0.1:Q)\nA.disconnect()\nconnections(127.0.0.1:P) = {}"
    deaf = ("5.0", "5.4", "5.4.23", "5.5")
    hearing = ("4.19", "5.4.24", "5.5.8", "5.6", "")
    said = {**dict.fromkeys(deaf, "none"), **dict.fromkeys(hearing, "A")}
    assert [version for version, answer in said.items() if _wrong(f"linux@{version}", script.format(answer))] == []
