# SPDX-License-Identifier: GPL-2.0-or-later
"""A raw HID pendant with a display on the fake HAL: the real source, loop and writer; nodes are sockets."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hal_mpg import hid_runner
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.hid_runner import HidRunner
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile_yaml import load_profile
from hal_mpg.sources import hidraw_nodes
from hal_mpg.sources.hidraw import HidrawSource
from tests.beds import xhc_pictures
from tests.beds.hid_socket import HidSocket, HidSockets, with_output_reports

LIMIT_S = 20.0
PENDANTS = Path(__file__).parents[2] / "config/pendants"
XHC = 0x10CE
AWAKE = bytes([4, 0, 0, 0x11, 0, 0])  # the HB04's knob on X


class World:
    """The component in the main thread, and what its user does in another one."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, profile: str, machine: Machine | None = None
    ) -> None:
        self.nodes = HidSockets(folder)
        monkeypatch.setattr(hidraw_nodes, "SYS_HIDRAW", str(self.nodes.sysfs))
        monkeypatch.setattr(HidrawSource, "_open", lambda _, path: self.nodes.open(path))
        text = (PENDANTS / f"{profile}.yaml").read_text() if "\n" not in profile else profile
        self.profile = load_profile(with_output_reports(text), "p.yaml")
        self.machine = machine or Machine(axes=frozenset("xyza"))
        self.hal = FakeHal()
        self.pendant = Pendant(self.profile, self.machine)
        self.source = HidrawSource(self.profile)
        self.port = HalPort(self.hal, "hal_mpg", self.pendant.pins)
        self.fault: BaseException | None = None
        self.reports: list[bytes] = []

    def run(self, user: Callable[[], None]) -> None:
        """Run the component until the user has done."""

        def do() -> None:
            try:
                user()
            except BaseException as error:  # noqa: BLE001  # it is raised again in the main thread
                self.fault = error
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=do)
        self._runner = HidRunner(self.pendant, self.source, self.port, self.machine)
        thread.start()
        try:
            self._runner.run()
        finally:
            thread.join(LIMIT_S)
            if self.fault:
                raise self.fault

    def writer(self) -> int:
        """Return the process that writes."""
        process = self._runner._output._process
        assert process is not None
        return process.pid

    def get(self, pin: str) -> Any:
        return self.hal.get_value(f"hal_mpg.{pin}")

    def put(self, pin: str, value: float) -> None:
        self.hal.set_p(f"hal_mpg.{pin}", str(value))

    def wait_until(self, condition: Callable[[], object], what: str) -> float:
        """Wait for a condition; return when it was seen."""
        limit = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < limit, f"waited in vain for {what}"
            threading.Event().wait(0.001)
        return time.monotonic()

    def wait_for(self, pin: str, value: object) -> float:
        return self.wait_until(lambda: self.get(pin) == value, f"{pin}: {value}")

    def plug(self, number: int = 0, product: int = 0xEB70) -> HidSocket:
        """Plug it in, and wait until it is open."""
        device = self.nodes.plug(number, XHC, product, "XHC")
        self.wait_until(lambda: device.is_open, "the node to be opened")
        return device

    def shown(self, device: HidSocket, count: int = xhc_pictures.HB04_REPORTS) -> list[bytes]:
        """Return the whole pictures that have come since the last ones that were returned."""
        self.reports += device.written()
        whole = len(self.reports) // count * count
        reports, self.reports = self.reports[:whole], self.reports[whole:]
        return xhc_pictures.pictures(reports, count)

    def hb04(self, device: HidSocket, **expected: Any) -> float:
        """Wait until an HB04 shows this; return when."""
        last: dict[str, Any] = {}

        def is_shown() -> bool:
            for picture in self.shown(device):
                last.update(xhc_pictures.hb04(picture))
            return {**last, **{key.replace("_", " "): value for key, value in expected.items()}} == last

        try:
            return self.wait_until(is_shown, str(expected))
        except AssertionError:
            raise AssertionError(f"expected {expected}, shown {last}") from None


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch, "xhc-hb04")


