# SPDX-License-Identifier: GPL-2.0-or-later
"""The component's pins on a HAL: LinuxCNC's `hal` module, or `hal_mpg.fake_hal`.

The real module is imported late, for only what runs in LinuxCNC needs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from operator import call

from hal_mpg.errors import HalError, UsageError
from hal_mpg.events import AxisLimit, Gates, PinWrite, ProgramInput, Requests, SelectorStep, Status
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.pins import ECHO, STATUS, STEPPED, Pin

if TYPE_CHECKING:
    from typing import Any

ECHO_S = 0.1
"""How long the echo of the heartbeat may stand still before the servo thread counts as stopped.

What is published in that time is one move when the thread goes on; it is no longer than the run-on that is
allowed in any case.
"""

MPG_RUN = ("mpg-run.select", "mpg-run.backward", "mpg-run.detent-time")
"""The inputs that `ProgramInput` is made of, in its order."""

MODE = "mode-is-auto"
"""An input that a display may show, and that actions need."""

GATES = ("machine-is-on", "mode-is-manual", "inhibit")
"""The inputs that permit or forbid jogging, in the order of `Gates`."""


def load_hal() -> Any:
    """Return LinuxCNC's `hal` module, or what stands in its place.

    Raises HalError where it is missing, and UsageError for root, whose HAL nobody else could use: LinuxCNC
    itself refuses root.
    """
    try:
        import hal
    except ImportError as error:
        raise HalError(
            f"LinuxCNC's Python module `hal` cannot be imported by {sys.executable} ({error}): install "
            f"linuxcnc-uspace, and hal_mpg in an environment with --system-site-packages"
        ) from None
    if os.geteuid() == 0 and is_real(hal):
        raise UsageError("the component does not run as root; start it as the user who runs LinuxCNC")
    return hal


def is_real(hal: Any) -> bool:
    """Tell whether a HAL is LinuxCNC's, and not one in memory."""
    return bool(hal.__name__ == "hal")


