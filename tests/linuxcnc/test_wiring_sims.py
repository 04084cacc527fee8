# SPDX-License-Identifier: GPL-2.0-or-later
"""Every simulation that LinuxCNC ships and where a wheel makes sense is wired; one of each kind is played.

Simulations with the same kinematics, units, kinds of axes and commands (but the axes' own) are one kind, of
which the first is started, homed, jogged and tripped; HAL_MPG_SIMS=all plays each of them. What is left out,
and why, is in wiring_sims.yaml; what is refused there has to be refused for that reason.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.hal import read_hal_files
from hal_mpg.linuxcnc_files.ini import IniFile, read_ini
from hal_mpg.machine import Machine
from hal_mpg.profile_yaml import load_profile
from hal_mpg.wiring.findings import ERROR, of_severity
from hal_mpg.wiring.hal_text import hal_text
from hal_mpg.wiring.machine_ini import MachineAxis, read_machine
from hal_mpg.wiring.plan import Plan, make_plan
from tests.beds.linuxcnc import LinuxcncRunError, require_linuxcnc, run_linuxcnc
from tests.beds.require import skip_or_fail
from tests.linuxcnc.wiring_bed import PLACE, SAMPLES, prepare

HERE = Path(__file__).parent

PENDANT = HERE / "nine-axes.yaml"

ALL = "all"

AT_A_TIME = 3
"""Most of the time, each of them waits for its axes."""

LIMIT_S = 150.0

TRIP_LIMIT_S = 0.05
"""From the button to disabled motion, at best; on a busy machine it may take longer."""

TOLERANCE = 2e-6
"""In machine units: some kinematics compute positions back from joints; and LinuxCNC's planner is content
with what is nearer than a billionth of the acceleration (simple_tp.c)."""

Notes = dict[str, Any]


@dataclass
class Case:
    """Simulations that get the same wiring, with the first one's plan and what came of its run."""

    inis: list[str]
    plan: Plan
    notes: Notes | None = None
    failure: str = ""


def data() -> Notes:
    """Return wiring_sims.yaml."""
    found: Notes = yaml.safe_load((HERE / "wiring_sims.yaml").read_text())
    return found


def simulations() -> list[str]:
    """Return all INI files of LinuxCNC's simulations."""
    return sorted(str(path.relative_to(SAMPLES)) for path in (SAMPLES / "sim").rglob("*.ini"))


def plan_of(ini: IniFile) -> Plan:
    """Return the plan for one. Raises UsageError where there is none."""
    profile = load_profile(PENDANT.read_text(), PENDANT.name)
    files = read_hal_files(ini)
    machine = read_machine(ini, None, files.commands)
    steps = Machine(machine.units, frozenset(machine.letters)).steps_of(profile)
    return make_plan(machine, files, profile, steps, "nine-axes")


def wire(name: str) -> tuple[Plan | None, str, str]:
    """Return the plan for a simulation, what kind of case it is, and why it is none."""
    try:
        plan = plan_of(read_ini(SAMPLES / name))
        text = hal_text(plan)
    except UsageError as error:
        return None, "", str(error)
    errors = of_severity(plan.findings, ERROR)
    if errors:
        return plan, "", errors[0].id
    return plan, kind_of(plan, text), ""


def kind_of(plan: Plan, text: str) -> str:
    """Return what makes a simulation another case: all that is written, but for each axis only its kind."""
    ini, lines = plan.machine.ini, text.splitlines()
    kinds = {(axis.is_angular, axis.is_locking, len(axis.joints)) for axis, _ in plan.axes}
    shared = [
        line for line in lines if line and line[0] != "#" and "axis." not in line and "--axes" not in line
    ]
    how = (plan.machine.kinematics, plan.machine.units, ini.text("HAL", "TWOPASS").lower(), sorted(kinds))
    return "\n".join([str(how), *shared])


@pytest.fixture(scope="module", name="wired")
def wired_fixture() -> dict[str, tuple[Plan | None, str, str]]:
    """Return what comes of each simulation's wiring."""
    if not (SAMPLES / "sim").is_dir():
        skip_or_fail("LinuxCNC's sample configurations are not installed (linuxcnc-doc-en)")
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        names = simulations()
        return dict(zip(names, pool.map(wire, names), strict=True))


@pytest.fixture(scope="module", name="cases")
def cases_fixture(wired: dict[str, tuple[Plan | None, str, str]]) -> list[Case]:
    """Run one simulation of each kind, some at a time."""
    require_linuxcnc()
    left_out = data()["left out"]
    only = os.environ.get("HAL_MPG_SIMS", "")
    cases: dict[str, Case] = {}
    for name, (plan, text, why) in wired.items():
        if plan is None or why or name in left_out:
            continue
        case = cases.setdefault(name if only == ALL else text, Case([], plan))
        case.inis.append(name)
    is_chosen = only in ("", ALL)
    chosen = [case for case in cases.values() if is_chosen or any(only in name for name in case.inis)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(play, chosen))
    return chosen


