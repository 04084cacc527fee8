# SPDX-License-Identifier: GPL-2.0-or-later
"""The doctor on serial pendants: each planted fault is found, and nothing else; what it hears at a port."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hal_mpg.cli import main
from hal_mpg.devices.access import User
from hal_mpg.devices.inventory import Fit
from hal_mpg.devices.ports import Port
from hal_mpg.doctor.config_checks import check_configuration
from hal_mpg.doctor.examination import configuration_of, named_profile
from hal_mpg.doctor.findings import OK, WARNING, Finding
from hal_mpg.doctor.listening import Heard, listen
from hal_mpg.doctor.port_checks import check_port
from hal_mpg.doctor.port_facts import PortFacts, port_facts
from hal_mpg.doctor.surroundings import Surroundings
from hal_mpg.profile import Identity, Match
from hal_mpg.profile_files import read_profile
from tests.beds.serial_hands import write_profile
from tests.beds.serial_pendant import FULL, Noise, PtyPendant
from tests.core.test_doctor_machine import MACHINIST, machine, plugdev  # noqa: F401  # a fixture that is always used

CONFIG = Path(__file__).parents[2] / "config/pendants"
RULES = Path("/etc/udev/rules.d/70-hal-mpg.rules")
PROFILE = read_profile(CONFIG / "line-protocol.yaml")
FITS = (Fit("line-protocol", CONFIG / "line-protocol.yaml", PROFILE),)
PORT = Port("/dev/ttyACM0", Identity(0x1209, 1, "hal_mpg pendant", "1-1:1.0", "7"), fits=FITS)
BOARD = PortFacts(Port("/dev/ttyACM1", Identity(0x2341, 0x43, "Uno", "1-2:1.0", "8")), may_open=True)
GOOD = Heard(900, 30, 0, is_connected=True)
OUTSIDER = User("alice", 1000, 1000, frozenset([1000]))


def port(**changes: Any) -> PortFacts:
    facts = PortFacts(PORT, may_open=True, naming=(RULES,), is_marked=True, for_group=True, heard=GOOD)
    return replace(facts, **changes)


def found(facts: Surroundings, place: str | None = None) -> list[Finding]:
    return list(check_port(facts, PROFILE, place))


def with_ports(*ports: PortFacts, **changes: Any) -> Surroundings:
    return machine(devices=(), ports=ports, **changes)


REFUSED = replace(PORT, refusal="this user may not read it: it is for user root and group dialout (660)")
FAULTS: dict[str, tuple[Surroundings, str]] = {
    "no port at all": (with_ports(), "no-device"),
    "another board": (with_ports(BOARD), "no-device"),
    "no rules": (
        with_ports(
            port(device=REFUSED, may_open=False, naming=(), is_marked=False, heard=None), shipped_rules=None
        ),
        "rule-missing",
    ),
    "rules not in force": (
        with_ports(port(device=REFUSED, may_open=False, is_marked=False, heard=None)),
        "rule-not-in-force",
    ),
    "not in the group": (
        with_ports(port(device=REFUSED, may_open=False, heard=None), user=OUTSIDER),
        "group",
    ),
    "a modem manager without rules": (
        with_ports(port(naming=(), is_marked=False), has_modem_manager=True),
        "rule-missing",
    ),
    "somebody has it": (with_ports(port(holders=((7, "minicom"),), heard=None)), "port-busy"),
    "nobody knows who has it": (with_ports(port(heard=Heard(refusal="taken", is_busy=True))), "port-busy"),
    "it fails": (with_ports(port(heard=Heard(refusal="cannot be opened: Input/output error"))), "port-fails"),
    "it says nothing": (with_ports(port(heard=Heard())), "port-silent"),
    "something else": (with_ports(port(heard=Heard(90, 0, 9, "'x' has no *"))), "port-not-understood"),
    "a bad wire": (with_ports(port(heard=replace(GOOD, garbled=5, complaint="bad"))), "port-noisy"),
    "no pyserial": (with_ports(port(), has_pyserial=False), "no-pyserial"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(fault: str) -> None:
    facts, expected = FAULTS[fault]
    findings = found(facts)
    assert [finding.id for finding in findings if finding.is_wrong] == [expected], findings
    assert all(finding.mend for finding in findings if finding.is_wrong)


@pytest.mark.parametrize(
    "facts",
    [
        with_ports(port()),
        with_ports(port(), BOARD),
        with_ports(port(heard=None, holders=((7, "/usr/bin/python3 -m hal_mpg --pendant x"),))),
        with_ports(port(naming=(), is_marked=False)),  # it can be used, and no modem manager is there
        with_ports(port(), replace(port(), device=replace(PORT, path="/dev/ttyACM5"))),
    ],
)
def test_of_what_is_good_nothing_is_wrong(facts: Surroundings) -> None:
    assert [finding for finding in found(facts) if finding.is_wrong] == []


def test_a_port_that_the_loadusr_line_names() -> None:
    assert [f.id for f in found(with_ports(port()), "/dev/ttyACM7") if f.is_wrong] == ["no-device"]
    assert [f.id for f in found(with_ports(BOARD), "/dev/ttyACM1") if f.severity == WARNING] == []


@pytest.fixture
def pendant() -> Any:
    with PtyPendant() as made:
        yield made


def heard(pendant: PtyPendant, tmp_path: Path) -> Heard:
    path = write_profile(tmp_path / "pendant.yaml", f"port: {pendant.path}", 0.5, FULL)
    return listen(pendant.path, read_profile(path))


def test_a_pendant_that_speaks_is_heard(pendant: PtyPendant, tmp_path: Path) -> None:
    said = heard(pendant, tmp_path)
    assert said.is_connected
    assert said.understood > 20
    assert (said.garbled, said.refusal) == (0, "")


def test_a_silent_one_and_a_bad_wire_and_another_protocol(
    pendant: PtyPendant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pendant.speaker.noise = Noise(flipped=0.004)
    said = heard(pendant, tmp_path)
    assert said.is_connected
    assert said.garbled > 0
    monkeypatch.setattr("hal_mpg.doctor.listening.LISTEN_S", 1.0)
    pendant.speaker.noise = Noise(flipped=1.0)
    said = heard(pendant, tmp_path)
    assert (said.is_connected, said.understood) == (False, 0)
    assert said.bytes > 0
    pendant.speaker.silent = True
    assert heard(pendant, tmp_path) == Heard()


def test_a_port_that_is_gone(tmp_path: Path) -> None:
    assert "cannot be opened" in listen(str(tmp_path / "none"), PROFILE).refusal
    assert listen("socket://127.0.0.1:9", PROFILE).refusal


@pytest.mark.parametrize("is_silent", [False, True])
def test_the_whole_examination(
    pendant: PtyPendant, tmp_path: Path, capsys: pytest.CaptureFixture[str], is_silent: bool
) -> None:
    path = write_profile(tmp_path / "pendant.yaml", f"port: {pendant.path}", 0.5, FULL)
    pendant.speaker.silent = is_silent
    main(["doctor", "--json", "--pendant", str(path)])
    findings = json.loads(capsys.readouterr().out)["findings"]
    of_port = [finding for finding in findings if finding["id"].startswith(("port", "no-dev"))]
    assert [finding["id"] for finding in of_port] == ["port-silent" if is_silent else "port-speaks"]
    assert (of_port[0]["severity"] == OK) is not is_silent


@pytest.mark.parametrize(("pendant", "ids"), [("line-protocol", []), ("generic-4axis", ["no-such-pin"])])
def test_which_pins_a_pendant_has_that_says_so_itself_is_not_known_from_files(
    tmp_path: Path, pendant: str, ids: list[str]
) -> None:
    shutil.copytree(CONFIG.parent, tmp_path / "config")
    ini = tmp_path / "config/sim-4axis.ini"
    ini.write_text(ini.read_text().replace("PENDANT = generic-4axis", f"PENDANT = {pendant}"))
    with (tmp_path / "config/mpg.hal").open("a") as hal:
        hal.write("net home-button hal_mpg.button.home => halui.home-all\n")
    base = configuration_of(ini)
    profile, faults = named_profile(base)
    assert faults == []
    found = check_configuration(base.with_profile(profile))
    assert [finding.id for finding in found if finding.id == "no-such-pin"] == ids


def test_an_address_that_a_running_machine_may_use_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr("hal_mpg.doctor.port_facts.listen", lambda place, _: tried.append(place) or Heard())
    profile = PROFILE._replace(match=(Match(port="socket://127.0.0.1:9"),))
    for is_running in (True, False):
        monkeypatch.setattr("hal_mpg.doctor.port_facts.has_component", lambda running=is_running: running)
        (facts,) = (f for f in port_facts(MACHINIST, (), profile, None) if f.device.path.startswith("socket"))
        found = check_port(with_ports(facts), profile)
        assert [f.id for f in found] == (["port"] if is_running else ["port-silent"])
    assert tried == ["socket://127.0.0.1:9"]
