# SPDX-License-Identifier: GPL-2.0-or-later
"""Every pin of the component: name, type, direction, first value; and which values are the safe ones.

Names are without the component's prefix. What each pin means is in the manual page and the README.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hal_mpg.events import PinValue, PinWrite
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.machine import AxisSteps
from hal_mpg.profile import AXIS_LETTERS, TARGETS, Profile
from hal_mpg.program_run import DETENT_TIME_S, MPG_RUN

STEPPED = {
    "axis-next": ("axis", 1),
    "axis-previous": ("axis", -1),
    "scale-next": ("scale", 1),
    "scale-previous": ("scale", -1),
}
"""The pins that step a selector with each rising edge: which one, and by how much."""

PANEL_NAMES = ("", *AXIS_LETTERS, *TARGETS)
"""What the values of `panel.selected` mean, from 0 on: the same for every pendant, unlike `axis-select`."""

PANEL_UNITS = ("", "mm", "inch", "degree")
"""What the values of `panel.unit` mean, from 0 on."""

MAX_NAME = 47
"""Characters in a full HAL name in LinuxCNC 2.9 (HAL_NAME_LEN)."""


ECHO = "heartbeat-echo"
"""Where a realtime component sends the heartbeat back, inverted: the sign that the servo thread runs."""


STATUS = (
    "program-is-idle",
    "program-is-running",
    "program-is-paused",
    "mode-is-auto",
    "mode-is-joint",
    "coord-mode",
    "all-homed",
    "in-position",
    "jog-is-active",
    "spindle-is-on",
    "flood-is-on",
    "mist-is-on",
)
"""What LinuxCNC says of itself to `hal_mpg.actions`. FALSE until something is netted to them."""

REQUESTS = (
    "cycle-start",
    "pause",
    "resume",
    "start-or-pause",
    "step",
    "stop",
    "home-all",
    "zero-axis",
    "go-to-zero",
    "safe-z",
    "probe-z",
    "spindle-on",
    "spindle-reverse",
    "spindle-off",
    "spindle-toggle",
    "flood",
    "mist",
    "manual-mode",
    "machine-on",
    "machine-off",
)
"""What buttons can ask for: the pins `request.NAME`."""

DO = (
    *("stop", "pause", "auto-mode", "cycle-start", "step", "resume", "manual-mode", "joint-mode", "home-all"),
    *("go-to-zero", "safe-z", "probe-z", "spindle-on", "spindle-reverse", "spindle-off"),
    *("flood-on", "flood-off", "mist-on", "mist-off", "machine-on", "machine-off"),
)
"""What LinuxCNC is told to do: the pins `do.NAME`, beside `do.zero.L` of each axis."""


class Pin(NamedTuple):
    """One pin: `kind` is "bit", "s32" or "float"; `is_input`: HAL writes it and hal_mpg reads it.

    `safe` is the value on every way out; None: the pin keeps what it has (counts never jump). `is_shown`:
    it is looked at for a display only, and when there is another picture.
    """

    name: str
    kind: str
    initial: PinValue
    safe: PinValue | None = None
    is_input: bool = False
    is_shown: bool = False


def all_pins(profile: Profile, axes: Sequence[AxisSteps]) -> tuple[Pin, ...]:
    """Return the pins for a pendant on a machine, what matters most to safety first."""
    safety, others = _safety_pins(profile, axes), _pendant_pins(profile)
    return (*safety, *_axis_pins(axes), *others, *_action_pins(axes), *_display_pins(profile, axes))


def _safety_pins(profile: Profile, axes: Sequence[AxisSteps]) -> Iterator[Pin]:
    # Without a device nothing is known yet, so what can be faulted starts as faulted.
    stopped = profile.estop is not None or profile.stop_on_disconnect
    yield Pin("estop-ok", "bit", initial=not stopped, safe=False)
    yield Pin("estop", "bit", initial=stopped, safe=True)
    yield Pin("jog-stop", "bit", initial=False, safe=True)
    for axis in axes:
        if axis.axis in profile.analog_axes:
            yield Pin(f"axis.{axis.axis}.analog", "float", initial=0.0, safe=0.0)
    yield Pin("mpg-run.enable", "bit", initial=False, safe=False)
    yield Pin("mpg-run.feed", "float", initial=0.0, safe=0.0)
    yield Pin("armed", "bit", initial=False, safe=False)
    yield Pin("enable", "bit", initial=False, safe=False)
    yield Pin("connected", "bit", initial=False, safe=False)


def _pendant_pins(profile: Profile) -> Iterator[Pin]:
    yield Pin("axis-select", "s32", initial=-1, safe=-1)
    yield Pin("scale-select", "s32", initial=-1, safe=-1)
    yield Pin("scale", "float", initial=0.0, safe=0.0)
    yield Pin("panel.selected", "s32", initial=0, safe=0)
    yield Pin("panel.unit", "s32", initial=0, safe=0)
    yield Pin("velocity", "float", initial=0.0, safe=0.0)
    yield Pin("reset", "bit", initial=False, safe=False)
    yield Pin("why-not", "s32", initial=1, safe=1)
    yield Pin("heartbeat", "bit", initial=False)
    for name in ("counts", "dropped", "reconnects"):
        yield Pin(name, "s32", initial=0)
    if profile.is_decoded:
        yield Pin("garbled", "s32", initial=0)
    for target in dict.fromkeys((*profile.targets, MPG_RUN)):
        yield Pin(f"{target}.counts", "s32", initial=0)
    yield Pin("mpg-run.selected", "bit", initial=False, safe=False)
    yield Pin("mpg-run.time", "float", initial=0.0)
    yield Pin("mpg-run.select", "bit", initial=False, is_input=True)
    yield Pin("mpg-run.backward", "bit", initial=False, is_input=True)
    yield Pin("mpg-run.detent-time", "float", initial=DETENT_TIME_S, is_input=True)
    for name, _ in profile.buttons:
        yield Pin(f"button.{name}", "bit", initial=False, safe=False)
    for name, _ in profile.leds:
        yield Pin(f"led.{name}", "bit", initial=False, is_input=True)
    for name, (selector, _) in STEPPED.items():
        if selector in profile.stepped:
            yield Pin(name, "bit", initial=False, is_input=True)
    yield Pin("machine-is-on", "bit", initial=True, is_input=True)
    yield Pin("mode-is-manual", "bit", initial=True, is_input=True)
    yield Pin("inhibit", "bit", initial=False, is_input=True)
    yield Pin(ECHO, "bit", initial=False, is_input=True)


def _action_pins(axes: Sequence[AxisSteps]) -> Iterator[Pin]:
    """Yield what buttons can ask for, what LinuxCNC says of itself, and what it is told to do."""
    yield Pin("refused", "s32", initial=0)
    for name in REQUESTS:
        yield Pin(f"request.{name}", "bit", initial=False, is_input=True)
    for name in STATUS:
        yield Pin(name, "bit", initial=False, is_input=True)
    for name in (*DO, *(f"zero.{axis.axis}" for axis in axes)):
        yield Pin(f"do.{name}", "bit", initial=False, safe=False)


def _axis_pins(axes: Sequence[AxisSteps]) -> Iterator[Pin]:
    for axis in axes:
        prefix = f"axis.{axis.axis}"
        yield Pin(f"{prefix}.jog-enable", "bit", initial=False, safe=False)
        yield Pin(f"{prefix}.selected", "bit", initial=False, safe=False)
        yield Pin(f"{prefix}.jog-counts", "s32", initial=0)
        yield Pin(f"{prefix}.jog-scale", "float", initial=axis.jog_scale)
        yield Pin(f"{prefix}.max-velocity", "float", initial=0.0, is_input=True)
        yield Pin(f"{prefix}.max-acceleration", "float", initial=0.0, is_input=True)


def _display_pins(profile: Profile, axes: Sequence[AxisSteps]) -> Iterator[Pin]:
    if profile.display is None:
        return
    for name, kind in profile.display.input_pins([axis.axis for axis in axes]):
        # Work coordinates until HAL says otherwise, as GUIs do.
        initial = name == "show-relative" if kind == "bit" else 0.0
        if name not in STATUS:
            yield Pin(name, kind, initial, is_input=True, is_shown=True)


def safe_writes(pins: Sequence[Pin]) -> list[PinWrite]:
    """Return the writes that leave everything safe, in the order in which they matter."""
    return [PinWrite(pin.name, pin.safe) for pin in pins if pin.safe is not None]
