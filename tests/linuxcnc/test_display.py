# SPDX-License-Identifier: GPL-2.0-or-later
"""XHC's displays in a whole LinuxCNC, netted by the samples: what they show is what halui's pins say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.beds import xhc_pictures
from tests.beds.hid_socket import with_output_reports
from tests.beds.linuxcnc import require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent
AXES = "xyza"
SAMPLES = ("mpg-display.hal", *(f"mpg-display-{axis}.hal" for axis in AXES))
KINDS = {
    "hb04": ("xhc-hb04", "0xeb70", "mpg-xhc-hb04.hal"),
    "whb04b": ("xhc-whb04b-6", "0xeb91", "mpg-xhc-whb04b.hal"),
}

Notes = dict[str, Any]


@pytest.fixture(scope="module", params=KINDS)
def run(request: pytest.FixtureRequest) -> tuple[str, Notes]:
    """Return which pendant it is, and what drive_display.py noted of it."""
    require_linuxcnc()
    kind: str = request.param
    pendant, product, sample = KINDS[kind]

    def edit(config: Path) -> None:
        profile = config / "pendants" / f"{pendant}.yaml"
        profile.write_text(with_output_reports(profile.read_text()))

    done = run_linuxcnc(
        "sim-4axis.ini",
        HERE / "drive_display.py",
        pendant=pendant,
        uncomment=[f"HALFILE = {name}" for name in (*SAMPLES, sample)],
        edit=edit,
        arguments=kind,
        env={"HAL_MPG_TEST_PRODUCT": product},
        program=HERE / "hid_program.py",
    )
    return kind, done.result


def shown(kind: str, note: Notes) -> dict[str, Any]:
    """Return what the pendant shows, by a reader that knows nothing of hal_mpg."""
    reports = [bytes.fromhex(report) for report in note["picture"]]
    (picture,) = xhc_pictures.pictures(reports, len(reports))
    return xhc_pictures.hb04(picture) if kind == "hb04" else xhc_pictures.whb04b(picture)


def of_axes(note: Notes, what: str, letters: str) -> Any:
    digits = 0.00051 if len(letters) == 3 else 0
    return pytest.approx([note["pins"][f"halui.axis.{axis}.pos-{what}"] for axis in letters], abs=digits)


def check(kind: str, note: Notes, letters: str = "xyz") -> dict[str, Any]:
    """Check all that follows from halui's pins; return what is shown."""
    found, pins = shown(kind, note), note["pins"]
    if kind == "hb04":
        assert found["machine"] == of_axes(note, "feedback", letters)
        assert found["work"] == of_axes(note, "relative", letters)
        assert found["rpm"] == round(pins["spindle.0.speed-out-abs"])
        assert found["feed"] == round(pins["motion.current-vel"] * 60)
        assert (found["inch"], found["icons"]) == (False, 0)
    else:
        what = "relative" if pins["hal_mpg.show-relative"] else "feedback"
        rows = [pins.get(f"halui.axis.{axis}.pos-{what}", 0.0) for axis in letters]
        assert found["rows"] == pytest.approx(rows, abs=0.000051)
        assert found["work"] == pins["hal_mpg.show-relative"]
        assert found["reset"] is not pins["halui.machine.is-on"]
    assert found["feed %"] == round(pins["halui.feed-override.value"] * 100)
    return found


def test_what_is_shown_is_what_halui_says(run: tuple[str, Notes]) -> None:
    kind, notes = run
    for name in ("unheard", "off", "jogged", "moved", "knob off", "machine off", "again"):
        found = check(kind, notes[name])
        assert found["spindle %"] == round(notes[name]["pins"]["halui.spindle.0.override.value"] * 100), name
    pins = notes["moved"]["pins"]
    assert (pins["halui.axis.x.pos-feedback"], pins["halui.axis.x.pos-relative"]) == pytest.approx(
        (17.3456, 12.3456)
    )
    assert (pins["halui.feed-override.value"], pins["spindle.0.speed-out-abs"]) == pytest.approx((0.87, 1800))


def test_the_rotary_axis(run: tuple[str, Notes]) -> None:
    kind, notes = run
    check(kind, notes["a"], "ayz" if kind == "hb04" else "abc")
    assert notes["a"]["pins"]["halui.axis.a.pos-feedback"] == pytest.approx(35)


