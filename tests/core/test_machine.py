# SPDX-License-Identifier: GPL-2.0-or-later
"""Units, axes and increments of the user's machine, and the steps in which its axes count."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.errors import UsageError
from hal_mpg.machine import Machine, common_step, exact_ratio, parse_axes, parse_increments, parse_units
from tests.core.bed import HEAD, make_profile

INCREMENTS = (Decimal("0.001"), Decimal("0.01"), Decimal("0.1"))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *[(text, "mm") for text in ("mm", "metric", "MM", "1", "1.0", " 1.0 ")],
        *[(text, "inch") for text in ("inch", "in", "imperial", "Inch", "0.03937007874", "0.0393701")],
    ],
)
def test_units_as_linuxcnc_spells_them(text: str, unit: str) -> None:
    assert parse_units(text) == unit


@pytest.mark.parametrize("text", ["", "cm", "m", "25.4", "0.04", "nan", "inf"])
def test_no_units(text: str) -> None:
    with pytest.raises(UsageError, match="--units"):
        parse_units(text)


@pytest.mark.parametrize(
    "words", [["XYZ"], ["x", "y", "z"], ["X Y Z"], ["XYYZ"], ["xyz", "X"], ["{X", "Y", "Z}"]]
)
def test_axes_as_linuxcnc_spells_them(words: list[str]) -> None:
    assert parse_axes(words) == {"x", "y", "z"}


def test_axes_are_those_that_are_named() -> None:
    assert parse_axes(["y", "Z"]) == {"y", "z"}


@pytest.mark.parametrize(
    ("words", "fault"),
    [([], "nothing"), ([""], "nothing"), (["XYQ"], "q"), (["1"], "1"), (["X;Y"], ";"), (["{}"], "nothing")],
)
def test_no_axes(words: list[str], fault: str) -> None:
    with pytest.raises(UsageError, match=f"--axes.*: {fault} is no axis.*XYZABCUVW"):
        parse_axes(words)


def test_increments_are_taken_exactly() -> None:
    assert parse_increments("--increments", "0.001, 0.01,0.1") == INCREMENTS


@pytest.mark.parametrize("text", ["", "0.1,", "x", "0", "-1", "nan", "inf", "1e999999", "1e-400", "0.1;0.2"])
def test_no_increments(text: str) -> None:
    with pytest.raises(UsageError, match="--increments"):
        machine = Machine(increments=parse_increments("--increments", text))
        machine.steps_of(make_profile())  # what is finite, but of no use


def test_the_number_of_increments_is_that_of_the_scales() -> None:
    with pytest.raises(UsageError, match="3 scales"):
        Machine(increments=INCREMENTS[:2]).steps_of(make_profile())


@pytest.mark.parametrize("option", ["increments", "angular_increments"])
def test_the_number_of_increments_matters_where_no_axis_takes_them(option: str) -> None:
    """A mistake in the INI file is told of now, and not when the machine gets another axis."""
    axes = frozenset("xyz") if option == "angular_increments" else frozenset("a")
    with pytest.raises(UsageError, match=f"^--{option.replace('_', '-')}: 2 given.*3 scales"):
        Machine(axes=axes, **{option: INCREMENTS[:2]}).steps_of(make_profile())


def test_a_machine_with_none_of_the_axes_of_the_pendant_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--axes.*X, Y, Z, A"):
        Machine(axes=frozenset("uvw")).steps_of(make_profile())


def test_angular_axes_have_increments_of_their_own() -> None:
    machine = Machine(units="inch", angular_increments=(Decimal(1), Decimal(5), Decimal("7.5")))
    steps = {axis.axis: axis for axis in machine.steps_of(make_profile())}
    assert (steps["a"].jog_scale, steps["a"].multiples) == (0.5, (2, 10, 15))
    assert (steps["x"].jog_scale, steps["x"].multiples) == (0.0001, (1, 10, 100))
    assert steps["x"].distances == (0.0001, 0.001, 0.01)


def test_an_increment_that_is_missing_is_named() -> None:
    profile = make_profile(HEAD.replace("inch: 0.0001, ", ""))
    assert Machine().steps_of(profile)
    with pytest.raises(UsageError, match=r"x1.*inch.* --increments$"):
        Machine(units="inch").steps_of(profile)
    assert Machine(units="inch", increments=INCREMENTS).steps_of(profile)


def test_an_axis_that_the_machine_does_not_have_needs_no_increment() -> None:
    profile = make_profile(HEAD.replace(", degree: 0.01", ""))
    with pytest.raises(UsageError, match=r"x1.*degree.* --angular-increments$"):
        Machine().steps_of(profile)
    assert [axis.axis for axis in Machine(axes=frozenset("xy")).steps_of(profile)] == ["x", "y"]


def test_increments_without_a_common_step_are_refused() -> None:
    odd = (Decimal("0.0000001"), Decimal("1"), Decimal("10"))
    with pytest.raises(UsageError, match="rounder"):
        Machine(increments=odd).steps_of(make_profile())


def test_a_million_steps_in_a_detent_are_the_most() -> None:
    steps = Machine(axes=frozenset("x"), increments=tuple(map(Decimal, ("0.001", "1", "1000"))))
    assert steps.steps_of(make_profile())[0].multiples == (1, 1000, 1_000_000)
    with pytest.raises(UsageError, match="rounder"):
        Machine(increments=tuple(map(Decimal, ("0.001", "1", "1000.001")))).steps_of(make_profile())


def test_the_axes_that_turn_have_the_angular_increments_and_no_others() -> None:
    letters = "xyzabcuvw"
    keys = ", ".join(f"{letter}: {0x140 + place}" for place, letter in enumerate(letters))
    steps = Machine(units="inch").steps_of(make_profile(axis=f"{{keys: {{{keys}}}}}"))
    assert {axis.axis: axis.jog_scale for axis in steps} == {
        letter: 0.01 if letter in "abc" else 0.0001 for letter in letters
    }


@given(st.lists(st.decimals("0.00001", "100", places=5), min_size=1, max_size=5))
def test_the_common_step_is_the_largest_of_which_all_are_multiples(distances: list[Decimal]) -> None:
    step = Fraction(*common_step([str(distance) for distance in distances]))
    multiples = [Fraction(distance) / step for distance in distances]
    assert all(multiple.denominator == 1 for multiple in multiples)
    for prime in (2, 3, 5, 7):
        assert any(multiple.numerator % prime for multiple in multiples)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value="1e-9", max_value="1e6"))
def test_the_ratio_of_a_text_is_that_of_the_decimal(distance: Decimal) -> None:
    assert exact_ratio(str(distance)) == distance.as_integer_ratio()
