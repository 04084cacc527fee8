# SPDX-License-Identifier: GPL-2.0-or-later
"""hal_mpg, in whose loop something breaks when a file appears that says what; see processes_loop.py.

It runs in the place of the module hal_mpg. Only what the file names is changed, while the file is there.
"""

from __future__ import annotations

import gc
import os
import select
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hal_mpg import runner
from hal_mpg.cli import main
from hal_mpg.hal_port import HalPort
from hal_mpg.pendant import Pendant
from hal_mpg.sources.virtual import VirtualSource

TRIGGER = os.environ["HAL_MPG_LINUXCNC_SOCKET"].rpartition("/")[0] + "/trigger"

BLOCK = 1 << 20
"""Bytes; the first of the blocks that memory is filled with."""

GROWTH = 200_000
"""Objects more in each pass of the loop: too few to hold it up for long."""

PLACES: dict[str, tuple[Any, str]] = {
    "read": (VirtualSource, "read"),
    "search": (VirtualSource, "search"),
    "descriptors": (VirtualSource, "descriptors"),
    "close": (VirtualSource, "close"),
    "core": (Pendant, "handle"),
    "tick": (Pendant, "tick"),
    "deadline": (Pendant, "next_deadline"),
    "write": (HalPort, "write"),
    "heartbeat": (HalPort, "toggle_heartbeat"),
    "gates": (HalPort, "gates"),
    "report": (runner.Runner, "_report"),
}
"""Where an exception can be asked for: each is one step of the loop."""


class Broken(Exception):
    """What is raised."""


class Poll:
    """An epoll that can break; the real one takes no subclasses."""

    def __init__(self) -> None:
        self._epoll = _epoll()
        self.register, self.unregister = self._epoll.register, self._epoll.unregister
        self.close = self._epoll.close

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        """Wait, as epoll does."""
        ready = self._epoll.poll(timeout, most)
        break_if("wait")
        return ready


class Heap:
    """Objects that refer to each other, for the garbage collector to look at."""

    def __init__(self) -> None:
        self.objects: list[list[Any]] = []
        self.wanted = 0

    def grow(self) -> None:
        """Make some more, up to what is wanted."""
        if len(self.objects) < self.wanted:
            self.objects += [[self.objects] for _ in range(GROWTH)]
            if len(self.objects) >= self.wanted:
                Path(TRIGGER).unlink()


_epoll = select.epoll
_heap = Heap()
_blocks: list[Any] = []


def asked() -> str:
    """Return what the file says; nothing where there is none."""
    try:
        with open(TRIGGER, encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def break_if(place: str) -> None:
    """Raise an exception, where one is asked for here: once, or whenever it comes by."""
    if _blocks:
        return  # there is no memory left even to ask
    word, _, where = asked().partition(" ")
    if where == place and word in ("raise", "refuse"):
        if word == "raise":
            Path(TRIGGER).unlink()
        raise Broken(f"made by the test: {place}")


def breaking(place: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that does the same, unless it is asked to break."""

    def broken(*arguments: Any) -> Any:
        break_if(place)
        return function(*arguments)

    return broken


def obeying(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that does the same, after something that was asked for."""

    def obeyed(*arguments: Any) -> Any:
        _heap.grow()
        word, _, argument = asked().partition(" ")
        if word in COMMANDS:
            COMMANDS[word](argument)
        return function(*arguments)

    return obeyed


def grow(objects: str) -> None:
    """Begin to grow; the file goes when it is done."""
    _heap.wanted = int(objects)


def collect(_: str) -> None:
    """Collect garbage."""
    Path(TRIGGER).unlink()
    gc.collect()


def exhaust(_: str) -> None:
    """Fill the memory that the process may have with blocks that get smaller and smaller, and keep them."""
    for size in _halves(BLOCK):
        try:
            while True:
                _blocks.append(bytearray(size))
        except MemoryError:
            continue
    raise MemoryError


def say_into(path: str) -> None:
    """Have another standard error: a file, or a pipe that is full and never read."""
    Path(TRIGGER).unlink()
    if path == "pipe":
        _, writer = os.pipe2(os.O_NONBLOCK)
        try:
            while True:
                os.write(writer, bytes(4096))
        except BlockingIOError:
            os.set_blocking(writer, True)
    else:
        writer = os.open(path, os.O_WRONLY)
    os.dup2(writer, sys.stderr.fileno())


def _halves(size: int) -> Iterator[int]:
    while size >= 16:
        yield size
        size //= 2


def spin(_: str) -> None:
    """Go round and round."""
    Path(TRIGGER).unlink()
    while True:
        pass


COMMANDS = {"spin": spin, "grow": grow, "collect": collect, "exhaust": exhaust, "say-into": say_into}

if __name__ == "__main__":
    for place, (owner, method) in PLACES.items():
        setattr(owner, method, breaking(place, getattr(owner, method)))
    HalPort.has_new_inputs = obeying(breaking("inputs", HalPort.has_new_inputs))  # type: ignore[method-assign]
    select.epoll = Poll  # type: ignore[assignment,misc]
    sys.exit(main())
