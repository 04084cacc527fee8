# SPDX-License-Identifier: GPL-2.0-or-later
"""config/mpg_panel.py, which LinuxCNC's GUIs run: what a panel shows, and when a GUI follows the pendant."""

from __future__ import annotations

import importlib.util
import xml.dom.minidom
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.arming import SHORT, WORDS, WhyNot
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant as Core
from hal_mpg.pins import PANEL_NAMES, PANEL_UNITS
from tests.core.bed import make_profile

ROOT = Path(__file__).resolve().parents[2]


def module(path: Path) -> ModuleType:
    """Return a module that is no part of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


panel: Any = module(ROOT / "config/mpg_panel.py")
words: Any = module(ROOT / "tools/panel_words.py")


class Pins(dict[str, object]):
    """Stands in the place of HAL: pins by their names, those of `hal_mpg` without the component's."""

    def get(self, name: str, default: object = None) -> object:
        pin = name.removeprefix("hal_mpg.")
        if pin not in self:
            raise RuntimeError(f"pin {name} not found")
        return self[pin]

    def beat(self, name: str = "heartbeat") -> None:
        """Do what a component does that runs."""
        self[name] = not self[name]


def a_pendant(**pins: object) -> tuple[Any, Pins]:
    """Return what a panel reads, from the first values of all pins and `pins`: _ is a -, __ a dot."""
    made = {pin.name: pin.initial for pin in Core(make_profile(), Machine()).pins}
    made |= {name.replace("__", ".").replace("_", "-"): value for name, value in pins.items()}
    hal = Pins(made)
    pendant = panel.Pendant(hal.get)
    pendant.read(0.0)
    hal.beat()
    pendant.read(0.0)
    return pendant, hal


def test_the_words_are_those_of_the_code() -> None:
    """`tools/panel_words.py` writes them anew."""
    for path, text in words.made().items():
        assert path.read_text() == text, path


def test_every_reason_has_words_that_fit() -> None:
    assert set(panel.WHY) == set(panel.WHY_LONG) == set(map(int, WhyNot))
    for why, text in panel.WHY.items():
        assert text.replace("-\n", "-").replace("\n", " ") == (SHORT[WhyNot(why)] or "READY")
        assert max(map(words.width, text.split("\n"))) <= words.WIDTH
        assert panel.WHY_LONG[why] == WORDS[WhyNot(why)]


@pytest.mark.parametrize("text", ["INCOMPREHENSIBLE", "SOMETHING OR SOMEBODY"])
def test_words_that_do_not_fit_are_told_of(text: str) -> None:
    with pytest.raises(ValueError, match="shorten it"):
        words.two_lines(text)


def test_everything_that_can_be_selected_has_a_sign_of_its_own() -> None:
    assert len(set(panel.SELECTED.values()) - {"V"}) == len(PANEL_NAMES) - 1
    assert set(panel.UNITS) == set(range(len(PANEL_UNITS)))


def test_it_shows_what_is_selected() -> None:
    pendant, _ = a_pendant(panel__selected=3, panel__unit=1, scale=0.001, why_not=0, counts=-12, velocity=4.4)
    assert pendant.texts() == {
        "selected": "Z",
        "click": "0.001 mm",
        "why": "READY",
        "why_long": "ready",
        "turned": "-12",
        "speed": "4/s",
        "dropped": "0",
    }
    assert (pendant.axis, pendant.click) == ("z", 0.001)


def test_a_target_has_no_axis_and_no_distance() -> None:
    pendant, _ = a_pendant(panel__selected=PANEL_NAMES.index("feed-override"), why_not=0)
    assert (pendant.texts()["selected"], pendant.texts()["click"]) == ("F%", "feed override")
    assert (pendant.axis, pendant.click) == ("", 0.0)


def test_a_reason_of_another_version_is_shown_as_a_number() -> None:
    pendant, _ = a_pendant(why_not=99)
    assert pendant.texts()["why"] == "REASON 99"
    assert "99" in pendant.texts()["why_long"]


