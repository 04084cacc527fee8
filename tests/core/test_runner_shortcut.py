# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop answers a detent that was foreseen before it does anything else, and only then."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hal_mpg import runner
from hal_mpg.events import EV_KEY
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.runner import Runner
from hal_mpg.sources.evdev import EvdevSource
from tests.core.bed import ENABLE, make_profile
from tests.core.evdev_table import DETENT, REPORT, Table, table_in

LIMIT_S = 30.0
COUNTS, ALL_COUNTS = "hal_mpg.axis.x.jog-counts", "hal_mpg.counts"


class Loop:
    """The component in the main thread, on a pipe for an input node; the user in another thread."""

    def __init__(self, table: Table) -> None:
        self.table = table
        profile = make_profile()
        self.hal = FakeHal()
        pendant = Pendant(profile, Machine())
        port = HalPort(self.hal, "hal_mpg", pendant.pins)
        self.runner = Runner(pendant, EvdevSource(profile), port)
        table.add()

    def run(self, user: Callable[[], None]) -> None:
        """Run it, armed, until the user has done."""
        faults: list[BaseException] = []

        def do() -> None:
            try:
                self.wait_for("connected", True)
                self.say((EV_KEY, ENABLE, 1))
                self.wait_for("armed", True)
                self.hal.log.clear()
                user()
            except BaseException as error:  # noqa: BLE001  # it is raised again in the main thread
                faults.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=do)
        thread.start()
        self.runner.run()
        thread.join(LIMIT_S)
        if faults:
            raise faults[0]

    def say(self, change: tuple[int, int, int]) -> None:
        self.table.say(change, REPORT, at=time.monotonic())

    def wait_for(self, pin: str, value: Any) -> None:
        limit = time.monotonic() + LIMIT_S
        while self.hal.get_value(f"hal_mpg.{pin}") != value:
            assert time.monotonic() < limit, f"waited in vain for {pin} {value}"
            time.sleep(0.002)

    def order(self) -> list[str]:
        """Return which of the two counts was written, one after the other."""
        return [write.pin for write in self.hal.log if write.pin in (COUNTS, ALL_COUNTS)]


@pytest.fixture
def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with table_in(tmp_path, monkeypatch) as table:
        yield Loop(table)
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_the_count_that_moves_the_axis_is_written_first(loop: Loop) -> None:
    def user() -> None:
        for count in range(1, 4):
            loop.say(DETENT)
            loop.wait_for("counts", count)

    loop.run(user)
    assert loop.order() == [COUNTS, ALL_COUNTS] * 3
    assert [write.value for write in loop.hal.log if write.pin == COUNTS] == [1, 2, 3]


def test_after_a_stall_it_is_written_in_its_turn(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said before the stall may be stale, so it is looked at first."""
    monkeypatch.setattr(runner, "STALLED_S", 0.0)

    def user() -> None:
        loop.say(DETENT)
        loop.wait_for("axis.x.jog-counts", 1)

    loop.run(user)
    assert loop.order() == [ALL_COUNTS, COUNTS]


@pytest.mark.parametrize("gate, closed", [("inhibit", 1), ("machine-is-on", 0), ("mode-is-manual", 0)])
def test_a_gate_that_closes_just_before_a_detent_holds_it(loop: Loop, gate: str, closed: int) -> None:
    def user() -> None:
        loop.hal.set_p(f"hal_mpg.{gate}", str(closed))
        loop.say(DETENT)
        loop.wait_for("dropped", 1)

    loop.run(user)
    assert loop.order() == []


def test_in_a_storm_the_heart_beats_on(loop: Loop) -> None:
    """There is a detent to be answered each time that the loop looks."""

    def user() -> None:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            loop.say(DETENT)
            time.sleep(0.0005)

    loop.run(user)
    beats = sum(write.pin == "hal_mpg.heartbeat" for write in loop.hal.log)
    assert beats > 5
