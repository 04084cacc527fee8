# SPDX-License-Identifier: GPL-2.0-or-later
"""Realtime priorities for a LinuxCNC on a kernel without PREEMPT_RT, as far as this user may give them.

LinuxCNC itself takes no realtime policy on such a kernel; root can give one to its servo thread all the same.
hal_mpg asks for its own where its limits let it, as after `make install`; root gives it that one, since in a
container root may be unable to raise limits.
"""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hal_mpg.realtime import PRIORITY

SERVO_PRIORITY, DRIVER_PRIORITY = 80, 5

LOOK_S = 0.2

VARIABLE = "HAL_MPG_REALTIME_RUN"
"""Environment variable by which the processes of one run are known."""


def may_have_realtime() -> bool:
    """Tell whether hal_mpg can have a realtime priority here."""
    if os.geteuid() != 0:
        _, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
        return bool(hard == resource.RLIM_INFINITY or hard >= PRIORITY)
    refused: list[OSError] = []  # root of a container may not

    def ask() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except OSError as error:
            refused.append(error)

    thread = threading.Thread(target=ask)  # a policy is a thread's own
    thread.start()
    thread.join()
    return not refused


@contextmanager
def realtime() -> Iterator[dict[str, str]]:
    """Have priorities for what is started meanwhile; yields what has to be added to its environment."""
    mark = f"{os.getpid()}-{threading.get_ident()}"
    is_over = threading.Event()
    giver = threading.Thread(target=_give, args=(f"{VARIABLE}={mark}".encode(), is_over), daemon=True)
    if os.geteuid() == 0:
        giver.start()
    try:
        yield {VARIABLE: mark}
    finally:
        is_over.set()
        if giver.is_alive():
            giver.join()


def _give(mark: bytes, is_over: threading.Event) -> None:
    given: set[int] = set()
    while not is_over.wait(LOOK_S):
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                wanted = _wanted(process)
                if wanted is None or mark not in (process / "environ").read_bytes().split(b"\0"):
                    continue
                for task in {int(each.name) for each in (process / "task").iterdir()} - given:
                    os.sched_setscheduler(task, wanted[0] | os.SCHED_RESET_ON_FORK, os.sched_param(wanted[1]))
                    given.add(task)


def _wanted(process: Path) -> tuple[int, int] | None:
    """Return policy and priority for a process of /proc, where it is one that is to have them."""
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    if "rtapi_app" in words[0]:
        return os.SCHED_FIFO, SERVO_PRIORITY
    if "python" in words[0] and "--pendant" in words:
        return os.SCHED_RR, PRIORITY
    if "python" in words[0] and "drive_faults_processes.py" in " ".join(words):
        return os.SCHED_RR, DRIVER_PRIORITY
    return None
