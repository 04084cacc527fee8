# SPDX-License-Identifier: GPL-2.0-or-later
"""When detents are turned into motion: the gates, why one is shut, and the wheel that must be still."""

from __future__ import annotations

from enum import IntEnum

STILL_S = 0.2
"""How long the wheel has to be still before it is armed, so that nothing starts in mid-turn."""


class WhyNot(IntEnum):
    """Values of the `why-not` pin; the smallest that applies is shown."""

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
    }
)
"""What has to be out of the way before detents jog an axis."""

OVERRIDE_GATES = JOG_GATES - {WhyNot.NOT_MANUAL}
"""The same for overrides, which are for running programs above all."""


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
