# SPDX-License-Identifier: GPL-2.0-or-later
"""What one more detent will be answered with, worked out while there is time.

Nearly all that a pendant says in use is one more detent, forward or back, alone in its frame; and all that
moves the machine is one write, of the count of the selected axis. That write can be made before everything
else that follows from a detent. It holds for what may come next, and not beyond: after any event, and after
any tick, it has to be worked out anew.
"""

from __future__ import annotations

from hal_mpg.axis import Axis
from hal_mpg.controls import Controls
from hal_mpg.counter import wrap32
from hal_mpg.events import Change, PinWrite

Foreseen = dict[Change, PinWrite]
"""A change, and the write that it will lead to when it comes alone in its frame, and is not stale."""


def foresee(controls: Controls, axis: Axis, scale: int) -> Foreseen:
    """Return what is certain of the next detent on an axis at a scale, which has to be armed."""
    foreseen: Foreseen = {}
    for change, detents in controls.next_turns():
        count = axis.foresee(detents, scale) if detents else None
        if count is not None:
            foreseen[change] = PinWrite(axis.counts_pin, wrap32(count))
    return foreseen
