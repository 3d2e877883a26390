"""What people type finds what they mean: whole words and other names, never a part of a word."""

from __future__ import annotations

import pytest

from fixtures.libraries import policies
from reports import incidents, nicknames
from reports.catalogue import by_id
from reports.explain import told
from reports.inputs import BadInput
from reports.lookup import near


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("go", "Go net (library/go-net, Go)"),
        ("golang", "Go net (library/go-net, Go)"),
        ("node", "Node.js (library/node, Javascript)"),
        ("nginx", "nginx (library/nginx, C)"),
        ("docker", "docker: "),
        ("systemd", "systemd: "),
        ("dnsmasq", "dnsmasq: "),
        ("avahi", "avahi: "),
        ("php", "php: "),
        ("caddy", "caddy: "),
        ("10048", "10048: "),
    ],
)
def test_a_name_finds_the_program(typed: str, first: str) -> None:
    lines = told(typed)
    assert lines[0].startswith(first)
    assert "Django" not in "\n".join(lines)


def test_a_part_of_a_word_finds_nothing() -> None:
    assert [one.id for one in policies.find("djang")] == []
    assert [one.id for one in policies.find("go")] == ["go-net"]
    assert {one.id for one in policies.find("Twisted")} == {"twisted-tcp", "twisted-udp"}
    one = next(one for one in incidents.load() if one.id == "freebsd-balance")
    assert incidents.mentions(one, "FreeBSD")
    assert not incidents.mentions(one, "bsd")


def test_what_nobody_knows_lists_what_is_near() -> None:
    assert near("dockr")[0] == "docker"
    with pytest.raises(BadInput, match="did you mean nginx"):
        told("ngin")


def test_what_is_said_of_a_program_names_what_there_is() -> None:
    known = by_id()
    assert [name for one in nicknames.KNOWN for name in one.experiments if name not in known] == []
    assert [one.library for one in nicknames.KNOWN if one.library and not policies.find(one.library)] == []
    assert [word for word, target in policies.ALIASES.items() if not policies.find(target)] == []
    words = [word for one in nicknames.KNOWN for word in one.words]
    assert len(words) == len(set(words))
