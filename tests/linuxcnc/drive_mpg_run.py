#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The wheel runs a program: where the tool is for so many detents, how evenly it moves, when it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import atan2, hypot, pi

from tests.linuxcnc.driver import Driver, finish, linuxcnc
from tests.linuxcnc.mpg_run_hand import Hand

FEED = 10.0  # mm/s
DETENT_MM = FEED * 0.02
RAPID_DETENT_MM = 50 * 0.02

TURNS = ((3, 6), (5, 10), (10, 20), (20, 30), (40, 40))
"""Detents a second, and how many."""

LATE = 1 / 3
"""A hand, or a servo thread, that was late by more of the time between two detents: no even turning."""

MOST_AGAIN = 12
"""How many turns may be played again, all in all; PATH is long enough for them."""

PATH = """\
G21 G17 G90 G64
G1 X0 Y0 F6000
F600
G1 X10
G3 X20 Y10 I0 J10
G1 Y30
G2 X30 Y40 I10 J0
G1 X110
M2
"""
"""Two lines, two quarters of a circle of 10 mm, a line, all of them tangents."""

QUARTER = 10 * pi / 2

IN_LAST_LINE = 10 + QUARTER + 20 + QUARTER + 10
"""Far from where a line meets a circle: going back over that, LinuxCNC was found to be off by 0.01 mm."""

RAPID = "G21 G90 G61.1\nG1 X0 Y0 F6000\nG4 P0.5\nG0 X150\nM2\n"

WITHOUT = "G21 G90\nM52 P0\nG1 X10 Y0 F600\nG1 X0\nG1 X150\nM2\n"
"""Without adaptive feed."""

OVERRIDES_OFF = "G21 G90 G61.1\nM50 P0\nG1 X-5 Y0 F6000\nG4 P0.5\nG1 X150 F600\nM2\n"

SHORT = "G21 G90\nG1 X0 Y0 F6000\nG1 X10 F600\nM2\n"

Notes = dict[str, object]


def path_at(x: float, y: float) -> float:
    """Return how far along PATH a place is, in mm."""
    if x <= 10 and y < 1e-6:
        return x
    if y <= 10 and x <= 20:
        return 10 + 10 * (atan2(y - 10, x - 10) + pi / 2)
    if abs(x - 20) < 1e-6 and y <= 30:
        return 10 + QUARTER + y - 10
    if y < 40:
        return 10 + QUARTER + 20 + 10 * (pi - atan2(y - 30, x - 30))
    return 10 + QUARTER + 20 + QUARTER + x - 30


def main(driver: Driver) -> Notes:
    """Run programs, and note what came of it."""
    hand = Hand(driver)
    hand.get_ready(watchdog_s=1.0)
    notes: Notes = {"adaptive feed at the start": driver.stat.adaptive_feed_enabled}
    hand.select_run(True)
    hand.start(PATH)
    hand.until_path_begins()
    notes["still before"] = hand.moved_in(1.0)
    notes["turns"] = [turn(hand, rate, number, is_even=True) for rate, number in TURNS]
    notes["still"] = hand.moved_in(1.0)
    notes["storm"] = storm(hand)
    notes["reverse"] = reverse(hand)
    notes["let go"] = let_go(hand)
    notes["rapid"] = rapid(hand)
    notes["without M52"] = without(hand)
    notes["overrides off"] = overrides_off(hand)
    notes["unselected"] = unselected(hand)
    notes["again"] = hand.again
    notes["errors"] = driver.read_errors()
    return notes


