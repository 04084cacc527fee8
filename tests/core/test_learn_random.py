# SPDX-License-Identifier: GPL-2.0-or-later
"""Any pendant is learned back: random profiles, a hand that uses what they describe, a person who is asked.

The learned profile need not be the same text, but what it makes of every control has to be.
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.controls import Controls
from hal_mpg.events import EV_REL, Frame
from hal_mpg.learn.dialogue import Dialogue
from hal_mpg.learn.draft import Draft, profile_text
from hal_mpg.profile import (
    TARGETS,
    AbsoluteWheel,
    AbsSelector,
    KeySelector,
    KeyWheel,
    Profile,
    Selector,
    StepSelector,
    positions_of,
)
from hal_mpg.profile_yaml import load_profile
from tests.core.learn_bed import SimulatedPerson
from tests.fuzz.profiles import random_profile

REL_REPORTED = 8
MOST_COUNTS = 12


def is_learnable(profile: Profile) -> bool:
    """Tell whether a person's ten clicks can tell this wheel; the rest is said to the person."""
    wheel = profile.wheel
    for selector in (profile.axis, profile.scale):
        if isinstance(selector, StepSelector):
            if not selector.next:
                return False
        elif selector and len(set(names_of(selector))) < 2:
            return False  # nothing to compare it with
    if profile.scale and not set(TARGETS).isdisjoint(positions_of(profile.scale)):
        return False  # each position of the scale selector is asked for its distance
    if wheel.counts_per_detent > MOST_COUNTS:
        return False
    if isinstance(wheel, AbsoluteWheel):
        if wheel.code.type == EV_REL:
            return wheel.modulo == 256 and wheel.counts_per_detent <= MOST_COUNTS
        return wheel.modulo >= REL_REPORTED and wheel.counts_per_detent * 4 < wheel.modulo
    return True


def names_of(selector: Selector) -> list[str]:
    """Return the positions of a selector that does not step, "off" included."""
    if isinstance(selector, AbsSelector):
        return [name for _, name in selector.positions]
    assert isinstance(selector, KeySelector)
    return [name for name, _ in selector.positions]


def learn(profile: Profile, random: Random, **hand: object) -> tuple[Profile, str]:
    person = SimulatedPerson(profile, random, **hand)  # type: ignore[arg-type]
    draft = Draft(name=profile.name)
    Dialogue(person, draft).run()
    text = profile_text(draft, ["vendor: 1, product: 2"], ["of a test"])
    return load_profile(text, "learned.yaml"), text


def use(hand: SimulatedPerson, random: Random) -> None:
    """Do one thing with the pendant."""
    profile = hand.hand.profile
    what = random.choice(("turn", "turn", "axis", "scale", "estop", "reset", "enable", "button"))
    if what == "turn":
        hand.hand.turn(random.choice((1, -1, 3, -7, 12)))
    elif what in ("axis", "scale"):
        move(hand, profile.axis if what == "axis" else profile.scale, random)
    elif what == "estop" and profile.estop:
        is_held = profile.estop.key.number in hand.hand.held
        hand.hand.estop(is_held == profile.estop.normally_closed)
    elif what == "button" and profile.buttons:
        hand.hand.tap(random.choice(profile.buttons)[1])
    elif what in ("reset", "enable") and getattr(profile, what):
        key = getattr(profile, what)
        (hand.hand.release if key.number in hand.hand.held else hand.hand.press)(key)


def move(person: SimulatedPerson, selector: Selector | None, random: Random) -> None:
    match selector:
        case StepSelector(forward, backward):
            person.hand.step(selector, random.random() < 0.5 if forward and backward else bool(forward))
        case KeySelector(names):
            person.hand.set(selector, random.choice(names)[0])
        case AbsSelector(_, values):
            person.hand.set(selector, random.choice(values)[1])


def meaning(profile: Profile, controls: Controls) -> dict[str, object]:
    """Return what a profile makes of how the pendant stands."""
    return {
        "axis": controls.axis.position,
        "scale": controls.scale.position if controls.scale else None,
        "fault": controls.axis.fault,
        "estop": controls.estop,
        "reset": controls.is_pressed(profile.reset),
        "enable": controls.is_pressed(profile.enable),
        "buttons": {name: controls.is_pressed(code) for name, code in profile.buttons},
    }


def turned(controls: Controls, frames: list[Frame]) -> int:
    detents = 0
    for frame in frames:
        for change in frame.changes:
            detents += controls.apply(frame.node, change) or 0
    return detents


def check_same(profile: Profile, learned: Profile, random: Random) -> None:
    """Use the pendant at random; both profiles have to make the same of it."""
    person = SimulatedPerson(profile, random)
    both = [(each, Controls(each)) for each in (profile, learned)]
    for _, controls in both:
        controls.seed([person.state()])
    person.hand.turn(2)  # the first position of a wheel that is silent until it is turned counts for nothing
    for _, controls in both:
        turned(controls, person.frames)
    for _ in range(60):
        person.frames.clear()
        use(person, random)
        (first, one), (second, two) = both
        detents = [turned(controls, person.frames) for controls in (one, two)]
        assert detents[0] == detents[1], (detents, person.frames)
        assert meaning(first, one) == meaning(second, two), person.frames


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_any_pendant_is_learned_back(seed: int) -> None:
    random = Random(seed)
    profile = load_profile(random_profile(random), "random.yaml")
    if not is_learnable(profile):
        return
    is_key = isinstance(profile.wheel, KeyWheel)
    per_event = 1 if is_key else random.choice((1, 1, profile.wheel.counts_per_detent))
    bounces, trembles = random.random() < 0.3, random.random() < 0.3
    learned, text = learn(profile, random, per_event=per_event, bounces=bounces, trembles=trembles)
    assert learned.leds == profile.leds, text
    assert dict(learned.buttons) == dict(profile.buttons), text
    check_same(profile, learned, random)
