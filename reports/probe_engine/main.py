"""addrinuse's probe: one file, standard library only, Python 2.7 or later, for systems where nothing else installs.

    python probe.py [--output FILE] [--only WORD] [--option NAME=NUMBER] [--list]

It performs the experiments of addrinuse on loopback (no packet leaves the machine), and writes every call
with its answer to a file, a run. It judges nothing: send the file to the project, which does.
"""

from __future__ import print_function

import re
import signal
import socket
import sys

from fixtures.record.runfile import FORMAT
from reports.probe_engine.bench import Bench
from reports.probe_engine.given import EXPERIMENTS
from reports.probe_engine.options import OPTIONS
from reports.probe_engine.record import fingerprint, need_output, perform, this_platform, write_run
from reports.probe_engine.words import DEADLINE, IPPROTO_IPV6, SEND_TO, Inconclusive


def usage(words):
    """The options of the command line; SystemExit where they are wrong."""
    found = {"output": "", "only": "", "list": False}
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("-h", "--help"):
            print(__doc__)
            raise SystemExit(0)
        if word == "--list":
            found["list"] = True
        elif word in ("--output", "--only", "--option") and words:
            if word != "--option":
                found[word[2:]] = words.pop(0)
                continue
            name, _, number = words.pop(0).partition("=")
            try:
                level = IPPROTO_IPV6 if name.startswith("IPV6_") else socket.SOL_SOCKET
                OPTIONS[name] = (level, int(number, 0))
            except ValueError:
                raise SystemExit("probe.py: --option takes NAME=NUMBER, as in --option SO_REUSEPORT=0x200 (see sys/socket.h)")
        else:
            raise SystemExit("probe.py: %s: no such option, or its value is missing (--help shows the usage)" % word)
    return found


def late(number, frame):
    """A call did not end."""
    raise Inconclusive("a call did not end within %d s" % DEADLINE)


def main(words):
    """Perform the experiments and write the run."""
    options = usage(words)
    chosen = [experiment for experiment in EXPERIMENTS if options["only"] in experiment[0]]
    if not chosen:
        raise SystemExit("probe.py: no experiment has %r in its id (--list shows them)" % options["only"])
    if options["list"]:
        # As other programs end when `| head` has read enough.
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        print("\n".join("%s  %s" % (experiment[0], experiment[2]) for experiment in chosen))
        sys.stdout.flush()
        signal.signal(signal.SIGPIPE, before)
        return
    signal.signal(signal.SIGALRM, late)
    here = this_platform()
    machine = fingerprint()
    path = options["output"] or "addrinuse-%s-%s.jsonl" % (re.sub(r"[^A-Za-z0-9._]+", "-", here), machine["privilege"])
    need_output(path)
    bench = Bench()
    records = []
    try:
        for number, experiment in enumerate(chosen, 1):
            records.append(perform(bench, experiment))
            if number % 50 == 0 and sys.stderr.isatty():
                sys.stderr.write("\r%d of %d" % (number, len(chosen)))
    finally:
        bench.end()
    write_run(path, {"format": FORMAT, "platform": here, "stack": "kernel", "fingerprint": machine}, records)
    ended = len([record for record in records if record["verdict"] == "unrecorded"])
    print("%s: %s, %d experiments recorded, %d of them to their end." % (path, here, len(records), ended))
    print("Please " + SEND_TO + ".")


if __name__ == "__main__":
    main(sys.argv[1:])
