# SPDX-License-Identifier: GPL-2.0-or-later
"""The input nodes of this machine: what they are, and which of them are one physical device."""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from hal_mpg.errors import DeviceError
from hal_mpg.input_node import InputNode, open_node
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.messages import printable, tell
from hal_mpg.profile import Code, Identity, Profile

INPUT_DIR = "/dev/input"
SYS_INPUT = "/sys/class/input"

NOT_READABLE = (
    "the pendant is there, but this user may not read it; install the udev rules (and name its USB id in "
    "them, see the README), join the group plugdev, and plug it in again"
)

GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
"""What opening a node fails with that has just gone."""


class Found(NamedTuple):
    """An input node that was looked at: what it is, and which codes of each event type it carries.

    `stamp` changes when the node is another one, or when who may read it has changed.
    """

    path: str
    stamp: tuple[int, ...]
    identity: Identity
    codes: dict[int, set[int]]


class Nodes:
    """What is found in /dev/input; a node is opened again only when it has changed."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._told: set[str] = set()

    def devices(self) -> list[list[Found]]:
        """Return the readable nodes, those of one physical device together, in the order of nodes."""
        looked_at = (self._look_at(path) for path in node_paths())
        self._found = {found.path: found for found in looked_at if found}
        groups: dict[tuple[str, ...], list[Found]] = defaultdict(list)
        for found in self._found.values():
            groups[physical_device(found)].append(found)
        return list(groups.values())

    def tell_once(self, message: str) -> None:
        """Say something on stderr, but not each time that it is found to be so again."""
        if message not in self._told:
            self._told.add(message)
            tell(message)

    def tell_again(self) -> None:
        """Let everything be said again, for the situation is another one."""
        self._told.clear()

    def _look_at(self, path: str) -> Found | None:
        try:
            status = os.stat(path)
            stamp = (status.st_ino, status.st_rdev, status.st_ctime_ns, status.st_mode)
            before = self._found.get(path)
            if before and before.stamp == stamp:
                return before
            device = open_node(path)
        except OSError as error:
            if error.errno not in (*GONE, errno.EACCES):
                self.tell_once(f"{path}: cannot be opened: {error.strerror}")
            return None
        try:
            codes = {kind: set(numbers) for kind, numbers in device.capabilities().items()}
            return Found(path, stamp, _identity(device), codes)
        except OSError:
            return None  # it went while it was looked at
        finally:
            device.close()


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


def detect(profiles: Iterable[tuple[str, Profile]], device: str | None) -> list[tuple[str, Profile]]:
    """Return the profiles that fit the first connected device that any fits, the best one first.

    Which is the best: see `rank`.
    `device`: look at this node only. Raises DeviceError where the pendant may not be read.
    """
    known = list(profiles)
    for path in unreadable_paths():
        identity = identity_from_sysfs(path)
        fits = identity and any(match.fits(identity) for _, profile in known for match in profile.match)
        if is_node(device, path) if device else fits:
            raise DeviceError(f"{path}: {NOT_READABLE}")
    for group in Nodes().devices():
        if device and not any(is_node(device, found.path) for found in group):
            continue
        fitting = [
            (name, profile)
            for name, profile in known
            if any(match.fits(found.identity) for match in profile.match for found in group)
        ]
        if fitting:
            codes = codes_of(group)
            return sorted(fitting, key=lambda entry: rank(entry[1], codes))
    return []


def codes_of(group: Iterable[Found]) -> dict[int, set[int]]:
    """Return the codes of all nodes of a device."""
    union: dict[int, set[int]] = defaultdict(set)
    for found in group:
        for kind, numbers in found.codes.items():
            union[kind] |= numbers
    return union


def missing_codes(profile: Profile, codes: Mapping[int, Collection[int]]) -> tuple[tuple[str, Code], ...]:
    """Return the profile's codes that are not among `codes`, with their controls."""
    return tuple(
        (control, code)
        for control, code in (*profile.input_codes(), *((f"leds.{name}", led) for name, led in profile.leds))
        if code.number not in codes.get(code.type, ())
    )


def rank(profile: Profile, codes: Mapping[int, Collection[int]]) -> tuple[int, int]:
    """Return what sorts the profiles that fit a device with these codes, the best one first.

    That is the one of whose codes the device lacks the fewest, and of several the one with the most axes: it
    knows every position that the others know. Where no codes are known, none are said to be lacking.
    """
    return len(missing_codes(profile, codes)) if codes else 0, -len(profile.axes)


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


def physical_device(found: Found) -> tuple[str, ...]:
    """Return what nodes of one physical device have in common, and those of two have not."""
    identity = found.identity
    if "/input" not in identity.phys and not identity.uniq:
        return (found.path,)  # nothing tells it from others: all uinput devices have the same phys
    return (
        identity.phys.rsplit("/input", 1)[0],
        identity.uniq,
        f"{identity.vendor}:{identity.product}",
    )


def _identity(device: InputNode) -> Identity:
    vendor, product = device.info.vendor, device.info.product
    return Identity(vendor, product, clean(device.name), clean(device.phys), clean(device.uniq))
