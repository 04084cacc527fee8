# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a pendant's display gets what it shows: everything, and of each axis its own."""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import NOTE, WARNING, Finding
from hal_mpg.wiring.display_text import source_of

MAY_BE_LEFT = ("show-relative",)
"""What shows something sensible without a net."""

MOST_NAMED = 4


def check_display(configuration: Configuration) -> Iterator[Finding]:
    """Yield what a display will not show, or show wrong, where the pendant has one that hal_mpg fills."""
    profile, net = configuration.profile, configuration.net
    display = profile.display if profile is not None else None
    if display is None:
        return
    missing = []
    for name, _ in display.input_pins(configuration.axes):
        pin = configuration.pin(name)
        is_set = pin in net.values and not net.is_live
        if not net.is_linked(pin) and not is_set and name not in MAY_BE_LEFT:
            missing.append(pin)
        yield from _crosswise(configuration, name, pin)
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        what = f"{', '.join(missing[:MOST_NAMED])}{more} not netted: the display shows 0 for them"
        mend = "add HALFILE = mpg-display.hal, mpg-display-x.hal and so on, and that of the pendant, to [HAL]"
        yield Finding("display-not-wired", NOTE, what, mend, configuration.file_place())


def _crosswise(configuration: Configuration, name: str, pin: str) -> Iterator[Finding]:
    """Find an axis whose position comes from another one, or from anything else that is not it."""
    if not name.startswith("axis."):
        return
    letter = name.split(".")[1]
    joined = configuration.net.pins_with(pin)
    others = [other for other in joined if other.startswith(("halui.", "motion.", "spindle."))]
    if others and source_of(name) not in others:
        said = f"{pin} comes from {others[0]}: the display shows another position than it says"
        mend = f"net it to {source_of(name)}, as mpg-display-{letter}.hal does"
        yield Finding("display-crosswise", WARNING, said, mend, configuration.place_of(pin))
