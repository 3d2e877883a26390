"""The filter, on a machine for its instructions; and the numbers, against the kernel's headers."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest

from fixtures.standin import numbers as N
from fixtures.standin.filter import pack, program

ALLOWED, ASKED = N.RET_ALLOW, N.RET_USER_NOTIF
MACHINES = sorted(N.MACHINES)


def judged(name: str, call: int, *arguments: int, audit: int | None = None, has_mptcp: bool = False) -> int:
    """What the filter returns for a call."""
    machine = N.MACHINES[name]
    numbers = [*arguments, *(0 for _ in range(6 - len(arguments)))]
    data = struct.pack("=iIQ6Q", call, machine.audit if audit is None else audit, 0, *numbers)
    accumulator, at = 0, 0
    instructions = program(machine, has_mptcp=has_mptcp)
    while True:
        code, yes, no, constant = instructions[at]
        if code == 0x06:
            return constant
        if code == 0x20:
            accumulator, at = struct.unpack_from("=I", data, constant)[0], at + 1
        else:
            assert code in (0x15, 0x35)
            at += 1 + (yes if (accumulator == constant if code == 0x15 else accumulator >= constant) else no)


@pytest.mark.parametrize("name", MACHINES)
def test_what_models_decide_is_asked_and_all_else_costs_nothing(name: str) -> None:
    machine = N.MACHINES[name]
    for call in (machine.bind, machine.listen, machine.connect):
        assert judged(name, call, 3) == ASKED
    for level, number in (*N.OPTIONS, *N.JOINS, N.STANDS_FOR):
        assert judged(name, machine.setsockopt, 3, level, number) == ASKED
        assert judged(name, machine.getsockopt, 3, level, number) == ASKED
    keepalive, nodelay = (1, 9), (6, 1)
    for level, number in (keepalive, nodelay):
        assert judged(name, machine.setsockopt, 3, level, number) == ALLOWED
    others = set(range(500)) - {machine.bind, machine.listen, machine.connect, machine.io_uring_setup}
    assert {judged(name, call) for call in others} == {ALLOWED}


@pytest.mark.parametrize("name", MACHINES)
def test_what_would_pass_unseen_is_refused_as_by_a_kernel_without_it(name: str) -> None:
    machine = N.MACHINES[name]
    assert judged(name, machine.socket, 2, 1, 262) == N.RET_ERRNO | errno.EPROTONOSUPPORT
    assert judged(name, machine.socket, 2, 1, 6) == ALLOWED
    assert judged(name, machine.socket, 2, 1, 262, has_mptcp=True) == ALLOWED
    assert judged(name, machine.io_uring_setup) == N.RET_ERRNO | errno.ENOSYS


@pytest.mark.parametrize("name", MACHINES)
def test_programs_of_another_machine_are_let_alone(name: str) -> None:
    assert judged(name, N.MACHINES[name].bind, 3, audit=0x40000003) == ALLOWED
    assert judged(name, N.MACHINES[name].bind | N.X32, 3) == ALLOWED


@pytest.mark.parametrize("name", MACHINES)
def test_no_jump_is_too_long_for_its_byte(name: str) -> None:
    assert all(yes < 256 and no < 256 for _, yes, no, _ in program(N.MACHINES[name], has_mptcp=False))
    code = program(N.MACHINES[name], has_mptcp=False)
    assert len(pack(code)) == 8 * len(code)


@pytest.mark.parametrize(
    ("name", "header"),
    [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")],
)
def test_numbers_are_those_of_the_headers(name: str, header: str) -> None:
    path = Path("/usr/include") / header
    if not path.exists():
        pytest.skip(f"{path} is not installed (linux-libc-dev)")
    found = dict(re.findall(r"#define __NR_(\w+)\s+(\d+)", path.read_text()))
    ours = {call: number for call, number in vars(N.MACHINES[name]).items() if call != "audit"}
    assert {call: int(found[call]) for call in ours} == ours


def test_numbers_of_other_systems_collide_with_no_option_of_linux() -> None:
    path = Path("/usr/include/asm-generic/socket.h")
    if not path.exists():
        pytest.skip(f"{path} is not installed (linux-libc-dev)")
    taken = {int(number) for number in re.findall(r"#define S[OC]\w+\s+(\d+)", path.read_text())}
    foreign = [number for (level, number), name in N.OPTIONS.items() if level == 1 and name not in ("SO_REUSEADDR", "SO_REUSEPORT")]
    assert len(foreign) == 4
    assert not taken & {*foreign, N.STANDS_FOR[1]}
