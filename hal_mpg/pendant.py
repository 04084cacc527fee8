# SPDX-License-Identifier: GPL-2.0-or-later
"""The state machine of a pendant: events and time go in, pin writes come out, in order.

It has no I/O and no clock. Every event enters through `handle`, which checks that a device's event is
legal before it changes anything. A detent belongs to the axis and scale that are selected at its place
in the events.
"""

from __future__ import annotations

from collections.abc import Sequence

from hal_mpg.actions import Actions
from hal_mpg.arming import JOG_GATES, OVERRIDE_GATES, RUN_GATES, STILL_S, Latch, WhyNot
from hal_mpg.axis import Axis
from hal_mpg.controls import Controls
from hal_mpg.counter import wrap32
from hal_mpg.device_state import State, next_state
from hal_mpg.events import (
    AxisLimit,
    Connected,
    Event,
    EventsLost,
    Frame,
    Garbled,
    Gates,
    PinWrite,
    ProgramInput,
    Requests,
    SelectorStep,
    Snapshot,
    Status,
)
from hal_mpg.foresight import Foreseen, foresee
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.ledger import Ledger
from hal_mpg.machine import Machine
from hal_mpg.outputs import ESTOP_HOLD_S, ESTOP_RELEASE_S, PULSE_HOLD_S, Outputs
from hal_mpg.pins import all_pins, safe_writes
from hal_mpg.profile import Profile
from hal_mpg.program_run import MPG_RUN
from hal_mpg.selection import NOTHING, PROGRAM, Selection, read_selection, show_selection, step_selector
from hal_mpg.wheel_speed import BUSY_S, WheelSpeed

if TYPE_CHECKING:
    from hal_mpg.analog import Sticks

STALE_S = 0.5
"""Detents that are read later than this after they were turned are discarded, not caught up with.

A button that was pressed so long ago asks for nothing either; where switches stand now always counts. It is
well beyond what a busy machine delays, and what the samples' watchdog waits: it is for one that hung.
"""


