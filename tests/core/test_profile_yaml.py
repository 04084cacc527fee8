# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles: every fault with its place and what would be right; scalars as they were written."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.errors import ProfileError
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile import AbsSelector, KeyWheel, Match, Profile, StepSelector
from hal_mpg.profile_files import read_profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.yaml_reader import Reader, quoted

TABLE = yaml.load((Path(__file__).parent / "bad_profiles.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
GOOD: str = TABLE["profile"]
SHIPPED = sorted((Path(__file__).parents[2] / "config" / "pendants").glob("*.yaml"))
FAULT = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<what>.+); (?P<right>.+)")


def faults(text: str) -> tuple[str, ...]:
    """Return the faults of a bad profile, each of which has the form of the contract."""
    with pytest.raises(ProfileError) as caught:
        load_profile(text, "p.yaml")
    assert caught.value.faults
    for fault in caught.value.faults:
        assert FAULT.fullmatch(fault), fault
        assert fault.isprintable(), fault
        assert "None" not in fault.replace(text.strip(), ""), fault
    return caught.value.faults


def test_the_good_profile_is_good() -> None:
    assert load_profile(GOOD, "p.yaml").name == "Test"


@pytest.mark.parametrize("row", TABLE["bad"], ids=lambda row: f"{row['at']} {row['bad']}"[:50].strip())
def test_a_fault_is_shown_with_its_place(row: dict[str, str]) -> None:
    good, bad = row["good"], row["bad"]
    assert GOOD.count(good) == 1, f"{good!r} is not once in the profile"
    found = faults(GOOD.replace(good, bad))
    here = [fault for fault in found if fault.startswith(f"p.yaml:{row['at']}: ")]
    assert here, f"no fault at {row['at']}: {found}"
    for word in row["says"]:
        assert word in here[0]


def test_all_faults_are_shown_in_the_order_of_the_file() -> None:
    bad = GOOD.replace("0x1209", "x").replace("mm: 0.001", "mm: 0").replace("LED_MISC", "LED_NO")
    lines = [int(fault.split(":")[1]) for fault in faults(bad)]
    assert lines == [4, 7, 15]


def test_an_unknown_source_says_nothing_of_what_depends_on_it() -> None:
    (fault,) = faults(GOOD.replace("source: evdev", "source: usb"))
    assert "usb" in fault


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "null", "[]", "text", "1", "{}"])
def test_no_profile_at_all(text: str) -> None:
    assert len(faults(text)) == 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nested_5000_deep(opening: str) -> None:
    assert len(faults("name: " + opening * 5000)) >= 1
    assert len(faults(opening * 5000)) >= 1


def test_aliases_make_nothing_large_or_endless() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert faults("\n".join(lines))
    assert faults("name: &a [*a]\nmatch: *a\n")
    assert faults(GOOD.replace("name: Test", "name: &a {b: *a}"))


def test_an_alias_uses_a_code_twice_as_well() -> None:
    text = GOOD.replace("key: BTN_BASE4", "key: &k BTN_BASE4").replace("BTN_DEAD", "*k")
    assert "used" in faults(text)[0]


@pytest.mark.parametrize("name", ["off", "on", "no", "yes", "010", "1:30", "null", "~", "1e3", "2001-01-01"])
def test_a_text_is_what_was_written(name: str) -> None:
    assert load_profile(GOOD.replace("name: Test", f"name: {name}"), "p").name == name


@pytest.mark.parametrize("name", ["off", "on", "no", "1:30", "010"])
def test_a_name_of_a_scale_is_what_was_written(name: str) -> None:
    text = GOOD.replace("x10", name)
    if name == "off":
        return  # a position that is no scale
    assert load_profile(text, "p").scales == ("x1", name)


def test_positions_are_what_was_written() -> None:
    form = "{abs: ABS_RX, positions: {0: off, 010: x, 0x0b: y, -1: z, 9: feed-override}}"
    profile = load_profile(GOOD.replace("{keys: {x: BTN_TRIGGER, y: BTN_THUMB}}", form), "p")
    assert isinstance(profile.axis, AbsSelector)
    expected = ((0, "off"), (10, "x"), (11, "y"), (-1, "z"), (9, "feed-override"))
    assert profile.axis.positions == expected
    assert (profile.axes, profile.targets) == (("x", "y", "z"), ("feed-override",))


def test_distances_are_exact() -> None:
    increment = load_profile(GOOD, "p").increments[0]
    assert (increment.mm, increment.inch, increment.degree) == tuple(
        map(Decimal, ("0.001", "0.0001", "0.01"))
    )
    assert load_profile(GOOD, "p").increments[1].inch is None


