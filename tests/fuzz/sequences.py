# SPDX-License-Identifier: GPL-2.0-or-later
"""Random sequences: what happens how often, and how much time passes in between."""

from __future__ import annotations

from random import Random

from hal_mpg.machine import Machine
from hal_mpg.profile import Profile
from tests.fuzz.steps import Case
from tests.fuzz.world import World

WAITS = (0.0, 1e-6, 0.0002, 0.001, 0.004, 0.02, 0.049999, 0.05, 0.050001, 0.1, 0.199999, 0.2, 0.25, 0.4, 0.6)
LONG_WAITS = (2.0, 10.0, 1e3, 1e6)

ACTS = (
    (World.turn, 40),
    (World.select, 14),
    (World.make_ready, 7),
    (World.enable, 5),
    (World.estop, 5),
    (World.button, 4),
    (World.mix, 6),
    (World.spin, 2),
    (World.gate, 4),
    (World.program, 2),
    (World.limit, 4),
    (World.step, 2),
    (World.lose, 3),
    (World.lie, 2),
    (World.plug, 3),
    (World.reread, 2),
    (World.illegal, 1),
)


def random_case(
    random: Random, text: str, profile: Profile, machine: Machine, axes: tuple[str, ...], acts: int = 40
) -> Case:
    """Return a random sequence for a pendant on a machine that has these of its axes."""
    world = World(random, profile, axes)
    doings, weights = zip(*ACTS, strict=True)
    for _ in range(random.choice((0, 1, 3))):
        world.limit()
    if random.random() < 0.8:
        world.make_ready()
    for act in random.choices(doings, weights, k=acts):
        act(world)
        if random.random() < (0.3 if world.is_hasty else 0.7):
            seconds = random.choice(WAITS if random.random() < 0.98 else LONG_WAITS)
            world.wait(seconds, stalled=random.random() < 0.3)
        elif random.random() < 0.5:
            world.flush()
    world.make_ready()
    world.turn()
    world.wait(2.0)
    return Case(text, machine, tuple(world.steps))