def test_it_shows_what_hal_says_before_the_pendant_has_said_anything(world: World) -> None:
    def user() -> None:
        world.put("axis.x.position", 12.3456)
        world.put("axis.y.position-relative", -0.5)
        world.put("feed-override.value", 0.9)
        world.put("spindle-speed", 12000)
        world.put("current-velocity", 20)
        device = world.plug()
        world.hb04(device, machine=[12.346, 0, 0], work=[0, -0.5, 0], rpm=12000, feed=1200, inch=False)
        world.put("axis.a.position", 90)
        world.hb04(device, machine=[12.346, 0, 0])
        device.send(AWAKE.replace(b"\x11", b"\x18"))
        world.wait_for("connected", True)
        world.hb04(device, machine=[90, 0, 0], step=1)

    world.run(user)


def test_an_inch_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, monkeypatch, "xhc-hb04", Machine("inch", frozenset("xyz")))

    def user() -> None:
        device = world.plug()
        world.hb04(device, inch=True, step=0)
        device.send(AWAKE)
        device.send(bytes([4, 0x0D, 0, 0x11, 0, 0]))  # STEP
        world.wait_for("scale", 0.001)
        world.hb04(device, step=1)

    world.run(user)


def test_the_rate_is_bounded_and_nothing_is_sent_for_nothing(world: World) -> None:
    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.hb04(device, step=1)
        time.sleep(0.3)
        world.shown(device)
        begin, count, value = time.monotonic(), 0, 0.0
        while time.monotonic() < begin + 2:
            value += 0.001
            world.put("axis.x.position", value)
            count += len(world.shown(device))
            time.sleep(0.002)
        took = time.monotonic() - begin
        assert 0.5 * 10 * took <= count <= 10 * took + 1
        world.hb04(device, machine=[pytest.approx(value, abs=0.0006), 0, 0])
        time.sleep(0.3)
        world.shown(device)
        begin = time.monotonic()
        world.wait_until(lambda: world.shown(device), "the same picture again")
        assert 1.0 < time.monotonic() - begin < 2.6, "it is sent anew each 2 s"

    world.run(user)


def test_it_is_filled_anew_at_once_when_the_pendant_wakes(world: World) -> None:
    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("connected", True)
        device.send(bytes([4, 0, 0, 0, 0, 0]))
        world.wait_for("connected", False)
        time.sleep(0.3)
        world.shown(device)
        device.send(AWAKE)
        at = world.wait_for("connected", True)
        shown = world.wait_until(lambda: world.shown(device), "a picture")
        assert shown - at < 0.5

    world.run(user)


def test_it_is_found_again_at_another_node_and_filled(world: World) -> None:
    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("connected", True)
        world.put("axis.z.position", 1.5)
        world.hb04(device, machine=[0, 0, 1.5])
        device.unplug()
        world.wait_for("connected", False)
        again = world.plug(5)
        world.reports.clear()
        world.hb04(again, machine=[0, 0, 1.5])
        again.send(AWAKE)
        world.wait_for("connected", True)
        assert world.get("reconnects") == 1

    world.run(user)


def test_a_device_that_goes_before_it_has_said_anything_leaves_nothing_behind(world: World) -> None:
    """No descriptor that another process still has open keeps the loop awake."""

    def user() -> None:
        for number in range(3):
            device = world.plug(number)
            device.unplug()
        time.sleep(0.5)
        before, at = time.process_time(), time.monotonic()
        time.sleep(1.0)
        assert time.process_time() - before < 0.5 * (time.monotonic() - at)
        device = world.plug(7)
        world.hb04(device, inch=False)

    world.run(user)


