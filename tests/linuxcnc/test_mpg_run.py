# SPDX-License-Identifier: GPL-2.0-or-later
"""The wheel runs the program (mpg-run.hal, sim-mpg-run.ini), in a whole LinuxCNC with a virtual pendant."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent
INI = "sim-mpg-run.ini"
PROFILE = ROOT / "config" / "pendants" / "virtual-4axis.yaml"

REPETITIONS = 20
STOP_LIMIT_S = 0.15
"""What the issue asks for, in every single one of the repetitions."""

NOTED = ("times", "tripped", "again")

TENTH_DETENT_MM = 0.02
"""A tenth of a detent. It is 0.002 mm nearly always, but LinuxCNC rounds off where a line meets a circle."""

FEED = 10.0
"""Of the program, in mm/s."""

Notes = dict[str, Any]


def run(driver: str, arguments: Any = None) -> Notes:
    """Run LinuxCNC, without the pendant's window."""
    require_linuxcnc()
    notes: Notes = run_linuxcnc(
        INI, HERE / driver, virtual=PROFILE, edit=without_window, arguments=arguments, timeout_s=400
    ).result
    return notes


def without_window(config: Path) -> None:
    """Take the window out of the configuration, for the driver is the pendant; put a clock into it."""
    ini = config / INI
    ini.write_text(ini.read_text(encoding="utf-8").replace("\nAPP =", "\n#APP ="), encoding="utf-8")
    with_clock(config, "mpg-run-feed")


def with_clock(config: Path, feed: str) -> None:
    """Have LinuxCNC start the clock, after all other files. `feed`: the signal of the adaptive feed."""
    text = (HERE / "stop-clock.hal").read_text(encoding="utf-8")
    (config / "stop-clock.hal").write_text(text.replace("mpg-run-feed", feed), encoding="utf-8")
    ini = config / INI
    text = ini.read_text(encoding="utf-8")
    ini.write_text(text.replace("\n[TRAJ]", "\nHALCMD = source ./stop-clock.hal\n\n[TRAJ]"), encoding="utf-8")


@pytest.fixture(scope="module")
def notes() -> Notes:
    """Return what drive_mpg_run.py noted."""
    noted = run("drive_mpg_run.py")
    for turn in (*noted["turns"], noted["storm"], noted["again"]):
        print(turn)
    return noted


def test_adaptive_feed_is_switched_on_for_every_program(notes: Notes) -> None:
    assert notes["adaptive feed at the start"] is True


def test_the_path_is_in_proportion_to_the_turns_slow_and_fast(notes: Notes) -> None:
    assert [turn["rate"] for turn in notes["turns"]] == [3, 5, 10, 20, 40]
    for turn in notes["turns"]:
        assert turn["dropped"] == 0
        assert turn["counted"] > 0
        assert turn["path"] == pytest.approx(turn["wanted"], abs=TENTH_DETENT_MM), turn


def test_slow_turning_is_a_steady_feed(notes: Notes) -> None:
    for turn in notes["turns"][1:]:  # 3 a second are slower than the longest spread: it stands in between
        lowest, mean, highest = turn["speed"]
        assert mean == pytest.approx(turn["rate"] * FEED * 0.02, rel=0.05), turn
        assert lowest > 0.6 * mean, turn
        assert highest < 1.4 * mean, turn


def test_nothing_moves_while_the_wheel_is_still(notes: Notes) -> None:
    assert notes["still before"] == notes["still"] == 0


def test_it_is_never_faster_than_programmed_and_what_is_too_fast_is_dropped(notes: Notes) -> None:
    storm = notes["storm"]
    assert storm["highest"] <= FEED * 1.0001
    assert storm["dropped"] > 50
    assert storm["counted"] + storm["dropped"] == 150
    assert storm["path"] == pytest.approx(storm["wanted"], abs=TENTH_DETENT_MM)
    assert storm["run on"] < 0.2 * FEED, "0.1 s that may be left, 0.05 s to speed up, one detent"


def test_it_runs_backward_only_where_that_is_wanted(notes: Notes) -> None:
    reverse = notes["reverse"]
    assert (reverse["without"], reverse["dropped"]) == (0, 10)
    for way in ("back", "forth"):
        assert reverse[way]["path"] == pytest.approx(reverse[way]["wanted"], abs=TENTH_DETENT_MM), reverse
    assert reverse["back"]["counted"] < 0


def test_a_rapid_is_run_by_the_wheel_as_well(notes: Notes) -> None:
    rapid = notes["rapid"]
    assert rapid["dropped"] == 0
    assert rapid["path"] == pytest.approx(rapid["wanted"], rel=0.03), "its acceleration is the machine's"


