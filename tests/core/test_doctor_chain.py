# SPDX-License-Identifier: GPL-2.0-or-later
"""Chains of gates, played: what each gate does, and what is said where not all can be seen."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import pytest

from hal_mpg.cli import main
from hal_mpg.doctor import examination
from hal_mpg.doctor.chain import MAX_UNKNOWN, Chain, Play, follows
from hal_mpg.doctor.config_checks import check_configuration
from hal_mpg.doctor.examination import configuration_of, examine, named_profile
from hal_mpg.doctor.findings import NOTE, Finding
from hal_mpg.doctor.netlist import Netlist, from_commands, from_halcmd
from hal_mpg.linuxcnc_files.hal import Command
from tests.core.test_doctor_machine import machine
from tests.core.wiring_machines import LOOP, ini_text, write_machine

CONFIG = Path(__file__).parents[2] / "config"


def net_of(*lines: str) -> Netlist:
    return from_commands(
        Command(tuple(line.split()), line, Path("x.hal"), number) for number, line in enumerate(lines, 1)
    )


def gate(load: str, pins: tuple[str, ...], output: str, *more: str) -> Netlist:
    nets = [f"net i{place} card.{place} => g.{pin}" for place, pin in enumerate(pins)]
    return net_of(
        f"loadrt {load.split()[0]} names=g {load.partition(' ')[2]}",
        "addf g t",
        *nets,
        *more,
        f"net o g.{output} => motion.enable",
    )


TWO, LUT, LOGIC = ("in0", "in1"), ("in-0", "in-1"), ("in-00", "in-01")
TABLES = [
    (gate("and2", TWO, "out"), (0, 0, 0, 1)),
    (gate("or2", TWO, "out"), (0, 1, 1, 1)),
    (gate("xor2", TWO, "out"), (0, 1, 1, 0)),
    (gate("not", ("in",), "out"), (1, 0)),
    (gate("lut5", LUT, "out", "setp g.function 0x8"), (0, 0, 0, 1)),
    (gate("lut5", LUT, "out", "setp g.function 0x2"), (0, 0, 1, 0)),
    (gate("lut5", LUT, "out"), (0, 0, 0, 0)),
    (gate("logic personality=0x102", LOGIC, "and"), (0, 0, 0, 1)),
    (gate("logic personality=0x202", LOGIC, "or"), (0, 1, 1, 1)),
    (gate("logic personality=1026", LOGIC, "xor"), (0, 1, 1, 0)),
    (gate("logic personality=0x802", LOGIC, "nand"), (1, 1, 1, 0)),
    (gate("logic personality=0x1002", LOGIC, "nor"), (1, 0, 0, 0)),
]


@pytest.mark.parametrize(("net", "table"), TABLES)
def test_gates_do_what_their_manual_pages_say(net: Netlist, table: tuple[int, ...]) -> None:
    chain = Chain(net, ["motion.enable"])
    names = sorted(chain.unknown)
    found = []
    for values in product((False, True), repeat=len(names)):
        play = Play(chain, dict(zip(names, values, strict=True)))
        play.settle()
        found.append(int(play.get("motion.enable")))
    assert tuple(found) == table


def test_an_input_that_is_netted_to_nothing_is_as_it_was_set() -> None:
    lines = ["loadrt and2 names=g", "addf g t", "net a s.out => g.in0", "net o g.out => t.in"]
    assert follows(net_of(*lines, "setp g.in1 TRUE"), "s.out", "t.in", value=True)
    assert follows(net_of(*lines), "s.out", "t.in", value=True) is False
    assert follows(net_of(*lines), "s.out", "t.in", value=False)
    assert follows(net_of(*lines, "net b g.in1", "sets b 1"), "s.out", "t.in", value=True)
    assert follows(net_of(*lines, "setp g.in1 1", "net b g.in1"), "s.out", "t.in", value=True)
    assert follows(net_of(*lines[:1], *lines[2:], "setp g.in1 TRUE"), "s.out", "t.in", value=True) is False


@pytest.mark.parametrize(
    "load", ["timedelay names=g", "lut5 names=g", "logic names=g", "logic names=g personality=two"]
)
def test_what_is_not_known_cannot_be_seen(load: str) -> None:
    inputs = {"timedelay": "in", "lut5": "in-0", "logic": "in-00"}[load.split()[0]]
    lines = [f"loadrt {load}", "addf g t", "setp g.function later"]
    lines += [f"net a s.out => g.{inputs}", "net o g.out => t.in"]
    if "logic" in load:
        lines[-1] = "net o g.and => t.in"
    assert follows(net_of(*lines), "s.out", "t.in", value=True) is None


def test_too_much_that_is_not_known_cannot_be_seen() -> None:
    def chain(inputs: int) -> Netlist:
        nets = [f"net i{n} card.{n} => g{n}.in1" for n in range(inputs)]
        nets += [f"net o{n} g{n}.out => g{n + 1}.in0" for n in range(inputs)]
        names = ",".join(f"g{n}" for n in range(inputs + 1))
        return net_of(
            f"loadrt or2 names={names}",
            *(f"addf g{n} t" for n in range(inputs + 1)),
            *nets,
            "net s s.out => g0.in0",
            f"net e g{inputs}.out => t.in",
        )

    assert follows(chain(MAX_UNKNOWN - 1), "s.out", "t.in", value=True)
    assert follows(chain(MAX_UNKNOWN), "s.out", "t.in", value=True) is None


def test_a_running_hal_tells_the_inputs_of_logic_and_who_writes() -> None:
    pins = [
        "card bit OUT TRUE card.in ==> a",
        "logic bit IN TRUE g.in-00 <== a",
        "logic bit IN FALSE g.in-01 <== b",
        "logic bit OUT FALSE g.and ==> o",
        "motmod bit IN FALSE motion.enable <== o",
        "plc bit OUT FALSE plc.x ==> b",
    ]
    net = from_halcmd({"pin": "\n".join(pins), "thread": "1000000 YES servo-thread 1 2 g"})
    chain = Chain(net, ["motion.enable"])
    assert chain.functions == ["g"]
    assert chain.unknown == {"a": "card.in", "b": "plc.x"}
    assert follows(net, "card.in", "motion.enable", value=False)
    assert follows(net, "card.in", "motion.enable", value=True) is False


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a copy of the sample configurations."""
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def findings_of(ini: Path) -> list[Finding]:
    base = configuration_of(ini)
    return list(check_configuration(base.with_profile(named_profile(base)[0])))


