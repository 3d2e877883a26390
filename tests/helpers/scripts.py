"""Scripts that nobody would write: any call in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence

from fixtures.language.words import OPTION_NAMES

HOSTS = {
    "4": ("127.0.0.1", "127.0.0.1", "127.0.0.2", "0.0.0.0", "224.0.0.251"),
    "6": ("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:0.0.0.0]", "[ff05::fb]"),
}
KINDS = ("tcp4", "tcp4", "tcp6", "udp4", "udp6", "mptcp4", "mptcp6")
CALLS = (
    *["{on}.bind({address})"] * 4,
    *["{on}.listen()", "{on}.connect({address})", "{new} = {on}.accept()"] * 3,
    *["{new} = {actor}{kind}({options})"] * 6,
    *["{on}.disconnect()", "{on}.close()", "{new} = {on}.dup()", "{new} = {on}.inherit()", "{new} = {on}.inherit(stranger)"],
    *[
        "{on}.send(1)",
        "{on}.sendto({address})",
        "{on}.send(64000000)",
        "{on}.recv(1)",
        "{on}.shutdown(RD)",
        "{on}.shutdown(WR)",
        "{on}.shutdown(RDWR)",
    ],
    *["{on}.setsockopt({option}, 1)", "{on}.setsockopt({option}, 0)", "{on}.getsockopt({option})", "{on}.join(224.0.0.251)"],
    "{on}.leave(224.0.0.251)",
    *["connections({address})", "shows({address}, TIME_WAIT)", "elapse(61)", "run(echo_once, {address}, SO_REUSEADDR)"],
)


#: What happens to sockets that compete for one port; each is bound first.
NEXT = (
    "{on}.listen()",
    "{on}.listen()",
    "{on}.close()",
    "{on}.setsockopt({option}, {bit})",
    "{on}.shutdown(RDWR)",
    "connections({host}:P)",
)


def rivals(chance: random.Random, options: Sequence[str]) -> str:
    """A script of two to four sockets that want one port, with clients in between, which ends in the question who receives."""
    protocol, lines, open_ = chance.choice(("tcp", "tcp", "udp")), [], []
    for number in range(chance.randint(2, 4)):
        kind = protocol + chance.choice(("4", "4", "6"))
        name, host = f"N{number}", chance.choice(HOSTS[kind[-1]])
        wanted = chance.sample([option for option in options if option != "SO_LINGER"], chance.choice((0, 1, 1, 2)))
        given = ", ".join(f"{option}={chance.choice((0, 1, 1))}" for option in wanted if kind[-1] == "6" or option != "IPV6_V6ONLY")
        actor = chance.choice(("", "", "", "other: ", "stranger: "))
        lines += [f"{name} = {actor}{kind}({given})", f"{name}.bind({host}:{chance.choice('PPPQ')})"]
        open_.append(name)
        if protocol == "tcp" and chance.random() < 0.4:
            lines += [f"{name}.listen()", f"C{number} = tcp{kind[-1]}()", f"C{number}.connect({host}:P)", f"D{number} = {name}.accept()"]
            lines += chance.sample(
                [f"{name}.close()", f"D{number}.close()", f"C{number}.close()", f"C{number}.recv(1)"], chance.randint(0, 4)
            )
        for form in chance.sample(NEXT, chance.randint(0, 2)):
            option = chance.choice([one for one in options if one not in ("IPV6_V6ONLY", "SO_LINGER")] or ["SO_REUSEADDR"])
            lines.append(form.format(on=chance.choice(open_), option=option, bit=chance.randint(0, 1), host=chance.choice(HOSTS["4"])))
    return "\n".join([*lines, f"connections({chance.choice(HOSTS[chance.choice('446')])}:P)"])


def random_script(chance: random.Random, options: Sequence[str] = OPTION_NAMES) -> str:
    """A script of 4 to 24 calls."""
    families, datagrams = {"A": "4"}, set[str]()
    lines = ["A = tcp4(SO_REUSEADDR)"]
    for number in range(1, chance.randint(4, 24)):
        on, kind, form = chance.choice(list(families)[-3:]), chance.choice(KINDS), chance.choice(CALLS)
        if "sendto" in form and on not in datagrams:
            form = "{on}.send(1)"
        port = chance.choice(("P", "P", "P", "Q", "0", f"port({chance.choice(list(families))})"))
        call = form.format(
            new=f"N{number}",
            on=on,
            actor=chance.choice(("", "", "other: ", "stranger: ")),
            kind=kind,
            option=chance.choice(options),
            options=", ".join(f"{name}={chance.randint(0, 1)}" for name in chance.sample(options, chance.choice((0, 0, 1, 1, 2)))),
            address=f"{chance.choice(HOSTS[families[on]])}:{port}",
        )
        lines.append(call)
        if form.startswith("{new}"):
            families[f"N{number}"] = kind[-1] if "{kind}" in form else families[on]
            if kind.startswith("udp") if "{kind}" in form else on in datagrams:
                datagrams.add(f"N{number}")
    return "\n".join(lines)


#: Hosts at which sockets of one kind meet, and where somebody may ask who receives.
MEETING = {
    "4": ("127.0.0.1", "127.0.0.1", "0.0.0.0", "0.0.0.0", "127.0.0.2"),
    "6": ("[::1]", "[::]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:0.0.0.0]"),
}
SWITCHED = ("{on}.setsockopt(SO_REUSEPORT, 0)", "{on}.setsockopt(SO_REUSEPORT, 1)", "{on}.close()")
AFTER_BIND = {
    "tcp": ("{on}.listen()", "{on}.listen()", "{on}.shutdown(RDWR)", *SWITCHED),
    "udp": ("{on}.connect({peer}:Q)", "{on}.connect({peer}:Q)", "{on}.disconnect()", *SWITCHED),
}


def who_receives(chance: random.Random) -> str:
    """A script of three to six sockets at one port that join groups and leave them, which asks who receives, and whom a peer reaches."""
    protocol, open_ = chance.choice(("tcp", "udp")), []
    families = chance.choice(("4", "4", "6", "46"))
    places = {family: chance.sample(MEETING[family], 2) for family in families}
    peers = _PEERS if protocol == "udp" else ()
    lines = [f"P{family} = udp{family}()\nP{family}.bind({host}:Q)" for family, host in peers]
    for number in range(chance.randint(3, 6)):
        name, family = f"N{number}", chance.choice(families)
        options = ["SO_REUSEPORT"] * (chance.random() < 0.9) + ["SO_REUSEADDR"] * (chance.random() < 0.6)
        options += [f"IPV6_V6ONLY={chance.randint(0, 1)}"] * (family == "6" and chance.random() < 0.3)
        lines += [f"{name} = {protocol}{family}({', '.join(options)})", f"{name}.bind({chance.choice(places[family])}:P)"]
        open_.append((name, family))
        lines += [f"{name}.listen()"] * (protocol == "tcp" and chance.random() < 0.8)
        for form in chance.choices(AFTER_BIND[protocol], k=chance.randint(0, 2)):
            on, of = chance.choice(open_)
            peer = "127.0.0.1" if of == "4" else chance.choice(("[::1]", "[::ffff:127.0.0.1]"))
            lines.append(form.format(on=on, peer=peer))
    hosts = ("127.0.0.1", "127.0.0.2") if families == "4" else ("127.0.0.1", "[::1]")
    lines.append(f"connections({chance.choice(hosts)}:P)")
    # What a peer sends may go to any of a group, and then the script ends.
    for family, host in peers:
        lines += [f"P{family}.connect({host}:P)", f"P{family}.send(1)", *(f"{name}.recv(1)" for name, _ in open_)]
    return "\n".join(lines)


_PEERS = (("4", "127.0.0.1"), ("6", "[::1]"))
