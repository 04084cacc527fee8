# SPDX-License-Identifier: GPL-2.0-or-later
"""What a wiring says where pendants with other keys say the same of themselves on USB."""

from __future__ import annotations

from hal_mpg.profile import Profile
from hal_mpg.profile_files import readable_profiles
from hal_mpg.wiring.page import Page
from hal_mpg.wiring.plan import Plan


def write_rivals(plan: Plan, page: Page) -> None:
    """Write that it is to be seen which one it is, where another known profile takes keys for others."""
    rivals = rivals_of(plan.profile)
    if not rivals:
        return
    page.say(
        f"FIRST SEE WHICH FRONT YOURS HAS. {' and '.join(rivals)} says the same of itself on USB as "
        f"{plan.pendant}, and the same key is another button there: Stop may be one that starts a motion. "
        f"Without LinuxCNC, run: hal_mpg monitor --pendant {plan.pendant}, and press each button, Stop "
        f"first. Does it name the one that is printed on it? If not, this file is not for yours: have it "
        f"written with --pendant {rivals[0]}."
    )
    page.gap()


def rivals_of(profile: Profile) -> list[str]:
    """Return the names of known profiles for raw HID pendants of the same USB id that have other keys."""
    if profile.hid is None:
        return []
    ids = _ids(profile)
    return [
        name
        for name, other in readable_profiles()
        if other.hid is not None and ids & _ids(other) and other.hid.reports != profile.hid.reports
    ]


def _ids(profile: Profile) -> set[tuple[int | None, int | None]]:
    return {(match.vendor, match.product) for match in profile.match if match.vendor is not None}
