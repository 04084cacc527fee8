# SPDX-License-Identifier: GPL-2.0-or-later
"""The raw HID pendants of this machine, for the tools, beside its input devices: who may use them, what fits.

A raw HID device that a profile fits is a `Device` with a node in /dev/hidraw*; where the kernel has made
input nodes of it as well, all of them are one device. Sysfs tells what they are.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hal_mpg.devices.inventory import (
    USB,
    Device,
    Fit,
    Node,
    input_devices,
    loaded_profiles,
    why_refused,
)
from hal_mpg.profile import Profile
from hal_mpg.sources import hidraw_nodes
from hal_mpg.sources.hidraw_nodes import (
    HidNode,
    fits,
    has_reports,
    hid_nodes,
    input_nodes_of,
    is_hidraw,
    is_written_to,
)

Known = tuple[str, Path, Profile]


def all_devices(fitting: Iterable[Known] | None = None) -> list[Device]:
    """Return the input devices, and the raw HID ones that a profile of `fitting` fits (see input_devices)."""
    profiles = loaded_profiles()[0] if fitting is None else list(fitting)
    devices = input_devices(profiles)
    for found, fit in _raw(profiles):
        raw = Node(found.path, found.identity, {}, refusal(found.path, fit), _bus(found.path))
        same = set(input_nodes_of(found.path))
        others = [device for device in devices if same & set(device.paths)]
        nodes = (raw, *(node for device in others for node in device.nodes))
        fits_too = tuple(other for device in others for other in device.fits)
        devices = [*(device for device in devices if device not in others), Device(nodes, (*fit, *fits_too))]
    return devices


def _raw(profiles: Iterable[Known]) -> list[tuple[HidNode, tuple[Fit, ...]]]:
    """Return the raw HID devices that profiles fit, with those; of each device, the interface to be read."""
    known = [entry for entry in profiles if entry[2].hid is not None]
    found: dict[str, tuple[HidNode, tuple[Fit, ...], bool]] = {}
    for node in hid_nodes():
        fitting = [entry for entry in known if fits(entry[2], node)]
        if not fitting:
            continue
        fitting.sort(key=lambda entry: (-len(entry[2].axes), entry[0]))  # as the component takes them
        is_right = has_reports(fitting[0][2], node)
        if node.place not in found or (is_right and not found[node.place][2]):
            found[node.place] = (node, tuple(Fit(*entry) for entry in fitting), is_right)
    return [(node, fit) for node, fit, _ in found.values()]


def refusal(path: str, fit: Iterable[Fit]) -> str:
    """Return why this user may not use a node as the profiles need it, "" where it may."""
    if os.access(path, needed(fit)):
        return ""
    return why_refused(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def needed(fit: Iterable[Fit]) -> int:
    """Return what a pendant's node is needed for, as os.access has it: to write as well, or only to read.

    LinuxCNC's own udev rules let everybody read a Shuttle, and nobody write to it, which is enough.
    """
    profile = next((one.profile for one in fit), None)
    only_reads = profile is not None and profile.hid is not None and not is_written_to(profile)
    return os.R_OK if only_reads else os.R_OK | os.W_OK


@dataclass(frozen=True, slots=True)
class Hidden:
    """A USB device that says it is for people to use, but that Linux makes no input device of.

    `profile` is the name of the one that reads it as it is; "": none does.
    """

    name: str
    usb_id: str
    path: str = ""
    profile: str = ""


def hidden_devices(fitting: Iterable[Known] | None = None) -> list[Hidden]:
    """Return the HID devices on USB that have no input node at all; `fitting` as for `input_devices`."""
    profiles = loaded_profiles()[0] if fitting is None else list(fitting)
    read = {node.place: fit[0].name for node, fit in _raw(profiles)}
    nodes = [node for node in hid_nodes() if _bus(node.path) == USB]
    shown = {node.place for node in nodes if input_nodes_of(node.path)}
    found = {
        node.place: Hidden(
            node.identity.name,
            f"{node.identity.vendor:04x}:{node.identity.product:04x}",
            node.path,
            read.get(node.place, ""),
        )
        for node in nodes
        if node.place not in shown
    }
    return list(found.values())


def why_hidden(device: Hidden) -> str:
    """Return in words what to do with such a device."""
    if device.profile:
        return f"it is read as it is, by the profile {device.profile}, which hal_mpg takes by itself"
    return (
        f"Linux makes no input device of it; if it is a pendant, a profile can read its raw reports "
        f"(docs/raw-hid-pendants.md): `hal_mpg record --device {device.path} pendant.hid` shows them"
    )


def why_not_learned(path: str) -> str:
    """Return in words what there is in the place of learning a raw HID device."""
    real = os.path.realpath(path)
    for node, fit in _raw(loaded_profiles()[0]):
        if os.path.realpath(node.path) == real:
            return f"its reports are read by the profile {fit[0].name}, which hal_mpg takes by itself"
    return (
        "what the bytes of its reports mean cannot be told by listening; write its profile by hand "
        f"(docs/raw-hid-pendants.md): `hal_mpg record --device {path} pendant.hid` shows them"
    )


def is_raw(node: Node) -> bool:
    """Tell whether a node of a device is a raw HID one."""
    return is_hidraw(node.path)


def is_locked(path: str) -> bool:
    """Tell whether a program has a raw HID node for itself, as hal_mpg has; it is tried for a moment."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno == errno.EWOULDBLOCK
    finally:
        os.close(descriptor)
    return False


def _bus(path: str) -> int:
    """Return the bus of a raw HID node (of linux/input.h): its device is called BUS:VENDOR:PRODUCT.NUMBER."""
    name = Path(hidraw_nodes.SYS_HIDRAW, Path(path).name, "device").resolve().name
    try:
        return int(name.partition(":")[0], 16)
    except ValueError:
        return 0
