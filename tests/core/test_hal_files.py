# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines of a configuration that start and wire a component."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.hal import (
    Command,
    HalFiles,
    component_lines,
    component_name,
    hal_lines,
    read_hal_files,
    renamed,
)
from hal_mpg.linuxcnc_files.ini import read_ini

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


def test_a_pin_that_is_taken_off_its_signal_is_wired_as_it_is_at_the_end() -> None:
    lines = [
        "net counts hal_mpg.axis.x.jog-counts => axis.x.jog-counts joint.0.jog-counts",
        "net soft motion.on-soft-limit => hal_mpg.inhibit",
        "unlinkp axis.x.jog-counts",
        "unlinkp hal_mpg.inhibit",
        "net both sum.out => axis.x.jog-counts",
        "net hold or.out => hal_mpg.inhibit",
    ]
    _, found = component_lines(lines, "hal_mpg")
    assert sorted(found) == [
        "net counts hal_mpg.axis.x.jog-counts => joint.0.jog-counts",
        "net hold or.out => hal_mpg.inhibit",
        "net soft motion.on-soft-limit =>",
    ]


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
    (tmp_path / "b.sh").write_text("net not hal_mpg.read\n")
    ini = tmp_path / "x.ini"
    ini.write_text(
        "[EMC]\nHALFILE = none.hal\n[HAL]\nHALFILE=a.hal\nPOSTGUI_HALFILE = b.sh\nHALFILE = LIB:c.hal\n"
        "#HALFILE = none.hal\nHALCMD = net e hal_mpg.f\n"
    )
    assert hal_lines(ini) == ["net a hal_mpg.b    c.d", "net e hal_mpg.f"]


def test_only_what_is_in_the_section_counts(tmp_path: Path) -> None:
    ini = tmp_path / "x.ini"
    ini.write_text(
        "HALCMD = net before\n[HAL]\n;HALCMD = net no\nHALCMD = setp a.b c=d # x = y\n"
        "[HALUI]\nHALCMD = net after\n[ HAL ]\nHALCMD = net no\n[HAL]\nHALCMD = net no\n"
    )
    assert hal_lines(ini) == ["setp a.b c=d # x = y"]


def test_a_comment_may_have_a_comment_and_any_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.hal").write_bytes(b"net a b.c # one # two # three\nnet \xc3\xa9 d.e # \xff\n")
    ini = tmp_path / "x.ini"
    ini.write_text("[HAL]\nHALFILE = a.hal\n")
    assert hal_lines(ini) == ["net a b.c", "net é d.e"]


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x\.ini: cannot be read: No such file"):
        hal_lines(tmp_path / "x.ini")


def read(folder: Path, ini: str, **files: str) -> HalFiles:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    (folder / "x.ini").write_text(ini)
    return read_hal_files(read_ini(folder / "x.ini"))


def told(commands: list[Command]) -> list[tuple[str, str, int, str]]:
    return [(" ".join(c.words), c.path.name, c.line, c.stage) for c in commands]


def test_commands_have_the_values_of_the_ini_file_and_their_place(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "[A]\nB = two words\n[HAL]\nHALFILE = a.hal\nHALCMD = net s a.c # not read by anybody\n"
        "POSTGUI_HALFILE = p.hal\nPOSTGUI_HALCMD = setp x.y 1\n",
        a_hal="# c\nsetp a.b [A]B\nsetp a.c [A](NONE)\nloadrt [A](B) x='a # b' # c\n"
        "source s.hal\nnet z \\\n  => a.d\n",
        s_hal="setp sourced 1\n",
        p_hal="net t <= a.c\n",
    )
    assert told(found.commands) == [
        ("setp a.b two words", "a.hal", 2, "HALFILE"),
        ("setp a.c [A](NONE)", "a.hal", 3, "HALFILE"),
        ("loadrt two words x='a # b'", "a.hal", 4, "HALFILE"),
        ("setp sourced 1", "s.hal", 1, "HALFILE"),
        ("net z => a.d", "a.hal", 6, "HALFILE"),
        ("net s a.c not read by anybody", "x.ini", 5, "HALCMD"),
        ("net t <= a.c", "p.hal", 1, "POSTGUI"),
        ("setp x.y 1", "x.ini", 7, "POSTGUI"),
    ]
    assert found.commands[4].pins == ("a.d",)
    assert (found.opaque, found.problems) == ([], [])


