# SPDX-License-Identifier: GPL-2.0-or-later
"""The usual command line is read without argparse, and means what argparse says that it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.errors import UsageError
from hal_mpg.options import component_parser
from hal_mpg.run_options import SWITCHES, VALUES, RunOptions, is_component_name, plain_options, run_options

USUAL = [
    [],
    ["--pendant", "generic-4axis", "--units", "mm", "--axes", "XYZ"],
    ["--axes", "X", "Y", "Z", "-v", "--no-grab"],
    ["--name", "mpg2", "--pendant", "/x/y.yaml", "--increments", "0.1,0.2,0.3"],
    ["--device", "/dev/input/event5", "--angular-increments", "1,2,3", "--verbose"],
]
UNUSUAL = [
    ["--pendant=x"],
    ["--pendant"],
    ["--pend", "x"],
    ["--axes"],
    ["--axes", "-v"],
    ["-vv"],
    ["word"],
    ["--"],
    ["--name", "--units"],
    ["--increments", "-1,1"],
    ["--help"],
]
WORDS = [*VALUES, *SWITCHES, "--axes", "X", "XYZ", "mm", "", "-", "--", "-1", "--pendant=x", "-hx", "a b"]


def by_argparse(words: list[str]) -> dict[str, object] | None:
    """Return what argparse makes of it; None: it is wrong."""
    try:
        return vars(component_parser().parse_args(words, RunOptions()))
    except UsageError:
        return None


@pytest.mark.parametrize("words", USUAL, ids=" ".join)
def test_the_usual_is_read_without_argparse(words: list[str]) -> None:
    plain = plain_options(words)
    assert plain is not None
    assert vars(plain) == by_argparse(words)


@pytest.mark.parametrize("words", UNUSUAL, ids=" ".join)
def test_what_is_not_plainly_right_is_left_to_argparse(words: list[str]) -> None:
    assert plain_options(words) is None


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_what_is_read_is_what_argparse_reads(words: list[str]) -> None:
    plain = plain_options(words)
    if plain is not None:
        assert vars(plain) == by_argparse(words)


def test_an_equal_sign_is_read_by_argparse() -> None:
    assert run_options(["--pendant=x", "--axes", "X", "Y"]).pendant == "x"
    with pytest.raises(UsageError, match="--units"):
        run_options(["--units"])


@pytest.mark.parametrize("name", ["hal_mpg", "mpg2", "a", "A-_9"])
def test_names_of_components(name: str) -> None:
    assert is_component_name(name)


@pytest.mark.parametrize("name", ["", "1mpg", "-a", "_a", "a.b", "a b", "ä", "a²", "a\n"])
def test_no_names_of_components(name: str) -> None:
    assert not is_component_name(name)
