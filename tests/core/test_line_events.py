# SPDX-License-Identifier: GPL-2.0-or-later
"""Each detent of the line protocol moves what was selected when it was turned, or is dropped and counted."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.profile import AbsoluteWheel, AbsSelector, Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols.line_events import with_controls
from hal_mpg.protocols.line_format import read_controls
from hal_mpg.protocols.line_protocol import LineProtocol
from hal_mpg.serial_line import Own
from tests.beds.serial_pendant import FAULT, Firmware, line
from tests.core.bed import Bed
from tests.core.serial_world import CONTROLS, make_profile

SMALL = "axis=xyz scale=x1,x10,x100 buttons=home"
"""Nothing that disarms: every detent counts."""

FACTORS = {1: 1, 2: 10, 3: 100}


class Table:
    """A pendant, a decoder and a state machine, with made-up time between."""

    def __init__(self, controls: str = SMALL, at: int = 0) -> None:
        self.profile = make_profile("x", greeting=controls)
        self.firmware = Firmware(controls)
        self.firmware.wheel = self.firmware.mark = at
        self.decoder = LineProtocol(self.profile)
        self.bed = Bed(self.profile)
        self.bed.handle(*self.decoder.feed(b"".join(self.firmware.due(0.0)), self.bed.now))
        assert self.bed["connected"]
        self.bed.wait(0.3)
        self.send()

    def send(self, is_lost: bool = False) -> None:
        """Let a state line arrive, or be lost."""
        text = self.firmware.state(0.0)
        self.bed.wait(0.001)
        if not is_lost:
            self.bed.handle(*self.decoder.feed(text, self.bed.now))

    def counts(self) -> tuple[int, int, int]:
        return tuple(self.bed[f"axis.{axis}.jog-counts"] for axis in "xyz")  # type: ignore[return-value]


def test_detents_before_and_after_a_change_in_one_line() -> None:
    table = Table()
    table.firmware.turn(3)
    table.firmware.select("y")
    table.firmware.turn(4)
    table.send()
    assert (table.counts(), table.bed["dropped"]) == ((3, 4, 0), 0)


def test_one_change_in_lost_lines_loses_nothing() -> None:
    table = Table()
    for _ in range(3):
        table.firmware.turn(1)
        table.send(is_lost=True)
    table.firmware.select("z", None)
    table.send(is_lost=True)
    table.firmware.turn(-2)
    table.send()
    assert (table.counts(), table.bed["dropped"]) == ((3, 0, -2), 0)


def test_two_changes_in_lost_lines_drop_what_nobody_can_tell() -> None:
    table = Table()
    table.firmware.turn(3)
    table.firmware.select("y")
    table.send(is_lost=True)
    table.firmware.turn(5)
    table.firmware.select("z")
    table.firmware.turn(7)
    table.send()
    assert (table.counts(), table.bed["dropped"]) == ((0, 0, 7), 8)


def test_two_changes_and_no_detent_before_the_last_drop_nothing() -> None:
    table = Table()
    table.firmware.select("y", "x10")
    table.firmware.turn(2)
    table.send()
    assert (table.counts(), table.bed["dropped"]) == ((0, 20, 0), 0)


@pytest.mark.parametrize("at", [0, 1, 32767, 32768, 65534, 65535])
@pytest.mark.parametrize("detents", [5, -5, 900, -900])
def test_the_wheel_wraps(at: int, detents: int) -> None:
    table = Table(at=at)
    table.firmware.turn(detents)
    table.send()
    assert (table.counts()[0], table.bed["dropped"]) == (detents, 0)


def test_a_jump_is_no_hand() -> None:
    table = Table()
    table.firmware.turn(1500)
    table.send()
    assert (table.counts()[0], table.bed["dropped"]) == (0, 1500)
    table.firmware.turn(1)
    table.send()
    assert table.counts()[0] == 1


def test_four_counts_of_a_detent() -> None:
    table = Table(f"{SMALL} detent=4")
    for turned, count in ((3, 0), (1, 1), (-4, 0), (8, 2)):
        table.firmware.turn(turned)
        table.send()
        assert table.counts()[0] == count


def test_a_selector_at_two_positions_is_a_fault_and_at_none_is_off() -> None:
    table = Table()
    for axis, scale, why in ((FAULT, 1, 9), (0, 1, 8), (1, FAULT, 9), (1, 0, 9), (1, 1, 0)):
        table.firmware.select(axis, scale)
        table.send()
        assert table.bed["why-not"] == why
        table.firmware.turn(1)
        table.send()
    assert (table.counts(), table.bed["dropped"]) == ((1, 0, 0), 4)


class Step(NamedTuple):
    turned: int
    axis: int | None
    scale: int | None
    button: bool
    arrives: bool
    sends: bool


STEPS = st.lists(
    st.builds(
        Step,
        st.integers(-6, 6),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(1, 3),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.integers(0, 65535))
def test_every_detent_is_where_it_belongs_or_dropped(steps: list[Step], at: int) -> None:
    """The oracle knows under which selection each detent was turned, and which lines arrived."""
    table = Table(at=at)
    firmware = table.firmware
    axis, scale, change = 1, 1, 0
    turned: list[tuple[int, int, int, int]] = []  # since the last line that arrived: change, axis, scale, by
    expected: Counter[int] = Counter()
    dropped, heard_change = 0, 0
    is_down = False
    for step in [*steps, Step(0, None, None, False, True, True)]:
        firmware.turn(step.turned)
        turned.append((change, axis, scale, step.turned))
        if step.axis is not None:
            firmware.select(axis=step.axis)
            axis, change = step.axis, change + 1
        if step.scale is not None:
            firmware.select(scale=step.scale)
            scale, change = step.scale, change + 1
        if step.button:
            is_down = not is_down
            (firmware.down.add if is_down else firmware.down.discard)("home")
            firmware._changed(0)
            change += 1
        if not step.sends:
            continue
        table.send(is_lost=not step.arrives)
        if not step.arrives:
            continue
        for is_last in (False, True):
            part = [entry for entry in turned if (entry[0] == change) == is_last]
            net = sum(entry[3] for entry in part)
            if not part or not net:
                continue
            _, on_axis, at_scale, _ = part[0]
            can_be_told = is_last or change == heard_change + 1
            if can_be_told and on_axis:
                expected[on_axis] += net * FACTORS[at_scale]
            else:
                dropped += abs(net)
        turned, heard_change = [], change
    assert table.counts() == tuple(expected[number] for number in (1, 2, 3))
    assert table.bed["dropped"] == dropped


# What a profile says of it, and what a greeting does.


def test_the_profile_has_the_controls_of_the_greeting() -> None:
    profile = make_profile("x")
    assert profile.axes == tuple("xyzabc")
    assert profile.scales == ("x1", "x10", "x100")
    assert profile.estop is not None
    assert profile.estop.normally_closed
    assert profile.stop_on_disconnect
    assert [name for name, _ in profile.buttons] == ["home", "go"]
    assert [name for name, _ in profile.leds] == ["ready", "fault"]
    assert isinstance(profile.wheel, AbsoluteWheel)
    assert isinstance(profile.axis, AbsSelector)
    codes = [code for _, code in profile.input_codes()]
    assert len(set(codes)) == len(codes)


def bare(more: str = "") -> Profile:
    """Return a profile that leaves it to what is plugged in which controls there are."""
    text = """\
