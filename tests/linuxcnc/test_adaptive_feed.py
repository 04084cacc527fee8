# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg adaptive-feed` where LinuxCNC is not there, or comes later; with LinuxCNC's own Python module."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.beds.linuxcnc import ROOT, SYSTEM_PYTHON, require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent
INI = "sim-mpg-run.ini"
PROFILE = ROOT / "config" / "pendants" / "virtual-4axis.yaml"

IMPATIENT = """\
from hal_mpg.cli import main
from hal_mpg.commands import adaptive_feed
adaptive_feed.START_S = 1.0
raise SystemExit(main(["adaptive-feed"]))
"""
"""The command, but it waits for a second only."""


def only_from_before(config: Path) -> None:
    """Take the window out, and the line that switches it on."""
    ini, run = config / INI, config / "mpg-run.hal"
    ini.write_text(ini.read_text(encoding="utf-8").replace("\nAPP =", "\n#APP ="), encoding="utf-8")
    text = run.read_text(encoding="utf-8")
    assert "\nloadusr hal_mpg adaptive-feed\n" in text
    run.write_text(text.replace("\nloadusr hal_mpg adaptive-feed\n", "\n"), encoding="utf-8")


@pytest.fixture(scope="module")
def output() -> str:
    """Return what is said by two that are there before LinuxCNC: one waits for a second, one for LinuxCNC."""
    require_linuxcnc()
    done = run_linuxcnc(
        INI,
        HERE / "drive_adaptive_feed.py",
        virtual=PROFILE,
        edit=only_from_before,
        before=f"{SYSTEM_PYTHON} -c '{IMPATIENT}'; echo status $?; "
        f"{SYSTEM_PYTHON} -m hal_mpg adaptive-feed & sleep 1",
    )
    assert done.result is True
    return done.output


def test_without_linuxcnc_it_waits_and_says_so_in_one_line(output: str) -> None:
    line, status = output.splitlines()[:2]
    assert line.startswith("hal_mpg: adaptive-feed: LinuxCNC has not switched it on within 1 s; give the MDI")
    assert status == "status 5"


def test_it_waits_for_a_linuxcnc_that_comes_later(output: str) -> None:
    assert "hal_mpg: adaptive feed is on (M52 P1): the wheel can run programs" in output.splitlines()
