# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg monitor` with and without a terminal: of an emulated pendant, and of a component on a real HAL."""

from __future__ import annotations

import re
from typing import Any

import pytest
from evdev import ecodes

from tests.beds.require import need_module
from tests.umockdev.bed import Bed, wait_until
from tests.umockdev.pendants import ENABLE, ESTOP_RELEASED, X10, X, Y, plug_pendant, start_armed
from tests.umockdev.tools import Tool

pyte = need_module("pyte", "python3-pyte")


def screen_of(tool: Tool, size: tuple[int, int] = (80, 24)) -> list[str]:
    """Return what is on the terminal's screen now, as a terminal emulator shows it."""
    screen = pyte.Screen(*size)
    pyte.Stream(screen).feed(tool.out())
    return [line.rstrip() for line in screen.display]


def wait_for(tool: Tool, *patterns: str, size: tuple[int, int] = (80, 24)) -> str:
    """Wait until all of these are on the screen at once; return it."""

    def is_there() -> bool:
        text = "\n".join(screen_of(tool, size))
        return all(re.search(pattern, text) for pattern in patterns)

    try:
        wait_until(is_there, f"{patterns}")
    except TimeoutError as error:
        error.add_note("\n".join(screen_of(tool, size)))
        raise
    return "\n".join(screen_of(tool, size))


def test_the_pendant_is_drawn_as_it_stands(bed: Bed) -> None:
    node = plug_pendant(bed)
    tool = Tool(bed, "monitor", size=(80, 24))
    wait_for(tool, "Generic USB MPG, 6 axes", "● X", "● x1 ", "E-stop released", "not enabled")
    wait_for(tool, "hold the enabling button")
    assert node.is_grabbed()
    node.press(ENABLE)
    wait_for(tool, "HELD", "READY: one detent moves X by 0.001 mm", "BTN_BASE6 1")
    node.turn(3)
    wait_for(tool, r"\+3 ", "REL_DIAL 1", r"X\s+3\s+0.001")
    wait_for(tool, "still")
    node.release(X)
    node.press(Y)
    wait_for(tool, "● Y", "○ X")
    node.release(ESTOP_RELEASED)
    wait_for(tool, "E-STOP PRESSED", "release it, then reset")
    node.unplug()
    wait_for(tool, "pendant NOT THERE", "plug it in")
    again = plug_pendant(bed, down={X, X10, ESTOP_RELEASED})
    wait_for(tool, "● x10", "E-stop released")
    tool.type("q")
    assert tool.wait_for_end() == 0
    again.wait_until_closed()
    assert "\x1b[?1049l" in tool.out()  # the screen is what it was before


@pytest.mark.parametrize("end", ["\x03", "Q", "\x04"])
def test_it_ends_and_leaves_the_terminal_as_it_was(bed: Bed, end: str) -> None:
    plug_pendant(bed)
    tool = Tool(bed, "monitor", size=(80, 24))
    wait_for(tool, "q quits")
    tool.type("\x1ax")  # Ctrl-Z, which would leave the screen as it is, and any other key do nothing
    tool.type(end)
    assert tool.wait_for_end() == 0
    assert tool.out().rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in tool.out()[-40:]


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (60, 40), (40, 15), (20, 6)])
def test_terminals_of_all_sizes(bed: Bed, size: tuple[int, int]) -> None:
    plug_pendant(bed)
    tool = Tool(bed, "monitor", size=size)
    wait_for(tool, "Generic", size=size)
    if size[0] >= 40:
        wait_for(tool, "released", size=size)
    tool.type("q")
    assert tool.wait_for_end() == 0
    assert "Traceback" not in tool.text()