class Pendant:
    """One pendant on one machine. Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self, profile: Profile, machine: Machine) -> None:
        axes = machine.steps_of(profile)
        self.profile = profile
        self.pins = all_pins(profile, axes)
        self._axes = {axis.axis: Axis(axis) for axis in axes}
        self._controls = Controls(profile)
        self._sticks: Sticks | None = None
        if profile.analog:
            from hal_mpg.analog import with_sticks

            self._controls, self._sticks = with_sticks(profile, self._axes)
        self._buttons = [("reset", profile.reset)]
        self._buttons += [(f"button.{name}", code) for name, code in profile.buttons]
        self._out = Outputs(self.pins)
        self.actions = Actions(self._out)
        self._ledger = Ledger(self._axes, profile.targets, self._controls, self._out)
        self._state = State.ABSENT
        self._lost_nodes: set[int] = set()
        self._gates = Gates(machine_is_on=True, mode_is_manual=True, inhibit=False)
        self._jog, self._override, self._run = Latch(JOG_GATES), Latch(OVERRIDE_GATES), Latch(RUN_GATES)
        self._turned_at = -STILL_S
        self._speed = WheelSpeed()
        self.foreseen: Foreseen = {}  # until the next event or tick
        self._connections = 0
        self._selection = NOTHING
        self._is_waiting = False  # for the wheel to be still, and for nothing else
        self._is_busy = False  # the selected axis, with what a stick does

    @property
    def selection(self) -> Selection:
        """What the next detent is for."""
        return self._selection

    @property
    def positions(self) -> tuple[str | None, str | None]:
        """Where the two selectors stand, by the profile's names, overrides among them; None: nowhere."""
        scale = self._controls.scale
        only = self.profile.scales[0] if len(self.profile.scales) == 1 else None
        return self._controls.axis.position, scale.position if scale else only

    def was_made(self, write: PinWrite) -> None:
        """Take note that a foreseen write was made; `handle` has to follow, and does not ask for it again."""
        self._out.shown(write)

    def handle(self, events: Sequence[Event], now: float) -> list[PinWrite]:
        """Take what has happened, in order, and return the pin writes that follow from it.

        Raises IllegalEvent for a device event that cannot come in the present state.
        """
        # What is read late was turned earlier: until then, the wheel was not still for any longer.
        at = now
        for event in events:
            if isinstance(event, Frame) and event.time < at:
                at = event.time
        if self._out.release_pulses(now):
            self._refresh(now, at)
        for event in events:
            if isinstance(event, Frame):
                self._check(event)
                self._on_frame(event, now)
                continue
            if isinstance(event, Gates):
                self._gates = event
            elif isinstance(event, AxisLimit):
                self._axes[event.axis].limit.set_limits(event.max_velocity, event.max_acceleration, now)
            elif isinstance(event, ProgramInput):
                self._ledger.run.input = event
            elif isinstance(event, Status):
                self.actions.status = event.high
            elif isinstance(event, Requests):
                self.actions.ask(event)
            elif isinstance(event, SelectorStep):
                if self._state is not State.ABSENT:
                    step_selector(self._controls, event)
            else:
                self._on_device(event, now)
            self._refresh(now, at)
        return self._flush()

    def tick(self, now: float) -> list[PinWrite]:
        """Return the pin writes that are due by time alone."""
        self._out.release_pulses(now)
        if self._speed.is_turning and now >= self._turned_at + STILL_S:
            self._out.set("velocity", self._speed.stopped())
        self._refresh(now)
        return self._flush()

    def next_deadline(self) -> float | None:
        """Return when `tick` has something to do next; None: not before the next event."""
        due = self._out.next_deadline()
        if self._speed.is_turning or self._is_waiting:
            due = self._may_arm_at() if due is None else min(self._may_arm_at(), due)
        if self._sticks and self._is_busy:  # a stick was let go: the axis is free in a moment
            due = self._sticks.free_at if due is None else min(self._sticks.free_at, due)
        if self.actions.is_active and (end := self.actions.next_deadline()) is not None:
            due = end if due is None else min(end, due)
        return due

    def is_busy(self, now: float) -> bool:
        """Tell whether the wheel was turned a moment ago, or a stick or a button's action is under way."""
        turned = now - self._turned_at < BUSY_S or bool(self._sticks and self._sticks.is_active)
        return turned or self.actions.is_active

    def safe_writes(self) -> list[PinWrite]:
        """Return the writes with which to leave, whatever has happened."""
        return safe_writes(self.pins)

    def _flush(self) -> list[PinWrite]:
        self._ledger.published()
        axis, _, scale, _ = self._selection
        may_jog = self._jog.armed and axis is not None and scale >= 0
        self.foreseen = foresee(self._controls, axis, scale) if may_jog and axis else {}
        return self._out.flush()

    def _check(self, event: Event) -> State:
        return next_state(self._state, event)

    def _on_device(self, event: Event, now: float) -> None:
        self._state = self._check(event)
        match event:
            case Connected(_, nodes, may_be_old):
                self._controls.seed(nodes, may_be_old)
                self._lost_nodes.clear()
                self._connections += 1
                self._turned_at = now  # nobody knows what the wheel did before
            case Garbled(_, total):
                if self.profile.is_decoded:
                    self._out.set("garbled", wrap32(total))
            case EventsLost(_, node, void):
                self._lost_nodes.add(node)
                self._turned_at = now
                self._ledger.dropped += self._controls.void_detents(void)
                self._controls.forget_place(node)
            case Snapshot(_, node, state):
                self._lost_nodes.discard(node)
                self._controls.reseed(node, state)
                if self._lost_nodes:
                    self._state = State.REREADING

    def _on_frame(self, frame: Frame, now: float) -> None:
        # Stillness is a matter of when the wheel was turned; that it is read late does not add to it.
        at = min(frame.time, now)
        stale = now - at > STALE_S
        for change in frame.changes:
            detents = self._controls.apply(frame.node, change)
            if detents is None:
                if stale:
                    self._controls.distrust_press(frame.node, change)
                    if self._sticks:
                        self._sticks.distrust()
                self._refresh(now, at)
            else:
                if stale:
                    self._disarm(now)
                self._on_wheel(detents, now, at)
        if self._controls.heard(frame.node):
            self._refresh(now, at)

    def _on_wheel(self, detents: int, now: float, at: float) -> None:
        self._turned_at = max(self._turned_at, at)
        if detents:
            self._out.set("velocity", self._speed.turned(detents, at))
            waiting = self._run if self._selection.target == MPG_RUN else self._override
            self._ledger.use(detents, self._selection, self._jog.armed, waiting.armed, now)
        if self._jog.armed:
            self._ledger.show_dropped()
        else:
            self._refresh(now, at)

    def _may_arm_at(self) -> float:
        return max(self._turned_at + STILL_S, self._out.end_of_pulse("jog-stop", self._turned_at))

    def _refresh(self, now: float, at: float | None = None) -> None:
        """Work out everything that follows from the switches and the gates.

        `at`: when the event happened that is handled now, where that is known.
        """
        live = self._state is not State.ABSENT
        out = self._out
        out.set("connected", live)
        out.set("reconnects", wrap32(max(self._connections - 1, 0)))
        actuated = self._controls.estop if live else self.profile.stop_on_disconnect
        out.set_pulsed("estop-ok", not actuated, False, now, ESTOP_HOLD_S, ESTOP_RELEASE_S)
        out.set("estop", not out["estop-ok"])
        enabled = live and (self.profile.enable is None or self._controls.is_pressed(self.profile.enable))
        out.set("enable", enabled)
        self._show_buttons(live, now)
        self._show_selection(live)
        self._ledger.show_dropped()
        reasons, at = self._reasons(live, enabled), now if at is None else at
        if self.actions.is_active:
            self._act(reasons, now, at)
        self._arm(reasons, now, at)

    def _act(self, reasons: set[WhyNot], now: float, at: float) -> None:
        """Carry out what buttons ask for; add to `reasons` that the wheel has to wait for it."""
        axis, standing = self._selection.axis, set(reasons)
        if at < self._turned_at + STILL_S or any(each.may_run(now) for each in self._axes.values()):
            standing.add(WhyNot.NOT_STILL)
        if self._selection.target:
            standing.add(WhyNot.NO_AXIS)
        self.actions.update(standing, axis.steps.axis if axis else None, now)
        if self.actions.holds_wheel:
            reasons.add(WhyNot.BUSY)

    def _reasons(self, live: bool, enabled: bool) -> set[WhyNot]:
        """Return every reason why a detent would not be used, but for the stillness of the wheel."""
        axis, target, scale, fault = self._selection
        reasons = {
            WhyNot.NO_DEVICE: not live,
            WhyNot.ESTOP: bool(self._out["estop"]),
            WhyNot.INHIBITED: self._gates.inhibit,
            WhyNot.MACHINE_OFF: not self._gates.machine_is_on,
            WhyNot.NOT_MANUAL: not self._gates.mode_is_manual,
            WhyNot.NOT_ENABLED: not enabled,
            WhyNot.NO_AXIS: axis is None and target is None and not fault,
            WhyNot.SELECTOR_FAULT: fault or (scale < 0 and target is None),
            WhyNot.REREADING: self._state is State.REREADING,
        }
        return {reason for reason, applies in reasons.items() if applies}

    def _arm(self, reasons: set[WhyNot], now: float, at: float) -> None:
        is_still = at >= self._may_arm_at()
        target = self._selection.target
        waiting = self._run if target == MPG_RUN else self._override if target else self._jog
        if is_still and waiting.is_waiting(reasons):
            self._controls.wheel.forget_part()
        was_armed, overrode = self._jog.armed, self._override.armed
        self._jog.update(reasons, is_still)
        self._override.update(reasons, is_still)
        self._update_run(reasons if target == MPG_RUN else reasons | {WhyNot.NO_AXIS}, is_still)
        self._is_waiting = any(latch.is_waiting(reasons) for latch in (self._jog, self._override, waiting))
        if was_armed and not self._jog.armed:
            self._ledger.stop_jogs(now)
        if overrode and not self._override.armed:
            self._ledger.take_back_overrides()
        self._out.set("armed", self._jog.armed)
        may_move = self._jog.armed and self._permits_motion() and self._gates.mode_is_manual
        for axis in self._axes.values():
            self._out.set(axis.enable_pin, may_move)
        if self._sticks:
            self._sticks.update(self._out, may_move, self._selection.axis, now)
        if target:
            reasons = reasons - {WhyNot.NOT_MANUAL, WhyNot.BUSY}
        self._is_busy = bool(self._sticks and not reasons and now < self._sticks.free_at)
        if self._is_busy or waiting.is_waiting(reasons):
            reasons = reasons | {WhyNot.NOT_STILL}
        why = min(reasons, default=WhyNot.READY)
        self._out.set("why-not", int(self.actions.shown(why) if self.actions.is_active else why))

    def _update_run(self, reasons: set[WhyNot], is_still: bool) -> None:
        """The same for a program that the wheel runs."""
        ran = self._run.armed
        self._run.update(reasons, is_still)
        if ran and not self._run.armed:
            self._ledger.stop_run()
        self._out.set("mpg-run.enable", self._run.armed and self._permits_motion())

    def _permits_motion(self) -> bool:
        """Tell once more, past reasons and latch, whether detents may move anything.

        A second way for what matters most: a fault in the first one alone moves nothing.
        """
        known = self._state is State.LIVE
        gates = self._gates.machine_is_on and not self._gates.inhibit
        return known and gates and bool(self._out["enable"]) and bool(self._out["estop-ok"])

    def _disarm(self, now: float) -> None:
        """Disarm although every gate is open, until the wheel has been still."""
        if self._jog.armed:
            self._ledger.stop_jogs(now)
        self._ledger.take_back_overrides()
        self._ledger.stop_run()
        for latch in (self._jog, self._override, self._run):
            latch.disarm()

    def _show_buttons(self, live: bool, now: float) -> None:
        for pin, code in self._buttons:
            if live:
                self._out.set_pulsed(pin, self._controls.is_pressed(code), True, now, PULSE_HOLD_S)
            else:
                self._out.cut_pulse(pin, False)  # no press outlives its pendant

    def _show_selection(self, live: bool) -> None:
        scales, targets, run = self.profile.scales, self._ledger.targets, self._ledger.run
        self._selection = read_selection(self._controls, self._axes, targets, scales) if live else NOTHING
        if live:
            run.is_at_position = self._selection.target == MPG_RUN
            self._selection = PROGRAM if run.input.is_selected else self._selection
        self._out.set("mpg-run.selected", run.is_selected)
        show_selection(self._selection, self._axes.values(), self.profile, self._out)
