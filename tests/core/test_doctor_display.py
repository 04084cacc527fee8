# SPDX-License-Identifier: GPL-2.0-or-later
"""The doctor on configurations of pendants with a display."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hal_mpg.doctor.findings import NOTE, WARNING, Finding
from hal_mpg.machine import Machine
from hal_mpg.pins import all_pins
from hal_mpg.profile_yaml import load_profile
from tests.core.test_doctor_wiring import CONFIG, findings_of, wrong

KINDS = {
    "xhc-hb04": "mpg-xhc-hb04.hal",
    "xhc-hb04-16": "mpg-xhc-hb04.hal",
    "xhc-whb04b-6": "mpg-xhc-whb04b.hal",
}


def configured(folder: Path, pendant: str) -> Path:
    """Return a configuration with that pendant, and the samples for its display."""
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    ini = config / "sim-4axis.ini"
    text = ini.read_text().replace("PENDANT = generic-4axis", f"PENDANT = {pendant}")
    text = text.replace("#HALFILE = mpg-display", "HALFILE = mpg-display")
    ini.write_text(text.replace(f"#HALFILE = {KINDS[pendant]}", f"HALFILE = {KINDS[pendant]}"))
    return ini


def display_findings(ini: Path) -> list[Finding]:
    return [finding for finding in findings_of(ini) if finding.id.startswith("display")]


@pytest.mark.parametrize("pendant", KINDS)
def test_the_samples_are_fine(pendant: str, tmp_path: Path) -> None:
    ini = configured(tmp_path, pendant)
    assert wrong(findings_of(ini)) == []
    assert display_findings(ini) == []


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ("mpg-display-y.hal", "hal_mpg.axis.y.position, hal_mpg.axis.y.position-relative not netted"),
        (
            "mpg-display.hal",
            "hal_mpg.feed-override.value, hal_mpg.spindle-override.value, hal_mpg.spindle-speed",
        ),
        ("mpg-xhc-hb04.hal", "hal_mpg.current-velocity not netted"),
    ],
)
def test_what_the_display_does_not_get_is_told(left_out: str, missing: str, tmp_path: Path) -> None:
    ini = configured(tmp_path, "xhc-hb04")
    ini.write_text(ini.read_text().replace(f"\nHALFILE = {left_out}\n", "\n"))
    (finding,) = display_findings(ini)
    assert (finding.id, finding.severity) == ("display-not-wired", NOTE)
    assert missing in finding.what
    assert wrong(findings_of(ini)) == []


@pytest.mark.parametrize(
    "line",
    [
        "net mpg-x-position => hal_mpg.axis.y.position",
        "net mpg-y-position-relative => hal_mpg.axis.y.position",
        "net mpg-feed-override-value => hal_mpg.axis.y.position",
    ],
)
def test_another_position_than_it_says_is_found(line: str, tmp_path: Path) -> None:
    ini = configured(tmp_path, "xhc-hb04")
    sample = ini.parent / "mpg-display-y.hal"
    lines = [text for text in sample.read_text().splitlines() if not text.startswith("net mpg-y-position ")]
    sample.write_text("\n".join([*lines, line]) + "\n")
    (finding,) = display_findings(ini)
    assert (finding.id, finding.severity) == ("display-crosswise", WARNING)
    assert "mpg-display-y.hal" in finding.mend


def test_a_pendant_without_a_display_is_told_nothing(tmp_path: Path) -> None:
    config = Path(shutil.copytree(CONFIG, tmp_path / "config"))
    assert display_findings(config / "sim-4axis.ini") == []


OF_AXES = {f"mpg-display-{axis}.hal" for axis in "xyza"}


def without(fields: str) -> str:
    """Return the HB04's profile without those fields of its display that fit a pattern."""
    text = (CONFIG / "pendants" / "xhc-hb04.yaml").read_text()
    return re.sub(rf"^    - {{at: \d+, of: (?:{fields}), .*\n", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("fields", "files", "nets"),
    [
        (
            "nothing",
            {"mpg-display.hal", *OF_AXES},
            ["motion.current-vel => hal_mpg.current-velocity"],
        ),
        ("spindle.*", OF_AXES, ["halui.feed-override.value => hal_mpg.feed-override.value"]),
        (
            r".*\.position",
            {"mpg-display.hal"},
            ["halui.axis.x.pos-relative => hal_mpg.axis.x.position-relative"],
        ),
        ("spindle.*|current.*|feed.*|[xyza].position", set(), ["halui.axis.y.pos-relative =>"]),
    ],
)
def test_the_advice_for_a_display_of_ones_own_can_be_followed(
    fields: str, files: set[str], nets: list[str], tmp_path: Path
) -> None:
    """A sample that nets a pin which is not there keeps LinuxCNC from starting."""
    ini = configured(tmp_path, "xhc-hb04")
    profile = ini.parent / "pendants" / "my-display.yaml"
    profile.write_text(without(fields))
    profile.chmod(0o644)
    text = ini.read_text().replace("PENDANT = xhc-hb04", f"PENDANT = {profile}")
    text = re.sub(r"^HALFILE = mpg-display.*\n|^HALFILE = mpg-xhc.*\n", "", text, flags=re.MULTILINE)
    ini.write_text(text)
    (finding,) = display_findings(ini)
    named = set(re.findall(r"mpg-[\w-]+\.hal", finding.mend))
    assert named == files
    for net in nets:
        assert net in finding.mend
    assert ("hal_mpg wiring --ini" in finding.mend) == bool(nets)
    own = load_profile(profile.read_text(), "my.yaml")
    pins = {pin.name for pin in all_pins(own, Machine().steps_of(own))}
    for file in named:
        for line in (CONFIG / file).read_text().splitlines():
            if line.startswith("net "):
                assert line.split()[-1].removeprefix("hal_mpg.") in pins, file
