# SPDX-License-Identifier: GPL-2.0-or-later
"""The sketch fits into all boards; what its README says is so."""

from __future__ import annotations

import re
import subprocess

import pytest

from hal_mpg.profile_yaml import load_profile
from tests.avr.bed import FIRMWARE, firmware, play
from tests.avr.reader import read

SKETCH = FIRMWARE / "hal_mpg_pendant"

FLASH = {"uno": 30720, "nano": 30720, "mega": 253952, "leonardo": 28672}
"""What the bootloaders leave; the smallest ones of boards.txt."""

RAM = {"uno": 2048, "nano": 2048, "mega": 8192, "leonardo": 2560}


@pytest.mark.parametrize("board", FLASH)
def test_it_fits_into_every_board(board: str) -> None:
    sizes = subprocess.run(["avr-size", firmware(board)], check=True, capture_output=True, text=True).stdout
    text, data, bss = (int(word) for word in sizes.splitlines()[1].split()[:3])
    assert text + data <= FLASH[board]
    assert data + bss <= RAM[board] // 2  # the rest is for the stack


def config() -> dict[str, str]:
    """Return the values of config.h."""
    text = (SKETCH / "config.h").read_text()
    return dict(re.findall(r"^#define (\w+) (.+)$", text, re.MULTILINE))


def test_the_readme_wires_what_the_sketch_reads() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (A?\d+) \|", (FIRMWARE / "README.md").read_text(), re.MULTILINE)
    wired = {name.strip(): pin for name, pin in rows}
    values = config()
    axes = values["AXIS_PINS"].strip("{}").split(", ")
    scales = values["SCALE_PINS"].strip("{}").split(", ")
    assert wired == {
        "wheel A": values["WHEEL_A_PIN"],
        "wheel B": values["WHEEL_B_PIN"],
        **dict(
            zip(("axis X", "axis Y", "axis Z", "axis 4 (A)", "axis 5 (B)", "axis 6 (C)"), axes, strict=True)
        ),
        **dict(zip(("x1", "x10", "x100"), scales, strict=True)),
        "E-stop": values["ESTOP_PIN"],
        "enabling button": values["ENABLE_PIN"],
        "lamp": values["LAMP_PINS"].strip("{}"),
    }


def test_the_readme_has_a_profile_for_it() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (FIRMWARE / "README.md").read_text(), re.DOTALL)
    profile = load_profile(text, "README.md")
    assert (profile.source, profile.axes, profile.scales) == (
        "serial",
        tuple("xyzabc"),
        ("x1", "x10", "x100"),
    )
    greeting = read(play(["100000 end"])).greeting.controls
    assert f'greeting: "{greeting}"' in text
