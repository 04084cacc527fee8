# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of other people's protocols is read, or refused at its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.errors import ProfileError
from hal_mpg.profile import Code
from hal_mpg.profile_parts.packets import CHECKSUM_KEYS, FIELD_KEYS
from hal_mpg.profile_parts.serial import LINES_KEYS, PACKETS_KEYS, RULE_KEYS
from hal_mpg.profile_parts.settings import SETTING_KEYS
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols.checksums import CHECKSUMS
from hal_mpg.protocols.foreign import Checksum, Field, Lamp, Lines, Packets, Rule, Setting, Speech
from hal_mpg.protocols.pattern_check import Automaton, PatternError
from hal_mpg.serial_line import SerialLine
from tests.core.test_profile_schema import complaints

TABLE: dict[str, Any] = yaml.load(
    (Path(__file__).parent / "bad_serial_profiles.yaml").read_text("utf-8"), Loader=yaml.BaseLoader
)


def serial_of(text: str) -> SerialLine:
    """Return what a profile says of the port."""
    serial = load_profile(text, "p.yaml").serial
    assert serial is not None
    return serial


def test_lines() -> None:
    axis, held, wheel, lamp = Code(3, 1), Code(1, 1), Code(2, 1), Code(17, 1)
    assert serial_of(TABLE["profiles"]["lines"]).protocol == Lines(
        rules=(
            Rule(
                "S(?P<axis>[XYZ]),(?P<count>-?[0-9]+)",
                settings=(
                    Setting(axis, "axis", values=(("X", 1), ("Y", 2), ("Z", 3))),
                    Setting(wheel, "count"),
                ),
            ),
            Rule("P(?P<n>[01])", settings=(Setting(held, "n", invert=True),)),
            Rule("HI", answer=tuple(b"HO\n"), restarts=True),
        ),
        speech=Speech(
            tuple(b"HI\n\x07"), tuple(b"ALIVE\n"), 500, (Lamp(lamp, tuple(b"L1\n"), tuple(b"L0\n")),)
        ),
        at_start=((axis, 1),),
        longest=80,
        end=10,
    )


def test_packets() -> None:
    axis, held, wheel = Code(3, 1), Code(1, 1), Code(2, 1)
    assert serial_of(TABLE["profiles"]["packets"]).protocol == Packets(
        start=(0xAA, 0x55),
        end=(13,),
        length=9,
        fields=(
            Field("turn", 2, is_signed=True),
            Field("axis", 3, mask=15),
            Field("held", 4, mask=1),
            Field("kind", 5),
        ),
        checksum=Checksum("crc16-xmodem", 6, 2, 5, is_big_endian=True),
        rules=(
            Rule(
                when=(("kind", 1),),
                settings=(Setting(axis, "axis"), Setting(held, "held"), Setting(wheel, "turn", times=2)),
            ),
            Rule(when=(("kind", 2),), answer=(6,), restarts=True),
        ),
    )


def test_silence_is_no_loss_unless_the_profile_says_so() -> None:
    text = TABLE["profiles"]["lines"]
    assert serial_of(text).silence_s == float("inf")
    assert serial_of(text.replace("protocol:", "serial: {silence: 4}\nprotocol:")).silence_s == 4.0


@pytest.mark.parametrize(
    "row", TABLE["bad"], ids=lambda row: f"{row['in']} {row['at']} {row['bad']}"[:50].strip()
)
def test_each_fault_is_told_at_its_place(row: dict[str, Any]) -> None:
    good = TABLE["profiles"][row["in"]]
    assert row["good"] in good
    with pytest.raises(ProfileError) as caught:
        load_profile(good.replace(row["good"], row["bad"], 1), "p.yaml")
    found = [fault for fault in caught.value.faults if fault.startswith(f"p.yaml:{row['at']}: ")]
    assert found, caught.value.faults
    assert all(word in found[0] for word in row["says"]), found
    assert all(len(fault) < 400 and "\n" not in fault and ";" in fault for fault in caught.value.faults)


