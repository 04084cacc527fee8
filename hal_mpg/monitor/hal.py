# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the pins of the component that runs, through a component of its own that has no pins at all.

Nothing is written, nothing is netted, and the realtime side does not notice: a pin is read as halcmd does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from hal_mpg.errors import HalError
from hal_mpg.events import PinValue
from hal_mpg.monitor.shown import Shown, changes, from_pins, from_profile
from hal_mpg.profile import Profile

PERIOD_S = 0.04
"""How often the pins are read: as often as an eye can follow."""

LOOK_S = 1.0
"""How often a component that has gone is looked for."""

SILENT_S = 0.5
"""Without a beat for so long, the component is killed, hung, or stopped; at rest, it beats every 55 ms."""

SHARED_MEMORY = Path("/proc/sysvipc/shm")
HAL_KEY = 0x48414C32
"""Of HAL's shared memory (LinuxCNC, hal_priv.h)."""


def is_hal_running() -> bool:
    """Tell whether there is a HAL on this machine; nothing is loaded or made for that."""
    try:
        lines = SHARED_MEMORY.read_text().splitlines()[1:]
    except OSError:
        return False
    return any(int(line.split()[0]) & 0xFFFFFFFF == HAL_KEY for line in lines if line.split())


def started_with(name: str, processes: Path = Path("/proc")) -> dict[str, str]:
    """Return the options with values that the component `name` was started with, of what this user may see.

    A profile that was given as a file is an absolute path.
    """
    for process in processes.glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            directory = (process / "cwd").readlink()
        except OSError:
            continue  # it has ended, or is another user's
        if not any(Path(word).name == "hal_mpg" for word in words[:4]) or {"monitor", "loadusr"} & set(words):
            continue
        options = {option: value for option, value in pairwise(words) if option.startswith("--")}
        if options.get("--name", "hal_mpg") == name:
            pendant = options.get("--pendant", "")
            if "/" in pendant or pendant.endswith((".yaml", ".yml")):
                options["--pendant"] = str(directory / pendant)
            return options
    return {}


class HalReader:
    """Keeps what is shown up to date with a component's pins."""

    def __init__(self, hal: Any, name: str, profile: Profile | None = None, units: str = "") -> None:
        """Look at the component `name`. Raises HalError where there is none."""
        self._hal, self._name, self._profile = hal, name, profile
        try:
            self._component = hal.component(f"monitor-{os.getpid()}")
        except hal.error as error:
            raise HalError(f"HAL refuses a component that looks ({error}); is it another user's?") from None
        self._component.ready()
        self._next = self._beat_at = 0.0
        self._beat: PinValue | None = None
        self._is_there = True
        self._names: list[str] = []
        if not (hal.component_exists(name) and hal.component_is_ready(name)):
            self.close()
            raise HalError(
                f"no component {name} in HAL; start LinuxCNC with hal_mpg in it, or give its --name; "
                f"without --hal, the pendant itself is read"
            )
        self._find_pins()
        self._shown = from_profile(profile) if profile else from_pins(name, self._names)
        self._shown.is_hal, self._shown.name = True, name
        self._shown.where = f"component {name} of the running HAL"
        self._shown.units = units or "machine units"

    def _find_pins(self) -> None:
        prefix = f"{self._name}."
        infos = self._hal.get_info_pins()
        self._names = [str(i["NAME"])[len(prefix) :] for i in infos if str(i["NAME"]).startswith(prefix)]

    @property
    def shown(self) -> Shown:
        """What is known now."""
        return self._shown

    def descriptors(self) -> list[int]:
        """Nothing tells that a pin has changed."""
        return []

    def deadline(self) -> float:
        """Return when the pins are to be read again."""
        return self._next

    def update(self, ready: Iterable[int], now: float) -> list[str]:
        """Read the pins, if it is time; return what has changed, in lines."""
        if now < self._next:
            return []
        self._next = now + (PERIOD_S if self._is_there else LOOK_S)
        shown, before = self._shown, dict(self._shown.pins)
        try:
            if not self._is_there:
                self._come_back(now)
            pins = {name: self._hal.get_value(f"{self._name}.{name}") for name in self._names}
        except RuntimeError:
            return self._gone()
        came = [] if self._is_there else [f"hal    the component {self._name} is there again"]
        self._is_there = True
        if pins.get("heartbeat") != self._beat:
            self._beat, self._beat_at = pins.get("heartbeat"), now
        answered, shown.answers = shown.answers, now - self._beat_at < SILENT_S
        if answered and not shown.answers:
            came.append(f"hal    {self._name} does not answer: killed, hung, or stopped")
        shown.pins = pins
        shown.wheel += _turned(pins, before)
        lines = changes(before, pins)
        if before:
            shown.events.extend(line.removeprefix("pin").strip() for line in lines)
        shown.notes.extend(came)
        return [*came, *lines]

    def _come_back(self, now: float) -> None:
        """Find the pins of a component that is there again. Raises RuntimeError while it is not ready."""
        if not (self._hal.component_exists(self._name) and self._hal.component_is_ready(self._name)):
            raise RuntimeError
        self._find_pins()
        self._beat, self._beat_at = None, now

    def _gone(self) -> list[str]:
        was_there, self._is_there, self._names = self._is_there, False, []
        self._shown.pins, self._shown.answers = {}, False
        line = f"hal    the component {self._name} has gone"
        if was_there:
            self._shown.notes.append(line)
        return [line] if was_there else []

    def close(self) -> None:
        """Leave HAL."""
        self._component.exit()


def _turned(pins: dict[str, PinValue], before: dict[str, PinValue]) -> int:
    """Return how far the wheel was turned. What is not counted is dropped, with the sign of `velocity`."""
    if not before:
        return 0
    counted = int(pins.get("counts", 0)) - int(before.get("counts", 0))
    if counted:
        return counted
    dropped = int(pins.get("dropped", 0)) - int(before.get("dropped", 0))
    return -dropped if float(pins.get("velocity", 0)) < 0 else dropped