def test_a_component_that_stands_still_is_not_shown_as_it_was() -> None:
    pendant, hal = a_pendant(panel__selected=1, scale=0.1, why_not=0, armed=True, estop=False)
    pendant.read(panel.SILENT_S - 0.01)
    assert pendant.lamps()["armed"]
    pendant.read(panel.SILENT_S)
    assert pendant.texts()["why"] == panel.GONE
    assert not any(pendant.lamps().values())
    assert (pendant.axis, pendant.click) == ("", 0.0)
    hal.beat()
    pendant.read(panel.SILENT_S + 0.01)
    assert pendant.texts()["why"] == "READY"


def test_a_component_that_was_not_seen_beating_is_not_believed() -> None:
    """One that was killed left its pins as they were; a GUI that starts then knows nothing of before."""
    hal = Pins({"heartbeat": True, "why-not": 0, "armed": True})
    pendant = panel.Pendant(hal.get)
    pendant.read(0.0)
    assert (pendant.texts()["why"], pendant.tone(), pendant.lamps()["armed"]) == (panel.GONE, "wait", False)


def test_after_recover_the_pins_of_the_newest_that_beats_are_read() -> None:
    pendant, hal = a_pendant(panel__selected=1, why_not=0)
    hal |= {"hal_mpg-2.heartbeat": False, "hal_mpg-2.panel.selected": 3, "hal_mpg-2.why-not": 6}
    pendant.read(0.1)
    assert (pendant.component, pendant.axis) == ("hal_mpg", "x")  # the other was not seen beating yet
    hal.beat("hal_mpg-2.heartbeat")
    pendant.read(0.2)
    assert (pendant.component, pendant.axis) == ("hal_mpg-2", "z")
    assert pendant.texts()["why"] == "HOLD\nENABLE"
    pendant.read(0.2 + panel.SILENT_S)
    assert pendant.texts()["why"] == panel.GONE
    hal |= {"hal_mpg-3.heartbeat": False, "hal_mpg-3.panel.selected": 2, "hal_mpg-3.why-not": 0}
    pendant.read(5.0)
    hal.beat("hal_mpg-3.heartbeat")
    pendant.read(5.1)
    assert (pendant.component, pendant.axis, pendant.tone()) == ("hal_mpg-3", "y", "live")


def test_a_component_that_ended_and_was_started_again_is_read_anew() -> None:
    """What ends properly takes its pins along, and gets its name back."""
    pendant, hal = a_pendant(panel__selected=1, why_not=0)
    heartbeat = hal.pop("heartbeat")
    pendant.read(0.1)
    assert not pendant.runs
    hal["heartbeat"] = not heartbeat
    pendant.read(0.2)
    assert not pendant.runs
    hal.beat()
    pendant.read(0.3)
    assert (pendant.runs, pendant.component) == (True, "hal_mpg")


def test_ready_does_not_look_like_anything_else() -> None:
    """By its color; and each reason has words of its own."""
    tones = {why: a_pendant(why_not=int(why))[0].tone() for why in WhyNot}
    assert [why for why, tone in tones.items() if tone == "live"] == [0]
    assert [why for why, tone in tones.items() if tone == "stop"] == [2]
    assert set(tones.values()) == set(panel.TONES)
    assert len(set(panel.WHY.values())) == len(WhyNot)
    fields = [field for _, field in panel.TONES.values()]
    assert len(set(fields)) == len(fields)


