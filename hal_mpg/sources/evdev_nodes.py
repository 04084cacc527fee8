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
from hal_mpg.messages import tell
from hal_mpg.profile import Code, Identity, Match, Profile
from hal_mpg.sources.node_paths import (
    NOT_READABLE,
    clean,
    identity_from_sysfs,
    is_node,
    node_paths,
    unreadable_paths,
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


def detect(profiles: Iterable[tuple[str, Profile]], device: str | None) -> list[tuple[str, Profile]]:
    """Return the profiles that fit the first connected device that any fits, the best one first.

    Which is the best: see `rank`.
    `device`: look at this node only. Raises DeviceError where the pendant may not be read.
    """
    known = [entry for entry in profiles if entry[1].source == "evdev"]
    for path in unreadable_paths():
        identity = identity_from_sysfs(path)
        fits = identity and any(match.fits(identity) for _, profile in known for match in profile.match)
        if is_node(device, path) if device else fits:
            raise DeviceError(f"{path}: {NOT_READABLE}")
    groups = Nodes().devices()
    for group in groups:
        if device and not any(is_node(device, found.path) for found in group):
            continue
        fitting = [(entry, pendant_of(entry[1], group, groups)) for entry in known]
        ranked = [(rank(entry[1], codes_of(nodes)), entry) for entry, nodes in fitting if nodes]
        if ranked:
            return [entry for _, entry in sorted(ranked, key=lambda each: each[0])]
    return []


def pendant_of(profile: Profile, device: list[Found], devices: Iterable[list[Found]]) -> list[Found]:
    """Return the nodes of the pendant of a profile that a device is, or is a part of; none where it is not.

    `devices` are all that there are. A pendant of several devices is one where each of its parts has come.
    """
    return next((nodes for match in profile.match if (nodes := whole(match, device, devices))), [])


def whole(match: Match, device: list[Found], devices: Iterable[list[Found]]) -> list[Found]:
    """Return the same for one alternative of a profile's match."""
    if not any(match.fits(found.identity) for found in device):
        return []
    if not match.all_of:
        return device
    parts = [each for each in devices if any(match.fits(found.identity) for found in each)]
    nodes = [found for each in parts for found in each]
    return nodes if is_all_there(match, [found.identity for found in nodes]) else []


def is_all_there(match: Match, identities: Collection[Identity]) -> bool:
    """Tell whether what these devices say they are fits, and no part of it is missing."""
    parts = match.all_of or (match,)
    return all(any(part.fits(identity) for identity in identities) for part in parts)


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
