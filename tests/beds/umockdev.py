# SPDX-License-Identifier: GPL-2.0-or-later
"""Emulated input devices, with umockdev: evdev nodes that need no kernel support and no root.

Programs that are started by a process under `umockdev-wrapper` see the nodes below /dev/input. Their
reads come out of a pty, their ioctls are answered here, out of what the device is said to be now.

What it cannot do: a queue that overflows by itself, POLLHUP without data, copies of the events for
several readers, events for a node that nobody has open, a node number that is used a second time, more
than ten words of udev that nobody has taken, autosuspend, uaccess. The key releases that the kernel
makes on unplugging have to be asked for.
"""

from __future__ import annotations

import errno
import os
import select
import struct
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gi  # type: ignore[import-untyped]

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # type: ignore[import-untyped]  # noqa: E402  # after the version is said

# Numbers of linux/input.h and linux/input-event-codes.h.
EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_LED = 0, 1, 2, 3, 0x11
SYN_REPORT = 0
INPUT_EVENT = struct.Struct("llHHi")

Event = tuple[int, int, int]
"""Type, code, value."""

USUAL_RANGE = (0, 1 << 16, 0, 0, 0)
"""Minimum, maximum, fuzz, flat and resolution of an absolute axis."""

_INPUT_MAJOR, _FIRST_EVENT_MINOR = 13, 64
_VERSION = 0x10001
_BUS_USB = 3
_STRINGS = {0x06: "name", 0x07: "phys", 0x08: "uniq"}  # EVIOCGNAME, EVIOCGPHYS, EVIOCGUNIQ
_BIT_MAPS = range(0x20, 0x40)  # EVIOCGBIT of each event type


@dataclass
class Hardware:
    """What a node says of itself, and where its switches stand.

    `down` are the keys that are held and `absolutes` the positions of the absolute axes. `port` and
    `interface` of the USB device make up `phys`; a `port` of "" is for a node without any. `ranges` are
    what is said of absolute axes: minimum, maximum, fuzz, flat, resolution. Bytes of `name` that are no UTF-8
    are lone surrogates, as in Python's "surrogateescape".
    """

    name: str = "Test MPG Pendant"
    vendor: int = 0x1209
    product: int = 0x0001
    uniq: str = ""
    port: str = "1-1"
    interface: int = 0
    keys: Iterable[int] = ()
    relatives: Iterable[int] = ()
    absolutes: dict[int, int] = field(default_factory=dict)
    ranges: dict[int, Sequence[int]] = field(default_factory=dict)
    leds: Iterable[int] = ()
    down: set[int] = field(default_factory=set)
    mode: int = 0o600

    @property
    def phys(self) -> str:
        """The kernel's string for where the node is."""
        return f"usb-0000:00:14.0-{self.port}/input{self.interface}" if self.port else ""


def new_testbed() -> Any:
    """Return a directory in which /dev and /sys are emulated, for this process and its children."""
    testbed = UMockdev.Testbed.new()
    # Where this is missing, the real one is seen.
    Path(testbed.get_root_dir(), "dev/input").mkdir(parents=True)
    return testbed


