"""An experiment's record, this machine's fingerprint, and the file."""

from __future__ import print_function

import hashlib
import json
import os
import platform
import re
import shutil
import sys
import tempfile

from fixtures import VERSION
from fixtures.machine.fingerprint import SYSCTLS
from fixtures.machine.identity import NAMES
from reports.probe_engine.play import Play
from reports.probe_engine.words import ATTEMPTS, LINUX, WORDS


def perform(bench, experiment):
    """One experiment as a record; tried again when something interfered."""
    identifier, chapter, question, plan = experiment
    attempt, verdict = 0, "inconclusive"
    while verdict == "inconclusive" and attempt < ATTEMPTS:
        attempt += 1
        play = Play(bench)
        verdict, why = "unrecorded", "recorded by probe.py: nothing is judged"
        try:
            play.run(plan)
        except tuple(WORDS.values()) as problem:
            verdict, why = type(problem).__name__.lower(), str(problem)
        except Exception as error:
            verdict, why = "broken", "%s: %s" % (type(error).__name__, error)
        bench.reset()
    return {
        "id": identifier,
        "chapter": chapter,
        "question": question,
        "verdict": verdict,
        "why": " ".join(why.split()),
        "held": None,
        "attempts": attempt,
        "trace": play.trace,
        "variants": [],
    }


def this_platform():
    """The platform in the names of the models, with its release."""
    release = platform.release()
    name = sys.platform
    for prefix in sorted(NAMES):
        if sys.platform.startswith(prefix):
            name = NAMES[prefix]
    if name == "macos":
        release = platform.mac_ver()[0]
    elif name == "aix":
        release = "%s.%s" % (platform.version(), platform.release())
    elif sys.platform.startswith("sunos"):
        if release == "5.11":
            release = platform.version()
            name = "solaris" if release.startswith("11.") else "illumos"
        elif release.startswith("5."):
            release = release[2:]
    release = re.sub(r"^[A-Z]\.?(?=\d)", "", release)
    name = re.sub(r"[^a-z0-9_]", "", name.lower()) or "unknown"
    release = re.sub(r"[^!-.0-~]", "", release)
    return "%s@%s" % (name, release) if release else name


def fingerprint():
    """Everything about this machine that can change an outcome."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    settings = {}
    for name in SYSCTLS:
        path = "/proc/sys/" + name.replace(".", "/")
        if LINUX and os.path.exists(path):
            with open(path) as file:
                settings[name] = " ".join(file.read().split())
    found = {
        "system": platform.system(),
        "release": platform.release(),
        "version": platform.version(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "python": "%s %s" % (platform.python_implementation(), platform.python_version()),
        "suite": VERSION,
        "privilege": "root" if root else "user",
        "isolation": "host",
        "recorder": "probe.py",
    }
    found = dict((name, " ".join(value.split())) for name, value in found.items())
    found["settings"] = settings
    return found


def line_of(record):
    """A record as a line."""
    return json.dumps(record, ensure_ascii=True, sort_keys=True, separators=(",", ":")) + "\n"


def write_run(path, header, records):
    """Write the run in one step. A device or a pipe is written to, and never replaced."""
    lines = [line_of(header)] + [line_of(record) for record in sorted(records, key=lambda record: record["id"])]
    counts = {}
    for record in records:
        counts[record["verdict"]] = counts.get(record["verdict"], 0) + 1
    digest = hashlib.sha256("".join(lines).encode("ascii")).hexdigest()
    lines.append(line_of({"footer": len(records), "verdicts": counts, "sha256": digest}))
    content = "".join(lines).encode("ascii")
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "ab") as file:
            file.write(content)
        return
    path = os.path.realpath(path)
    # Nobody else can guess its name or write there: in /tmp another user could put a link in the way.
    beside = tempfile.mkdtemp(prefix=".addrinuse-", dir=os.path.dirname(path))
    try:
        partial = os.path.join(beside, "run")
        with open(partial, "wb") as file:
            file.write(content)
        os.rename(partial, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def need_output(path):
    """SystemExit where the run could not be written, before it is made."""
    special = os.path.exists(path) and not os.path.isfile(path)
    where = path if special else os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not (special or os.path.isdir(where)) or not os.access(where, os.W_OK):
        raise SystemExit("probe.py: --output %s: cannot be written: name a file in a folder that is there and can be written to" % path)
