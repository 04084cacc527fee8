#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""LinuxCNC's driver for the benchmark of motion: jogs with one program, and measures what the axes do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from bench.guest_motion_hand import Hand
from bench.motion_samples import Answer, Sample, answers, parse, run_on
from bench.motion_steps import Block, blocks
from tests.linuxcnc.driver import Driver, arguments, finish, hal, linuxcnc, wait_until

WATCHDOG_S = 20.0
"""The emulated machine may stand still for longer than the sample files' 0.13 s."""
LIMIT_S = 60.0
ATTEMPTS = 4
FULL_SPEED = 0.9
"""A spin counts if the axis had this part of its full speed on average in its last tenth of a second."""
SLOWER = 1.2
"""A spin does not count if it took longer than it was to by this factor: the machine stood still."""
SETTLED_S = 0.1
LIMIT_MM = 195.0
"""X has a little more to either side."""
LATE_S = 1.0
"""A detent that has not arrived for so long never will."""

Notes = dict[str, Any]


class Bench:
    """The driver, the hand, and the program that is measured."""

    def __init__(self, driver: Driver, program: Notes) -> None:
        self.driver = driver
        self.program = program
        self.hand = Hand()
        halcmd("sampler.hal")
        halcmd_text(f"net {program['x counts']} => sampler.0.pin.1")

    def is_ours(self) -> bool:
        """Whether the program knows of arming, and drops what is too fast."""
        return "armed" in self.program

    def power_up(self) -> None:
        """Do all that comes before jogging."""
        if self.is_ours():
            self.driver.set_watchdog(WATCHDOG_S)
            self.driver.wait_pin(self.program["connected"], True, LIMIT_S)
        self.hand.pick_up()
        if self.is_ours():
            self.driver.wait_pin(self.program["estop-ok"], True, LIMIT_S)
        self.driver.power_up()
        self.arm()

    def arm(self) -> None:
        """Take the enabling button, and wait until the wheel is live."""
        self.hand.show(enable=True)
        if self.is_ours():
            self.driver.wait_pin(self.program["armed"], True, LIMIT_S)
        time.sleep(0.05)

    def places(self) -> dict[str, float]:
        """Return where the axes are commanded to be."""
        return {letter: self.driver.pin(f"joint.{i}.pos-cmd") for i, letter in enumerate("xyz")}

    def rest(self) -> None:
        """Wait until no axis moves any more."""
        last, since = self.places(), time.monotonic()

        def stands() -> bool:
            nonlocal last, since
            time.sleep(0.005)
            now = self.places()
            if now != last or self.driver.pin("motion.jog-is-active"):
                last, since = now, time.monotonic()
            return time.monotonic() - since > SETTLED_S

        wait_until(stands, "the axes to stand", LIMIT_S)

    def go_to(self, x: float) -> None:
        """Go there by G0, as an operator would, and come back to the wheel."""
        driver = self.driver
        self.hand.show(enable=False)
        driver.mode("MDI")
        driver.command.mdi(f"G53 G0 X{x} Y0 Z0")
        driver.wait_stat(lambda: abs(driver.positions()["x"] - x) < 1e-6, "G0")
        driver.wait_stat(lambda: driver.stat.interp_state == linuxcnc.INTERP_IDLE, "the interpreter")
        driver.mode("MANUAL")
        driver.teleop()
        self.arm()

    def make_room(self, way: float) -> int:
        """Go to where X has so much room, if it has not; return in which direction."""
        x = self.places()["x"]
        sign = -1 if x > 0 else 1
        if abs(x + sign * way) > LIMIT_MM:
            self.go_to(-sign * way / 2)
        self.hand.select("x")
        self.hand.select("x100")
        self.arm()
        return sign

    def sampled(self, act: Callable[[], None]) -> list[Sample]:
        """Do something; return the samples of all servo periods from before it until all is at rest."""
        hal.set_p("sampler.0.enable", "TRUE")
        time.sleep(0.05)
        act()
        self.rest()
        hal.set_p("sampler.0.enable", "FALSE")
        time.sleep(0.01)
        depth = self.driver.pin("sampler.0.curr-depth")
        command = ["halsampler", "-t", "-n", str(depth)]
        return parse(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def halcmd(name: str) -> None:
    """Run one of the wiring files of this benchmark."""
    path = Path(__file__).parent / "wiring" / name
    subprocess.run(["halcmd", "-f", str(path)], check=True)


def halcmd_text(line: str) -> None:
    """Run one HAL command."""
    subprocess.run(["halcmd", *line.split()], check=True)


def first_motion(bench: Bench, count: int, gaps: Sequence[float]) -> list[Answer]:
    """Turn by single detents from rest; return after how many periods the pin, and the axis, followed."""
    bench.hand.select("x100")

    def turn() -> None:
        for i in range(count):
            time.sleep(gaps[i % len(gaps)])
            bench.hand.turn(-1 if i % 2 else 1)

    return answers(bench.sampled(turn))


def spin(bench: Bench, rate: int, seconds: float, limit: float) -> Notes:
    """Spin the wheel at x100, and stop; return how far the axis went on."""
    aside: list[Notes] = []
    for _ in range(ATTEMPTS):
        sign = bench.make_room(rate * seconds * 0.1)
        found = run_on(bench.sampled(partial(bench.hand.spin, sign, rate, seconds)))
        is_whole = bench.is_ours() or found.counted == found.turned  # ours refuses what is too fast
        if is_whole and found.speed >= FULL_SPEED * limit and found.spun_s <= SLOWER * seconds:
            return {"rate": rate, "seconds": seconds, **found._asdict(), "aside": aside}
        aside.append(found._replace(curve=[])._asdict())
    return {"rate": rate, "seconds": seconds, "aside": aside}


def wrong_distances(bench: Bench, kind: str, count: int, seed: str) -> list[Notes]:
    """Play random blocks; return for each what was asked of the axes, what they did, and what arrived."""
    bench.go_to(0)
    return [play(bench, block) for block in blocks(seed, kind, count)]


def play(bench: Bench, block: Block) -> Notes:
    """Play one block from rest to rest."""
    hand, pins = bench.hand, [bench.program["counts"], *bench.program.get("dropped", ())]
    hand.select(block.axis)
    hand.select(block.scale)
    bench.arm()  # it still is, but for a machine that stood still
    before, start = [bench.driver.pin(pin) for pin in pins], bench.places()
    for step in block.steps:
        time.sleep(step.gap_s)
        if step.detents:
            hand.turn(step.detents)
        else:
            hand.select(step.position)
    turned = sum(step.detents for step in block.steps)
    with suppress(TimeoutError):  # the figures say so
        wait_until(lambda: bench.driver.pin(pins[0]) - before[0] == turned, "all detents", LATE_S)
    bench.rest()
    end = bench.places()
    return {
        "asked": block.asked,
        "moved": {letter: round((end[letter] - start[letter]) * 1000, 2) for letter in end},
        "turned": turned,
        "counted": bench.driver.pin(pins[0]) - before[0],
        "dropped": sum(bench.driver.pin(pin) for pin in pins[1:]) - sum(before[1:]),
    }


def main(driver: Driver) -> Notes:
    """Measure one program in all its modes."""
    asked = arguments()
    bench = Bench(driver, asked["program"])
    bench.power_up()
    ini = linuxcnc.ini(driver.stat.ini_filename)
    limit, acceleration = (float(ini.find("AXIS_X", f"MAX_{name}")) for name in ("VELOCITY", "ACCELERATION"))
    notes: Notes = {"velocity": limit, "acceleration": acceleration, "run-on": {}}
    notes["first motion"] = first_motion(bench, asked["detents"], asked["gaps"])
    for mode, wiring in bench.program["modes"].items():
        if wiring:
            halcmd(wiring)
        spins = [
            spin(bench, rate, seconds, limit)
            for rate, seconds in asked["spins"]
            for _ in range(asked["tries"])
        ]
        notes["run-on"][mode] = spins
    if any(bench.program["modes"].values()):
        halcmd("position.hal")
    notes["wrong"] = {
        kind: wrong_distances(bench, kind, asked["blocks"], asked["seed"]) for kind in ("axis", "scale")
    }
    notes["errors"] = sorted(set(driver.read_errors()))
    return notes


finish(main)
