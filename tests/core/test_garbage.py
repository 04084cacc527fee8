# SPDX-License-Identifier: GPL-2.0-or-later
"""What the loop makes goes by itself: there is nothing that Python's collector would have to look for."""

from __future__ import annotations

import gc
import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal_mpg.component import GARBAGE
from hal_mpg.events import EV_KEY, EV_REL, EV_SYN, SYN_DROPPED, SYN_REPORT
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.sources.evdev import EvdevSource
from hal_mpg.sources.serial import SerialSource
from tests.beds.serial_pendant import Firmware, Noise
from tests.core.bed import CONTACT, ENABLE, REL_DIAL, Bed, X, Y, make_profile
from tests.core.serial_world import CONTROLS
from tests.core.serial_world import make_profile as serial_profile
from tests.core.test_evdev_source import Table
from tests.core.test_evdev_source import table as table  # a fixture

REPORT = (EV_SYN, SYN_REPORT, 0)
ROUNDS = 200


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class World:
    """The parts of the loop as it calls them, with a pipe for the device."""

    def __init__(self, table: Table) -> None:
        self.table, self.bed = table, Bed()
        self.hal = FakeHal()
        self.port = HalPort(self.hal, "hal_mpg", self.bed.pendant.pins)
        self.source = EvdevSource(make_profile())
        self.table.add()
        self.port.write(self.bed.handle(*self.source.search(self.bed.now)))
        self.bed.wait(1.0)

    def say(self, *events: tuple[int, int, int]) -> None:
        self.bed.now += 0.01
        self.table.say(*events, at=self.bed.now)
        self.port.write(self.bed.handle(*self.source.read(self.source.descriptors(), self.bed.now)))
        self.port.toggle_heartbeat(self.bed.now)
        self.port.has_new_inputs()
        self.bed.wait(0.001)
        self.bed.log.clear()
        self.hal.log.clear()

    def use(self) -> None:
        """Do all that is done with a pendant."""
        self.say((EV_KEY, ENABLE, 1), REPORT)
        self.bed.wait(1.0)
        for _ in range(5):
            self.say((EV_REL, REL_DIAL, 1), REPORT)
        self.say(*[(EV_REL, REL_DIAL, -1), REPORT] * 20)
        self.say((EV_KEY, X, 0), REPORT, (EV_KEY, Y, 1), REPORT)
        self.say((EV_KEY, Y, 0), REPORT, (EV_KEY, X, 1), REPORT)
        self.say((EV_KEY, CONTACT, 0), REPORT, (EV_KEY, CONTACT, 1), REPORT)
        self.say((EV_SYN, SYN_DROPPED, 0), REPORT)
        self.say((EV_KEY, ENABLE, 0), REPORT)
        self.bed.wait(1.0)


def test_nothing_is_left_by_use_and_nothing_grows(table: Table, no_collector: None) -> None:
    world = World(table)
    world.use()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(ROUNDS):
        world.use()
    grown = len(gc.get_objects()) - before
    assert gc.collect() == 0, "cycles: they would pile up until the collector stops the loop to look for them"
    assert grown < ROUNDS / 10


def test_nothing_is_left_by_searching_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_collector: None
) -> None:
    (tmp_path / "event0").touch()  # no node at all: each search fails to open it
    monkeypatch.setattr("hal_mpg.sources.node_paths.INPUT_DIR", str(tmp_path))
    source = EvdevSource(make_profile())
    source.search(0.0)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(ROUNDS):
        os.utime(tmp_path / "event0")
        source.search(float(number))
        source.drain_hotplug()
    grown = len(gc.get_objects()) - before
    assert gc.collect() == 0
    assert grown < ROUNDS / 10


class SerialTable:
    """The same with a pendant at a pseudo-terminal, whose firmware is here."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        profile = serial_profile(os.ttyname(self.slave))
        self.bed, self.source, self.firmware = Bed(profile), SerialSource(profile), Firmware(CONTROLS)
        self.firmware.set("estop", True, 0.0)
        self.noise = Noise(flipped=0.01, cut=0.02, merged=0.02)
        self.source.search(self.bed.now)
        self.bed.now += 0.2
        self.source.tick(self.bed.now)

    def run(self, rounds: int) -> None:
        """Let some hundred lines come, a part of them damaged; look, answer, and use what they mean."""
        for number in range(rounds):
            self.firmware.turn(number % 200 // 100)
            if number % 10 == 0:
                self.firmware.select(number % 7, number % 4, self.bed.now)
            self.firmware.set("enable", number % 200 > 20, self.bed.now)
            for text in self.firmware.due(self.bed.now):
                os.write(self.master, self.noise(text))
            events = self.source.read(self.source.descriptors(), self.bed.now)
            if self.bed.now >= self.source.next_deadline():
                events += self.source.tick(self.bed.now)
                if self._was_answered():
                    os.read(self.master, 4096)
            self.bed.handle(*events)
            self.bed.wait(0.005)
            self.bed.log.clear()

    def _was_answered(self) -> bool:
        return bool(select.select([self.master], [], [], 0)[0])

    def close(self) -> None:
        self.source.close()
        os.close(self.master)
        os.close(self.slave)


def test_nothing_is_left_by_a_serial_pendant_on_a_bad_line(no_collector: None) -> None:
    table = SerialTable()
    table.run(1000)  # until everything was used once
    gc.collect()
    before = len(gc.get_objects())
    table.run(ROUNDS * 10)
    grown = len(gc.get_objects()) - before
    assert table.bed["garbled"] > 100
    assert table.bed["counts"] != 0
    assert gc.collect() == 0
    assert grown < ROUNDS / 2, "of as many lines as ten times the rounds"
    table.close()


def test_the_collector_still_comes_where_something_should_pile_up() -> None:
    assert ROUNDS * 10 < GARBAGE < 1_000_000
