# SPDX-License-Identifier: GPL-2.0-or-later
"""Where detents go: each one to the counter of an axis or of a target, or into `dropped`.

What was counted in a batch that ends disarmed is taken back before anybody has seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hal_mpg.axis import Axis
from hal_mpg.controls import Controls
from hal_mpg.counter import Counter, wrap32
from hal_mpg.outputs import PULSE_HOLD_S, Outputs
from hal_mpg.program_run import MPG_RUN, ProgramRun
from hal_mpg.selection import Selection


class Ledger:
    """Books the detents of one pendant, and shows the counters on the pins."""

    __slots__ = ("_axes", "_controls", "_counts", "_unpublished", "dropped", "out", "run", "targets")

    def __init__(
        self, axes: Mapping[str, Axis], targets: Iterable[str], controls: Controls, out: Outputs
    ) -> None:
        self._axes = tuple(axes.values())
        self.run = ProgramRun()
        self.targets = {MPG_RUN: self.run.counter} | {t: Counter() for t in targets if t != MPG_RUN}
        self._controls = controls
        self.out = out
        self._counts = Counter()
        self.dropped = 0
        """Detents on no counter, but for those that the wheel's decoder could not make out."""
        self._unpublished: list[Counter | ProgramRun] = []  # those that were counted on since the last batch

    def use(self, detents: int, selection: Selection, jogs: bool, targets: bool, now: float) -> int:
        """Book detents (signed) for what is selected; return how many of them (signed) it took.

        `jogs`: whether jogging is armed; `targets`: whether the target that is selected is.
        """
        axis, target, scale, _ = selection
        if jogs:
            self._counts.add(detents, detents)
            self._unpublished.append(self._counts)
            self.out.set("counts", self._counts.value)
        taken = 0
        if target and targets:
            taken = self._use_for_target(detents, target, now)
        elif jogs and axis is not None and scale >= 0:
            taken = axis.jog(detents, scale, now)
            self._unpublished.append(axis.counter)
            self.out.set(axis.counts_pin, axis.counter.value)
        self.dropped += abs(detents) - abs(taken)
        return taken

    def _use_for_target(self, detents: int, target: str, now: float) -> int:
        if target == MPG_RUN:
            detents = self.run.turn(detents, now)
            self._unpublished.append(self.run)
            self._show_run()
        else:
            self.targets[target].add(detents, detents)
            self._unpublished.append(self.targets[target])
        self.out.set(f"{target}.counts", self.targets[target].value)
        return detents

    def _show_run(self) -> None:
        self.out.set("mpg-run.time", self.run.time)
        self.out.set("mpg-run.feed", self.run.feed)

    def show_dropped(self) -> None:
        """Have the pin show how many detents were dropped."""
        self.out.set("dropped", wrap32(self.dropped + self._controls.wheel.unclear))

    def published(self) -> None:
        """Note that HAL has all counts as they are."""
        for counter in self._unpublished:
            counter.published()
        self._unpublished.clear()

    def stop_jogs(self, now: float) -> None:
        """Take back what was not published of jogs, and stop those that may be under way."""
        self.take_back_jogs()
        if any(axis.may_run(now) for axis in self._axes):
            self.out.set_pulsed("jog-stop", True, True, now, PULSE_HOLD_S)
            self.out.set_pulsed("jog-stop", False, True, now, PULSE_HOLD_S)
        for axis in self._axes:
            axis.stop(now)

    def take_back_jogs(self) -> None:
        """Drop the detents of this batch: what disarms is written before them, so nobody would obey."""
        self._counts.take_back()
        self.out.set("counts", self._counts.value)
        for axis in self._axes:
            self.dropped += axis.counter.take_back()
            self.out.set(axis.counts_pin, axis.counter.value)
        self.show_dropped()

    def stop_run(self) -> None:
        """Take back what was not published of MPG-run; realtime forgets what is left to be run."""
        self.dropped += self.run.stop()
        self._show_run()
        self.out.set("mpg-run.counts", self.run.counter.value)
        self.show_dropped()

    def take_back_overrides(self) -> None:
        """Drop the detents of this batch that were counted on overrides."""
        for target, counter in self.targets.items():
            if target == MPG_RUN:
                continue
            self.dropped += counter.take_back()
            self.out.set(f"{target}.counts", counter.value)
        self.show_dropped()
