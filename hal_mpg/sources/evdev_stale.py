# SPDX-License-Identifier: GPL-2.0-or-later
"""Old switch positions: what the kernel tells of a USB pendant that nobody had open.

The kernel fetches no reports from a USB HID device while no program has it open, and drops what had piled up
when one opens it (Linux: usbhid_open). An E-stop that was pressed in that time would read as released. A
device that is inhibited for a moment (sysfs, `inhibited`) forgets which keys were held; with its next report,
every pendant that is a HID device tells all of them. Until then a normally closed E-stop counts as actuated.
"""

from __future__ import annotations

import re
from pathlib import Path

from hal_mpg.evdev_library import held_keys

INPUT_CLASS = Path("/sys/class/input")


def forget_old_keys(path: str, descriptor: int) -> str | None:
    """Make the kernel forget the held keys of an open USB node; return what to tell the user, if anything.

    Raises OSError where the device has gone.
    """
    device = INPUT_CLASS / Path(path).name / "device"
    switch = device / "inhibited"
    try:
        is_usb = re.search(r"/usb[0-9]+/", str(device.resolve()))
        is_inhibited = switch.read_text().strip() == "1"
    except OSError:
        return None  # a kernel before 5.11
    if not is_inhibited and not (is_usb and held_keys(descriptor)):
        return None
    try:
        if not is_inhibited:
            switch.write_text("1")
        switch.write_text("0")
    except OSError:
        if is_inhibited:
            return f"it is switched off; run: echo 0 | sudo tee {switch}"
        return (
            "its switches may stand otherwise than the kernel remembers: press and release its E-stop once "
            "(with the udev rules, and in the group plugdev, hal_mpg sees to that itself)"
        )
    return "its switches are not known until it speaks: turn its wheel by one detent"
