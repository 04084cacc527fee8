# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that have taken what a wiring would like to use: it finds other ways, and LinuxCNC jogs."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc
from tests.beds.require import skip_or_fail
from tests.linuxcnc import test_configs
from tests.linuxcnc.wiring_bed import PLACE, SAMPLES, prepare

HERE = Path(__file__).parent

INI = "sim/axis/axis_mm.ini"

PENDANT = HERE / "nine-axes.yaml"

LIMIT_S = 150.0

TRIP_LIMIT_S = 0.3
"""From a process that stands still to disabled motion: 0.13 s, and what a busy computer adds."""

OWN_LATCH = """\
loadrt estop_latch names=own-latch
addf own-latch servo-thread
unlinkp iocontrol.0.emc-enable-in
net estop-loop => own-latch.ok-in
net own-reset iocontrol.0.user-request-enable => own-latch.reset
net own-ok own-latch.ok-out => iocontrol.0.emc-enable-in
"""

MACHINES = {
    "gates": "loadrt and2\nloadrt not\n",
    "gates, latch and watchdog": "loadrt and2\nloadrt not\n"
    "loadrt estop_latch\nloadrt watchdog num_inputs=1\n",
    "gates and lut5": "loadrt and2\nloadrt not\nloadrt lut5\n",
    "an E-stop latch of its own": OWN_LATCH,
    "what enables motion, buttons, a hold": "net may-move => motion.enable\nsets may-move TRUE\n"
    "net stop halui.estop.activate\nnet again halui.estop.reset\n"
    "net hold motion.jog-stop\nnet door motion.jog-inhibit\n"
    "net is-on motion.motion-enabled\nnet manual halui.mode.is-manual\nnet mpg-wire motion.on-soft-limit\n"
    "setp axis.x.jog-vel-mode 1\nsetp joint.0.jog-vel-mode 1\nnet vel joint.1.jog-vel-mode\nsets vel TRUE\n",
}
"""What a machine has beside what LinuxCNC's simulation has."""

MOVED = {"x1": 0.001, "x10": 0.01, "x100": 0.1}


@pytest.mark.parametrize("machine", MACHINES)
def test_it_is_wired_jogged_and_tripped(machine: str) -> None:
    require_linuxcnc()
    if not (SAMPLES / INI).is_file():
        skip_or_fail("LinuxCNC's sample configurations are not installed (linuxcnc-doc-en)")
    programs: dict[str, Any] = yaml.safe_load((HERE / "wiring_sims.yaml").read_text())["programs"]

    def edit(config: Path) -> None:
        prepare(config, INI, config / "pendants" / f"virtual-{PENDANT.name}", programs, MACHINES[machine])

    notes = run_linuxcnc(
        f"{PLACE}/{INI}",
        HERE / "drive_wiring.py",
        virtual=PENDANT,
        edit=edit,
        arguments={"hang": True, "door": "door" if "net door" in MACHINES[machine] else ""},
        timeout_s=LIMIT_S,
    ).result
    assert notes["enabled before reset"] == [False, False]
    for letter, moved in notes["homed"].items():
        assert moved == {scale: {letter: pytest.approx(way, abs=2e-6)} for scale, way in MOVED.items()}
    if "door" in notes:
        x = notes["door"]["letter"]
        assert notes["door"]["opened"] == {}, "what was turned behind an open door is no move later"
        assert notes["door"]["then"] == {x: pytest.approx(MOVED["x10"], abs=2e-6)}
    assert notes["estop"]["reset while pressed"] == [False, "ESTOP"]
    assert notes["estop"]["released"] == [False, "ESTOP"]
    assert notes["estop"]["on again"] == "ON"
    assert notes["hang"]["trip_s"] < TRIP_LIMIT_S
    assert notes["hang"]["reset while it stands still"] is False
    assert notes["hang"]["on again"] == "ON"


JUDGES = [
    judge
    for name, judge in vars(test_configs).items()
    if name.startswith("test_") and list(inspect.signature(judge).parameters) == ["notes"]
]
"""What the samples, which are written by hand, are held to."""


@pytest.fixture(scope="module", name="notes")
def notes_fixture() -> dict[str, Any]:
    """Run the sample with four axes through a day, with what is written in its files' place."""
    require_linuxcnc()
    ini = "sim-4axis.ini"

    def edit(config: Path) -> None:
        command = [sys.executable, "-m", "hal_mpg", "wiring", "--ini", str(config / ini), "--add"]
        subprocess.run(command, check=True, cwd=ROOT, timeout=60, capture_output=True)
        text = (config / ini).read_text()
        assert "\nHALFILE = mpg" not in text
        assert "\nHALFILE = sim-4axis-mpg.hal\n" in text

    pendant = test_configs.PENDANTS / test_configs.CONFIGS[ini][1]
    run = run_linuxcnc(ini, HERE / "drive_config.py", virtual=pendant, edit=edit, timeout_s=LIMIT_S)
    return {"ini": ini, **run.result}


@pytest.mark.parametrize("judge", JUDGES, ids=lambda judge: judge.__name__)
def test_what_is_written_keeps_what_the_samples_keep(
    notes: dict[str, Any], judge: Callable[[dict[str, Any]], None]
) -> None:
    judge(notes)


def test_the_samples_judges_are_there() -> None:
    assert len(JUDGES) > 12
