# SPDX-License-Identifier: GPL-2.0-or-later
"""What the HB04's sample has for a button and the axis that is selected, when its lines are uncommented."""

from __future__ import annotations

import re
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "config" / "mpg-xhc-hb04.hal"
KINDS, AXES = ("zero", "half", "goto-zero"), "xyza"


def uncommented() -> list[list[str]]:
    """Return the words of each line, those that are commented out included."""
    lines = [re.sub("^#(?=net |loadrt |addf )", "", line) for line in SAMPLE.read_text().splitlines()]
    return [line.split() for line in lines if line and not line.startswith("#")]


def test_each_gate_has_its_button_and_its_axis_and_a_command_of_its_own() -> None:
    lines = uncommented()
    ends: dict[str, set[str]] = {}
    for words in lines:
        if words[0] == "net":
            ends.setdefault(words[1], set()).update(word for word in words[2:] if word != "=>")
    commands = []
    for kind in KINDS:
        button = f"mpg-{kind}"
        gates = {f"mpg-{kind}-{axis}" for axis in AXES}
        assert {pin for pin in ends[button] if pin.endswith(".in-00")} == {f"{gate}.in-00" for gate in gates}
        assert f"hal_mpg.button.{kind}" in ends[button]
        for axis in AXES:
            gate = f"mpg-{kind}-{axis}"
            assert f"{gate}.in-01" in ends[f"mpg-{axis}-selected"]
            assert ["addf", gate, "servo-thread"] in lines
            (command,) = ends[gate] - {f"{gate}.and"}
            commands.append(command)
    assert sorted(commands) == [f"halui.mdi-command-{number}" for number in range(10, 22)]
    (loaded,) = (words for words in lines if words[:2] == ["loadrt", "logic"])
    names, personality = (word.partition("=")[2].split(",") for word in loaded[2:])
    assert set(names) == {f"mpg-{kind}-{axis}" for kind in KINDS for axis in AXES}
    assert personality == ["0x102"] * len(names), "two inputs, and"


def test_a_command_of_a_gate_is_no_other_buttons() -> None:
    used = [words[-1] for words in uncommented() if words[0] == "net" and "mdi-command" in words[-1]]
    of_gates = [command for command in used if int(command[-2:]) >= 10]
    assert len(of_gates) == len(set(of_gates))
