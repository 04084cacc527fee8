# SPDX-License-Identifier: GPL-2.0-or-later
"""What the loop makes goes by itself: there is nothing that Python's collector would have to look for."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal_mpg.component import GARBAGE
from hal_mpg.events import EV_KEY, EV_REL, EV_SYN, SYN_DROPPED, SYN_REPORT
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.sources.evdev import EvdevSource
from tests.core.bed import CONTACT, ENABLE, REL_DIAL, Bed, X, Y, make_profile
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


def test_the_collector_still_comes_where_something_should_pile_up() -> None:
    assert ROUNDS * 10 < GARBAGE < 1_000_000
