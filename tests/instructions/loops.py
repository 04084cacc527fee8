# SPDX-License-Identifier: GPL-2.0-or-later
"""What hal_mpg is compared with, and what its counts are corrected by."""

from __future__ import annotations

import functools
import operator
import os
import select
from collections.abc import Callable
from itertools import repeat
from typing import Any

from tests.instructions.cases import DETENT, START_S
from tests.instructions.pipe_pendant import EPOLL, INPUT_EVENT, SYN, Play, SteppedEpoll
from tests.instructions.watch import COMPONENT, Watch

WAIT_S = 0.01
DATA = b"".join(INPUT_EVENT.pack(int(START_S), 0, *event) for event in (*DETENT, SYN))


def smallest(watch: Watch, cycles: int, more: int) -> None:
    """The smallest loop in Python that shows detents at a HAL pin: epoll, read, unpack, write."""
    component = watch.component(COMPONENT)
    component.newpin("counts", watch.HAL_S32, watch.HAL_OUT)
    # The HAL in memory is in Python, and would be most of the loop.
    in_memory = functools.partial(operator.setitem, [0], 0)
    set_counts = component.getitem("counts").set if watch.__name__ == "hal" else in_memory
    component.ready()
    reader, writer = os.pipe2(os.O_NONBLOCK)
    play(watch, Play(START_S, writer, DATA), cycles, more)
    epoll = SteppedEpoll()
    epoll.register(reader, select.EPOLLIN)
    counts = 0
    while True:
        epoll.poll(WAIT_S)
        for _, _, kind, _, value in INPUT_EVENT.iter_unpack(os.read(reader, 6144)):
            if kind == 2:
                counts += value
                set_counts(counts)


def stepped(watch: Watch, cycles: int, more: int) -> None:
    """Steps played by themselves, after each of which something is ready."""
    play(watch, Play(START_S, os.open(os.devnull, os.O_WRONLY), DATA), cycles, more)
    turn(repeat(None), ready(SteppedEpoll()))


def stepped_in_vain(watch: Watch, cycles: int, more: int) -> None:
    """Steps played in which nobody says anything, so that nothing is ready."""
    play(watch, Play(START_S), cycles, more)
    turn(repeat(None), SteppedEpoll())


def bare(watch: Watch, cycles: int, more: int) -> None:
    """An epoll that finds something ready."""
    turn(repeat(None, cycles + more), ready(EPOLL()))
    watch.end()


def bare_in_vain(watch: Watch, cycles: int, more: int) -> None:
    """An epoll that finds nothing ready, and does not wait for it."""
    turn(repeat(None, cycles + more), EPOLL(), 0)
    watch.end()


def ready(epoll: Any) -> Any:
    """Return the epoll with something that is always ready."""
    epoll.register(os.pipe()[1], select.EPOLLOUT)
    return epoll


def turn(times: repeat[None], epoll: Any, wait_s: float = WAIT_S) -> None:
    """Go round so many times."""
    for _ in times:
        epoll.poll(wait_s)


def play(watch: Watch, step: Play, cycles: int, more: int) -> None:
    """Play a step so many times; the watch is armed before the last ones."""
    SteppedEpoll.play([step] * cycles, [step] * more, watch)


LOOPS: dict[str, Callable[[Watch, int, int], None]] = {
    "smallest": smallest,
    "stepped": stepped,
    "stepped-in-vain": stepped_in_vain,
    "bare": bare,
    "bare-in-vain": bare_in_vain,
}
