# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to have come of drive_serial.py, whatever wire the pendant was at."""

from __future__ import annotations

from typing import Any

MOST_LATE = 10
"""Of some 170 detents on the bad wire; on a computer that is not busy none is late."""

TROUBLES = ("unplugged", "silent", "restarted", "estop")
Notes = dict[str, Any]


def what_was_turned_before_it_was_connected_counts_for_nothing(notes: Notes) -> None:
    first = notes["first"]["pins"]
    assert (first["counts"], first["dropped"], first["reconnects"]) == (0, 0, 0)
    assert notes["estop before"] is True
    assert set(notes["first"]["is"].values()) == {0.0}


def every_axis_moved_by_every_increment_exactly(notes: Notes) -> None:
    linear, angular = 0.004 - 0.04 + 0.4, 0.04 - 0.4 + 4
    expected = dict.fromkeys("xyz", round(linear, 5)) | dict.fromkeys("abc", round(angular, 5))
    assert notes["jogged"]["is"] == expected
    assert notes["jogged"]["pins"]["dropped"] == 6 * 3 * 3


def a_lamp_was_lit(notes: Notes) -> None:
    assert notes["lamps"] == {"ready": False, "fault": True}


def on_a_bad_wire_each_detent_arrived_at_its_axis(notes: Notes) -> None:
    after = notes["after noise"]
    assert notes["spoiled"] > 100
    assert after["pins"]["garbled"] > 0.8 * notes["spoiled"]
    assert after["is"] == {axis: round(at, 5) for axis, at in after["should"].items()}
    # What a busy computer looked at too late is dropped, and counted: see drive_serial.py.
    assert after["pins"]["dropped"] == notes["jogged"]["pins"]["dropped"] + notes["late"]
    assert notes["late"] < MOST_LATE
    assert after["pins"]["reconnects"] == 0


def each_trouble_stopped_the_machine_and_moved_nothing(notes: Notes) -> None:
    before = notes["after noise"]
    for trouble in TROUBLES:
        tripped, back = notes[trouble], notes[f"{trouble}, back"]
        assert tripped["is"] == before["is"], trouble
        assert back["is"] == before["is"], trouble
        assert tripped["pins"]["armed"] is False, trouble
        before = notes[f"{trouble}, jogged"]


def coming_back_reset_nothing(notes: Notes) -> None:
    assert [notes[f"{trouble}, back"]["state"] for trouble in TROUBLES] == ["ESTOP"] * 4


def each_coming_back_was_counted(notes: Notes) -> None:
    counted = [notes[f"{trouble}, back"]["pins"]["reconnects"] for trouble in TROUBLES]
    assert counted == [1, 2, 3, 3]


def after_each_trouble_it_jogged_on(notes: Notes) -> None:
    for trouble in TROUBLES:
        before, after = notes[f"{trouble}, back"]["is"], notes[f"{trouble}, jogged"]["is"]
        moved = {axis: round(after[axis] - before[axis], 5) for axis in after}
        assert moved == {"x": 0, "y": -0.06, "z": 0, "a": 0, "b": 0, "c": 0}, trouble


CHECKS = (
    what_was_turned_before_it_was_connected_counts_for_nothing,
    every_axis_moved_by_every_increment_exactly,
    a_lamp_was_lit,
    on_a_bad_wire_each_detent_arrived_at_its_axis,
    each_trouble_stopped_the_machine_and_moved_nothing,
    coming_back_reset_nothing,
    each_coming_back_was_counted,
    after_each_trouble_it_jogged_on,
)
