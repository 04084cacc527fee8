# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a pendant's display gets what it shows: everything, and of each axis its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import NOTE, WARNING, Finding

POSITION = re.compile(r"halui\.axis\.([xyzabcuvw])\.pos-(feedback|relative|commanded)")
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
        if not net.is_linked(pin) and pin not in net.values and name not in MAY_BE_LEFT:
            missing.append(pin)
        yield from _crosswise(configuration, name, pin)
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        what = f"{', '.join(missing[:MOST_NAMED])}{more} not netted: the display shows 0 for them"
        mend = "add HALFILE = mpg-display.hal, mpg-display-x.hal and so on, and that of the pendant, to [HAL]"
        yield Finding("display-not-wired", NOTE, what, mend, configuration.file_place())


def _crosswise(configuration: Configuration, name: str, pin: str) -> Iterator[Finding]:
    """Find another axis' position, or the other kind of coordinates."""
    _, letter, what = (*name.split("."), "", "")[:3]
    for other in configuration.net.pins_with(pin):
        found = POSITION.fullmatch(other)
        if found and (found[1] != letter or (found[2] == "relative") != what.endswith("-relative")):
            said = f"{pin} comes from {other}: the display shows another position than it says"
            mend = f"net {pin} as {'mpg-display-' + letter if name.startswith('axis.') else 'mpg-display'}.hal does"
            yield Finding("display-crosswise", WARNING, said, mend, configuration.place_of(pin))
