# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults inside of hal_mpg: an exception anywhere in its loop, no memory, no log; see processes_faulty.py."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from hal_mpg.realtime import SPIN_S
from tests.faults.stage import LIMIT_S
from tests.linuxcnc.driver import wait_until
from tests.linuxcnc.processes_acts import Ending, ProcessActs
from tests.linuxcnc.processes_stage import FOLDER

TRIGGER = FOLDER / "trigger"

GROWTH_LIMIT_S = 120.0


class LoopActs(ProcessActs):
    """Acts for a hal_mpg that runs from processes_faulty.py."""

    _is_worn = False

    def ensure_running(self) -> None:
        """Have a hal_mpg to which nothing lasting was done."""
        TRIGGER.unlink(missing_ok=True)
        if self._is_worn and self.process():
            self.back_kill()
        self._is_worn = False
        super().ensure_running()

    def begin_unplugged(self) -> None:
        """The pendant is not plugged in."""
        self.begin_idle()
        self.hands.unplug()
        self.wait_pin("connected", False)
        self.driver.wait_state("ESTOP", LIMIT_S)

    def do_raise(self, place: str) -> Ending:
        """Have an exception in the next pass through a place of the loop; a detent makes it pass."""
        when = self._ask(f"raise {place}")
        self.turn(1)
        return lambda: when

    def do_raise_at_mode(self, place: str) -> Ending:
        """Have an exception in the next pass through a place that a change of the mode makes it pass."""
        when = self._ask(f"raise {place}")
        self.driver.mode("MDI")
        return lambda: when

    def do_raise_on_the_way_out(self, place: str) -> float:
        """Have an exception while a signal makes it leave."""
        self._ask(f"raise {place}")
        return self.send("SIGTERM")

    def do_refuse_on_the_way_out(self, place: str) -> float:
        """Have an exception each time, while a signal makes it leave."""
        self._ask(f"refuse {place}")
        return self.send("SIGTERM")

    def back_recover(self) -> None:
        """Start hal_mpg again, in which nothing is broken."""
        TRIGGER.unlink(missing_ok=True)
        super().back_recover()

    def do_exhaust(self) -> Ending:
        """Let it have no more memory than it has, and fill that."""
        self._limit_memory()
        when = self._ask("exhaust")
        return lambda: when

    def do_limit_memory(self) -> float:
        """Let it have no more memory than it has, and use it as ever."""
        when = time.monotonic()
        self._limit_memory()
        for _ in range(50):
            self.turn(1)
        self._wait_x(self.should["x"])
        return when

    def do_collect(self, objects: int) -> Ending:
        """Have the garbage collector look at a heap of that many objects."""
        self._is_worn = True
        self.be_patient()
        self._ask(f"grow {objects}")
        self._wait_done(GROWTH_LIMIT_S)
        self.be_strict()
        when = self._ask("collect")
        return lambda: when

    def do_spin(self) -> Ending:
        """Have a loop that never waits. At a realtime priority the kernel ends it: hal_mpg/realtime.py."""
        self._is_worn = True
        number = self.number()
        if os.sched_getscheduler(number) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
            limit_us = int(SPIN_S * 1e6)
            resource.prlimit(number, resource.RLIMIT_RTTIME, (limit_us, resource.RLIM_INFINITY))
        when = self._ask("spin")
        return lambda: when

    def do_say_into(self, path: str, then: str) -> Ending:
        """Have a log that takes no more, and something to say."""
        self._is_worn = True
        self._ask(f"say-into {path}")
        self._wait_done(LIMIT_S)
        when = time.monotonic()
        if then == "unplug":
            self.hands.unplug()
        else:
            self.send(then)
        return lambda: when

    def _ask(self, what: str) -> float:
        file = TRIGGER.with_suffix(".new")
        file.write_text(what, encoding="ascii")
        now = time.monotonic()
        file.rename(TRIGGER)
        return now

    def _wait_done(self, limit_s: float) -> None:
        wait_until(lambda: not TRIGGER.exists(), "what was asked for to be done", limit_s)

    def _limit_memory(self) -> None:
        self._is_worn = True
        number = self.number()
        pages = int(Path(f"/proc/{number}/statm").read_text().split()[0])
        size = pages * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.prlimit(number, resource.RLIMIT_AS)
        resource.prlimit(number, resource.RLIMIT_AS, (size, hard))
