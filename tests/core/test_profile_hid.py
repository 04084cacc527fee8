# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of a raw HID pendant's reports is read, or refused at its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.errors import ProfileError
from hal_mpg.hid_device import Held, HidDevice, HidLamp, HidReport, HidRule
from hal_mpg.profile import Code, Match
from hal_mpg.profile_parts.hid import HELD_KEYS, PROTOCOL_KEYS, REPORT_KEYS, RULE_KEYS
from hal_mpg.profile_parts.hid_lamps import LAMP_KEYS
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols.foreign import Checksum, Field, Setting
from tests.core.test_profile_schema import complaints

TABLE: dict[str, Any] = yaml.load(
    (Path(__file__).parent / "bad_hid_profiles.yaml").read_text("utf-8"), Loader=yaml.BaseLoader
)
GOOD: str = TABLE["profile"]


def test_all_of_it() -> None:
    axis, wheel = Code(3, 1), Code(2, 1)
    lamp, green, red = (Code(17, number) for number in range(1, 4))
    held, reset, fn, stop, macro = (Code(1, number) for number in range(1, 6))
    profile = load_profile(GOOD, "p.yaml")
    assert profile.match == (Match(0x1209, 2, interface=1),)
    assert profile.hid == HidDevice(
        reports=(
            HidReport(
                4,
                8,
                fields=(
                    Field("key1", 2),
                    Field("key2", 3),
                    Field("axis", 5),
                    Field("turn", 6, is_signed=True),
                    Field("slow", 1, is_signed=True, mask=0x3C),
                ),
                checksum=Checksum("xor", 7, 0, 6),
                rules=(
                    HidRule((("key1", 0), ("axis", 0)), is_asleep=True, passes_over=1),
                    HidRule(
                        settings=(Setting(axis, "axis"), Setting(wheel, "turn"), Setting(held, "", 1)),
                        held=Held(
                            ("key1", "key2"), ((1, reset), (12, fn), (3, stop)), ((fn, ((1, macro),)),)
                        ),
                    ),
                ),
            ),
            HidReport(5, 2, (Field("battery", 1),), (HidRule((("battery", 3),)),)),
        ),
        lamps=(
            HidLamp(lamp, (6, 1), (6, 0), is_feature=True),
            HidLamp(green, (16, 5, 8), (16, 5, 0), is_shared=True),
            HidLamp(red, (16, 5, 6), (16, 5, 0), is_shared=True),
        ),
        codes=tuple(
            {
                "AXIS": axis,
                "WHEEL": wheel,
                "HELD": held,
                "RESET": reset,
                "FN": fn,
                "STOP": stop,
                "MACRO": macro,
                "LAMP": lamp,
                "GREEN": green,
                "RED": red,
            }.items()
        ),
    )
    assert profile.own_codes == profile.hid.codes
    assert profile.is_decoded


def test_reports_without_ids() -> None:
    text = GOOD.replace("- id: 4\n      length", "- length").replace("{id: 5, ", "{")
    hid = load_profile(text, "p.yaml").hid
    assert hid is not None
    assert [report.id for report in hid.reports] == [None, None]


@pytest.mark.parametrize("row", TABLE["bad"], ids=lambda row: f"{row['at']} {row['bad']}"[:50].strip())
def test_each_fault_is_told_at_its_place(row: dict[str, Any]) -> None:
    assert GOOD.count(row["good"]) >= 1
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
    assert seen == (row["bad"] not in TABLE["unseen"]), TABLE["unseen"].get(row["bad"])


def test_each_exception_is_one_of_the_table() -> None:
    assert set(TABLE["unseen"]) <= {row["bad"] for row in TABLE["bad"]}


def test_a_hidraw_profile_has_a_protocol() -> None:
    text = "name: x\nsource: hidraw\nmatch: [{vendor: 1}]\nincrements: {x1: {mm: 1}}\n"
    with pytest.raises(ProfileError, match="a hidraw profile has no 'protocol'; say in it"):
        load_profile(text + "controls: {wheel: {rel: WHEEL}, axis: {keys: {x: X}}}\n", "p.yaml")
    assert complaints(text + "controls: {wheel: {rel: WHEEL}, axis: {keys: {x: X}}}\n")