def test_at_the_end_it_shows_nothing_that_is_no_longer_so(world: World) -> None:
    devices: list[HidSocket] = []

    def user() -> None:
        world.put("axis.x.position", 5)
        devices.append(world.plug())
        world.hb04(devices[0], machine=[5, 0, 0])

    world.run(user)
    world.hb04(devices[0], machine=[0, 0, 0], work=[0, 0, 0], step=0, feed=0, rpm=0)


def test_a_device_that_takes_nothing_holds_no_heartbeat_and_no_detent_up(world: World) -> None:
    """The writer stands still, as it does when the kernel keeps it waiting; the loop goes on."""

    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("connected", True)
        writer = world.writer()
        os.kill(writer, signal.SIGSTOP)
        beats: list[float] = []
        last, value = world.get("heartbeat"), 0.0
        end = time.monotonic() + 4
        while time.monotonic() < end:
            value += 0.1
            world.put("axis.x.position", value)  # another picture each time, which nobody takes
            if world.get("heartbeat") != last:
                last = world.get("heartbeat")
                beats.append(time.monotonic())
            time.sleep(0.001)
        longest = max(after - before for before, after in pairwise(beats))
        assert longest < 0.13, f"{longest:.3f} s without a heartbeat"
        for _ in range(5):
            device.send(bytes([4, 0, 0, 0x11, 1, 0]))
        world.wait_until(lambda: world.get("counts") + world.get("dropped") == 5, "the detents")
        world.shown(device)
        os.kill(writer, signal.SIGCONT)
        first = world.wait_until(
            lambda: world.reports or world.reports.extend(device.written()), "it goes on"
        )
        assert first
        world.hb04(device, machine=[pytest.approx(value, abs=0.0006), 0, 0])

    world.run(user)


def test_a_pendant_that_comes_back_while_the_writer_hangs_waits_for_it(world: World) -> None:
    """To open it would be to wait in the kernel, and the loop does not."""

    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("connected", True)
        writer = world.writer()
        os.kill(writer, signal.SIGSTOP)
        device.unplug()
        world.wait_for("connected", False)
        again = world.nodes.plug(2, XHC, 0xEB70, "XHC")
        last = world.get("heartbeat")
        time.sleep(1.5)
        assert not again.is_open
        world.wait_until(lambda: world.get("heartbeat") != last, "a heartbeat")
        os.kill(writer, signal.SIGCONT)
        world.wait_until(lambda: again.is_open, "it is opened")
        world.reports.clear()
        world.hb04(again, inch=False)

    world.run(user)


def test_a_writer_that_dies_is_told_of_and_comes_back_with_the_pendant(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("connected", True)
        os.kill(world.writer(), signal.SIGKILL)
        said: list[str] = []
        told = "display cannot be written: its writer has ended"
        world.wait_until(lambda: said.append(capfd.readouterr().err) or told in "".join(said), "it is told")
        device.send(bytes([4, 0, 0, 0x12, 0, 0]))
        world.wait_for("axis-select", 1)
        device.unplug()
        world.wait_for("connected", False)
        again = world.plug(4)
        world.reports.clear()
        world.hb04(again, inch=False)

    world.run(user)


def test_a_writer_that_dies_is_started_again_though_the_pendant_never_went(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hid_runner, "AGAIN_S", 0.3)

    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("connected", True)
        world.hb04(device, machine=[0, 0, 0])
        os.kill(world.writer(), signal.SIGKILL)
        world.put("axis.x.position", 7)
        world.reports.clear()
        world.hb04(device, machine=[7, 0, 0])

    world.run(user)


def test_a_writer_that_died_is_started_again_at_once_when_the_pendant_wakes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hid_runner, "AGAIN_S", 1000.0)

    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("connected", True)
        dead = world.writer()
        os.kill(dead, signal.SIGKILL)
        device.send(bytes(6).replace(b"\0", b"\4", 1))
        world.wait_for("connected", False)
        world.wait_until(lambda: world._runner._output.has_ended, "it to be noticed")
        world.put("axis.x.position", 7)
        world.reports.clear()
        device.send(AWAKE)
        world.hb04(device, machine=[7, 0, 0])
        assert world.writer() != dead

    world.run(user)


