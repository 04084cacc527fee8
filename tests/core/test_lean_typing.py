# SPDX-License-Identifier: GPL-2.0-or-later
"""Our named tuples are those of `typing`, as far as they go."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest

from hal_mpg import lean_typing


class Ours(lean_typing.NamedTuple):
    """A class."""

    first: int
    second: str = "b"
    third: tuple[int, ...] = ()

    @property
    def double(self) -> int:
        """What a method may do."""
        return 2 * self.first


class Theirs(typing.NamedTuple):
    """The same."""

    first: int
    second: str = "b"
    third: tuple[int, ...] = ()

    @property
    def double(self) -> int:
        """What a method may do."""
        return 2 * self.first


MADE: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, "x"), {}),
    ((1, "x", (2,)), {}),
    ((), {"first": 1}),
    ((1,), {"third": (3,)}),
    ((), {"third": (3,), "first": 4, "second": "z"}),
]
REFUSED: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1, "x", (), 4), {}),
    ((1,), {"first": 1}),
    ((1,), {"fourth": 1}),
    ((), {"second": "x"}),
]


@pytest.mark.parametrize(("values", "named"), MADE)
def test_they_are_made_and_used_alike(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = Ours(*values, **named), Theirs(*values, **named)
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert (ours.first, ours.second, ours.third, ours.double) == (*theirs, theirs.double)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._asdict() == theirs._asdict()
    assert ours._replace(second="new") == theirs._replace(second="new")
    assert type(ours._replace(second="new")) is Ours
    match ours:
        case Ours(first, second):
            assert (first, second) == (theirs.first, theirs.second)
    for same in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert (type(same), same) == (Ours, ours)


@pytest.mark.parametrize(("values", "named"), REFUSED)
def test_the_same_is_refused(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(*values, **named)


def test_they_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Ours(1).first = 2  # type: ignore[misc]  # that is what is tried
    with pytest.raises(AttributeError):
        Ours(1).other = 2  # type: ignore[attr-defined]  # that, too
    with pytest.raises(TypeError):
        Ours(1)._replace(other=2)  # type: ignore[call-arg]  # and that
    assert Ours._fields == Theirs._fields == Ours.__match_args__