def told(findings: list[Finding]) -> list[str]:
    return [finding.id for finding in findings if finding.severity != "ok"]


def edited(config: Path, old: str, new: str, more: str = "", name: str = "mpg-estop.hal") -> list[Finding]:
    file = config / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new) + more)
    return findings_of(config / "sim-4axis.ini")


BEFORE_THE_LATCH = "mpg-chain-ok.out => mpg-latch.ok-in"
UNSEEN = {
    "a ladder": ("classicladder.0.in-00", "net y classicladder.0.out-00", "loadrt classicladder_rt\n"),
    "a program": ("plc.in", "net y plc.out", "loadusr -W plc\n"),
    "another component": ("mine.0.in", "net y mine.0.out", "loadrt mine\n"),
    "a delay": ("late.in", "net y late.out", "loadrt timedelay names=late\naddf late servo-thread 6\n"),
}


@pytest.mark.parametrize("what", UNSEEN)
def test_a_chain_of_which_a_part_is_not_known_is_not_called_good(
    config: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, back, load = UNSEEN[what]
    old = "mpg-is-ok              mpg-pendant-ok.out => mpg-chain-ok.in0"
    findings = edited(config, old, f"mpg-is-ok mpg-pendant-ok.out => {to}\n{back} => mpg-chain-ok.in0", load)
    facts = machine(devices=())
    monkeypatch.setattr(examination, "gather", lambda *_arguments: facts)
    monkeypatch.setattr(examination, "running_linuxcnc", lambda _ini: None)
    done = examine(config / "sim-4axis.ini", None, None)
    assert not [finding for finding in findings if finding.is_wrong]
    assert "estop-unseen" in told(findings)
    assert "estop" not in [finding.id for finding in done.findings]


OWN = {
    "its own contact trips the latch": "net circuit card.bad => mpg-latch.fault-in\n",
    "other ends": "net mpg-machine-enable => drive.enable\n",
    "an output of a card": "net mpg-machine-enable => parport.0.pin-01-out card.0.gpio.001.out\n",
    "an output of a card, at the beginning": "net mpg-estop-ok => parport.0.pin-02-out\n"
    "net mpg-user-enable => parport.0.pin-03-out\n",
    "six of its own": "loadrt lut5 names=l\naddf l servo-thread 1\nsetp l.function 0xfffffffe\n"
    + "".join(f"net e{n} card.{n} => l.in-{n}\n" for n in range(5))
    + "net bad l.out => mpg-latch.fault-in\n",
}


@pytest.mark.parametrize("what", OWN)
def test_a_machine_may_have_its_own_contacts_in_the_chain(config: Path, what: str) -> None:
    assert told(edited(config, BEFORE_THE_LATCH, BEFORE_THE_LATCH, OWN[what])) == []


def test_with_too_many_contacts_the_chain_cannot_be_seen(config: Path) -> None:
    more = "loadrt lut5 names=l,m\naddf l servo-thread 1\naddf m servo-thread 2\n"
    more += "net bad m.out => mpg-latch.fault-in\n"
    more += "setp l.function 0xfffffffe\nsetp m.function 0xfffffffe\nnet part l.out => m.in-4\n"
    more += "".join(f"net e{n} card.{n} => l.in-{n}\n" for n in range(5))
    more += "".join(f"net f{n} card.f{n} => m.in-{n}\n" for n in range(4))
    (finding,) = (f for f in edited(config, BEFORE_THE_LATCH, BEFORE_THE_LATCH, more) if f.severity == NOTE)
    assert finding.id == "estop-unseen"


def test_a_fault_in_a_chain_whose_files_cannot_all_be_read_is_not_sure(config: Path) -> None:
    (config / "own.tcl").write_text("hal net x [lindex [hal show pin] 0]\n")
    ini = config / "sim-4axis.ini"
    ini.write_text(ini.read_text().replace("HALFILE = mpg-a.hal", "HALFILE = mpg-a.hal\nHALFILE = own.tcl"))
    findings = edited(config, "mpg-latch.ok-out =>", "mpg-latch.fault-out =>")
    assert not [finding for finding in findings if finding.is_wrong]
    assert "estop-unseen" in told(findings)


def test_a_fault_says_when_and_with_which_input(config: Path) -> None:
    more = "net own card.ok => by.in1\naddf by servo-thread 6\n"
    file = config / "mpg-estop.hal"
    file.write_text(file.read_text().replace("names=mpg-watchdog-run", "names=mpg-watchdog-run,by"))
    new = "mpg-chain-ok.out => by.in0\nnet either by.out => mpg-latch.ok-in"
    (finding,) = (f for f in edited(config, BEFORE_THE_LATCH, new, more) if f.is_wrong)
    assert "hal_mpg.estop-ok is FALSE or hal_mpg.heartbeat stops or iocontrol" in finding.what
    assert "(with card.ok TRUE)" in finding.what
    assert "mpg-pendant-ok, mpg-chain-ok, by, mpg-latch" in finding.mend


def test_a_gate_by_a_ladder_is_told_as_what_cannot_be_seen(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = "halui.mode.is-manual  => hal_mpg.mode-is-manual"
    new = "halui.mode.is-manual => plc.in\nnet y plc.out => hal_mpg.mode-is-manual\nloadusr -W plc"
    assert told(edited(config, old, new, name="mpg.hal")) == ["gate-unseen"]
    facts = machine(devices=())
    monkeypatch.setattr(examination, "gather", lambda *_arguments: facts)
    monkeypatch.setattr(examination, "running_linuxcnc", lambda _ini: None)
    done = examine(config / "sim-4axis.ini", None, None)
    (well,) = (finding.what for finding in done.findings if finding.id == "wiring")
    assert "gates" not in well


def test_a_gate_may_want_more_than_it_is_named_after(config: Path) -> None:
    old = "halui.mode.is-manual  => hal_mpg.mode-is-manual"
    new = "halui.mode.is-manual => both.in0\nnet y both.out => hal_mpg.mode-is-manual"
    more = "net z card.closed => both.in1\nloadrt and2 names=both\naddf both servo-thread\n"
    assert told(edited(config, old, new, more, "mpg.hal")) == []


MACHINES = {
    "the loop-back": LOOP,
    "nothing": "",
    "its own E-stop": "net estop-ext card.in => iocontrol.0.emc-enable-in\n",
    "drives that enable motion": LOOP + "net drives card.ready => motion.enable\n",
    "a door": LOOP + "net door card.door => motion.jog-inhibit\n",
    "its own reset": LOOP + "net reset iocontrol.0.user-request-enable => card.reset\n",
    "the mode": LOOP + "net manual halui.mode.is-manual => card.lamp\n",
    "a second heartbeat": LOOP + "net other card.beat => card.watchdog\n",
}


@pytest.mark.parametrize("what", MACHINES)
@pytest.mark.parametrize("taken", ["", "loadrt and2\nloadrt or2\nloadrt estop_latch\nloadrt watchdog\n"])
def test_nothing_is_told_of_what_wiring_writes(tmp_path: Path, what: str, taken: str) -> None:
    ini = write_machine(tmp_path, ini_text(), machine_hal=MACHINES[what] + taken)
    assert main(["wiring", "--ini", str(ini), "--pendant", "generic-4axis", "--add"]) == 0
    assert told(findings_of(ini)) == []


def test_gates_as_lut5_are_played_too(tmp_path: Path) -> None:
    ini = write_machine(tmp_path, ini_text(), machine_hal=f"{LOOP}loadrt and2\nloadrt or2\nloadrt not\n")
    assert main(["wiring", "--ini", str(ini), "--pendant", "generic-4axis", "--add"]) == 0
    file = tmp_path / "machine-mpg.hal"
    old = "setp mpg-pendant-ok.function 0x8\n"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, "setp mpg-pendant-ok.function 0xe\n"))
    assert told(findings_of(ini)) == ["estop-no-stop"]


