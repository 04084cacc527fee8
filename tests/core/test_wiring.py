# SPDX-License-Identifier: GPL-2.0-or-later
"""The HAL file that `hal_mpg wiring` writes: it loads, on whatever the machine has, and its chain is a "
"chain."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.hal import component_lines, hal_lines, read_hal_files
from hal_mpg.linuxcnc_files.ini import read_ini
from hal_mpg.wiring.display_text import source_of
from hal_mpg.wiring.findings import ERROR, WARNING, of_severity
from hal_mpg.wiring.hal_text import hal_text
from tests.core.halcmd import Halcmd, HalcmdError
from tests.core.wiring_machines import DISPLAY, LOOP, ini_text, machine_of, plan_of, wired, write_machine

JOINTS = [
    ("XYZ", "trivkins", 3, {"x": (0,), "y": (1,), "z": (2,)}),
    ("X Z", "trivkins", 3, {"x": (0,), "z": (2,)}),
    ("XZ", "trivkins coordinates=xz kinstype=BOTH", 2, {"x": (0,), "z": (1,)}),
    ("XYYZ", "trivkins coordinates=XYYZ kinstype=BOTH", 4, {"x": (0,), "y": (1, 2), "z": (3,)}),
    ("X Y Z X", "trivkins coordinates=xyzx", 4, {"x": (0, 3), "y": (1,), "z": (2,)}),
    ("XYUV", "trivkins coordinates=xyuv", 4, {"x": (0,), "y": (1,), "u": (2,), "v": (3,)}),
    ("XYZA", "trivkins", 4, {"x": (0,), "y": (1,), "z": (2,), "a": (3,)}),
    ("XYZ", "corexykins", 3, {"x": (), "y": (), "z": ()}),
    ("XYZ", "", 3, {"x": (), "y": (), "z": ()}),
    ("XYZ", "trivkins coordinates=xz", 2, {"x": (0,), "y": (), "z": (1,)}),
    ("XYZC", "trivkins", 4, {"x": (0,), "y": (1,), "z": (2,), "c": ()}),
]


@pytest.mark.parametrize(("coordinates", "kinematics", "count", "joints"), JOINTS)
def test_the_joints_of_each_axis(
    tmp_path: Path, coordinates: str, kinematics: str, count: int, joints: dict[str, tuple[int, ...]]
) -> None:
    machine = machine_of(tmp_path, ini_text(coordinates, kinematics, joints=count))
    assert {axis.letter: axis.joints for axis in machine.axes} == joints
    nets = [
        line.split()
        for line in hal_text(plan_of(tmp_path / "machine.ini")).splitlines()
        if "jog-counts" in line
    ]
    assert {words[1]: words[4:] for words in nets} == {
        f"mpg-{letter}-counts": [f"axis.{letter}.jog-counts", *(f"joint.{n}.jog-counts" for n in numbers)]
        for letter, numbers in joints.items()
    }


LOADED = [
    ("trivkins", "loadrt trivkins coordinates=XYYZ kinstype=BOTH\n", (1, 2), True),
    ("", "loadrt trivkins\n", (1,), False),
    ("trivkins coordinates=XYYZ", "loadrt [KINS]KINEMATICS\n", (1, 2), False),
    ("trivkins coordinates=XYYZ", "loadrt pid\n", (1, 2), False),
    ("trivkins", "loadrt corexykins\n", (), True),
    ("my_kinematics", "loadrt my_kinematics a=1\n", (), True),
    ("trivkins", "loadrt millturn\nloadrt motmod\n", (), False),
    ("trivkins", "loadrt trivkins\nloadrt motmod\n", (1,), False),
    ("trivkins coordinates=XYYZ", "loadusr -w halcmd -f more.hal\n", (), False),
    ("trivkins coordinates=XYYZ", "loadrt [KINS]KINEMATICS\nloadusr halcmd -f m.hal\n", (1, 2), False),
]


@pytest.mark.parametrize(("named", "hal", "joints", "differs"), LOADED)
def test_the_kinematics_that_are_loaded_count(
    tmp_path: Path, named: str, hal: str, joints: tuple[int, ...], differs: bool
) -> None:
    path = write_machine(tmp_path, ini_text("XYYZ", named, joints=4), machine_hal=LOOP + hal)
    plan = plan_of(path)
    assert plan.machine.axes[1].joints == joints
    assert ("kinematics-differ" in {finding.id for finding in plan.findings}) is differs


LIMITS = [
    ("MAX_VELOCITY = 50\n", "MAX_VELOCITY = 40\n", 40, "[JOINT_0]MAX_VELOCITY"),
    ("MAX_VELOCITY = 40\n", "MAX_VELOCITY = 50\n", 40, "[AXIS_X]MAX_VELOCITY"),
    ("MAX_VELOCITY = 40 # slow\n", "MAX_VELOCITY = 50\n", 40, "40"),
    ("MAX_VELOCITY = 40\nOFFSET_AV_RATIO = 0.2\n", "MAX_VELOCITY = 50\n", 32, "32"),
    ("MAX_VELOCITY = 40\nOFFSET_AV_RATIO = 2\n", "MAX_VELOCITY = 50\n", 36, "36"),
    ("", "MAX_VELOCITY = 50\n", 1, "1"),
    ("MAX_VELOCITY = 5e1\n", "", 1, "1"),
]


@pytest.mark.parametrize(("axis", "joint", "value", "source"), LIMITS)
def test_the_limits_are_the_smallest(
    tmp_path: Path, axis: str, joint: str, value: float, source: str
) -> None:
    ini = ini_text("X", "trivkins coordinates=X", axis=axis, joint=joint)
    limit = machine_of(tmp_path, ini).axes[0].velocity
    assert limit.value == pytest.approx(value)
    assert limit.source == source
    text, _ = wired(tmp_path / "machine.ini")
    assert f"setp hal_mpg.axis.x.max-velocity {source}" in text


EXTERNAL = "loadrt input names=card\nnet estop-ext card.ok => iocontrol.0.emc-enable-in\n"
OWN_LATCH = """\
loadrt estop_latch names=own
addf own servo-thread
net user iocontrol.0.user-enable-out => own.ok-in
net own-reset iocontrol.0.user-request-enable => own.reset
net own-ok own.ok-out => iocontrol.0.emc-enable-in
"""

MACHINES = {
    "loop": LOOP,
    "loop with more in it": "net all iocontrol.0.user-enable-out iocontrol.0.emc-enable-in "
    "parport.0.pin-01-out\n",
    "no loop": "",
    "old words": "linkpp iocontrol.0.user-enable-out iocontrol.0.emc-enable-in\n",
    "old words, the other way": "linkpp iocontrol.0.emc-enable-in iocontrol.0.user-enable-out\n",
    "old words for all": "linkpp card.ok iocontrol.0.emc-enable-in\nlinkpp card.allowed motion.enable\n"
    "linkpp card.stop halui.estop.activate\nlinkpp motion.jog-stop card.hold\n"
    "linkpp card.door motion.jog-inhibit\nlinkpp iocontrol.0.user-enable-out card.lamp\n"
    "linkpp iocontrol.0.user-request-enable card.rq\nlinkpp motion.motion-enabled card.on\n"
    "linkpp halui.mode.is-manual card.man\nlinkpp motion.on-soft-limit card.lim\n"
    "linkpp card.v joint.0.jog-vel-mode\n",
    "external": EXTERNAL,
    "external, latch": EXTERNAL + "loadrt estop_latch\nloadrt and2\n",
    "own latch": OWN_LATCH,
    "own latch, a drive": OWN_LATCH + "net own-ok => parport.0.pin-01-out\n",
    "a charge pump": LOOP.replace("estop-loop", "estop-out") + "net estop-out charge-pump.enable\n",
    "motion.enable": LOOP + "net allowed card.allowed => motion.enable\n",
    "external, motion.enable": EXTERNAL + "net allowed card.allowed => motion.enable\n",
    "modules": LOOP + "loadrt and2 count=3\nloadrt or2\nloadrt not names=a\nloadrt watchdog num_inputs=2\n",
    "more modules": LOOP + "loadrt and2\nloadrt or2\nloadrt not\nloadrt lut5\nloadrt oneshot\n",
    "own latch, modules": OWN_LATCH + "loadrt and2\nloadrt or2\nloadrt flipflop\nloadrt watchdog\nloadrt "
    "not\n",
    "buttons": LOOP + "net a card.stop halui.estop.activate\nnet b card.reset => halui.estop.reset\n",
    "jog-stop": LOOP + "net c card.hold => motion.jog-inhibit motion.jog-stop\n",
    "signals": LOOP + "net on motion.motion-enabled => card.on\nnet man <= halui.mode.is-manual\n"
    "net lim motion.on-soft-limit => card.lim\nnet rq iocontrol.0.user-request-enable => card.rq\n",
    "names": LOOP + "net mpg-old card.a => card.b\nloadrt mux2 names=hal-mpg-mux\n",
    "modes": LOOP + "setp axis.x.jog-vel-mode 1\nnet v card.v => joint.0.jog-vel-mode\nsetp "
    "joint.1.jog-accel-fraction 0.1\n",
    "select": LOOP + "net s card.s => halui.axis.x.select\n",
}


@pytest.fixture(params=MACHINES, name="machine")
def machine_fixture(request: pytest.FixtureRequest) -> str:
    """Return the name of a machine."""
    name: str = request.param
    return name


def loaded(folder: Path, hal: str, ini: str | None = None) -> Halcmd:
    """Return HAL with a machine's file and its wiring."""
    path = write_machine(folder, ini or ini_text(), machine_hal=hal)
    text, findings = wired(path)
    assert not of_severity(findings, ERROR)
    return Halcmd().run(hal).run(text)


