# SPDX-License-Identifier: GPL-2.0-or-later
"""Pendants that are broken on purpose: each breaks one thing that always holds, and has to be caught.

They stand in for the faults that the fuzzing is there to find; without them, a check that checks nothing
would look like a program without faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hal_mpg.device_state import LEGAL, State
from hal_mpg.errors import IllegalEvent
from hal_mpg.events import EV_KEY, Change, Disconnected, Event, EventsLost, Frame, PinValue, PinWrite
from hal_mpg.ledger import Ledger
from hal_mpg.machine import Machine
from hal_mpg.outputs import Outputs
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.selection import Selection


class CountsWhileDisarmed(Ledger):
    """Gives detents to an axis whether it is armed or not."""

    def use(self, detents: int, selection: Selection, jogs: bool, overrides: bool, now: float) -> int:
        axis, _, scale, _ = selection
        if jogs or axis is None or scale < 0:
            return super().use(detents, selection, jogs, overrides, now)
        taken = axis.jog(detents, scale, now)
        self.out.set(axis.counts_pin, axis.counter.value)
        self.dropped += abs(detents) - abs(taken)
        return taken


class CountsOnTwoAxes(Ledger):
    """Gives each detent to every axis."""

    def use(self, detents: int, selection: Selection, jogs: bool, overrides: bool, now: float) -> int:
        taken = super().use(detents, selection, jogs, overrides, now)
        scale = selection.scale
        for axis in self._axes if jogs and taken and scale >= 0 else ():
            if axis is not selection.axis:
                axis.jog(taken, scale, now)
                self.out.set(axis.counts_pin, axis.counter.value)
        return taken


class FollowsNoLimit(Ledger):
    """Publishes counts however fast they come."""

    def use(self, detents: int, selection: Selection, jogs: bool, overrides: bool, now: float) -> int:
        if selection.axis is not None:
            selection.axis.limit._velocity_limit = 0.0
        return super().use(detents, selection, jogs, overrides, now)


class NoJogStop(Ledger):
    """Lets a jog run on when it is disarmed."""

    def stop_jogs(self, now: float) -> None:
        self.take_back_jogs()
        for axis in self._axes:
            axis.stop(now)


class PublishesWhenDisarming(Ledger):
    """Publishes the detents of a batch that ends disarmed."""

    def take_back_jogs(self) -> None:
        pass


def with_ledger(ledger: type[Ledger]) -> type[Pendant]:
    """Return a Pendant with a ledger that is broken."""

    class Broken(Pendant):
        __doc__ = ledger.__doc__

        def __init__(self, profile: Profile, machine: Machine) -> None:
            super().__init__(profile, machine)
            self._ledger = ledger(self._axes, profile.targets, self._controls, self._out)

    Broken.__name__ = ledger.__name__
    return Broken


class SelectsLate(Pendant):
    """Takes the axis that is selected at the end of the batch before."""

    def _on_wheel(self, detents: int, now: float, at: float) -> None:
        selection = self._selection
        self._selection = getattr(self, "_late", None) or selection
        super()._on_wheel(detents, now, at)
        self._selection = selection

    def handle(self, events: Iterable[Event], now: float) -> list[PinWrite]:
        writes = super().handle(events, now)
        self._late = self._selection
        return writes


class ResetsCounts(Pendant):
    """Begins at 0 again when the pendant has gone."""

    def _on_device(self, event: Event, now: float) -> None:
        super()._on_device(event, now)
        if isinstance(event, Disconnected):
            for axis in self._axes.values():
                axis.counter.count = 0
                self._out.set(axis.counts_pin, 0)


class LosesDetents(Pendant):
    """Drops what comes while nothing is armed, and says nothing of it."""

    def _on_wheel(self, detents: int, now: float, at: float) -> None:
        dropped = self._ledger.dropped
        super()._on_wheel(detents, now, at)
        if not self._jog.armed and not self._override.armed:
            self._ledger.dropped = dropped
            self._ledger.show_dropped()


class LosesVoidDetents(Pendant):
    """Forgets the detents of events that are void."""

    def _on_device(self, event: Event, now: float) -> None:
        void = event.void if isinstance(event, EventsLost) else ()
        super()._on_device(event, now)
        self._ledger.dropped -= self._controls.void_detents(void)


class UnsafeFirst(Pendant):
    """Writes a batch from its end."""

    def handle(self, events: Iterable[Event], now: float) -> list[PinWrite]:
        return super().handle(events, now)[::-1]


class SeesFramesOnlyWhole(Pendant):
    """Looks at the switches at the end of a frame: what was over by then was not there."""

    def _on_frame(self, frame: Frame, now: float) -> None:
        at = min(frame.time, now)
        for change in frame.changes:
            detents = self._controls.apply(frame.node, change)
            if detents is not None:
                self._on_wheel(detents, now, at)
        self._controls.heard(frame.node)
        self._refresh(now, at)


class EstopLast(Pendant):
    """Shows the E-stop after everything else that is safe."""

    def handle(self, events: Iterable[Event], now: float) -> list[PinWrite]:
        return sorted(super().handle(events, now), key=lambda write: write == ("estop-ok", False))


class ShortPulses(Outputs):
    """Ends every pulse in half of its time."""

    def set_pulsed(
        self, pin: str, value: bool, pulse: bool, now: float, hold_s: float, release_s: float = 0.0
    ) -> None:
        super().set_pulsed(pin, value, pulse, now, hold_s / 2, release_s)


class Ints(Outputs):
    """Takes bits for numbers."""

    def set(self, pin: str, value: PinValue) -> None:
        super().set(pin, int(value) if isinstance(value, bool) else value)


class Bits33(Outputs):
    """Knows no end of numbers."""

    def set(self, pin: str, value: PinValue) -> None:
        super().set(pin, int(value) + (1 << 33) if pin == "dropped" and value else value)


class Repeats(Outputs):
    """Writes what is there already."""

    def flush(self) -> list[PinWrite]:
        writes = super().flush()
        return [*writes, *writes[-1:]]


def with_outputs(outputs: type[Outputs]) -> type[Pendant]:
    """Return a Pendant with outputs that are broken."""

    class Broken(Pendant):
        __doc__ = outputs.__doc__

        def __init__(self, profile: Profile, machine: Machine) -> None:
            super().__init__(profile, machine)
            self._out = self._ledger.out = outputs(self.pins)

    Broken.__name__ = outputs.__name__
    return Broken


class KeepsSelectedFlags(Pendant):
    """Selects a new axis before it deselects the old one, and does the latter never."""

    def _show_selection(self, live: bool) -> None:
        before = [axis for axis in self._axes.values() if self._out[axis.selected_pin]]
        super()._show_selection(live)
        for axis in before:
            self._out.set(axis.selected_pin, True)


class SaysReady(Pendant):
    """Says that it is ready when it waits for the wheel to be still."""

    def _arm(self, reasons: Any, now: float, at: float) -> None:
        super()._arm(reasons, now, at)
        if self._out["why-not"] == 7:
            self._out.set("why-not", 0)


class RemembersPendant(Pendant):
    """Shows the selectors of a pendant that has gone."""

    def _show_selection(self, live: bool) -> None:
        super()._show_selection(live or self._connections > 0)


class HeldAtConnectIsAPress(Pendant):
    """Takes an enabling button that was held all along."""

    def _on_device(self, event: Event, now: float) -> None:
        super()._on_device(event, now)
        self._controls._not_pressed.clear()


class NeverArmsAgain(Pendant):
    """Stays disarmed after the first time."""

    _was_armed = False

    def _arm(self, reasons: Any, now: float, at: float) -> None:
        if self._was_armed and not self._jog.armed:
            at = self._turned_at
        super()._arm(reasons, now, at)
        self._was_armed = self._was_armed or self._jog.armed


class Spins(Pendant):
    """Has always something to do."""

    def next_deadline(self) -> float | None:
        return 0.0


class TakesAnyOrder(Pendant):
    """Takes any event at any time."""

    def _check(self, event: Event) -> State:
        return LEGAL[self._state].get(type(event), self._state)


class RefusesGates(Pendant):
    """Takes an event of HAL's for one that a device cannot say."""

    def handle(self, events: Iterable[Event], now: float) -> list[PinWrite]:
        events = list(events)
        if any(type(event).__name__ == "Gates" for event in events):
            raise IllegalEvent("gates")
        return super().handle(events, now)


