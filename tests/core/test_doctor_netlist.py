# SPDX-License-Identifier: GPL-2.0-or-later
"""HAL as a net: from commands as halcmd carries them out, and from what halcmd shows of a running HAL."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.doctor.config_checks import check_configuration
from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.netlist import Netlist, from_commands, from_halcmd
from hal_mpg.linuxcnc_files.hal import Command, HalFiles
from hal_mpg.linuxcnc_files.ini import read_ini

SHOWN = {
    "pin": """\
    29  bit   IN          FALSE  motion.enable <== enable
    36  bit   OUT          TRUE  hal_mpg.estop-ok ==> ok
    36  bit   IN          FALSE  hal_mpg.heartbeat-echo <== echo
    36  bit   OUT         FALSE  hal_mpg.heartbeat ==> beat
    36  s32   OUT             2  hal_mpg.why-not
    52  bit   IN          FALSE  latch.ok-in <== ok
    52  bit   OUT         FALSE  latch.ok-out ==> enable
    52  s32   OUT            26  latch.time
    39  bit   IN          FALSE  inv.in <== beat
    39  bit   OUT          TRUE  inv.out ==> echo
""",
    "param": "    44  float RW          0.13  watchdog.timeout-0\n    39  s32   RW   1144  inv.tmax\n",
    "thread": "   1000000  YES  servo-thread   (     6422,    64532 ) \n",
    "comp": "    36  User  hal_mpg      75 ready\n    52  RT    estop_latch         ready\n    nonsense\n",
}
OWNERS = {"    29 ": "motmod", "    36 ": "hal_mpg", "    52 ": "estop_latch", "    39 ": "not"}


def scripted(line: str) -> str:
    """Return a line as `halcmd -s` prints it: the owner's name in the place of its number."""
    return next((line.replace(number, owner, 1) for number, owner in OWNERS.items() if number in line), line)


SCRIPTED = SHOWN | {
    "pin": "\n".join(map(scripted, SHOWN["pin"].splitlines())),
    "thread": "1000000 YES servo-thread 6422 64532 latch motion-controller inv\n",
}


def commands(*lines: str) -> list[Command]:
    return [Command(tuple(line.split()), line, Path("x.hal"), number) for number, line in enumerate(lines, 1)]


def net(*lines: str) -> Netlist:
    return from_commands(commands(*lines))


def test_what_halcmd_shows_of_a_running_hal() -> None:
    shown = from_halcmd(SCRIPTED)
    assert shown.is_live
    assert shown.are_joined("hal_mpg.estop-ok", "latch.ok-in")
    assert shown.between("hal_mpg.estop-ok", "motion.enable") == ["latch"]
    assert shown.kind_of("latch") == "estop_latch"
    assert shown.number("watchdog.timeout-0") == 0.13
    assert shown.functions == ["latch", "motion-controller", "inv"]
    assert shown.components == {"hal_mpg": 75}
    assert "hal_mpg.estop-ok" not in shown.reached("hal_mpg.heartbeat")  # hal_mpg is an end


def test_nothing_shown_is_an_empty_net() -> None:
    assert from_halcmd({}).signals == {}
    assert from_halcmd(dict.fromkeys(SHOWN, "\n  \nx\n")).signal_of == {}


def test_nets_grow_and_pins_leave_them() -> None:
    assert net("net a x.out y.in", "net a => z.in").pins_with("x.out") == ["x.out", "y.in", "z.in"]
    assert net("net a x.out y.in", "unlinkp y.in").pins_with("y.in") == []
    assert net("net a x.out y.in", "delsig a").signal_of == {}
    assert net("net a x.out", "net b y.out", "delsig all").signals == {}
    assert net("linksp a x.in", "linkps y.out => a").are_joined("x.in", "y.out")
    assert net("linkpp x.out y.in").are_joined("x.out", "y.in")
    assert net("net a x.out", "unlinkp nothing", "delsig nothing").pins_with("x.out") == ["x.out"]


