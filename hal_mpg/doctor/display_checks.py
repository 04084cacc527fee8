# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a pendant's display gets what it shows: everything, and of each axis its own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import NOTE, WARNING, Finding
from hal_mpg.wiring.display_text import AXIS_SOURCES, source_of

MAY_BE_LEFT = ("show-relative",)
"""What shows something sensible without a net."""

MOST_NAMED = 4

IN_SAMPLE = ("feed-override.value", "spindle-override.value", "spindle-speed")
"""What mpg-display.hal nets: with a pendant that has not all of these pins, LinuxCNC would not start."""

OF_AXES = "xyzabc"
"""The axes of which there is a sample."""


def check_display(configuration: Configuration) -> Iterator[Finding]:
    """Yield what a display will not show, or show wrong, where the pendant has one that hal_mpg fills."""
    profile, net = configuration.profile, configuration.net
    display = profile.display if profile is not None else None
    if display is None:
        return
    missing = []
    names = [name for name, _ in display.input_pins(configuration.axes)]
    for name in names:
        pin = configuration.pin(name)
        is_set = pin in net.values and not net.is_live
        if not net.is_linked(pin) and not is_set and name not in MAY_BE_LEFT:
            missing.append(name)
        yield from _crosswise(configuration, name, pin)
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        pins = [configuration.pin(name) for name in missing[:MOST_NAMED]]
        what = f"{', '.join(pins)}{more} not netted: the display shows 0 for them"
        mend = _way_to_net(configuration, missing, names)
        yield Finding("display-not-wired", NOTE, what, mend, configuration.file_place())


def _way_to_net(configuration: Configuration, missing: Sequence[str], names: Sequence[str]) -> str:
    """Return what to add: samples as far as all is there that they net, and for the rest the nets."""
    samples = {name: _sample_of(name, names) for name in missing}
    files = list(dict.fromkeys(file for file in samples.values() if file))
    rest = [name for name, file in samples.items() if not file]
    ways = [f"add {' and '.join(f'HALFILE = {file}' for file in files)} to [HAL]"] if files else []
    if rest:
        nets = ", ".join(f"{source_of(name)} => {configuration.pin(name)}" for name in rest[:MOST_NAMED])
        more = " and so on" if len(rest) > MOST_NAMED else ""
        ini = shlex.quote(str(configuration.ini.path))
        ways.append(f"net {nets}{more} (hal_mpg wiring --ini {ini} writes all of it)")
    return "; ".join(ways)


def _sample_of(name: str, names: Sequence[str]) -> str:
    """Return the sample file that nets a pin, where everything else that it nets is there, too; "": none."""
    if name.startswith("axis."):
        letter = name.split(".")[1]
        both = (f"axis.{letter}.{what}" for what in AXIS_SOURCES)
        return f"mpg-display-{letter}.hal" if letter in OF_AXES and all(pin in names for pin in both) else ""
    return "mpg-display.hal" if name in IN_SAMPLE and all(pin in names for pin in IN_SAMPLE) else ""


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
