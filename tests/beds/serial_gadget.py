# SPDX-License-Identifier: GPL-2.0-or-later
"""A USB serial pendant that the kernel itself makes (f_acm), for scripts in the guest of `beds.kernel`.

As gadget.py, with a serial port in the place of the HID device: the pendant speaks at /dev/ttyGS0, and the
computer hears at /dev/ttyACM0. Needs root, and a machine that may be thrown away.
"""

from __future__ import annotations

import os
import subprocess
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tests.beds.gadget import wait_for
from tests.beds.serial_pendant import Firmware, Speaker

PORTS = 2
"""Ports that a pendant can be plugged into."""

_CONFIGFS = Path("/sys/kernel/config")
_UDC = Path("/sys/class/udc")
_LANGUAGE = "strings/0x409"  # US English
_SETTLE_S = 60


class SerialGadget:
    """A USB serial pendant, at first not plugged in; plugging it in starts its firmware anew."""

    def __init__(
        self,
        firmware: Firmware,
        vendor: int = 0x1209,
        product: int = 0x0001,
        name: str = "hal_mpg pendant",
        serial: str = "001",
    ) -> None:
        """Make the gadget. Raises OSError or subprocess.CalledProcessError, as without root."""
        self._firmware = firmware
        self.vendor, self.product, self.serial = vendor, product, serial
        self.boots = 0
        self.speaker: Speaker | None = None
        self._descriptor = -1
        self._is_plugged = False
        _load_modules()
        self._gadget = _CONFIGFS / "usb_gadget" / f"hal_mpg_serial_{serial}"
        self._function = self._gadget / "functions/acm.0"
        self._make(name)

    def __enter__(self) -> SerialGadget:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def hand(self) -> Speaker:
        """What hands are on. Raises RuntimeError where it is not plugged in."""
        if self.speaker is None:
            raise RuntimeError("the pendant is not plugged in")
        return self.speaker

    def plug(self, port: int | None = None, speaks: bool = True) -> None:
        """Plug it into `port` (0 or 1; None: the first free one), and let its firmware start."""
        controllers = sorted(_UDC.iterdir())
        free = [path for path in controllers if not (path / "function").read_text().strip()]
        controller = free[0] if port is None else controllers[port]
        (self._gadget / "UDC").write_text(controller.name)
        self._is_plugged = True
        state = controller / "state"
        wait_for("USB configuration", lambda: state.read_text().strip() == "configured")
        self._descriptor = self._open()
        if speaks:
            self.boots += 1
            old = self._firmware
            self._firmware = Firmware(old.controls, old.name, self.boots, old.state_s).as_it_stands(old)
            self.speaker = Speaker(self._descriptor, self._firmware)

    def _open(self) -> int:
        node = Path(f"/dev/ttyGS{(self._function / 'port_num').read_text().strip()}")
        wait_for(str(node), node.exists)
        descriptor = os.open(node, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(descriptor)
        return descriptor

    @property
    def is_plugged_in(self) -> bool:
        """Whether it is in a port."""
        return self._is_plugged

    def unplug(self) -> float:
        """Pull the plug; return when that was, monotonic. Nothing happens if it is not plugged in."""
        if self._is_plugged:
            (self._gadget / "UDC").write_text("\n")
            self._is_plugged = False
        pulled_at = time.monotonic()
        if self.speaker:
            self.speaker.close()
            self._firmware, self.speaker = self.speaker.firmware, None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        return pulled_at

    def close(self) -> None:
        """Unplug it and take the gadget apart, in the reverse order of making it."""
        self.unplug()
        configuration = self._gadget / "configs/c.1"
        (configuration / "acm.0").unlink()
        folders = (configuration / _LANGUAGE, configuration, self._function, self._gadget / _LANGUAGE)
        for folder in (*folders, self._gadget):
            folder.rmdir()

    def node(self) -> str:
        """Wait until the kernel has made the computer's port, and udev is done with it; return it."""
        name = wait_for("serial port", lambda: next(self._ports(), ""))
        _settle()
        return f"/dev/{name}"

    def wait_for_no_node(self) -> None:
        """Wait until the port has gone."""
        wait_for("end of the serial port", lambda: not list(self._ports()))
        _settle()

    def _ports(self) -> Iterator[str]:
        for port in Path("/sys/class/tty").glob("ttyACM*"):
            try:
                usb = (port / "device").resolve().parent
                said = [(usb / name).read_text().strip() for name in ("idVendor", "idProduct", "serial")]
            except OSError:  # it went away while it was looked at
                continue
            if said == [f"{self.vendor:04x}", f"{self.product:04x}", self.serial]:
                yield port.name

    def _make(self, name: str) -> None:
        gadget, configuration = self._gadget, self._gadget / "configs/c.1"
        # configfs makes the files of a directory together with the directory.
        for folder in (gadget, gadget / _LANGUAGE, configuration, configuration / _LANGUAGE, self._function):
            folder.mkdir()
        for file, text in (
            (gadget / "idVendor", hex(self.vendor)),
            (gadget / "idProduct", hex(self.product)),
            (gadget / "bDeviceClass", "0x02"),  # communications
            (gadget / _LANGUAGE / "manufacturer", "hal_mpg tests"),
            (gadget / _LANGUAGE / "product", name),
            (gadget / _LANGUAGE / "serialnumber", self.serial),
            (configuration / _LANGUAGE / "configuration", "pendant"),
        ):
            file.write_text(text)
        (configuration / "acm.0").symlink_to(self._function)


def _settle() -> None:
    subprocess.run(["udevadm", "settle", f"--timeout={_SETTLE_S}"], check=True)


def _load_modules() -> None:
    """Load what is needed, and mount configfs. Loading twice does no harm."""
    subprocess.run(["modprobe", "dummy_hcd", f"num={PORTS}"], check=True)
    subprocess.run(["modprobe", "-a", "libcomposite", "usb_f_acm", "cdc-acm"], check=True)
    if not os.path.ismount(_CONFIGFS):
        subprocess.run(["mount", "-t", "configfs", "none", str(_CONFIGFS)], check=True)