def test_whom_it_is_for() -> None:
    alternatives = '- {vendor: 0x1209, product: 1}\n  - {name: "*MPG*", uniq: A17}'
    text = GOOD.replace("- {vendor: 0x1209, product: 1}", alternatives)
    profile = load_profile(text, "p")
    assert profile.match == (Match(vendor=0x1209, product=1), Match(name="*MPG*", uniq="A17"))
    assert (profile.name, profile.source) == ("Test", "evdev")
    assert load_profile(GOOD.replace("source: evdev\n", ""), "p").source == "evdev"
    virtual = GOOD.replace("source: evdev", "source: virtual").replace(
        "{vendor: 0x1209, product: 1}", "{socket: s}"
    )
    assert (load_profile(virtual, "p").source, load_profile(virtual, "p").match) == (
        "virtual",
        (Match(socket="s"),),
    )


def test_the_other_forms() -> None:
    wheel = "{keys: {forward: KEY_VOLUMEUP, backward: 114}, counts-per-detent: 4, invert: true}"
    axis = "{next: BTN_A, previous: BTN_B, order: [x, off, y]}"
    text = GOOD.replace("{rel: REL_DIAL}", wheel).replace("{keys: {x: BTN_TRIGGER, y: BTN_THUMB}}", axis)
    profile = load_profile(text, "p")
    assert profile.wheel == KeyWheel((1, 115), (1, 114), 4, invert=True)  # type: ignore[arg-type]
    assert isinstance(profile.axis, StepSelector)
    assert profile.axis.order == ("x", "off", "y")


@pytest.mark.parametrize(
    ("good", "fine"),
    [
        ("REL_DIAL", "REL_X"),
        ("REL_DIAL", "0x0f"),
        ("LED_MISC", "0"),
        ("LED_MISC", "0x0f"),
        ("{rel: REL_DIAL}", "{abs: 0x3f, modulo: 3}"),
        ("BTN_DEAD", "KEY_A"),
        ("BTN_DEAD", "0x2ff"),
        ("product: 1", "product: 0xFFFF"),
        ("mm: 0.001", "mm: 1e-9"),
        ("mm: 0.001", "mm: 1e6"),
        ("product: 1", "product: 0"),
        ("{keys: {x: BTN_TRIGGER, y: BTN_THUMB}}", "{abs: ABS_RX, positions: {-2147483648: x}}"),
        ("{keys: {x: BTN_TRIGGER, y: BTN_THUMB}}", "{abs: ABS_RX, positions: {2147483648: x}}"),
        ("{rel: REL_DIAL}", "{abs: ABS_WHEEL, modulo: 3, counts-per-detent: 10000}"),
        ("{rel: REL_DIAL}", "{abs: ABS_WHEEL, modulo: 2147483648}"),
        ("home:", "a:"),
        ("home:", "a-2-b-4-c-6-d-8-e-10:"),
    ],
)
def test_the_least_and_the_most_are_fine(good: str, fine: str) -> None:
    assert GOOD.count(good) == 1
    assert load_profile(GOOD.replace(good, fine), "p")


@pytest.mark.parametrize(("says", "stops"), [("estop", True), ("disarm", False), (None, False)])
def test_on_disconnect_without_an_estop(says: str | None, stops: bool) -> None:
    text = re.sub(r" +estop: .*\n", "", GOOD)
    text = text.replace("on-disconnect: estop\n", f"on-disconnect: {says}\n" if says else "")
    assert load_profile(text, "p").stop_on_disconnect is stops


def test_a_serial_pendant_without_a_protocol_tells_its_controls_itself() -> None:
    with pytest.raises(ProfileError, match=r"p:.*: a serial pendant .*leave controls out"):
        load_profile(GOOD.replace("source: evdev", "source: serial"), "p")


@given(st.text(max_size=200))
def test_any_text_is_refused_in_order(text: str) -> None:
    faults(text)


@given(st.integers(0, len(GOOD)), st.integers(0, 20), st.text(" \n:{}[]-&*!#\"'x0", max_size=4))
def test_a_damaged_profile_is_good_or_refused_in_order(place: int, length: int, put: str) -> None:
    text = GOOD[:place] + put + GOOD[place + length :]
    try:
        profile = load_profile(text, "p.yaml")
    except ProfileError:
        faults(text)
    else:
        assert isinstance(profile, Profile)


# Files.


