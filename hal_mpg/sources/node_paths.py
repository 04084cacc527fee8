# SPDX-License-Identifier: GPL-2.0-or-later
"""Which input nodes there are, what sysfs says of them, and who may read them; none is opened for that."""

from __future__ import annotations

import os

from hal_mpg.errors import DeviceError
from hal_mpg.messages import printable
from hal_mpg.profile import Identity, Profile

INPUT_DIR = "/dev/input"
SYS_INPUT = "/sys/class/input"

NOT_READABLE = (
    "the pendant is there, but this user may not read it; install the udev rules (and name its USB id in "
    "them, see the README), join the group plugdev, and plug it in again"
)


def node_paths() -> list[str]:
    """Return the event nodes in the order of their numbers."""
    try:
        names = [name for name in os.listdir(INPUT_DIR) if name.startswith("event")]
    except OSError:
        return []
    return [os.path.join(INPUT_DIR, name) for name in sorted(names, key=lambda name: (len(name), name))]


def unreadable_paths() -> list[str]:
    """Return the nodes that this user may not read."""
    return [path for path in node_paths() if not os.access(path, os.R_OK)]


def unreadable_nodes(profile: Profile, device: str | None) -> list[str]:
    """Return the nodes of a profile's pendant (or the one that is `device`) that this user may not read."""
    unreadable = unreadable_paths()
    if device:
        return [path for path in unreadable if is_node(device, path)]
    identities = [(path, identity_from_sysfs(path)) for path in unreadable]
    return [
        path
        for path, identity in identities
        if identity and any(match.fits(identity) for match in profile.match)
    ]


def check_access(profile: Profile, device: str | None) -> None:
    """Raise DeviceError where the pendant is there, but may not be read; for the start only."""
    for path in unreadable_nodes(profile, device):
        raise DeviceError(f"{path}: {NOT_READABLE}")


def is_node(device: str, path: str) -> bool:
    """Tell whether a path that the user gave, a symbolic link perhaps, is this node."""
    return os.path.realpath(device) == os.path.realpath(path)


def identity_from_sysfs(path: str) -> Identity | None:
    """Return what sysfs tells of a node that may not be opened; None where it tells nothing."""
    folder = os.path.join(SYS_INPUT, os.path.basename(path), "device")

    def read(name: str) -> str:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return clean(file.read().strip())

    try:
        vendor, product = int(read("id/vendor"), 16), int(read("id/product"), 16)
        return Identity(vendor, product, read("name"), read("phys"), read("uniq"))
    except (OSError, ValueError):
        return None


def clean(text: str | None) -> str:
    """Return a device's string as it may be printed: one short line without control characters."""
    return printable((text or "")[:80])
