#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hal_mpg with rules that can be switched off while it runs, for the lesion study.

It takes hal_mpg's place. With each heartbeat it looks at a file: the first line changes from day to day, the
others are the names of the rules that are to be off. What was done is written into a second file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from math import inf
from pathlib import Path
from typing import Any

from hal_mpg import hal_port, ledger, pendant
from hal_mpg.arming import JOG_GATES, Latch, WhyNot
from hal_mpg.axis import Axis
from hal_mpg.cli import main
from hal_mpg.controls import Controls
from hal_mpg.decoders import SelectorDecoder
from hal_mpg.events import Connected, Disconnected, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.ledger import Ledger
from hal_mpg.motion_limit import MotionLimit
from hal_mpg.outputs import Outputs
from hal_mpg.pendant import Pendant
from hal_mpg.selection import Selection

FILE_VARIABLE = "HAL_MPG_LESIONS"
"""Environment variable: the file with the rules that are to be off."""

Patch = tuple[Any, str, Any]

_off: set[str] = set()
_withheld: list[PinWrite] = []


def done_file(file: Path) -> Path:
    """Return the file in which the rules are that are off."""
    return file.with_suffix(".done")


def _gates(gates: frozenset[WhyNot]) -> frozenset[WhyNot]:
    return frozenset(gate for gate in gates if f"gate {gate.name}" not in _off)


def _is_waiting(latch: Latch, reasons: set[WhyNot]) -> bool:
    return not latch.armed and _gates(latch._gates).isdisjoint(reasons)


def _update(latch: Latch, reasons: set[WhyNot], is_still: bool) -> None:
    latch.armed = _gates(latch._gates).isdisjoint(reasons) and (latch.armed or is_still)


GATES: tuple[Patch, ...] = ((Latch, "is_waiting", _is_waiting), (Latch, "update", _update))


def _reversed(flush: Callable[[Outputs], list[PinWrite]]) -> Callable[[Outputs], list[PinWrite]]:
    return lambda out: flush(out)[::-1]


def _never(
    flush: Callable[[Outputs], list[PinWrite]], *unwritten: str
) -> Callable[[Outputs], list[PinWrite]]:
    """Leave out the writes with which jogging is disabled, or those of some pins."""

    def written(out: Outputs) -> list[PinWrite]:
        return [write for write in flush(out) if not write.pin.endswith(unwritten) or write.value is True]

    return written


def _silent_loss(handle: Any) -> Any:
    def handled(self: Pendant, events: Iterable[Any], now: float) -> list[PinWrite]:
        events = list(events)
        writes: list[PinWrite] = handle(self, events, now)
        if any(isinstance(event, Disconnected) for event in events):
            _withheld.extend(writes)
            return []
        return writes

    return handled


def _counts_from_zero(on_device: Any) -> Any:
    def handled(self: Pendant, event: Any, now: float) -> None:
        on_device(self, event, now)
        if isinstance(event, Connected):
            for axis in self._axes.values():
                axis.counter.count = 0
                self._out.set(axis.counts_pin, 0)

    return handled


def _counts_zeroed(stop: Any) -> Any:
    def stopped(self: Ledger, now: float) -> None:
        stop(self, now)
        for axis in self._axes:
            axis.counter.count = 0
            self.out.set(axis.counts_pin, 0)

    return stopped


def _use_all(use: Any) -> Any:
    """Count also while disarmed."""

    def used(self: Ledger, detents: int, selection: Selection, _: bool, *others: Any) -> int:
        return int(use(self, detents, selection, True, *others))

    return used


def _any_position(self: SelectorDecoder, position: str, held: bool) -> None:
    (self._held.add if held else self._held.discard)(position)
    self._set(position if held else next(iter(self._held), None))


def _no_jog_stop(set_pulsed: Any) -> Any:
    def pulsed(self: Outputs, pin: str, *values: Any) -> None:
        if pin != "jog-stop":
            set_pulsed(self, pin, *values)

    return pulsed


def _estop_pins_released(set_pulsed: Any) -> Any:
    def pulsed(self: Outputs, pin: str, value: bool, *rest: Any) -> None:
        set_pulsed(self, pin, True if pin == "estop-ok" else value, *rest)

    return pulsed


RULES: dict[str, tuple[Patch, ...]] = {
    **{f"gate {gate.name}": GATES for gate in sorted(JOG_GATES)},
    "still before arming": ((pendant, "STILL_S", 0.0),),
    "stale detents": ((pendant, "STALE_S", inf),),
    "safest write first": ((Outputs, "flush", _reversed(Outputs.flush)),),
    "pulses long enough": ((ledger, "PULSE_HOLD_S", 0.0), (pendant, "PULSE_HOLD_S", 0.0)),
    "safe values at loss": ((Pendant, "handle", _silent_loss(Pendant.handle)),),
    "held at connect is no press": (
        (Controls, "is_pressed", lambda self, code: code is not None and bool(self._down.get(code.number))),
    ),
    "E-stop hold": ((pendant, "ESTOP_HOLD_S", 0.0),),
    "E-stop release debounce": ((pendant, "ESTOP_RELEASE_S", 0.0),),
    "E-stop contact": ((Outputs, "set_pulsed", _estop_pins_released(Outputs.set_pulsed)),),
    "motion limit": ((MotionLimit, "accept", lambda self, detents, distance, now: detents),),
    "resync after lost events": ((Controls, "reseed", lambda self, node, state: None),),
    "counts kept at reconnect": ((Pendant, "_on_device", _counts_from_zero(Pendant._on_device)),),
    "counts kept at disarming": ((Ledger, "stop_jogs", _counts_zeroed(Ledger.stop_jogs)),),
    "counts only while armed": ((Ledger, "use", _use_all(Ledger.use)),),
    "jog-enable falls": ((Outputs, "flush", _never(Outputs.flush, ".jog-enable")),),
    "jog-stop": ((Outputs, "set_pulsed", _no_jog_stop(Outputs.set_pulsed)),),
    "two positions are a fault": ((SelectorDecoder, "hold", _any_position),),
    "run-on is known": ((Axis, "may_run", lambda self, now: False),),
    "servo thread has to run": ((hal_port, "ECHO_S", inf),),
}
"""Each rule, and what is put in the place of what keeps it."""


def watch(file: Path) -> None:
    """Follow the file from each heartbeat."""
    undo: list[Patch] = []
    toggle = HalPort.toggle_heartbeat
    seen = ""

    def toggled(self: HalPort, now: float) -> None:
        nonlocal seen
        wanted = file.read_text() if file.exists() else ""
        if wanted != seen:
            while undo:
                setattr(*undo.pop())
            _off.clear()
            _off.update(wanted.split("\n"))
            for owner, name, new in (patch for rule in wanted.split("\n") for patch in RULES.get(rule, ())):
                undo.append((owner, name, owner.__dict__[name]))
                setattr(owner, name, new)
            seen = wanted
            self.write(_withheld)  # or the next day would begin with the pins of this one
            _withheld.clear()
            self._echoed_at = None  # another day begins: nothing has been seen to follow yet
            done_file(file).write_text(wanted)
        toggle(self, now)

    HalPort.toggle_heartbeat = toggled  # type: ignore[method-assign]


if __name__ == "__main__":
    watch(Path(os.environ[FILE_VARIABLE]))
    sys.exit(main())
