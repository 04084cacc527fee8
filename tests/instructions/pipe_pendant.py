# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant whose nodes are named pipes, a clock that is set, an epoll that hands out what comes next.

All of hal_mpg is real but for these, so that the same steps take the same instructions each time: no time
passes but that of the steps, and nothing comes before the program waits for it.
"""

from __future__ import annotations

import fcntl
import functools
import operator
import os
import select
import struct
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from tests.instructions.cases import START_S, Codes, Step

if TYPE_CHECKING:
    from tests.instructions.watch import Watch

INPUT_EVENT = struct.Struct("llHHi")  # linux/input.h
SYN = (0, 0, 0)
CLOCK = array("d", [START_S])
EPOLL = select.epoll

# The numbers of requests in linux/input.h, without their directions and sizes.
ID, NAME, PHYS, KEYS, BITS = 0x4502, 0x4506, 0x4507, 0x4518, 0x4520


class Play(NamedTuple):
    """A step as it is played: the time that it then is, and what a node says."""

    time: float
    descriptor: int = -1
    data: bytes = b""


class SteppedEpoll:
    """An epoll that never waits: each time that it is asked to, the next step is played."""

    _steps: Iterator[Play] = iter(())
    _at_end: Callable[[], NoReturn]

    @classmethod
    def play(cls, steps: Sequence[Play], more: Sequence[Play], watch: Watch) -> None:
        """Have these steps played, the watch armed, more played, and the process ended."""
        cls._steps = chain(steps, watch.arm(), more)
        cls._at_end = watch.end

    def __init__(self) -> None:
        self._real = EPOLL()
        self._poll = self._real.poll
        self.register = self._real.register
        self.modify = self._real.modify
        self.unregister = self._real.unregister
        self.close = self._real.close

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        for CLOCK[0], descriptor, data in self._steps:
            if data:
                os.write(descriptor, data)
            return self._poll(0, maxevents)
        return self._at_end()


def install() -> None:
    """Put the clock and the epoll in place of the kernel's, before hal_mpg is imported."""
    # No bytecode, as the real one has none.
    time.monotonic = functools.partial(operator.getitem, CLOCK, 0)  # type: ignore[assignment]
    select.epoll = SteppedEpoll  # type: ignore[misc,assignment]


class Device:
    """The nodes of one USB device, in a directory that stands for /dev/input."""

    def __init__(self, folder: Path, nodes: Sequence[Codes], held: Iterable[int]) -> None:
        self._nodes = nodes
        self._held = list(held)  # on the first node
        folder.mkdir()
        paths = [folder / f"event{number}" for number in range(len(nodes))]
        for path in paths:
            os.mkfifo(path)
        self._pipes = [os.open(path, os.O_RDWR | os.O_NONBLOCK) for path in paths]
        self._numbers = {os.fstat(pipe).st_ino: number for number, pipe in enumerate(self._pipes)}
        self._ioctl = fcntl.ioctl
        fcntl.ioctl = self._answer  # type: ignore[assignment]

    def _answer(self, descriptor: int, request: int, argument: Any = 0, *more: Any) -> Any:
        """Answer as the kernel does, for the nodes."""
        number = self._numbers.get(os.fstat(descriptor).st_ino)
        if number is None:
            return self._ioctl(descriptor, request, argument, *more)
        answers = {
            ID: struct.pack("4H", 3, 0x1209, 1, 1),
            NAME: b"pipe",
            PHYS: b"usb-1/input%d" % number,
            KEYS: bits(self._held if number == 0 else ()),
            BITS: bits(self._nodes[number]),
            **{BITS + kind: bits(codes) for kind, codes in self._nodes[number].items()},
        }
        size = len(argument) if isinstance(argument, bytes) else 0
        return answers.get(request & 0xFFFF, b"").ljust(size, b"\0")[:size]

    def played(self, steps: Iterable[Step]) -> list[Play]:
        """Return the steps as they are to be played."""
        now, played = START_S, []
        for step in steps:
            now += step.after_s
            at = int(now), int(now % 1 * 1e6)
            events = [event for frame in step.frames for event in (*frame, SYN)]
            data = b"".join(INPUT_EVENT.pack(*at, *event) for event in events)
            played.append(Play(now, self._pipes[-1 if step.is_wheel else 0], data))
        return played


def bits(numbers: Iterable[int]) -> bytes:
    """Return a bit map with these bits set."""
    return sum(1 << number for number in numbers).to_bytes(96, "little")
