# SPDX-License-Identifier: GPL-2.0-or-later
"""udev's rules for serial pendants: which name a port, and the rule that is made for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.commands import install_udev
from hal_mpg.devices import udev_rules
from hal_mpg.devices.inventory import Device, Node
from hal_mpg.devices.ports import Port, access_command
from hal_mpg.devices.udev_ports import files_naming_port, names_port, rule_of_port
from hal_mpg.devices.udev_rules import names, rule_of_file
from hal_mpg.profile import Identity

ARDUINO = Port("/dev/ttyACM3", Identity(0x2341, 0x43, "Arduino Uno", "1-1:1.0", '75"73'))
CH340 = Port("/dev/ttyUSB0", Identity(0x1A86, 0x7523, "USB Serial", "1-2:1.0"))
OWN = Port("/dev/ttyS0")
OURS = Port("/dev/ttyACM0", Identity(0x2341, 0x43, "hal_mpg pendant", "1-3:1.0", "1"))
RS232_RULE = 'SUBSYSTEM=="tty", KERNEL=="ttyS0", ENV{HAL_MPG}="1"'


@pytest.mark.parametrize(
    ("port", "name", "rule"),
    [
        (
            ARDUINO,
            "69-hal-mpg-2341-0043-75-73.rules",
            'ATTRS{idVendor}=="2341", ATTRS{idProduct}=="0043", ATTRS{serial}=="75?73", ENV{HAL_MPG}="1"',
        ),
        (
            CH340,
            "69-hal-mpg-1a86-7523.rules",
            'ATTRS{idVendor}=="1a86", ATTRS{idProduct}=="7523", ENV{HAL_MPG}="1"',
        ),
        (OWN, "69-hal-mpg-ttyS0.rules", RS232_RULE),
    ],
)
def test_the_rule_of_a_port_names_it_and_no_other_and_can_be_installed(
    port: Port, name: str, rule: str, tmp_path: Path
) -> None:
    made = rule_of_port(port)
    assert made is not None
    assert (made.name, made.text.splitlines()[-1]) == (name, rule)
    assert [names_port(made.text, other) for other in (ARDUINO, CH340, OWN, OURS)] == [
        other is port for other in (ARDUINO, CH340, OWN, OURS)
    ]
    (tmp_path / name).write_text(made.text)
    assert rule_of_file(tmp_path / name).text == made.text


def test_what_says_itself_that_it_is_ours_needs_no_rule() -> None:
    assert rule_of_port(OURS) is None
    assert rule_of_port(Port("/dev/ttyACM0", Identity(0x1209, 1, "thing"))) is None


@pytest.mark.parametrize(
    "text",
    [
        '# ATTRS{idVendor}=="2341", ENV{HAL_MPG}="1"',
        'ATTRS{idVendor}=="2341", ENV{HAL_MPG}!="1", GOTO="end"',
        'SUBSYSTEM=="tty", ENV{HAL_MPG}="1"',
        'SUBSYSTEM=="input", ATTRS{idVendor}=="2341", ENV{HAL_MPG}="1"',
        'ATTRS{idVendor}=="2341", ATTRS{serial}!="75?73", ENV{HAL_MPG}="1"',
        'ATTRS{idVendor}=="2341", ATTRS{name}=="x", ENV{HAL_MPG}="1"',
    ],
)
def test_rules_that_do_not_name_it(text: str) -> None:
    assert not names_port(text, ARDUINO)


def test_a_rule_for_ttys_names_no_input_device_and_one_with_a_serial_number_only_that_one() -> None:
    def leonardo(serial: str) -> Device:
        return Device((Node("/dev/input/event5", Identity(0x2341, 0x43, "Pad", uniq=serial), {}, "", 3),))

    made = rule_of_port(ARDUINO)
    assert made is not None
    assert names(made.text, leonardo("75x73"))
    assert not names(made.text, leonardo("75x74"))
    assert not names('SUBSYSTEM=="tty", ATTRS{idVendor}=="2341", ENV{HAL_MPG}="1"', leonardo("75x73"))


def test_consoles_are_no_pendants(tmp_path: Path) -> None:
    (tmp_path / "69-all.rules").write_text('SUBSYSTEM=="tty", KERNEL=="tty*", ENV{HAL_MPG}="1"\n')
    with pytest.raises(Exception, match="would make every input device a pendant"):
        rule_of_file(tmp_path / "69-all.rules")


def test_the_files_that_name_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udev_rules, "RULES_DIRS", (tmp_path / "etc", tmp_path / "lib"))
    for folder in ("etc", "lib"):
        (tmp_path / folder).mkdir()
    (tmp_path / "lib/69-a.rules").write_text(RS232_RULE)
    (tmp_path / "lib/69-b.rules").write_text(RS232_RULE)
    (tmp_path / "etc/69-a.rules").write_text("# switched off\n")
    assert files_naming_port(OWN) == [tmp_path / "lib/69-b.rules"]
    assert files_naming_port(CH340) == []


def test_the_command_for_a_port_that_may_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Port("/dev/null", CH340.identity, "this user may not read it")
    assert access_command(CH340, False) == ""
    assert access_command(refused, True).endswith(" install-udev")
    assert access_command(refused, False).endswith(" install-udev --device /dev/null")


def test_install_udev_takes_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install_udev, "all_devices", list)
    monkeypatch.setattr(install_udev, "serial_ports", lambda: [CH340, OWN])
    rules = install_udev._rules(install_udev.parser().parse_args(["--device", "/dev/ttyS0"]))
    assert [rule.name for rule in rules] == [udev_rules.SHIPPED, "69-hal-mpg-ttyS0.rules"]
    with pytest.raises(Exception, match="no serial port of this machine"):
        install_udev._rules(install_udev.parser().parse_args(["--device", "/dev/ttyS7"]))
