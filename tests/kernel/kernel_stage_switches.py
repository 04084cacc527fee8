# SPDX-License-Identifier: GPL-2.0-or-later
"""Acts of the kernel bed: the pendant's switches and its wheel."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests.kernel.faults_hands import Report
from tests.kernel.kernel_stage_base import FAR, KernelBase
from tests.linuxcnc.driver import wait_until

HOLD_S = 0.1
"""How long `estop-ok` stays FALSE at least, whatever the contact does meanwhile."""

FLICKERS = 4
"""How often it is tried to have the selectors flicker while the computer does not stand still."""

PERIOD_S = 0.001
STILL_S = 0.1
INCREMENTS = {
    axis: {"x1": 0.01, "x10": 0.1} if axis in "abc" else {"x1": 0.001, "x10": 0.01} for axis in "xyzabc"
}


class SwitchActs(KernelBase):
    """What breaks, or is held, on the pendant itself."""

    # The E-stop.

    def do_press_estop(self) -> Callable[[], float]:
        self.hands.estop_released = False
        return self.hands.began("report", self.hands.held())

    def do_press_estop_in_turn(self, detents: int) -> Callable[[], float]:
        """Press it while the wheel is turned at x100 and the axis follows."""
        detents = self.select_far(detents)
        self.should["x"] += detents * FAR
        reports = self.hands.turns(detents)
        self.hands.estop_released = False
        return self.hands.began("reports", [*reports, (self.hands.held(), 0)])

    def do_chatter(self, times: int) -> Callable[[], float]:
        """Let the contact open and close as fast as reports go; it ends closed."""
        closed = (self.hands.held(), 0)
        self.hands.estop_released = False
        opened = (self.hands.held(), 0)
        self.hands.estop_released = True
        answer = self.hands.began("reports", [opened, closed] * times)
        began = time.monotonic()
        return lambda: self._see_one_pulse(began) and answer() and began

    def _see_one_pulse(self, began: float) -> bool:
        """See `estop-ok`, which has just fallen, rise once, and not too soon after `began`."""
        self.wait_pin("estop-ok", True)
        assert time.monotonic() - began >= HOLD_S
        return True

    def do_cut_estop(self) -> Callable[[], float]:
        """Open the contact for good, and try to reset in both ways."""

        def try_reset(_: float) -> None:
            self.hands.press_reset(True)
            self.wait_pin("reset", True)
            self.driver.ask_state("ESTOP_RESET")
            self.hands.press_reset(False)
            self.wait_pin("reset", False)

        return self.began_then(self.do_press_estop(), try_reset)

    # The selectors.

    def do_select_also(self, axes: list[str], scales: list[str], detents: int) -> float:
        """Hold these positions, and turn: every detent is dropped."""
        before = self.pin("dropped")
        began = time.monotonic()
        self.hands.axes, self.hands.scales = axes, scales
        self.hands.turn(detents)
        wait_until(lambda: self.pin("dropped") == before + detents, f"{detents} detents to be dropped")
        return began

    def back_select_one(self) -> None:
        """Turn both selectors to one position."""
        self.hands.select("x", "x10")
        self.wait_pin("axis-select", 0)
        self.wait_pin("scale-select", 1)

    def do_flicker(self, detents: int, seed: int) -> float:
        """Turn the wheel while the selectors go from place to place, also between two and at two at once.

        A computer that stood still hands out many detents at once, faster than an axis can follow: those are
        dropped and counted, so that it says nothing, and is done again.
        """
        rng = random.Random(seed)
        for _ in range(FLICKERS):
            began = time.monotonic()
            refused = self._flicker(detents, rng)
            if not refused:
                break
            self.should = dict(self.positions_at_rest())
        assert refused == 0, f"{refused} detents were dropped that had an axis and a scale"
        return began

    def _flicker(self, detents: int, rng: random.Random) -> int:
        """Do it once; return how many detents were dropped although they had an axis and a scale."""
        before = self.pin("dropped")
        reports: list[Report] = []
        dropped = 0
        for _ in range(detents):
            self.hands.axes = rng.choice(("x", "y", "z", "a", "b", "c", "", "xy", "zc"))
            self.hands.scales = rng.choice((("x1",), ("x10",), ("x1", "x10"), ()))
            sign = rng.choice((1, -1))
            reports += self.hands.turns(sign)
            if len(self.hands.axes) == len(self.hands.scales) == 1:
                (axis,), (scale,) = self.hands.axes, self.hands.scales
                self.should[axis] += sign * INCREMENTS[axis][scale]
            else:
                dropped += 1
        self.hands.ask("reports", reports)
        self.hands.select("x", "x10")
        self.wait_pin("scale-select", 1)
        refused: int = self.pin("dropped") - before - dropped
        assert refused >= 0, f"{-refused} detents without an axis or a scale were not dropped"
        return refused

    # The wheel.

    def do_storm(self, per_s: int, seconds: float) -> float:
        """Spin the wheel absurdly fast at x100, and see how far the axis goes on when it stops."""
        self.select_far(1)
        velocity, acceleration = (self.pin(f"axis.x.max-{what}") for what in ("velocity", "acceleration"))
        before = self._counted()
        began = time.monotonic()
        answer = self.hands.start("spin", self.hands.held(), per_s, seconds)
        samples = self._sample_x(began + seconds)
        turned, last_at = answer()["value"]
        counted, dropped = (now - then for now, then in zip(self._counted(), before, strict=True))
        self.should["x"] += turned * FAR
        here_at, here = max(sample for sample in samples if sample[0] <= last_at)
        run_on, rest = samples[-1][1] - here, samples[-1][1] - samples[0][1]
        bound = velocity**2 / (2 * acceleration) + velocity * 0.1 + FAR
        what = f"{turned} detents, {counted} counted, {dropped} dropped, run-on {run_on} mm of {bound}"
        self.tell(f"storm: {what}, {(last_at - here_at) * 1000:.1f} ms")
        assert turned >= 0.9 * per_s * seconds, what
        assert counted + dropped == turned, what
        assert abs(rest - counted * FAR) < 2e-6, what
        assert run_on <= bound + velocity * (last_at - here_at + PERIOD_S), what
        return began

    def _counted(self) -> tuple[int, int]:
        """Return the detents at x100 on X's counter, and those that were dropped."""
        return round(self.pin("axis.x.jog-counts") / 100), self.pin("dropped")

    def _sample_x(self, at_least_until: float) -> list[tuple[float, float]]:
        """Return times and places of X, until it rests."""
        samples: list[tuple[float, float]] = []
        changed_at = 0.0
        while not samples or samples[-1][0] < max(at_least_until, changed_at) + STILL_S:
            now = time.monotonic()
            x = self.driver.positions()["x"]
            if samples and x != samples[-1][1]:
                changed_at = now
            samples.append((now, x))
            time.sleep(PERIOD_S)
        return samples
