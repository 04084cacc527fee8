# SPDX-License-Identifier: GPL-2.0-or-later
"""USB devices of any make that the kernel itself makes, for scripts that run in the guest of `beds.kernel`.

As gadget.py, with what real devices have: several interfaces, HID reports that are written to them, and
interfaces that only a driver of their own can read (f_fs, Linux: Documentation/usb/functionfs.rst).
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from tests.beds.gadget import PORTS, wait_for
from tests.beds.uhid_device import settle

_CONFIGFS = Path("/sys/kernel/config")
_UDC = Path("/sys/class/udc")
_LANGUAGE = "strings/0x409"  # US English
_LIMIT_S = 60.0
_READ_BYTES = 4096

# Of linux/usb/functionfs.h.
_DESCRIPTORS, _STRINGS = 3, 2
_FULL_SPEED, _HIGH_SPEED = 1, 2
_SETUP = 4
_EVENT = struct.Struct("<BBHHHBxxx")
_IN, _OUT, _INTERRUPT = 0x80, 0x00, 3


class HidFunction:
    """One HID interface. Reports that are written to the device come by the control pipe."""

    def __init__(self, descriptor: bytes, report_bytes: int) -> None:
        """`report_bytes` is the length of the longest input report."""
        self._report_descriptor, self._report_bytes = descriptor, report_bytes
        self._node = -1
        self._folder = Path()
        self._written: list[bytes] = []

    def make(self, gadget: Path, number: int) -> Path:
        """Make the function's part of the gadget; return its folder."""
        self._folder = gadget / f"functions/hid.{number}"
        self._folder.mkdir()
        for name, text in (
            ("protocol", "0"),
            ("subclass", "0"),
            ("no_out_endpoint", "1"),
            ("report_length", str(self._report_bytes)),
        ):
            (self._folder / name).write_text(text)
        (self._folder / "report_desc").write_bytes(self._report_descriptor)
        return self._folder

    def open(self) -> None:
        """Open what reports go through; the device has been configured."""
        node = Path("/dev", Path("/sys/dev/char", (self._folder / "dev").read_text().strip()).resolve().name)
        wait_for(str(node), node.exists)
        self._node = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self) -> None:
        """Close it: the plug is pulled."""
        if self._node >= 0:
            self._fetch()
            os.close(self._node)
            self._node = -1

    def send(self, report: bytes) -> None:
        """Send an input report. TimeoutError: nobody has the device's node open, so nobody fetches it."""
        if not select.select([], [self._node], [], _LIMIT_S)[1]:
            raise TimeoutError("nobody fetched the last report: is a node of the pendant open?")
        os.write(self._node, report)

    def written(self) -> list[bytes]:
        """Return the reports that were written to the device since the last time, ids included."""
        if self._node >= 0:
            self._fetch()
        found, self._written = self._written, []
        return found

    def _fetch(self) -> None:
        """Take what was written; f_hid keeps it until then, or until it is closed."""
        while select.select([self._node], [], [], 0)[0]:
            self._written.append(os.read(self._node, _READ_BYTES))


