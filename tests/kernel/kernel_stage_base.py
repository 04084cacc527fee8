# SPDX-License-Identifier: GPL-2.0-or-later
"""What all acts of the kernel bed stand on: the beginning, times, and steps of the way back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.faults.stage import LIMIT_S, LinuxcncStage
from tests.kernel.faults_hands import KernelHands
from tests.linuxcnc.driver import Driver, process_of, wait_until

WATCHDOG_S = 2.0
"""An emulated processor may stand still for longer than the samples' time; where that is what is played, the
samples' own is set."""

FAR = 0.1
"""Of X at x100, in mm."""

SERVO_COUNT = "threadtest.0.count"
SERVO_LAG_MS = 5.0
"""Behind by more than that, the servo thread itself stood still, and a time means nothing."""

BELIEF_S = 2.0


class KernelBase(LinuxcncStage):
    """The pendant, hal_mpg and LinuxCNC, at the beginning of a fault and after it."""

    hands: KernelHands

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver, KernelHands())
        self._lags_ms: list[float] = []
        self._process = process_of("hal_mpg")
        for command in ("loadrt threadtest", "addf threadtest.0.increment servo-thread"):
            subprocess.run(["halcmd", *command.split()], check=True)

    # The beginning.

    def ensure_running(self) -> None:
        """Undo what was done before: by hands, by root, by signals."""
        self.driver.read_errors()  # LinuxCNC's task waits for seconds when nobody takes its messages
        self.hands.ask("tidy")
        os.kill(self.process(), signal.SIGCONT)
        self.set_watchdog(WATCHDOG_S)

    def begin_idle(self) -> None:
        """Machine on and homed, X at x10, nobody touches the pendant."""
        self.ensure_running()
        hands = self.hands
        if not hands.is_plugged_in():
            hands.plug_in()
        self.wait_pin("connected", True)
        hands.estop_released, hands.reset, hands.enable = True, False, False
        hands.select("x", "x10")
        self.ensure_shown()
        self.ensure_on()

    def ensure_shown(self) -> None:
        """Have the switches seen as they stand; see `KernelHands.touch_all`."""
        try:
            wait_until(self._is_shown, "the switches to be seen", BELIEF_S)
        except TimeoutError:
            self.hands.touch_all()
            wait_until(self._is_shown, "the switches to be seen", LIMIT_S)

    def _is_shown(self) -> bool:
        return bool(self.pin("estop-ok")) and self.pin("axis-select") == 0 and self.pin("scale-select") == 1

    def begin_estop_held(self) -> None:
        """The E-stop is pressed, and the enabling button held."""
        self.begin_armed()
        self.hands.press_estop()
        self.driver.wait_state("ESTOP", LIMIT_S)

    def begin_nothing_held(self) -> None:
        """The E-stop is pressed, no axis and no scale selected: no key of the device is down."""
        self.begin_idle()
        self.hands.axes = self.hands.scales = ()
        self.hands.press_estop()
        self.driver.wait_state("ESTOP", LIMIT_S)
        self.wait_pin("axis-select", -1)

    def select_far(self, detents: int) -> int:
        """Select X at x100; return the detents that turn it towards its middle.

        Played again and again in one direction, they would bring it to its soft limit.
        """
        self.hands.select("x", "x100")
        self.wait_pin("scale", FAR)
        return self.towards_middle(detents)

    # Processes, and the computer's own troubles.

    def process(self) -> int:
        """Return hal_mpg's process id."""
        return self._process

    def set_watchdog(self, timeout_s: float) -> None:
        """Set the watchdog's time, and wait until it is in force."""
        if self.driver.set_watchdog(timeout_s) != timeout_s:
            self.driver.wait_heartbeats()

    def do(self, act: str, *arguments: Any) -> Callable[[], float]:
        """Provoke a fault."""
        self._lags_ms = []
        return super().do(act, *arguments)

    def pin(self, name: str) -> Any:
        """Return a pin's value, and note how far the servo thread is."""
        self._lags_ms.append(time.monotonic() * 1000 - self.driver.pin(SERVO_COUNT))
        return super().pin(name)

    def stalled(self) -> bool:
        """Tell whether the driver, or the servo thread, stood still since the last `do`."""
        return super().stalled() or max(self._lags_ms) - min(self._lags_ms) > SERVO_LAG_MS

    def began_then(self, began: Callable[[], float], check: Callable[[float], None]) -> Callable[[], float]:
        """Return a function that tells when it began, after checking what the entry's keys cannot say."""

        def finish() -> float:
            at = began()
            check(at)
            return at

        return finish

    def tell(self, line: str) -> None:
        """Print something on the guest's console."""
        self.hands.ask("tell", line)

    # The way back.

    def back_plug_in(self) -> None:
        """Plug the pendant in again, and touch it, so that its switches are told."""
        super().back_plug_in()
        self.hands.show()

    def back_undo(self) -> None:
        """Take back what was done to the computer, and touch the pendant."""
        self.hands.ask("tidy")
        self.wait_pin("connected", True)
        self.hands.show()

    back_authorize_again = back_bind_again = back_enable_port = back_undo
    back_give_access = back_end_other_program = back_uninhibit = back_undo

    def back_turn_wheel(self) -> None:
        """Turn the wheel by a detent, by which the kernel hears of the switches, too."""
        self.hands.turn(1)
        self.wait_pin("estop-ok", True)

    def back_touch_switches(self) -> None:
        """Press and release the E-stop, turn the selectors to another position and back."""
        self.hands.touch_all()

    def back_let_go(self) -> None:
        """Let go of everything that is held."""
        self.hands.reset = self.hands.enable = False
        self.hands.show()
        self.wait_pin("reset", False)

    def back_be_still(self) -> None:
        """Leave the wheel alone for a moment."""
        self.wait_pin("armed", True)
