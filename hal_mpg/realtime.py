# SPDX-License-Identifier: GPL-2.0-or-later
"""A modest realtime priority and memory that stays, so that a busy computer does not keep the loop from its
heartbeat.

Without the priority, an ordinary process was seen to stand still for half a second while disks and processors
were busy, and the watchdog of the samples tripped; with it, never. It is far below the servo thread's. What
the kernel has taken out of memory has to be read from a disk first, which no priority makes quicker.
"""

from __future__ import annotations

import os
import resource

PRIORITY = 10
"""Of 1 to 99; LinuxCNC's realtime threads have 97 and 98."""

SPIN_S = 5.0
"""Seconds of processor time without a wait after which the kernel ends a loop that spins (SIGXCPU)."""


ROOM = 4
"""How many times its size the process has to be allowed to lock.

Once all is locked that will ever come, memory beyond the limit is not given at all.
"""

ENOUGH_TO_LOCK = 128 << 20
"""What is always enough, for whoever asks without being the component."""

MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
"""linux/mman.h, on the processors that LinuxCNC runs on. ONFAULT: a page is locked when it is first used."""


def take_priority() -> str | None:
    """Ask for the priority; return why it was refused, or None. No child process inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    limit_us = int(SPIN_S * 1e6)
    try:
        # Before the priority: a process that never waits would keep others from the processor.
        if hard == resource.RLIM_INFINITY or hard >= limit_us:
            resource.setrlimit(resource.RLIMIT_RTTIME, (limit_us, hard))
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(PRIORITY))
    except (OSError, ValueError) as error:
        try:
            resource.setrlimit(resource.RLIMIT_RTTIME, (soft, hard))
        except (OSError, ValueError):
            pass  # it does no harm as it is
        return str(error)
    return None


def lock_memory() -> str | None:
    """Keep in memory whatever is, and will be, used; return why that may not be, or None."""
    try:
        allowed, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
        needed = ROOM * memory_size()
        if allowed != resource.RLIM_INFINITY and allowed < needed:
            return f"{allowed // 1024} kB may be locked, and {needed // 1024} kB should be"
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT):
            return os.strerror(ctypes.get_errno())
    except (OSError, ImportError, AttributeError, ValueError) as error:
        return str(error)
    return None


def memory_size() -> int:
    """Return the size of this process in bytes, used or not."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
