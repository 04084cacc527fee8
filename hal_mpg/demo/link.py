# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo and its machine (LinuxCNC, or the fake HAL) tell each other, one JSON text a line.

The demo listens at a Unix socket and the machine connects, so each of them notices the other's end.
The machine says {"status": ...} and {"message": ...}; the demo says one `Command`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hal_mpg.events import PinValue

COMPONENT = "hal_mpg"
"""The component's name in the sample configurations, and the prefix of its pins."""

Command = Literal["reset", "on", "home", "teleop"]
"""What the demo may ask for: E-stop reset, machine on, home all joints, change to teleop mode."""

PERIOD_S = 0.03
"""How often the machine looks whether there is something new to tell."""


@dataclass(frozen=True, slots=True)
class Status:
    """The machine as it is. `pins` are the component's, without their prefix; positions in mm, deg."""

    state: str = "ESTOP"
    """ESTOP, ESTOP_RESET (and off), OFF or ON."""
    homed: bool = False
    teleop: bool = False
    positions: Mapping[str, float] | None = None
    pins: Mapping[str, PinValue] | None = None
    answers: bool = True
    """Whether hal_mpg's heartbeat goes on; if not, its pins are what they were."""

    def next_command(self) -> Command | None:
        """Return what has to be asked for next on the way to a machine that can be jogged; None: it can."""
        if self.state == "ESTOP":
            return "reset"
        if self.state != "ON":
            return "on"
        if not self.homed:
            return "home"
        return None if self.teleop else "teleop"


def status_line(status: Status) -> bytes:
    """Return a status as the machine sends it."""
    return json.dumps({"status": asdict(status)}).encode("ascii") + b"\n"


def message_line(text: str) -> bytes:
    """Return a message for people as the machine sends it."""
    return json.dumps({"message": text}).encode("ascii") + b"\n"


def parse_line(line: bytes) -> Status | str:
    """Return what one line of the machine says. Raises ValueError, KeyError or TypeError for any other."""
    said: dict[str, Any] = json.loads(line)
    return Status(**said["status"]) if "status" in said else str(said["message"])
