# SPDX-License-Identifier: GPL-2.0-or-later
"""The bytes that a display is sent: nothing wraps, nothing overflows, each field keeps to its own bits."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.display_image import Core, Shown, image, reports
from hal_mpg.display_layout import (
    Display,
    ShownBytes,
    ShownChoice,
    ShownNumber,
    ShownText,
    TextPart,
    size_of,
)
from hal_mpg.profile_parts.display import known_values
from tests.beds import xhc_pictures

FORMS = [
    "u8",
    "s8",
    *(f"{sign}{bits}{order}" for sign in "us" for bits in (16, 24, 32) for order in ("le", "be")),
]


def shown(core: Core | None = None, **pins: float) -> Shown:
    return Shown(core or Core(), {name.replace("_", "-").replace("--", "."): v for name, v in pins.items()})


def drawn(*fields: Any, size: int = 8, core: Core | None = None, **pins: float) -> bytes:
    return image(Display(size, fields), shown(core, **pins))


def test_fields_are_drawn_in_their_order_each_over_the_one_before() -> None:
    fields = (
        ShownBytes(0, (1, 2, 3)),
        ShownBytes(1, (9,)),
        ShownNumber(2, "feed-override", mask=0xF0, times="10"),
    )
    assert drawn(*fields, size=4, feed_override__value=0.5) == bytes([1, 9, 0x53, 0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12.34567, "0c00 810d"),
        (-12.34567, "0c00 818d"),
        (-0.00004, "0000 0000"),
        (0.99996, "0100 0000"),
        (-9999.9999, "0f27 0fa7"),
        (1e12, "ffff 0f27"),
        (-inf, "ffff 0fa7"),
        (nan, "0000 0000"),
    ],
)
def test_positions_in_two_words(value: float, expected: str) -> None:
    field = ShownNumber(0, "x.position", "split16")
    assert drawn(field, size=4, axis__x__position=value) == bytes.fromhex(expected)


def test_a_position_may_be_rounded_and_limited() -> None:
    field = ShownNumber(0, "x.position", "split16", most="9999.999", decimals=3)
    assert xhc_pictures.position(drawn(field, size=4, axis__x__position=1.23456)) == pytest.approx(1.235)
    assert xhc_pictures.position(drawn(field, size=4, axis__x__position=-123456.0)) == pytest.approx(
        -9999.999
    )


@pytest.mark.parametrize("decimals", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("value", [65535.4, 65535.9996, 65536.0, 1e300, inf])
def test_a_position_that_is_rounded_does_not_outgrow_its_words(value: float, decimals: int) -> None:
    field = ShownNumber(0, "x.position", "split16", decimals=decimals)
    for sign in (1, -1):
        shown_as = xhc_pictures.position(drawn(field, size=4, axis__x__position=sign * value))
        right = min(value, 65536 - 10.0**-decimals)
        assert shown_as == pytest.approx(sign * round(right, decimals), abs=1e-9)


@given(st.floats(-65535, 65535))
def test_whatever_a_position_is_it_is_read_as_it_was(value: float) -> None:
    data = drawn(ShownNumber(0, "x.position", "split16"), size=4, axis__x__position=value)
    assert xhc_pictures.position(data) == pytest.approx(value, abs=0.000051)


@given(
    st.sampled_from(FORMS),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["1", "0.5", "100"]),
)
def test_numbers_are_clamped_and_never_wrap(form: str, value: float, times: str) -> None:
    field = ShownNumber(1, "spindle-speed", form, times=times)
    data = drawn(ShownBytes(0, (0xAA,) * 6), field, size=6, spindle_speed=value)
    size = size_of(form)
    assert data[:1] == b"\xaa"
    assert data[1 + size :] == b"\xaa" * (5 - size)
    found = int.from_bytes(data[1 : 1 + size], "big" if "be" in form else "little", signed=form[0] == "s")
    bits = size * 8
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if form[0] == "s" else (0, (1 << bits) - 1)
    wanted = 0.0 if value != value else value * float(times)
    assert found == (low if wanted <= low else high if wanted >= high else round(wanted))


@given(st.integers(0, 255), st.integers(0, 7), st.integers(1, 8), st.floats(-10, 300))
def test_a_masked_field_leaves_the_other_bits_alone(
    before: int, shift: int, width: int, value: float
) -> None:
    mask = ((1 << width) - 1) << shift & 0xFF
    data = drawn(
        ShownBytes(0, (before,)), ShownNumber(0, "distance", mask=mask), size=1, core=Core(distance=value)
    )
    assert data[0] & ~mask == before & ~mask
    assert (data[0] & mask) >> shift == min(max(round(value), 0), mask >> shift)


def test_choices() -> None:
    field = ShownChoice(0, "scale", (("x1", 1), ("x10", 3), ("off", 0)), mask=0x0F)
    for scale, expected in {"x1": 0xF1, "x10": 0xF3, "x100": 0xFF, "off": 0xF0}.items():
        assert drawn(ShownBytes(0, (0xFF,)), field, size=1, core=Core(scale=scale)) == bytes([expected])
    inch = ShownChoice(0, "inch", (("true", 1), ("false", 0)), mask=0x80)
    assert [drawn(inch, size=1, core=Core(inch=on))[0] for on in (False, True)] == [0, 0x80]
    step = ShownChoice(0, "distance", (("0.1", 8), ("0", 1)))
    assert [drawn(step, size=1, core=Core(distance=d))[0] for d in (0.1, 0.3 - 0.2, 0.10001, 0.0)] == [
        8,
        8,
        0,
        1,
    ]
    why = ShownChoice(0, "why-not", (("2", 7),))
    assert [drawn(why, size=1, core=Core(why_not=reason))[0] for reason in (1, 2)] == [0, 7]


def test_fields_that_depend_on_something() -> None:
    fields = (
        ShownNumber(0, "x.shown"),
        ShownNumber(0, "a.shown", when=(("axis", ("a", "b")),)),
        ShownNumber(1, "spindle-speed", when=(("button.macro-3", ("true",)), ("machine-is-on", ("true",)))),
    )
    pins = {"axis__x__position": 1.0, "axis__a__position": 2.0, "spindle_speed": 3.0, "machine_is_on": True}
    assert drawn(*fields, size=2, core=Core(axis="z"), **pins) == b"\1\0"
    assert drawn(*fields, size=2, core=Core(axis="b"), **pins) == b"\2\0"
    both = Shown(Core(), {"button.macro-3": True, "machine-is-on": True, "spindle-speed": 3.0})
    assert image(Display(2, fields), both) == b"\0\3"
    one = Shown(Core(), {"button.macro-3": True, "machine-is-on": False, "spindle-speed": 3.0})
    assert image(Display(2, fields), one) == b"\0\0"


def test_work_and_machine_coordinates() -> None:
    pins = {"axis.x.position": 5.0, "axis.x.position-relative": -2.5}
    for relative in (False, True):
        now = Shown(Core(), {**pins, "show-relative": relative})
        assert now.number("x.shown") == (-2.5 if relative else 5.0)
    assert (now.number("x.position"), now.number("x.position-relative"), now.number("c.shown")) == (
        5.0,
        -2.5,
        0.0,
    )


@pytest.mark.parametrize(
    ("pins", "mode"),
    [
        ({}, "off"),
        ({"mode-is-auto": True}, "auto"),
        ({"mode-is-mdi": 1}, "mdi"),
        ({"mode-is-manual": True}, "manual"),
    ],
)
def test_modes(pins: dict[str, bool], mode: str) -> None:
    assert Shown(Core(), pins).word("mode") == mode


def text(*parts: TextPart, length: int = 20, core: Core | None = None, **pins: float) -> str:
    return drawn(ShownText(0, length, parts), size=length, core=core, **pins).decode("ascii")


def test_texts() -> None:
    x = TextPart("", "x.position", 9, 3)
    assert text(TextPart("X"), x, length=12, axis__x__position=-1.23456) == "X   -1.235  "
    assert text(x, length=9, axis__x__position=123456.0) == "#########", (
        "a number without its front is another one"
    )
    assert text(x, length=9, axis__x__position=-0.0001) == "    0.000"
    assert text(x, length=9, axis__x__position=inf) == "      inf"
    assert (
        text(TextPart("", "feed-override", 3, 0, "100"), TextPart("%"), length=4, feed_override__value=1.0)
        == "100%"
    )
    core = Core(axis="x", scale="x10", target="off", why_not=2, armed=True)
    assert text(TextPart("", "axis", 2), TextPart("", "scale"), length=6, core=core) == "X X10 "
    assert text(TextPart("", "why-not"), length=8, core=core) == "E-STOP  "
    assert text(TextPart("", "target", 3), TextPart("|"), length=5, core=core) == "   | "
    assert text(TextPart("", "armed"), length=2, core=core) == "TR", "cut off at its length"


def test_a_picture_is_cut_into_reports() -> None:
    picture = bytes(range(10))
    assert reports(Display(10, (), report=6, cut=7), picture) == [
        b"\x06" + bytes(range(7)),
        b"\x06" + bytes([7, 8, 9, 0, 0, 0, 0]),
    ]
    assert reports(Display(10, ()), picture) == [b"\0" + picture]


@dataclass(frozen=True)
class World:
    core: Core
    pins: dict[str, float]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Anything that pins can have, and more."""
    anything = st.floats(allow_nan=True, allow_infinity=True)
    axis = draw(st.sampled_from(["off", "x", "a", "c", "feed-override"]))
    pins = {
        name: draw(anything)
        for name in ("axis.x.position", "axis.a.position-relative", "feed-override.value")
    }
    pins |= {name: draw(st.booleans()) for name in ("show-relative", "machine-is-on", "mode-is-mdi")}
    return World(Core(axis=axis, distance=draw(anything), why_not=draw(st.integers(0, 10))), pins)


