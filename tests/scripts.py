"""Scripts that nobody would write: any call in any order."""

from __future__ import annotations

import random

from fixtures.words import OPTION_NAMES

HOSTS = {
    "4": ("127.0.0.1", "127.0.0.1", "127.0.0.2", "0.0.0.0", "224.0.0.251"),
    "6": ("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:0.0.0.0]", "[ff05::fb]"),
}
KINDS = ("tcp4", "tcp4", "tcp6", "udp4", "udp6")
CALLS = (
    *["{on}.bind({address})"] * 4,
    *["{on}.listen()", "{on}.connect({address})", "{new} = {on}.accept()"] * 3,
    *["{new} = {actor}{kind}({options})"] * 6,
    *["{on}.close()", "{new} = {on}.dup()", "{new} = {on}.inherit()", "{new} = {on}.inherit(stranger)"],
    *["{on}.send(1)", "{on}.send(64000000)", "{on}.recv(1)", "{on}.shutdown(RD)", "{on}.shutdown(WR)", "{on}.shutdown(RDWR)"],
    *["{on}.setsockopt({option}, 1)", "{on}.setsockopt({option}, 0)", "{on}.getsockopt({option})", "{on}.join(224.0.0.251)"],
    *["connections({address})", "shows({address}, TIME_WAIT)", "elapse(61)", "run(echo_once, {address}, SO_REUSEADDR)"],
)


def random_script(chance: random.Random) -> str:
    """A script of 4 to 24 calls."""
    families = {"A": "4"}
    lines = ["A = tcp4(SO_REUSEADDR)"]
    for number in range(1, chance.randint(4, 24)):
        on, kind, form = chance.choice(list(families)[-3:]), chance.choice(KINDS), chance.choice(CALLS)
        port = chance.choice(("P", "P", "P", "Q", "0", f"port({chance.choice(list(families))})"))
        call = form.format(
            new=f"N{number}",
            on=on,
            actor=chance.choice(("", "", "other: ", "stranger: ")),
            kind=kind,
            option=chance.choice(OPTION_NAMES),
            options=", ".join(f"{name}={chance.randint(0, 1)}" for name in chance.sample(OPTION_NAMES, chance.choice((0, 0, 1, 1, 2)))),
            address=f"{chance.choice(HOSTS[families[on]])}:{port}",
        )
        lines.append(call)
        if form.startswith("{new}"):
            families[f"N{number}"] = kind[-1] if "{kind}" in form else families[on]
    return "\n".join(lines)
