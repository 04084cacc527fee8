# SPDX-License-Identifier: GPL-2.0-or-later
"""When detents are turned into motion: the gates, why one is shut, and the wheel that must be still."""

from __future__ import annotations

from enum import IntEnum

STILL_S = 0.2
"""How long the wheel has to be still before it is armed, so that nothing starts in mid-turn."""


class WhyNot(IntEnum):
    """Values of the `why-not` pin; the smallest that applies is shown.

    Those from 11 on, but for BUSY, are why a request was refused (`hal_mpg.actions`), shown for a while.
    """

    READY = 0
    NO_DEVICE = 1
    ESTOP = 2
    INHIBITED = 3
    MACHINE_OFF = 4
    NOT_MANUAL = 5
    NOT_ENABLED = 6
    NOT_STILL = 7
    NO_AXIS = 8
    SELECTOR_FAULT = 9
    REREADING = 10
    PROGRAM_RUNS = 11
    PROGRAM_PAUSED = 12
    NOT_HOMED = 13
    MOVING = 14
    NOTHING_RUNS = 15
    BUSY = 16
    NOT_TOLD = 17
    NOT_FOLLOWED = 18


WORDS = {
    WhyNot.READY: "ready",
    WhyNot.NO_DEVICE: "no pendant: plug it in, or wake it up",
    WhyNot.ESTOP: "E-stop is pressed, or its wire is broken: release it, then reset",
    WhyNot.INHIBITED: "inhibited by HAL (inhibit is TRUE)",
    WhyNot.MACHINE_OFF: "machine is off or in E-stop (or has no servo thread): reset, switch on",
    WhyNot.NOT_MANUAL: "not in manual mode",
    WhyNot.NOT_ENABLED: "hold the enabling button (let go of it once, if it was held all along)",
    WhyNot.NOT_STILL: "waiting for the wheel to be still",
    WhyNot.NO_AXIS: "no axis selected",
    WhyNot.SELECTOR_FAULT: "selector fault: two positions at once, or no scale",
    WhyNot.REREADING: "re-reading the pendant after lost events",
    WhyNot.PROGRAM_RUNS: "refused: a program or an MDI command is running",
    WhyNot.PROGRAM_PAUSED: "refused: a program is paused (resume or stop it first)",
    WhyNot.NOT_HOMED: "refused: the machine is not homed",
    WhyNot.MOVING: "refused: an axis is still moving (or, for the probe, the spindle)",
    WhyNot.NOTHING_RUNS: "refused: nothing runs, or is paused, for that",
    WhyNot.BUSY: "busy with what a button asked for",
    WhyNot.NOT_TOLD: "refused: LinuxCNC's state is not known (see mpg-actions.hal for the nets)",
    WhyNot.NOT_FOLLOWED: "LinuxCNC did not do what a button asked for (see its own message)",
}
"""What to tell a person for each value."""

SHORT = {
    WhyNot.READY: "",
    WhyNot.NO_DEVICE: "NO PENDANT",
    WhyNot.ESTOP: "E-STOP",
    WhyNot.INHIBITED: "INHIBITED",
    WhyNot.MACHINE_OFF: "MACHINE OFF",
    WhyNot.NOT_MANUAL: "NOT IN MANUAL",
    WhyNot.NOT_ENABLED: "HOLD ENABLE",
    WhyNot.NOT_STILL: "WAIT",
    WhyNot.NO_AXIS: "NO AXIS",
    WhyNot.SELECTOR_FAULT: "SELECTOR FAULT",
    WhyNot.REREADING: "RE-READING",
    WhyNot.PROGRAM_RUNS: "PROGRAM RUNS",
    WhyNot.PROGRAM_PAUSED: "PROGRAM PAUSED",
    WhyNot.NOT_HOMED: "NOT HOMED",
    WhyNot.MOVING: "STILL MOVING",
    WhyNot.NOTHING_RUNS: "NOTHING RUNS",
    WhyNot.BUSY: "BUSY",
    WhyNot.NOT_TOLD: "STATE UNKNOWN",
    WhyNot.NOT_FOLLOWED: "NOT FOLLOWED",
}
"""What a small display shows for each reason, in 16 characters at most."""

JOG_GATES = frozenset(
    {
        WhyNot.NO_DEVICE,
        WhyNot.ESTOP,
        WhyNot.INHIBITED,
        WhyNot.MACHINE_OFF,
        WhyNot.NOT_MANUAL,
        WhyNot.NOT_ENABLED,
        WhyNot.REREADING,
        WhyNot.BUSY,
    }
)
"""What has to be out of the way before detents jog an axis."""

OVERRIDE_GATES = JOG_GATES - {WhyNot.NOT_MANUAL, WhyNot.BUSY}
"""The same for overrides, which are for running programs above all."""

RUN_GATES = OVERRIDE_GATES | {WhyNot.NO_AXIS}
"""The same for a program that the wheel runs, which is to be selected, too: nothing starts in mid-turn."""


class Latch:
    """Armed or not: shut at once by any gate, opened only after the wheel was still."""

    __slots__ = ("_gates", "armed")

    def __init__(self, gates: frozenset[WhyNot]) -> None:
        self._gates = gates
        self.armed = False

    def is_waiting(self, reasons: set[WhyNot]) -> bool:
        """Tell whether nothing but the stillness of the wheel is missing."""
        return not self.armed and self._gates.isdisjoint(reasons)

    def update(self, reasons: set[WhyNot], is_still: bool) -> None:
        """Take the reasons that apply now, and whether the wheel has been still for long enough."""
        self.armed = self._gates.isdisjoint(reasons) and (self.armed or is_still)

    def disarm(self) -> None:
        """Shut it; it opens again by the ordinary way."""
        self.armed = False
