# SPDX-License-Identifier: GPL-2.0-or-later
"""The way from bytes to a pin that leaves everything else for later: only what was foreseen goes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.events import EV_KEY, EV_REL, EV_SYN, PinValue, PinWrite
from hal_mpg.shortcut import Shortcut
from hal_mpg.sources.frames import INPUT_EVENT, FrameBuilder
from tests.core.bed import ENABLE, REL_DIAL

FORWARD, BACK = (EV_REL, REL_DIAL, 1), (EV_REL, REL_DIAL, -1)
REPORT, DROPPED = (EV_SYN, 0, 0), (EV_SYN, 3, 0)
NOW = 100.25


class Pins:
    """Pins that note what is written."""

    def __init__(self) -> None:
        self.written: list[PinValue] = []
        self.shortcut = Shortcut({"axis.x.jog-counts": self.written.append})

    def foresee(self) -> None:
        self.shortcut.prepare(
            {FORWARD: PinWrite("axis.x.jog-counts", 8), BACK: PinWrite("axis.x.jog-counts", 6)}
        )


@pytest.fixture
def pins() -> Pins:
    pins = Pins()
    pins.foresee()
    return pins


def packed(*events: tuple[int, int, int], at: float = NOW) -> bytes:
    return b"".join(INPUT_EVENT.pack(int(at), round(at % 1 * 1e6), *event) for event in events)


def test_what_was_foreseen_is_written(pins: Pins) -> None:
    assert pins.shortcut.answer(packed(FORWARD, REPORT), NOW) == PinWrite("axis.x.jog-counts", 8)
    assert pins.shortcut.answer(packed(BACK, REPORT), NOW) == PinWrite("axis.x.jog-counts", 6)
    assert pins.written == [8, 6]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        packed(FORWARD),
        packed(FORWARD, REPORT)[:-1],
        packed(FORWARD, DROPPED),
        packed(FORWARD, FORWARD),
        packed(REPORT, FORWARD),
        packed((EV_REL, REL_DIAL, 2), REPORT),
        packed((EV_REL, REL_DIAL + 1, 1), REPORT),
        packed((EV_KEY, ENABLE, 0), REPORT),
        packed(FORWARD, REPORT, FORWARD, REPORT),
        packed(FORWARD, REPORT, (EV_KEY, ENABLE, 0), REPORT),
        packed(FORWARD, REPORT, at=NOW - 0.6),
    ],
)
def test_nothing_else_is(pins: Pins, data: bytes) -> None:
    assert pins.shortcut.answer(data, NOW) is None
    assert pins.written == []


def test_nothing_is_foreseen_before_it_is_said_or_after_it_was_taken_back() -> None:
    pins = Pins()
    assert pins.shortcut.answer(packed(FORWARD, REPORT), NOW) is None
    pins.foresee()
    pins.shortcut.prepare({})
    assert pins.shortcut.answer(packed(FORWARD, REPORT), NOW) is None
    assert pins.written == []


changes = st.sampled_from([FORWARD, BACK, REPORT, DROPPED, (EV_KEY, ENABLE, 0), (EV_REL, REL_DIAL, 2)])


@given(st.lists(changes, max_size=4), st.integers(0, 95), st.floats(0, 2))
def test_what_goes_it_is_one_frame_of_that_change_alone(
    events: list[tuple[int, int, int]], cut: int, age: float
) -> None:
    pins = Pins()
    pins.foresee()
    data = packed(*events, at=NOW - age)[cut // 24 * cut % 24 :]
    write = pins.shortcut.answer(data, NOW)
    frames = FrameBuilder(0).feed(data, NOW)
    if write is not None:
        assert [frame[2] for frame in frames] == [(FORWARD if write.value == 8 else BACK,)]
        assert age <= 0.5 + 1e-5
