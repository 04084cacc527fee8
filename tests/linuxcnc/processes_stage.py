# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage on which hal_mpg's process can end in any way, and is brought back; see tests/faults/stage.py.

Beside pins it knows `process.running` and `process.status` (the exit status, as a shell has it), and
`signal.NAME`, for what HAL keeps when a component's pins have gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.stage import LIMIT_S, LinuxcncStage
from tests.faults.virtual_hands import VirtualHands
from tests.linuxcnc.driver import Driver, wait_until
from tests.linuxcnc.processes_clock import ServoClock

WATCHDOG_S = 0.13
"""What the samples set: it applies from the fault on, until the way back begins."""

PATIENT_WATCHDOG_S = 20.0
"""For the rest of the time, in which a stall of this machine is of no interest."""

LATE_S = 0.01
"""A servo period that is longer than this is the computer's fault, and spoils a time."""

MODULES = ("hal_mpg", "tests.linuxcnc.processes_faulty")

FOLDER = Path(os.environ["HAL_MPG_LINUXCNC_SOCKET"]).parent


class Process(NamedTuple):
    """A hal_mpg that runs as a component."""

    number: int
    component: str


class ProcessStage(LinuxcncStage):
    """Knows hal_mpg's process, and how to bring it back."""

    hands: VirtualHands

    def __init__(self, driver: Driver) -> None:
        """Have a pendant that is not plugged in yet."""
        super().__init__(driver, VirtualHands())
        self._statuses = FOLDER / "statuses"
        self._statuses.touch()
        self._ended_before = 0
        self.clock = ServoClock()

    # The process.

    def process(self) -> Process | None:
        """Return the hal_mpg that LinuxCNC or `hal_mpg recover` has started, or None."""
        all_there = [_component(entry) for entry in Path("/proc").glob("[0-9]*")]
        found = [process for process in all_there if process and process.component.startswith("hal_mpg")]
        if len(found) > 1:
            raise LookupError(f"several hal_mpg: {found}")
        return found[0] if found else None

    def number(self) -> int:
        """Return the process id. Raises LookupError where there is none."""
        process = self.process()
        if process is None:
            raise LookupError("hal_mpg does not run")
        return process.number

    def statuses(self) -> list[int]:
        """Return the exit statuses so far."""
        return [int(line) for line in self._statuses.read_text().split()]

    def send(self, name: str) -> float:
        """Send it a signal; return when, in seconds of the monotonic clock."""
        number = self.number()
        now = time.monotonic()
        os.kill(number, getattr(signal, name))
        return now

    def ensure_running(self) -> None:
        """Have a hal_mpg that runs, whatever happened to the last one."""
        process = self.process()
        if process is None:
            self.back_recover()
        else:
            os.kill(process.number, signal.SIGCONT)
            self.component = process.component

    # Pins.

    def pin(self, name: str) -> Any:
        """Return what a pin, a signal or the process is; None for a pin that has gone with its component."""
        if name == "process.running":
            return self.process() is not None
        if name == "process.status":
            ended = self.statuses()[self._ended_before :]
            return ended[0] if ended else None
        if name.startswith("signal."):
            return self.driver.pin(name.removeprefix("signal."))
        try:
            return super().pin(name)
        except RuntimeError:
            return None

    # The fault.

    def begin(self, start: str) -> None:
        """Bring everything to where a fault begins."""
        self.be_patient()
        self.driver.read_errors()  # unread ones hold up LinuxCNC's task, 5 s for each one
        super().begin(start)
        self._ended_before = len(self.statuses())

    def do(self, act: str, *arguments: Any) -> Callable[[], float]:
        """Provoke a fault, with the watchdog as the samples have it."""
        self.be_strict()
        return super().do(act, *arguments)

    def stalled(self) -> bool:
        """Tell whether this process or the servo thread stood still since the last `do`."""
        return super().stalled() or self.servo_was_late()

    def servo_was_late(self) -> bool:
        """Tell whether the servo thread stood still since the last `do`."""
        return self.clock.longest_s() > LATE_S

    def be_patient(self) -> None:
        """Have a watchdog that does not trip when the computer stands still."""
        self.driver.set_watchdog(PATIENT_WATCHDOG_S)

    def be_strict(self) -> None:
        """Have the watchdog as the samples have it."""
        self.driver.set_watchdog(WATCHDOG_S)
        for _ in range(3):  # what is set applies from the heartbeat after next on
            self.wait_heartbeat()
        self.clock.restart()

    def expect_on(self) -> None:
        """See that nothing has tripped before the fault."""
        assert self.driver.pin("motion.motion-enabled"), "it tripped before anything was done"

    def wait_heartbeat(self) -> None:
        """Wait until the heartbeat changes."""
        before = self.pin("signal.mpg-heartbeat")
        wait_until(lambda: self.pin("signal.mpg-heartbeat") != before, "a heartbeat", LIMIT_S)

    # The way back.

    def back(self, step: str) -> None:
        """Take a step of the way back, in which times do not matter."""
        self.be_patient()
        super().back(step)

    def back_recover(self) -> None:
        """Start hal_mpg again, as a user would in a terminal."""
        command = ["hal_mpg", "recover", self.driver.stat.ini_filename]
        subprocess.run(command, check=True, timeout=LIMIT_S)
        process = self.process()
        assert process, "`hal_mpg recover` started nothing"
        self.component = process.component

    def back_go_on(self) -> None:
        """Let a stopped process go on."""
        self.send("SIGCONT")
        self.wait_pin("signal.mpg-estop-ok", True)

    def back_kill(self) -> None:
        """End it, as what hangs has to be ended; some of it ends by itself meanwhile."""
        with suppress(LookupError, ProcessLookupError):
            self.send("SIGKILL")
        wait_until(lambda: self.process() is None, "it to end")


def _component(entry: Path) -> Process | None:
    """Return a process of /proc, where it is a hal_mpg that serves a component."""
    try:
        words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it has ended
        return None
    if words[1:2] != ["-m"] or words[2] not in MODULES or "--pendant" not in words:
        return None
    named = words[words.index("--name") + 1] if "--name" in words else "hal_mpg"
    return Process(int(entry.name), named)
