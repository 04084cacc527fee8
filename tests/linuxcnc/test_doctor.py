# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg doctor` in a running LinuxCNC: nothing on the samples, and each wire that was taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc

HERE = Path(__file__).parent
PENDANTS = ROOT / "config" / "pendants"
CONFIGS = {
    "sim-3axis.ini": "generic-4axis.yaml",
    "sim-4axis.ini": "generic-4axis.yaml",
    "sim-5axis.ini": "generic-5axis.yaml",
    "sim-6axis.ini": "generic-6axis.yaml",
}


def unlinked(pin: str, signal: str) -> tuple[list[str], list[str]]:
    return [f"unlinkp {pin}"], [f"net {signal} {pin}"]


def set_to(pin: str, value: str, before: str) -> tuple[list[str], list[str]]:
    return [f"setp {pin} {value}"], [f"setp {pin} {before}"]


FAULTS: dict[str, tuple[tuple[list[str], list[str]], list[str]]] = {
    "an axis is not wired": (unlinked("axis.y.jog-counts", "mpg-y-counts"), ["axis-not-wired"]),
    "a joint is not netted": (unlinked("joint.1.jog-enable", "mpg-y-enable"), ["joint-not-netted"]),
    "crosswise": (
        (
            ["unlinkp axis.x.jog-counts", "net mpg-y-counts axis.x.jog-counts"],
            ["unlinkp axis.x.jog-counts", "net mpg-x-counts axis.x.jog-counts"],
        ),
        ["crosswise"],
    ),
    "no limit": (set_to("hal_mpg.axis.x.max-velocity", "0", "50"), ["limits"]),
    "velocity mode": (set_to("axis.x.jog-vel-mode", "TRUE", "FALSE"), ["velocity-mode"]),
    "not in manual": (unlinked("hal_mpg.mode-is-manual", "mpg-mode-is-manual"), ["gate-manual"]),
    "in AUTO": (
        (
            ["unlinkp hal_mpg.mode-is-manual", "net mpg-auto halui.mode.is-auto hal_mpg.mode-is-manual"],
            ["unlinkp hal_mpg.mode-is-manual", "net mpg-mode-is-manual hal_mpg.mode-is-manual"],
        ),
        ["gate-manual"],
    ),
    "machine is on": (unlinked("hal_mpg.machine-is-on", "mpg-machine-is-on"), ["gate-machine-on"]),
    "jog-inhibit": (set_to("motion.jog-inhibit", "TRUE", "FALSE"), ["jog-inhibit"]),
    "jog-stop": (unlinked("motion.jog-stop", "mpg-jog-stop"), ["jog-stop"]),
    "heartbeat-echo": (unlinked("hal_mpg.heartbeat-echo", "mpg-heartbeat-echo"), ["heartbeat-echo"]),
    "E-stop": (unlinked("mpg-pendant-ok.in1", "mpg-estop-ok"), ["estop-not-wired"]),
    "motion.enable": (unlinked("motion.enable", "mpg-machine-enable"), ["estop-half"]),
    "loop-back": (
        (
            ["unlinkp iocontrol.0.emc-enable-in", "net mpg-user-enable iocontrol.0.emc-enable-in"],
            ["unlinkp iocontrol.0.emc-enable-in", "net mpg-machine-enable iocontrol.0.emc-enable-in"],
        ),
        ["estop-loop"],
    ),
    "reset of the latch": (unlinked("mpg-latch.reset", "mpg-estop-reset"), ["latch-reset"]),
    "reset by the heartbeat": (
        (
            ["unlinkp mpg-latch.reset", "net mpg-heartbeat mpg-latch.reset"],
            ["unlinkp mpg-latch.reset", "net mpg-estop-reset mpg-latch.reset"],
        ),
        ["estop-by-itself"],
    ),
    "a contact on one side only": (
        (["net circuit mpg-latch.fault-in"], ["unlinkp mpg-latch.fault-in"]),
        ["estop-undriven"],
    ),
    "watchdog's time": (set_to("watchdog.timeout-0", "5", "0.13"), ["watchdog-timeout"]),
    "watchdog in no chain": (unlinked("mpg-pendant-ok.in0", "mpg-watchdog-ok"), ["watchdog-not-in-chain"]),
    "no watchdog": (unlinked("watchdog.input-0", "mpg-heartbeat"), ["watchdog-missing"]),
}


@pytest.fixture(scope="module", params=CONFIGS)
def notes(request: pytest.FixtureRequest) -> dict[str, Any]:
    require_linuxcnc()
    ini: str = request.param
    faults = [{"fault": fault, "plant": plant, "undo": undo} for fault, ((plant, undo), _) in FAULTS.items()]
    run = run_linuxcnc(
        ini,
        HERE / "drive_doctor.py",
        virtual=PENDANTS / CONFIGS[ini],
        arguments=faults if ini == "sim-4axis.ini" else [],
        timeout_s=300,
    )
    print(run.output)  # pytest shows it if a test fails
    return {"ini": ini, **run.result}


def test_nothing_is_wrong_with_the_samples(notes: dict[str, Any]) -> None:
    for when in ("good", "good again"):
        assert notes[when]["ids"] == []
        assert notes[when]["err"] == ""
        assert notes[when]["document"]["live"] is True
        assert notes[when]["document"]["ini"].endswith(notes["ini"])
    severities = {finding["severity"] for finding in notes["good"]["document"]["findings"]}
    assert "ok" in severities


def test_it_speaks_to_people_too(notes: dict[str, Any]) -> None:
    out = notes["text"]["out"]
    assert ", in the LinuxCNC that is running" in " ".join(out.split())
    assert "why-not is " in out
    assert "\x1b" not in out
    wide = [line for line in out.splitlines() if len(line) > 110]
    assert all("/" in line for line in wide), "only a long path may be wider"


@pytest.mark.parametrize(("how", "found"), [("ended", "component-ended"), ("killed", "component-dead")])
def test_a_component_that_has_gone_is_found_and_what_recover_has_started_is_looked_at(
    notes: dict[str, Any], how: str, found: str
) -> None:
    assert notes[how]["ids"] == [found]
    assert notes[f"recovered after {how}"]["recover"]["status"] == 0
    assert notes[f"recovered after {how}"]["ids"] == []


def test_each_wire_that_is_taken_away_is_found(notes: dict[str, Any]) -> None:
    if notes["ini"] != "sim-4axis.ini":
        return  # one machine is enough for that
    found = {fault: note["ids"] for fault, note in notes["faults"].items()}
    assert found == {fault: ids for fault, (_, ids) in FAULTS.items()}
    assert all(note["status"] == 1 for note in notes["faults"].values())
