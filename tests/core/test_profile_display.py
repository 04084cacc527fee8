# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of its display is read, or refused at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hal_mpg.display_image import Core, Shown, image
from hal_mpg.display_layout import (
    MODE_PINS,
    POSITIONS,
    SHOW_RELATIVE,
    VALUE_PINS,
    Display,
    ShownBytes,
    ShownChoice,
    ShownNumber,
    ShownText,
    TextPart,
)
from hal_mpg.errors import ProfileError
from hal_mpg.machine import Machine
from hal_mpg.pins import all_pins
from hal_mpg.profile import AXIS_LETTERS
from hal_mpg.profile_parts import display as profile_display
from hal_mpg.profile_summary import as_lines
from hal_mpg.profile_yaml import load_profile
from tests.core.test_profile_schema import complaints

ROOT = Path(__file__).parents[2]
TABLE: dict[str, Any] = yaml.load(
    (Path(__file__).parent / "bad_displays.yaml").read_text("utf-8"), Loader=yaml.BaseLoader
)
GOOD: str = TABLE["profile"]


def display_of(text: str) -> Display:
    display = load_profile(text, "p.yaml").display
    assert display is not None
    return display


def test_a_display() -> None:
    armed = ("armed", ("true",))
    assert display_of(GOOD) == Display(
        48,
        (
            ShownBytes(0, (0xFE, 0xFD)),
            ShownNumber(
                2, "x.shown", "split16", most="9999.999", decimals=3, when=(("axis", ("x", "y")), armed)
            ),
            ShownNumber(6, "feed-override", "u16le", times="100"),
            ShownChoice(8, "scale", (("x1", 1), ("x10", 2), ("feed-override", 3), ("off", 0)), mask=0x0F),
            ShownNumber(8, "inch", mask=0x80),
            ShownChoice(10, "distance", (("0.001", 1), ("0.01", 2))),
            ShownNumber(9, "button.stop", when=(("mode", ("auto",)),)),
            ShownText(
                16,
                16,
                (
                    TextPart("F"),
                    TextPart("", "feed-override", 4, 0, "100"),
                    TextPart("% "),
                    TextPart("", "x.shown", 9, 3),
                ),
                (("why-not", ("0",)),),
            ),
            ShownText(
                16,
                16,
                (TextPart("", "why-not"), TextPart(" "), TextPart("", "axis", 2)),
                (("armed", ("false",)),),
            ),
        ),
        report=6,
        is_feature=True,
        cut=7,
        every_ms=100,
        refresh_ms=2000,
    )


def test_what_is_left_out() -> None:
    text = GOOD.replace("  every: 0.1\n  refresh: 2\n", "").replace("{feature: 6}, cut: 7", "{output: 0}")
    display = display_of(text)
    assert (display.every_ms, display.refresh_ms, display.cut) == (100, 2000, 0)
    assert (display.report, display.is_feature) == (0, False)
    assert display_of(GOOD.replace("refresh: 2", "refresh: 0")).refresh_ms == 0


def test_a_pin_is_there_where_it_is_shown_and_nowhere_else() -> None:
    profile = load_profile(GOOD, "p.yaml")
    pins = {pin.name: pin for pin in all_pins(profile, Machine().steps_of(profile)) if pin.is_shown}
    assert pins.keys() == {
        *("axis.x.position", "axis.x.position-relative", "show-relative", "feed-override.value"),
        "mode-is-mdi",
    }
    names = [pin.name for pin in all_pins(profile, Machine().steps_of(profile))]
    assert names.count("mode-is-auto") == 1, "actions need it anyway"
    assert {name for name, pin in pins.items() if pin.kind == "bit"} == {"show-relative", "mode-is-mdi"}
    assert pins["show-relative"].initial is True, "work coordinates, as GUIs show them"
    assert all(pin.is_input for pin in pins.values())
    without = Machine(axes=frozenset("y")).steps_of(profile)
    assert not [pin.name for pin in all_pins(profile, without) if pin.name.startswith("axis.x")]
    assert not [pin for pin in all_pins(profile._replace(display=None), without) if pin.is_shown]