def test_let_go_it_stands_until_it_is_paused_and_resumed(notes: Notes) -> None:
    let_go = notes["let go"]
    assert (let_go["moved"], let_go["feed"], let_go["idle"], let_go["paused"]) == (0, 0, False, 0)
    assert let_go["ended at"] == pytest.approx([110, 40])


def test_a_program_without_adaptive_feed_stands_when_the_wheel_does(notes: Notes) -> None:
    assert notes["without M52"] == {"enabled": False, "moved": 0}


def test_it_needs_no_overrides(notes: Notes) -> None:
    off = notes["overrides off"]
    assert off["path"] == pytest.approx(off["wanted"], abs=TENTH_DETENT_MM)
    assert (off["still"], off["let go"]) == (0, 0)


def test_unselected_programs_run_as_ever(notes: Notes) -> None:
    assert notes["unselected"] == {"feed": 1.0, "ended at": [pytest.approx(10), pytest.approx(0)]}


def test_linuxcnc_has_nothing_to_complain_of(notes: Notes) -> None:
    assert notes["errors"] == []


def check_stops(kinds: list[str], starts: int = 1) -> Notes:
    """Have the program stopped in each of these ways, and check the times; return the notes.

    `starts`: how many times LinuxCNC is started for it.
    """
    runs = [run("drive_mpg_run_stops.py", [kinds, REPETITIONS // starts]) for _ in range(starts)]
    stops = {
        kind: {what: [note for each in runs for note in each[kind][what]] for what in NOTED} for kind in kinds
    }
    for kind, notes in stops.items():
        ms = [round(note["speed_s"] * 1000) for note in notes["times"]]
        print(kind, "ms:", ms, "again:", notes["again"], "tripped:", len(notes["tripped"]))
        assert len(notes["times"]) == REPETITIONS
        for note in notes["times"] + notes["tripped"]:
            assert note["feed_s"] < STOP_LIMIT_S, (kind, note)
            assert note["speed_s"] < STOP_LIMIT_S, (kind, note)
    return stops


def test_it_stands_in_time_when_the_button_is_let_go_or_the_selector_turned() -> None:
    stops = check_stops(["button", "selector"])
    for kind in ("button", "selector"):
        for note in stops[kind]["times"]:
            assert note["feed"] == 0, "the wheel was turned on, and the program is not at full feed either"
            assert note["idle"] is False
            assert note["speed_s"] > 0.02, "the acceleration is the machine's: the clock runs"


def test_it_stands_in_time_when_the_pendant_or_hal_mpg_is_lost() -> None:
    stops = check_stops(["unplug", "stop"])
    # What was killed leaves its pins behind, and HAL's memory is full of them in the end.
    stops |= check_stops(["kill"], starts=4)
    for kind in ("stop", "kill"):
        # Where hal_mpg was not run for a while before, it is sooner.
        typical = median(note["feed_s"] for note in stops[kind]["times"])
        assert typical > 0.1, "it is the watchdog that sees it"
    for kind in ("unplug", "stop", "kill"):
        assert all(note["idle"] for note in stops[kind]["times"]), "this pendant has an E-stop: that is one"


def wired(config: Path) -> None:
    """Have `hal_mpg wiring` write the HAL file, in the place of the samples."""
    ini = config / INI
    lines = ini.read_text(encoding="utf-8").splitlines()
    kept = (line for line in lines if "hal_mpg." not in line and not line.startswith("APP ="))
    ini.write_text("\n".join(kept), encoding="utf-8")
    profile = config / "pendants" / f"virtual-{PROFILE.name}"
    command = [sys.executable, "-m", "hal_mpg", "wiring", "--ini", str(ini), "--pendant", str(profile)]
    command += ["--add", "--buttons", "run=mpg-run"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    written = "".join(file.read_text(encoding="utf-8") for file in config.glob("*.hal"))
    (feed,) = re.findall(r"^net (\S+) \S+ => motion.adaptive-feed$", written, re.MULTILINE)
    with_clock(config, feed)


def test_what_wiring_writes_does_the_same() -> None:
    require_linuxcnc()
    stops = run_linuxcnc(
        INI, HERE / "drive_mpg_run_stops.py", virtual=PROFILE, edit=wired, arguments=[["button", "stop"], 2]
    ).result
    for kind in ("button", "stop"):
        assert all(note["speed_s"] < STOP_LIMIT_S for note in stops[kind]["times"]), stops
        assert all(note["speed_s"] > 0.02 for note in stops[kind]["times"]), stops
