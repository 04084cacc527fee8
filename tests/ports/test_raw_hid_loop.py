# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop with a raw HID pendant, in real time: HAL is the fake one, the node a socket of whole packets."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.raw_runner import RawRunner
from hal_mpg.sources.hidraw import QUEUE, HidrawSource
from tests.core.hid_world import HidWorld
from tests.core.test_hid_reports import WHB, WHB_SLEEPS, whb

LIMIT_S = 20.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU)


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    yield
    for number, handler in zip(STOP_SIGNALS, before, strict=True):
        signal.signal(number, handler)


class Bench:
    """The component in the main thread; its user, who has the pendant and looks at the pins, in another."""

    def __init__(self, world: HidWorld) -> None:
        self.world = world
        self.hal = FakeHal()
        pendant = Pendant(WHB._replace(display=None), Machine())
        port = HalPort(self.hal, "hal_mpg", pendant.pins)
        self.source = HidrawSource(pendant.profile)
        self.runner = RawRunner(pendant, self.source, port, verbose=True)

    def run(self, user: Callable[[], None]) -> None:
        faults: list[BaseException] = []

        def do() -> None:
            try:
                user()
            except BaseException as error:  # noqa: BLE001  # it is raised again in the main thread
                faults.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=do)
        thread.start()
        try:
            self.runner.run()
        finally:
            thread.join(LIMIT_S)
        if faults:
            raise faults[0]

    def get(self, pin: str) -> Any:
        return self.hal.get_value(f"hal_mpg.{pin}")

    def wait_for(self, pin: str, value: object) -> float:
        """Wait until a pin has a value; return how long that took."""
        begun = time.monotonic()
        while self.get(pin) != value:
            assert time.monotonic() < begun + LIMIT_S, f"{pin} is {self.get(pin)} for ever, and not {value}"
            threading.Event().wait(0.001)
        return time.monotonic() - begun

    def wait_until_open(self) -> None:
        end = time.monotonic() + LIMIT_S
        while self.source.descriptor is None:
            assert time.monotonic() < end
            threading.Event().wait(0.001)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(HidWorld(tmp_path, monkeypatch))


def test_jogging_sleep_loss_and_the_way_back(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    device = bench.world.plug("hidraw0")

    def user() -> None:
        bench.wait_until_open()
        assert not bench.get("connected")
        device.says(whb())
        bench.wait_for("armed", True)
        device.says(*[whb(turned=1)] * 5)
        bench.wait_for("axis.x.jog-counts", 5)
        device.says(whb([0x55]))
        bench.wait_for("garbled", 1)
        device.says(WHB_SLEEPS)
        bench.wait_for("connected", False)
        device.says(whb(axis=0x12), whb(axis=0x12))
        bench.wait_for("armed", True)
        assert bench.get("axis.y.selected")
        device.unplug()
        took_s = bench.wait_for("connected", False)
        assert (bench.get("armed"), bench.get("axis-select")) == (False, -1)
        assert took_s < 1.0  # in the same turn of the loop; a busy machine takes its time
        again = bench.world.plug("hidraw7", port="9-9")
        bench.wait_until_open()
        again.says(whb())
        bench.wait_for("armed", True)
        assert bench.get("axis.x.jog-counts") == 5
        assert bench.get("reconnects") == 2
        print(f"lost after {took_s * 1000:.1f} ms")

    bench.run(user)
    said = capfd.readouterr().err
    assert "pendant lost (it is asleep); turn its wheel or press a key\n" in said
    assert f"pendant lost ({device.path}: No such device); plug it in again\n" in said
    assert "1 reports were refused since the start; last: report 04 5a 55 00 0d 11 00 a5: no key" in said


def test_a_queue_that_was_full(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    device = bench.world.plug("hidraw0")

    def user() -> None:
        bench.wait_until_open()
        device.says(whb())
        bench.wait_for("armed", True)
        # The loop has to stand still meanwhile, and reads at once when it goes on.
        bench.runner._port.setters["heartbeat"] = lambda value: time.sleep(0.3)
        threading.Event().wait(0.1)
        device.says(*[whb(turned=1)] * (QUEUE + 5))
        bench.wait_for("reconnects", 1)

    bench.run(user)
    assert "more came than the kernel keeps" in capfd.readouterr().err
