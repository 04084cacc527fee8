# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant that a program plays says what its profile reads, whatever a hand does with it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.events import EV_ABS, EV_REL, Connected, Frame
from hal_mpg.profile import AXIS_LETTERS, AbsoluteWheel, Profile, StepSelector
from hal_mpg.profile_files import known_profiles, read_profile
from hal_mpg.virtual.device import Device, Report, all_positions
from tests.core.bed import Bed, make_profile

SHIPPED = {name: read_profile(path) for name, path in known_profiles().items()}
FORMS = {
    "inverted": make_profile(wheel="{rel: REL_DIAL, invert: true}"),
    "four counts": make_profile(wheel="{rel: REL_DIAL, counts-per-detent: 4}"),
    "absolute": make_profile(wheel="{abs: ABS_WHEEL, modulo: 100, invert: true}"),
    "keys": make_profile(wheel="{keys: {forward: KEY_F1, backward: KEY_F2}}"),
    "open": make_profile(estop="{key: 0x129, contact: normally-open}"),
    "values": make_profile(axis='{abs: ABS_RX, positions: {0: "off", 3: x, 5: y, 7: feed-override}}'),
}
PROFILES = {**SHIPPED, **FORMS}
each = pytest.mark.parametrize("name", PROFILES)


class Table:
    """A pendant of a profile on a table, plugged in."""

    def __init__(self, profile: Profile) -> None:
        self.device, self.bed = Device(profile), Bed(profile)
        self.bed.handle(Connected(self.bed.now, (self.device.state,)))
        self.bed.wait(1.0)

    def say(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self.bed.handle(Frame(self.bed.now, 0, report))

    def selectors(self) -> dict[str, tuple[str, ...]]:
        """Return the positions of those selectors that a hand can turn."""
        profile = self.device.profile
        found = {"axis": profile.axis} | ({"scale": profile.scale} if profile.scale else {})
        return {name: all_positions(one) for name, one in found.items() if not isinstance(one, StepSelector)}


def assert_is_shown(table: Table) -> None:
    """See that the pins show what the hand has done."""
    device, bed = table.device, table.bed
    profile = device.profile
    if profile.estop:
        assert bed["estop"] is device.is_held("estop")
    if profile.enable:
        assert bed["enable"] is device.is_held("enable")
    for name, _ in profile.buttons:
        assert bed[f"button.{name}"] is device.is_held(f"button.{name}"), name
    at = device.position("axis")
    if at is not None and device.position("scale") not in profile.targets:
        selected = [letter for letter in profile.axes if bed[f"axis.{letter}.selected"]]
        assert selected == ([at] if at in AXIS_LETTERS else [])
    scale = device.position("scale")
    if scale in profile.scales:
        assert bed["scale-select"] == profile.scales.index(scale)


@each
def test_every_position_and_every_button_is_seen(name: str) -> None:
    table = Table(PROFILES[name])
    assert_is_shown(table)
    for selector, positions in table.selectors().items():
        for position in positions:
            table.say(table.device.select(selector, position))
            assert table.device.select(selector, position) == []  # it stands there already
            assert_is_shown(table)
    for control in table.device.buttons():
        for held in (True, False):
            table.say(table.device.hold(control, held))
            table.bed.wait(0.5)
            assert_is_shown(table)


@each
def test_every_detent_is_received_once_in_its_direction(name: str) -> None:
    profile = PROFILES[name]
    if isinstance(profile.wheel, AbsoluteWheel) and profile.wheel.code.type == EV_REL:
        return  # it is silent at 0, so that its first detent only says where it stands
    table = Table(profile)
    table.say(table.device.hold("estop", True) if profile.estop else ())
    selectors = table.selectors()
    if "axis" in selectors:
        table.say(table.device.select("axis", next(at for at in selectors["axis"] if at in AXIS_LETTERS)))
    before = table.bed["dropped"]
    for direction in (1, 1, -1, 1):
        table.say(table.device.turn(direction))
    received = [table.bed["dropped"], table.bed["counts"]]
    if profile.estop or profile.enable:
        assert received == [int(before) + 4, 0]
    else:
        assert int(received[0]) - int(before) <= 4  # some may have jogged


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_a_hand_does_is_seen(data: st.DataObject) -> None:
    table = Table(PROFILES[data.draw(st.sampled_from(sorted(PROFILES)))])
    device, selectors = table.device, table.selectors()
    acts = ["turn", *selectors, *device.buttons()]
    for act in data.draw(st.lists(st.sampled_from(acts), max_size=20)):
        if act == "turn":
            table.say(device.turn(data.draw(st.sampled_from((1, -1)))))
        elif act in selectors:
            table.say(device.select(act, data.draw(st.sampled_from(selectors[act]))))
        else:
            table.say(device.hold(act, data.draw(st.booleans())))
        table.bed.wait(0.5)
        assert_is_shown(table)
    fresh = Bed(device.profile)
    fresh.handle(Connected(fresh.now, (device.state,)))
    fresh.wait(1.0)
    assert fresh["axis-select"] == table.bed["axis-select"] or table.selectors().keys() != {"axis", "scale"}


def test_a_stick_goes_to_its_ends_and_back_to_its_middle() -> None:
    device = Device(make_profile(analog="{abs: ABS_X, axis: x}"))
    assert device.state.ranges == {0: (-127, 127)}
    assert device.push(0, 1.0) == [((EV_ABS, 0, 127),)]
    assert device.push(0, -7.0) == [((EV_ABS, 0, -127),)]
    assert device.push(0, 0.0) == [((EV_ABS, 0, 0),)]
    assert device.push(0, 0.0) == []


def test_a_ring_that_is_silent_in_its_middle_is_so_here_too() -> None:
    line = "{rel-absolute: REL_WHEEL, range: [-7, 7], axis: selected, hold: BTN_0, invert: true}"
    device = Device(make_profile(analog=line))
    assert device.push(0, 1.0) == [((EV_REL, 8, -7),)]
    assert device.push(0, 0.0) == []
    assert "hold.0" in device.buttons()


def test_a_control_that_is_not_there_is_refused() -> None:
    device = Device(make_profile())
    with pytest.raises(KeyError):
        device.hold("button.none", True)
    with pytest.raises(KeyError):
        device.select("axis", "w")
