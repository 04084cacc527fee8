# SPDX-License-Identifier: GPL-2.0-or-later
"""The component's pins: the echo of the heartbeat, and who may have a HAL."""

from __future__ import annotations

import os
import sys
import types

import pytest

from hal_mpg.errors import UsageError
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import ECHO_S, HalPort, load_hal
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.pins import STATUS
from tests.core.bed import make_profile

BEAT_S = 0.01


class Beating:
    """A component whose loop goes round every 10 ms, and a servo thread that may stand still."""

    def __init__(self, netted: bool = True) -> None:
        self.hal = FakeHal()
        self.port = HalPort(self.hal, "hal_mpg", Pendant(make_profile(), Machine()).pins)
        self.netted = netted
        self.now = 0.0

    def beat(self, seconds: float, servo_runs: bool = True) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += BEAT_S
            self.port.toggle_heartbeat(self.now)
            if self.netted and servo_runs:
                echo = not self.hal.get_value("hal_mpg.heartbeat")
                self.hal.set_p("hal_mpg.heartbeat-echo", str(echo))

    def is_on(self) -> bool:
        return self.port.gates().machine_is_on


def test_without_a_net_the_echo_is_not_looked_at() -> None:
    world = Beating(netted=False)
    world.beat(10)
    assert world.is_on()


def test_as_long_as_the_echo_follows_the_machine_is_on() -> None:
    world = Beating()
    world.beat(10)
    assert world.is_on()


def test_without_its_servo_thread_the_machine_is_off_within_a_tenth_of_a_second() -> None:
    world = Beating()
    world.beat(1)
    world.port.has_new_inputs()
    world.beat(ECHO_S - BEAT_S, servo_runs=False)
    assert world.is_on()
    assert not world.port.has_new_inputs()
    world.beat(2 * BEAT_S, servo_runs=False)
    assert not world.is_on()
    assert world.port.has_new_inputs(), "nobody would look"
    world.beat(10, servo_runs=False)
    assert not world.is_on()


def test_when_the_servo_thread_goes_on_the_machine_is_what_it_says() -> None:
    world = Beating()
    world.beat(1)
    world.beat(1, servo_runs=False)
    world.beat(2 * BEAT_S)
    assert world.is_on()


def test_a_component_that_was_stopped_itself_does_not_take_the_thread_for_stopped() -> None:
    world = Beating()
    world.beat(1)
    world.now += 100
    world.beat(BEAT_S)
    assert world.is_on()


@pytest.mark.parametrize("real", [True, False])
def test_root_has_no_hal_of_its_own(monkeypatch: pytest.MonkeyPatch, real: bool) -> None:
    monkeypatch.setitem(sys.modules, "hal", types.ModuleType("hal" if real else "a fake"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if real:
        with pytest.raises(UsageError, match="does not run as root"):
            load_hal()
    else:
        load_hal()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    load_hal()


STEPPED = {
    "axis": '{next: 0x120, previous: 0x121, order: [x, "off", y, z]}',
    "scale": "{next: 0x122, order: [x1, x10, x100]}",
}
NEXT, PREVIOUS = "hal_mpg.scale-next", "hal_mpg.scale-previous"


def stepped_port(**controls: str) -> tuple[FakeHal, HalPort]:
    hal = FakeHal()
    return hal, HalPort(hal, "hal_mpg", Pendant(make_profile(**controls), Machine()).pins)


def test_each_rising_edge_is_one_step() -> None:
    hal, port = stepped_port(**STEPPED)
    assert port.has_new_inputs()  # the first look at all
    assert port.steps() == []
    for pin, expected in (
        (NEXT, ("scale", 1)),
        (PREVIOUS, ("scale", -1)),
        ("hal_mpg.axis-next", ("axis", 1)),
    ):
        hal.set_p(pin, "TRUE")
        assert port.has_new_inputs()
        assert port.steps() == [expected]
        assert not port.has_new_inputs(), "held on, it says nothing more"
        assert port.steps() == []
        hal.set_p(pin, "FALSE")
        assert port.has_new_inputs()
        assert port.steps() == []


def test_next_and_previous_at_once_come_to_nothing() -> None:
    hal, port = stepped_port(**STEPPED)
    hal.set_p(NEXT, "TRUE")
    hal.set_p(PREVIOUS, "TRUE")
    assert sum(by for _, by in port.steps()) == 0


def test_only_what_is_stepped_through_has_such_pins() -> None:
    def pins(**controls: str) -> set[str]:
        hal, port = stepped_port(**controls)
        names = {str(pin["NAME"]).removeprefix("hal_mpg.") for pin in hal.get_info_pins()}
        found = {name for name in names if name.endswith(("-next", "-previous"))}
        assert port.can_step == bool({name for name in found if not name.startswith("led.")})
        return found

    assert pins() == set()
    assert pins(leds="{scale-next: LED_MISC}") == {"led.scale-next"}
    assert pins(scale="{next: 0x140, order: [x1, x10, x100]}") == {"scale-next", "scale-previous"}
    assert pins(axis=STEPPED["axis"]) == {"axis-next", "axis-previous"}
    assert len(pins(**STEPPED)) == 4


def test_a_request_is_a_rising_edge_and_names_what_nobody_tells() -> None:
    hal, port = stepped_port()
    assert port.requests() is None
    teller = hal.component("teller")
    teller.newpin("idle", hal.HAL_BIT, hal.HAL_OUT)
    hal.net("idle", "teller.idle", "=>", "hal_mpg.program-is-idle")
    hal.set_p("hal_mpg.request.stop", "TRUE")
    assert port.has_new_inputs()
    requests = port.requests()
    assert requests
    assert (requests.names, requests.unknown) == (("stop",), frozenset(STATUS) - {"program-is-idle"})
    assert port.requests() is None, "held on, it asks for nothing more"
    hal.set_p("hal_mpg.request.stop", "FALSE")
    assert port.requests() is None


def test_what_is_true_before_the_servo_thread_runs_is_no_press() -> None:
    hal, port = stepped_port()
    thread = hal.component("thread")
    thread.newpin("echo", hal.HAL_BIT, hal.HAL_OUT)
    hal.net("echo", "thread.echo", "=>", "hal_mpg.heartbeat-echo")
    hal.set_p("hal_mpg.request.machine-on", "TRUE")
    port.toggle_heartbeat(1.0)
    assert port.requests() is None
    thread["echo"] = True
    port.toggle_heartbeat(1.1)
    assert port.requests() is None, "it was so when LinuxCNC started"
    hal.set_p("hal_mpg.request.stop", "TRUE")
    requests = port.requests()
    assert requests
    assert requests.names == ("stop",)


def test_what_linuxcnc_says_is_looked_at_while_it_matters() -> None:
    hal, port = stepped_port()
    port.has_new_inputs()
    hal.set_p("hal_mpg.all-homed", "TRUE")
    assert not port.has_new_inputs(), "it would cost for nothing"
    port.follows_status = True
    assert port.has_new_inputs()
    assert port.status().high == {"all-homed"}
    assert not port.has_new_inputs()