class SpoilsStateFirst(Pendant):
    """Refuses an event when it has changed something already."""

    def _check(self, event: Event) -> State:
        try:
            return super()._check(event)
        except IllegalEvent:
            self._ledger.dropped += 1
            self._ledger.show_dropped()
            raise


class Crashes(Pendant):
    """Cannot stand a wheel that moves by more than a hand can."""

    def _on_frame(self, frame: Frame, now: float) -> None:
        if any(abs(value) > 1 << 30 for _, _, value in frame.changes):
            raise OverflowError("too much")
        super()._on_frame(frame, now)


class CountsReleases(Pendant):
    """Counts the release of a wheel's key, and its autorepeat, like a press."""

    def __init__(self, profile: Profile, machine: Machine) -> None:
        super().__init__(profile, machine)
        apply = self._controls.apply

        def wrong(node: int, change: Change) -> int | None:
            kind, code, value = change
            is_wheels = (kind, code) in self._controls._turns
            return apply(node, (kind, code, 1) if is_wheels and kind == EV_KEY and value != 1 else change)

        self._controls.apply = wrong  # type: ignore[method-assign]


class LeavesArmed(Pendant):
    """Forgets a pin on the way out."""

    def safe_writes(self) -> list[PinWrite]:
        return [write for write in super().safe_writes() if write.pin != "armed"]


LESIONS: tuple[tuple[type[Pendant], set[str]], ...] = (
    (with_ledger(CountsWhileDisarmed), {"disarmed"}),
    (with_ledger(PublishesWhenDisarming), {"disarmed", "conserved"}),
    (with_ledger(CountsOnTwoAxes), {"one-axis"}),
    (SelectsLate, {"one-axis", "conserved"}),
    (ResetsCounts, {"jump"}),
    (LosesDetents, {"conserved"}),
    (LosesVoidDetents, {"conserved"}),
    (UnsafeFirst, {"order", "estop"}),
    (SeesFramesOnlyWhole, {"estop", "disarmed", "conserved"}),
    (EstopLast, {"order", "estop"}),
    (with_outputs(ShortPulses), {"pulse"}),
    (with_outputs(Ints), {"type"}),
    (with_outputs(Bits33), {"type"}),
    (with_outputs(Repeats), {"type"}),
    (KeepsSelectedFlags, {"selection"}),
    (SaysReady, {"why-not"}),
    (RemembersPendant, {"disconnected"}),
    (LeavesArmed, {"disconnected"}),
    (HeldAtConnectIsAPress, {"switches"}),
    (NeverArmsAgain, {"live"}),
    (Spins, {"live"}),
    (TakesAnyOrder, {"illegal"}),
    (RefusesGates, {"illegal"}),
    (SpoilsStateFirst, {"conserved"}),
    (Crashes, {"exception"}),
    (with_ledger(FollowsNoLimit), {"run-on"}),
    (with_ledger(NoJogStop), {"jog-stop"}),
    (CountsReleases, {"decoder"}),
)
"""Each broken pendant, and the invariants by which it may be caught."""
