#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives LinuxCNC in the guest: each device is plugged in, found, its recording played; notes what follows.

LinuxCNC is started once. For each device hal_mpg is started anew, as by a user who has bought another one,
and netted as the sample HAL files have it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish, hal, wait_until
from tests.linuxcnc.serial_hands import Hands

LIMIT_S, AGAIN_S = 60.0, 1.0

# LinuxCNC's planner rests within a thousandth of acceleration x period² of its target (simple_tp.h,
# TINY_DP), here 0.5 µm; the target itself is exact, so this does not add up.
CLOSE = 2e-6

# An emulated processor may stand still for longer than the samples' 0.13 s while another one goes on.
WATCHDOG_S = 2.0

CONFIG = Path(__file__).resolve().parents[2] / "config"
INI = CONFIG / "sim-6axis.ini"
AXES = "xyzabc"
START = ("--units", "mm", "--axes", AXES.upper())
"""What a machine says of itself; of the pendant, nothing."""

HAL_MPG = re.compile(r"\bhal_mpg\.\S+")


def halcmd(lines: Iterable[str], *options: str) -> None:
    """Let halcmd carry out some lines, with the INI file's values. Raises CalledProcessError."""
    commands = Path(os.environ["HOME"], "commands.hal")
    commands.write_text("".join(f"{line}\n" for line in lines))
    subprocess.run(["halcmd", *options, "-i", str(INI), "-f", str(commands)], check=True)


def wiring(axes: str) -> Iterator[str]:
    """Yield the lines of the sample files that have to do with hal_mpg's pins."""
    files = [CONFIG / "mpg.hal", CONFIG / "mpg-estop.hal", *(CONFIG / f"mpg-{axis}.hal" for axis in axes)]
    lines = [line.strip() for file in files for line in file.read_text().splitlines()]
    nets = [line for line in lines if line.startswith("net ")]
    signals = {line.split()[1] for line in nets if HAL_MPG.search(line)}
    for line in lines:
        is_net = line.startswith("net ") and line.split()[1] in signals
        if is_net or (line.startswith("setp ") and HAL_MPG.search(line)):
            yield line


class Bench:
    """LinuxCNC, and the hands on whatever device is there."""

    def __init__(self, driver: Driver, hands: Hands) -> None:
        self.driver, self.hands = driver, hands
        self._netted = AXES

    def stop_hal_mpg(self) -> None:
        """End hal_mpg, and take its nets away; nothing that it had set is left in a signal."""
        if hal.component_exists("hal_mpg"):
            subprocess.run(["halcmd", "unloadusr", "hal_mpg"], check=True)
            wait_until(lambda: not hal.component_exists("hal_mpg"), "the end of hal_mpg", LIMIT_S)
        signals = {line.split()[1] for line in wiring(self._netted) if line.startswith("net ")}
        halcmd((f"delsig {signal}" for signal in sorted(signals)), "-k")

    def start_hal_mpg(self, pendant: str | None) -> str:
        """Start hal_mpg, and net it; return the axes that it has."""
        chosen = ["--pendant", pendant] if pendant else []
        # Its output is not caught: hal_mpg keeps it open, so that its end would be waited for.
        subprocess.run(["halcmd", "loadusr", "-W", "hal_mpg", *chosen, *START], check=True)
        self._netted = "".join(axis for axis in AXES if has_pin(f"hal_mpg.axis.{axis}.jog-counts"))
        # The emulated machine may stand still; what comes in one instant then would be too fast for an axis.
        unlimited = [f"setp hal_mpg.axis.{axis}.max-velocity 0" for axis in self._netted]
        halcmd([*wiring(self._netted), *unlimited, f"setp watchdog.timeout-0 {WATCHDOG_S}"])
        return self._netted

    def connect(self) -> None:
        """Let the pendant show how it stands, until it is connected.

        More than once, for the kernel drops what a USB device sends before somebody has opened its node.
        """
        end = time.monotonic() + LIMIT_S
        while not self.driver.pin("hal_mpg.connected"):
            if time.monotonic() > end:
                raise TimeoutError(f"not connected within {LIMIT_S:.0f} s")
            self.hands.do("show")
            with suppress(TimeoutError):
                self.driver.wait_pin("hal_mpg.connected", True, AGAIN_S)
        self.hands.do("show")

    def power_up(self) -> None:
        """Turn the machine on, and home it where that was not done before."""
        self.driver.turn_on()
        if all(self.driver.stat.homed[joint] for joint in range(self.driver.stat.joints)):
            self.driver.teleop()
        else:
            self.driver.home()

    def pins(self, names: Iterable[str]) -> dict[str, str]:
        """Return pins as a recording spells them."""
        found = {}
        for name in names:
            value = self.driver.pin(f"hal_mpg.{name}")
            found[name] = str(value).upper() if isinstance(value, bool) else f"{value:g}"
        return found

    def counted(self, names: Iterable[str], dropped: int) -> dict[str, str]:
        """Return those pins; of what was dropped, what has come since: the first word may be no turn."""
        return self.pins(names) | {"dropped": str(self.driver.pin("hal_mpg.dropped") - dropped)}

    def should(self) -> dict[str, float]:
        """Return how far each axis has to have moved, by the counts and the scale of a count."""
        pin = self.driver.pin
        return {
            axis: pin(f"hal_mpg.axis.{axis}.jog-counts") * pin(f"hal_mpg.axis.{axis}.jog-scale")
            for axis in self._netted
        }

    def moved(self, before: dict[str, float]) -> dict[str, float]:
        """Return how far each axis of the machine has moved."""
        return {axis: at - before[axis] for axis, at in self.driver.positions().items()}

    def is_there(self, before: dict[str, float]) -> bool:
        """Tell whether each axis is where the counts say, and the others where they were."""
        should = self.should()
        return all(abs(far - should.get(axis, 0.0)) < CLOSE for axis, far in self.moved(before).items())