def test_a_picture_that_cannot_be_made_stops_no_wheel(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def user() -> None:
        device = world.plug()
        device.send(AWAKE)
        world.wait_for("armed", True)
        make = hid_runner.image
        monkeypatch.setattr(hid_runner, "image", lambda *_: (1 << 16).to_bytes(2, "big"))
        device.send(bytes([4, 0, 0, 0x12, 0, 0]))
        world.wait_for("axis-select", 1)
        said: list[str] = []
        told = "display cannot be written: no picture can be made (OverflowError"
        world.wait_until(lambda: said.append(capfd.readouterr().err) or told in "".join(said), "it is told")
        monkeypatch.setattr(hid_runner, "image", make)
        world.put("axis.x.position", 7)
        world.reports.clear()
        world.hb04(device, machine=[7, 0, 0])

    world.run(user)


LAMPS = """\
name: Lamps
source: hidraw
match: [{vendor: 0x10ce, product: 0xeb70}]
protocol:
  reports:
    - length: 2
      fields: {turn: {at: 0, type: s8}, axis: {at: 1}}
      rules: [{set: {WHEEL: {rel: turn}, AXIS: {abs: axis}}}]
  lamps:
    POWER: {on: [0, 1], off: [0, 0]}
    FAULT: {on: [0, 3], off: [0, 2]}
    GREEN: {report: [0, 9, 0], at: 2, bit: 0}
    RED: {report: [0, 9, 0], at: 2, bit: 1}
increments: {x1: {mm: 0.001}}
controls:
  wheel: {rel: WHEEL}
  axis: {abs: AXIS, positions: {1: x}}
  leds: {power: POWER, fault: FAULT, green: GREEN, red: RED}
"""


def test_lamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, monkeypatch, LAMPS, Machine())

    def user() -> None:
        found: list[bytes] = []
        world.put("led.power", 1)
        device = world.plug()
        device.send(bytes([0, 1]))
        world.wait_until(
            lambda: found.extend(device.written()) or {*found} >= {b"\0\1", b"\0\2", b"\0\t\0"}, "lamps"
        )
        found.clear()
        world.put("led.fault", 1)
        world.wait_until(lambda: found.extend(device.written()) or found == [b"\0\3"], "the lamp")
        device.unplug()
        world.wait_for("connected", False)
        again = world.plug(3)
        found.clear()
        again.send(bytes([0, 1]))
        world.wait_until(
            lambda: found.extend(again.written()) or {*found} >= {b"\0\1", b"\0\3"}, "lamps anew"
        )

    world.run(user)


def test_lamps_of_one_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them stays as it was while another one is switched, and all are there anew after a loss."""
    world = World(tmp_path, monkeypatch, LAMPS, Machine())

    def user() -> None:
        found: list[bytes] = []
        device = world.plug()

        def comes(*reports: bytes) -> None:
            found.clear()
            world.wait_until(
                lambda: found.extend(device.written()) or [r for r in found if r[1] == 9] == [*reports],
                f"{reports}",
            )

        device.send(bytes([0, 1]))
        world.wait_for("connected", True)
        world.wait_until(lambda: found.extend(device.written()) or b"\0\t\0" in found, "it is known")
        threading.Event().wait(0.3)
        device.written()
        world.put("led.green", 1)
        comes(b"\0\t\1")
        world.put("led.red", 1)
        comes(b"\0\t\3")
        world.put("led.green", 0)
        comes(b"\0\t\2")
        world.put("led.green", 1)
        comes(b"\0\t\3")
        device.unplug()
        world.wait_for("connected", False)
        device = world.plug(3)
        device.send(bytes([0, 1]))
        world.wait_for("connected", True)
        found.clear()
        world.wait_until(lambda: found.extend(device.written()) or b"\0\t\3" in found, "both anew")
        assert {report for report in found if report[1] == 9} == {b"\0\t\3"}

    world.run(user)
