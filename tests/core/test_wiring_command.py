# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg wiring` as a user calls it: files, messages, exit status."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from hal_mpg.cli import main
from hal_mpg.linuxcnc_files.hal import read_hal_files
from hal_mpg.linuxcnc_files.ini import read_ini
from tests.core.wiring_machines import LOOP, PROFILE, ini_text, write_machine

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(name="ini")
def ini_fixture(tmp_path: Path) -> Path:
    """Return a good machine, and a pendant beside it."""
    (tmp_path / "p.yaml").write_text(PROFILE)
    return write_machine(tmp_path, ini_text())


def wiring(ini: Path, *words: str, pendant: str | None = "p.yaml") -> int:
    """Run the command; a pendant without a slash is a file beside the INI file."""
    given = [] if pendant is None else ["--pendant", str(ini.parent / pendant)]
    return main(["wiring", "--ini", str(ini), *given, *words])


def test_it_writes_the_file_and_says_what_the_ini_needs(
    ini: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ini.read_text()
    assert wiring(ini) == 0
    output, errors = capsys.readouterr()
    assert output == ""
    text = (ini.parent / "machine-mpg.hal").read_text()
    assert f"loadusr -W hal_mpg --pendant {ini.parent}/p.yaml --units [TRAJ]LINEAR_UNITS" in text
    assert f"  [HAL]\n  HALFILE = machine-mpg.hal\n  [HAL_MPG]\n  PENDANT = {ini.parent}/p.yaml" in errors
    assert "  Y: x1 0.001, x100 0.1 mm   joint 1" in errors
    assert ini.read_text() == before


def test_twice_is_the_same(ini: Path) -> None:
    assert wiring(ini, "--add") == 0
    files = {path: path.read_bytes() for path in ini.parent.iterdir()}
    assert wiring(ini, "--add") == 0
    assert {path: path.read_bytes() for path in ini.parent.iterdir()} == files


def test_add_changes_the_ini_and_keeps_a_backup(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ini.chmod(0o640)
    before = ini.read_text()
    assert wiring(ini, "--add") == 0
    assert (ini.parent / "machine.ini.bak").read_text() == before
    changed = read_ini(ini)
    assert [entry.value for entry in changed.values("HAL", "HALFILE")] == ["machine.hal", "machine-mpg.hal"]
    assert changed.text("HAL_MPG", "PENDANT") == str(ini.parent / "p.yaml")
    assert ini.stat().st_mode & 0o777 == 0o640
    assert "--pendant [HAL_MPG]PENDANT" in (ini.parent / "machine-mpg.hal").read_text()
    assert "changed" in capsys.readouterr().err
    left = [line for line in ini.read_text().splitlines() if line not in before.splitlines()]
    assert left == ["HALFILE = machine-mpg.hal", "", "[HAL_MPG]", f"PENDANT = {ini.parent}/p.yaml"]


ADDED = [
    (
        "[HAL]\nHALFILE = machine.hal\n",
        ["[HAL]", "HALUI = halui", "HALFILE = machine.hal", "HALFILE = machine-mpg.hal"],
    ),
    ("[HAL]\n", ["[HAL]", "HALUI = halui", "HALFILE = machine-mpg.hal"]),
    (
        "[HAL]\nHALUI = halui\nHALFILE = \\\n machine.hal\n# end\n",
        ["[HAL]", "HALUI = halui", "HALFILE = \\", " machine.hal", "HALFILE = machine-mpg.hal", "# end"],
    ),
    (
        "[HAL_MPG]\n# mine\nPENDANT = other\n[HAL]\nHALUI = halui\nHALFILE=machine-mpg.hal\n",
        ["[HAL_MPG]", "# mine", "PENDANT = {}/p.yaml", "[HAL]", "HALUI = halui", "HALFILE=machine-mpg.hal"],
    ),
    ("", ["[HAL]", "HALUI = halui", "HALFILE = machine-mpg.hal"]),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("section", "added"), ADDED)
def test_the_lines_are_added_where_they_belong(
    ini: Path, section: str, added: list[str], newline: str
) -> None:
    whole = ini_text().replace("[HAL]\nHALUI = halui\nHALFILE = machine.hal\n", section)
    ini.write_bytes(whole.replace("\n", newline).encode() + b"# \xff\xfe" + newline.encode())
    assert wiring(ini, "--add") == 0
    content = ini.read_bytes()
    assert b"# \xff\xfe" in content
    assert content.count(b"\n") == content.count(newline.encode())
    text = content.decode(errors="replace").replace("\r\n", "\n")
    assert "\n".join(added).format(ini.parent) in text, text
    for line in whole.splitlines():
        assert line in text or "other" in line
    again = read_ini(ini)
    assert not again.problems
    assert again.text("HAL", "HALUI") == "halui"
    assert "machine-mpg.hal" in [entry.value for entry in again.values("HAL", "HALFILE")]
    assert again.text("HAL_MPG", "PENDANT") == f"{ini.parent}/p.yaml"


def copy_samples(ini: Path) -> tuple[Path, str]:
    """Copy samples beside an INI file and name them there; return that of X, and the HALFILE lines."""
    lines = "HALFILE = machine.hal\n"
    for name in ("mpg.hal", "mpg-estop.hal", "mpg-x.hal"):
        (ini.parent / name).write_text((CONFIG / name).read_text())
        lines += f"HALFILE = {name}\n"
    ini.write_text(ini_text(hal=f"HALUI = halui\n{lines}"))
    return ini.parent / "mpg-x.hal", lines


EDITED_SAMPLES = [
    ("mpg-estop.hal", "", "net estop-circuit card.in => mpg-latch.fault-in"),
    ("mpg-estop.hal", "setp watchdog.timeout-0 0.13", "setp watchdog.timeout-0 1"),
    ("mpg-estop.hal", "names=mpg-pendant-ok,mpg-chain-ok", "names=mpg-pendant-ok,mpg-chain-ok,door"),
    ("mpg-x.hal", "", "net mpg-x-enable => card.lamp"),
    ("mpg.hal", "[HAL_MPG]PENDANT", "mine"),
]


@pytest.mark.parametrize(("name", "old", "new"), EDITED_SAMPLES)
def test_a_sample_that_was_edited_is_not_taken_out(
    ini: Path, name: str, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An E-stop of the machine's own, netted as the sample says, must not be lost."""
    copy_samples(ini)
    sample, before = ini.parent / name, ini.read_text()
    sample.write_text(sample.read_text().replace(old, new) if old else sample.read_text() + new)
    assert wiring(ini, "--add") == 2
    errors = capsys.readouterr().err
    line = next(n for n, text in enumerate(sample.read_text().splitlines(), start=1) if new in text)
    assert f"error: {sample}: has lines that hal_mpg's sample of this name has not" in errors
    assert f"line {line}: " in errors
    assert new in errors
    assert ini.read_text() == before
    assert not (ini.parent / "machine-mpg.hal").exists()


def test_samples_of_axes_that_are_not_shipped(ini: Path) -> None:
    x, _ = copy_samples(ini)
    text = x.read_text().replace("axis.x", "axis.u").replace("mpg-x", "mpg-u").replace("AXIS_X", "AXIS_U")
    (ini.parent / "mpg-u.hal").write_text(text.replace("joint.0", "joint.6"))
    ini.write_text(ini.read_text().replace("mpg-x.hal", "mpg-u.hal"))
    assert wiring(ini, "--add") == 0
    assert "\n# HALFILE = mpg-u.hal\n" in ini.read_text()


def test_the_samples_of_a_display_are_taken_out_and_its_buttons_told_of(
    ini: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_samples(ini)
    names = ("mpg-display.hal", "mpg-display-y.hal", "mpg-xhc-hb04.hal")
    for name in names:
        (ini.parent / name).write_text((CONFIG / name).read_text())
    last = "HALFILE = mpg-x.hal\n"
    ini.write_text(ini.read_text().replace(last, last + "".join(f"HALFILE = {name}\n" for name in names)))
    before = ini.read_text()
    assert wiring(ini, "--add") == 0
    assert "mpg-xhc-hb04.hal: the buttons that it nets are comments" in capsys.readouterr().err
    assert all(f"\n# HALFILE = {name}\n" in ini.read_text() for name in names)
    ini.write_text(before)
    sample = ini.parent / "mpg-xhc-hb04.hal"
    sample.write_text(sample.read_text().replace("#net mpg-home", "net mpg-home"))
    assert wiring(ini, "--add") == 2
    assert "hal_mpg.button.home" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pendant", "other"), [("xhc-hb04", "xhc-hb04-16"), ("xhc-hb04-16", "xhc-hb04"), ("xhc-whb04b-6", "")]
)
def test_where_two_fronts_say_the_same_of_themselves_the_head_says_how_to_tell_them(
    ini: Path, pendant: str, other: str
) -> None:
    assert wiring(ini, "--pendant", pendant) == 0
    text = (ini.parent / "machine-mpg.hal").read_text()
    head = " ".join(line.removeprefix("# ") for line in text.split("----")[0].splitlines())
    says = f"{other} says the same of itself on USB as {pendant}" in head
    assert (says, f"hal_mpg monitor --pendant {pendant}," in head) == (bool(other), bool(other))


def test_the_samples_of_sticks_are_taken_out(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy_samples(ini)
    names = ("mpg-analog.hal", "mpg-analog-y.hal")
    for name in names:
        text = (CONFIG / name).read_text().replace("halui.joint.1.analog", "halui.joint.4.analog")
        (ini.parent / name).write_text(text)
    last = "HALFILE = mpg-x.hal\n"
    ini.write_text(ini.read_text().replace(last, last + "".join(f"HALFILE = {name}\n" for name in names)))
    before = ini.read_text()
    assert wiring(ini, "--add") == 0
    assert all(f"\n# HALFILE = {name}\n" in ini.read_text() for name in names)
    ini.write_text(before)
    sample = ini.parent / "mpg-analog-y.hal"
    sample.write_text(sample.read_text().replace("mpg-watchdog-ok ", "my-own "))
    capsys.readouterr()
    assert wiring(ini, "--add") == 2
    assert "net my-own" in capsys.readouterr().err


def test_the_samples_that_were_copied_are_taken_out(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, old = copy_samples(ini)
    gantry = x.read_text().replace("0.jog-counts", "0.jog-counts joint.1.jog-counts").replace("AXIS", "JOINT")
    x.write_text("# mine\n" + gantry.replace("joint.0", "joint.3"))
    assert wiring(ini) == 0
    assert (
        "  [HAL]\n  # HALFILE = mpg.hal\n  # HALFILE = mpg-estop.hal\n  # HALFILE = mpg-x.hal\n"
        in capsys.readouterr().err
    )
    assert wiring(ini, "--add") == 0
    new = old.replace("HALFILE = mpg", "# HALFILE = mpg") + "HALFILE = machine-mpg.hal\n"
    assert f"[HAL]\nHALUI = halui\n{new}" in ini.read_text()
    assert wiring(ini, "--check") == 0


def test_a_file_of_another_name_is_no_sample(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ini.parent / "my-mpg.hal").write_text("loadusr -W hal_mpg\n")
    ini.write_text(ini_text(hal="HALUI = halui\nHALFILE = machine.hal\nHALFILE = my-mpg.hal\n"))
    assert wiring(ini) == 2
    assert "my-mpg.hal:1: hal_mpg is loaded there" in capsys.readouterr().err


def test_a_section_that_is_included_is_left_to_the_user(
    ini: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = ini_text().replace("[HAL]\nHALUI = halui\nHALFILE = machine.hal\n", "#INCLUDE hal.inc\n")
    ini.write_text(whole)
    (ini.parent / "hal.inc").write_text("[HAL]\nHALUI = halui\nHALFILE = machine.hal\n")
    assert wiring(ini, "--add") == 2
    assert "hal.inc, which it includes; add there: HALFILE = machine-mpg.hal" in capsys.readouterr().err
    assert ini.read_text() == whole
    assert not (ini.parent / "machine-mpg.hal").exists()


def test_a_file_of_somebody_else_is_not_written_over(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = ini.parent / "machine-mpg.hal"
    other.write_text("# mine\n")
    assert wiring(ini) == 2
    assert "not by hal_mpg wiring" in capsys.readouterr().err
    assert other.read_text() == "# mine\n"
    assert wiring(ini, "--force") == 0
    assert "hal_mpg wiring" in other.read_text()


def test_what_the_user_has_added_below_the_line_is_kept(ini: Path) -> None:
    assert wiring(ini) == 0
    output = ini.parent / "machine-mpg.hal"
    written = output.read_text()
    mine = "net door card.door => mpg-latch.fault-in\r\n\n# \u00e4\n"
    output.write_bytes((written + mine).encode())
    ini.write_text(ini_text(units="inch"))
    assert wiring(ini) == 0
    again = output.read_bytes().decode()
    assert again.endswith(f"\n{mine}")
    assert again != written + mine
    assert wiring(ini) == 0
    assert output.read_bytes().decode() == again
    assert not list(ini.parent.glob("*.bak"))


EDITS = [
    ("# ---- Yours", "# ---- Mine"),
    ("addf mpg-latch ", "net door card.door => mpg-latch.fault-in\naddf mpg-latch "),
    ("# Sum of", "# No sum of"),
    ("setp mpg-latch.ok-in FALSE\n", ""),
]


@pytest.mark.parametrize(("old", "new"), EDITS)
def test_a_file_that_was_edited_above_the_line_is_kept(
    ini: Path, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wiring(ini) == 0
    output = ini.parent / "machine-mpg.hal"
    edited = output.read_text().replace(old, new) + "# mine\n"
    output.write_text(edited)
    capsys.readouterr()
    assert wiring(ini, "--add") == 2
    assert "machine-mpg.hal: was edited" in capsys.readouterr().err
    assert output.read_text() == edited
    assert "HALFILE = machine-mpg.hal" not in ini.read_text()
    assert wiring(ini, "--force") == 0
    assert f"(before: {output}.bak)" in capsys.readouterr().err
    assert (ini.parent / "machine-mpg.hal.bak").read_text() == edited
    assert output.read_text().endswith("# mine\n") is ("Yours" not in old)


def test_links_stay_links(ini: Path) -> None:
    real = ini.parent / "real"
    real.mkdir()
    for name in ("machine.ini", "machine-mpg.hal"):
        (real / name).write_text(ini.read_text() if name.endswith("ini") else "")
        (ini.parent / name).unlink(missing_ok=True)
        (ini.parent / name).symlink_to(real / name)
    assert wiring(ini, "--add", "--force") == 0
    assert ini.is_symlink()
    assert "HALFILE = machine-mpg.hal" in (real / "machine.ini").read_text()
    assert "hal_mpg wiring" in (real / "machine-mpg.hal").read_text()


def test_the_ini_file_is_no_hal_file(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = ini.read_text()
    assert wiring(ini, "--output", str(ini), "--force") == 2
    assert "is no HAL file" in capsys.readouterr().err
    assert ini.read_text() == before


def test_the_file_on_standard_output(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wiring(ini, "--output", "-") == 0
    output, errors = capsys.readouterr()
    assert output.startswith("# SPDX")
    assert "HALFILE = FILE.hal" in errors
    assert not (ini.parent / "machine-mpg.hal").exists()


def test_a_file_elsewhere_has_its_whole_path(ini: Path, tmp_path: Path) -> None:
    place = tmp_path / "other"
    place.mkdir()
    assert wiring(ini, "--output", str(place / "a.hal"), "--add") == 0
    assert read_ini(ini).values("HAL", "HALFILE")[-1].value == "other/a.hal"
    inner = tmp_path / "inner"
    inner.mkdir()
    moved = write_machine(inner, ini_text())
    assert (
        main(
            [
                "wiring",
                "--ini",
                str(moved),
                "--pendant",
                str(tmp_path / "p.yaml"),
                "--output",
                str(place / "b.hal"),
                "--add",
            ]
        )
        == 0
    )
    assert read_ini(moved).values("HAL", "HALFILE")[-1].value == str(place / "b.hal")


def test_check_only_says(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wiring(ini, "--check") == 0
    ini.write_text(ini_text(joint="MAX_VELOCITY = 20\nMAX_ACCELERATION = 500\n"))
    assert wiring(ini, "--check") == 1
    assert "warning: [AXIS_X]MAX_VELOCITY = 50 is more than [JOINT_0]'s 20" in capsys.readouterr().err
    assert not (ini.parent / "machine-mpg.hal").exists()


def test_errors_write_nothing(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ini.parent / "machine.hal").write_text(LOOP + "net w a.b => axis.x.jog-counts\n")
    assert wiring(ini, "--add") == 2
    assert "nothing was written" in capsys.readouterr().err
    assert sorted(path.name for path in ini.parent.iterdir()) == ["machine.hal", "machine.ini", "p.yaml"]


def test_json_is_one_document(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wiring(ini, "--json", "--check") == 0
    output, errors = capsys.readouterr()
    data = json.loads(output)
    assert errors == ""
    assert data["axes"][1]["joints"] == [1]
    assert data["axes"][0]["detent"] == {"x1": 0.001, "x100": 0.1}
    assert {"section": "HAL", "line": "HALFILE = machine-mpg.hal"} in data["ini_needs"]
    assert set(data) == {"ini", "output", "pendant", "units", "kinematics", "axes", "findings", "ini_needs"}


def test_joints_and_increments_are_the_users(ini: Path) -> None:
    ini.write_text(ini_text(kinematics="mykins"))
    assert (
        wiring(ini, "--joints", "X=1", "y=0,2", "--increments", "0.002, 0.2", "--angular-increments", "1,2")
        == 0
    )
    text = (ini.parent / "machine-mpg.hal").read_text()
    assert "joint.0.jog-counts joint.2.jog-counts" in text
    assert "--increments 0.002,0.2 --angular-increments 1,2 --axes" in text
    assert "#   hal_mpg wiring --ini machine.ini --pendant" in text
    assert "--joints X=1 y=0,2" in text


def test_distances_stay_as_they_were_asked_for(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wiring(ini, "--increments", "0.002,0.2") == 0
    before = (ini.parent / "machine-mpg.hal").read_text()
    capsys.readouterr()
    assert wiring(ini) == 0
    assert (ini.parent / "machine-mpg.hal").read_text() == before
    assert "as last time: --increments 0.002,0.2 (to begin anew, remove " in capsys.readouterr().err
    assert wiring(ini, "--increments", "0.003,0.3") == 0
    assert "x1 0.003" in (ini.parent / "machine-mpg.hal").read_text()


@pytest.mark.parametrize("name", ["rad'x.yaml", 'rad"x.yaml', "rad x.yaml", "rad#x.yaml"])
def test_a_name_that_hal_files_cannot_have(ini: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (ini.parent / name).write_text(PROFILE)
    assert wiring(ini, pendant=name) == 2
    assert f"--pendant {ini.parent}/{name}: HAL files take no path" in capsys.readouterr().err


def test_joints_may_be_those_of_trivkins(ini: Path) -> None:
    assert wiring(ini, "--joints", "X=0", "Y=1", "Z=2") == 0


def test_the_pendant_of_the_ini_is_the_default(ini: Path) -> None:
    ini.write_text(ini_text(more="[HAL_MPG]\nPENDANT = p.yaml\n"))
    assert wiring(ini, pendant=None) == 0
    assert "--pendant [HAL_MPG]PENDANT" in (ini.parent / "machine-mpg.hal").read_text()


WRONG = [
    (["--joints", "X"], "--joints X: write an axis once"),
    (["--joints", "X=0", "x=1"], "--joints x=1: write an axis once"),
    (["--joints", "A=0"], "has no axis A"),
    (["--joints", "X=2", "Y=1", "Z=0"], "--joints X=2: the trivkins of"),
    (["--joints", "X=0,1"], "has X=0 Y=1 Z=2; leave --joints away"),
    (["--joints", "X=0", "Y=0"], "joint 0 is there twice"),
    (["--joints", "X=7"], "there is no joint 7"),
    (["--increments", "1"], "--increments: 1 given, but the pendant has 2"),
    (["--increments", "a,b"], "'a' is not a number"),
    (["--output", ""], "--output is empty"),
    (["--output", "/"], "is a folder"),
    (["--output", "/dev/hal_mpg-test.hal"], "is no HAL file"),
    (["--output", "/none/a.hal"], "cannot be written"),
    (["--output", "a b.hal"], "no HAL file with a blank"),
    (["--output", "-", "--add"], "only prints the file"),
    (["--none"], "unrecognized arguments"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_wrong_words_are_one_line(
    ini: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wiring(ini, *words) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1


def test_what_is_not_there_is_one_line(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wiring(ini.parent / "none.ini") == 2
    assert wiring(ini, pendant="none.yaml") == 3
    assert main(["wiring"]) == 2
    assert capsys.readouterr().err.count("\n") == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_one_line(
    ini: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ini.parent.chmod(0o555)
    try:
        assert wiring(ini) == 2
    finally:
        ini.parent.chmod(0o755)
    assert "cannot be written" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["wiring", "--help"])
    assert "hal_mpg wiring --ini mill.ini --pendant my-pendant --add" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(path.name for path in CONFIG.glob("sim-*.ini")))
def test_what_names_the_pendants_pins_comes_after_it(name: str, tmp_path: Path) -> None:
    """Of each simulation, with its lines for softer jogs in use."""
    config = Path(shutil.copytree(CONFIG, tmp_path / "config"))
    ini = config / name
    text = re.sub(r"^#(?=HALFILE = mpg-smooth|SMOOTH)", "", ini.read_text(), flags=re.MULTILINE)
    ini.write_text(text)
    assert wiring(ini, "--add", pendant=None) == 0
    seen: list[str] = []
    loaded = False
    for command in read_hal_files(read_ini(ini)).commands:
        if command.words[0] == "loadusr" and "hal_mpg" in command.words:
            loaded |= "--pendant" in command.words
        elif not loaded:
            seen += [f"{command.place}: {word}" for word in command.words if word.startswith("hal_mpg.")]
    assert loaded
    assert seen == [], "LinuxCNC would not start: these pins are not there yet"
    before = ini.read_text()
    assert wiring(ini, "--add", pendant=None) == 0
    assert ini.read_text() == before
