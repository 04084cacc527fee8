# SPDX-License-Identifier: GPL-2.0-or-later
"""What may have become of detents: one history of many."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from hal_mpg.counter import wrap32

Position = tuple[str | None, str | None, int, bool]
"""The selected axis, the selected target, the scale's index or -1, and whether two axes are selected."""


class Accepted(NamedTuple):
    """What was asked of the speed limit of one axis, and what it took."""

    axis: str
    detents: int
    distance: float
    taken: int


@dataclass(slots=True)
class WheelNote:
    """One raw event of the wheel as the state machine took it: its detents, and who took them."""

    detents: int
    accepted: list[Accepted] = field(default_factory=list)


class History(NamedTuple):
    """What may have become of the detents so far.

    `part`: counts turned since the last whole detent. `other`: it may have been turned for something else
    since it was heard last. What is disarmed in the batch of its detents takes them back, for they would be
    published when nobody obeys; so for this batch: `fresh` of `counts`, `kept_from` of the
    detents on axes, `fresh_targets` (how many), `old_targets` (what was before); and the same of MPG-run.
    """

    armed: bool = False
    override_armed: bool = False
    part: int = 0
    other: bool = False
    counts: int = 0
    fresh: int = 0
    kept_from: int = 0
    dropped: int = 0
    targets: tuple[int, ...] = ()
    fresh_targets: int = 0
    old_targets: tuple[int, ...] = ()
    run_armed: bool = False
    run: int = 0
    fresh_run: int = 0
    old_run: int = 0

    def published(self) -> History:
        """Return it at the beginning of the next batch."""
        return self._replace(
            fresh=0, kept_from=0, fresh_targets=0, old_targets=self.targets, fresh_run=0, old_run=self.run
        )


def shown_by(history: History) -> tuple[int, int, tuple[int, ...], int]:
    """Return what the pins for counts, dropped, the overrides and MPG-run show then."""
    targets = tuple(wrap32(count) for count in history.targets)
    return wrap32(history.counts), wrap32(history.dropped), targets, wrap32(history.run)
