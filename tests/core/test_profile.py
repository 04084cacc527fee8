# SPDX-License-Identifier: GPL-2.0-or-later
"""Which devices a profile is for, and which of their codes it reads."""

from __future__ import annotations

import pytest

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL
from hal_mpg.profile import (
    AbsoluteWheel,
    Code,
    EStop,
    Identity,
    KeySelector,
    KeyWheel,
    Match,
    Profile,
    RelativeWheel,
)
from tests.core.bed import make_profile

DEVICE = Identity(vendor=0x1209, product=1, name="ACME MPG 6", phys="usb-1/input0", uniq="A17")


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(vendor=0x1209, product=1), True),
        (Match(vendor=0x1209), True),
        (Match(product=1), True),
        (Match(vendor=0x1209, product=2), False),
        (Match(vendor=0x120A, product=1), False),
        (Match(name="*MPG*"), True),
        (Match(name="ACME MPG ?"), True),
        (Match(name="ACME MPG [0-9]"), True),
        (Match(name="*mpg*"), False),
        (Match(name="MPG"), False),
        (Match(uniq="A*"), True),
        (Match(uniq="B*"), False),
        (Match(vendor=0x1209, product=1, name="*MPG*", uniq="A17"), True),
        (Match(vendor=0x1209, product=1, name="*MPG*", uniq="A18"), False),
        (Match(vendor=0x1209, product=1, name="*Pad*", uniq="A17"), False),
        (Match(vendor=0, product=1, name="*MPG*", uniq="A17"), False),
        (Match(socket="mpg.socket"), False),
        (Match(vendor=0x1209, socket="mpg.socket"), False),
    ],
)
def test_everything_that_a_match_says_has_to_fit(match: Match, fits: bool) -> None:
    assert match.fits(DEVICE) is fits


def codes(profile: Profile) -> list[tuple[str, Code]]:
    """Return each code with the control that it belongs to."""
    return list(profile.input_codes())


def test_the_codes_of_switches_are_named_after_their_controls() -> None:
    found = codes(make_profile(axis="{keys: {x: 0x120, y: 0x121}}", scale="{keys: {x1: 0x126, x10: 0x127}}"))
    assert found == [
        ("wheel", Code(EV_REL, 7)),
        ("axis", Code(EV_KEY, 0x120)),
        ("axis", Code(EV_KEY, 0x121)),
        ("scale", Code(EV_KEY, 0x126)),
        ("scale", Code(EV_KEY, 0x127)),
        ("estop", Code(EV_KEY, 0x129)),
        ("reset", Code(EV_KEY, 0x12A)),
        ("enable", Code(EV_KEY, 0x12B)),
        ("buttons.home", Code(EV_KEY, 0x12F)),
    ]


def test_the_codes_of_the_other_forms() -> None:
    found = codes(
        make_profile(
            wheel="{keys: {forward: KEY_VOLUMEUP, backward: KEY_VOLUMEDOWN}}",
            axis="{abs: ABS_RX, positions: {0: x, 1: y}}",
            scale="{next: 0x122, order: [x1, x10]}",
            without=("estop", "reset", "enable", "buttons", "leds"),
        )
    )
    assert found == [
        ("wheel", Code(EV_KEY, 115)),
        ("wheel", Code(EV_KEY, 114)),
        ("axis", Code(EV_ABS, 3)),
        ("scale", Code(EV_KEY, 0x122)),
    ]


def test_the_code_of_an_absolute_wheel() -> None:
    profile = make_profile(
        wheel="{abs: ABS_WHEEL, modulo: 256}",
        axis="{next: 0x120, previous: 0x121, order: [x, y]}",
        scale="{abs: ABS_RY, positions: {0: x1}}",
        without=("estop", "reset", "enable", "buttons", "leds"),
    )
    assert codes(profile) == [
        ("wheel", Code(EV_ABS, 8)),
        ("axis", Code(EV_KEY, 0x120)),
        ("axis", Code(EV_KEY, 0x121)),
        ("scale", Code(EV_ABS, 4)),
    ]


def test_what_is_not_said_of_a_control_is_the_plain_case_and_the_safe_one() -> None:
    key = Code(EV_KEY, 1)
    for wheel in (RelativeWheel(Code(EV_REL, 7)), AbsoluteWheel(Code(EV_ABS, 8), 256), KeyWheel(key, key)):
        assert (wheel.counts_per_detent, wheel.invert) == (1, False)
    assert EStop(key).normally_closed is True
    profile = Profile("p", "evdev", (), (), RelativeWheel(key), KeySelector(()))
    assert profile.stop_on_disconnect is True
