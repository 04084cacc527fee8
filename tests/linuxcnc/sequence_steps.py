# SPDX-License-Identifier: GPL-2.0-or-later
"""Random sequences at the pendant, which keep clear of what only time decides.

One seed gives one sequence, but that turns go back towards the middle where an axis has come far,
and how far it came in a storm is a matter of time.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from random import Random
from typing import NamedTuple

from tests.linuxcnc.sequence_oracle import (
    SCALES,
    Action,
    HoldAxes,
    HoldScales,
    Offer,
    Oracle,
    Report,
    Turn,
)

FAR = 40
"""From here on, linear axes are turned back; their limits are at 100 mm and more."""

STORM_WAY = 30
"""The most that a storm may offer to one axis, in mm or degrees."""

KINDS = {
    "turn": 70,
    "rest": 8,
    "enable": 7,
    "storm": 6,
    "abort": 3,
    "mode": 2,
    "estop": 2,
    "off": 1,
    "joint": 1,
}
"""How often each kind of step comes, in percent."""


class Step(NamedTuple):
    """One step. `reports` are made while armed in "turn", "abort" and "storm", else while not."""

    kind: str
    is_human: bool
    """Whether there is time between the reports; if not, they come all at once."""
    reports: tuple[Report, ...]
    offers: tuple[Offer, ...] = ()


def any_kind(rng: Random) -> str:
    """Return the kind of a step, as often as KINDS says."""
    return rng.choices(list(KINDS), list(KINDS.values()))[0]


def make_step(rng: Random, kind: str, oracle: Oracle, positions: str) -> Step:
    """Return a step of a kind, for a pendant with these positions of its axis selector."""
    is_human = rng.random() < 0.6
    if kind == "storm":
        offers, reports = _storm(rng, oracle)
        return Step(kind, False, reports, offers)
    if kind == "abort":
        return Step(kind, False, _long_jog(rng, oracle))
    plan = copy.deepcopy(oracle)
    if kind != "turn":
        plan.armed = False
    return Step(kind, is_human, weave(rng, plan, positions, rng.randint(1, 12)))


def weave(
    rng: Random, plan: Oracle, positions: str, length: int, together: bool = True
) -> tuple[Report, ...]:
    """Return turns with changes of axis and scale among them. `plan` goes along with them.

    `together`: turns and changes can come in one report, too.
    """
    reports: list[Report] = []
    weights = {"turn": 60, "switch": 24, "slow switch": 8, "one report": 8 if together else 0}
    for _ in range(length):
        kind = rng.choices(list(weights), list(weights.values()))[0]
        if kind == "turn":
            reports.append(_turn(rng, plan))
            continue
        switch = _switch(rng, plan, positions)
        if kind == "slow switch":  # through a position with no contact, or with two
            reports.append(_done(plan, _between(rng, plan, switch)))
            reports.append(_turn(rng, plan))
            reports.append(_done(plan, switch))
        elif kind == "one report":  # detents before and after it in the same report
            before = _turn(rng, plan)
            reports.append((*before, *_done(plan, switch), *_turn(rng, plan)))
        else:
            reports.append(_done(plan, switch))
    return tuple(report for report in reports if report)


def _done(plan: Oracle, *actions: Action) -> Report:
    plan.apply(actions)
    return actions


def _turn(rng: Random, plan: Oracle) -> Report:
    """Return a turn, or nothing where even one detent might be too much for the axis."""
    detents = min(rng.choice([1, 1, 1, 2, 3]), plan.room())
    sign = rng.choice([-1, 1])
    selected = plan.selected()
    if selected and abs(selected[0].position) > FAR:
        sign = -1 if selected[0].position > 0 else 1
    return _done(plan, Turn(sign * detents)) if detents else ()


def _switch(rng: Random, plan: Oracle, positions: str) -> Action:
    if rng.random() < 0.5:
        others = [letter for letter in positions if letter != plan.held_axes]
        return HoldAxes(rng.choice([*others, ""]) if rng.random() < 0.2 else rng.choice(others))
    others = [name for name in SCALES if (name,) != plan.held_scales]
    return HoldScales((rng.choice(others),))


def _between(rng: Random, plan: Oracle, switch: Action) -> Action:
    """Return how the selector stands on the way: with no contact, or with the old and the new."""
    overlaps = rng.random() < 0.5
    if isinstance(switch, HoldAxes):
        return HoldAxes("".join(sorted({*plan.held_axes, *switch.letters})) if overlaps else "")
    assert isinstance(switch, HoldScales)
    return HoldScales(tuple(sorted({*plan.held_scales, *switch.names})) if overlaps else ())


def _inward(rng: Random, oracle: Oracle, letter: str) -> int:
    """Return a direction: any in the middle, else back towards it."""
    sign, position = rng.choice([-1, 1]), oracle.axes[letter].position
    return sign if abs(position) < 10 else (-1 if position > 0 else 1)


def _storm(rng: Random, oracle: Oracle) -> tuple[tuple[Offer, ...], tuple[Report, ...]]:
    """Return far too many detents for some axes, a few at a time for each, over and over."""
    offers: dict[str, Offer] = {}
    letters = rng.sample(sorted(oracle.axes), rng.randint(1, 3))
    for letter in letters:
        scale = rng.choice(SCALES)
        most = min(400, int(Decimal(STORM_WAY) / oracle.axes[letter].detents[scale]))
        offers[letter] = Offer(letter, scale, _inward(rng, oracle, letter) * rng.randint(1, most))
    left = {letter: abs(offer.detents) for letter, offer in offers.items()}
    reports: list[Report] = []
    while left:
        letter = rng.choice(sorted(left))
        reports.append((HoldAxes(letter), HoldScales((offers[letter].scale,))))
        sign = 1 if offers[letter].detents > 0 else -1
        for _ in range(min(rng.randint(1, 20), left[letter])):
            reports.append((Turn(sign),))
            left[letter] -= 1
        if not left[letter]:
            del left[letter]
    return tuple(offers.values()), tuple(reports)


def _long_jog(rng: Random, oracle: Oracle) -> tuple[Report, ...]:
    """Return a jog that is long enough to be cut off, and not too fast for the axis."""
    letter = rng.choice(sorted(oracle.axes))
    detents = oracle.axes[letter].room("x10") * _inward(rng, oracle, letter)
    return (HoldAxes(letter), HoldScales(("x10",))), (Turn(detents),)