STALE = [
    (LOOP, "net estop-ext card.ok => iocontrol.0.emc-enable-in\n"),
    (LOOP, "net estop-loop card.ok => iocontrol.0.emc-enable-in\n"),
    (EXTERNAL, EXTERNAL.replace("estop-ext", "estop-door")),
    (EXTERNAL, LOOP),
    ("linkpp iocontrol.0.user-enable-out iocontrol.0.emc-enable-in\n", EXTERNAL),
    ("linkpp card.ok iocontrol.0.emc-enable-in\n", EXTERNAL),
    ("", LOOP),
    (LOOP, LOOP + "net allowed card.allowed => motion.enable\n"),
    ("net allowed card.allowed => motion.enable\n", "net door card.door => motion.enable\n"),
    ("net stop card.stop => motion.jog-stop\n", "net door card.door => motion.jog-stop\n"),
    ("net stop card.stop => halui.estop.activate\n", "net door card.door => halui.estop.activate\n"),
    ("net vel card.vel => joint.0.jog-vel-mode\n", "net other card.other => joint.0.jog-vel-mode\n"),
]


@pytest.mark.parametrize(("seen", "now"), STALE)
def test_a_machine_that_has_changed_since_does_not_start(tmp_path: Path, seen: str, now: str) -> None:
    """Nothing of the machine's own is taken apart that the file does not know of."""
    text, findings = wired(write_machine(tmp_path, ini_text(), machine_hal=seen))
    assert not of_severity(findings, ERROR)
    Halcmd().run(seen).run(text)
    with pytest.raises(HalcmdError):
        Halcmd().run(now).run(text)


