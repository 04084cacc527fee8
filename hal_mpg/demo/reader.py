# SPDX-License-Identifier: GPL-2.0-or-later
"""LinuxCNC's `[DISPLAY]DISPLAY` in the demo: tells the demo what LinuxCNC and HAL are doing.

LinuxCNC starts it as its own user, who alone can read HAL, and ends when it does; it ends with the demo,
however that ended. With --axis it shows the AXIS user interface as well.
"""

from __future__ import annotations

import importlib
import select
import socket
import subprocess
import sys
import time
from typing import Any

from hal_mpg.demo.link import COMPONENT, PERIOD_S, Status, message_line, status_line
from hal_mpg.hal_port import load_hal
from hal_mpg.virtual.cable import Lines

AXIS_LETTERS = "xyzabcuvw"
"""In the order of `linuxcnc.stat().position`."""

PING_S = 10.0
"""How long AXIS may take to answer."""

SETTLE_S = 3.0
"""How long to wait for AXIS where it cannot be asked."""

SILENT_S = 0.4
"""How long the heartbeat may stand still before hal_mpg is said not to answer."""

MAX_NAMES = 20
"""How many names hal_mpg may have had: after it was killed, it comes back as hal_mpg-2, and so on."""

COMPLETE_S = 2.0
"""How long LinuxCNC may take to carry out one command."""


class Reader:
    """Reads pins and status, and gives commands to LinuxCNC."""

    def __init__(self, shows_axis: bool) -> None:
        self._hal = load_hal()
        self._linuxcnc: Any = importlib.import_module("linuxcnc")
        self._component = self._hal.component("hal_mpg-demo")  # without one, HAL cannot be read
        self._component.ready()
        self._stat = self._linuxcnc.stat()
        self._command = self._linuxcnc.command()
        # Each message goes to one reader only, and AXIS shows it where the user looks.
        self._errors = None if shows_axis else self._linuxcnc.error_channel()
        self._name = COMPONENT
        self._pins = self._pin_names()
        self._beat, self._beat_at = False, time.monotonic()

    def _pin_names(self) -> list[str]:
        names = [str(pin["NAME"]) for pin in self._hal.get_info_pins()]
        return [name for name in names if name.startswith(f"{self._name}.") and "heartbeat" not in name]

    def _answers(self) -> bool:
        """Tell whether hal_mpg's heartbeat goes on; go over to another component that took its place."""
        now = time.monotonic()
        beat = self._read(f"{self._name}.heartbeat")
        if beat is not None and beat != self._beat:
            self._beat, self._beat_at = beat, now
        if now - self._beat_at < SILENT_S:
            return True
        names = [COMPONENT, *(f"{COMPONENT}-{number}" for number in range(2, MAX_NAMES))]
        there = [name for name in names if self._hal.component_exists(name)]
        self._name = there[-1] if there else COMPONENT
        self._pins = self._pin_names()
        return False

    def _read(self, pin: str) -> Any:
        try:
            return self._hal.get_value(pin)
        except RuntimeError:
            return None  # the component has gone

    def messages(self) -> list[str]:
        """Return what LinuxCNC has told its operator since the last call."""
        found: list[str] = []
        while self._errors and (message := self._errors.poll()) is not None:
            found.append(f"LinuxCNC: {message[1].strip()}")
        return found

    def status(self) -> Status | None:
        """Return the machine as it is; None: LinuxCNC has not come up yet."""
        stat = self._stat
        try:
            stat.poll()
        except self._linuxcnc.error:
            return None
        if stat.task_state <= 0 or stat.joints <= 0:
            return None
        states = {getattr(self._linuxcnc, f"STATE_{name}"): name for name in ("ESTOP", "ESTOP_RESET", "OFF")}
        letters = [(i, x) for i, x in enumerate(AXIS_LETTERS) if stat.axis_mask & 1 << i]
        return Status(
            state=states.get(stat.task_state, "ON"),
            homed=all(stat.homed[: stat.joints]),
            teleop=stat.motion_mode == self._linuxcnc.TRAJ_MODE_TELEOP,
            positions={x: stat.actual_position[i] for i, x in letters},
            answers=self._answers(),
            pins=self._read_pins(),
        )

    def _read_pins(self) -> dict[str, Any]:
        return {name.removeprefix(f"{self._name}."): self._read(name) for name in self._pins}

    def axis_is_up(self) -> bool:
        """Tell whether AXIS has done all that it does at its start, a change to joint mode among it."""
        if not (self._hal.component_exists("axisui") and self._hal.component_is_ready("axisui")):
            return False
        try:
            # AXIS answers from its main loop, unless the X server's kind of access control forbids it.
            ping = subprocess.run(["axis-remote", "--ping"], check=False, capture_output=True, timeout=PING_S)
        except subprocess.TimeoutExpired:
            return False
        if ping.returncode != 0:
            time.sleep(SETTLE_S)
        return True

    def do(self, word: str) -> None:
        """Give LinuxCNC the command that stands for a `Command`."""
        command, linuxcnc = self._command, self._linuxcnc
        if word == "reset":
            command.state(linuxcnc.STATE_ESTOP_RESET)
        elif word == "on":
            command.state(linuxcnc.STATE_ON)
        elif word == "home":
            command.mode(linuxcnc.MODE_MANUAL)
            command.wait_complete(COMPLETE_S)
            command.teleop_enable(0)
            command.wait_complete(COMPLETE_S)
            command.home(-1)
        elif word == "teleop":
            command.teleop_enable(1)


def main(control: str, shows_axis: bool, ini_arguments: list[str]) -> int:
    """Serve the demo at the socket `control` until it hangs up, or AXIS is closed."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        peer.connect(control)
    except OSError:
        return 0  # the demo has ended meanwhile
    demo = Lines(peer)
    axis = subprocess.Popen(["axis", *ini_arguments], stdin=subprocess.DEVNULL) if shows_axis else None
    try:
        _serve(Reader(shows_axis), demo, axis)
    finally:
        if axis and axis.poll() is None:
            axis.terminate()
            try:
                axis.wait(10)
            except subprocess.TimeoutExpired:
                axis.kill()
                axis.wait()
    return 0


def _serve(reader: Reader, demo: Lines, axis: subprocess.Popen[bytes] | None) -> None:
    told: Status | None = None
    is_up = axis is None
    while demo.is_open:
        if select.select([demo.socket], [], [], PERIOD_S)[0]:
            for line in demo.read():
                reader.do(line.decode("ascii"))
        for message in reader.messages():
            demo.send(message_line(message))
        is_up = is_up or reader.axis_is_up()
        status = reader.status() if is_up else None
        if status is not None and status != told:
            told = status
            demo.send(status_line(status))
        if axis and axis.poll() is not None:
            demo.send(message_line("AXIS was closed"))
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] == "axis", sys.argv[3:]))
