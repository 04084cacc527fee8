# SPDX-License-Identifier: GPL-2.0-or-later
"""The pins are those of the contract: name, type, direction, first value."""

from __future__ import annotations

import pytest

from hal_mpg.events import Garbled
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.pins import MAX_NAME, Pin, all_pins
from tests.core.bed import HEAD, Bed, make_profile
from tests.core.serial_world import make_profile as serial_profile

COMMON = """
counts s32 out; velocity float out; axis-select s32 out; scale-select s32 out; scale float out
estop bit out; estop-ok bit out; reset bit out; enable bit out; armed bit out; jog-stop bit out
connected bit out; heartbeat bit out; heartbeat-echo bit in
why-not s32 out; dropped s32 out; reconnects s32 out; panel.selected s32 out; panel.unit s32 out
machine-is-on bit in; mode-is-manual bit in; inhibit bit in
mpg-run.select bit in; mpg-run.backward bit in; mpg-run.detent-time float in; mpg-run.selected bit out
mpg-run.enable bit out; mpg-run.counts s32 out; mpg-run.time float out; mpg-run.feed float out
"""
ACTIONS = """
refused s32 out
request.cycle-start bit in; request.pause bit in; request.resume bit in; request.start-or-pause bit in
request.step bit in; request.stop bit in; request.home-all bit in; request.zero-axis bit in
request.go-to-zero bit in; request.safe-z bit in; request.probe-z bit in; request.spindle-on bit in
request.spindle-reverse bit in; request.spindle-off bit in; request.spindle-toggle bit in
request.flood bit in; request.mist bit in; request.manual-mode bit in; request.machine-on bit in
request.machine-off bit in
do.stop bit out; do.pause bit out; do.auto-mode bit out; do.cycle-start bit out; do.step bit out
do.resume bit out; do.manual-mode bit out; do.joint-mode bit out; do.home-all bit out
do.go-to-zero bit out; do.safe-z bit out; do.probe-z bit out; do.spindle-on bit out
do.spindle-reverse bit out; do.spindle-off bit out; do.flood-on bit out; do.flood-off bit out
do.mist-on bit out; do.mist-off bit out; do.machine-on bit out; do.machine-off bit out
program-is-idle bit in; program-is-running bit in; program-is-paused bit in; mode-is-auto bit in
mode-is-joint bit in; coord-mode bit in; all-homed bit in; in-position bit in; jog-is-active bit in
spindle-is-on bit in; flood-is-on bit in; mist-is-on bit in
"""
COMMON = f"{COMMON.strip()}\n{ACTIONS.strip()}"
EACH_AXIS = """
axis.L.selected bit out; axis.L.jog-counts s32 out; axis.L.jog-enable bit out; axis.L.jog-scale float out
axis.L.max-velocity float in; axis.L.max-acceleration float in; do.zero.L bit out
"""


def table(text: str) -> set[tuple[str, str, str]]:
    """Return (name, type, direction) of each entry."""
    entries = text.strip().replace("\n", ";").split(";")
    return {tuple(entry.split()) for entry in entries}  # type: ignore[misc]  # three words each


def shown(pins: tuple[Pin, ...]) -> set[tuple[str, str, str]]:
    return {(pin.name, pin.kind, "in" if pin.is_input else "out") for pin in pins}


def test_the_pins_are_exactly_those_of_the_contract() -> None:
    expected = table(COMMON)
    for axis in "xyza":
        expected |= table(EACH_AXIS.replace("L", axis))
    expected |= table("button.home bit out; led.ready bit in; feed-override.counts s32 out")
    assert shown(Pendant(make_profile(), Machine()).pins) == expected


def test_every_target_has_a_counter() -> None:
    names = ["feed-override", "rapid-override", "spindle-override", "max-velocity", "mpg-run"]
    keys = ", ".join(f"{name}: {0x140 + place}" for place, name in enumerate(names))
    pins = Pendant(make_profile(axis=f"{{keys: {{{keys}}}}}"), Machine()).pins
    assert {pin.name for pin in pins if pin.name.endswith(".counts")} == {f"{name}.counts" for name in names}
    assert not [pin.name for pin in pins if pin.name.startswith("axis.")]


def test_a_pendant_without_more_has_no_more_pins() -> None:
    profile = make_profile(axis="{keys: {x: 0x120}}", without=("estop", "reset", "enable", "buttons", "leds"))
    expected = table(COMMON) | table(EACH_AXIS.replace("L", "x"))
    assert shown(Pendant(profile, Machine()).pins) == expected


def test_a_serial_pendant_tells_how_many_of_its_lines_were_refused() -> None:
    profile = serial_profile("x", greeting="axis=x scale=x1,x10,x100")
    expected = table(COMMON) | table(EACH_AXIS.replace("L", "x")) | table("garbled s32 out")
    assert shown(Pendant(profile, Machine()).pins) == expected
    bed = Bed(profile)
    bed.handle(Garbled(bed.now, 3))
    assert bed["garbled"] == 3, "before it is connected, too"
    bed.handle(Garbled(bed.now, 2**31 + 1))
    assert bed["garbled"] == 1 - 2**31


def test_elsewhere_nobody_asks_for_it() -> None:
    bed = Bed()
    bed.plug_in()
    assert bed.handle(Garbled(bed.now, 3)) == []


def test_an_axis_that_the_machine_does_not_have_has_no_pins() -> None:
    pins = Pendant(make_profile(), Machine(axes=frozenset("xzb"))).pins
    axes = {pin.name.split(".")[1] for pin in pins if pin.name.startswith("axis.")}
    assert axes == {"x", "z"}


