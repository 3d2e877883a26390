"""The TCP states on a port, as a system shows them."""

import os
import subprocess

from reports.probe_engine.given import LINUX_STATES, STATE_WORDS
from reports.probe_engine.words import ERRORS, LINUX, Untestable


def parse_proc_net_tcp(text, port):
    """The states of the blocks with this local port in the text of Linux's table."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 3 and words[1].endswith(":%04X" % port) and words[3] in LINUX_STATES:
            found.append(LINUX_STATES[words[3]])
    return found


def parse_netstat(text, port):
    """The states of the blocks with this local port in the output of ``netstat -an``."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].lower().startswith("udp"):
            continue
        local = ([word for word in words if port_of(word)] or [""])[0]
        keys = [word.upper().replace("_", "").replace("-", "") for word in reversed(words)]
        states = [STATE_WORDS[key] for key in keys if key in STATE_WORDS]
        if states and port_of(local) == str(port):
            found.append(states[0])
    return found


def port_of(word):
    """The port of ``127.0.0.1.80``, ``*.80``, ``[::1]:80``; empty for anything else."""
    cut = max(word.rfind("."), word.rfind(":"))
    port = word[cut + 1 :]
    return port if cut > 0 and (port.isdigit() or port == "*") else ""


def tcp_states(port):
    """The states of the blocks with this local port."""
    if LINUX:
        found = []
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            if os.path.exists(table):
                with open(table) as file:
                    found += parse_proc_net_tcp(file.read(), port)
        return sorted(found)
    try:
        process = subprocess.Popen(["netstat", "-an"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        text = process.communicate()[0].decode("ascii", "replace")
    except ERRORS:
        raise Untestable("the states of connections cannot be seen here: there is no netstat")
    return sorted(parse_netstat(text, port))
