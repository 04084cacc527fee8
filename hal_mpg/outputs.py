# SPDX-License-Identifier: GPL-2.0-or-later
"""The output pins as they are wanted and as they are shown, and the order in which they change.

Only what differs is written. In one batch what makes things safer comes first, for several writes are
not atomic to the servo thread; then what enables, then the rest. A pulse is never too short to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from hal_mpg.events import PinValue, PinWrite
from hal_mpg.pins import Pin

ESTOP_HOLD_S = 0.1
"""The least time for which `estop-ok` stays FALSE, so that the whole E-stop chain sees it."""

ESTOP_RELEASE_S = 0.05
"""How long the contact has to say "released" before it is believed.

On unplugging, the kernel releases every key a moment before the device is gone; to a normally open
contact that looks like a release. Contact bounce is covered as well.
"""

PULSE_HOLD_S = 0.05
"""The least length of `jog-stop`, `reset` and button pulses: halui polls every 20 ms."""

GATING = ("estop-ok", "estop", "jog-stop", "mpg-run.enable", "armed", "enable", "connected")
"""The pins, beside those of GATING_ENDS, whose safe value is written before anything else."""

GATING_ENDS = (".jog-enable", ".analog")
"""... and those of each axis, by the ends of their names."""


class Outputs:
    """Collects what the pins are to be; `flush` returns the writes that make them so."""

    def __init__(self, pins: Sequence[Pin]) -> None:
        outputs = [pin for pin in pins if not pin.is_input]
        self._shown: dict[str, PinValue] = {pin.name: pin.initial for pin in outputs}
        self._wanted = dict(self._shown)
        self._changed: dict[str, None] = {}  # a set that keeps the order
        self._safe = {pin.name: pin.safe for pin in outputs}
        gating = [pin.name for pin in outputs if pin.name in GATING or pin.name.endswith(GATING_ENDS)]
        self._gating = {name: place for place, name in enumerate(gating)}
        self._held: dict[str, tuple[PinValue, float]] = {}  # pin -> value after it, end of the pulse

    def __getitem__(self, pin: str) -> PinValue:
        return self._wanted[pin]

    def set(self, pin: str, value: PinValue) -> None:
        """Want a pin to have a value; the last one before `flush` counts."""
        if self._wanted[pin] != value:
            self._wanted[pin] = value
            self._changed[pin] = None

    def set_pulsed(
        self, pin: str, value: bool, pulse: bool, now: float, hold_s: float, release_s: float = 0.0
    ) -> None:
        """Want a bit pin to have a value, where `pulse` is the one that must not be missed.

        It comes at once, stays for `hold_s` at least, and goes `release_s` after it was last wanted.
        """
        if value == pulse:
            if pin in self._held:
                self._held[pin] = (pulse, self._held[pin][1])
            elif self._wanted[pin] != pulse:
                self._held[pin] = (pulse, now + hold_s)
            self.set(pin, pulse)
        elif self._wanted[pin] == pulse:
            wanted_after, end = self._held.get(pin, (pulse, now))
            end = max(end, now + release_s) if wanted_after == pulse else end
            if end > now:
                self._held[pin] = (value, end)
            else:
                self.cut_pulse(pin, value)

    def cut_pulse(self, pin: str, value: bool) -> None:
        """Want a bit pin to have a value at once, pulse or not."""
        self._held.pop(pin, None)
        self.set(pin, value)

    def end_of_pulse(self, pin: str, now: float) -> float:
        """Return when a pin's pulse may end; `now` where it has none."""
        return self._held[pin][1] if pin in self._held else now

    def release_pulses(self, now: float) -> bool:
        """Let the pulses that are long enough go to what is wanted after them; tell whether any did."""
        if not self._held:
            return False
        over = [pin for pin, (_, end) in self._held.items() if now >= end]
        for pin in over:
            self.set(pin, self._held.pop(pin)[0])
        return bool(over)

    def next_deadline(self) -> float | None:
        """Return when `release_pulses` has something to do next."""
        return min(end for _, end in self._held.values()) if self._held else None

    def shown(self, write: PinWrite) -> None:
        """Take note that a pin shows a value already; `flush` changes it if something else is wanted."""
        self._shown[write.pin] = write.value
        self._changed[write.pin] = None

    def flush(self) -> list[PinWrite]:
        """Return the writes that are due, in the order in which they have to be made."""
        if not self._changed:
            return []
        writes = [
            PinWrite(pin, self._wanted[pin]) for pin in self._changed if self._wanted[pin] != self._shown[pin]
        ]
        matters = not self._changed.keys().isdisjoint(self._gating)
        self._changed.clear()
        self._shown.update(writes)
        if matters:
            writes.sort(key=self._order)
        return writes

    def _order(self, write: PinWrite) -> tuple[int, int, str]:
        place = self._gating.get(write.pin)
        if place is None:
            return 2, 0, write.pin
        # What enables comes before the counts, for LinuxCNC ignores a count that changes before its
        # jog-enable; nothing moves by enabling alone, since counts stand still while disarmed.
        return (0, place, "") if write.value == self._safe[write.pin] else (1, -place, "")