@pytest.mark.parametrize(
    "row", TABLE["bad"], ids=lambda row: f"{row['in']} {row['at']} {row['bad']}"[:50].strip()
)
def test_each_fault_is_one_in_the_editor_as_far_as_a_schema_can_see(row: dict[str, Any]) -> None:
    good = TABLE["profiles"][row["in"]]
    assert complaints(good) == []
    seen = bool(complaints(good.replace(row["good"], row["bad"], 1)))
    # What is left out may be seen or not, by what it is.
    assert not row["bad"] or seen == (row["bad"] not in TABLE["unseen"]), TABLE["unseen"].get(row["bad"])


def test_more_rules_than_each_line_can_be_tried_with_are_refused() -> None:
    rules = "".join(f"    - {{line: 'X{number}'}}\n" for number in range(70))
    with pytest.raises(ProfileError, match="more than 64 rules"):
        load_profile(TABLE["profiles"]["lines"].replace("  line-end", f"{rules}  line-end"), "p.yaml")


def test_patterns_that_take_long_together_are_refused() -> None:
    many = "".join(
        f"    - {{line: '{letter}[0-9]{{0,60}}'}}\n" for letter in "ABCDEFGHIJKLMNOQRTUVWXYZabcdefghijkl"
    )
    text = TABLE["profiles"]["lines"].replace("  line-end", f"{many}  line-end")
    load_profile(text, "p.yaml")
    with pytest.raises(ProfileError, match="take too long for 200 bytes; shorten patterns, or longest"):
        load_profile(text.replace("longest: 80", "longest: 200"), "p.yaml")


def test_text_stands_between_start_and_a_checksum_that_is_right_before_the_end() -> None:
    text = TABLE["profiles"]["packets"].replace("when: {kind: 2}, answer", "text: 'abc', answer")
    load_profile(text, "p.yaml")
    with pytest.raises(ProfileError, match=r"18:14: the checksum is not right before the end; use fields"):
        load_profile(text.replace("at: 6, from: 2, to: 5", "at: 5, from: 2, to: 4"), "p.yaml")


SCRAPS = st.sampled_from(
    [*"{}[],:'()?*+|.-<>0aX \n", "(?P<", "set: ", "{key: ", "lines:", "- ", "&a ", "*a", "!!x "]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["lines", "packets"]),
    st.integers(0, 2000),
    st.integers(0, 6),
    st.lists(SCRAPS, max_size=4),
)
def test_a_spoilt_profile_is_read_or_refused_with_places(
    form: str, at: int, cut: int, scraps: list[str]
) -> None:
    good = TABLE["profiles"][form]
    at %= len(good)
    try:
        load_profile(good[:at] + "".join(scraps) + good[at + cut :], "p.yaml")
    except ProfileError as error:
        assert all(re.match(r"p\.yaml:[0-9]+:[0-9]+: .*;", fault) for fault in error.faults), error.faults


PAGE = (Path(__file__).parents[2] / "docs" / "serial-pendants.md").read_text("utf-8")
HEAD = "name: Page\nsource: serial\nmatch: [{name: Page}]\n"
TAIL = """\
increments: {x1: {mm: 0.01}}
controls:
  wheel: {rel: WHEEL}
  axis: {abs: AXIS, positions: {1: x, 2: y}}
  enable: {key: ENABLE}
"""


def test_the_profiles_on_the_page_are_good_ones() -> None:
    whole, part = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert isinstance(serial_of(whole).protocol, Lines)
    assert isinstance(serial_of(HEAD + part + TAIL).protocol, Packets)


def test_what_the_page_says_of_patterns_is_so() -> None:
    table = PAGE.split("| refused | instead |")[1].split("\n\n")[0].replace("\\|", "\0")
    rows = [line.split("|")[1:3] for line in table.splitlines() if "`" in line]
    assert len(rows) == 5
    for refused, instead in rows:
        [bad] = re.findall("`([^`]+)`", refused)
        with pytest.raises(PatternError):
            Automaton(bad.replace("\0", "|"))
        for good in re.findall("`([^`]+)`", instead):
            Automaton(good.replace("\0", "|"))


def test_the_page_names_every_checksum_and_key() -> None:
    for name in (
        *CHECKSUMS,
        *LINES_KEYS,
        *PACKETS_KEYS,
        *RULE_KEYS,
        *SETTING_KEYS,
        *FIELD_KEYS,
        *CHECKSUM_KEYS,
    ):
        assert re.search(rf"[`{{ ]{name}[`: ]", PAGE), name
