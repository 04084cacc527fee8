# SPDX-License-Identifier: GPL-2.0-or-later
"""Hands on the pendant of sim-mpg-run.ini, and eyes on the program that its wheel runs; for the drivers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.linuxcnc.driver import LIMIT_S, Driver, hal, linuxcnc
from tests.linuxcnc.servo_clock import ServoClock
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

AXIS_SELECTOR = 3
"""ABS_RX of virtual-4axis."""

X, RUN = 1, 9
"""Its positions."""

RUN_BUTTON = 0x12F
"""BTN_DEAD."""


STANDS_S = 0.3
"""What has not moved for so long has come to its end: longer than a detent is spread."""


class Hand:
    """Turns the wheel in time with a clock, and looks at the machine meanwhile."""

    def __init__(self, driver: Driver, component: str = "hal_mpg") -> None:
        self.driver = driver
        self.component = component
        self.pendant = VirtualPendant()
        self.program = Path.cwd() / "run.ngc"
        self.clock = ServoClock()
        self.again: list[dict[str, float]] = []
        """What was played again, and why: by how much the servo thread and the hand were late, in seconds."""
        self.late_s = 0.0
        """By how much a detent was late at most, when it was last turned: this is a process like others."""

    def pin(self, name: str) -> float:
        """Return a pin of the component."""
        value: float = hal.get_value(f"{self.component}.{name}")
        return value

    def set_pin(self, name: str, value: str) -> None:
        """Set an input pin of the component."""
        hal.set_p(f"{self.component}.{name}", value)
        time.sleep(0.15)  # two beats

    def get_ready(self, watchdog_s: float) -> None:
        """Plug in, home, hold the enabling button."""
        driver = self.driver
        driver.set_watchdog(watchdog_s)
        self.pendant.plug_in()
        driver.wait_pin(f"{self.component}.estop-ok", True)
        driver.power_up()
        self.pendant.press(ENABLE)
        driver.wait_stat(lambda: bool(driver.stat.adaptive_feed_enabled), "adaptive feed")

    def select_run(self, is_selected: bool) -> None:
        """Turn the axis selector to mpg-run, or to X."""
        self.pendant.move(AXIS_SELECTOR, RUN if is_selected else X)
        self.driver.wait_pin(f"{self.component}.mpg-run.selected", is_selected)
        if is_selected:
            self.driver.wait_pin(f"{self.component}.mpg-run.enable", True)

    def start(self, text: str) -> None:
        """Start a program."""
        self.program.write_text(text, encoding="utf-8")
        self.driver.mode("AUTO")
        self.driver.command.program_open(str(self.program))
        self.driver.complete()
        self.driver.command.auto(linuxcnc.AUTO_RUN, 0)
        self.driver.wait_stat(lambda: self.driver.stat.interp_state != linuxcnc.INTERP_IDLE, "the program")

    def until_path_begins(self) -> None:
        """Wait until the first move is in the planner; it is of no length."""
        self.driver.wait_stat(lambda: self.driver.stat.queue > 0, "a queue")
        time.sleep(0.2)

    def abort(self) -> None:
        """End the program."""
        self.driver.command.abort()
        self.driver.complete()
        self.wait_interpreter(linuxcnc.INTERP_IDLE)

    def wait_interpreter(self, state: int) -> None:
        """Wait until the interpreter is in a state."""
        self.driver.wait_stat(lambda: self.driver.stat.interp_state == state, f"interpreter state {state}")

    def is_idle(self) -> bool:
        """Tell whether no program runs."""
        self.driver.stat.poll()
        return bool(self.driver.stat.interp_state == linuxcnc.INTERP_IDLE)

    def place(self) -> tuple[float, float]:
        """Return X and Y, as commanded."""
        self.driver.stat.poll()
        return self.driver.stat.position[0], self.driver.stat.position[1]

    def feed(self) -> float:
        """Return the adaptive feed."""
        feed: float = hal.get_value("motion.adaptive-feed")
        return feed

    def counts(self) -> int:
        """Return the detents that were counted for the program."""
        return int(self.pin("mpg-run.counts"))

    def turn(self, detents: int, rate: float) -> list[float]:
        """Turn so many detents evenly, so many a second; return the speeds meanwhile, in mm/s."""
        speeds = []
        due = time.monotonic()
        self.late_s = 0.0
        for _ in range(abs(detents)):
            self.late_s = max(self.late_s, time.monotonic() - due)
            self.pendant.turn(1 if detents > 0 else -1)
            due += 1 / rate
            while time.monotonic() < due:
                time.sleep(0.002)
                speeds.append(float(hal.get_value("motion.current-vel")))
        return speeds

    def turn_until(self, condition: Callable[[], bool], rate: float) -> None:
        """Turn until a condition holds.

        Where the computer stood still for so long that hal_mpg has disarmed, it waits as a machinist does.
        """
        end = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > end:
                pins = {name: self.pin(name) for name in ("why-not", "mpg-run.enable", "mpg-run.counts")}
                raise TimeoutError(f"turned for {LIMIT_S} s: {pins}, feed {self.feed()}, at {self.place()}")
            self.turn(1, rate)
            if not self.pin("mpg-run.enable"):
                time.sleep(0.3)

    def until_stands(self) -> float:
        """Wait until nothing moves any more; return how long it moved on, in seconds."""
        start = moved = time.monotonic()
        while (now := time.monotonic()) - moved < STANDS_S:
            if hal.get_value("motion.current-vel"):
                moved = now
            time.sleep(0.002)
        return moved - start

    def moved_in(self, seconds: float) -> float:
        """Return by how much the tool is moved at most in a time, in mm."""
        before = self.place()
        farthest, end = 0.0, time.monotonic() + seconds
        while time.monotonic() < end:
            x, y = self.place()
            farthest = max(farthest, abs(x - before[0]), abs(y - before[1]))
            time.sleep(0.005)
        return farthest