def test_the_wheel_turns_overrides(run: tuple[str, Notes]) -> None:
    kind, notes = run
    assert check(kind, notes["feed override"])["feed %"] in (84, 85)
    assert check(kind, notes["spindle override"])["spindle %"] == 118
    if kind == "whb04b":
        assert shown(kind, notes["feed override"])["mode"] == "MPG"
        assert check(kind, notes["feed-minus"])["feed %"] == 86


def test_the_step(run: tuple[str, Notes]) -> None:
    kind, notes = run
    if kind == "hb04":
        steps = [
            (shown(kind, notes[f"step {n}"])["step"], notes[f"step {n}"]["pins"]["hal_mpg.scale"])
            for n in range(4)
        ]
        assert steps == [(10, 0.01), (100, 0.1), (1000, 1.0), (1, 0.001)]
        assert shown(kind, notes["unheard"])["step"] == 0
    else:
        assert shown(kind, notes["moved"])["mode"] == "STP"


def test_the_coordinates_change_by_a_button_and_the_spindle_speed_is_shown(run: tuple[str, Notes]) -> None:
    kind, notes = run
    if kind == "hb04":
        assert shown(kind, notes["moved"]).keys() >= {"work", "machine", "rpm"}, "it shows all of it, always"
        return
    assert check(kind, notes["machine coordinates"])["work"] is False
    assert check(kind, notes["work coordinates"])["work"] is True
    assert check(kind, notes["spindle speed"])["spindle %"] == 1800


def test_the_rate_is_bounded(run: tuple[str, Notes]) -> None:
    kind, notes = run
    rate = notes["rate"]
    assert 0.4 * 10 * rate["seconds"] <= rate["pictures"] <= 10 * rate["seconds"] + 1
    assert notes["moving"]["vel"] == pytest.approx(5.0 * 0.85, abs=0.2)
    if kind == "hb04":
        assert shown(kind, notes["moving"])["feed"] == pytest.approx(notes["moving"]["vel"] * 60, abs=12)


def test_nothing_of_it_is_an_error(run: tuple[str, Notes]) -> None:
    _, notes = run
    assert notes["errors"] == []


FRONTS = {
    # what of the sample is for another front
    "xhc-hb04": ("mpg-xhc-hb04.hal", r"button\.([xyz][02])"),
    "xhc-hb04-16": ("mpg-xhc-hb04.hal", r"button\.(macro-\d|half|zero)"),
    "xhc-whb04b-6": ("mpg-xhc-whb04b.hal", None),
}
ONLY_COMMENTS = {"fn", "mode-continuous"}
"""Buttons for which the samples have no line, for nothing is usual for them."""


@pytest.mark.parametrize("pendant", FRONTS)
def test_each_line_for_a_button_can_be_uncommented(pendant: str) -> None:
    """What it names is there: LinuxCNC starts with all of them, and each button has its net."""
    require_linuxcnc()
    sample, of_others = FRONTS[pendant]

    def edit(config: Path) -> None:
        file = config / sample
        lines = [re.sub("^#(?=net |loadrt |addf )", "", line) for line in file.read_text().splitlines()]
        kept = [
            line for line in lines if line.startswith("#") or not (of_others and re.search(of_others, line))
        ]
        file.write_text("\n".join(kept) + "\n")
        with (config / "sim-4axis.ini").open("a") as ini:
            ini.write("[HALUI]\n" + "MDI_COMMAND = G4 P0\n" * 40)
        text = (config / "sim-4axis.ini").read_text()
        end = "HALFILE = mpg-a.hal\n"
        (config / "sim-4axis.ini").write_text(text.replace(end, end + "HALFILE = mpg-actions.hal\n"))

    nets: dict[str, str] = run_linuxcnc(
        "sim-4axis.ini",
        HERE / "drive_xhc_buttons.py",
        pendant=pendant,
        uncomment=[f"HALFILE = {name}" for name in (*SAMPLES, sample)],
        edit=edit,
    ).result
    buttons = {pin.removeprefix("hal_mpg.button."): net for pin, net in nets.items()}
    assert {button for button, net in buttons.items() if not net} == ONLY_COMMENTS & buttons.keys()
    assert len(buttons) >= 13
