"""The refused calls of a log: the holders that refuse exactly these, by the model; and bad input in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.models import Platform
from reports.__main__ import main
from reports.why.logs import explain
from reports.why.world import Newcomer

#: What grandcat/zeroconf#63 reduces to: mDNS beside another responder.
MDNS = """\
1234  socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 3
1234  setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
1234  bind(3, {sa_family=AF_INET, sin_port=htons(5353), sin_addr=inet_addr("0.0.0.0")}, 16) = -1 EADDRINUSE (Address in use)
1234  close(3) = 0
"""
#: Another socket, for which the program is a server.
SERVED = """\
1234  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 4
1234  bind(4, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
1234  listen(4, 5) = 0
"""
#: puma/puma#1062 and jekyll/jekyll#1895.
ALONE = """\
1234  socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3
1234  bind(3, {sa_family=AF_INET6, sin6_port=htons(3000), sin6_flowinfo=htonl(0), \
inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = -1 EADDRNOTAVAIL (Cannot assign requested address)
1234  close(3) = 0
1234  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3
1234  bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16) = -1 EACCES (Permission denied)
"""
ITSELF = """\
A = tcp6(SO_REUSEADDR)
A.bind([::]:P)
A.listen()
B = tcp4(SO_REUSEADDR)
B.bind(0.0.0.0:P) = EADDRINUSE
"""
FINE = "A = tcp4()\nA.bind(127.0.0.1:P)\nA.listen()\n"


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "calls.log"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_holders_that_refuse_mdns_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "--platform", "linux", "--json", written(tmp_path, MDNS)]) == 1
    (one,) = json.loads(capsys.readouterr().out)["refusals"]
    assert (one["address"], one["answer"], one["protocol"]) == ("0.0.0.0:5353", "EADDRINUSE", "udp")
    first = one["holders"][0]
    assert first["says"] == "a UDP socket at 0.0.0.0:5353, without SO_REUSEADDR (or with SO_REUSEPORT alone)"
    assert first["because"] == "linux/udp-both-need-the-option"


def test_two_errnos_have_one_cause_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "--platform", "linux", written(tmp_path, ALONE)]) == 1
    out = capsys.readouterr().out
    assert "the machine has no ::1" in out
    assert "linux/bind-foreign-address-ipv6" in out
    assert "port 80 is reserved" in out
    assert "linux/bind-reserved-port" in out
    assert "likeliest first" not in out


def test_a_program_that_refuses_itself_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "--platform", "linux", "--json", written(tmp_path, ITSELF)]) == 1
    (one,) = json.loads(capsys.readouterr().out)["refusals"]
    assert one["own_sockets"] == [1]


def test_port_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["port", "--from", "linux", "--to", "windows", "--format", "json", written(tmp_path, MDNS + SERVED)])
    unjudged = "\n".join(json.loads(capsys.readouterr().out)["unjudged"])
    assert "a UDP socket at 0.0.0.0:5353, without SO_REUSEADDR (or with SO_REUSEPORT alone)" in unjudged


def test_a_log_without_refusals_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", written(tmp_path, FINE)]) == 0
    assert "no bind and no listen was refused" in capsys.readouterr().out


def test_who_hears_of_a_holder_at_a_reserved_port_is_root() -> None:
    user = Newcomer("tcp", "127.0.0.1", 80, uid=1000)
    assert explain(user, "bind", "EADDRINUSE", Platform("linux")).hypotheses
    assert explain(user, "bind", "EACCES", Platform("linux")).words


def test_a_refused_listen_is_somebody_who_came_in_between() -> None:
    found = explain(Newcomer("tcp", "127.0.0.1", 8080, (("SO_REUSEADDR", 1),)), "listen", "EADDRINUSE", Platform("linux"))
    assert "a listener at 127.0.0.1:8080" in str(found.hypotheses[0])
    assert {one.because.id for one in found.hypotheses if one.because} == {"linux/second-listen-refused"}


@pytest.mark.parametrize("platform", ["macos", "freebsd", "windows", "solaris", "gvisor", "lwip", "aix", "wsl1"])
def test_every_kind_of_model_can_be_asked(platform: str) -> None:
    for host in ("0.0.0.0", "::", "127.0.0.1"):
        for protocol in ("tcp", "udp"):
            found = explain(Newcomer(protocol, host, 8080), "bind", "EADDRINUSE", Platform(platform))
            assert list(found.told())


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "nothing is asked"),
        (["hello"], "none of what why takes"),
        (["127.0.0.1:99999"], "is not between 1 and 65535"),
        (["127.0.0.1:0"], "is not between 1 and 65535"),
        (["127.0.0.1:nosuchservice"], "no tcp service is called"),
        (["999.1.1.1:80"], "is no address"),
        (["127.0.0.1:80", "--with", "SO_FOO"], "no such option"),
        (["127.0.0.1:80", "--platform", "macos"], "leave it out"),
        (["--recipe", "127.0.0.1:80"], "leave it out"),
        (["--platform", "beos", "--recipe"], "no such platform"),
    ],
)
def test_bad_input_is_one_line(words: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", *words]) == 2
    err = capsys.readouterr().err
    assert part in err
    assert err.count("\n") == 1
