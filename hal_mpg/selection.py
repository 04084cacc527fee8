# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the selectors stand, as far as the machine has it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from hal_mpg.axis import Axis
from hal_mpg.controls import Controls
from hal_mpg.events import SelectorStep
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.outputs import Outputs
from hal_mpg.pins import PANEL_NAMES, PANEL_UNITS
from hal_mpg.profile import Profile
from hal_mpg.program_run import MPG_RUN


class Selection(NamedTuple):
    """What the next detent is for: an axis, or a target instead of one. `scale` is an index or -1."""

    axis: Axis | None
    target: str | None
    scale: int
    fault: bool


NOTHING = Selection(None, None, -1, fault=False)

PROGRAM = Selection(None, MPG_RUN, -1, fault=False)
"""What HAL selects with mpg-run.select, wherever the selectors stand."""


def read_selection(
    controls: Controls, axes: Mapping[str, Axis], targets: Container[str], scales: Sequence[str]
) -> Selection:
    """Return what is selected. A pendant without a scale selector has one scale.

    Where the scale selector stands at an override, the wheel turns that, whatever the axis selector says.
    """
    position, scale = controls.axis.position, controls.scale
    index = 0
    if scale:
        if scale.position in targets:
            return Selection(None, scale.position, -1, fault=False)
        index = scales.index(scale.position) if scale.position else -1
    return Selection(
        axis=axes.get(position) if position else None,
        target=position if position in targets else None,
        scale=index,
        fault=controls.axis.fault,
    )


def step_selector(controls: Controls, step: SelectorStep) -> None:
    """Have a selector that is stepped through go on, as its keys would have it."""
    decoder = controls.axis if step.selector == "axis" else controls.scale
    if decoder:
        decoder.step(step.by)


def show_selection(selection: Selection, axes: Iterable[Axis], profile: Profile, out: Outputs) -> None:
    """Have the pins show it; indices are in the profile's order."""
    chosen = selection.axis
    for axis in axes:
        out.set(axis.selected_pin, axis is chosen)
    out.set("axis-select", profile.axes.index(chosen.steps.axis) if chosen else -1)
    out.set("scale-select", selection.scale)
    distance = chosen.steps.distances[selection.scale] if chosen and selection.scale >= 0 else 0.0
    out.set("scale", distance)
    name = chosen.steps.axis if chosen else selection.target
    out.set("panel.selected", PANEL_NAMES.index(name or ""))
    out.set("panel.unit", PANEL_UNITS.index(chosen.steps.unit) if chosen and distance else 0)