def test_a_pin_on_two_signals_is_a_conflict_and_stays_where_it_was() -> None:
    twice = net("net a x.out y.in", "net b y.in z.in")
    assert [(pin, signal) for pin, signal, _ in twice.conflicts] == [("y.in", "a")]
    assert twice.are_joined("x.out", "y.in")
    assert net("net a x.out y.in", "unlinkp y.in", "net b y.in").conflicts == []


def test_functions_run_in_the_order_that_addf_gives_them() -> None:
    lines = ["addf a servo", "addf b servo", "addf c servo 1", "addf d servo 2", "addf e servo -1"]
    assert net(*lines).functions == ["c", "d", "a", "b", "e"]
    assert net(*lines, "delf d servo", "delf nothing servo").functions == ["c", "a", "b", "e"]
    assert net("addf a servo -2").functions == ["a"]


@pytest.mark.parametrize(
    ("line", "instance", "kind"),
    [
        ("loadrt and2 names=a,b", "b", "and2"),
        ('loadrt and2 names="a,b"', "a", "and2"),
        ("loadrt estop_latch", "estop-latch.0", "estop_latch"),
        ("loadrt and2 count=3", "and2.2", "and2"),
        ("loadrt watchdog num_inputs=1", "watchdog", "watchdog"),
        ("loadrt and2 names=", "a", ""),
        ("loadrt", "a", ""),
    ],
)
def test_which_component_an_instance_is_of(line: str, instance: str, kind: str) -> None:
    assert net(line).kind_of(instance) == kind


@pytest.mark.parametrize("text", ["TRUE", "true", "1", "0x1", "12"])
def test_what_counts_as_true(text: str) -> None:
    assert net(f"setp x.y {text}").is_true("x.y")
    assert net(f"x.y={text}").is_true("x.y")


@pytest.mark.parametrize("text", ["FALSE", "0", "00", "0x0", "no"])
def test_what_does_not(text: str) -> None:
    assert not net(f"setp x.y {text}").is_true("x.y")
    assert not net("setp x.z 1").is_true("x.y")


@pytest.mark.parametrize(
    ("line", "programs"),
    [
        ("loadusr -W hal_mpg --pendant x", {"hal_mpg"}),
        ("loadusr -Wn mpg2 hal_mpg --name mpg2", {"mpg2", "hal_mpg"}),
        ("loadusr /usr/bin/halui -ini x", {"halui"}),
        ("loadusr -W", set()),
        ("loadusr", set()),
    ],
)
def test_what_programs_are_called(line: str, programs: set[str]) -> None:
    assert net(line).programs == programs


def test_a_way_through_programs_is_none() -> None:
    lines = ["loadusr -W mine", "net a hal_mpg.estop-ok mine.in", "net b mine.out motion.enable"]
    assert "motion.enable" not in net(*lines).reached("hal_mpg.estop-ok")
    assert "motion.enable" in net(*lines[1:]).reached("hal_mpg.estop-ok")


def test_a_ring_ends() -> None:
    ring = net("loadrt or2 names=a,b", "net x a.out b.in0", "net y b.out a.in0")
    assert "a.in0" in ring.reached("a.out")
    assert ring.between("a.out", "b.in0") == ["b"]


@pytest.mark.parametrize(
    ("alive", "pins", "expected"),
    [(True, True, set()), (False, True, {"component-dead"}), (True, False, {"component-ended"})],
)
def test_a_running_component_that_has_gone(
    tmp_path: Path, alive: bool, pins: bool, expected: set[str]
) -> None:
    (tmp_path / "x.ini").write_text("[HAL]\nHALFILE = x.hal\n[TRAJ]\nCOORDINATES = X\n")
    ini = read_ini(tmp_path / "x.ini")
    loads = tuple(commands("loadusr -W hal_mpg --pendant generic-4axis"))
    live = from_halcmd(SCRIPTED if pins else {})
    looked_at = Configuration(ini, HalFiles(ini), live, "hal_mpg", loads, None, (), {"hal_mpg": alive})
    found = {finding.id for finding in check_configuration(looked_at)}
    assert found & {"component-dead", "component-ended"} == expected
