"""Scripts of AF_UNIX that nobody would write: sockets and files of several processes, in any order."""

from __future__ import annotations

import random

KINDS = ("unix", "unix", "unix", "unixgram", "unixgram", "unixpacket")
PLACES = ("/F", "/F", "/F", "/G", "/D/F", "/L", "/L/F", "F", "../F", "@N", "@N", "@", "/F/", "/G/F", "/F(108)", "/F(109)", "/D")
FILES = ("/F", "/F", "/F", "/G", "/L", "/D/F", "/D/", "/D", "F", "/L/F")
#: What can be renamed, and get another name. What becomes of folders is no question here.
FILES_ALONE = ("/F", "/F", "/G", "/D/F", "F", "/L/F")
ACTORS = ("", "", "", "other: ", "stranger: ")
ON_FILES = (
    *["unlink({file})"] * 4,
    *["file({file})", "mode({file})", "rename({one}, {other})", "rename({one}, {other})", "hard({one}, {other})"],
    *["make({file})", "make(/D/)", "link({file}, {another})", "link(/L, D/)", "chmod({file}, {mode})", "chdir({file})", "umask({mask})"],
)
ON_SOCKETS = (
    *["{on}.bind({place})"] * 6,
    *["{on}.listen()"] * 4,
    *["{on}.connect({place})"] * 5,
    *["{new} = {on}.accept()", "{on}.close()"] * 3,
    *["{on}.send(1)", "{on}.recv(1)", "{on}.getsockname()"] * 2,
    *["{on}.listen({backlog})", "{on}.shutdown(RD)", "{on}.shutdown(WR)", "{on}.shutdown(RDWR)", "{gram}.sendto({place})"],
    *["{new} = {on}.dup()", "{new} = {on}.inherit()", "{on}.bind(name({another_on}))", "{on}.connect(name({another_on}))"],
    *["{on}.setsockopt(SO_REUSEADDR, 1)", "{on}.setsockopt(SO_REUSEPORT, 1)", "{on}.setsockopt(SO_REUSEPORT, 0)"],
)
MODES = ("0600", "0755", "0777", "0000", "0222", "0444", "01777")


def random_script(chance: random.Random, *, length: int = 24) -> str:
    """A script of up to so many calls, which ends in the question who receives."""
    lines, made, grams = ["make(/D/)", "A = unix()", "G = unixgram()"], ["A", "G"], ["G"]
    for number in range(1, chance.randint(6, length)):
        form = chance.choice(ON_FILES) if chance.random() < 0.3 else chance.choice(ON_SOCKETS)
        new = f"N{number}"
        if chance.random() < 0.2:
            kind = chance.choice(KINDS)
            lines.append(f"{new} = {chance.choice(ACTORS)}{kind}()")
            made.append(new)
            grams += [new] * (kind == "unixgram")
            continue
        if chance.random() < 0.03:
            lines.append("kill(other)")
            continue
        if chance.random() < 0.05:
            lines.append(f"{chance.choice(made[-4:])}.pass(stranger)")
            if chance.random() < 0.7:
                lines.append(f"{new} = stranger: take()")
                made.append(new)
            continue
        # fs.protected_hardlinks is a setting of the machine.
        actor = chance.choice(ACTORS) if form in ON_FILES and not form.startswith("hard") else ""
        lines.append(
            actor
            + form.format(
                new=new,
                on=chance.choice(made[-4:]),
                gram=chance.choice(grams),
                another_on=chance.choice(made),
                place=chance.choice(PLACES),
                file=chance.choice(FILES),
                another=chance.choice(FILES),
                one=chance.choice(FILES_ALONE),
                other=chance.choice(FILES_ALONE),
                mode=chance.choice(MODES),
                mask=chance.choice(("022", "077", "000")),
                backlog=chance.randint(0, 2),
            )
        )
        if form.startswith("{new}"):
            made.append(new)
    return "\n".join([*lines, f"connections({chance.choice(('/F', '/F', '/G', '/D/F', '@N'))})"])