def test_what_linuxcnc_would_not_start_with_is_told(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "[HAL]\nHALFILE = none.hal\nHALFILE = LIB:none.hal\nHALFILE = a.hal\nHALFILE = a.hal arguments\n",
        a_hal="source none.hal\nsource a.hal\n",
    )
    assert found.commands == []
    assert [problem.split(": ")[0].removeprefix(f"{tmp_path}/") for problem in found.problems] == [
        "x.ini:2",
        "x.ini:3",
        *["a.hal:1"] * 17,
        "a.hal:2",
        *["a.hal:1"] * 17,
        "a.hal:2",
    ]


needs_tcl = pytest.mark.skipif(shutil.which("tclsh") is None, reason="tclsh is not installed")


@needs_tcl
def test_tcl_is_evaluated_where_it_can_do_nothing(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    found = read(
        tmp_path,
        "[A]\nB = X Y\nN = 2\nN = 3\n[HAL]\nHALFILE = a.tcl one two\n",
        a_tcl=f"""
            foreach n $::A(N) {{ net joint-$n <= a.$n.out }}
            setp a.b [expr 2 * 3]
            setp a.c 1 + 1
            loadrt and2 names=$::argv
            eval "loadrt [lindex $::A(B) 0]"
            setp a.d -[getp a.b]
            close [open {witness} w]
            puts "not this"
            source b.tcl
            net twice [file join a b]
        """,
        b_tcl="net from-b a.e\n",
    )
    assert [" ".join(command.words) for command in found.commands] == [
        "net joint-2 <= a.2.out",
        "net joint-3 <= a.3.out",
        "setp a.b 6",
        "setp a.c 2",
        "loadrt and2 names=one two",
        "loadrt X Y",
        "setp a.d -6",
        "net from-b a.e",
        "net twice a/b",
    ]
    assert found.opaque == []
    assert not witness.exists()
    assert found.commands[-2].place == f"{tmp_path}/b.tcl:1"
    assert found.commands[-1].path == tmp_path / "a.tcl"


@needs_tcl
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("net a b.c\nnone\nnet d e.f", "could not be evaluated to its end (invalid command"),
        ("net a b.c\nnet d [hal list pin]", "depends on `list pin`"),
        ("net a b.c\nexec touch witness", "depends on `exec touch`"),
        ("net a b.c\nif {[hal getp card.present]} {net d e.f}", "depends on `getp card.present`"),
        ("net a b.c\nif {[hal gets present]} {net d e.f}", "depends on `gets present`"),
        ("net a b.c\nsetp p 1\nif {[getp p]} {net d e.f}", ""),
        ("net a b.c\nloadusr -w halcmd -f other.hal", "`loadusr -w halcmd -f other.hal` carries out"),
        ("net a b.c\n$", ""),
        ("net a b.c\nexit 0\nnet d e.f", ""),
        ('net a b.c\nputs "', "missing"),
    ],
)
def test_tcl_that_cannot_be_known_is_told(tmp_path: Path, script: str, why: str) -> None:
    found = read(tmp_path, "[HAL]\nHALFILE = a.tcl\n", a_tcl=script)
    assert found.commands[0].words == ("net", "a", "b.c")
    assert bool(found.opaque) == bool(why) or script.endswith("$")
    assert not why or why in found.opaque[0].why
    assert not (tmp_path / "witness").exists()


@pytest.mark.parametrize("words", ["-w halcmd -f o.hal", "-w /bin/haltcl o.tcl", "-w sh -c 'halcmd net a'"])
def test_programs_that_give_commands_are_told(tmp_path: Path, words: str) -> None:
    found = read(tmp_path, "[HAL]\nHALFILE = a.hal\n", a_hal=f"loadusr -W hal_mpg\nloadusr {words}\n")
    assert [(file.path.name, file.named_by) for file in found.opaque] == [("a.hal", f"{tmp_path}/a.hal:2")]


def test_a_component_has_its_name() -> None:
    assert component_name(["loadusr", "-Wn", "m", "hal_mpg", "--name", "m"]) == "m"
    assert component_name(["loadusr", "-W", "hal_mpg", "-v"]) == "hal_mpg"
    assert component_name(["loadusr", "-W", "other"]) is None
    assert component_name([]) is None


def test_tcl_of_which_the_evaluation_was_cut_off_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the computer that runs out of memory, say: what it has said until then is not all."""
    tclsh = tmp_path / "tclsh"
    tclsh.write_text("#!/bin/sh\nprintf 'hal\\037a.tcl\\037loadrt\\037and2\\n'\nkill -9 $$\n")
    tclsh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "a.tcl").write_text("loadrt and2\n")
    (tmp_path / "x.ini").write_text("[HAL]\nHALFILE = a.tcl\n")
    files = read_hal_files(read_ini(tmp_path / "x.ini"))
    assert [command.words for command in files.commands] == [("loadrt", "and2")]
    assert ["could not be evaluated to its end" in file.why for file in files.opaque] == [True]
