# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory is locked where the limit leaves room for all that may come, and never where it does not."""

from __future__ import annotations

import ctypes
import errno
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hal_mpg import realtime
from hal_mpg.realtime import ROOM, lock_memory, memory_size

ROOT = Path(__file__).parents[2]
SIZE = 40 << 20


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The flags of the calls of mlockall, which does nothing."""
    flags: list[int] = []
    libc = SimpleNamespace(mlockall=lambda flag: flags.append(flag) or 0)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_options: libc)
    monkeypatch.setattr(realtime, "memory_size", lambda: SIZE)
    return flags


def limit(monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (allowed, allowed))


@pytest.mark.parametrize("allowed", [0, 8 << 20, SIZE, ROOM * SIZE - 1])
def test_a_limit_that_could_become_too_low_locks_nothing(
    allowed: int, locked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, allowed)
    refusal = lock_memory()
    assert refusal == f"{allowed // 1024} kB may be locked, and {ROOM * SIZE // 1024} kB should be"
    assert locked == []


@pytest.mark.parametrize("allowed", [resource.RLIM_INFINITY, ROOM * SIZE])
def test_where_there_is_room_what_is_and_what_comes_is_locked_as_it_is_used(
    allowed: int, locked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, allowed)
    assert lock_memory() is None
    assert locked == [0b111], "MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT of linux/mman.h"


def test_what_the_kernel_says_is_told(locked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_flags: int) -> int:
        ctypes.set_errno(errno.EPERM)
        return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_options: SimpleNamespace(mlockall=refuse))
    limit(monkeypatch, resource.RLIM_INFINITY)
    assert lock_memory() == "Operation not permitted"


def test_a_python_without_ctypes_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, resource.RLIM_INFINITY)
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert "ctypes" in (lock_memory() or "")


def test_the_size_is_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    status = Path("/proc/self/status").read_text()
    (kib,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmSize:"))
    assert abs(memory_size() - kib * 1024) < 1 << 20


def test_in_a_process_of_its_own_it_is_locked_or_told_and_memory_is_still_given() -> None:
    """As it comes on this machine; in the emulated one it is always locked (tests/kernel)."""
    program = (
        "from hal_mpg.realtime import lock_memory; refusal = lock_memory(); "
        "more = [bytearray(1 << 20) for _ in range(16)]; "
        "locked = [l for l in open('/proc/self/status') if l.startswith('VmLck')][0].split()[1]; "
        "print(bool(refusal), int(locked) > 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() in (["True", "False"], ["False", "True"])
