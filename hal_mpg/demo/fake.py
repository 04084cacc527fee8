# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's machine where there is no LinuxCNC: the real component on the fake HAL.

Of LinuxCNC it emulates what the demo looks at: E-stop and machine on, and axes that go at once by as many
steps as their jog-counts have changed while jog-enable is TRUE.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from pathlib import Path

from hal_mpg.demo.link import COMPONENT, PERIOD_S, Status, status_line
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.pins import Pin
from hal_mpg.profile_files import read_profile
from hal_mpg.runner import Runner
from hal_mpg.sources.virtual import VirtualSource
from hal_mpg.virtual.cable import Lines

LIMITS = {"x": (50, 500), "y": (50, 500), "z": (50, 500), "a": (90, 900)}
"""Velocity and acceleration of the axes in sim-4axis.ini, in mm/s or deg/s and /s²."""


class FakeMachine:
    """A machine of four axes on a fake HAL."""

    def __init__(self, hal: FakeHal, demo: Lines) -> None:
        self._hal, self._demo = hal, demo
        self._state, self._homed = "ESTOP", False
        self._counts = dict.fromkeys(LIMITS, 0)
        self._positions = dict.fromkeys(LIMITS, 0.0)
        self._told: Status | None = None
        self._tell_at = 0.0

    def _get(self, pin: str) -> float:
        return float(self._hal.get_value(f"{COMPONENT}.{pin}"))

    def start(self) -> None:
        """Tell the component the limits, as the sample HAL files do."""
        for axis, (velocity, acceleration) in LIMITS.items():
            self._hal.set_p(f"{COMPONENT}.axis.{axis}.max-velocity", str(velocity))
            self._hal.set_p(f"{COMPONENT}.axis.{axis}.max-acceleration", str(acceleration))

    def turn(self, now: float) -> None:
        """Do what LinuxCNC does in some of its periods."""
        if select.select([self._demo.socket], [], [], 0)[0]:
            for line in self._demo.read():
                self._do(line.decode("ascii"))
            if not self._demo.is_open:
                os.kill(os.getpid(), signal.SIGTERM)  # the runner's ordinary way out
        self._follow_estop()
        self._jog()
        if now >= self._tell_at:
            self._tell_at = now + PERIOD_S
            self._tell()

    def _do(self, word: str) -> None:
        if word == "reset" and self._state == "ESTOP" and self._get("estop-ok"):
            self._state = "ESTOP_RESET"
        elif word == "on" and self._state == "ESTOP_RESET":
            self._state = "ON"
        elif word == "home" and self._state == "ON":
            self._homed = True

    def _follow_estop(self) -> None:
        if not self._get("estop-ok"):
            self._state = "ESTOP"
        elif self._get("reset"):
            self._do("reset")
        self._hal.set_p(f"{COMPONENT}.machine-is-on", str(int(self._state == "ON")))

    def _jog(self) -> None:
        for axis, before in self._counts.items():
            counts = int(self._get(f"axis.{axis}.jog-counts"))
            self._counts[axis] = counts
            if self._state == "ON" and self._get(f"axis.{axis}.jog-enable"):
                moved = (counts - before) * self._get(f"axis.{axis}.jog-scale")
                self._positions[axis] = round(self._positions[axis] + moved, 9)

    def _tell(self) -> None:
        infos = {str(info["NAME"]): info["VALUE"] for info in self._hal.get_info_pins()}
        pins = {name.removeprefix(f"{COMPONENT}."): value for name, value in infos.items()}
        del pins["heartbeat"]
        on_and_homed = self._state == "ON" and self._homed
        status = Status(self._state, self._homed, on_and_homed, dict(self._positions), pins)  # type: ignore[arg-type]
        if status != self._told:
            self._told = status
            self._demo.send(status_line(status))


class _MachinePort(HalPort):
    """The component's pins, with a machine that moves on whenever the component's loop comes around."""

    def __init__(self, hal: FakeHal, pins: tuple[Pin, ...], machine: FakeMachine) -> None:
        super().__init__(hal, COMPONENT, pins)
        self._machine = machine

    def ready(self) -> None:
        super().ready()
        self._machine.start()

    def toggle_heartbeat(self, now: float) -> None:
        super().toggle_heartbeat(now)
        self._machine.turn(now)


def main(control: str, profile_file: str) -> int:
    """Run the component with a profile until the demo at the socket `control` hangs up."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.connect(control)
    profile = read_profile(Path(profile_file))
    pendant = Pendant(profile, Machine(axes=frozenset(LIMITS)))
    hal = FakeHal()
    port = _MachinePort(hal, pendant.pins, FakeMachine(hal, Lines(peer)))
    Runner(pendant, VirtualSource(profile), port, verbose=True).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
