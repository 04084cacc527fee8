#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A hand at the simulated board's contacts, and a whole LinuxCNC: it ends where the hand turned it to.

The hand writes scripts of edges (hand.py), the simulator plays them in real time (board.c).
"""

from __future__ import annotations

import socket
import threading
import time
from decimal import Decimal
from random import Random
from typing import Any

from tests.avr.hand import Hand
from tests.avr.reader import Held
from tests.linuxcnc.driver import Driver, arguments, finish, hal, wait_until

LINEAR = {"x1": Decimal("0.001"), "x10": Decimal("0.01"), "x100": Decimal("0.1")}
ANGULAR = {"x1": Decimal("0.01"), "x10": Decimal("0.1"), "x100": Decimal("1")}
AXES = "xyzabc"

CLOSE = 2e-6
"""In mm or degrees; see tests/linuxcnc/sequence_player.py."""

GAPS_US = {"x1": (300, 600, 1500), "x10": (300, 600, 1500), "x100": (1500, 2500)}
ANGULAR_GAPS_US = {"x1": (300, 600, 1500), "x10": (600, 1500), "x100": (6000, 8000)}
"""From edge to edge, so that the axis can follow: its full speed is 50 mm/s, or 90 degrees/s."""

BLOCK = 500
"""Edges between two looks at the positions."""

STALL_S = 0.02
"""The computer stood still if somebody who sleeps for a millisecond wakes so much later."""

SETTLE_US = 100_000
"""The joints follow the axes by a few periods (cubic interpolation), and are there when that is over."""

ARMING_US = 400_000
"""The wheel has to be still for 0.2 s before the pendant is armed."""

WATCHDOG_S = 20.0
LIMIT_S = 60.0
ARRIVAL_S = 10.0


class Stalls(threading.Thread):
    """Looks at the clock every millisecond: `longest_s` is how long that did not go since it was set to 0."""

    def __init__(self) -> None:
        """Look as long as the driver runs."""
        super().__init__(daemon=True)
        self.longest_s = 0.0

    def run(self) -> None:
        """Look."""
        last = time.monotonic()
        while True:
            time.sleep(0.001)
            now = time.monotonic()
            self.longest_s, last = max(self.longest_s, now - last), now


class Board:
    """The simulated board's other end."""

    def __init__(self, path: str) -> None:
        """Connect to the simulator."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._answers = self._socket.makefile()
        self._marks = 0

    def play(self, lines: list[str], limit_s: float = 600.0) -> None:
        """Play a script's lines, and wait until that has been done."""
        self._marks += 1
        self._say([*lines, f"0 mark {self._marks}"], limit_s)
        while self._answers.readline().split()[1:] != ["mark", str(self._marks)]:
            pass

    def stats(self) -> tuple[int, int]:
        """Return for how long simulated time stood back, all in all and at once at most, in us."""
        self._say(["0 stats"], LIMIT_S)
        _, _, total, most = self._answers.readline().split()
        return int(total), int(most)

    def _say(self, lines: list[str], limit_s: float) -> None:
        self._socket.settimeout(limit_s)
        self._socket.sendall(("\n".join(lines) + "\n").encode())


