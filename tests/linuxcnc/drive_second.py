#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Jogs the same axes with two pendants, in turn and at once, and loses one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish, hal
from tests.linuxcnc.virtual_pendant import ENABLE, VirtualPendant

STILL_S = 0.4
"""How long it is looked that nothing moves."""

Notes = dict[str, Any]


class Hands:
    """One pendant, and whoever has it in the hand."""

    def __init__(self, driver: Driver, component: str, pendant: VirtualPendant) -> None:
        """Plug it in, at X and x10."""
        self.driver, self.component, self.pendant = driver, component, pendant
        self.plug_in()

    def plug_in(self) -> None:
        """Plug it in, and let it say how its switches stand."""
        self.pendant.plug_in()
        self.pendant.select_axis("x")
        self.pendant.select_scale("x10")

    def pin(self, name: str) -> Any:
        """Return the value of a pin of its component."""
        return self.driver.pin(f"{self.component}.{name}")

    def hold(self) -> None:
        """Hold the enabling button until the wheel is live."""
        self.pendant.press(ENABLE)
        self.driver.wait_pin(f"{self.component}.armed", True)

    def let_go(self) -> None:
        """Let go of it."""
        self.pendant.release(ENABLE)
        self.driver.wait_pin(f"{self.component}.armed", False)

    def turn(self, detents: int) -> None:
        """Turn the wheel until the axis has been still for a while."""
        self.pendant.turn(detents)
        time.sleep(STILL_S)


def turned(hands: Hands, x: int, z: int) -> None:
    """Jog two axes by so many detents, and let go."""
    hands.hold()
    hands.turn(x)
    hands.pendant.select_axis("z")
    hands.turn(z)
    hands.pendant.select_axis("x")
    hands.let_go()


def process(is_second: bool) -> int:
    """Return the process id of one of the two components."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if "python" in Path(words[0]).name and "--pendant" in words and ("mpg2" in words) == is_second:
            found.append(int(entry.name))
    (pid,) = found
    return pid


def trip(driver: Driver, act: Callable[[], object], back: Callable[[], object]) -> Notes:
    """Have something happen that has to stop the machine, make up for it, and power up."""
    act()
    driver.wait_state("ESTOP")
    notes = {"state": driver.state(), "is on": driver.pin("motion.motion-enabled")}
    back()
    driver.turn_on()
    driver.teleop()
    return {**notes, "at": driver.positions()}


def main(driver: Driver) -> Notes:
    """Do all of it; each part's notes are how LinuxCNC stands then."""
    driver.set_watchdog(arguments()["watchdog"])
    hal.set_p("mpg2-alive.width", str(arguments()["watchdog"]))
    first = Hands(driver, "hal_mpg", VirtualPendant())
    second_socket = Path(os.environ["HAL_MPG_LINUXCNC_SOCKET"]).with_name("second.socket")
    driver.wait_pin("hal_mpg.connected", True)
    notes: Notes = {"with one only": driver.pin("mpg-latch.ok-in")}
    second = Hands(driver, "mpg2", VirtualPendant(path=second_socket))
    driver.wait_pin("mpg2.connected", True)
    driver.power_up()
    notes["scales"] = [hands.pin("axis.x.jog-scale") for hands in (first, second)]

    turned(first, 7, 2)
    notes["first"] = driver.positions()
    turned(second, -3, 5)
    notes["second"] = driver.positions()
    first.hold()
    second.pendant.press(ENABLE)
    driver.wait_pin("hal_mpg.armed", False)
    time.sleep(STILL_S)
    notes["both hold"] = [hands.pin("why-not") for hands in (first, second)]
    first.turn(4)
    second.turn(4)
    notes["both turned"] = driver.positions()
    second.pendant.release(ENABLE)
    driver.wait_pin("hal_mpg.armed", True)
    first.turn(1)
    notes["first again"] = driver.positions()
    first.let_go()

    notes["unplugged"] = trip(driver, second.pendant.unplug, second.plug_in)
    notes["E-stop"] = trip(driver, second.pendant.press_estop, second.pendant.release_estop)
    pid = process(is_second=True)
    notes["SIGSTOP"] = trip(
        driver, lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT)
    )
    turned(second, 2, -1)
    notes["at the end"] = driver.positions()

    for hands, is_second in ((first, False), (second, True)):
        os.kill(process(is_second), signal.SIGKILL)
        driver.wait_state("ESTOP")
        refused, name = not _resets(driver), hands.component
        notes[f"{name} recovered"] = {"reset was refused": refused, **recovered(driver, hands)}
    turned(first, 3, 3)
    turned(second, 1, 1)
    notes["after recovery"] = driver.positions()
    return notes


def recovered(driver: Driver, hands: Hands) -> Notes:
    """Have a component started again that was killed, and power up."""
    words = ["hal_mpg", "recover", "--name", hands.component, driver.stat.ini_filename]
    said = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    hands.component += "-2"
    hands.pendant.unplug()
    hands.plug_in()
    driver.turn_on()
    driver.teleop()
    return {"status": said.returncode, "said": said.stdout + said.stderr, "at": driver.positions()}


def _resets(driver: Driver) -> bool:
    """Tell whether the E-stop can be reset."""
    driver.ask_state("ESTOP_RESET")
    time.sleep(STILL_S)
    return driver.state() != "ESTOP"


if __name__ == "__main__":
    finish(main)