def fault_of(path: Path) -> str:
    with pytest.raises(ProfileError) as caught:
        read_profile(path)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{path}:")
    assert FAULT.fullmatch(fault), fault
    return fault


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(GOOD.replace("Test", "Tëst"), encoding="utf-8")
    path.chmod(0o644)
    assert read_profile(path).name == "Tëst"


def test_files_that_are_no_profiles(tmp_path: Path) -> None:
    assert "cannot be read" in fault_of(tmp_path / "missing.yaml")
    assert "regular" in fault_of(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    assert "regular" in fault_of(tmp_path / "fifo")
    assert "regular" in fault_of(Path("/dev/zero"))


def test_a_file_that_everybody_can_write_to(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(GOOD)
    path.chmod(0o666)
    assert "chmod" in fault_of(path)


@pytest.mark.parametrize(
    ("content", "words", "place"),
    [
        (b"#" * 70_000, "larger", "1:1"),
        (b"name: x\nab\xff", "UTF-8", "2:3"),
        (b"\x7fELF\x00\x01", "", "1:1"),
        (b"\x00" * 100, "", "1:1"),
        (GOOD.encode("utf-16"), "UTF-8", "1:1"),
    ],
)
def test_content_that_is_no_profile(tmp_path: Path, content: bytes, words: str, place: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(content)
    path.chmod(0o644)
    fault = fault_of(path)
    assert words in fault
    assert f":{place}: " in fault


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_profile_loads(path: Path) -> None:
    profile = load_profile(path.read_text(encoding="utf-8"), str(path))
    pendant = Pendant(profile, Machine())
    assert pendant.pins
    assert profile.wheel


@pytest.mark.parametrize(("name", "axes"), [("4", "xyza"), ("5", "xyzab"), ("6", "xyzabc")])
def test_the_generic_profiles_have_their_axes(name: str, axes: str) -> None:
    (path,) = (path for path in SHIPPED if path.stem == f"generic-{name}axis")
    profile = load_profile(path.read_text(encoding="utf-8"), str(path))
    assert profile.axes == tuple(axes)
    assert profile.scales == ("x1", "x10", "x100")
    assert profile.estop is not None
    assert profile.estop.normally_closed


def test_what_has_no_effect_is_noted_with_its_place() -> None:
    disarm = GOOD.replace("on-disconnect: estop", "on-disconnect: disarm")
    line = disarm.splitlines().index("on-disconnect: disarm") + 1
    (note,) = load_profile(disarm, "p.yaml").notes
    assert note.startswith(f"p.yaml:{line}:16: disarm has no effect")
    assert load_profile(GOOD, "p.yaml").notes == ()


LONG = "9" * 5000

NASTY = [
    f"product: {LONG}",
    f"product: 0x{LONG}",
    f"product: {'1' * 60_000}x",
    'name: "\\UFFFFFFFF"',
    'name: "\\U00110000"',
    "name: !!python/object/apply:os.system echo",
    "name: !unheard-of x",
    "name: !!python/name:os.system",
]


@pytest.mark.parametrize("line", NASTY, ids=lambda line: line[:30])
def test_what_a_parser_may_choke_on_is_a_fault_in_one_short_line(line: str) -> None:
    good = {"product": "product: 1", "name": "name: Test"}[line.split(":")[0]]
    assert GOOD.count(good) == 1
    assert all(len(fault) < 300 for fault in faults(GOOD.replace(good, line)))


def test_what_is_too_long_to_quote_is_cut() -> None:
    assert quoted("x" * 60) == repr("x" * 60)
    assert quoted("x" * 61) == repr("x" * 60 + "...")


def test_of_a_fault_that_is_too_long_the_beginning_and_what_is_right_are_told() -> None:
    reader = Reader("p")
    reader.fault(None, f"wrong {'x' * 1000}; use another")
    (fault,) = reader.faults
    assert fault.startswith("p:1:1: wrong x")
    assert fault.endswith("x; use another")
    assert 300 <= len(fault) <= 320


def test_a_version_of_nonsense_is_a_fault() -> None:
    (fault,) = faults(f"%YAML {LONG}.1\n---\n{GOOD}")
    assert fault.startswith("p.yaml:1:1: not YAML")


def test_of_very_many_faults_the_first_and_the_number_of_the_others_are_told() -> None:
    names = ", ".join(f"n{n}: KEY_NO_{n}" for n in range(2000))
    *first, last = faults(GOOD.replace("home: BTN_DEAD", names))
    assert len(first) == 100
    assert "1900 more faults" in last
