"""Error messages of programs, as they print them: what failed, where, and on which kind of system."""

from __future__ import annotations

import json

import pytest

from fixtures.libraries import policies
from fixtures.models import MODELS
from reports.__main__ import main
from reports.why.messages import NUMBERS, read

#: The message; errno, call, protocol, host, port; who speaks.
MESSAGES = (
    ("OSError: [Errno 98] Address already in use: ('0.0.0.0', 8080)", ("EADDRINUSE", "bind", "tcp", "0.0.0.0", 8080), "Python"),
    (
        "OSError: [Errno 48] error while attempting to bind on address ('127.0.0.1', 8888): address already in use",
        ("EADDRINUSE", "bind", "tcp", "127.0.0.1", 8888),
        "asyncio",
    ),
    ("PermissionError: [Errno 13] Permission denied", ("EACCES", "bind", "tcp", None, None), "Python"),
    ("OSError: [Errno 99] Cannot assign requested address", ("EADDRNOTAVAIL", "bind", "tcp", None, None), "Python"),
    ("Error: listen EADDRINUSE: address already in use :::3000", ("EADDRINUSE", "bind", "tcp", "::", 3000), "Node.js"),
    ("Error: listen EACCES: permission denied 0.0.0.0:80", ("EACCES", "bind", "tcp", "0.0.0.0", 80), "Node.js"),
    ("Error: bind EADDRINUSE 0.0.0.0:5353", ("EADDRINUSE", "bind", "udp", "0.0.0.0", 5353), "Node.js"),
    (
        "{ code: 'EADDRINUSE', errno: -98, syscall: 'listen', address: '::1', port: 3000 }",
        ("EADDRINUSE", "bind", "tcp", "::1", 3000),
        "Node.js",
    ),
    ("Error: connect EADDRNOTAVAIL 10.0.0.1:80 - Local (0.0.0.0:0)", ("EADDRNOTAVAIL", "connect", "tcp", "10.0.0.1", 80), "Node.js"),
    ("listen tcp :8080: bind: address already in use", ("EADDRINUSE", "bind", "tcp", None, 8080), "Go"),
    ("listen udp 0.0.0.0:5353: bind: address already in use", ("EADDRINUSE", "bind", "udp", "0.0.0.0", 5353), "Go"),
    ("dial tcp 1.2.3.4:80: connect: cannot assign requested address", ("EADDRNOTAVAIL", "connect", "tcp", "1.2.3.4", 80), "Go"),
    ("java.net.BindException: Address already in use (Bind failed)", ("EADDRINUSE", "bind", "tcp", None, None), "Java"),
    ("Web server failed to start. Port 8080 was already in use.", ("EADDRINUSE", "bind", "tcp", None, 8080), "Java"),
    ('Os { code: 98, kind: AddrInUse, message: "Address already in use" }', ("EADDRINUSE", "bind", "tcp", None, None), "Rust"),
    ("Address already in use (os error 48)", ("EADDRINUSE", "bind", "tcp", None, None), "Rust"),
    ("nginx: [emerg] bind() to [::]:80 failed (98: Address already in use)", ("EADDRINUSE", "bind", "tcp", "::", 80), "nginx"),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", ("EACCES", "bind", "tcp", "0.0.0.0", 80), "nginx"),
    (
        "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80",
        ("EADDRINUSE", "bind", "tcp", "::", 80),
        "Apache httpd",
    ),
    (
        "Error starting userland proxy: listen tcp4 0.0.0.0:53: bind: address already in use",
        ("EADDRINUSE", "bind", "tcp", "0.0.0.0", 53),
        "Docker",
    ),
    ("Bind for 0.0.0.0:80 failed: port is already allocated", ("EADDRINUSE", "bind", "tcp", "0.0.0.0", 80), "Docker"),
    (
        'Address already in use - bind(2) for "127.0.0.1" port 3000 (Errno::EADDRINUSE)',
        ("EADDRINUSE", "bind", "tcp", "127.0.0.1", 3000),
        "Ruby",
    ),
    (
        "Failed to bind to address http://127.0.0.1:5000: address already in use.",
        ("EADDRINUSE", "bind", "tcp", "127.0.0.1", 5000),
        ".NET",
    ),
    (
        "OSError: [WinError 10048] Only one usage of each socket address (protocol/network address/port) is normally permitted",
        ("EADDRINUSE", "bind", "tcp", None, None),
        "Python",
    ),
    (
        "listen tcp 127.0.0.1:3306: bind: An attempt was made to access a socket in a way forbidden by its access permissions.",
        ("EACCES", "bind", "tcp", "127.0.0.1", 3306),
        "Go",
    ),
)


@pytest.mark.parametrize(("text", "said", "runtime"), MESSAGES, ids=[text[:40] for text, _, _ in MESSAGES])
def test_a_message_is_read(text: str, said: tuple[object, ...], runtime: str) -> None:
    found = read(text)
    assert found
    assert (found.errno, found.call, found.protocol, found.host, found.port) == said
    assert found.runtime == runtime
    assert not found.library or policies.find(found.library)


@pytest.mark.parametrize("text", ["hello", "Connection refused", "[Errno 2] No such file or directory", "port 80 is open"])
def test_what_is_no_refusal_is_not_read(text: str) -> None:
    assert read(text) is None


def test_a_number_tells_the_system() -> None:
    assert {name for _, names in NUMBERS.values() for name in names} <= MODELS.keys()
    assert (found := read("[Errno 48] Address already in use"))
    assert "macos" in found.platforms
    assert (found := read("listen tcp :80: bind: Only one usage of each socket address is normally permitted."))
    assert found.platforms == ("windows",)


def test_a_message_from_elsewhere_is_judged_by_that_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["why", "--json", "OSError: [WinError 10013] An attempt was made to access a socket in a way forbidden ('127.0.0.1', 8080)"])
        == 1
    )
    said = json.loads(capsys.readouterr().out)
    assert (said["platform"], said["addresses"]) == ("windows", [])
    (one,) = said["refusals"]
    assert (one["answer"], one["address"]) == ("EACCES", "127.0.0.1:8080")


def test_a_message_without_a_port_lists_the_usual_causes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "Address already in use (os error 98)"]) == 1
    out = capsys.readouterr().out
    assert "does not name the port" in out
    assert "  inherited: " in out


def test_connect_has_causes_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "dial tcp 1.2.3.4:80: connect: cannot assign requested address"]) == 1
    assert "connect found no local port for this destination" in capsys.readouterr().out