def test_no_pin_is_there_twice() -> None:
    names = [pin.name for pin in Pendant(make_profile(), Machine()).pins]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("pin", "value"),
    [
        ("connected", False),
        ("estop", True),
        ("estop-ok", False),
        ("enable", False),
        ("armed", False),
        ("jog-stop", False),
        ("reset", False),
        ("axis-select", -1),
        ("scale-select", -1),
        ("scale", 0.0),
        ("why-not", 1),
        ("counts", 0),
        ("dropped", 0),
        ("reconnects", 0),
        ("machine-is-on", True),
        ("mode-is-manual", True),
        ("inhibit", False),
        ("button.home", False),
        ("axis.x.jog-enable", False),
        ("axis.x.selected", False),
        ("axis.x.jog-counts", 0),
        ("axis.x.max-velocity", 0.0),
        ("axis.x.max-acceleration", 0.0),
        ("velocity", 0.0),
        ("heartbeat", False),
        ("heartbeat-echo", False),
        ("led.ready", False),
        ("feed-override.counts", 0),
    ],
)
def test_before_a_pendant_is_there(pin: str, value: object) -> None:
    bed = Bed()
    made = {pin.name: pin.initial for pin in bed.pendant.pins}
    bed.wait(10.0)
    for shown in (made[pin], bed[pin]):
        assert shown == value
        assert type(shown) is type(value)


@pytest.mark.parametrize(
    ("on_disconnect", "without", "is_stopped"),
    [("estop", ["estop"], True), ("disarm", ["estop"], False), ("estop", [], True), ("disarm", [], True)],
)
def test_the_estop_before_a_pendant_is_there(
    on_disconnect: str, without: list[str], is_stopped: bool
) -> None:
    bed = Bed(make_profile(f"{HEAD}on-disconnect: {on_disconnect}\n", without=without))
    made = {pin.name: pin.initial for pin in bed.pendant.pins}
    for pins in (made, bed.pins):
        assert (pins["estop"], pins["estop-ok"]) == (is_stopped, not is_stopped)


def test_each_pin_holds_a_value_of_its_type() -> None:
    kinds = {"bit": bool, "s32": int, "float": float}
    for pin in Pendant(make_profile(), Machine()).pins:
        assert type(pin.initial) is kinds[pin.kind], pin
        assert pin.safe is None or type(pin.safe) is kinds[pin.kind], pin


def test_every_write_has_the_type_of_its_pin() -> None:
    kinds = {"bit": bool, "s32": int, "float": float}
    bed = Bed().arm()
    bed.turn(3)
    bed.wait(1.0)
    bed.unplug()
    types = {pin.name: kinds[pin.kind] for pin in bed.pendant.pins}
    assert [write for _, write in bed.log if type(write.value) is not types[write.pin]] == []


def test_safe_values_are_those_of_a_lost_device_and_leave_the_counts_alone() -> None:
    pendant = Pendant(make_profile(), Machine())
    safe = dict(pendant.safe_writes())
    assert safe["estop-ok"] is False
    assert safe["estop"] is True
    assert safe["jog-stop"] is True
    assert safe["axis-select"] == safe["scale-select"] == -1
    assert (safe["why-not"], safe["scale"], safe["velocity"]) == (1, 0.0, 0.0)
    for pin in [
        "armed",
        "enable",
        "connected",
        "reset",
        "button.home",
        "axis.x.jog-enable",
        "axis.x.selected",
    ]:
        assert safe[pin] is False
    assert not [pin for pin in safe if pin.endswith("counts") or pin in ("dropped", "reconnects")]
    assert not [pin.name for pin in pendant.pins if pin.is_input and pin.name in safe]


def test_estop_ok_is_the_first_safe_value() -> None:
    assert Pendant(make_profile(), Machine()).safe_writes()[0] == ("estop-ok", False)


def test_an_axis_shows_its_constant_smallest_distance() -> None:
    pins = {pin.name: pin for pin in all_pins(make_profile(), Machine().steps_of(make_profile()))}
    assert pins["axis.x.jog-scale"].initial == 0.001
    assert pins["axis.a.jog-scale"].initial == 0.01


def test_the_port_makes_the_pins_as_they_are_declared() -> None:
    hal = FakeHal()
    pendant = Pendant(make_profile(), Machine())
    port = HalPort(hal, "mpg2", pendant.pins)
    kinds = {hal.HAL_BIT: "bit", hal.HAL_S32: "s32", hal.HAL_FLOAT: "float"}
    ways = {hal.HAL_IN: "in", hal.HAL_OUT: "out"}
    made = {
        (str(pin["NAME"]).removeprefix("mpg2."), kinds[pin["TYPE"]], ways[pin["DIRECTION"]])  # type: ignore[index]
        for pin in hal.get_info_pins()
    }
    assert made == shown(pendant.pins)
    assert hal.get_value("mpg2.machine-is-on") is True
    assert not hal.component_is_ready("mpg2")
    port.ready()
    assert hal.component_is_ready("mpg2")


def test_the_longest_name_is_hals() -> None:
    component = FakeHal().component("c")
    room = MAX_NAME - len("c.")
    hal = FakeHal
    component.newpin("x" * room, hal.HAL_BIT, hal.HAL_OUT)
    with pytest.raises(hal.error):
        component.newpin("y" * (room + 1), hal.HAL_BIT, hal.HAL_OUT)
