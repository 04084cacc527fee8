# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw HID nodes without a kernel that has any: a folder in the place of sysfs, and sockets for the nodes.

A socket of the kind SEQPACKET keeps reports apart, both ways, as /dev/hidraw* does. What it has not are
feature reports, so a display is tried with output reports here: see `with_output_reports`. The real thing is
in tests/kernel.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
from pathlib import Path

HANG_BYTES = 1 << 16


def with_output_reports(profile: str) -> str:
    """Return a profile's text whose display is sent output reports of the same id."""
    return profile.replace("report: {feature: ", "report: {output: ")


class HidSockets:
    """A machine's raw HID nodes. `sysfs` takes the place of /sys/class/hidraw."""

    def __init__(self, folder: Path) -> None:
        self.sysfs = folder / "hidraw"
        self.sysfs.mkdir()
        self._plugged: dict[str, HidSocket] = {}

    def plug(self, number: int, vendor: int, product: int, name: str, descriptor: bytes = b"") -> HidSocket:
        """Plug in a device, which shows as the node /dev/hidraw NUMBER."""
        device = self.sysfs / f"hidraw{number}" / "device"
        device.mkdir(parents=True)
        uevent = (
            f"HID_ID=0003:{vendor:08X}:{product:08X}\nHID_NAME={name}\nHID_PHYS=usb-1/input0\nHID_UNIQ=\n"
        )
        (device / "uevent").write_text(uevent)
        if descriptor:
            (device / "report_descriptor").write_bytes(descriptor)
        hardware = HidSocket(device.parent)
        self._plugged[f"/dev/hidraw{number}"] = hardware
        return hardware

    def open(self, path: str) -> int:
        """Open a node, as os.open does. Raises OSError."""
        hardware = self._plugged.get(path)
        if hardware is None or not hardware.is_there:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        return hardware.open()


class HidSocket:
    """A device: it sends reports, and keeps those that it is sent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._end: socket.socket | None = None
        self.is_there = True

    def open(self) -> int:
        """Return the near end, for the program."""
        ours, self._end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._end.setblocking(False)
        ours.setblocking(False)
        return ours.detach()

    @property
    def is_open(self) -> bool:
        """Whether the program has it open."""
        return self._end is not None

    def send(self, report: bytes) -> None:
        """Send an input report."""
        assert self._end is not None
        self._end.send(report)

    def written(self) -> list[bytes]:
        """Return the reports that were written since this was asked last."""
        found: list[bytes] = []
        try:
            while self._end is not None and (report := self._end.recv(HANG_BYTES)):
                found.append(report)
        except (BlockingIOError, ConnectionError):
            pass
        return found

    def unplug(self) -> None:
        """Take it away."""
        self.is_there = False
        shutil.rmtree(self._folder)
        if self._end is not None:
            self._end.close()
