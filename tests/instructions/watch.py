# SPDX-License-Identifier: GPL-2.0-or-later
"""A HAL, one of whose pins ends the process when it is written: to count up to there and no further."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from tests.instructions.pipe_pendant import Play

COMPONENT = "counted"


class Watch:
    """Stands in HAL's place when the component is made; all but one pin are HAL's own. No pin: "".

    `check` returns what is wrong at the end, or nothing.
    """

    def __init__(self, hal: Any, pin: str) -> None:
        self._hal = hal
        self._pin = pin
        self.is_armed = False
        self.check: Callable[[], str] = str

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hal, name)

    def component(self, name: str) -> Any:
        """Make the component."""
        component = self._hal.component(name)
        return WatchedComponent(component, self._pin, self) if self._pin else component

    def arm(self) -> Iterator[Play]:
        """Have the next write to the pin be the end; an iterator without items, to be put among steps."""
        self.is_armed = True
        return
        yield

    def end(self) -> NoReturn:
        """End the process, here and now; who started it throws the HAL away."""
        wrong = self.check()
        if wrong:
            print(wrong, file=sys.stderr, flush=True)
        os._exit(1 if wrong else 0)


class WatchedComponent:
    """A HAL component, one of whose pins is watched."""

    def __init__(self, component: Any, pin: str, watch: Watch) -> None:
        self._component = component
        self._pin = pin
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._component, name)

    def __setitem__(self, pin: str, value: Any) -> None:
        self._component[pin] = value

    def getitem(self, pin: str) -> Any:
        """Return HAL's item, or the one that is watched."""
        item = self._component.getitem(pin)
        return WatchedItem(item, self._watch) if pin == self._pin else item


class WatchedItem:
    """A pin that is watched."""

    def __init__(self, item: Any, watch: Watch) -> None:
        self.get = item.get
        self._set = item.set
        self._watch = watch

    def set(self, value: Any) -> None:
        """Write it."""
        self._set(value)
        if self._watch.is_armed:
            self._watch.end()