class VendorFunction:
    """One interface of no class that the kernel has a general driver for.

    It has an interrupt endpoint to the computer, and one from it where `has_out`.
    """

    def __init__(self, usb_class: tuple[int, int, int], packet_bytes: int, has_out: bool = False) -> None:
        """`usb_class`: class, subclass and protocol of the interface."""
        self._class, self._packet_bytes, self._has_out = usb_class, packet_bytes, has_out
        self._name = ""
        self._control, self._to_computer = -1, -1
        self._requests: list[bytes] = []

    def make(self, gadget: Path, number: int) -> Path:
        """Make the function's part of the gadget; return its folder."""
        self._name = f"{gadget.name}_{number}"
        folder = gadget / f"functions/ffs.{self._name}"
        folder.mkdir()
        mount = Path("/dev", f"ffs-{self._name}")
        mount.mkdir()
        subprocess.run(["mount", "-t", "functionfs", self._name, str(mount)], check=True)
        self._control = os.open(mount / "ep0", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        descriptors = self._descriptors()
        head = struct.pack("<IIIII", _DESCRIPTORS, 20 + 2 * len(descriptors), 3, *[2 + self._has_out] * 2)
        os.write(self._control, head + descriptors + descriptors)
        os.write(self._control, struct.pack("<IIII", _STRINGS, 16, 0, 0))
        return folder

    def _descriptors(self) -> bytes:
        interface = bytes((9, 4, 0, 0, 1 + self._has_out, *self._class, 0))
        ends = [1 | _IN, *([2 | _OUT] if self._has_out else [])]
        return interface + b"".join(
            struct.pack("<BBBBHB", 7, 5, end, _INTERRUPT, self._packet_bytes, 4) for end in ends
        )

    def open(self) -> None:
        """Open what packets go through; the device has been configured."""
        self._to_computer = os.open(f"/dev/ffs-{self._name}/ep1", os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        """Close it: the plug is pulled."""
        if self._to_computer >= 0:
            os.close(self._to_computer)
            self._to_computer = -1

    def take_apart(self) -> None:
        """Take away what `make` has made."""
        os.close(self._control)
        subprocess.run(["umount", f"/dev/ffs-{self._name}"], check=True)
        Path(f"/dev/ffs-{self._name}").rmdir()

    def send(self, packet: bytes) -> None:
        """Send a packet; it waits until the driver has fetched it."""
        self.serve()
        os.write(self._to_computer, packet)

    def serve(self) -> None:
        """Take the control requests that have come, and acknowledge them."""
        while select.select([self._control], [], [], 0)[0]:
            message = os.read(self._control, _EVENT.size)
            kind, request, value, index, length, event = _EVENT.unpack(message)
            if event != _SETUP:
                continue
            data = b""
            if kind & _IN:
                os.write(self._control, bytes(length))
            else:
                data = os.read(self._control, length)
            self._requests.append(struct.pack("<BBHH", kind, request, value, index) + data)

    def written(self) -> list[bytes]:
        """Return the control requests since the last time: type, request, value and index, and what came."""
        self.serve()
        found, self._requests = self._requests, []
        return found


class UsbGadget:
    """A USB device, at first not plugged in."""

    def __init__(
        self,
        vendor: int,
        product: int,
        strings: tuple[str, str, str],
        functions: Sequence[HidFunction | VendorFunction],
    ) -> None:
        """Make it; `strings` are manufacturer, product and serial number ("": it has none).

        Raises OSError or subprocess.CalledProcessError, as without root.
        """
        self.functions = functions
        self.is_plugged_in = False
        _load_modules()
        self._gadget = _CONFIGFS / "usb_gadget" / f"hal_mpg_{vendor:04x}_{product:04x}_{time.monotonic_ns()}"
        self._configuration = self._gadget / "configs/c.1"
        for folder in (self._gadget, self._gadget / _LANGUAGE, self._configuration):
            folder.mkdir()
        (self._gadget / "idVendor").write_text(hex(vendor))
        (self._gadget / "idProduct").write_text(hex(product))
        for name, text in zip(("manufacturer", "product", "serialnumber"), strings, strict=True):
            (self._gadget / _LANGUAGE / name).write_text(text)
        self._folders = [function.make(self._gadget, number) for number, function in enumerate(functions)]
        for folder in self._folders:
            (self._configuration / folder.name).symlink_to(folder)

    def __enter__(self) -> UsbGadget:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def plug(self, port: int = 0) -> None:
        """Plug it into a port (0 or 1); return when udev is done with all that the kernel makes of it."""
        controller = sorted(_UDC.iterdir())[port]
        (self._gadget / "UDC").write_text(controller.name)
        self.is_plugged_in = True
        self.wait("USB configuration", lambda: (controller / "state").read_text().strip() == "configured")
        for function in self.functions:
            function.open()
        end = time.monotonic() + 0.5  # drivers ask what they have to know, one after the other
        self.wait("drivers", lambda: time.monotonic() > end)
        settle()

    def wait(self, what: str, probe: Callable[[], bool]) -> None:
        """Wait until something holds, and answer the computer meanwhile."""

        def served() -> bool:
            for function in self.functions:
                if isinstance(function, VendorFunction):
                    function.serve()
            return probe()

        wait_for(what, served)

    def unplug(self) -> None:
        """Pull the plug. Nothing happens if it is not plugged in."""
        for function in self.functions:
            function.close()
        if self.is_plugged_in:
            (self._gadget / "UDC").write_text("\n")
            self.is_plugged_in = False

    def close(self) -> None:
        """Unplug it and take it apart, in the reverse order of making it."""
        self.unplug()
        for folder in self._folders:
            (self._configuration / folder.name).unlink()
        for function in self.functions:
            if isinstance(function, VendorFunction):
                function.take_apart()
        for folder in (*self._folders, self._configuration, self._gadget / _LANGUAGE, self._gadget):
            folder.rmdir()


def _load_modules() -> None:
    """Load what is needed, and mount configfs. Loading twice does no harm."""
    subprocess.run(["modprobe", "dummy_hcd", f"num={PORTS}"], check=True)
    modules = ("libcomposite", "usb_f_hid", "usb_f_fs", "usbhid", "hid-generic", "evdev")
    subprocess.run(["modprobe", "-a", *modules], check=True)
    if not os.path.ismount(_CONFIGFS):
        subprocess.run(["mount", "-t", "configfs", "none", str(_CONFIGFS)], check=True)