def has_pin(name: str) -> bool:
    """Tell whether HAL has a pin."""
    try:
        hal.get_value(name)
    except RuntimeError:
        return False
    return True


def one(bench: Bench, asked: dict[str, Any]) -> dict[str, Any]:
    """Plug one device in, and do with it what its recording does; then pull the plug."""
    driver, hands = bench.driver, bench.hands
    notes: dict[str, Any] = {"nodes": hands.do("make", asked["name"], asked["profile"])}
    try:
        notes["axes"] = bench.start_hal_mpg(asked["pendant"])
        bench.connect()
        driver.wait_pin("hal_mpg.estop-ok", True, LIMIT_S)
        bench.power_up()
        before, dropped = driver.positions(), driver.pin("hal_mpg.dropped")
        hands.do("play")
        wanted = {
            pin: value
            for pin, value in asked["expected"].items()
            if pin.endswith("counts") or pin == "dropped"
        }
        try:
            wait_until(lambda: bench.counted(wanted, dropped) == wanted, "the counts", LIMIT_S)
            wait_until(lambda: bench.is_there(before), "the position", LIMIT_S)
        except TimeoutError as error:
            notes["late"] = str(error)
        notes |= {"pins": bench.counted(wanted, dropped), "moved": bench.moved(before)}
        notes["should"] = bench.should()
        if asked["replug"]:
            notes["listed"] = listed()
        hands.do("unplug")
        driver.wait_pin("hal_mpg.connected", False, LIMIT_S)
        notes["unplugged"] = bench.pins(("armed", "axis-select", "enable"))
        if asked["replug"]:
            notes["again"] = replug(bench)
    finally:
        bench.stop_hal_mpg()
        notes["written"] = hands.do("end")
    return notes


def listed() -> list[dict[str, Any]]:
    """Return the devices that a profile fits, as `hal_mpg list` shows them to this user."""
    command = [sys.executable, "-m", "hal_mpg", "list", "--json"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [device for device in json.loads(text)["devices"] if device["profiles"]]


def replug(bench: Bench) -> dict[str, Any]:
    """Plug the device in at another port; return what follows."""
    driver, hands = bench.driver, bench.hands
    rested = driver.positions()
    reconnects = driver.pin("hal_mpg.reconnects")
    nodes = hands.do("plug", 1)
    bench.connect()
    return {
        "nodes": nodes,
        "reconnects": driver.pin("hal_mpg.reconnects") - reconnects,
        "moved": max(abs(far) for far in bench.moved(rested).values()),
    }


def main(driver: Driver) -> dict[str, Any]:
    asked = arguments()
    bench = Bench(driver, Hands(asked["socket"]))
    bench.stop_hal_mpg()
    notes: dict[str, Any] = {}
    for device in asked["devices"]:
        began = time.monotonic()
        try:
            notes[device["name"]] = one(bench, device)
            if "late" in notes[device["name"]]:
                # Where the emulated machine stands still, detents get older than they may be.
                bench.hands.do("say", f"once more: {notes[device['name']]}")
                notes[device["name"]] = one(bench, device)
        except Exception:  # noqa: BLE001  # whatever it is, the host shows it, and the next one has its turn
            notes[device["name"]] = {"error": traceback.format_exc(), "said": driver.read_errors()}
        notes[device["name"]]["seconds"] = round(time.monotonic() - began, 1)
        bench.hands.do("say", str(notes[device["name"]]))
    return notes


if __name__ == "__main__":
    finish(main)
