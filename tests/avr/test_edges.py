# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten thousand edges with bounce, reversals and switch changes: each detent counts for what was selected.

HAL_MPG_SEED in the environment takes the place of the seeds.
"""

from __future__ import annotations

import os
from itertools import pairwise
from random import Random

import pytest

from tests.avr.bed import PINS, play
from tests.avr.hand import Hand
from tests.avr.reader import Held, read

AXES, SCALES = ("x", "y", "z", "a", "b", "c"), ("x1", "x10", "x100")

EDGES = 10_000

SEEDS = [int(os.environ["HAL_MPG_SEED"])] if "HAL_MPG_SEED" in os.environ else [1, 2, 3]


def wild(seed: int, board: str, edges: int = EDGES) -> Hand:
    """Return a hand that does everything, at a hand's speed and faster."""
    rng = Random(seed)
    hand = Hand(rng, PINS[board])
    hand.press("enable", True)
    hand.wait(150_000)
    while hand.edges < edges:
        gap_us = rng.choice((300, 500, 1000, 2500))
        match rng.randrange(10):
            case 0 | 1 | 2:
                hand.turn(rng.choice((-1, 1)) * rng.randint(1, 12), gap_us)
            case 3 | 4:  # to and fro, also within a detent
                for _ in range(rng.randint(2, 12)):
                    direction = rng.choice((-1, 1))
                    for _ in range(rng.randint(1, 6)):
                        hand.edge(direction, gap_us, hand.bounces(4, gap_us / 40))
            case 5 | 6:  # a selector, quickly, with the wheel in motion up to it and from it on
                hand.wait(200)
                control, names = rng.choice((("axis", AXES), ("scale", SCALES)))
                hand.select(control, rng.choice(names), rng.uniform(50, 1500), hand.bounces(6, 300))
                hand.turn(rng.choice((-2, 2)), 300)
            case 7:  # slowly: between the positions nothing is selected, and the wheel turns on
                hand.wait(200)
                hand.select("axis", "", 0, hand.bounces(6, 300))
                hand.turn(rng.choice((-1, 1)) * rng.randint(2, 6), 1000)
                hand.wait(6000)
                hand.select("axis", rng.choice(AXES), 0, hand.bounces(6, 300))
                hand.turn(rng.choice((-1, 1)), 500)
            case 8:  # let go in the middle of a turn, go on turning, press again
                hand.wait(200)
                hand.press("enable", False, hand.bounces(4, 100))
                hand.turn(rng.choice((-5, 5)), gap_us)
                hand.wait(rng.uniform(100_000, 150_000))
                hand.press("enable", True, hand.bounces(4, 300))
                hand.turn(rng.choice((-1, 1)), 500)
                hand.wait(20_000)
            case 9:
                hand.wait(rng.uniform(0, 40_000))
    hand.to_rest()
    hand.wait(100_000)
    return hand


@pytest.mark.parametrize("board", ["uno", "mega"])
@pytest.mark.parametrize("seed", SEEDS)
def test_each_detent_counts_for_what_was_selected_and_held(seed: int, board: str) -> None:
    hand = wild(seed, board)
    reader = read(play(hand.script(), board))
    assert hand.reversals > 500 and hand.switched > 200
    assert {k: n for k, n in reader.turned.items() if n} == {k: n for k, n in hand.turned.items() if n}
    assert sum(reader.turned.values()) == hand.detent
    assert reader.unknown == 0


def test_the_same_script_gives_the_same_record() -> None:
    hand = wild(4, "uno", 500)
    assert play(hand.script()) == play(hand.script())


@pytest.mark.parametrize(("gap_us", "detents"), [(250, 300), (120, 300)])
def test_a_wheel_that_is_spun(gap_us: float, detents: int) -> None:
    """250 us from edge to edge are ten turns in a second, with 100 detents each; no hand does more."""
    hand = Hand(Random(5), PINS["uno"])
    hand.turn(detents, gap_us)
    hand.turn(-detents // 3, gap_us)
    hand.wait(50_000)
    reader = read(play(hand.script()))
    assert reader.turned == {Held("x", "x1", frozenset({"estop"})): detents - detents // 3} == hand.turned


@pytest.mark.parametrize("direction", [1, -1])
def test_an_edge_that_is_missed_in_a_spin_loses_no_detent(direction: int) -> None:
    """A and B change at once, every other detent: the wheel goes on as before, so it was two edges."""
    hand = Hand(Random(9), PINS["uno"])
    hand.turn(-20 * direction, 500)
    hand.turn(3 * direction, 500)
    for _ in range(50):
        hand.edge(direction, 500)
        hand.edge(direction, 0)
        hand.edge(direction, 500)
        hand.edge(direction, 500)
        hand.turn(direction, 500)
    hand.wait(50_000)
    assert read(play(hand.script())).turned == hand.turned


def test_a_wheel_that_trembles_beside_an_edge_makes_no_detents() -> None:
    hand = Hand(Random(6), PINS["uno"])
    for direction in (1, -1, -1, 1, 1, 1, -1, -1) * 100:
        hand.edge(direction, 400)
    hand.wait(50_000)
    reader = read(play(hand.script()))
    assert hand.turned == {}
    assert {state.wheel for state in reader.states} == {0}


@pytest.mark.parametrize("rest", [1, 2, 3])
def test_a_restart_in_the_middle_of_a_turn_is_found_out(rest: int) -> None:
    """Wherever in a detent the power came: after some clicks each click counts again, in both directions."""
    hand = Hand(Random(7), PINS["uno"])
    for _ in range(rest):
        hand.edge(1, 1000)
    hand.act("reset")
    hand.wait(100_000)
    for _ in range(4 - rest):
        hand.edge(1, 1000)
    for _ in range(12):
        hand.turn(1)
        hand.wait(1_200_000)
    hand.act("mark learned")
    clicks = [1, 1, -1, -1, 1, -1, 1, -1, -1, 1]
    for click in clicks:
        hand.turn(click)
        hand.wait(30_000)
        hand.act("mark click")
    record = play(hand.script())
    restarted = [i for i, entry in enumerate(record) if entry.kind == "reset"][-1]
    reader, wheels = read(record[restarted + 1 :]), []
    for mark in (entry.time_s for entry in record if entry.kind == "mark"):
        wheels.append([state.wheel for state in reader.states if state.time_s <= mark][-1])
    assert [after - before for before, after in pairwise(wheels)] == clicks


@pytest.mark.parametrize("counts", [2, 1])
def test_wheels_with_fewer_counts_for_each_detent(counts: int) -> None:
    """The edges are the same; with 2 the wheel clicks twice in each cycle, with 1 four times."""
    hand = Hand(Random(8), PINS["uno"])
    place, places = 0, []
    for _ in range(200):
        direction = hand.rng.choice((-1, 1))
        for _ in range(counts * hand.rng.randint(1, 5)):
            hand.edge(direction, 500, hand.bounces(4, 12))
            place += direction
        hand.wait(30_000)
        hand.act(f"mark {place}")
        places.append(place // counts)
    record = play(hand.script(), extra=f"-DCOUNTS_PER_DETENT={counts}")
    reader = read(record)
    seen = []
    for entry in record:
        if entry.kind == "mark":
            told = [state.wheel for state in reader.states if state.time_s <= entry.time_s][-1]
            seen.append(told if told < 0x8000 else told - 0x10000)
    assert seen == places
