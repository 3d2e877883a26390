"""The TCP states on a port, as a system shows them."""

import os
import subprocess

from fixtures.machine.tcp_states import parse_netstat, parse_proc_net_tcp
from reports.probe_engine.words import ERRORS, LINUX, Untestable


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