class HalPort:
    """One HAL component with the pins of one pendant."""

    def __init__(self, hal: Any, name: str, pins: Sequence[Pin]) -> None:
        try:
            self._component = hal.component(name)
        except hal.error as error:
            raise HalError(
                f"HAL refuses the component {name} ({error}): one of this name is still there, or HAL "
                f"belongs to another user; use --name, or end LinuxCNC and run `halrun -U`"
            ) from None
        kinds = {"bit": hal.HAL_BIT, "s32": hal.HAL_S32, "float": hal.HAL_FLOAT}
        try:
            for pin in pins:
                direction = hal.HAL_IN if pin.is_input else hal.HAL_OUT
                self._component.newpin(pin.name, kinds[pin.kind], direction)
                # An input pin keeps this value until a signal is netted to it.
                self._component[pin.name] = pin.initial
        except hal.error as error:
            self.close()
            raise HalError(
                f"HAL refuses the pin {name}.{pin.name} ({error}); is HAL out of memory?"
            ) from None
        # Items are several times quicker than the component's own subscripts; see fake_hal for both.
        item = self._component.getitem
        self.setters = {pin.name: item(pin.name).set for pin in pins if not pin.is_input}
        inputs = [pin.name for pin in pins if pin.is_input and not pin.is_shown and pin.name != ECHO]
        self._get = {name: item(name).get for name in inputs}
        shown = (*GATES, MODE, *(pin.name for pin in pins if pin.is_shown))
        self._get_shown = {name: item(name).get for name in shown}
        self._read_echo = item(ECHO).get
        self._echo = False
        self._echoed_at: float | None = None  # None: nothing has ever come back, so nothing is netted
        self._servo_runs = True
        self.gate_reads = [self._get.pop(name) for name in GATES]
        self._read_select = self._get[MPG_RUN[0]]
        self._reads = tuple(get for pin, get in self._get.items() if pin not in STATUS)
        self._status = Status(frozenset())
        self.follows_status = False
        self._values: list[Any] = []
        self._gates: tuple[Any, ...] = ()
        self._axes = [name.split(".")[1] for name in inputs if name.endswith(".max-velocity")]
        self._steps = {name: SelectorStep(*STEPPED[name]) for name in inputs if name in STEPPED}
        self._high = dict.fromkeys(self._steps, False)
        self._requests = [name for name in inputs if name.startswith("request.")]
        self._asked: frozenset[str] = frozenset()  # those that were TRUE when they were looked at last
        self._hal, self._name = hal, name
        self._beat = False
        self._is_ready = False

    def ready(self) -> None:
        """Tell HAL, and a waiting `loadusr -W`, that all pins are there; once."""
        if not self._is_ready:
            self._component.ready()
            self._is_ready = True

    def write(self, writes: Iterable[PinWrite]) -> None:
        """Make the writes, in their order."""
        for pin, value in writes:
            self.setters[pin](value)

    def write_each(self, writes: Iterable[PinWrite]) -> list[str]:
        """Make each write on its own, so that one that fails stops no other; return what failed."""
        failed = []
        for write in writes:
            try:
                self.write([write])
            except Exception as error:  # noqa: BLE001  # the next write matters more than this one's fault
                failed.append(f"{write.pin}: {error}")
        return failed

    def toggle_heartbeat(self, now: float) -> None:
        """Show the realtime watchdog that the input loop runs; see whether the servo thread has answered."""
        echo = self._read_echo()
        if echo != self._echo:
            self._echo, self._echoed_at = echo, now
        self._servo_runs = self._echoed_at is None or now - self._echoed_at < ECHO_S
        self._beat = not self._beat
        self.setters["heartbeat"](self._beat)

    def has_new_inputs(self) -> bool:
        """Tell whether an input pin has another value than when this was asked last.

        What LinuxCNC says of itself is looked at only while `follows_status`, or where a button asks.
        """
        has_new_gates = self.has_new_gates()
        if self.follows_status and self._status != self.status():
            has_new_gates = True
        before, self._values = self._values, [*map(call, self._reads)]
        if self._values == before:
            return has_new_gates
        # NaN differs from itself, and is not new for that.
        return has_new_gates or [*map(_comparable, self._values)] != [*map(_comparable, before)]

    def has_new_gates(self) -> bool:
        """The same for those inputs alone that say what a detent is for: looked at for each one."""
        is_on, is_manual, is_inhibited = self.gate_reads
        gates = (is_on(), is_manual(), is_inhibited(), self._servo_runs, self._read_select())
        if gates == self._gates:
            return False
        self._gates = gates
        return True

    def gates(self) -> Gates:
        """Return what the rest of HAL says of jogging. Without its servo thread, a machine is not on.

        LinuxCNC takes what was counted while the thread stood still for one move when it goes on.
        """
        is_on, is_manual, is_inhibited = (bool(read()) for read in self.gate_reads)
        return Gates(is_on and self._servo_runs, is_manual, is_inhibited)

    def program_input(self) -> ProgramInput:
        """Return what HAL says of MPG-run."""
        select, backward, detent_time = (self._get[name]() for name in MPG_RUN)
        return ProgramInput(bool(select), bool(backward), _comparable(detent_time))

    def limits(self) -> list[AxisLimit]:
        """Return the limits of each axis, as HAL has them now."""
        get = self._get
        return [
            AxisLimit(
                axis,
                _comparable(get[f"axis.{axis}.max-velocity"]()),
                _comparable(get[f"axis.{axis}.max-acceleration"]()),
            )
            for axis in self._axes
        ]

    @property
    def can_step(self) -> bool:
        """Whether there are pins that step a selector: a short pulse on one of them means something."""
        return bool(self._steps)

    def steps(self) -> list[SelectorStep]:
        """Return the steps that HAL asks for: one for each pin that has become TRUE since this was asked."""
        before, self._high = self._high, {name: bool(self._get[name]()) for name in self._steps}
        return [step for name, step in self._steps.items() if self._high[name] and not before[name]]

    def status(self) -> Status:
        """Return what LinuxCNC says of itself, as far as anything is netted."""
        self._status = Status(frozenset(name for name in STATUS if self._get[name]()))
        return self._status

    def requests(self) -> Requests | None:
        """Return what buttons ask for: the pins that have become TRUE since this was asked; None: nothing.

        What is TRUE before the servo thread runs was so when LinuxCNC started, and is no press.
        """
        before = self._asked
        self._asked = frozenset(name for name in self._requests if self._get[name]())
        new = self._asked - before
        if not new or (self._echoed_at is None and self._has_writer(ECHO)):
            return None
        unknown = frozenset(name for name in STATUS if not self._has_writer(name))
        return Requests(tuple(sorted(name.removeprefix("request.") for name in new)), unknown)

    def _has_writer(self, pin: str) -> bool:
        return bool(self._hal.pin_has_writer(f"{self._name}.{pin}"))

    def leds(self) -> dict[str, bool]:
        """Return which lamps HAL wants to be lit, by their names in the profile."""
        lamps = [name for name in self._get if name.startswith("led.")]
        return {name.removeprefix("led."): bool(self._get[name]()) for name in lamps}

    def shown(self) -> dict[str, Any]:
        """Return what HAL has on the pins that a display shows, by their names."""
        return {name: read() for name, read in self._get_shown.items()}

    def close(self) -> None:
        """Take the component out of HAL. Its signals keep their last values."""
        # An item that is used after this would crash the process.
        self.setters, self._get, self._reads, self.gate_reads = {}, {}, (), []
        self._get_shown = {}
        self._component.exit()


def _comparable(value: float) -> float:
    """Return a pin's value, but for NaN, which would be new each time, another one that is no limit."""
    return value if value == value else -1.0