def turn(
    hand: Hand,
    rate: float,
    detents: int,
    place: Callable[[], float] | None = None,
    mm: float = DETENT_MM,
    is_even: bool = False,
) -> Notes:
    """Turn evenly; note the path for it, and the speeds in between.

    It is turned again where hal_mpg disarmed, as this machine stood still; and, where the speeds are
    wanted (`is_even`), where the servo thread or the hand was late. Neither changes the path.
    """
    path = place or (lambda: path_at(*hand.place()))
    while True:
        start, before, counted, dropped = hand.place(), path(), hand.counts(), hand.pin("dropped")
        hand.clock.run()
        speeds = hand.turn(detents, rate)
        late_s, hand_late_s = hand.clock.late_s(), hand.late_s
        stood_s = hand.until_stands()
        lost = hand.pin("dropped") - dropped
        if not (lost or (is_even and max(late_s, hand_late_s) > LATE / rate)):
            break
        hand.again.append({"rate": rate, "servo thread": late_s, "hand": hand_late_s, "dropped": lost})
        if len(hand.again) > MOST_AGAIN:
            raise TimeoutError(f"this machine stands still all the time, so no turn is even: {hand.again}")
    counted = hand.counts() - counted
    steady = speeds[len(speeds) // 3 :]
    return {
        "rate": rate,
        "counted": counted,
        "dropped": hand.pin("dropped") - dropped,
        "path": path() - before,
        "wanted": counted * mm,
        "speed": [min(steady), sum(steady) / len(steady), max(steady)],
        "stood_s": stood_s,
        "places": [start, hand.place()],
    }


def storm(hand: Hand) -> Notes:
    """Turn much faster than the program can go."""
    before, counted, dropped = path_at(*hand.place()), hand.counts(), hand.pin("dropped")
    speeds = hand.turn(150, 150)
    at_end = path_at(*hand.place())
    stood_s = hand.until_stands()
    counted = hand.counts() - counted
    return {
        "counted": counted,
        "dropped": hand.pin("dropped") - dropped,
        "path": path_at(*hand.place()) - before,
        "wanted": counted * DETENT_MM,
        "highest": max(speeds),
        "run on": path_at(*hand.place()) - at_end,
        "stood_s": stood_s,
    }


def reverse(hand: Hand) -> Notes:
    """Turn back: without leave to, and with it."""
    hand.turn_until(lambda: path_at(*hand.place()) > IN_LAST_LINE, 45)
    hand.until_stands()
    before, dropped = hand.place(), hand.pin("dropped")
    hand.turn(-10, 20)
    hand.until_stands()
    without = hypot(hand.place()[0] - before[0], hand.place()[1] - before[1])
    notes: Notes = {"without": without, "dropped": hand.pin("dropped") - dropped}
    hand.set_pin("mpg-run.backward", "TRUE")
    notes["back"] = turn(hand, 20, -20)
    notes["forth"] = turn(hand, 20, 20)
    notes["there again"] = hypot(hand.place()[0] - before[0], hand.place()[1] - before[1])
    hand.set_pin("mpg-run.backward", "FALSE")
    return notes


def let_go(hand: Hand) -> Notes:
    """Turn the selector away: it stands, whatever is turned, until it is paused and resumed."""
    hand.select_run(False)
    hand.turn(20, 50)
    notes: Notes = {"moved": hand.moved_in(0.5), "feed": hand.feed(), "idle": hand.is_idle()}
    hand.driver.command.auto(linuxcnc.AUTO_PAUSE)
    hand.wait_interpreter(linuxcnc.INTERP_PAUSED)
    notes["paused"] = hand.feed()
    hand.driver.command.auto(linuxcnc.AUTO_RESUME)
    hand.driver.wait_pin("motion.adaptive-feed", 1.0)
    hand.wait_interpreter(linuxcnc.INTERP_IDLE)
    notes["ended at"] = hand.place()
    return notes


def rapid(hand: Hand) -> Notes:
    """Run a rapid by the wheel: 50 mm/s, so 1 mm for each detent."""
    hand.select_run(True)
    hand.start(RAPID)
    hand.turn_until(lambda: abs(hand.place()[1]) < 1e-6, 50)
    hand.turn_until(lambda: hand.place()[0] > 1, 10)
    hand.until_stands()
    notes = turn(hand, 20, 40, lambda: hand.place()[0], RAPID_DETENT_MM)
    hand.abort()
    return notes


def without(hand: Hand) -> Notes:
    """A program that switches adaptive feed off: it stands when the wheel does, all the same."""
    hand.start(WITHOUT)
    before = hand.place()
    hand.turn_until(lambda: hand.place() != before, 10)
    hand.turn(5, 10)
    hand.until_stands()
    notes: Notes = {"enabled": hand.driver.stat.adaptive_feed_enabled, "moved": hand.moved_in(0.5)}
    hand.abort()
    hand.driver.mode("MDI")
    hand.driver.command.mdi("M52 P1")
    hand.driver.complete()
    return notes


def overrides_off(hand: Hand) -> Notes:
    """A program that switches feed override off, and motion.feed-inhibit with it (control.c)."""
    hand.start(OVERRIDES_OFF)
    hand.turn_until(lambda: hand.place()[0] < -4.999, 50)
    hand.turn_until(lambda: hand.place()[0] > -4.9, 10)
    hand.until_stands()
    notes = turn(hand, 20, 20, lambda: hand.place()[0])
    notes["still"] = hand.moved_in(0.5)
    hand.select_run(False)
    hand.turn(20, 50)
    notes["let go"] = hand.moved_in(0.5)
    hand.abort()
    return notes


def unselected(hand: Hand) -> Notes:
    """Without mpg-run, programs run as ever."""
    hand.select_run(False)
    hand.start(SHORT)
    hand.driver.wait_stat(lambda: hand.driver.stat.current_vel > 9.9, "full feed")
    hand.wait_interpreter(linuxcnc.INTERP_IDLE)
    time.sleep(0.1)
    return {"feed": hand.feed(), "ended at": hand.place()}


finish(main)