def faults(text: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load_profile(text, "p.yaml")
    return [fault.removeprefix("p.yaml:") for fault in caught.value.faults]


@pytest.mark.parametrize("length", ["", "      length: eight\n", "      length: 0\n"])
def test_without_a_length_no_place_in_the_report_is_judged(length: str) -> None:
    [only] = faults(GOOD.replace("      length: 8\n", length))
    assert "length" in only


def test_what_a_faulty_field_can_be_is_not_judged() -> None:
    text = GOOD.replace("axis: {at: 5}", "axis: {at: 5, type: u9}").replace("0x12: y", "300: y")
    assert [fault.split(";")[0] for fault in faults(text.replace("axis: 0}", "axis: 300}"))] == [
        "11:29: 'u9' is no type"
    ]


@pytest.mark.parametrize("source", ["source: rawhid", "source: evdev", ""])
def test_where_the_source_is_wrong_no_code_is_judged(source: str) -> None:
    """They are the protocol's, and nobody has read it."""
    text = GOOD.replace(", interface: 1", "")  # for hidraw alone
    [only] = faults(text.replace("source: hidraw", source))
    assert "source" in only
    assert ("say `source:`" in only) == (not source)


def test_each_code_that_no_control_uses_is_told_where_it_stands() -> None:
    text = GOOD.replace("stop: STOP, macro: MACRO, fn: FN", "stop: STOP").replace(", red: RED", "")
    assert [fault.split(";")[0] for fault in faults(text)] == [
        "20:39: no control uses FN",
        "22:26: no control uses MACRO",
        "27:5: no control uses RED",
    ]


ANALOG = GOOD.replace("AXIS: {abs: axis}", "AXIS: {abs: axis}, RING: {abs: slow, times: 2}")
ANALOG += "  analog: {abs: RING, range: [-16, 14], axis: selected}\n"


def test_a_stick_gets_to_the_ends_of_its_range() -> None:
    assert load_profile(ANALOG, "p.yaml").analog
    for ends in ("[-17, 14]", "[-16, 15]"):
        [only] = faults(ANALOG.replace("[-16, 14]", ends))
        assert "and what the stick says is -16 to 14; use no more than that" in only


def test_a_wheel_wraps_where_its_counter_does() -> None:
    text = GOOD.replace("WHEEL: {rel: turn}", "WHEEL: {abs: key2, times: 4}")
    text = text.replace("{rel: WHEEL}", "{abs: WHEEL, modulo: 1024}")
    assert load_profile(text, "p.yaml").wheel
    [only] = faults(text.replace("1024", "1025"))
    assert "modulo is 1025, and what the wheel says is 0 to 1020; use up to 1024" in only


def test_what_several_rules_say_of_a_code_is_taken_together() -> None:
    text = GOOD.replace("[{when: {battery: 3}}]", "[{when: {battery: 3}, set: {AXIS: {abs: 300}}}]")
    assert load_profile(text.replace("0x12: y", "300: y"), "p.yaml").axis
    assert "is never 301; use 0 to 300" in faults(text.replace("0x12: y", "301: y"))[0]


def test_the_front_of_a_faulty_control_is_not_judged() -> None:
    front = "front: [[analog.selected, wheel]]\n"
    [only] = faults(ANALOG.replace("axis: selected", "axis: selectd") + front)
    assert "'selectd' is no axis of the selector" in only
    assert "has no 'analog.x'" in faults(ANALOG + front.replace("selected", "x"))[0]


def test_more_of_anything_than_can_be_meant_is_refused() -> None:
    more = "".join(
        f"    - {{id: {n}, length: 2, fields: {{a: {{at: 1}}}}, rules: [{{}}]}}\n" for n in range(9, 49)
    )
    with pytest.raises(ProfileError, match="more than 32 kinds of reports"):
        load_profile(GOOD.replace("  lamps:", f"{more}  lamps:"), "p.yaml")
    rules = "".join(f"        - {{when: {{axis: {n}}}}}\n" for n in range(70))
    with pytest.raises(ProfileError, match="more than 64 rules"):
        load_profile(GOOD.replace("        - {when: {key1", f"{rules}        - {{when: {{key1"), "p.yaml")
    fields = "".join(f"        f{n}: {{at: 1}}\n" for n in range(70))
    with pytest.raises(ProfileError, match="more than 64 fields"):
        load_profile(GOOD.replace("        key1: {at: 2}\n", f"{fields}        key1: {{at: 2}}\n"), "p.yaml")


SCRAPS = st.sampled_from([*"{}[],:'()?*+|.-<>0aX \n", "set: ", "{key: ", "- ", "&a ", "*a", "!!x ", "held:"])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2000), st.integers(0, 6), st.lists(SCRAPS, max_size=4))
def test_a_spoilt_profile_is_read_or_refused_with_places(at: int, cut: int, scraps: list[str]) -> None:
    at %= len(GOOD)
    try:
        load_profile(GOOD[:at] + "".join(scraps) + GOOD[at + cut :], "p.yaml")
    except ProfileError as error:
        assert all(re.match(r"p\.yaml:[0-9]+:[0-9]+: .*;", fault) for fault in error.faults), error.faults


PAGE = (Path(__file__).parents[2] / "docs" / "raw-hid-pendants.md").read_text("utf-8")


def test_the_profile_on_the_page_is_a_good_one() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    profile = load_profile(text, "page.yaml")
    assert profile.hid
    # It falls asleep, so it is on a radio: no enabling button, and no E-stop, says the page itself.
    assert any(rule.is_asleep for report in profile.hid.reports for rule in report.rules)
    assert profile.enable is None and profile.estop is None
    assert complaints(text) == []


def test_the_page_names_every_key() -> None:
    for name in (*PROTOCOL_KEYS, *REPORT_KEYS, *RULE_KEYS, *HELD_KEYS, *LAMP_KEYS):
        assert re.search(rf"[`{{ ]{name}[`: ]", PAGE), name
