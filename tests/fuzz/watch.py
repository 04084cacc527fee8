# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks at every single pin write, in its order, and at all pins after each batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

from hal_mpg.arming import WhyNot
from hal_mpg.events import PinValue, PinWrite
from hal_mpg.pendant import wrap32
from hal_mpg.pins import Pin
from tests.fuzz.ledger import EPS, ESTOP_S, STILL_S, Ledger
from tests.fuzz.violation import check

PULSE_S = 0.05
RUN_ON_S = 0.5
"""So long after its last detent an axis without known limits may still be moving."""

SAFE_WITHOUT_PENDANT: dict[str, PinValue] = {
    "connected": False,
    "enable": False,
    "armed": False,
    "reset": False,
    "axis-select": -1,
    "scale-select": -1,
    "scale": 0.0,
    "why-not": 1,
}


class Watch:
    """The pins of one component as HAL has them, and what always holds of them."""

    def __init__(self, pins: Sequence[Pin], ledger: Ledger) -> None:
        self.ledger = ledger
        self.kinds = {pin.name: pin.kind for pin in pins if not pin.is_input and pin.name != "heartbeat"}
        self.pins: dict[str, PinValue] = {pin.name: pin.initial for pin in pins}
        self.enables = {axis: f"axis.{axis}.jog-enable" for axis in ledger.axes}
        self.counters = {f"axis.{axis}.jog-counts": axis for axis in ledger.axes}
        self.buttons = {f"button.{name}": code for name, code in ledger.profile.buttons}
        if ledger.profile.reset:
            self.buttons["reset"] = ledger.profile.reset
        self.pulses: dict[tuple[str, PinValue], float] = {
            ("estop-ok", False): ESTOP_S,
            ("estop", True): ESTOP_S,
            ("jog-stop", True): PULSE_S,
            **{(button, True): PULSE_S for button in self.buttons},
        }
        self.since: dict[str, float] = {}
        self.pressed_at: dict[str, float] = {}
        self.jogged_at: float | None = None  # since it was armed
        self.safer = {("estop-ok", False), ("estop", True), ("jog-stop", True), ("armed", False)}
        pins_to_enable = (*self.enables.values(), "enable", "connected", "mpg-run.enable")
        self.safer |= {(pin, False) for pin in pins_to_enable}
        self.enabling = {(pin, not value) for pin, value in self.safer}

    # Every write.

    def batch(self, writes: Sequence[PinWrite], now: float) -> None:
        """Make the writes of one batch, whose events the ledger has taken; look at each."""
        was_armed, was_ok = self.pins["armed"], self.pins["estop-ok"]
        stage = 0
        for write in writes:
            self._type(write)
            now_stage = 0 if write in self.safer else 1 if write in self.enabling else 2
            check(stage <= now_stage, "order", lambda w=write: f"{w} is too late in {writes}")
            stage = now_stage
            self._pulse(write, now)
            counts_late = write.pin.endswith("counts") and self.ledger.estop_seen
            check(not counts_late, "estop", lambda w=write: f"{w} in {writes}")
            self._count(write, writes, now)
            self.pins[write.pin] = write.value
            self.since[write.pin] = now
        if self.ledger.estop_seen:
            shown = (self.pins["estop-ok"], self.pins["estop"])
            check(shown == (False, True), "estop", lambda: f"estop-ok and estop are {shown}")
            first = not was_ok or (bool(writes) and writes[0] == ("estop-ok", False))
            check(first, "estop", lambda: f"not the first in {writes}")
        if was_armed and not self.pins["armed"]:
            may_run = self.jogged_at is not None and now - self.jogged_at < RUN_ON_S - EPS
            check(not may_run or self.pins["jog-stop"] is True, "jog-stop", writes)
        if not self.pins["armed"]:
            self.jogged_at = None
        self.ledger.end(self.pins, now)
        self._all(now)

    def _type(self, write: PinWrite) -> None:
        kind = self.kinds.get(write.pin)
        check(kind is not None, "type", lambda: f"{write} is no pin to write to")
        check(fits(str(kind), write.value), "type", lambda: f"{write} to a pin of type {kind}")
        check(self.pins[write.pin] != write.value, "type", lambda: f"{write} changes nothing")

    def _pulse(self, write: PinWrite, now: float) -> None:
        pin = write.pin
        shortest = self.pulses.get((pin, self.pins[pin]))
        if shortest is None or pin not in self.since:
            return
        if pin in self.buttons and self.ledger.was_lost:
            return  # no press outlives its pendant
        lasted = now - self.since[pin]
        check(lasted >= shortest - EPS, "pulse", lambda: f"{pin} was {self.pins[pin]} for {lasted} s")

    def _count(self, write: PinWrite, writes: Sequence[PinWrite], now: float) -> None:
        axis = self.counters.get(write.pin)
        if axis is None:
            return
        given = any(axis == taker for taker, _, _ in self.ledger.accepted)
        check(given, "jump", lambda: f"{write}, but {axis} was given no detent")
        enabled = self.pins[self.enables[axis]] is True and self.pins["armed"] is True
        check(enabled, "disarmed", lambda: f"{write} in {writes}")
        self.jogged_at = now

    # All pins, after each batch.

    def _all(self, now: float) -> None:
        pins, device = self.pins, self.ledger.device
        if not device.connected:
            safe = SAFE_WITHOUT_PENDANT | dict.fromkeys(self.buttons, False)
            if self.ledger.profile.stop_on_disconnect:
                safe |= {"estop-ok": False, "estop": True}
            wrong = {pin: pins[pin] for pin, value in safe.items() if pins[pin] != value}
            check(not wrong, "disconnected", wrong)
        check(pins["connected"] is device.connected, "switches", lambda: f"connected {pins['connected']}")
        check(pins["enable"] is device.enabled, "switches", lambda: f"enable is {pins['enable']}")
        again = wrap32(max(device.connections - 1, 0))
        check(pins["reconnects"] == again, "switches", lambda: f"reconnects is {pins['reconnects']}")
        check(pins["estop"] is not pins["estop-ok"], "estop", "estop and estop-ok agree")
        for axis, enable in self.enables.items():
            check(
                pins[enable] is pins["armed"], "order", lambda a=axis: f"armed, and jog-enable of {a}, differ"
            )
        check(not (pins["armed"] and pins["jog-stop"]), "jog-stop", "it is armed while it stops jogs")
        self._buttons(now)
        device.just_pressed.clear()
        self._selection()
        self._why_not()

    def _buttons(self, now: float) -> None:
        device = self.ledger.device
        for pin, code in self.buttons.items():
            if code.number in device.just_pressed:
                self.pressed_at[pin] = now
            if code.number in device.unsure:
                continue
            pressed = device.connected and device.is_pressed(code)
            if pressed:
                check(self.pins[pin] is True, "switches", lambda p=pin: f"{p} is pressed, but not shown")
            elif self.pins[pin]:
                over = now - self.pressed_at.get(pin, -inf) >= PULSE_S + EPS
                check(not over, "switches", lambda p=pin: f"{p} is not pressed, but shown")

    def _selection(self) -> None:
        pins, ledger = self.pins, self.ledger
        axis, _, scale, _ = ledger.position
        index = ledger.profile.axes.index(axis) if axis else -1
        check(
            pins["axis-select"] == index, "selection", lambda: f"axis-select {pins['axis-select']} ({axis})"
        )
        check(pins["scale-select"] == scale, "selection", lambda: f"scale-select {pins['scale-select']}")
        for letter in ledger.axes:
            chosen = pins[f"axis.{letter}.selected"] is (letter == axis)
            check(chosen, "selection", lambda a=letter: f"axis.{a}.selected, and axis-select is {axis}")
        distance = ledger.axes[axis].distances[scale] if axis and scale >= 0 else 0.0
        check(pins["scale"] == distance, "selection", lambda: f"scale is {pins['scale']}, not {distance}")

    def _why_not(self) -> None:
        pins, ledger = self.pins, self.ledger
        axis, target, scale, fault = ledger.position
        gates, device = ledger.gates, ledger.device
        waits = ledger.is_open and not pins["estop"]
        waits = waits and (not ledger.shows_override if target else not pins["armed"])
        reasons = {
            WhyNot.NO_DEVICE: not device.connected,
            WhyNot.ESTOP: bool(pins["estop"]),
            WhyNot.INHIBITED: gates.inhibit,
            WhyNot.MACHINE_OFF: not gates.machine_is_on,
            WhyNot.NOT_MANUAL: not gates.mode_is_manual and not target,
            WhyNot.NOT_ENABLED: not device.enabled,
            WhyNot.NOT_STILL: waits and (bool(target) or gates.mode_is_manual),
            WhyNot.NO_AXIS: axis is None and target is None and not fault,
            WhyNot.SELECTOR_FAULT: fault or (scale < 0 and target is None),
            WhyNot.REREADING: bool(device.lost),
        }
        expected = min((reason for reason, applies in reasons.items() if applies), default=WhyNot.READY)
        check(pins["why-not"] == expected, "why-not", lambda: f"is {pins['why-not']}, not {expected!r}")

    # The way out.

    def leave(self, writes: Sequence[PinWrite]) -> None:
        """Look at the writes with which the component would leave now."""
        for write in writes:
            known = fits(self.kinds.get(write.pin, ""), write.value)
            check(known and not write.pin.endswith("counts"), "disconnected", write)
        pins = self.pins | dict(writes)
        safe = SAFE_WITHOUT_PENDANT | {"estop-ok": False, "estop": True, "jog-stop": True}
        safe |= dict.fromkeys((*self.buttons, *self.enables.values()), False)
        wrong = {pin: pins[pin] for pin, value in safe.items() if pins[pin] != value}
        check(not wrong, "disconnected", lambda: f"on the way out: {wrong}")

    # After some time in which nothing happened.

    def rest(self, since: float, now: float) -> None:
        """Look for what had to happen by time alone: everything ticked from `since` on."""
        ledger, pins = self.ledger, self.pins
        quiet_s = now - since
        if quiet_s < ESTOP_S + STILL_S + PULSE_S + 0.1:
            return
        check(pins["jog-stop"] is False, "live", "jog-stop goes on")
        check(pins["estop"] is ledger.actuated, "live", lambda: f"estop is still {pins['estop']}")
        check(pins["velocity"] == 0, "live", lambda: f"velocity is still {pins['velocity']}")
        if ledger.well_since is not None and ledger.well_since <= since:
            check(pins["armed"] is True, "live", "it is not armed, but nothing is missing")
        _, target, _, _ = ledger.position
        if target and ledger.is_open and not pins["estop"]:
            check(pins["why-not"] == WhyNot.READY, "live", "an override is not armed, but nothing is missing")


def fits(kind: str, value: PinValue) -> bool:
    """Tell whether a pin of this type can have a value."""
    if kind == "bit":
        return type(value) is bool
    if kind == "s32":
        return type(value) is int and -(2**31) <= value < 2**31
    return kind == "float" and type(value) is float and isfinite(value)
