# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw HID devices as far as they can be made without a kernel: their files in sysfs, and their queues.

A queue is a real socket of whole packets: a read takes one report and cuts off what does not fit, as hidraw's
does, and a hang-up is the end of file. tests/kernel/test_real_pendants.py has the real ones.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hal_mpg.sources import hidraw, hidraw_nodes


class HidWorld:
    """A machine with raw HID devices. Each is a folder in sysfs, and a socket behind the path of its node."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sys, self.dev = folder / "sys", folder / "dev"
        self.sys.mkdir()
        self.dev.mkdir()
        self.devices: dict[str, HidDevice] = {}
        self.refusals: dict[str, int] = {}  # path -> errno of opening it
        monkeypatch.setattr(hidraw_nodes, "SYS_HIDRAW", str(self.sys))
        monkeypatch.setattr(hidraw_nodes, "DEV_DIR", str(self.dev))
        monkeypatch.setattr(hidraw_nodes, "INPUT_DIR", str(self.dev))
        monkeypatch.setattr(hidraw.HidrawSource, "_open", lambda _, path: self.open(path))

    def open(self, path: str) -> int:
        """Return a descriptor of a device's queue. Raises OSError."""
        if path in self.refusals:
            raise OSError(self.refusals[path], os.strerror(self.refusals[path]))
        device = self.devices[path]
        device.pendant, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        return ours.detach()

    def plug(self, name: str, **about: object) -> HidDevice:
        """Plug a device in; see HidDevice for what may be said about it."""
        device = HidDevice(self, name, **about)  # type: ignore[arg-type]  # each by its own type
        self.devices[device.path] = device
        return device


class HidDevice:
    """One interface of a device, which shows as one node."""

    def __init__(
        self,
        world: HidWorld,
        name: str,
        usb_id: str = "10CE:EB93",
        called: str = "KTURT.LTD",
        uniq: str = "",
        interface: int | None = 0,
        port: str = "1-1",
        descriptor: bytes = bytes([0x85, 4, 0x75, 8, 0x95, 7, 0x81, 2]),
    ) -> None:
        self.path = str(world.dev / name)
        Path(self.path).touch()
        Path(self.path).chmod(0o660)
        usb_interface = "none" if interface is None else f"{port}:1.{interface}"
        parent = world.sys.parent / "devices" / port / usb_interface
        self.folder = parent / f"0003:{usb_id}.{name[6:]:>04}"
        self.folder.mkdir(parents=True)
        if interface is not None:
            (parent / "bInterfaceNumber").write_text(f"{interface:02x}\n")
        vendor, product = usb_id.split(":")
        (self.folder / "uevent").write_text(
            f"DRIVER=hid-generic\nHID_ID=0003:0000{vendor}:0000{product}\nHID_NAME={called}\n"
            f"HID_PHYS=usb-0000:00:14.0-1/input{interface}\nHID_UNIQ={uniq}\nMODALIAS=hid:b0003\n"
        )
        (self.folder / "report_descriptor").write_bytes(descriptor)
        self.entry = world.sys / name
        self.entry.mkdir()
        (self.entry / "device").symlink_to(self.folder)
        self.pendant: socket.socket | None = None

    def says(self, *reports: bytes) -> None:
        """Have the device send reports."""
        assert self.pendant is not None, "nobody has opened it"
        for report in reports:
            self.pendant.send(report)

    def unplug(self) -> None:
        """Take it away."""
        Path(self.path).unlink()
        (self.entry / "device").unlink()
        self.entry.rmdir()
        if self.pendant is not None:
            self.pendant.close()
