"""Runs the suite on the library lwIP: a preloaded shim gives each process an lwIP of its own instead of the kernel's sockets."""

from __future__ import annotations

import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from reports.stacks import programs
from reports.stacks.common import CannotRun, need
from reports.stacks.guests import work_folder

SHIM = Path(__file__).with_name("lwip_preload.c")
HEADERS = "/usr/include/lwip"
#: Experiments that kill the process on lwIP, and why.
DEADLY = {
    # lwip_netconn_do_close_internal takes a listener with SO_LINGER 0 for a connection and aborts
    # it. lwIP says "don't call tcp_abort/tcp_abandon for listen-pcbs", and then its heap is
    # corrupt. Seen on 2.1.3.
    "suites/dead_server/test_nothing_left.py::test_linger_set_on_the_listener",
}


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    programs.configure(parser)


def run(args: Namespace) -> int:
    """Run the suite on the installed lwIP.

    Raises CannotRun.
    """
    compiler = need({"cc": "gcc libc6-dev"})["cc"]
    version = release(compiled([compiler, "-E", "-dM", f"-I{HEADERS}", "-include", "lwip/init.h", "-x", "c", "/dev/null"]))
    with work_folder() as work:
        shim = work / "lwip_preload.so"
        compiled([compiler, "-O1", "-shared", "-fPIC", f"-I{HEADERS}", "-o", str(shim), str(SHIM), "-llwip", "-ldl", "-lpthread"])
        job = programs.Job(
            f"lwip@{version}",
            [sys.executable],
            {"LD_PRELOAD": str(shim)},
            ["--isolation", "host", *(f"--deselect={test}" for test in sorted(DEADLY))],
        )
        return programs.run_job(job, args, work)


def release(macros: str) -> str:
    """The version that the header names: ``2.1.3``."""
    found = dict(re.findall(r"#define LWIP_VERSION_(MAJOR|MINOR|REVISION) +(\d+)", macros))
    return ".".join(found.get(part, "0") for part in ("MAJOR", "MINOR", "REVISION"))


def compiled(command: list[str]) -> str:
    """What the compiler says.

    Raises CannotRun if lwIP is missing or does not fit.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout
    if re.search(r"lwip/[\w/]+\.h: No such file|-llwip", done.stderr):
        raise CannotRun("lwIP's library and headers: not on this machine; install them first (Debian: apt install liblwip-dev)")
    told = next((line for line in done.stderr.splitlines() if "error" in line), "no message")
    raise CannotRun(f"the shim for lwIP cannot be compiled: {told}; lwIP of Debian (liblwip-dev 2.1.3) is known to work")
