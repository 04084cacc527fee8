# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be read from samples of each servo period: how long a detent takes to move an axis, and run-on.

A sample is what `sampler` notes at the end of a servo period: its number, how many detents the hand has
turned, what the program's pin shows, and where the axis is commanded to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

MOVED = 1e-9
"""In mm: a position that differs by more has changed."""


class Sample(NamedTuple):
    """One servo period."""

    number: int
    turned: int
    counted: int
    position: float


class Answer(NamedTuple):
    """How many servo periods after a detent something was first seen; None: not before the next detent."""

    counted: int | None
    moved: int | None


def parse(text: str) -> list[Sample]:
    """Return the samples of `halsampler -t`."""
    samples = []
    for line in text.splitlines():
        words = line.split()
        if len(words) == 4:  # else it is the word "overrun"
            samples.append(Sample(int(words[0]), int(words[1]), int(words[2]), float(words[3])))
    return samples


def answers(samples: Sequence[Sample]) -> list[Answer]:
    """Return one answer for each detent among samples of an axis that was at rest before each."""
    starts = [i for i, (a, b) in enumerate(pairwise(samples)) if a.turned != b.turned]
    found = []
    for start, end in zip(starts, [*starts[1:], len(samples) - 1], strict=True):
        before = samples[start]
        after = samples[start + 1 : end + 1]
        found.append(
            Answer(
                _periods(after, [s.counted != before.counted for s in after]),
                _periods(after, [abs(s.position - before.position) > MOVED for s in after]),
            )
        )
    return found


def _periods(after: Sequence[Sample], happened: Iterable[bool]) -> int | None:
    """Return how many periods after the first sample something happened."""
    first = next((sample for sample, is_so in zip(after, happened, strict=True) if is_so), None)
    return None if first is None else first.number - after[0].number


class RunOn(NamedTuple):
    """What came after the last detent of a spin."""

    run_on: float
    """How far the axis went on, in mm."""
    speed: float
    """How fast it was in the tenth of a second before, in mm/s."""
    gone: float
    """How far it went in all."""
    spun_s: float
    """How long the wheel was turned."""
    turned: int
    counted: int
    """Detents, and how far the program's pin went."""
    curve: list[tuple[int, float]]
    """Milliseconds since the last detent, and how far the axis has gone since then."""


def run_on(samples: Sequence[Sample], period_s: float = 0.001, every: int = 10) -> RunOn:
    """Return what came after the last detent; every so many-th sample goes into the curve."""
    first = next(i for i, s in enumerate(samples) if s.turned != samples[0].turned)
    last = next(i for i, s in enumerate(samples) if s.turned == samples[-1].turned)
    sign = 1 if samples[-1].turned > samples[0].turned else -1
    here, end = samples[last], samples[-1]
    before = max(0, last - round(0.1 / period_s))
    speed = (here.position - samples[before].position) * sign / ((last - before) * period_s)
    rest = next(i for i, s in enumerate(samples) if abs(s.position - end.position) < MOVED and i >= last)
    curve = [
        (round((s.number - here.number) * period_s * 1000), round((s.position - here.position) * sign, 3))
        for s in samples[max(0, last - 300) : rest + 2 * every : every]
    ]
    return RunOn(
        round((end.position - here.position) * sign, 4),
        round(speed, 2),
        round((end.position - samples[0].position) * sign, 4),
        round((here.number - samples[first].number) * period_s, 3),
        end.turned - samples[0].turned,
        end.counted - samples[0].counted,
        curve,
    )
