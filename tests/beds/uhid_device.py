# SPDX-License-Identifier: GPL-2.0-or-later
"""A HID device that the kernel takes for a real one, by /dev/uhid, for scripts in the guest of `beds.kernel`.

The kernel's HID core asks a program in the place of the bus (Linux: Documentation/hid/uhid.rst; the layout of
its messages: include/uapi/linux/uhid.h). It is for devices that come by Bluetooth, and for looking at reports
that are written to a device, feature reports among them. The node is /dev/hidrawN, and in /dev/input what the
HID drivers make of the report descriptor. It hangs on no USB port: for one that does, see gadget.py.

Needs root, and a machine that may be thrown away: never run it outside the guest.
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from tests.beds.gadget import wait_for

BUS_USB, BUS_BLUETOOTH = 3, 5
"""Of linux/input.h."""

DESTROY, START, STOP, OPEN, CLOSE, OUTPUT = 1, 2, 3, 4, 5, 6
GET_REPORT, GET_REPORT_REPLY, CREATE2, INPUT2, SET_REPORT, SET_REPORT_REPLY = 9, 10, 11, 12, 13, 14
"""Kinds of messages (enum uhid_event_type)."""

FEATURE, OUTPUT_REPORT, INPUT_REPORT = 0, 1, 2
"""Kinds of reports (enum uhid_report_type)."""

EIO = 5
_CREATE = struct.Struct("=I128s64s64sHHIIII4096s")
_MESSAGE_BYTES = _CREATE.size  # the largest of them
_OUTPUT = struct.Struct("=4096sHB")
_GET = struct.Struct("=IBB")
_SET = struct.Struct("=IBBH")
_UHID = Path("/dev/uhid")


class Written(NamedTuple):
    """A report that a program has written to the device.

    `at` is when it was fetched (monotonic, s); `kind` is FEATURE or OUTPUT_REPORT; `data` has the report's id
    in its first byte, as on the wire, where the device's reports have ids.
    """

    at: float
    kind: int
    data: bytes


class UhidDevice:
    """A HID device that is plugged in from the start. Use it with `with`, or `unplug` it.

    The kernel waits for the answer to a feature report (5 s), so whoever makes programs write some has to
    call `serve` meanwhile: from the loop of its script, or `wait` in the place of a sleep.
    """

    def __init__(
        self,
        descriptor: bytes,
        vendor: int,
        product: int,
        name: str,
        *,
        bus: int = BUS_USB,
        phys: str = "usb-hal_mpg-tests-1/input0",
        uniq: str = "",
    ) -> None:
        """Make it. `descriptor` is its report descriptor. Raises OSError, as without root."""
        if not _UHID.exists():
            subprocess.run(["modprobe", "uhid"], check=True)
            wait_for(str(_UHID), _UHID.exists)
        self.vendor, self.product, self.bus, self.uniq = vendor, product, bus, uniq
        self.written: list[Written] = []
        """What was written to it, the oldest first; take away what was looked at."""
        self.features: dict[int, bytes] = {}
        """What is answered to a request for a feature report: id -> report, with the id; others get EIO."""
        self.answers = True
        """False: feature reports are not acknowledged, as if it hung; `written` has them anyway."""
        self.opens = 0
        """How many programs and drivers have it open: the kernel says only of the first and the last."""
        self._descriptor = os.open(_UHID, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._send(
            _CREATE.pack(
                *(CREATE2, name.encode(), phys.encode(), uniq.encode()),
                *(len(descriptor), bus, vendor, product, 0x0100, 0, descriptor),
            )
        )

    def __enter__(self) -> UhidDevice:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unplug()

    def fileno(self) -> int:
        """Return a descriptor for select, readable where the kernel has something to say: `serve` then."""
        return self._descriptor

    def unplug(self) -> None:
        """Take the device away. Nothing happens if it has gone already."""
        if self._descriptor >= 0:
            os.close(self._descriptor)  # the kernel destroys it then
            self._descriptor = -1

    def send(self, report: bytes) -> None:
        """Send an input report, its id in the first byte if it has one. Raises OSError if it has gone."""
        self._send(struct.pack("=IH", INPUT2, len(report)) + report)

    def serve(self) -> None:
        """Take what the kernel says, and answer its questions; return at once where it says nothing."""
        while select.select([self._descriptor], [], [], 0)[0]:
            self._take(os.read(self._descriptor, _MESSAGE_BYTES))

    def wait(self, seconds: float) -> None:
        """Let time pass, and serve meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._descriptor], [], [], left)[0]:
                self.serve()

    def node(self) -> str:
        """Wait for the hidraw node, and until udev is done with it; return its path."""
        name = wait_for("hidraw node", lambda: next(self._found("hidraw/hidraw*"), ""))
        settle()
        return f"/dev/{name}"

    def input_nodes(self) -> list[str]:
        """Return the paths of the input nodes that the HID drivers have made of it, perhaps none."""
        return [f"/dev/input/{name}" for name in self._found("input/input*/event*")]

    def _found(self, pattern: str) -> Iterator[str]:
        self.serve()  # drivers ask while they start
        wanted = f"{self.bus:04X}:{self.vendor:08X}:{self.product:08X}"
        for device in sorted(Path("/sys/devices/virtual/misc/uhid").glob("*:*:*.*")):
            try:
                said = dict(line.split("=", 1) for line in (device / "uevent").read_text().splitlines())
            except (OSError, ValueError):  # it went away while it was looked at
                continue
            if said.get("HID_ID") == wanted and said.get("HID_UNIQ", "") == self.uniq:
                yield from sorted(path.name for path in device.glob(pattern))

    def _take(self, message: bytes) -> None:
        (kind,) = struct.unpack_from("=I", message)
        if kind in (OPEN, CLOSE):
            self.opens += 1 if kind == OPEN else -1
        elif kind == OUTPUT:
            data, size, of = _OUTPUT.unpack_from(message, 4)
            self.written.append(Written(time.monotonic(), of, data[:size]))
        elif kind == SET_REPORT:
            number, _, of, size = _SET.unpack_from(message, 4)
            at = 4 + _SET.size
            self.written.append(Written(time.monotonic(), of, message[at : at + size]))
            if self.answers:
                self._send(struct.pack("=IIH", SET_REPORT_REPLY, number, 0))
        elif kind == GET_REPORT:
            number, report, _ = _GET.unpack_from(message, 4)
            found = self.features.get(report, b"")
            reply = struct.pack("=IIHH", GET_REPORT_REPLY, number, 0 if found else EIO, len(found))
            self._send(reply + found)

    def _send(self, message: bytes) -> None:
        os.write(self._descriptor, message)


def settle() -> None:
    """Wait until udev has done what it has to do."""
    subprocess.run(["udevadm", "settle", "--timeout=60"], check=True)