class Bench:
    """Driver, board and hand; and where the axes have to be."""

    def __init__(self, driver: Driver, seed: int, pins: dict[str, str], board: Board) -> None:
        """Take the pendant as it stands after its power came, with x and x1 selected."""
        self.driver, self.board = driver, board
        self.rng = Random(seed)
        self.hand = Hand(self.rng, pins)
        self.stalls = Stalls()
        self.stalls.start()
        self.disturbed = 0
        """Edges of blocks in which the computer stood still, and hal_mpg dropped detents for that."""
        self._base = dict.fromkeys(AXES, Decimal(0))
        self._dropped = 0

    def flush(self) -> None:
        """Do what the hand has written, in real time; go on when it is done."""
        self.hand.act("mark done")  # also what it waited for last
        lines, self.hand.lines = self.hand.lines, []
        self.board.play(lines)

    def should(self) -> dict[str, Decimal]:
        """Return where each axis has to be: what was turned while the button was held, and nothing else."""
        where = dict(self._base)
        for held, detents in self.hand.turned.items():
            if jogs(held):
                where[held.axis] += detents * (ANGULAR if held.axis in "abc" else LINEAR)[held.scale]
        return where

    def block(self, edges: int) -> None:
        """Look what came of so many edges: exact; or the computer stood still, and what was dropped is told.

        What was dropped for that is taken for granted then, and the edges do not count.
        """
        before = self.board.stats()[0]
        self.flush()
        dropped = self._dropped + sum(n for held, n in self.hand.clicks.items() if not jogs(held))
        try:
            self.arrive(f"{self.hand.edges} edges")
        except TimeoutError as error:
            unexpected = self.driver.pin("hal_mpg.dropped") - dropped
            stood_back_s = (self.board.stats()[0] - before) / 1e6
            if unexpected <= 0 or max(self.stalls.longest_s, stood_back_s) < STALL_S:
                raise
            print(f"the computer stood still, {unexpected} detents were dropped: {error}", flush=True)
            self.disturbed += edges
            self._dropped += unexpected
            self.stand()
        self.stalls.longest_s = 0.0
        self.driver.wait_pin("hal_mpg.armed", True, LIMIT_S)

    def stand(self) -> None:
        """Take it for granted where the axes are."""
        positions, should = self.driver.positions(), self.should()
        for axis, at in positions.items():
            self._base[axis] += Decimal(at) - should[axis]

    def arrive(self, what: str) -> None:
        """Wait until each axis is where it has to be."""

        def is_there() -> bool:
            positions = self.driver.positions()
            return all(abs(positions[axis] - float(at)) < CLOSE for axis, at in self.should().items())

        try:
            wait_until(is_there, what, ARRIVAL_S)
        except TimeoutError:
            raise TimeoutError(f"{what}: {self.where()}") from None

    def where(self) -> dict[str, Any]:
        """Return where everything stands."""
        pins = ("armed", "counts", "dropped", "estop-ok", "connected", "garbled", "reconnects", "why-not")
        return {
            "should": {axis: float(at) for axis, at in self.should().items()},
            "is": {axis: round(at, 5) for axis, at in self.driver.positions().items()},
            "pins": {pin: self.driver.pin(f"hal_mpg.{pin}") for pin in pins},
            "stood back": self.board.stats(),
            "edges": self.hand.edges,
            "disturbed": self.disturbed,
            "reversals": self.hand.reversals,
            "switched": self.hand.switched,
        }

    def gap_us(self) -> float:
        """Return a time from edge to edge that the axis can follow."""
        gaps = ANGULAR_GAPS_US if self.hand.axis in ("a", "b", "c") else GAPS_US
        return self.rng.choice(gaps[self.hand.scale])

    def turn(self, most: int) -> None:
        """Turn to and fro."""
        self.hand.turn(self.rng.choice((-1, 1)) * self.rng.randint(1, most), self.gap_us())

    def tremble(self) -> None:
        """Go to and fro within a detent and beyond, and to rest."""
        gap_us = self.gap_us()
        for _ in range(self.rng.randint(2, 6)):
            direction = self.rng.choice((-1, 1))
            for _ in range(self.rng.randint(1, 6)):
                self.hand.edge(direction, gap_us, self.hand.bounces(4, gap_us / 40))
        self.hand.to_rest(gap_us)

    def switch(self) -> None:
        """Turn a selector on, quickly, or slowly with the wheel in motion meanwhile."""
        hand, rng = self.hand, self.rng
        hand.wait(200)
        if rng.random() < 0.3:
            hand.select("axis", "", 0, hand.bounces(6, 300))
            hand.turn(rng.choice((-3, 3)), 1000)
            hand.wait(6000)
            hand.select("axis", rng.choice(AXES), 0, hand.bounces(6, 300))
        elif rng.random() < 0.5:
            hand.select("axis", rng.choice(AXES), rng.uniform(50, 1500), hand.bounces(6, 300))
        else:
            hand.select("scale", rng.choice(list(LINEAR)), rng.uniform(50, 1500), hand.bounces(6, 300))

    def let_go(self) -> None:
        """Let go of the enabling button when all axes are there, turn on, and take it again."""
        hand = self.hand
        self.block(0)  # a jog that is under way would be cut off
        hand.wait(SETTLE_US)
        hand.press("enable", False, hand.bounces(4, 100))
        hand.turn(self.rng.choice((-4, 4)), 1000)
        hand.wait(150_000)
        self.take()

    def take(self) -> None:
        """Hold the enabling button, and wait until that has been seen."""
        self.hand.press("enable", True, self.hand.bounces(4, 300))
        self.hand.wait(ARMING_US)
        self.flush()
        self.driver.wait_pin("hal_mpg.armed", True, LIMIT_S)

    def reset(self) -> None:
        """Turn the machine on, and take hold of the pendant."""
        self.hand.press("enable", False)
        self.flush()
        self.driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
        self.driver.turn_on()
        self.driver.teleop()
        self.take()


