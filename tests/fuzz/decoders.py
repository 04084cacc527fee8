# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes the decoders of wheels, selectors and switches, beside a second reading of the same events."""

from __future__ import annotations

from collections import Counter
from functools import partial
from random import Random

from hal_mpg.controls import Controls
from hal_mpg.events import EV_ABS, EV_KEY, NodeState
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from tests.fuzz.profiles import random_profile
from tests.fuzz.shadow import ShadowDevice
from tests.fuzz.violation import Violation, check, guarded

VALUES = (0, 1, 1, 1, 2, -1, 3, 255, 256, 127, 128, 32768, 65535, 1000, 1001, 2**31 - 1, -(2**31))


def fuzz_controls(random: Random, covered: Counter[str], changes: int = 60) -> None:
    """Feed raw events of any value to the decoders of a random profile, and to a second reading of it."""
    profile = load_profile(random_profile(random), "fuzz.yaml")
    controls, shadow = Controls(profile), ShadowDevice(profile)
    codes = [code for _, code in profile.input_codes()]
    controls.seed([])
    shadow.connect([])
    part = unclear = 0
    other = False
    for _ in range(changes):
        node, code = random.choice((0, 0, 1, 31)), random.choice(codes)
        roll = random.random()
        if roll < 0.03:
            states = [_state(random, profile) for _ in range(random.randint(1, 3))]
            may_be_old = random.random() < 0.3
            controls.seed(states, may_be_old)
            shadow.connect(states, may_be_old)
            part = 0
        elif roll < 0.08:
            controls.forget_place(node)
            had_place = shadow.wheel.position is not None
            shadow.lose(node)
            part = 0 if had_place and shadow.wheel.position is None else part
            state = _state(random, profile)
            unclear += shadow.reread(node, state, part)
            shadow.take_state(node, state)
            controls.reseed(node, state)
            part, other = 0, True
        else:
            change = (
                *code,
                random.choice(VALUES) * (1 if code.type == EV_KEY else random.choice((1, 1, -1))),
            )
            seen = guarded(partial(controls.apply, node, change))
            expected = None
            if shadow.is_wheels(change):
                shadow.wheel_node = node
                if (turn := shadow.turn(change, part, other)) is not None:
                    shadow.turned(change)
                    other = False
                    expected, part = turn.detents, turn.part
                    unclear += turn.unclear
            else:
                shadow.apply(node, change)
            if seen != expected:
                raise Violation("decoder", f"{profile.wheel}: {change} is {seen}, not {expected}")
        if roll > 0.8:
            heard, expected = controls.heard(node), node in shadow.unheard
            shadow.hear(node)
            check(heard == expected, "decoder", f"node {node} was unheard: {heard}")
        _compare(controls, shadow, unclear)
        covered[f"decoded with {type(profile.wheel).__name__}"] += 1
        covered[f"decoded with {type(profile.axis).__name__}"] += 1


def _state(random: Random, profile: Profile) -> NodeState:
    codes = [code for _, code in profile.input_codes()]
    keys = frozenset(code.number for code in codes if code.type == EV_KEY and random.random() < 0.3)
    values = {c.number: random.choice(VALUES) for c in codes if c.type == EV_ABS and random.random() < 0.7}
    return NodeState(keys, values)


def _compare(controls: Controls, shadow: ShadowDevice, unclear: int) -> None:
    profile = shadow.profile
    for what, selector in (("axis", controls.axis), ("scale", controls.scale)):
        if selector is not None:
            seen, expected = (selector.position, selector.fault), shadow.stands_at(what)
            check(seen == expected, "decoder", f"{what} stands at {seen}, not {expected}")
    check(controls.estop == shadow.estop, "decoder", lambda: f"estop is {controls.estop}")
    for code in (profile.reset, profile.enable, *(code for _, code in profile.buttons)):
        pressed = controls.is_pressed(code)
        check(pressed == shadow.is_pressed(code), "decoder", f"{code} pressed: {pressed}")
    check(
        controls.wheel.unclear == unclear,
        "decoder",
        lambda: f"{controls.wheel.unclear} not {unclear} unclear",
    )