def test_without_utf8_and_without_colors(bed: Bed) -> None:
    plug_pendant(bed)
    tool = Tool(bed, "monitor", size=(80, 24), LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    wait_for(tool, r"\(\*\) X")
    tool.type("q")
    assert tool.wait_for_end() == 0
    assert tool.out().isascii()
    plain = Tool(bed, "monitor", size=(80, 24), NO_COLOR="1")
    wait_for(plain, "E-stop released")
    plain.type("q")
    assert plain.wait_for_end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", plain.out())


def test_without_a_terminal_each_change_is_a_line(bed: Bed) -> None:
    node = plug_pendant(bed)
    tool = Tool(bed, "monitor", "--pendant", "generic-4axis")
    tool.wait_for(r"pin +why-not 6 \(hold the enabling")
    node.press(ENABLE)
    tool.wait_for(r"event  BTN_BASE6 1\n(.*\n)*.*pin    armed TRUE")
    node.turn(1)
    tool.wait_for(r"event  REL_DIAL 1\n(.*\n)*.*pin    axis.x.jog-counts 1\n")
    assert tool.interrupt() == 0
    assert "\x1b" not in tool.out()
    assert tool.err() == ""


def test_dumb_terminals_get_lines_too(bed: Bed) -> None:
    plug_pendant(bed)
    tool = Tool(bed, "monitor", "--seconds", "0.5", size=(80, 24), TERM="dumb")
    assert tool.wait_for_end() == 0
    assert "pin    connected TRUE" in tool.text()


def test_what_another_program_has_is_told_on_the_screen(bed: Bed) -> None:
    plug_pendant(bed)
    bed.start("--pendant", "generic-6axis")
    tool = Tool(bed, "monitor", "--pendant", "generic-6axis", size=(100, 30))
    wait_for(tool, "event3 cannot be used: another program has it", "has grabbed it", size=(100, 30))
    tool.type("q")
    assert tool.wait_for_end() == 0


def ended(tool: Tool, status: int) -> str:
    assert tool.wait_for_end() == status, tool.err()
    assert len(tool.err().splitlines()) == 1, tool.err()
    return tool.err()


def test_errors_are_one_line(bed: Bed) -> None:
    knob = bed.plug(name="Knob", vendor=1, product=2, keys={ecodes.KEY_VOLUMEUP})
    assert "no known pendant is plugged in" in ended(Tool(bed, "monitor"), 2)
    assert "no known profile fits Knob" in ended(Tool(bed, "monitor", "--device", knob.path), 2)
    assert "no component hal_mpg in HAL" in ended(Tool(bed, "monitor", "--hal"), 5)
    assert "is no input device" in ended(Tool(bed, "monitor", "--device", "/dev/null"), 2)


def test_the_running_component_is_shown_and_not_disturbed(bed: Bed) -> None:
    node, program = start_armed(bed)
    before: Any = bed.ask("pins", ["hal_mpg.counts"])
    tool = Tool(bed, "monitor", "--hal", size=(80, 30))
    wait_for(tool, "component hal_mpg of the running HAL", "● X", "HELD", "READY", size=(80, 30))
    node.turn(-5)
    wait_for(tool, r"-5 ", r"axis.x.jog-counts -5", r"X\s+-5\s+0.001", size=(80, 30))
    assert program.pins("armed", "counts") == {"armed": True, "counts": before[0] - 5}
    node.unplug()
    wait_for(tool, "NOT THERE", size=(80, 30))
    program.stop()
    wait_for(tool, "has gone", "NO ANSWER", "does not answer", size=(80, 30))
    plug_pendant(bed)
    bed.start("--pendant", "generic-6axis", name="hal_mpg")
    wait_for(tool, "E-stop released", "● X", size=(80, 30))
    tool.type("q")
    assert tool.wait_for_end() == 0


def test_a_component_that_hangs_is_told(bed: Bed) -> None:
    _, program = start_armed(bed)
    tool = Tool(bed, "monitor", "--hal", "--name", "hal_mpg")
    tool.wait_for("armed TRUE")
    with program.frozen():
        tool.wait_for("hal_mpg does not answer: killed, hung, or stopped")
    assert tool.terminate() == 0


def test_profile_gives_the_names_of_scales_on_hal(bed: Bed) -> None:
    start_armed(bed)  # with --pendant, which monitor finds out
    for more in ((), ("--pendant", "generic-6axis")):
        tool = Tool(bed, "monitor", "--hal", *more, size=(80, 30))
        wait_for(tool, "Generic USB MPG, 6 axes", "● x1  ○ x10", "moves X by 0.001 mm", size=(80, 30))
        tool.type("q")
        assert tool.wait_for_end() == 0