def luminance(color: str) -> float:
    """Return how bright #rrggbb is, 0 to 1 (WCAG 2)."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (linear(part) for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("tone", panel.TONES)
def test_the_reason_has_a_strong_contrast(tone: str) -> None:
    """WCAG 2 wants 4.5, and 3 for letters this large; 6 is for light that falls on the screen."""
    dark, bright = sorted(map(luminance, panel.TONES[tone]))
    assert (bright + 0.05) / (dark + 0.05) > 6


def test_without_the_component_a_panel_says_so() -> None:
    pendant = panel.Pendant(Pins().get)
    pendant.read(0.0)
    assert pendant.texts()["why"] == panel.GONE


steps = st.lists(st.tuples(st.sampled_from(["", "x", "y"]), st.sampled_from([0.0, 0.01, 0.1]), st.booleans()))


@given(steps)
def test_a_gui_follows_each_change_once_and_only_when_it_is_free(
    steps: list[tuple[str, float, bool]],
) -> None:
    follower = panel.Follower()
    seen, wanted = ("", 0.0), ("", 0.0)
    for axis, click, is_free in steps:
        if axis and axis != seen[0]:
            wanted = axis, wanted[1]
        if click and click != seen[1]:
            wanted = wanted[0], click
        seen = axis or seen[0], click or seen[1]
        got = follower.look(axis, click, is_free)
        assert got == (wanted if is_free else ("", 0.0))
        if is_free:
            wanted = ("", 0.0)


@pytest.mark.parametrize(
    ("text", "unit_mm", "distance"),
    [
        ("0.1 mm", 1, 0.1),
        (".01mm", 25.4, 0.01 / 25.4),
        ("1/8000 in", 25.4, 1 / 8000),
        ("1 inch", 1, 25.4),
        ("5 um", 1, 0.005),
        ("2 mil", 1, 0.0508),
        ("1 cm", 1, 10),
        ("0.001", 25.4, 0.001),
        ("Continuous", 1, None),
        ("1/0", 1, None),
        ("90.000 °", 25.4, 90),
        ("1 deg", 25.4, 1),
        ("fast", 1, None),
    ],
)
def test_an_increment_is_read_as_the_guis_read_it(text: str, unit_mm: float, distance: float | None) -> None:
    assert panel.increment(text, unit_mm) == (None if distance is None else pytest.approx(distance))


def test_a_click_is_looked_for_among_the_increments() -> None:
    offered = [None, 1.0, 0.1, 0.009999999999999998]
    assert panel.index_of(0.01, offered) == 3
    assert panel.index_of(0.05, offered) is None


def formats() -> dict[str, Any]:
    """Return the formats of mpg-panel.xml as PyVCP makes them (LinuxCNC, vcpparse.py), by pin."""
    found = {}
    document = xml.dom.minidom.parse(str(ROOT / "config/mpg-panel.xml"))
    for element in document.getElementsByTagName("format"):
        pin = element.parentNode.getElementsByTagName("halpin")[0].childNodes[0].nodeValue
        found[eval(pin)] = eval(element.childNodes[0].nodeValue)
    return found


@pytest.mark.parametrize(
    ("pin", "value", "text"),
    [
        ("mpg-selected", 0.0, "-"),
        ("mpg-selected", 3, "Z"),
        ("mpg-selected", 14, "RUN"),
        ("mpg-selected", 77, "?"),
        ("mpg-scale", 0.0, ""),
        ("mpg-scale", 0.0001, "0.0001"),
        ("mpg-scale", 1.0, "1"),
        ("mpg-unit", 3, "deg"),
        ("mpg-target", 1, ""),
        ("mpg-target", 10, "feed override"),
        ("mpg-caption", 0, ""),
        ("mpg-caption", 2, "one click of the wheel"),
        ("mpg-why-not", 0.0, "-"),  # what PyVCP has before there is a pin: nothing is known then
        ("mpg-why-not", 0, "READY"),
        ("mpg-why-not", 6, "HOLD\nENABLE"),
        ("mpg-velocity", 12.4, "12/s"),
    ],
)
def test_pyvcps_formats_give_words(pin: str, value: float, text: str) -> None:
    dummy = "%(b)" + formats()[pin]
    assert str(dummy % {"b": value}) == text