def beat(hal: Halcmd, periods: int = 20) -> None:
    """Let the heartbeat and the servo thread go on."""
    for _ in range(periods // 10):
        hal.put("hal_mpg.heartbeat", not hal.get("hal_mpg.heartbeat"))
        hal.period(10)


def reset(hal: Halcmd) -> None:
    """Ask for a reset, as iocontrol does."""
    hal.put("iocontrol.0.user-enable-out", True)
    hal.put("iocontrol.0.user-request-enable", True)
    beat(hal)
    hal.put("iocontrol.0.user-request-enable", False)
    beat(hal)


def good(hal: Halcmd) -> Halcmd:
    """Bring all that the chain looks at into its good state, and reset."""
    for pin in ("hal_mpg.estop-ok", "card.ok", "card.allowed"):
        hal.put(pin, True)
    beat(hal)
    reset(hal)
    return hal


def enabled(hal: Halcmd) -> tuple[bool, bool]:
    """Return motion.enable and emc-enable-in."""
    return hal.get("motion.enable"), hal.get("iocontrol.0.emc-enable-in")


def test_the_chain_starts_tripped_and_can_be_reset(tmp_path: Path, machine: str) -> None:
    hal = loaded(tmp_path, MACHINES[machine])
    beat(hal)
    assert enabled(hal) == (False, False)
    assert enabled(good(hal)) == (True, True)


def test_the_pendants_estop_trips_at_once_and_until_a_reset(tmp_path: Path, machine: str) -> None:
    hal = good(loaded(tmp_path, MACHINES[machine]))
    hal.put("hal_mpg.estop-ok", False)
    hal.period()
    assert enabled(hal) == (False, False)
    reset(hal)
    assert enabled(hal) == (False, False), "a reset while it is pressed"
    hal.put("hal_mpg.estop-ok", True)
    beat(hal)
    assert enabled(hal) == (False, False), "nobody has reset it"
    reset(hal)
    assert enabled(hal) == (True, True)


def test_a_second_trip_within_a_reset_is_a_trip(tmp_path: Path, machine: str) -> None:
    hal = good(loaded(tmp_path, MACHINES[machine]))
    hal.put("iocontrol.0.user-request-enable", True)
    beat(hal)
    hal.put("hal_mpg.estop-ok", False)
    beat(hal)
    hal.put("hal_mpg.estop-ok", True)
    beat(hal)
    assert enabled(hal) == (False, False)


def test_a_heartbeat_that_stands_still_trips_in_time(tmp_path: Path, machine: str) -> None:
    hal = good(loaded(tmp_path, MACHINES[machine]))
    for value in (False, True):
        hal.put("hal_mpg.heartbeat", value)
        hal.period(10)
    hal.period(115)
    assert enabled(hal) == (True, True)
    hal.period(20)
    assert enabled(hal) == (False, False)
    beat(hal, 40)
    assert enabled(hal) == (False, False), "nobody has reset it"
    reset(hal)
    assert enabled(hal) == (True, True), "it beats again"


def test_the_guis_estop_trips(tmp_path: Path, machine: str) -> None:
    hal = good(loaded(tmp_path, MACHINES[machine]))
    hal.put("iocontrol.0.user-enable-out", False)
    beat(hal)
    assert enabled(hal) == (False, False)


EXTERNALS = ["external", "external, motion.enable", "external, latch", "old words for all"]


@pytest.mark.parametrize("machine", EXTERNALS)
def test_an_estop_of_the_machines_own_is_kept_and_latched(tmp_path: Path, machine: str) -> None:
    hal = good(loaded(tmp_path, MACHINES[machine]))
    hal.put("card.ok", False)
    hal.period()
    assert enabled(hal) == (False, False)
    hal.put("card.ok", True)
    beat(hal)
    assert enabled(hal) == (False, False), "nobody has reset it"
    reset(hal)
    assert enabled(hal) == (True, True)
    hal.put("card.ok", False)
    reset(hal)
    assert enabled(hal) == (False, False), "a reset while it is open"
    hal.put("card.ok", True)
    beat(hal)
    assert enabled(hal) == (False, False), "that reset is over"


LEFT_BEHIND = [
    ("loop", []),
    ("loop with more in it", ["parport.0.pin-01-out"]),
    ("external", []),
    ("own latch", []),
    ("a charge pump", ["charge-pump.enable"]),
    ("own latch, a drive", ["parport.0.pin-01-out"]),
    ("old words for all", ["card.lamp"]),
]


@pytest.mark.parametrize(("machine", "pins"), LEFT_BEHIND)
def test_what_the_pendants_estop_does_not_switch_off_is_told(
    tmp_path: Path, machine: str, pins: list[str]
) -> None:
    text, findings = wired(write_machine(tmp_path, ini_text(), machine_hal=MACHINES[machine]))
    found = [finding.text for finding in of_severity(findings, WARNING) if finding.id == "not-tripped"]
    assert len(found) == len(pins)
    for pin, told in zip(pins, found, strict=True):
        assert f": {pin} follows " in told
        assert f"({pin} follows " in text
        line = f"{told.split(': ')[-1]}\n"
        unlinked = Halcmd().run(MACHINES[machine]).run(f"unlinkp {pin}").run(text).run(line)
        unlinked.put(pin, True)
        beat(unlinked)
        assert not unlinked.get(pin)
        assert good(unlinked).get(pin)


@pytest.mark.parametrize("machine", EXTERNALS)
def test_a_contact_that_closes_by_the_reset_may_take_a_moment(tmp_path: Path, machine: str) -> None:
    """A relay that user-enable-out switches: the request is there for one cycle of iocontrol."""
    hal = good(loaded(tmp_path, MACHINES[machine]))
    hal.put("card.ok", False)
    hal.put("iocontrol.0.user-enable-out", False)
    beat(hal)
    hal.put("iocontrol.0.user-enable-out", True)
    hal.put("iocontrol.0.user-request-enable", True)
    beat(hal, 30)
    assert enabled(hal) == (False, False)
    hal.put("card.ok", True)
    beat(hal)
    assert enabled(hal) == (True, True)


@pytest.mark.parametrize("machine", ["motion.enable", "external, motion.enable"])
def test_what_else_enables_motion_is_kept(tmp_path: Path, machine: str) -> None:
    hal = good(loaded(tmp_path, MACHINES[machine]))
    hal.put("card.allowed", False)
    beat(hal)
    assert enabled(hal) == (False, True)


def test_a_value_that_was_set_once_is_not_forgotten(tmp_path: Path) -> None:
    values = "net may-move => motion.enable\nsets may-move TRUE\nnet ok => iocontrol.0.emc-enable-in\n"
    values += "sets ok TRUE\nnet hold => motion.jog-stop motion.jog-inhibit\nsets hold TRUE\n"
    hal = good(loaded(tmp_path, values))
    assert enabled(hal) == (True, True)
    assert hal.get("motion.jog-stop")
    assert hal.get("hal_mpg.inhibit")


def test_the_machines_own_buttons_still_work(tmp_path: Path) -> None:
    hal = loaded(tmp_path, MACHINES["buttons"])
    for ours, theirs, pin in (
        ("hal_mpg.estop", "card.stop", "halui.estop.activate"),
        ("hal_mpg.reset", "card.reset", "halui.estop.reset"),
    ):
        for mine, own in ((True, False), (False, True), (False, False)):
            hal.put(ours, mine)
            hal.put(theirs, own)
            hal.period()
            assert hal.get(pin) is (mine or own)


def test_what_an_own_estop_button_keeps_from_the_second_way_is_told(tmp_path: Path) -> None:
    told = "only the first way trips"
    for machine, is_told in (("loop", False), ("buttons", True)):
        text, _ = wired(write_machine(tmp_path, ini_text(), machine_hal=MACHINES[machine]))
        assert (told in text.replace("\n# ", " ")) is is_told


def test_a_jog_inhibit_of_the_machines_own_inhibits_hal_mpg(tmp_path: Path) -> None:
    hal = loaded(tmp_path, MACHINES["jog-stop"])
    assert hal.linked["motion.jog-inhibit"] == "c", "for the GUI's jog buttons"
    for theirs, soft, ours in ((True, False, False), (False, True, False), (False, False, True)):
        hal.put("card.hold", theirs)
        hal.put("motion.on-soft-limit", soft)
        hal.put("hal_mpg.jog-stop", ours)
        hal.period()
        assert hal.get("hal_mpg.inhibit") is (theirs or soft)
        assert hal.get("motion.jog-inhibit") is theirs
        assert hal.get("motion.jog-stop") is (theirs or ours)


def test_all_that_the_samples_wire_is_wired(tmp_path: Path, machine: str) -> None:
    hal = loaded(tmp_path, MACHINES[machine])
    for source, sink in (
        ("hal_mpg.estop", "halui.estop.activate"),
        ("hal_mpg.reset", "halui.estop.reset"),
        ("hal_mpg.jog-stop", "motion.jog-stop"),
        ("motion.motion-enabled", "hal_mpg.machine-is-on"),
        ("halui.mode.is-manual", "hal_mpg.mode-is-manual"),
        ("motion.on-soft-limit", "hal_mpg.inhibit"),
    ):
        hal.put(source, True)
        hal.period()
        assert hal.get(sink), f"{source} => {sink}"
    hal.put("hal_mpg.heartbeat", True)
    hal.period()
    assert not hal.get("hal_mpg.heartbeat-echo")
    assert len(set(hal.functions)) == len(hal.functions)
    names = {name for name in hal.components if "mpg" in name and name != "hal-mpg-mux"}
    assert names <= set(hal.functions), "each part has its function"
    for pin in ("axis.x.jog-vel-mode", "joint.0.jog-vel-mode"):
        assert hal.parameters.get(pin, "0") in ("0", "FALSE")
    assert hal.parameters.get("joint.1.jog-accel-fraction", "1") == "1"


def test_what_is_set_as_it_should_be_is_left_alone(tmp_path: Path) -> None:
    lines = (
        "setp axis.x.jog-vel-mode FALSE\nsetp joint.0.jog-vel-mode 0\nsetp joint.0.jog-accel-fraction 1.0\n"
    )
    text, _ = wired(write_machine(tmp_path, ini_text(), machine_hal=LOOP + lines))
    assert "jog-vel-mode" not in text
    assert "jog-accel-fraction" not in text


def test_names_that_the_machine_has_are_left_alone(tmp_path: Path) -> None:
    hal = loaded(tmp_path, MACHINES["names"])
    assert "pendant-mpg-x-counts" in hal.signals
    assert "mpg-x-counts" not in hal.signals


REFUSED = [
    ("machine_hal", "net w card.n => joint.1.jog-counts\n", "joint.1.jog-counts in {}/machine.hal:1"),
    ("machine_hal", "net w card.n => axis.z.jog-enable\n", "axis.z.jog-enable in {}/machine.hal:1"),
    ("machine_hal", "loadusr -W hal_mpg\n", "{}/machine.hal:1: hal_mpg is loaded there"),
    ("machine_hal", "loadusr -Wn mpg2 hal_mpg --name mpg2\n", "if mpg2 is a second pendant, wire it by hand"),
    ("late_hal", LOOP, "{}/late.hal:1: nets iocontrol.0.emc-enable-in after all HALFILEs"),
    ("late_hal", "unlinkp motion.enable\n", "{}/late.hal:1: `unlinkp motion.enable` takes motion.enable"),
    ("late_hal", "unlinkp iocontrol.0.emc-enable-in\n", "takes iocontrol.0.emc-enable-in away"),
    ("late_hal", "unlinkp hal_mpg.estop-ok\n", "takes hal_mpg.estop-ok away"),
    ("late_hal", "unlinkp axis.x.jog-enable\n", "takes axis.x.jog-enable away"),
    ("late_hal", "delsig estop-loop\n", "takes iocontrol.0.user-enable-out away"),
    ("late_hal", "delsig mpg-machine-enable\n", "takes mpg-machine-enable away"),
    ("late_hal", "delsig all\n", "takes all away"),
    ("late_hal", "delf mpg-latch servo-thread\n", "takes mpg-latch away"),
    ("late_hal", "delf watchdog.process servo-thread\n", "takes watchdog.process away"),
    ("late_hal", "unloadrt estop_latch\n", "takes estop_latch away"),
    ("late_hal", "unloadusr hal_mpg\n", "takes hal_mpg away"),
    ("late_hal", "linkpp halui.mode.is-manual a.b", "{}/late.hal:1: `linkpp halui.mode.is-manual a.b` is"),
    ("late_hal", "net a b.c => motion.jog-stop", "{}/late.hal:1: nets motion.jog-stop after all HALFILEs"),
    ("late_hal", "net w card.n => joint.1.jog-counts\n", "joint.1.jog-counts in {}/late.hal:1"),
]


@pytest.mark.parametrize(("file", "line", "message"), REFUSED)
def test_what_cannot_be_wired_is_refused_with_its_place(
    tmp_path: Path, file: str, line: str, message: str
) -> None:
    ini = ini_text(hal="HALUI = halui\nHALFILE = machine.hal\nPOSTGUI_HALFILE = late.hal\n")
    path = write_machine(tmp_path, ini, **{"late_hal": "", file: line})
    errors = of_severity(wired(path)[1], ERROR)
    assert len(errors) == 1
    assert message.format(tmp_path) in errors[0].text


def test_what_the_gui_takes_apart_of_its_own_is_no_fault(tmp_path: Path) -> None:
    ini = ini_text(hal="HALUI = halui\nHALFILE = machine.hal\nPOSTGUI_HALFILE = late.hal\n")
    late = "unlinkp spindle.0.at-speed\ndelsig speed\ndelf scale servo-thread\nunloadrt and2\n"
    hal = LOOP + "unlinkp motion.enable\nloadrt and2\n"
    assert not of_severity(wired(write_machine(tmp_path, ini, machine_hal=hal, late_hal=late))[1], ERROR)


@pytest.mark.parametrize(
    "line", ["HALCMD = delf mpg-latch servo-thread", "POSTGUI_HALCMD = unlinkp motion.enable"]
)
def test_commands_in_the_ini_file_take_nothing_apart(tmp_path: Path, line: str) -> None:
    path = write_machine(tmp_path, ini_text(hal=f"HALUI = halui\nHALFILE = machine.hal\n{line}\n"))
    assert [finding.id for finding in of_severity(wired(path)[1], ERROR)] == ["undone-later"]


def test_no_module_left_is_told(tmp_path: Path) -> None:
    modules = "loadrt and2\nloadrt lut5\nloadrt logic\n"
    with pytest.raises(UsageError, match="and2, lut5, logic"):
        wired(write_machine(tmp_path, ini_text(), machine_hal=modules))


def test_what_the_gui_loads_later_counts_as_taken(tmp_path: Path) -> None:
    late = "loadrt and2 count=1\nnet man halui.mode.is-manual => panel.lamp\n"
    late += "net e panel.stop => halui.estop.activate\n"
    ini = ini_text(hal="HALUI = halui\nHALFILE = machine.hal\nPOSTGUI_HALFILE = late.hal\n")
    text, findings = wired(write_machine(tmp_path, ini, late_hal=late))
    Halcmd().run(LOOP).run(text).run(late)
    assert "request-left-out" in {finding.id for finding in of_severity(findings, WARNING)}


def test_a_door_that_the_gui_nets_later_inhibits_hal_mpg_as_well(tmp_path: Path) -> None:
    late = "net door card.door => motion.jog-inhibit\n"
    ini = ini_text(hal="HALUI = halui\nHALFILE = machine.hal\nPOSTGUI_HALFILE = late.hal\n")
    hal = Halcmd().run(LOOP).run(wired(write_machine(tmp_path, ini, late_hal=late))[0]).run(late)
    for value in (True, False):
        hal.put("card.door", value)
        hal.period()
        assert (hal.get("hal_mpg.inhibit"), hal.get("motion.jog-inhibit")) == (value, value)


@pytest.mark.skipif(not Path("/usr/share/linuxcnc").exists(), reason="LinuxCNC is not installed")
def test_a_file_of_tcl_that_cannot_be_known_makes_rare_modules_the_choice(tmp_path: Path) -> None:
    ini = ini_text(hal="HALUI = halui\nHALFILE = machine.tcl\n")
    text, findings = wired(write_machine(tmp_path, ini, machine_tcl="loadrt [hal list comp]\n"))
    assert "opaque-file" in {finding.id for finding in findings}
    assert "loadrt lut5" in text
    assert "loadrt and2" not in text


def test_units_and_overrides(tmp_path: Path) -> None:
    text, _ = wired(write_machine(tmp_path, ini_text(units="inch")))
    assert "setp halui.max-velocity.scale 0.02" in text
    assert "net mpg-feed-override hal_mpg.feed-override.counts => halui.feed-override.counts" in text
    assert "X: x1 0.0001, x100 0.01 inch" in text
    assert "# net mpg-button-home hal_mpg.button.home => halui.home-all" in text


def test_a_display_gets_what_it_shows_by_the_machines_own_signals(tmp_path: Path) -> None:
    own = LOOP + "net dro-x halui.axis.x.pos-feedback => vismach.x\n"
    text, _ = wired(write_machine(tmp_path, ini_text("XZ", "trivkins coordinates=XZ"), machine_hal=own))
    hal = Halcmd().run(own + text)
    for pin, source in (
        ("axis.x.position", "halui.axis.x.pos-feedback"),
        ("axis.z.position-relative", "halui.axis.z.pos-relative"),
        ("spindle-override.value", "halui.spindle.0.override.value"),
        ("spindle-speed", "spindle.0.speed-out-abs"),
        ("current-velocity", "motion.current-vel"),
        ("mode-is-mdi", "halui.mode.is-mdi"),
    ):
        assert hal.linked[f"hal_mpg.{pin}"] == hal.linked[source]
    assert hal.linked["hal_mpg.axis.x.position"] == "dro-x"
    assert not [pin for pin in hal.linked if pin.startswith("hal_mpg.axis.y")]
    assert "hal_mpg.show-relative" not in hal.linked


def test_a_pendant_without_a_display_has_none_of_it(tmp_path: Path) -> None:
    plan = plan_of(write_machine(tmp_path, ini_text()))
    plan.profile = plan.profile._replace(display=None)
    assert "isplay" not in hal_text(plan)


def test_the_samples_of_displays_say_what_the_wiring_says() -> None:
    """Each net of theirs is one that the wiring would make."""
    config = Path(__file__).parents[2] / "config"
    found = {}
    for file in (*config.glob("mpg-display*.hal"), *config.glob("mpg-xhc-*.hal")):
        for line in file.read_text().splitlines():
            words = line.removeprefix("#").split()
            if words[:1] == ["net"] and words[-1].startswith("hal_mpg."):
                found[words[-1].removeprefix("hal_mpg.")] = words[2]
    found = {pin: source for pin, source in found.items() if not pin.startswith("request.")}
    assert found.pop("show-relative") == "mpg-coordinates.out"
    assert found.pop("scale-previous") == "hal_mpg.button.macro-3"
    assert found == {pin: source_of(pin) for pin in found}
    assert {pin for pin, _ in DISPLAY.input_pins("xyzabc")} == found.keys() | {"show-relative"}


def test_sticks_are_cut_off_with_the_heartbeat(tmp_path: Path) -> None:
    own = LOOP + "loadrt mux2 count=1\n"  # so that another module has to do
    text, _ = wired(write_machine(tmp_path, ini_text("XYYZ", "trivkins coordinates=XYYZ"), machine_hal=own))
    assert "loadrt mux4 names=mpg-analog-x,mpg-analog-y,mpg-analog-z\n" in text
    hal = Halcmd().run(own + text)
    for letter, pins in (
        ("x", {"halui.axis.x.analog", "halui.joint.0.analog"}),
        ("y", {"halui.axis.y.analog"}),  # two joints: before homing, one alone would rack the gantry
        ("z", {"halui.axis.z.analog", "halui.joint.3.analog"}),
    ):
        part = f"mpg-analog-{letter}"
        assert set(hal.signals[hal.linked[f"{part}.out"]]) == {f"{part}.out", *pins}
        assert hal.linked[f"{part}.in1"] == hal.linked[f"hal_mpg.axis.{letter}.analog"]
        assert hal.linked[f"{part}.sel0"] == hal.linked["watchdog.ok-out"]
        assert f"{part}.in0" not in hal.parameters, "it is 0"
        assert part in hal.functions


@pytest.mark.parametrize(
    ("line", "speed"),
    [
        ("ANALOG_SPEED = 1200", "[HAL_MPG]ANALOG_SPEED"),
        ("ANALOG_SPEED = fast", "750"),
        ("ANALOG_SPEED = -3", "750"),
        ("", "750"),
    ],
)
def test_the_speed_of_a_stick(tmp_path: Path, line: str, speed: str) -> None:
    """50 mm/s is the slowest axis; a quarter of it are 750 mm a minute."""
    text, findings = wired(write_machine(tmp_path, f"{ini_text()}\n[HAL_MPG]\n{line}\n"))
    assert f"setp halui.axis.jog-speed {speed}\nsetp halui.joint.jog-speed {speed}\n" in text
    assert ("analog-speed" in {finding.id for finding in findings}) == (speed == "750" and line != "")


def test_what_the_machine_has_for_its_own_sticks_stays(tmp_path: Path) -> None:
    own = LOOP + "net joy card.x => halui.axis.x.analog\nsetp halui.axis.jog-speed 100\n"
    text, findings = wired(write_machine(tmp_path, ini_text(), machine_hal=own))
    assert {"analog-taken", "jog-speed-taken"} <= {finding.id for finding in findings}
    assert "mpg-analog-x" not in text
    assert "mpg-analog-y" in text
    assert "jog-speed 7" not in text
    Halcmd().run(own + text)


def test_a_pendant_without_sticks_has_none_of_it(tmp_path: Path) -> None:
    plan = plan_of(write_machine(tmp_path, ini_text()))
    plan.profile = plan.profile._replace(analog=())
    assert "analog" not in hal_text(plan)


def test_the_shipped_simulations_wirings_are_what_the_command_writes_in_effect(tmp_path: Path) -> None:
    """The samples that are written by hand, and what is written for the same machine, agree pin by pin."""
    root = Path(__file__).parents[2] / "config"
    ini = read_ini(root / "sim-4axis.ini")
    ours = [c for c in read_hal_files(ini).commands if c.path.name.startswith("mpg")]
    sticks = [(root / f"mpg-analog{axis}.hal").read_text() for axis in ("", "-x", "-y", "-z", "-a")]
    by_hand = Halcmd().run("\n".join([*(command.text for command in ours), *sticks]))
    ini_of_test = ini_text("XYZA", "trivkins coordinates=XYZA")
    written = Halcmd().run(wired(write_machine(tmp_path, ini_of_test, machine_hal=""))[0])
    for pin, signal in by_hand.linked.items():
        others = set(by_hand.signals[signal]) - {pin}
        there = set(written.signals.get(written.linked.get(pin, ""), ()))
        assert others <= there, pin
    assert set(by_hand.parameters) <= set(written.parameters)
    assert written.functions == by_hand.functions


def test_what_is_written_can_be_recovered(tmp_path: Path) -> None:
    """`hal_mpg recover` finds the component and each of its pins that is netted."""
    ini = ini_text(hal="HALUI = halui\nHALFILE = machine.hal\nHALFILE = written.hal\n")
    path = write_machine(tmp_path, ini, written_hal="")
    text, _ = wired(path)
    (tmp_path / "written.hal").write_text(text)
    load, wires = component_lines(hal_lines(path), "hal_mpg")
    assert load is not None
    assert load.startswith("loadusr -W hal_mpg --pendant test")
    pins = {word for line in text.splitlines() if line[:4] in ("net ", "setp") for word in line.split()}
    netted = {pin for pin in pins if pin.startswith("hal_mpg.")}
    assert len(netted) > 25
    assert netted == {word for line in wires for word in line.split() if word.startswith("hal_mpg.")}
    of_counts = [place for place, line in enumerate(wires) if ".jog-counts" in line]
    assert min(of_counts) > max(place for place, line in enumerate(wires) if ".jog-enable" in line)


def test_no_comment_swallows_a_line(tmp_path: Path) -> None:
    ini = ini_text().replace("MACHINE = test", "MACHINE = " + "mill\\ " * 40 + "x")
    text, _ = wired(write_machine(tmp_path, ini))
    assert "mill/" in text
    assert not [line for line in text.splitlines() if line.endswith("\\")]


CHUNKS = sorted(MACHINES)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunks=st.lists(st.sampled_from(CHUNKS), max_size=4, unique=True),
    letters=st.lists(st.sampled_from("XYZABCUVW"), min_size=1, max_size=9),
    units=st.sampled_from(["mm", "inch", "metric", "1.0"]),
    trivial=st.booleans(),
)
def test_any_machine_is_wired_or_refused(
    tmp_path: Path, chunks: list[str], letters: list[str], units: str, trivial: bool
) -> None:
    hal, before = "", Halcmd()
    for chunk in chunks:  # as many as LinuxCNC would start with
        try:
            Halcmd().run(hal + MACHINES[chunk])
        except Exception:  # noqa: BLE001  # the oracle's own refusals
            continue
        hal += MACHINES[chunk]
    before.run(hal)
    coordinates = "".join(letters)
    ini = ini_text(coordinates, f"trivkins coordinates={coordinates}" if trivial else "somekins", units)
    try:
        text, findings = wired(write_machine(tmp_path, ini, machine_hal=hal))
    except UsageError as error:
        assert "LinuxCNC loads a module once" in str(error)
        return
    assert not of_severity(findings, ERROR)
    machine = before.run(text)
    assert enabled(good(machine)) == (True, True)
    machine.put("hal_mpg.estop-ok", False)
    machine.period()
    assert enabled(machine) == (False, False)
    for joint, letter in enumerate(coordinates.lower()):
        counts = machine.linked[f"axis.{letter}.jog-counts"]
        assert machine.linked.get(f"joint.{joint}.jog-counts") == (counts if trivial else None)