def play(case: Case) -> None:
    """Run a case's first simulation."""
    name = case.inis[0]
    programs = data()["programs"]

    def edit(config: Path) -> None:
        prepare(config, name, config / "pendants" / f"virtual-{PENDANT.name}", programs)

    try:
        run = run_linuxcnc(
            f"{PLACE}/{name}",
            HERE / "drive_wiring.py",
            virtual=PENDANT,
            edit=edit,
            arguments={"hang": False, "idle": idle(case.plan, name)},
            timeout_s=LIMIT_S,
        )
        assert "other instance" not in run.output, "it has seen the lock file of another LinuxCNC"
        case.notes = run.result
    except (LinuxcncRunError, AssertionError, ValueError, KeyError) as error:
        case.failure = f"{name}: {error}"


def idle(plan: Plan, name: str) -> dict[str, str]:
    """Return the axes that a wheel is not to move, before homing and after it."""
    axes = [axis for axis, _ in plan.axes]
    fixed = name in data()["no joint jog"]
    return {
        "unhomed": "".join(axis.letter for axis in axes if fixed or not movable(plan, axis)),
        "homed": "".join(axis.letter for axis in axes if axis.is_locking),
    }


def test_what_is_left_out_is_there_and_refused_for_the_reason_given(
    wired: dict[str, tuple[Plan | None, str, str]],
) -> None:
    for name, reason in data()["refused"].items():
        if name in wired:  # another version of LinuxCNC may not have it
            assert reason in wired[name][2], name
    told = {*data()["refused"], *data()["left out"]}
    assert [name for name, (_, _, why) in wired.items() if why and name not in told] == []


def test_each_simulation_starts_and_is_homed(cases: list[Case]) -> None:
    failures = [case.failure for case in cases if case.failure]
    assert not failures, "\n\n".join(failures)


def played(cases: list[Case]) -> list[tuple[str, Plan, Notes]]:
    """Return the cases that ran."""
    return [(case.inis[0], case.plan, case.notes) for case in cases if case.notes is not None]


def tolerance(axis: MachineAxis) -> float:
    """Return how far from its target an axis may rest."""
    return max(TOLERANCE, min(axis.acceleration.value, 1e6) * 4e-9)


def test_after_homing_each_detent_is_as_long_as_its_scale_says(cases: list[Case]) -> None:
    for name, plan, notes in played(cases):
        for axis, steps in plan.axes:
            moved = notes["homed"][axis.letter]
            for scale, distance in zip(plan.profile.scales, steps.distances, strict=True):
                near = pytest.approx(distance, abs=tolerance(axis))
                expected = {} if axis.is_locking else {axis.letter: near}
                assert moved[scale] == expected, f"{name}: {axis.letter} at {scale}"


def test_before_homing_the_wheel_moves_all_joints_of_its_axis_and_no_other(cases: list[Case]) -> None:
    for name, plan, notes in played(cases):
        for axis, steps in plan.axes:
            near = pytest.approx(steps.distances[1], abs=tolerance(axis))
            joints = [] if name in data()["no joint jog"] else movable(plan, axis)
            expected = {str(joint): near for joint in joints}
            assert notes["unhomed"][axis.letter] == expected, f"{name}: {axis.letter}"


def movable(plan: Plan, axis: MachineAxis) -> list[int]:
    """Return the joints that LinuxCNC lets move before homing: not those that home together."""
    ini = plan.machine.ini
    together = [n for n in axis.joints if (ini.number(f"JOINT_{n}", "HOME_SEQUENCE") or 0) < 0]
    locked = ini.number(f"AXIS_{axis.letter.upper()}", "LOCKING_INDEXER_JOINT")
    return [n for n in axis.joints if n not in together and n != locked]


def test_the_pendants_estop_trips_until_it_is_reset(cases: list[Case]) -> None:
    for name, _, notes in played(cases):
        assert notes["enabled before reset"] == [False, False], name
        assert notes["estop"]["reset while pressed"] == [False, "ESTOP"], name
        assert notes["estop"]["released"] == [False, "ESTOP"], name
        assert notes["estop"]["on again"] == "ON", name


def test_the_trip_is_quick(cases: list[Case]) -> None:
    trips = [notes["estop"]["trip_s"] for _, _, notes in played(cases)]
    assert min(trips) < TRIP_LIMIT_S
    assert sorted(trips)[len(trips) // 2] < TRIP_LIMIT_S


def test_hal_mpg_knows_each_axis_limits(cases: list[Case]) -> None:
    for name, plan, notes in played(cases):
        for axis, _ in plan.axes:
            limits = [axis.velocity.value, axis.acceleration.value]
            assert notes["limits"][axis.letter] == pytest.approx(limits), f"{name}: {axis.letter}"
