# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a wiring that gives a pendant's display what it shows."""

from __future__ import annotations

from hal_mpg.display_layout import SHOW_RELATIVE
from hal_mpg.wiring.page import Page
from hal_mpg.wiring.plan import Plan

SOURCES = {
    "feed-override.value": "halui.feed-override.value",
    "rapid-override.value": "halui.rapid-override.value",
    "spindle-override.value": "halui.spindle.0.override.value",
    "max-velocity.value": "halui.max-velocity.value",
    "current-velocity": "motion.current-vel",
    "spindle-speed": "spindle.0.speed-out-abs",
    "mode-is-auto": "halui.mode.is-auto",
    "mode-is-mdi": "halui.mode.is-mdi",
}
"""For each input pin of ours, LinuxCNC's output; those of axes by AXIS_SOURCES."""

AXIS_SOURCES = {"position": "pos-feedback", "position-relative": "pos-relative"}


def source_of(pin: str) -> str:
    """Return LinuxCNC's output for an input pin of the display's; "": it has none."""
    if pin.startswith("axis."):
        _, letter, what = pin.split(".")
        return f"halui.axis.{letter}.{AXIS_SOURCES[what]}"
    return SOURCES.get(pin, "")


def write_display(plan: Plan, page: Page) -> None:
    """Write the nets of the display, where the pendant has one that we fill."""
    display = plan.profile.display
    if display is None:
        return
    page.title("Display")
    page.say(
        "What the pendant's display shows. It is looked at a few times a second, and is no place for what "
        "matters to safety: where it is not reached, it goes on showing what it was told last."
    )
    pins = [pin for pin, _ in display.input_pins([axis.letter for axis, _ in plan.axes])]
    for pin in pins:
        source = source_of(pin)
        if source:
            name = pin.removeprefix("axis.").replace(".", "-")
            page.do(*plan.join_output(source, name, f"hal_mpg.{pin}"))
    if SHOW_RELATIVE in pins:
        page.say(
            "It shows work coordinates. For machine coordinates: setp hal_mpg.show-relative FALSE; for a "
            "button that changes between them copy the lines of mpg-xhc-whb04b.hal to the end, below 'Yours'."
        )
