# SPDX-License-Identifier: GPL-2.0-or-later
"""Which serial ports there are, and which of them a profile names: from a sysfs of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.profile import Identity, Match
from hal_mpg.sources import serial_ports
from hal_mpg.sources.serial_ports import Port, fits, is_url, places, port_of, ports

BY_ID = "usb-Arduino_7573-if00"


class Sys:
    """A directory in the place of /sys/class/tty, and the devices behind it, as Linux lays them out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "tty").mkdir()

    def usb(self, tty: str, place: str, through_port: bool = False, **says: str) -> None:
        """Add a port of a USB device; usb-serial's converters have one more level than ACM devices."""
        usb = self.root / "devices" / place
        interface = usb / f"{place}:1.0"
        device = interface / tty if through_port else interface
        device.mkdir(parents=True)
        (interface / "bInterfaceNumber").write_text("00\n")
        for name, text in says.items():
            (usb / name).write_text(f"{text}\n")
        self.tty(tty, device)

    def tty(self, tty: str, device: Path | None, kind: str = "") -> None:
        (self.root / "tty" / tty).mkdir()
        if device:
            device.mkdir(parents=True, exist_ok=True)
            (self.root / "tty" / tty / "device").symlink_to(device)
        if kind:
            (self.root / "tty" / tty / "type").write_text(f"{kind}\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sys:
    sys = Sys(tmp_path)
    monkeypatch.setattr(serial_ports, "SYS_TTY", str(tmp_path / "tty"))
    links = tmp_path / "by-id"
    links.mkdir()
    monkeypatch.setattr(serial_ports, "LINKS", (str(links), str(tmp_path / "none")))
    (links / BY_ID).symlink_to("/dev/ttyACM10")
    sys.usb("ttyACM10", "1-2", idVendor="2341", idProduct="0043", product="MPG\x07 Board", serial="7573")
    sys.usb("ttyUSB0", "1-3.1", True, idVendor="1a86", idProduct="7523", product="USB Serial")
    sys.usb("ttyACM2", "1-4", idVendor="1209", idProduct="0001")
    sys.tty("ttyS0", tmp_path / "pnp/00:02", "4")
    sys.tty("ttyS1", tmp_path / "platform/serial8250", "0")
    sys.tty("ttyGS0", tmp_path / "gadget")
    sys.tty("tty1", None)
    return sys


ARDUINO = Identity(0x2341, 0x43, "MPG? Board", "1-2:1.0", "7573")


def test_the_ports_with_what_their_usb_devices_say(machine: Sys) -> None:
    assert [port.path for port in ports()] == ["/dev/ttyACM2", "/dev/ttyACM10", "/dev/ttyS0", "/dev/ttyUSB0"]
    _, board, own, converter = ports()
    link = str(machine.root / "by-id" / BY_ID)
    assert board == Port("/dev/ttyACM10", (link,), ARDUINO)
    assert own.identity == Identity(0, 0, "")
    assert converter.identity == Identity(0x1A86, 0x7523, "USB Serial", "1-3.1:1.0", "")


def test_a_machine_without_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_ports, "SYS_TTY", str(tmp_path / "none"))
    assert ports() == []


@pytest.mark.parametrize(
    ("match", "is_fit"),
    [
        (Match(vendor=0x2341), True),
        (Match(vendor=0x2341, product=0x42), False),
        (Match(uniq="75*"), True),
        (Match(uniq="75"), False),
        (Match(name="MPG*"), True),
        (Match(port="/dev/ttyACM*"), True),
        (Match(port="/dev/ttyUSB*"), False),
        (Match(port="*/usb-Arduino_*"), True),
        (Match(port="/dev/ttyACM10", vendor=0x2341), True),
        (Match(port="/dev/ttyACM10", vendor=0x2342), False),
        (Match(port="socket://127.0.0.1:2000"), False),
    ],
)
def test_all_that_an_alternative_says_has_to_fit(machine: Sys, match: Match, is_fit: bool) -> None:
    (board,) = (port for port in ports() if port.path == "/dev/ttyACM10")
    assert fits(match, board) is is_fit


def test_a_match_of_a_port_is_for_no_input_device() -> None:
    assert not Match(port="/dev/ttyACM*").fits(ARDUINO)


def test_what_is_to_be_opened_is_what_fits_and_nothing_else(machine: Sys) -> None:
    link = machine.root / "my-pendant"
    link.symlink_to("/dev/ttyS0")
    assert places([Match(vendor=0x1A86)]) == ["/dev/ttyUSB0"]
    assert places([Match(name="nothing")]) == []
    assert places([Match(port=str(link)), Match(port="/dev/ttyS0")]) == ["/dev/ttyS0"]
    assert places([Match(port="rfc2217://box:2000"), Match(name="*")])[0] == "rfc2217://box:2000"


def test_a_pseudo_terminal_is_there_if_it_exists_and_is_named_as_it_is(machine: Sys) -> None:
    path = machine.root / "pts3"
    assert places([Match(port=str(path))]) == []
    path.touch()
    assert places([Match(port=str(path))]) == [str(path)]
    assert places([Match(port=str(path), vendor=0x1209)]) == []
    assert places([Match(port=f"{machine.root}/pts*")]) == []


def test_the_port_of_a_path(machine: Sys) -> None:
    found = port_of(str(machine.root / "by-id" / BY_ID))
    assert found is not None
    assert found.path == "/dev/ttyACM10"
    assert port_of("/dev/null") is None
    assert is_url("socket://1.2.3.4:5")
    assert not is_url("/dev/ttyACM0")