def jogs(held: Held) -> bool:
    """Tell whether a detent that is turned so is one that jogs."""
    return bool(held.axis and held.scale and {"estop", "enable"} <= held.switches)


def main(driver: Driver) -> dict[str, Any]:
    """Play, and return what the test is to look at."""
    asked = arguments()
    driver.set_watchdog(WATCHDOG_S)
    bench = Bench(driver, asked["seed"], asked["pins"], Board(asked["socket"]))
    bench.hand.act(f"watch {asked['pins']['lamp']}")
    bench.flush()
    driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
    driver.power_up()
    bench.take()
    notes: dict[str, Any] = {"before": bench.where()}
    edges(bench, asked["edges"])
    notes["edges"] = bench.where()
    lamp(bench, notes)
    stops(bench, notes)
    notes["errors"] = driver.read_errors()
    return notes


def edges(bench: Bench, edges: int) -> None:
    """Play so many edges, not counting those that the computer disturbed; look where the axes are."""
    acts = [lambda: bench.turn(12)] * 4 + [bench.tremble] * 2 + [bench.switch] * 6
    begin = bench.hand.edges
    while bench.hand.edges - bench.disturbed < edges and bench.hand.edges < 3 * edges:
        bench.rng.choice(acts)()
        if bench.hand.edges >= begin + BLOCK:
            bench.hand.to_rest(bench.gap_us())
            bench.block(bench.hand.edges - begin)
            begin = bench.hand.edges
            if bench.rng.random() < 0.5:
                bench.let_go()
    bench.hand.to_rest(bench.gap_us())
    bench.block(bench.hand.edges - begin)


def lamp(bench: Bench, notes: dict[str, Any]) -> None:
    """Light the lamp from HAL."""
    hal.set_p("hal_mpg.led.ready", "1")
    bench.hand.wait(300_000)
    bench.hand.act("mark lit")
    bench.flush()
    hal.set_p("hal_mpg.led.ready", "0")
    bench.hand.wait(300_000)
    bench.hand.act("mark dark")
    bench.flush()
    notes["lamp"] = bench.where()


def stops(bench: Bench, notes: dict[str, Any]) -> None:
    """Press the E-stop, let the program run away, reset it, switch it off, unplug it; jog after each."""
    hand, driver = bench.hand, bench.driver
    hand.select("axis", "y", 1000)
    hand.select("scale", "x10", 1000)
    for what in ("estop", "hang", "reset", "power", "unplug"):
        before = driver.pin("hal_mpg.reconnects")
        hand.turn(5, 2500)
        bench.flush()
        bench.arrive(f"before {what}")
        hand.wait(SETTLE_US)
        if what == "estop":
            hand.press("estop", False, hand.bounces(4, 100))
        else:
            hand.act(what)
        hand.turn(7, 2500) if what == "estop" else hand.wait(100_000)
        bench.flush()
        driver.wait_state("ESTOP", LIMIT_S)
        notes[what] = bench.where()
        if what == "estop":
            hand.press("estop", True, hand.bounces(4, 100))
        else:
            if what == "unplug":
                driver.wait_pin("hal_mpg.connected", False, LIMIT_S)
                hand.act("plug")
                bench.flush()
            driver.wait_pin("hal_mpg.reconnects", before + 1, LIMIT_S)
            driver.wait_pin("hal_mpg.connected", True, LIMIT_S)
        notes[f"{what}, back"] = {"state": driver.state(), **bench.where()}
        bench.reset()
        bench.stand()  # what little was missing is forgotten by LinuxCNC; the test looks how much that is
        hand.turn(-3, 2500)
        bench.flush()
        bench.arrive(f"after {what}")


if __name__ == "__main__":
    finish(main)
