# SPDX-License-Identifier: GPL-2.0-or-later
"""A modest realtime priority, so that a busy computer does not keep the loop from its heartbeat.

Without one, an ordinary process was seen to stand still for half a second while disks and processors were
busy, and the watchdog of the samples tripped; with one, never. It is far below the servo thread's.
"""

from __future__ import annotations

import os
import resource
from contextlib import suppress

PRIORITY = 10
"""Of 1 to 99; LinuxCNC's realtime threads have 97 and 98."""

SPIN_S = 5.0
"""Seconds of processor time without a wait after which the kernel ends a loop that spins (SIGXCPU)."""


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
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_RTTIME, (soft, hard))
        return str(error)
    return None
