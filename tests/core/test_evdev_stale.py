# SPDX-License-Identifier: GPL-2.0-or-later
"""Which devices' switch positions the kernel may remember from long ago."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal_mpg.profile import Identity
from hal_mpg.sources import evdev_stale
from hal_mpg.sources.evdev_stale import state_may_be_old

IDENTITY = Identity(0x1209, 0x0001, "pendant", "", "")
USB = "devices/pci0000:00/usb1/1-1/1-1:1.0/0003:1209:0001.0001/input/input7"
XPAD = "devices/pci0000:00/usb1/1-1/1-1:1.0/input/input7"
PLATFORM = "devices/platform/gpio-keys/input/input7"
VIRTUAL = "devices/virtual/input/input7"


@pytest.fixture
def sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(evdev_stale, "INPUT_CLASS", tmp_path / "class")
    monkeypatch.setattr(evdev_stale, "QUIRKS", tmp_path / "quirks")
    return tmp_path


def plug(sysfs: Path, device: str, is_hid: bool) -> str:
    """Make sysfs as the kernel makes it for event5."""
    directory = sysfs / device
    (directory / "event5").mkdir(parents=True)
    (directory / "event5/device").symlink_to("..")
    (directory / "device").symlink_to("../..")
    if is_hid:
        (directory.parent.parent / "report_descriptor").write_bytes(b"")
    (directory.parent.parent / "driver").symlink_to("xpad")
    (directory.parent.parent / "xpad").mkdir()
    (sysfs / "class").mkdir()
    (sysfs / "class/event5").symlink_to(directory / "event5")
    return "/dev/input/event5"


@pytest.mark.parametrize(
    ("device", "is_hid", "old"),
    [
        (USB, True, True),
        (XPAD, False, True),  # not asked before it is opened, either (xpad_open, powermate_open)
        (PLATFORM, False, False),
        (VIRTUAL, True, False),
    ],
)
def test_only_usb_devices_are_not_listened_to(sysfs: Path, device: str, is_hid: bool, old: bool) -> None:
    assert state_may_be_old(plug(sysfs, device, is_hid), IDENTITY) is old


@pytest.mark.parametrize(
    ("quirks", "old"),
    [
        ("0x1209:0x0001:0x0400,(null),(null)\n", False),
        ("0x0001:0x0001:0x1,0x1209:0x0001:0x404", False),
        ("0x1209:0x0001:0x0004", True),
        ("0x1209:0x0002:0x0400", True),
        ("(null),(null)\n", True),
        ("nonsense:1:2", True),
    ],
)
def test_but_with_the_quirk_they_are(sysfs: Path, quirks: str, old: bool) -> None:
    (sysfs / "quirks").write_text(quirks)
    assert state_may_be_old(plug(sysfs, USB, True), IDENTITY) is old


def test_the_quirk_is_of_hid_devices_alone(sysfs: Path) -> None:
    (sysfs / "quirks").write_text("0x1209:0x0001:0x0400")
    assert state_may_be_old(plug(sysfs, XPAD, False), IDENTITY)


def test_a_device_that_has_gone_meanwhile_is_no_fault(sysfs: Path) -> None:
    assert state_may_be_old("/dev/input/event9", IDENTITY) is False