@pytest.mark.parametrize("value", profile_display.known_values(["one"]))
def test_each_value_asks_for_the_pins_that_it_is_made_of(value: str) -> None:
    """And for no more: what such a pin says changes what is shown."""
    display = Display(64, (ShownText(0, 64, (TextPart("", value, 9, 3),)),))
    pins = dict(display.input_pins(AXIS_LETTERS))
    letter, _, what = value.partition(".")
    expected = {VALUE_PINS[value]} if value in VALUE_PINS else set()
    if what in POSITIONS:
        expected = {f"axis.{letter}.{one}" for one in POSITIONS[:2] if what in (one, POSITIONS[2])}
        expected |= {SHOW_RELATIVE} if what == POSITIONS[2] else set()
    elif value in (*MODE_PINS, SHOW_RELATIVE):
        expected = {value}
    elif value == "mode":
        expected = {*MODE_PINS}
    assert pins.keys() == expected
    before = image(display, Shown(Core(), {}))
    for pin, kind in pins.items():
        others = {SHOW_RELATIVE: True} if pin.endswith("-relative") else {}
        if pin == SHOW_RELATIVE and len(pins) > 1:
            others = {next(name for name in pins if name.endswith("-relative")): 5.0}
        changed = image(display, Shown(Core(), {**others, pin: True if kind == "bit" else 5.0}))
        assert changed != before


@pytest.mark.parametrize("row", TABLE["bad"], ids=lambda row: f"{row['at']} {row['bad']}"[:50].strip())
def test_each_fault_is_told_at_its_place(row: dict[str, Any]) -> None:
    assert row["good"] in GOOD
    with pytest.raises(ProfileError) as caught:
        load_profile(GOOD.replace(row["good"], row["bad"], 1), "p.yaml")
    found = [fault for fault in caught.value.faults if fault.startswith(f"p.yaml:{row['at']}: ")]
    assert found, caught.value.faults
    assert all(word in found[0] for word in row["says"]), found
    assert all(len(fault) < 400 and "\n" not in fault and ";" in fault for fault in caught.value.faults)


@pytest.mark.parametrize("row", TABLE["bad"], ids=lambda row: f"{row['at']} {row['bad']}"[:50].strip())
def test_each_fault_is_one_in_the_editor_as_far_as_a_schema_can_see(row: dict[str, Any]) -> None:
    assert complaints(GOOD) == []
    seen = bool(complaints(GOOD.replace(row["good"], row["bad"], 1)))
    assert not row["bad"] or seen == (row["bad"] not in TABLE["unseen"]), TABLE["unseen"].get(row["bad"])


def test_a_display_is_for_raw_hid_pendants() -> None:
    text = (ROOT / "config/pendants/generic-4axis.yaml").read_text() + GOOD[
        GOOD.index("display:") : GOOD.index("increments:")
    ]
    with pytest.raises(ProfileError, match="'display' is for source: hidraw"):
        load_profile(text, "p.yaml")
    assert complaints(text)


def test_it_is_told_in_words() -> None:
    (line,) = (line for line in as_lines(load_profile(GOOD, "p.yaml")) if line.startswith("display"))
    assert line.split(None, 1)[1] == "6 pins of HAL's, 10 times a second at most; hal_mpg wiring nets them"


def test_too_many_fields_are_refused() -> None:
    field = "    - {at: 0, of: inch}\n"
    with pytest.raises(ProfileError, match="more than 128 fields"):
        load_profile(GOOD.replace("increments:", f"{field * 128}increments:", 1), "p.yaml")


def test_the_page_names_everything_that_can_be_shown_and_no_more() -> None:
    page = (ROOT / "docs/displays.md").read_text()
    table = page[page.index("| value | what | pin |") : page.index("A pin is there only")].strip()
    cells = [line.split("|")[1].replace("`", "") for line in table.splitlines()[2:]]
    named = {word.strip() for cell in cells for word in cell.split(",")}
    values = profile_display.known_values(["NAME"])
    assert named == {f"L.{v.partition('.')[2]}" if v[1:2] == "." else v for v in values}
    assert all(f"`{key}`" in page or f"{key}:" in page for key in profile_display.FIELD_KEYS)


def test_the_pages_example_is_a_good_one() -> None:
    page = (ROOT / "docs/displays.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    text = GOOD[: GOOD.index("display:")] + example + GOOD[GOOD.index("increments:") :]
    assert len(display_of(text).fields) == 6
    assert complaints(text) == []
