# SPDX-License-Identifier: GPL-2.0-or-later
"""The step sequences that the profiles of the HB04 have ready beside their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hal_mpg.display_image import Core, Shown, image
from hal_mpg.events import SelectorStep
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from tests.beds import xhc_pictures
from tests.core.bed import Bed

PENDANTS = Path(__file__).parents[2] / "config" / "pendants"
FRONTS = ("xhc-hb04", "xhc-hb04-16")
SEQUENCES = {
    1: (1, 10, 100, 1000),
    2: (1, 5, 10, 20),
    3: (1, 10, 100),
    4: (1, 5, 10, 20, 50, 100),
    5: (1, 10, 50, 100, 1000),
}
"""Thousandths of a unit (LinuxCNC 5c41560, man page xhc-hb04(1), option -s)."""

OWN = re.compile(r"^increments:\n((?:  .*\n)+)", re.MULTILINE)
SCALE = re.compile(r"^  scale: .*$", re.MULTILINE)


def with_sequence(front: str, number: int) -> Profile:
    """Return the profile with the lines of a sequence put where its head says."""
    text = (PENDANTS / f"{front}.yaml").read_text()
    if number > 1:
        found = re.search(rf"^#   -s {number}:\n((?:#  x.*\n)+)#(  scale: .*)\n", text, re.MULTILINE)
        assert found
        lines, scale = found[1].replace("#  ", "  "), found[2]
        text = OWN.sub(lambda _: f"increments:\n{lines}", text)
        text = SCALE.sub(lambda _: scale, text)
    return load_profile(text, f"{front}.yaml")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("number", SEQUENCES)
def test_each_sequence_of_the_driver_is_there(front: str, number: int) -> None:
    profile = with_sequence(front, number)
    thousandths = [round(float(increment.mm or 0) * 1000, 6) for increment in profile.increments]
    assert thousandths == list(SEQUENCES[number])
    assert [float(each.inch or 0) * 10 for each in profile.increments] == pytest.approx(
        [float(each.mm or 0) for each in profile.increments]
    )
    assert [each.degree for each in profile.increments] == [each.mm for each in profile.increments]


@pytest.mark.parametrize("number", SEQUENCES)
def test_hal_steps_through_it_both_ways_and_the_display_has_each(number: int) -> None:
    bed = Bed(with_sequence("xhc-hb04", number))
    axis = dict(bed.pendant.profile.own_codes)["AXIS"].number
    bed.plug_in((), {axis: 0x11})
    steps = [distance / 1000 for distance in SEQUENCES[number]]
    shown = [bed["scale"]]
    for _ in steps:
        bed.handle(SelectorStep("scale", 1))
        shown.append(bed["scale"])
    assert shown == [*steps, steps[0]]
    bed.handle(SelectorStep("scale", -1))
    assert bed["scale"] == steps[-1]
    display = bed.pendant.profile.display
    assert display
    pictures = [image(display, Shown(Core(distance=step), {})) for step in steps]
    assert [xhc_pictures.hb04(picture)["step"] for picture in pictures] == list(SEQUENCES[number])


def test_what_the_page_shows_is_one_of_them() -> None:
    page = (PENDANTS.parents[1] / "docs" / "xhc.md").read_text()
    profile = (PENDANTS / "xhc-hb04.yaml").read_text().replace("#  ", "  ")
    increments, scale = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    lines = increments.removeprefix("increments:\n")
    assert f"-s 4:\n{lines}{scale}" in profile


@pytest.mark.parametrize("front", FRONTS)
def test_a_button_that_goes_back(front: str) -> None:
    key = {"xhc-hb04": "MACRO_7", "xhc-hb04-16": "X2"}[front]
    name = key.lower().replace("_", "-")
    text = (PENDANTS / f"{front}.yaml").read_text()
    text = text.replace("{next: STEP, order", f"{{next: STEP, previous: {key}, order")
    text = re.sub(rf", {{button\.{name}: [^}}]*}}", "", text)
    text = re.sub(rf",?\s*\b{name}: {key}\b", "", text)
    bed = Bed(load_profile(text, "my.yaml"))
    assert not [pin for pin in bed.pins if pin == f"button.{name}"]
    bed.plug_in(())
    code = dict(bed.pendant.profile.own_codes)[key].number
    bed.press(code)
    assert bed["scale-select"] == 3
