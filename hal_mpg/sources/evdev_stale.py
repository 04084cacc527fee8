# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the kernel can know how a pendant's switches stand when it is opened.

The kernel fetches no reports from a USB HID device while no program has it open, drops what had piled up
when one opens it, and asks for none (Linux: usbhid_open). Drivers of other USB input devices fetch none
either (xpad_open, powermate_open). An E-stop that was pressed meanwhile reads as released, a button that was
held while the plug went in reads as released, and then as pressed. With its first report, the device tells
all at once: what differs comes as events in that frame.
"""

from __future__ import annotations

import os

from hal_mpg.profile import Identity

INPUT_CLASS = "/sys/class/input"
QUIRKS = "/sys/module/usbhid/parameters/quirks"
ALWAYS_POLL = 0x400
"""HID_QUIRK_ALWAYS_POLL of linux/hid.h: the kernel listens all the time."""


def state_may_be_old(path: str, identity: Identity) -> bool:
    """Tell whether what the kernel says of a node's switches may be old until the first report."""
    device = os.path.join(INPUT_CLASS, os.path.basename(path), "device")
    is_hid = os.path.exists(os.path.join(device, "device", "report_descriptor"))
    folders = os.path.realpath(device).split("/")
    is_usb = any(name.startswith("usb") and name[3:].isdigit() for name in folders[:-1])
    if is_hid:
        return is_usb and not _is_always_polled(identity)
    # Of an interface that no driver is bound to, nothing is ever fetched: such a node is emulated.
    return is_usb and os.path.exists(os.path.join(device, "device", "driver"))


def _is_always_polled(identity: Identity) -> bool:
    try:
        with open(QUIRKS, encoding="ascii") as file:
            entries = file.read().strip().split(",")
        quirks = [tuple(int(number, 16) for number in entry.split(":")) for entry in entries if ":" in entry]
    except (OSError, ValueError):
        return False
    mine = (identity.vendor, identity.product)
    return any(quirk[:2] == mine and quirk[2] & ALWAYS_POLL for quirk in quirks if len(quirk) == 3)