def test_a_base_thread_is_no_fault(config: Path) -> None:
    old = "addf mpg-watchdog-run      servo-thread 1"
    assert told(edited(config, old, "addf mpg-watchdog-run base-thread")) == []


def test_an_end_that_was_taken_off_but_still_gets_there_is_no_fault(config: Path) -> None:
    (config / "sim-motion.hal").open("a").write("net ext card.bad => iocontrol.0.emc-enable-in\n")
    more = "net ext => mpg-latch.fault-in\n"
    old = "net mpg-machine-enable     mpg-latch.ok-out"
    assert told(edited(config, old, f"unlinkp iocontrol.0.emc-enable-in\n{old}", more)) == []


CLASSICAL = """\
loadrt estop_latch
loadrt watchdog num_inputs=1
loadrt and2
addf inv servo-thread 1
addf watchdog.set-timeouts servo-thread 2
addf watchdog.process servo-thread 3
addf and2.0 servo-thread 4
addf estop-latch.0 servo-thread 5
setp watchdog.timeout-0 0.13
net mpg-heartbeat hal_mpg.heartbeat => watchdog.input-0
net user-enable iocontrol.0.user-enable-out => watchdog.enable-in and2.0.in0
net watchdog-ok watchdog.ok-out => and2.0.in1
net all-ok and2.0.out => estop-latch.0.ok-in
net pendant hal_mpg.estop-ok => inv.in
net fault inv.out => estop-latch.0.fault-in
net reset iocontrol.0.user-request-enable => estop-latch.0.reset
net pump estop-latch.0.watchdog => parport.0.pin-17-out
net enable parport.0.pin-01-out motion.enable estop-latch.0.ok-out iocontrol.0.emc-enable-in
net second hal_mpg.estop => halui.estop.activate
net third hal_mpg.reset => halui.estop.reset
"""
"""As the manual page of estop_latch has it: fault-in, and components by their numbers."""


def test_a_chain_may_be_another_one_than_ours(config: Path) -> None:
    (config / "mpg-estop.hal").write_text(CLASSICAL)
    assert told(edited(config, "names=mpg-echo", "names=mpg-echo,inv", name="mpg.hal")) == []
    wrong_way = edited(config, "inv.out => estop-latch.0.fault-in", "inv.out")
    assert told(wrong_way) == ["estop-not-wired"]
    wrong_way = edited(config, "=> inv.in", "=> estop-latch.0.fault-in")
    assert told(wrong_way) == ["estop-no-stop"]
