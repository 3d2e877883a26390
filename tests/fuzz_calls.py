"""Logs that no tracer would write: `python -m tests.fuzz_calls 10000` makes reports of so many of them."""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path

from fixtures.models import MODELS, Platform
from reports.calls import parse_calls
from reports.inputs import BadInput
from reports.porting.details import as_details
from reports.porting.html import as_html
from reports.porting.markdown import as_markdown
from reports.porting.player import Player
from reports.porting.report import report
from reports.porting.text import as_text
from reports.porting.words import PORTING_VERDICTS

FOLDER = Path(__file__).parent / "data" / "calls"
#: The logs of servers on AF_UNIX.
UNIX = FOLDER.with_name("unix")
NUMBERS = ("0", "1", "3", "5", "-1", "65535", "65536", "4294967296", "9" * 40, "0x7fffffffffffffffffff", "18080")
WORDS = (
    *("AF_INET", "AF_INET6", "AF_UNIX", "SOCK_STREAM", "SOCK_DGRAM", "SO_REUSEADDR", "SO_REUSEPORT", "SO_LINGER", "IPV6_V6ONLY", "[0]"),
    *("<unfinished ...>", "<... accept4 resumed>", "+++ exited with 0 +++", "= -1 EADDRINUSE (x)", "= ?", "CLONE_FILES", "SCM_RIGHTS"),
    *("::", "::1", "0.0.0.0", "224.0.0.251", "ff05::fb", "::ffff:0.0.0.0", "\x00", "\u2028", "<script>", "|", "ERR#48 'In use'"),
    *("3<TCP:[127.0.0.1:80]>,", "3<UDPv6:[[::1]:99999]>,", '"\\x46\\xa0"', "0x2 /* AF_INET */", "getsockopt(", "recvfrom(3,", "SO_TYPE,"),
    *("IP_ADD_MEMBERSHIP,", '{imr_multiaddr=inet_addr("239.1.2.3")},', "exit_group(0)", "CLONE_THREAD", "A.join(239.1.2.3)", "1<python>"),
    *(
        'sun_path=@"x"',
        'sun_path="/x"',
        'unlink("/run/server.sock")',
        "S_IFSOCK",
        "S_IFREG",
        "rename(",
        "mkdir(",
        "unlink(/F)",
        "A.bind(/F)",
        "ENOENT",
    ),
    *("socket(", "bind(", "listen(", "fork(", "dup2(", "close(", "A = tcp4()", "A.bind(127.0.0.1:P)", "RET   bind 0", "CALL  bind(3,0,0)"),
)


@cache
def logs() -> list[list[str]]:
    """The lines of every recorded log."""
    return [path.read_text(encoding="utf-8").split("\n") for path in [*sorted(FOLDER.glob("*.log")), *sorted(UNIX.glob("*.log"))]]


def fuzzed(chance: random.Random) -> bytes:
    """A log that was a real one once."""
    lines = list(chance.choice(logs()))
    start = chance.randrange(len(lines))
    lines = lines[: start + 1] if chance.random() < 0.3 else lines
    for _ in range(chance.randint(1, 30)):
        _harm(lines, chance)
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    if chance.random() < 0.2:
        at = chance.randrange(len(content) or 1)
        content = content[:at] + chance.randbytes(8) + content[at + 4 :]
    return content


def _harm(lines: list[str], chance: random.Random) -> None:
    if not lines:
        lines.append(chance.choice(WORDS))
        return
    at = chance.randrange(len(lines))
    kind = chance.randrange(7)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(chance.randrange(len(lines) + 1), lines[at])
    elif kind == 2:
        lines[at] = lines[at][: chance.randint(0, len(lines[at]))]
    elif kind == 3:
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        words = lines[at].split(" ")
        place = chance.randrange(len(words))
        words[place] = chance.choice((*NUMBERS, *WORDS)) + ("," if chance.random() < 0.3 else "")
        lines[at] = " ".join(words)


def survives(content: bytes, player: Player, targets: list[Platform]) -> str:
    """What became of it: ``refused``, or ``reported``; anything but BadInput is let out."""
    try:
        recording = parse_calls(content, "calls.log")
    except BadInput:
        return "refused"
    parse_calls(f"{recording.notation()}\n# end".encode(), "notation") if recording.notation() else None
    made = report(recording, "calls.log", Platform("linux"), targets, player)
    for write in (as_text, as_details, as_markdown, as_html):
        assert write(made)
    assert all(there.verdict in PORTING_VERDICTS for there in made.targets)
    return "reported"


def main() -> None:
    """Try as many as are asked for."""
    count, player, seen = int(sys.argv[1]), Player(1000, {}), {"refused": 0, "reported": 0}
    names = [name for name in MODELS if name not in ("stevens", "linux")]
    for seed in range(count):
        chance = random.Random(seed)
        content = fuzzed(chance)
        try:
            seen[survives(content, player, [Platform(chance.choice(names))])] += 1
        except Exception:
            print(f"seed {seed}", file=sys.stderr)
            raise
    print(seen)


if __name__ == "__main__":
    main()
