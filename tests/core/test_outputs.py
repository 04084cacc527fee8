# SPDX-License-Identifier: GPL-2.0-or-later
"""The order of writes, and pulses that are never too short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.machine import Machine
from hal_mpg.outputs import Outputs
from hal_mpg.pins import all_pins
from tests.core.bed import EPS, make_profile

PINS = all_pins(make_profile(), Machine().steps_of(make_profile()))


@pytest.fixture
def out() -> Outputs:
    return Outputs(PINS)


def test_only_what_differs_is_written(out: Outputs) -> None:
    out.set("counts", 1)
    out.set("counts", 0)
    out.set("dropped", 2)
    assert out.flush() == [("dropped", 2)]
    assert out.flush() == []


def test_what_makes_safer_is_written_first_and_jogs_are_enabled_before_they_are_counted(out: Outputs) -> None:
    enabling = {"armed": True, "axis.x.jog-enable": True, "estop": False, "estop-ok": True}
    for pin, value in enabling.items():
        out.set(pin, value)
    out.set("counts", 1)
    out.set("axis.x.jog-counts", 1)
    out.set("jog-stop", True)
    pins = [write.pin for write in out.flush()]
    assert pins[0] == "jog-stop"
    assert pins.index("axis.x.jog-enable") < pins.index("axis.x.jog-counts")
    for pin, value in enabling.items():
        out.set(pin, not value)
    out.set("axis.x.jog-counts", 2)
    pins = [write.pin for write in out.flush()]
    assert pins[0] == "estop-ok"
    assert pins[-1] == "axis.x.jog-counts"


def test_a_pulse_comes_at_once_and_stays(out: Outputs) -> None:
    out.set_pulsed("reset", True, True, 1.0, 0.05)
    assert out.flush() == [("reset", True)]
    out.set_pulsed("reset", False, True, 1.01, 0.05)
    assert out.next_deadline() == pytest.approx(1.05)
    out.release_pulses(1.04)
    assert out.flush() == []
    out.release_pulses(1.05)
    assert out.flush() == [("reset", False)]
    assert out.next_deadline() is None


def test_what_is_wanted_last_counts(out: Outputs) -> None:
    out.set_pulsed("reset", True, True, 1.0, 0.05)
    out.set_pulsed("reset", False, True, 1.01, 0.05)
    out.set_pulsed("reset", True, True, 1.02, 0.05)
    out.release_pulses(2.0)
    assert out["reset"] is True
    out.set_pulsed("reset", False, True, 2.1, 0.05)
    out.release_pulses(2.1)
    assert out["reset"] is False


def test_a_release_that_is_not_yet_believed(out: Outputs) -> None:
    out.set("estop-ok", True)
    out.flush()
    out.set_pulsed("estop-ok", False, False, 1.0, 0.1, 0.05)
    out.set_pulsed("estop-ok", True, False, 5.0, 0.1, 0.05)
    assert out["estop-ok"] is False
    out.set_pulsed("estop-ok", False, False, 5.02, 0.1, 0.05)
    out.release_pulses(5.06)
    assert out["estop-ok"] is False
    out.set_pulsed("estop-ok", True, False, 6.0, 0.1, 0.05)
    out.release_pulses(6.06)
    assert out["estop-ok"] is True


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 0.08)), max_size=30), st.sampled_from([0.0, 0.05]))
def test_every_pulse_is_long_enough_and_none_is_forgotten(
    wishes: list[tuple[bool, float]], release_s: float
) -> None:
    out = Outputs(PINS)
    now, shown, since, wanted = 10.0, False, 0.0, False

    def look() -> None:
        nonlocal shown, since
        for _, value in out.flush():
            if shown:
                assert now - since >= 0.05 - EPS
            shown, since = bool(value), now

    for wanted, pause in [*wishes, (False, 1.0)]:
        out.set_pulsed("reset", wanted, True, now, 0.05, release_s)
        look()
        assert shown or not wanted, "a press is shown at once"
        end = now + pause
        while (deadline := out.next_deadline()) is not None and deadline <= end:
            now = deadline
            out.release_pulses(now)
            look()
        now = end
    assert shown is wanted


def test_the_end_of_a_pulse_that_was_long_enough_is_shown_at_once(out: Outputs) -> None:
    out.set_pulsed("reset", True, True, 1.0, 0.05)
    out.release_pulses(1.05)
    out.flush()
    out.set_pulsed("reset", False, True, 2.0, 0.05)
    assert out.flush() == [("reset", False)]


def test_a_pulse_that_was_cut_does_not_come_back(out: Outputs) -> None:
    out.set_pulsed("reset", True, True, 1.0, 0.05)
    out.cut_pulse("reset", False)
    out.release_pulses(2.0)
    assert out["reset"] is False
    assert out.next_deadline() is None


def test_of_two_writes_the_safer_one_is_the_first(out: Outputs) -> None:
    others = [pin.name for pin in PINS if pin.kind == "s32" and not pin.is_input]
    for count, other in enumerate(others):
        out.set("jog-stop", count % 2 == 0)
        out.flush()
        out.set(other, 7 + count)
        out.set("armed", True)
        out.flush()
        out.set(other, 100 + count)
        out.set("armed", False)
        assert [write.pin for write in out.flush()] == ["armed", other]


def test_everything_that_makes_safer_is_written_before_anything_that_enables(out: Outputs) -> None:
    safe = {pin.name: pin.safe for pin in PINS if pin.kind == "bit" and not pin.is_input}
    safer = ["estop-ok", "estop", "jog-stop", "armed", "enable", "connected"]
    safer += [name for name in safe if name.endswith(".jog-enable")]
    for name in safer:
        other = "estop-ok" if name != "estop-ok" else "estop"
        out.set(name, not safe[name])
        out.set(other, safe[other])  # type: ignore[arg-type]  # bits have a safe value
        out.flush()
        out.set(name, safe[name])  # type: ignore[arg-type]
        out.set(other, not safe[other])
        assert [write.pin for write in out.flush()] == [name, other]
