# SPDX-License-Identifier: GPL-2.0-or-later
"""The way from bytes to a pin that leaves everything else for later: only what was foreseen goes it."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.events import EV_KEY, EV_REL, EV_SYN, PinValue, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.shortcut import Shortcut
from hal_mpg.sources.frames import INPUT_EVENT, FrameBuilder
from tests.core.bed import ENABLE, REL_DIAL

FORWARD, BACK = (EV_REL, REL_DIAL, 1), (EV_REL, REL_DIAL, -1)
REPORT, DROPPED = (EV_SYN, 0, 0), (EV_SYN, 3, 0)
PIN = "axis.x.jog-counts"
GATES = ("machine-is-on", "mode-is-manual", "inhibit")


class Pins:
    """Pins that note what is written, and a pipe that stands for the input node."""

    def __init__(self) -> None:
        self.written: list[PinValue] = []
        self.inputs = {"machine-is-on": True, "mode-is-manual": True, "inhibit": False}
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK)
        reads: list[Any] = [lambda name=name: self.inputs[name] for name in GATES]
        port = SimpleNamespace(setters={PIN: self.written.append}, gate_reads=reads)
        self.shortcut = Shortcut(cast("HalPort", port))

    def foresee(self) -> None:
        self.shortcut.prepare({FORWARD: PinWrite(PIN, 8), BACK: PinWrite(PIN, 6)}, self.reader)

    def answer(self, data: bytes) -> PinWrite | None:
        """Return the write that was made as the node said this; all that it said is handed on."""
        os.write(self.writer, data)
        assert self.shortcut.take() == data
        return self.shortcut.made

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def pins() -> Iterator[Pins]:
    pins = Pins()
    pins.foresee()
    yield pins
    pins.close()


def packed(*events: tuple[int, int, int]) -> bytes:
    return b"".join(INPUT_EVENT.pack(100, 250_000, *event) for event in events)


def test_what_was_foreseen_is_written(pins: Pins) -> None:
    assert pins.answer(packed(FORWARD, REPORT)) == PinWrite(PIN, 8)
    assert pins.answer(packed(BACK, REPORT)) == PinWrite(PIN, 6)
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
    ],
)
def test_nothing_else_is(pins: Pins, data: bytes) -> None:
    assert pins.answer(data) is None
    assert pins.written == []


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_has_closed_since_is_seen(pins: Pins, gate: str) -> None:
    pins.inputs[gate] ^= True
    assert pins.answer(packed(FORWARD, REPORT)) is None
    assert pins.written == []


def test_a_node_that_is_gone_says_nothing(pins: Pins) -> None:
    os.close(pins.writer)
    assert pins.shortcut.take() == b""
    assert pins.shortcut.made is None
    pins.writer = os.open(os.devnull, os.O_WRONLY)


def test_it_is_expected_only_while_something_is_foreseen() -> None:
    pins = Pins()
    news = [(pins.reader, select.EPOLLIN)]
    assert pins.shortcut.expected != news
    pins.foresee()
    assert pins.shortcut.expected == news
    for foreseen, node in (({}, pins.reader), ({FORWARD: PinWrite(PIN, 8)}, None)):
        pins.shortcut.prepare(foreseen, node)
        assert pins.shortcut.expected != news
        pins.foresee()
        assert pins.shortcut.expected == news
    pins.close()


def test_another_node_is_another_expectation(pins: Pins) -> None:
    pins.shortcut.prepare({FORWARD: PinWrite(PIN, 8)}, pins.writer)
    assert pins.shortcut.expected == [(pins.writer, select.EPOLLIN)]


changes = st.sampled_from([FORWARD, BACK, REPORT, DROPPED, (EV_KEY, ENABLE, 0), (EV_REL, REL_DIAL, 2)])


@given(st.lists(changes, max_size=4), st.integers(0, 95))
def test_what_goes_it_is_one_frame_of_that_change_alone(events: list[tuple[int, int, int]], cut: int) -> None:
    pins = Pins()
    pins.foresee()
    data = packed(*events)[cut // 24 * cut % 24 :]
    write = pins.answer(data)
    frames = FrameBuilder(0).feed(data, 101.0)
    if write is not None:
        assert [frame[2] for frame in frames] == [(FORWARD if write.value == 8 else BACK,)]
    pins.close()
