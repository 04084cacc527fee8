# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks need besides the HAL: no pytest, since they also run beside the real `hal`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Check = Callable[[Any], None]
"""A check gets a HAL without components, the module `hal` or one like it, and asserts things."""

_KILLERS: set[str] = set()


@contextmanager
def raises(kind: type[BaseException], message: str | None = None) -> Iterator[None]:
    """Assert that the block raises `kind`, or a subclass, and with this very message if given."""
    try:
        yield
    except kind as problem:
        text = str(problem)
        assert message is None or text == message, f"message is {text!r}, not {message!r}"
    else:
        raise AssertionError(f"{kind.__name__} was not raised")


def kills_the_process(check: Check) -> Check:
    """Mark a check whose last action ends a process that uses the real `hal` with SIGSEGV."""
    _KILLERS.add(check.__name__)
    return check


def kills(check: Check) -> bool:
    """Tell whether the check is marked so."""
    return check.__name__ in _KILLERS


def one_pin(hal: Any, hal_type: int, direction: int | None = None) -> Any:
    """Return a component c with the pin x, an OUT pin unless `direction` says otherwise."""
    comp = hal.component("c")
    comp.newpin("x", hal_type, hal.HAL_OUT if direction is None else direction)
    return comp


def same(value: Any, expected: Any) -> bool:
    """Tell whether value and type are the same; NaN and NaN are, 0.0 and -0.0 are not."""
    return type(value) is type(expected) and repr(value) == repr(expected)
