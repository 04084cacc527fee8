# SPDX-License-Identifier: GPL-2.0-or-later
"""The component's pins on a HAL: LinuxCNC's `hal` module, or `hal_mpg.fake_hal`.

The real module is imported late, for only what runs in LinuxCNC needs it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from hal_mpg.errors import HalError
from hal_mpg.events import AxisLimit, Gates, PinWrite
from hal_mpg.pins import MAX_NAME, Pin


def load_hal() -> Any:
    """Return LinuxCNC's `hal` module. Raises HalError, with what to do, where it is missing."""
    try:
        return importlib.import_module("hal")
    except ImportError as error:
        raise HalError(
            f"LinuxCNC's Python module `hal` cannot be imported by {sys.executable} ({error}): install "
            f"linuxcnc-uspace, and hal_mpg in an environment with --system-site-packages"
        ) from None


class HalPort:
    """One HAL component with the pins of one pendant."""

    def __init__(self, hal: Any, name: str, pins: Sequence[Pin]) -> None:
        longest = max((f"{name}.{pin.name}" for pin in pins), key=len)
        if len(longest) > MAX_NAME:
            raise HalError(
                f"--name {name}: {longest} is longer than HAL's {MAX_NAME} characters; use a shorter one"
            )
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
        names = [pin.name for pin in pins]
        self._axes = [name.split(".")[1] for name in names if name.endswith(".max-acceleration")]
        self._leds = [name for name in names if name.startswith("led.")]

    def ready(self) -> None:
        """Tell HAL, and a waiting `loadusr -W`, that all pins are there."""
        self._component.ready()

    def write(self, writes: Iterable[PinWrite]) -> None:
        """Make the writes, in their order."""
        component = self._component
        for pin, value in writes:
            component[pin] = value

    def write_each(self, writes: Iterable[PinWrite]) -> list[str]:
        """Make each write on its own, so that one that fails stops no other; return what failed."""
        failed = []
        for write in writes:
            try:
                self.write([write])
            except Exception as error:  # noqa: BLE001  # the next write matters more than this one's fault
                failed.append(f"{write.pin}: {error}")
        return failed

    def toggle_heartbeat(self) -> None:
        """Show the realtime watchdog that the input loop runs."""
        self._component["heartbeat"] = not self._component["heartbeat"]

    def gates(self) -> Gates:
        """Return what the rest of HAL says of jogging."""
        pin = self._component
        return Gates(bool(pin["machine-is-on"]), bool(pin["mode-is-manual"]), bool(pin["inhibit"]))

    def limits(self) -> list[AxisLimit]:
        """Return the limits of each axis, as HAL has them now."""
        pin = self._component
        return [
            AxisLimit(axis, pin[f"axis.{axis}.max-velocity"], pin[f"axis.{axis}.max-acceleration"])
            for axis in self._axes
        ]

    def leds(self) -> dict[str, bool]:
        """Return which lamps HAL wants to be lit, by their names in the profile."""
        return {name.removeprefix("led."): bool(self._component[name]) for name in self._leds}

    def close(self) -> None:
        """Take the component out of HAL. Its signals keep their last values."""
        self._component.exit()
