# SPDX-License-Identifier: GPL-2.0-or-later
"""Which raw HID nodes there are, what sysfs says of them, which of them fit a profile; none is opened."""

from __future__ import annotations

import os
from collections.abc import Iterable

from hal_mpg.errors import DeviceError
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import Identity, Match, Profile
from hal_mpg.sources.node_paths import INPUT_DIR, NOT_READABLE, clean, is_node

SYS_HIDRAW = "/sys/class/hidraw"
DEV_DIR = "/dev"

NOT_WRITABLE = (
    "it may be read, but not written to, as its display or its lamps need; install the udev rules, and plug "
    "it in again"
)

NO_ID = 0
"""What a report descriptor that names no report ids has in their place (HID 1.11, 6.2.2.7)."""

# Prefixes of items in a report descriptor, without their two bits for the size (HID 1.11, 6.2.2).
INPUT_ITEM, REPORT_ID, LONG_ITEM = 0x80, 0x84, 0xFE


class HidNode(NamedTuple):
    """One raw HID node: an interface of a device.

    `identity` has the kernel's HID_ID, HID_NAME, HID_PHYS and HID_UNIQ. `interface` is the number of its USB
    interface; None: it is not on USB. `report_ids` are those of its input reports, `NO_ID` where it has none;
    None: sysfs does not tell. `place`: the physical device, which is the same for its other interfaces.
    """

    path: str
    identity: Identity
    interface: int | None
    report_ids: frozenset[int] | None
    place: str


def hid_nodes() -> list[HidNode]:
    """Return the nodes that there are, in the order of their numbers."""
    try:
        names = [name for name in os.listdir(SYS_HIDRAW) if name.startswith("hidraw")]
    except OSError:
        return []
    found = (_look_at(name) for name in sorted(names, key=lambda name: (len(name), name)))
    return [node for node in found if node]


def is_hidraw(device: str) -> bool:
    """Tell whether a path that the user gave, a symbolic link perhaps, is of a raw HID node."""
    name = os.path.basename(os.path.realpath(device))
    return name.startswith("hidraw") and name[6:].isdigit() and name.isascii()


def fits(profile: Profile, node: HidNode) -> bool:
    """Tell whether a node is of a pendant that a profile is for, and of the interface that it names, if any.

    Which of several interfaces is opened: see `nodes_of`.
    """
    return any(_fits_match(match, node) for match in profile.match)


def _fits_match(match: Match, node: HidNode) -> bool:
    return match.fits(node.identity) and match.interface in (None, node.interface)


def has_reports(profile: Profile, node: HidNode) -> bool:
    """Tell whether a node has the reports that a profile knows, as far as its descriptor is known."""
    assert profile.hid is not None
    wanted = {report.id or NO_ID for report in profile.hid.reports}
    return node.report_ids is None or wanted <= node.report_ids


def nodes_of(profile: Profile, device: str | None) -> list[HidNode]:
    """Return the nodes to open for a profile, best first: of each physical device one.

    `device`: this node, whatever it is. A device none of whose interfaces has the profile's reports is there
    all the same, for a report descriptor may say less than a device does.
    """
    if device is not None:
        return [node for node in hid_nodes() if is_node(device, node.path)]
    found: dict[str, HidNode] = {}
    for node in hid_nodes():
        if not fits(profile, node):
            continue
        before = found.get(node.place)
        if before is None or (has_reports(profile, node) and not has_reports(profile, before)):
            found[node.place] = node
    return list(found.values())


def input_nodes_of(path: str) -> list[str]:
    """Return the input nodes that the kernel has made of the same HID device."""
    folder = os.path.join(SYS_HIDRAW, os.path.basename(os.path.realpath(path)), "device", "input")
    found = []
    for name in _names(folder):
        found += [inside for inside in _names(os.path.join(folder, name)) if inside.startswith("event")]
    return [os.path.join(INPUT_DIR, name) for name in sorted(found, key=lambda name: (len(name), name))]


def detect(known: Iterable[tuple[str, Profile]], device: str | None) -> list[tuple[str, Profile]]:
    """Return the profiles that fit the first raw HID device that any fits, the one with most axes first.

    `device`: look at this node only. Raises DeviceError where the pendant may not be read.
    """
    profiles = [entry for entry in known if entry[1].hid is not None]
    for node in hid_nodes() if profiles else ():
        if device is not None and not is_node(device, node.path):
            continue
        fitting = [entry for entry in profiles if fits(entry[1], node)]
        if fitting:
            if not os.access(node.path, os.R_OK):
                raise DeviceError(f"{node.path}: {NOT_READABLE}")
            return sorted(fitting, key=lambda entry: (-len(entry[1].axes), entry[0]))
    return []


def check_access(profile: Profile, device: str | None) -> None:
    """Raise DeviceError where the pendant is there, but may not be used as needed; for the start only."""
    for node in nodes_of(profile, device):
        if not os.access(node.path, os.R_OK):
            raise DeviceError(f"{node.path}: {NOT_READABLE}")
        if is_written_to(profile) and not os.access(node.path, os.R_OK | os.W_OK):
            raise DeviceError(f"{node.path}: {NOT_WRITABLE}")


def is_written_to(profile: Profile) -> bool:
    """Tell whether something is written to a raw HID pendant: it has lamps, or a display."""
    return profile.display is not None or (profile.hid is not None and bool(profile.hid.lamps))


def _look_at(name: str) -> HidNode | None:
    """Return what sysfs tells of a node; None where it tells nothing, for it has just gone."""
    folder = os.path.join(SYS_HIDRAW, name, "device")
    try:
        with open(os.path.join(folder, "uevent"), encoding="utf-8", errors="replace") as file:
            said = dict(line.partition("=")[::2] for line in file.read().splitlines())
        _, vendor, product = (int(part, 16) for part in said["HID_ID"].split(":"))
    except (OSError, KeyError, ValueError):
        return None
    texts = [clean(said.get(key, "")) for key in ("HID_NAME", "HID_PHYS", "HID_UNIQ")]
    real = os.path.realpath(folder)
    interface, place = _interface(real)
    descriptor = _bytes_of(os.path.join(folder, "report_descriptor"))
    return HidNode(
        os.path.join(DEV_DIR, name),
        Identity(vendor & 0xFFFF, product & 0xFFFF, *texts),
        interface,
        input_report_ids(descriptor) if descriptor else None,
        place,
    )


def _interface(hid_device: str) -> tuple[int | None, str]:
    """Return the number of a HID device's USB interface, and where the device is that it belongs to."""
    parent = os.path.dirname(hid_device)
    number = _bytes_of(os.path.join(parent, "bInterfaceNumber"))
    if not number:
        return None, hid_device
    try:
        return int(number, 16), os.path.dirname(parent)
    except ValueError:
        return None, hid_device


def input_report_ids(descriptor: bytes) -> frozenset[int]:
    """Return the ids of the input reports in a report descriptor (HID 1.11, 6.2.2), good or not."""
    found, number, at = set(), NO_ID, 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[prefix & 3]
        if prefix & 0xFC == REPORT_ID:
            number = int.from_bytes(descriptor[at + 1 : at + 1 + size], "little")
        elif prefix & 0xFC == INPUT_ITEM:
            found.add(number)
        at += 1 + size
    return frozenset(found)


def _bytes_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
