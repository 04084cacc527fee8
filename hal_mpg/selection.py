# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the selectors stand, as far as the machine has it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from hal_mpg.axis import Axis
from hal_mpg.controls import Controls
from hal_mpg.lean_typing import NamedTuple


class Selection(NamedTuple):
    """What the next detent is for: an axis, or the target of an override. `scale` is an index or -1."""

    axis: Axis | None
    target: str | None
    scale: int
    fault: bool


NOTHING = Selection(None, None, -1, fault=False)


def read_selection(
    controls: Controls, axes: Mapping[str, Axis], targets: Container[str], scales: Sequence[str]
) -> Selection:
    """Return what is selected. A pendant without a scale selector has one scale."""
    position, scale = controls.axis.position, controls.scale
    index = 0
    if scale:
        index = scales.index(scale.position) if scale.position else -1
    return Selection(
        axis=axes.get(position) if position else None,
        target=position if position in targets else None,
        scale=index,
        fault=controls.axis.fault,
    )
