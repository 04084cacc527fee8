# SPDX-License-Identifier: GPL-2.0-or-later
"""Part of guest_bed.py: what the source of raw HID pendants rests on, and that source, on a real node.

The device has the id and the reports of a WHB04B, and says in its report descriptor that it is a mouse, too,
so that the kernel makes an input device of it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import evdev

from hal_mpg.events import DeviceEvent, Frame
from hal_mpg.profile_files import read_profile
from hal_mpg.sources.hidraw import QUEUE, HidrawSource
from hal_mpg.sources.hidraw_nodes import hid_nodes, input_nodes_of
from tests.beds.gadget import wait_for
from tests.beds.kernel import ROOT
from tests.beds.uhid_device import UhidDevice

MOUSE = bytes.fromhex(
    "05010902a1010901a1008501"  # a mouse, report id 1
    "05091901290315002501950375018102950175058103"  # three buttons
    "0501093009311581257f750895028106c0c0"  # X and Y
)
VENDOR = bytes.fromhex(
    "0600ff0901a101"  # a collection of nobody's
    "8504150026ff007508950709018102"  # input reports of 7 bytes, id 4
    "850695070901b102c0"  # feature reports of 7 bytes, id 6
)
IDLE, DETENT = bytes([4, 0, 0, 0, 0x0D, 0x11, 0, 0]), bytes([4, 0, 0, 0, 0x0D, 0x11, 1, 0])
Notes = dict[str, Any]


def told(events: list[DeviceEvent]) -> list[str]:
    """Return events in short."""
    return [
        str(event.changes[0][2]) if isinstance(event, Frame) else type(event).__name__ for event in events
    ]


def plugged(uniq: str = "") -> UhidDevice:
    return UhidDevice(MOUSE + VENDOR, 0x10CE, 0xEB91, "KTURT.LTD", uniq=uniq)


def raw_hid() -> Notes:
    """Fill a queue, read what is in it, and let the source find, share, lose and find the device again."""
    device = plugged("first")
    path = device.node()
    reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    for number in range(QUEUE + 10):
        device.send(bytes([*DETENT[:6], number, 0]))
    notes: Notes = {"kept": kept(reader)}
    os.close(reader)

    [node] = hid_nodes()
    ids = sorted(node.report_ids or ())
    notes["node"] = {"path": node.path == path, "ids": ids, "uniq": node.identity.uniq}
    notes["input nodes"] = input_nodes_of(path) == sorted(device.input_nodes())
    return notes | found_and_lost(device)


def kept(reader: int) -> list[int]:
    """Return the seventh byte of each report that is in a queue."""
    numbers: list[int] = []
    while True:
        try:
            numbers.append(os.read(reader, 100)[6])
        except BlockingIOError:
            return numbers


def found_and_lost(device: UhidDevice) -> Notes:
    profile = read_profile(ROOT / "config" / "pendants" / "xhc-whb04b-6.yaml")
    source, second = HidrawSource(profile), HidrawSource(profile)
    source.search(time.monotonic())
    second.search(time.monotonic())
    notes: Notes = {"second reader": second.descriptors()}
    [event_node] = device.input_nodes()
    grabbed = evdev.InputDevice(event_node)
    try:
        grabbed.grab()
        notes["grabbed"] = False
    except OSError:
        notes["grabbed"] = True
    device.send(bytes([1, 0, 5, 0]))  # the mouse moves: no report of the profile's
    device.send(IDLE)
    device.send(DETENT)
    notes["read"] = told(read_now(source))
    for _ in range(QUEUE + 10):
        device.send(DETENT)
    notes["overrun"] = told(read_now(source))[-1]
    device.send(IDLE)
    notes["after it"] = told(read_now(source))
    device.send(DETENT)
    device.unplug()
    notes["unplugged"] = told(read_now(source))
    source.let_go()
    notes["closed"] = source.descriptors() == []
    grabbed.close()

    again = plugged("again")
    again.node()
    wait_for("the device", lambda: source.search(time.monotonic()) or source.descriptors())
    again.send(DETENT)
    notes["found again"] = told(read_now(source))
    source.close()
    second.search(time.monotonic())
    notes["free again"] = len(second.descriptors())
    second.close()
    again.unplug()
    wait_for("its end", lambda: not list(Path("/sys/class/hidraw").glob("hidraw*")))
    return notes


def read_now(source: HidrawSource) -> list[DeviceEvent]:
    return source.read(source.descriptors(), time.monotonic())
