# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines of a configuration that start and wire a component."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.errors import UsageError
from hal_mpg.hal_files import component_lines, hal_lines, renamed

ROOT = Path(__file__).parents[2]

LOADS = [
    ("loadusr -W hal_mpg --pendant p --axes X Y", "hal_mpg", True),
    ("loadusr -W /usr/bin/hal_mpg", "hal_mpg", True),
    ("loadusr -Wn mpg2 hal_mpg --name mpg2", "mpg2", True),
    ("loadusr -Wn mpg2 hal_mpg --name mpg2", "hal_mpg", False),
    ("loadusr -W hal_mpg", "mpg2", False),
    ("loadusr -Wn mpg2 hal_mpg --name mpg2 --axes X Y", "mpg2", True),
    ("loadusr -Wn mpg2 -w hal_mpg --name mpg2", "mpg2", True),
    ("loadusr -w -W hal_mpg", "hal_mpg", True),
    ("loadusr -W /a/b/hal_mpg", "hal_mpg", True),
    ("loadusr -W hal_input hal_mpg", "hal_mpg", False),
    ("loadusr -W -i", "hal_mpg", False),
    ("loadrt hal_mpg", "hal_mpg", False),
]


@pytest.mark.parametrize(("line", "name", "loads"), LOADS)
def test_the_line_that_loads_a_component(line: str, name: str, loads: bool) -> None:
    assert component_lines([line], name)[0] == (line if loads else None)


def test_the_samples_are_found_whole_and_what_enables_comes_before_the_counts() -> None:
    load, wires = component_lines(hal_lines(ROOT / "config/sim-4axis.ini"), "hal_mpg")
    assert load
    assert load.startswith("loadusr -W hal_mpg --pendant [HAL_MPG]PENDANT")
    of_axes = [word for line in wires for word in line.split() if word.endswith(("jog-enable", "jog-counts"))]
    places = {word: place for place, word in enumerate(of_axes) if word.startswith("hal_mpg")}
    assert len(places) == 8
    last_enable = max(place for word, place in places.items() if word.endswith("enable"))
    assert all(place > last_enable for word, place in places.items() if word.endswith("counts"))


def test_what_wires_a_component_is_what_names_its_pins() -> None:
    wires = [
        "net a hal_mpg.counts => b.c",
        "setp hal_mpg.inhibit 0",
        "linkps hal_mpg.enable a",
        "net a.b hal_mpg.armed",
        "linkps mpg-estop hal_mpg.estop",
    ]
    others = ["net a b.c", "setp hal_mpg2.inhibit 0", "addf hal_mpg.x servo-thread", "show pin hal_mpg.estop"]
    load, found = component_lines([*others, *wires], "hal_mpg")
    assert load is None
    assert found == [*wires[3:], *wires[:3]], "what is netted first is what could enable"


def test_another_name_takes_the_place_of_the_component_and_of_nothing_else() -> None:
    wires = ["net a hal_mpg.estop => b.hal_mpg c.d", "setp hal_mpg.axis.x.max-velocity [AXIS_X]MAX_VELOCITY"]
    assert renamed(
        "loadusr -W /opt/hal_mpg --pendant hal_mpg.yaml --axes X Y", wires, "hal_mpg", "hal_mpg-2"
    ) == [
        "loadusr -Wn hal_mpg-2 /opt/hal_mpg --name hal_mpg-2 --pendant hal_mpg.yaml --axes X Y",
        "net a hal_mpg-2.estop => b.hal_mpg c.d",
        "setp hal_mpg-2.axis.x.max-velocity [AXIS_X]MAX_VELOCITY",
    ]
    assert renamed("loadusr -Wn m hal_mpg --name m -v", ["net a m.x xm.y"], "m", "m-2") == [
        "loadusr -Wn m-2 hal_mpg --name m-2 -v",
        "net a m-2.x xm.y",
    ]


def test_comments_continued_lines_and_other_sections_are_read_as_linuxcnc_does(tmp_path: Path) -> None:
    (tmp_path / "a.hal").write_text("# net hal_mpg.no\nnet a hal_mpg.b \\\n  c.d # end\n")
    (tmp_path / "b.tcl").write_text("net not hal_mpg.read\n")
    ini = tmp_path / "x.ini"
    ini.write_text(
        "[EMC]\nHALFILE = none.hal\n[HAL]\nHALFILE=a.hal\nHALFILE = b.tcl\nHALFILE = LIB:c.hal\n"
        "#HALFILE = none.hal\nHALCMD = net e hal_mpg.f\n"
    )
    assert hal_lines(ini) == ["net a hal_mpg.b    c.d", "net e hal_mpg.f"]


def test_only_what_is_in_the_section_counts(tmp_path: Path) -> None:
    ini = tmp_path / "x.ini"
    ini.write_text(
        "HALCMD = net before\n[HAL]\n;HALCMD = net no\nHALCMD = setp a.b c=d # x = y\n"
        "[HALUI]\nHALCMD = net after\n[ HAL ]\nHALCMD = net again\n"
    )
    assert hal_lines(ini) == ["setp a.b c=d # x = y", "net again"]


def test_a_comment_may_have_a_comment_and_any_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.hal").write_bytes(b"net a b.c # one # two # three\nnet \xc3\xa9 d.e # \xff\n")
    ini = tmp_path / "x.ini"
    ini.write_text("[HAL]\nHALFILE = a.hal\n")
    assert hal_lines(ini) == ["net a b.c", "net é d.e"]


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x\.ini: cannot be read: No such file"):
        hal_lines(tmp_path / "x.ini")
