"""What each verb is asked, once, in a folder that has a script, recorded calls and a run."""

from __future__ import annotations

from tests.command.installed import Installed

#: Makes the run.
RECORDED = ("run", "-n", "0", "--isolation", "host", "-k", "tcp/stevens-s1", "--record", "run.jsonl")
#: A verb, what it is asked, its exit status, and a part of its answer.
#: PYTHON is the interpreter.
ASKED: dict[str, tuple[list[str], int, str]] = {
    "why": (["--platform", "macos", "listen tcp 127.0.0.1:8080: bind: address already in use"], 1, "likeliest first"),
    "explain": (["tcp/stevens-s11/theft/linux"], 0, "to cite"),
    "predict": (["--platform", "freebsd", "server.txt"], 0, "A.listen() = ok"),
    "try": (["--isolation", "host", "server.txt"], 0, "A.listen() = ok"),
    "diff": (["linux", "windows", "--chapter", "udp"], 1, "windows"),
    "matrix": (["--platforms", "linux", "--chapter", "udp"], 0, "udp"),
    "libraries": (["asyncio", "--platform", "linux"], 0, "SO_REUSEADDR"),
    "record": (["--how", "python", "--", "PYTHON", "-c", "import socket; socket.create_server(('127.0.0.1', 0))"], 0, "A = tcp4"),
    "port": (["--from", "linux", "--to", "freebsd", "calls.log"], 1, "linux -> freebsd"),
    "as": (["windows", "--limits"], 0, "time-wait-length"),
    "run": (["-n", "0", "-k", "tcp/stevens-s11", "--record", "own.jsonl"], 0, " in "),
    "show": (["run.jsonl"], 0, "stevens"),
    "compare": (["run.jsonl", "run.jsonl"], 0, ""),
    "merge": (["run.jsonl"], 0, "stevens"),
    "add": (["run.jsonl"], 0, " of the matrix: "),
    "trend": (["uml"], 2, "no recorded run"),
    "disputed": ([], 0, "claims:"),
    "incidents": ([], 0, "["),
    "render": ([], 2, "run it in a checkout"),
    "ids": ([], 2, "run it in a checkout"),
    "probe": (["--write", "probe.py"], 0, ""),
    "site": (["-o", "site"], 0, ""),
}


def wrong(installed: Installed, verb: str) -> str:
    """Ask a verb, and say what is wrong with its answer; nothing if it is right."""
    words, status, part = ASKED[verb]
    done = installed.run(verb, *(installed.interpreter[-1] if word == "PYTHON" else word for word in words))
    said = done.stdout + done.stderr
    right = done.returncode == status and part in said and "Traceback" not in said
    return "" if right else f"{verb}: status {done.returncode}, not {status} with {part!r}:\n{said}"