name: p
source: serial
match: [{port: x}]
increments: {x1: {mm: 0.001, degree: 0.01}, fine: {mm: 0.0001}}
"""
    return load_profile(text + more, "p.yaml")


def greeted(profile: Profile, words: str) -> Profile:
    assert profile.serial is not None
    own = profile.serial.protocol
    assert isinstance(own, Own)
    return with_controls(profile, read_controls(words), own._replace(controls=words))


@pytest.mark.parametrize(
    ("more", "words", "stops"),
    [
        ("", "axis=xyz", False),
        ("", "axis=xyz estop", True),
        ("on-disconnect: estop", "axis=xyz", True),
        ("on-disconnect: disarm", "axis=xyz estop", True),
    ],
)
def test_loss_is_an_estop_as_what_is_plugged_in_has_it(more: str, words: str, stops: bool) -> None:
    assert greeted(bare(more), words).stop_on_disconnect is stops


def test_without_a_scale_selector_the_first_increment_is_the_scale() -> None:
    profile = greeted(bare(), "axis=xyz")
    assert (profile.scale, profile.scales) == (None, ("x1",))


def test_a_scale_without_an_increment_is_no_scale() -> None:
    profile = greeted(bare(), "axis=xyz scale=x1,x5,fine")
    decoder, bed = LineProtocol(profile), Bed(profile)
    bed.handle(*decoder.feed(line("G,1,b,1,axis=xyz scale=x1,x5,fine") + line("S,1,0,0,0,0,1,2,0"), bed.now))
    bed.wait(0.3)
    assert bed["why-not"] == 9
    bed.handle(*decoder.feed(line("S,1,1,0,0,1,1,3,0"), bed.now))
    assert (bed["scale-select"], bed["scale"]) == (1, 0.0001)


def test_all_controls_reach_their_pins() -> None:
    table = Table(CONTROLS)
    for switch, pin in (("estop", "estop-ok"), ("reset", "reset"), ("enable", "enable"), ("go", "button.go")):
        assert table.bed[pin] is False
        table.firmware.set(switch, True, 10.0)
        table.send()
        table.bed.wait(0.2)
        assert table.bed[pin] is True