@given(worlds(), st.sampled_from(known_values(["one"])), st.sampled_from([*FORMS, "split16"]))
def test_any_value_of_anything_makes_a_picture(world: World, value: str, form: str) -> None:
    now = Shown(world.core, world.pins)
    part = TextPart("", value, 5, 2)
    assert len(image(Display(6, (ShownText(0, 6, (part,)),)), now)) == 6
    assert now.text(part).isascii()
    if value not in ("axis", "scale", "target", "mode"):
        assert len(image(Display(6, (ShownNumber(1, value, form),)), now)) == 6


def test_the_reader_of_pictures_refuses_what_is_none() -> None:
    good = [b"\x06\xfe\xfd\xfe\x00\x00\x00\x00", b"\x06" + bytes(7), b"\x06" + bytes(7)]
    assert len(xhc_pictures.pictures(good * 2, 3)) == 2
    for bad in (
        good[:2],
        good[1:],
        [*good[:2], *good],
        [b"\x07" + good[0][1:], *good[1:]],
        [good[0][:7], *good[1:]],
    ):
        with pytest.raises(xhc_pictures.NotAPicture):
            xhc_pictures.pictures(bad, 3)
    with pytest.raises(xhc_pictures.NotAPicture):
        xhc_pictures.position(struct.pack("<HH", 0, 10_000))