class Node(UMockdev.IoctlBase):  # type: ignore[misc]  # it has no types
    """One emulated node, /dev/input/event`number`."""

    def __init__(self, testbed: Any, number: int, hardware: Hardware) -> None:
        """Make the node, as the kernel does before it tells udev."""
        super().__init__()
        self.number = number
        self.path = f"/dev/input/event{number}"
        self.hardware = hardware
        self._grabbed_by: Any = None
        self.clock = time.CLOCK_REALTIME
        self.is_gone = False
        self._clients: list[Any] = []
        self._revoked: list[Any] = []
        self._unreadable: list[Any] = []  # clients whose reads fail with _read_error
        self._read_error = 0
        self._ioctl_errors: dict[int, int] = {}
        self._testbed = testbed
        testbed.attach_ioctl(self.path, self)  # first, for a program may open the node at once
        with _silence(testbed):
            self._syspath = _add_device(testbed, self)
            self.chmod(hardware.mode)
        self._descriptor = testbed.get_dev_fd(self.path)
        os.set_blocking(self._descriptor, False)

    @property
    def file(self) -> Path:
        """Where the node really is: a link to a pty."""
        return Path(self._testbed.get_root_dir() + self.path)

    @property
    def was_open(self) -> bool:
        """Whether a program has ever had the node open."""
        return bool(self._clients)

    @property
    def is_open(self) -> bool:
        """Whether a program has the node open."""
        return any(client.get_connected() for client in self._clients)

    @property
    def is_grabbed(self) -> bool:
        """Whether a program has it for itself; closing the node ends that, too."""
        return self._grabbed_by is not None and self._grabbed_by.get_connected()

    def chmod(self, mode: int) -> None:
        """Change who may open the node."""
        self.file.readlink().chmod(mode)

    def uevent(self, action: str) -> None:
        """Tell what listens to udev's monitor."""
        self._testbed.uevent(f"{self._syspath}/event{self.number}", action)

    def send(self, events: Sequence[Sequence[int]]) -> None:
        """Let readers have these events, all at one time, in one piece."""
        now = time.clock_gettime(self.clock)
        seconds, microseconds = int(now), int(now % 1 * 1e6)
        data = b"".join(INPUT_EVENT.pack(seconds, microseconds, *event) for event in events)
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # the pty is full, the reader will empty it
                time.sleep(0.001)

    def written(self) -> list[Event]:
        """Return the events that clients have written since the last call."""
        try:
            data = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return []
        except OSError as error:
            if error.errno == errno.EIO:  # nobody has the pty open
                return []
            raise
        return [(kind, code, value) for _, _, kind, code, value in INPUT_EVENT.iter_unpack(data)]

    def has_unread(self) -> bool:
        """Tell whether events wait for a reader; a pty may take its time to hand them over."""
        reader = os.open(self.file.readlink(), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            return bool(select.select([reader], [], [], 0)[0])
        finally:
            os.close(reader)

    def unplug(self, releases: bool = False) -> None:
        """Take the device away; from now on reads and ioctls fail with ENODEV.

        `releases`: let go of all keys first, as the kernel does.
        """
        if releases:
            keys = sorted(self.hardware.down)
            self.hardware.down.clear()
            self.send([*((EV_KEY, key, 0) for key in keys), (EV_SYN, SYN_REPORT, 0)])
        self.is_gone = True
        self.send([(EV_SYN, SYN_REPORT, 0)])  # wakes the readers; what they get is ENODEV
        self.file.unlink()
        self.uevent("remove")

    def revoke(self) -> None:
        """Take the node from those that have it open now, as logind does with a seat's devices."""
        self._revoked += self._clients
        self._grabbed_by = None
        self.send([(EV_SYN, SYN_REPORT, 0)])

    def fail_reads(self, error: int) -> None:
        """Let each read of those that have it open now fail with this errno."""
        self._unreadable += self._clients
        self._read_error = error
        self.send([(EV_SYN, SYN_REPORT, 0)])  # wakes the readers

    def fail_ioctl(self, number: int, error: int) -> None:
        """Let the ioctl EVIOC... of this number (linux/input.h) fail with this errno; 0: no longer."""
        self._ioctl_errors[number] = error

    def hang_up(self) -> None:
        """Let the node hang up without anything to read; from now on, ioctls fail with ENODEV."""
        self.is_gone = True
        self._unreadable += self._clients
        self._read_error = errno.EAGAIN
        # The reader's side stays open, for umockdev cannot do with a second pty of the same number.
        reader = os.open(self.file.readlink(), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        self.file.unlink()
        os.dup2(reader, self._descriptor)  # closes the other side

    def _is_lost_to(self, client: Any) -> bool:
        return self.is_gone or any(client is other for other in self._revoked)

    # The rest is called by umockdev, in a thread of its own.

    def do_client_connected(self, client: Any) -> None:
        self._clients.append(client)

    def do_handle_read(self, client: Any) -> bool:
        if any(client is other for other in self._unreadable):
            client.complete(-1, self._read_error)
            return True
        if self._is_lost_to(client):
            client.complete(-1, errno.ENODEV)
            return True
        return False  # read the pty

    def do_handle_write(self, client: Any) -> bool:
        return self.do_handle_read(client)

    def do_handle_ioctl(self, client: Any) -> bool:
        request = client.get_request()
        if request >> 8 & 0xFF != ord("E"):
            return False  # the terminal's
        try:
            self._answer(client, request & 0xFF, request >> 16 & 0x3FFF)
        except OSError as error:
            client.complete(-1, error.errno)
        except Exception:  # noqa: BLE001  # umockdev would wait for ever
            traceback.print_exc(file=sys.stderr)
            client.complete(-1, errno.EIO)
        return True

    def _answer(self, client: Any, number: int, size: int) -> None:
        """Answer the evdev ioctl EVIOC... of a number (linux/input.h). Raises OSError for an error."""
        if self._is_lost_to(client):
            raise OSError(errno.ENODEV, self.path)
        if self._ioctl_errors.get(number):
            raise OSError(self._ioctl_errors[number], self.path)
        if number == 0x90:  # EVIOCGRAB: its argument is a number, not a pointer
            self._grab(client, any(client.get_arg().retrieve()))
            client.complete(0, 0)
        elif number == 0xA0:  # EVIOCSCLOCKID
            self.clock = struct.unpack("i", client.get_arg().resolve(0, 4).retrieve()[:4])[0]
            client.complete(0, 0)
        elif number - 0xC0 in self.hardware.absolutes:  # EVIOCSABS
            said = struct.unpack("6i", client.get_arg().resolve(0, 24).retrieve()[:24])
            self.hardware.ranges[number - 0xC0] = said[1:]
            client.complete(0, 0)
        else:
            data = self._data(number, size)[:size]
            client.get_arg().resolve(0, size).update(0, data)
            has_length = number in _STRINGS or number in _BIT_MAPS
            client.complete(len(data) if has_length else 0, 0)

    def _grab(self, client: Any, wanted: bool) -> None:
        if wanted and self.is_grabbed:
            raise OSError(errno.EBUSY, self.path)
        if not wanted and self._grabbed_by is not client:
            raise OSError(errno.EINVAL, self.path)
        self._grabbed_by = client if wanted else None

    def _data(self, number: int, size: int) -> bytes:
        """Return what an ioctl that asks for something is answered with."""
        hardware = self.hardware
        if number == 0x01:  # EVIOCGVERSION
            return struct.pack("i", _VERSION)
        if number == 0x02:  # EVIOCGID
            return struct.pack("HHHH", _BUS_USB, hardware.vendor, hardware.product, 0x0110)
        if number == 0x84:  # EVIOCGEFFECTS
            return struct.pack("i", 0)
        if number in _STRINGS and (text := getattr(hardware, _STRINGS[number])):
            # With its end: the kernel's strings are shorter than anybody's buffer.
            return bytes(text.encode(errors="surrogateescape")[: size - 1] + b"\0")
        if number == 0x18:  # EVIOCGKEY
            return _bits(hardware.down, size)
        if number in (0x09, 0x19, 0x1B):  # EVIOCGPROP, EVIOCGLED, EVIOCGSW
            return bytes(size)
        if number in _BIT_MAPS:  # EVIOCGBIT
            return _bits(self._codes(number - 0x20), size)
        if number - 0x40 in hardware.absolutes:  # EVIOCGABS: value, minimum, maximum, ...
            code = number - 0x40
            return struct.pack("6i", hardware.absolutes[code], *hardware.ranges.get(code, USUAL_RANGE))
        # No such string, no force feedback, no repetition, no such axis.
        raise OSError(errno.ENOENT if number in _STRINGS else errno.EINVAL, self.path)

    def _codes(self, kind: int) -> Iterable[int]:
        hardware = self.hardware
        codes: dict[int, Iterable[int]] = {
            EV_KEY: hardware.keys,
            EV_REL: hardware.relatives,
            EV_ABS: hardware.absolutes,
            EV_LED: hardware.leds,
        }
        return codes.get(kind, ()) if kind else [EV_SYN, *(kind for kind in codes if codes[kind])]


@contextmanager
def _silence(testbed: Any) -> Iterator[None]:
    """Keep umockdev from telling of a device before it is whole; it sends to these sockets."""
    root = Path(testbed.get_root_dir())
    listeners = list(root.glob("event*"))
    for listener in listeners:
        listener.rename(root / f"silent-{listener.name}")
    try:
        yield
    finally:
        for listener in listeners:
            (root / f"silent-{listener.name}").rename(listener)


def _bits(numbers: Iterable[int], size: int) -> bytes:
    """Return a bit map of `size` bytes with these bits set."""
    return sum(1 << number for number in set(numbers)).to_bytes(96, "little")[:size]


def _add_device(testbed: Any, node: Node) -> str:
    """Make the node, and describe it in sysfs; return the directory of its device there."""
    hardware, number = node.hardware, node.number
    usb = f"usb1/{hardware.port}/{hardware.port}:1.{hardware.interface}"
    device = f"/devices/pci0000:00/0000:00:14.0/{usb if hardware.port else 'other'}/input/input{number}"
    minor = _FIRST_EVENT_MINOR + number
    testbed.add_from_string(f"""\
P: {device}/event{number}
N: input/event{number}
E: DEVNAME={node.path}
E: ID_INPUT=1
E: MAJOR={_INPUT_MAJOR}
E: MINOR={minor}
E: SUBSYSTEM=input
A: dev={_INPUT_MAJOR}:{minor}
L: device=../../input{number}

P: {device}
E: SUBSYSTEM=input
A: id/vendor={hardware.vendor:04x}
A: id/product={hardware.product:04x}
""")
    syspath = "/sys" + device
    for name in ("name", "phys", "uniq"):
        text = getattr(hardware, name) + "\n"
        testbed.set_attribute_binary(syspath, name, text.encode(errors="surrogateescape"))
    return syspath
