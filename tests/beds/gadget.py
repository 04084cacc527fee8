# SPDX-License-Identifier: GPL-2.0-or-later
"""A USB pendant that the kernel itself makes, for scripts that run in the guest of `beds.kernel`.

The kernel's dummy_hcd is a USB host controller and, wired to it, a USB device controller. A gadget
made through configfs (Linux: Documentation/usb/gadget_configfs.rst, gadget_hid.rst) is plugged in
there: it is enumerated by the USB core, handled by udev and served by evdev like any pendant.

Needs root, and a machine that may be thrown away: never run it outside the guest.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

BUTTONS = 16
"""Buttons of the pendant; button n is evdev key FIRST_BUTTON + n."""
FIRST_BUTTON = 0x120
"""BTN_TRIGGER, where the kernel starts to count the buttons of a HID joystick."""
PORTS = 2
"""Ports that a pendant can be plugged into."""

_LIMIT_S = 60.0  # for anything to happen: the emulated machine may be very slow
_MODULES = ("libcomposite", "usb_f_hid", "usbhid", "hid-generic", "evdev", "joydev")
_CONFIGFS = Path("/sys/kernel/config")
_UDC = Path("/sys/class/udc")
_INPUT = Path("/sys/class/input")
_LANGUAGE = "strings/0x409"  # US English
_REPORT_BYTES = 4

# A joystick with 16 buttons, one relative dial (-127 to 127) and a byte of padding.
# USB HID 1.11, 6.2.2 (items) and HID Usage Tables (pages 1 and 9).
# fmt: off
_REPORT_DESCRIPTOR = bytes((
    0x05, 0x01,                                      # usage page: generic desktop
    0x09, 0x04,                                      # usage: joystick
    0xA1, 0x01,                                      # collection: application
    0x05, 0x09, 0x19, 0x01, 0x29, BUTTONS,           # usages: buttons 1 to 16
    0x15, 0x00, 0x25, 0x01, 0x75, 1, 0x95, BUTTONS,  # 0 to 1, one bit each
    0x81, 0x02,                                      # input: data, variable, absolute
    0x05, 0x01, 0x09, 0x37,                          # usage: generic desktop, dial
    0x15, 0x81, 0x25, 0x7F, 0x75, 8, 0x95, 1,        # -127 to 127, one byte
    0x81, 0x06,                                      # input: data, variable, relative
    0x75, 8, 0x95, 1, 0x81, 0x01,                    # input: constant, one byte
    0xC0,                                            # end of collection
))
# fmt: on

_T = TypeVar("_T")


def wait_for(what: str, probe: Callable[[], _T], limit_s: float = _LIMIT_S) -> _T:
    """Return the first true value of `probe()`; raise TimeoutError("no `what` ...") without one."""
    deadline = time.monotonic() + limit_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} within {limit_s:.0f} s")
        time.sleep(0.01)


class UsbPendant:
    """A USB pendant, at first not plugged in. Vendor and product are USB ids.

    Buttons keep their state from one report to the next, as the switches of a pendant do, also
    while it is unplugged. Two pendants can exist at once if they differ in `serial`.
    """

    descriptor = _REPORT_DESCRIPTOR
    """What its reports mean; other pendants have others (hid_pendant.py)."""
    report_bytes = _REPORT_BYTES

    def __init__(
        self,
        vendor: int = 0x1209,
        product: int = 0x0001,
        name: str = "MPG Pendant",
        serial: str = "001",
        wakes: bool = False,
    ) -> None:
        """Make the gadget. `wakes`: it can wake the computer, so that power saving may suspend it.

        Raises OSError or subprocess.CalledProcessError, as without root.
        """
        self.vendor, self.product, self.serial = vendor, product, serial
        self._held: set[int] = set()
        self._controller: Path | None = None
        self._reports: int | None = None
        self.sent_at = 0.0  # when the last report was sent, monotonic
        _load_modules()
        self._gadget = _CONFIGFS / "usb_gadget" / f"hal_mpg_{serial}"
        self._function = self._gadget / "functions/hid.0"
        self._make_gadget(name)
        if wakes:
            (self._gadget / "configs/c.1/bmAttributes").write_text("0xa0")

    def __enter__(self) -> UsbPendant:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def plug(self, port: int | None = None) -> None:
        """Plug the pendant into `port` (0 or 1; None: the first free one).

        Returns when the USB core has configured it, which is before `node()` is there.
        """
        controllers = sorted(_UDC.iterdir())
        free = [path for path in controllers if not (path / "function").read_text().strip()]
        controller = free[0] if port is None else controllers[port]
        (self._gadget / "UDC").write_text(controller.name)
        self._controller = controller
        wait_for("USB configuration", lambda: _read(controller / "state") == "configured")
        device = Path("/sys/dev/char", _read(self._function / "dev"))
        node = Path("/dev", device.resolve().name)
        wait_for(str(node), node.exists)
        self._reports = os.open(node, os.O_WRONLY | os.O_NONBLOCK)

    @property
    def is_plugged_in(self) -> bool:
        """Whether it is in a port."""
        return self._controller is not None

    def unplug(self) -> None:
        """Pull the plug. Nothing happens if the pendant is not plugged in."""
        if self._reports is not None:
            os.close(self._reports)
            self._reports = None
        if self._controller is not None:
            (self._gadget / "UDC").write_text("\n")
            self._controller = None

    def close(self) -> None:
        """Unplug the pendant and take the gadget apart, in the reverse order of making it."""
        self.unplug()
        configuration = self._gadget / "configs/c.1"
        (configuration / "hid.0").unlink()
        for directory in (
            configuration / _LANGUAGE,
            configuration,
            self._function,
            self._gadget / _LANGUAGE,
            self._gadget,
        ):
            directory.rmdir()

    def press(self, *buttons: int) -> None:
        """Press buttons (0 to 15), in one report; others stay as they are."""
        self.report(self._held | set(buttons))

    def release(self, *buttons: int) -> None:
        """Release buttons (0 to 15), in one report; others stay as they are."""
        self.report(self._held - set(buttons))

    def turn(self, detents: int, per_report: int = 1) -> None:
        """Turn the wheel by `detents` (negative: backward), `per_report` (1 to 127) at a time."""
        if not 1 <= per_report <= 127:
            raise ValueError(f"per_report {per_report} is not in 1 to 127")
        direction = 1 if detents > 0 else -1
        left = abs(detents)
        while left:
            step = min(left, per_report)
            self.report(self._held, direction * step)
            left -= step

    def report(self, buttons: Iterable[int], dial: int = 0) -> None:
        """Send one report: the buttons (0 to 15) that are held, and the wheel's detents (±127).

        Open the pendant's node first: the kernel polls a HID device only while somebody has it
        open, and drops what was sent before (Linux: usbhid_open). What EVIOCGKEY then tells of the
        buttons is their state at the last close, until the next report.

        Raises ValueError, RuntimeError if the pendant is not plugged in, OSError.
        """
        held = set(buttons)
        if not held <= set(range(BUTTONS)) or abs(dial) > 127:
            raise ValueError(f"no such report: buttons {sorted(held)}, dial {dial}")
        if self._reports is None:
            raise RuntimeError("the pendant is not plugged in")
        self._held = held
        bits = sum(1 << button for button in held)
        self.send(bits.to_bytes(2, "little") + dial.to_bytes(1, "little", signed=True) + b"\0")

    def send(self, data: bytes) -> None:
        """Send one report as it is. Raises RuntimeError if the pendant is not plugged in, OSError."""
        if self._reports is None:
            raise RuntimeError("the pendant is not plugged in")
        if not select.select([], [self._reports], [], _LIMIT_S)[1]:
            raise TimeoutError("nobody fetched the last report: is the node of the pendant open?")
        self.sent_at = time.monotonic()
        os.write(self._reports, data)

    def node(self) -> str:
        """Wait until the kernel has made the evdev node and udev is done with it; return it."""
        name = wait_for("evdev node", self._node_name)
        subprocess.run(["udevadm", "settle", f"--timeout={_LIMIT_S:.0f}"], check=True)
        return f"/dev/input/{name}"

    def wait_for_no_node(self) -> None:
        """Wait until the evdev node has gone, from sysfs and from /dev."""
        wait_for("end of the evdev node", lambda: self._node_name() is None)
        subprocess.run(["udevadm", "settle", f"--timeout={_LIMIT_S:.0f}"], check=True)

    def sysfs(self) -> Path:
        """Return the directory of the evdev node in /sys/devices, which names the USB port."""
        return (_INPUT / Path(self.node()).name).resolve()

    def usb_device(self) -> Path:
        """Return the directory of the USB device in /sys/devices."""
        return next(path for path in self.sysfs().parents if (path / "idVendor").exists())

    def _node_name(self) -> str | None:
        wanted = (f"{self.vendor:04x}", f"{self.product:04x}", self.serial)
        for event in _INPUT.glob("event*"):
            device = event / "device"
            try:
                ids = (_read(device / "id/vendor"), _read(device / "id/product"))
                if (*ids, _read(device / "uniq")) == wanted:
                    return event.name
            except OSError:  # it went away while it was looked at
                continue
        return None

    def _make_gadget(self, name: str) -> None:
        gadget, configuration = self._gadget, self._gadget / "configs/c.1"
        # configfs makes the files of a directory together with the directory.
        for directory in (gadget, gadget / _LANGUAGE, configuration, configuration / _LANGUAGE):
            directory.mkdir()
        self._function.mkdir()
        for file, text in (
            (gadget / "idVendor", hex(self.vendor)),
            (gadget / "idProduct", hex(self.product)),
            (gadget / _LANGUAGE / "manufacturer", "hal_mpg tests"),
            (gadget / _LANGUAGE / "product", name),
            (gadget / _LANGUAGE / "serialnumber", self.serial),
            (configuration / _LANGUAGE / "configuration", "pendant"),
            (self._function / "protocol", "0"),  # neither boot keyboard nor boot mouse
            (self._function / "subclass", "0"),
            (self._function / "report_length", str(self.report_bytes)),
        ):
            file.write_text(text)
        (self._function / "report_desc").write_bytes(self.descriptor)
        (configuration / "hid.0").symlink_to(self._function)


class UinputPendant:
    """A pendant without USB (a platform device, as GPIO keys are), made through /dev/uinput.

    `events` are the codes that it has, as python-evdev's UInput takes them: {EV_KEY: [BTN_0]}.
    """

    def __init__(
        self,
        name: str,
        events: dict[int, Sequence[int]],
        vendor: int = 0x1,
        product: int = 0x1,
        bus: int = 0x03,
    ) -> None:
        """Make the device; its node is there and handled by udev on return. `bus` is of linux/input.h."""
        import evdev  # not at the top: UsbPendant needs nothing but Python

        subprocess.run(["modprobe", "-a", "uinput", "evdev"], check=True)
        self._device = evdev.UInput(events, name=name, vendor=vendor, product=product, bustype=bus)
        subprocess.run(["udevadm", "settle", f"--timeout={_LIMIT_S:.0f}"], check=True)

    def write(self, *events: tuple[int, int, int]) -> None:
        """Send (type, code, value) events, and the SYN_REPORT that ends them."""
        for kind, code, value in events:
            self._device.write(kind, code, value)
        self._device.syn()

    def node(self) -> str:
        """Return the path of the evdev node."""
        return str(self._device.device.path)

    def close(self) -> None:
        """Take the device away, as the kernel does when a driver is unbound."""
        self._device.close()


def _load_modules() -> None:
    """Load what is needed, and mount configfs. Loading twice does no harm."""
    subprocess.run(["modprobe", "dummy_hcd", f"num={PORTS}"], check=True)
    subprocess.run(["modprobe", "-a", *_MODULES], check=True)
    if not os.path.ismount(_CONFIGFS):
        subprocess.run(["mount", "-t", "configfs", "none", str(_CONFIGFS)], check=True)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip()
