"""Runs the suite on Debian's Linux kernels in qemu's emulation, as root and as a user: the mirror's newest kernel of each series."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from reports.stacks.common import CannotRun, need
from reports.stacks.debian import Kernel, Mirror, choose
from reports.stacks.guests import Guest, run_guests, work_folder
from reports.stacks.guests import configure as configure_guests
from reports.stacks.initramfs import Contents

PROGRAMS = {"qemu-system-x86_64": "qemu-system-x86"}


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("kernels", nargs="*", metavar="KERNEL", help="a series (6.12) or a version (6.12.94); default: every series")
    parser.add_argument("--list", action="store_true", help="only say which kernels would run")
    parser.add_argument("--mirror", default="", metavar="URL", help="Debian's archive (default: what this machine's sources name)")
    configure_guests(parser)


def run(args: Namespace) -> int:
    """Fetch the kernels and run them.

    Raises CannotRun.
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:
        raise CannotRun("the guests take this Python along, so it must be one for 64-bit Linux on x86")
    programs = need(PROGRAMS)
    mirror = Mirror(args.mirror)
    chosen = choose(mirror.kernels(), args.kernels)
    if args.list:
        print("\n".join(f"{kernel.series:<6} {kernel.version:<10} {kernel.package} {kernel.revision}" for kernel in chosen))
        return 0
    with work_folder() as work:
        qemu = programs["qemu-system-x86_64"]
        guests = [machine_for(kernel, mirror.fetch(kernel, work), qemu) for kernel in chosen]
        return run_guests(guests, args, work)


def machine_for(kernel: Kernel, files: Path, qemu: str) -> Guest:
    """The machine for a kernel."""
    veth = files / "veth.ko"
    modules: Contents = {"/veth.ko": veth} if veth.exists() else {}
    return Guest(f"linux@{kernel.version}", lambda _: command(qemu, files / "vmlinuz"), modules)


def command(qemu: str, kernel: Path) -> Sequence[str | Path]:
    """The emulator's command line: one processor, no devices but two serial ports, and none of the user's configuration."""
    # The HPET needs no calibration. On a busy machine a guest once took its TSC for five times as fast.
    # No KVM: in a nested machine it may open and then hang.
    # With -no-reboot, the guest's own shutdown ends the emulator, and so does a panic.
    # Mitigations and random addresses cost much under emulation and decide no socket call. A small table of
    # connections (thash_entries) is quick to walk through, which the suite does each time it looks for a state.
    machine = ["-accel", "tcg", "-cpu", "Nehalem,+rdrand", "-smp", "1", "-m", "1536", "-no-reboot"]
    ports = ["-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-serial", "file:results"]
    parameters = "console=ttyS0 loglevel=4 panic=-1 mitigations=off audit=0 norandmaps clocksource=hpet thash_entries=1024"
    return [qemu, *machine, *ports, "-kernel", kernel, "-initrd", "initramfs", "-append", parameters]
