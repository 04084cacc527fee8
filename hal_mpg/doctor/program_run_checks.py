# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the wheel can run programs, where the pendant or a net asks for it (mpg-run.hal)."""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import OK, WARNING, Finding
from hal_mpg.program_run import MPG_RUN

FEED = "motion.adaptive-feed"

NEEDED = ("enable", "selected", "time", "feed")
"""Pins that the sample nets, and that none of it works without."""


def check_program_run(configuration: Configuration) -> Iterator[Finding]:
    """Yield what keeps the wheel from running programs, where it is to."""
    profile, net = configuration.profile, configuration.net
    has_position = profile is not None and MPG_RUN in profile.targets
    is_selected = net.is_linked(configuration.pin(f"{MPG_RUN}.select"))
    if not (has_position or is_selected):
        return
    what = "the selector's position mpg-run" if has_position else f"{configuration.pin(MPG_RUN)}.select"
    missing = [
        *(pin for name in NEEDED if not net.is_linked(pin := configuration.pin(f"{MPG_RUN}.{name}"))),
        *(() if net.is_linked(FEED) else (FEED,)),
    ]
    if not is_selected and len(missing) > len(NEEDED):
        yield Finding("mpg-run-unused", OK, f"{what} does nothing here: mpg-run.hal is not used")
    elif missing:
        text = f"{', '.join(missing)} not netted: at {what} the wheel runs no program"
        mend = "add HALFILE = mpg-run.hal to [HAL], after mpg-estop.hal (docs/mpg-run.md)"
        yield Finding("mpg-run-not-wired", WARNING, text, mend, configuration.file_place())
