# SPDX-License-Identifier: GPL-2.0-or-later
"""The input devices of this machine, for the tools: what they are, and who may read them.

Unlike `sources/evdev_nodes`, which looks for one pendant, this looks at everything, also at what this user
may not open: sysfs tells what those are. Nothing is grabbed, and nothing is kept open.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hal_mpg.devices.input_codes import SYS_INPUT, Codes, kind_of, merged, sysfs_codes
from hal_mpg.errors import ProfileError
from hal_mpg.input_node import ALL_KINDS, InputNode, open_node
from hal_mpg.own_command import own_command
from hal_mpg.profile import Code, Identity, Profile
from hal_mpg.profile_files import known_profiles, read_profile
from hal_mpg.sources.evdev_nodes import GONE, Found, is_all_there, physical_device, rank, whole
from hal_mpg.sources.evdev_nodes import missing_codes as missing_codes  # the doctor wants it, too
from hal_mpg.sources.hidraw_nodes import is_hidraw
from hal_mpg.sources.node_paths import clean, identity_from_sysfs, node_paths

USB = 3
"""Of linux/input.h, BUS_USB."""

GROUP = "plugdev"
"""The group that the udev rules give pendants to."""

BUSES = {3: "USB", 5: "Bluetooth", 6: "virtual", 0x10: "ISA", 0x11: "PS/2", 0x18: "I2C", 0x19: "host"}
"""Of linux/input.h, BUS_*: those that people have heard of."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node in /dev/input. `refusal` is why this user may not read it, or cannot; "": it can be read.

    `bus` is linux/input.h's BUS_ number, 0 where nobody tells. `codes` may be empty where it cannot be read.
    """

    path: str
    identity: Identity
    codes: Codes
    refusal: str = ""
    bus: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """A profile whose `match` fits a device. `missing`: its controls whose codes the device has not."""

    name: str
    file: Path
    profile: Profile
    missing: tuple[tuple[str, Code], ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """One physical device with all its nodes; the first of `fits` is the one that hal_mpg takes by itself."""

    nodes: tuple[Node, ...]
    fits: tuple[Fit, ...] = ()

    @property
    def identity(self) -> Identity:
        """What the first node says of itself; the others have the same ids."""
        return self.nodes[0].identity

    @property
    def name(self) -> str:
        """What it calls itself, the shortest of its nodes' names: others add to it what they are for."""
        return min((node.identity.name for node in self.nodes), key=len) or "(no name)"

    @property
    def usb_id(self) -> str:
        """Vendor and product as lsusb shows them; also devices of other buses have such numbers."""
        return f"{self.identity.vendor:04x}:{self.identity.product:04x}"

    @property
    def bus(self) -> str:
        """What it hangs on, in a word; "" where nobody tells."""
        return BUSES.get(self.nodes[0].bus, "")

    @property
    def paths(self) -> tuple[str, ...]:
        """Its nodes."""
        return tuple(node.path for node in self.nodes)

    @property
    def is_readable(self) -> bool:
        """Whether all its nodes can be read."""
        return not any(node.refusal for node in self.nodes)

    @property
    def refusal(self) -> str:
        """Why it cannot be read (its first node that cannot), or ""."""
        return next((f"{node.path}: {node.refusal}" for node in self.nodes if node.refusal), "")

    @property
    def codes(self) -> Codes:
        """The codes of all its nodes."""
        return merged(node.codes for node in self.nodes)

    @property
    def kind(self) -> str:
        """What it looks like, in a word or two; "" where it looks like nothing in particular."""
        return kind_of(self.codes)

    @property
    def is_everyday(self) -> bool:
        """Whether it is hardly a pendant: a power button, a mouse, ... and no profile fits.

        A keyboard is one only where it has a single node: macro pads look like keyboards, and like more.
        """
        if self.fits or (self.kind == "keyboard" and len(self.nodes) > 1):
            return False
        return self.kind not in ("", "joystick", "gamepad", "knob", "media keys")


def input_devices(fitting: Iterable[tuple[str, Path, Profile]] | None = None) -> list[Device]:
    """Return every input device, its nodes together, in the order of their first nodes.

    `fitting`: the profiles to try on them, as `loaded_profiles` gives them, which is also the default.
    """
    profiles = loaded_profiles()[0] if fitting is None else list(fitting)
    groups: dict[tuple[str, ...], list[Node]] = defaultdict(list)
    for path in node_paths():
        node = look_at(path)
        if node:
            groups[physical_device(Found(path, (), node.identity, {}))].append(node)
    devices = _together(list(groups.values()), profiles)
    return [Device(tuple(nodes), fits(nodes, profiles)) for nodes in devices]


def _together(devices: list[list[Node]], profiles: Iterable[tuple[str, Path, Profile]]) -> list[list[Node]]:
    """Return the devices, with those as one that a profile takes for one pendant."""
    for match in (match for _, _, profile in profiles for match in profile.match if match.all_of):
        found = [[Found(node.path, (), node.identity, {}) for node in nodes] for nodes in devices]
        paths = next(
            (paths for each in found if (paths := {n.path for n in whole(match, each, found)})), set()
        )
        parts = [nodes for nodes in devices if paths & {node.path for node in nodes}]
        if len(parts) > 1:
            others = [nodes for nodes in devices if nodes not in parts]
            devices = [*others, [node for nodes in parts for node in nodes]]
    return devices


def loaded_profiles() -> tuple[list[tuple[str, Path, Profile]], list[str]]:
    """Return the known profiles that can be used (name, file, profile), and the faults of the others."""
    good: list[tuple[str, Path, Profile]] = []
    faults: list[str] = []
    for name, path in known_profiles().items():
        try:
            good.append((name, path, read_profile(path)))
        except ProfileError as error:
            faults += error.faults
    return good, faults


def device_of(devices: Iterable[Device], node: str) -> Device | None:
    """Return the device that a node (or a symbolic link to it) belongs to."""
    real = os.path.realpath(node)
    return next((device for device in devices if real in map(os.path.realpath, device.paths)), None)


def fits(nodes: Iterable[Node], profiles: Iterable[tuple[str, Path, Profile]]) -> tuple[Fit, ...]:
    """Return the profiles that fit a device, first the one that hal_mpg would take by itself."""
    nodes = list(nodes)
    codes = merged(node.codes for node in nodes)
    found = [
        Fit(name, path, profile, missing_codes(profile, codes) if codes else ())
        for name, path, profile in profiles
        if profile.source == "evdev"
        and any(is_all_there(match, [node.identity for node in nodes]) for match in profile.match)
    ]
    return tuple(sorted(found, key=lambda fit: rank(fit.profile, codes)))


def look_at(path: str) -> Node | None:
    """Return what a node is; None where it went meanwhile, or there is nothing that tells."""
    sysfs = identity_from_sysfs(path)
    bus = _bus(path)
    try:
        device = open_node(path)
    except OSError as error:
        if error.errno in GONE and not Path(path).exists():
            return None
        identity = sysfs or Identity(0, 0, "")
        return Node(path, identity, sysfs_codes(path), why_refused(path, error), bus)
    try:
        codes = {kind: frozenset(codes) for kind, codes in device.capabilities(ALL_KINDS).items()}
        return Node(path, _identity(device), codes, "", bus)
    except OSError:
        return None
    finally:
        device.close()


def why_refused(path: str, error: OSError) -> str:
    """Return in words why a node or port cannot be opened."""
    if error.errno == errno.ENOENT:
        return "it cannot be opened: it has no name, which python-evdev cannot read"
    if error.errno not in (errno.EACCES, errno.EPERM):
        return f"it cannot be opened: {error.strerror}"
    try:
        status = os.stat(path)
    except OSError:
        return "this user may not read it"
    owner, group = _user_name(status.st_uid), group_name(status.st_gid)
    return f"this user may not read it: it is for user {owner} and group {group} ({status.st_mode & 0o777:o})"


def access_command(device: Device) -> str:
    """Return the command that lets this user read a device that may not be read; "" where none is needed."""
    if not any(map(_is_kept_out, device.nodes)):
        return ""  # what keeps it from being opened is not permission
    for node in device.nodes:
        if node.refusal and is_only_for_group(node.path):
            return f"sudo adduser {user_name()} {GROUP}   (then log out, and log in again)"
    if device.fits:
        return f"sudo {own_command()} install-udev"
    return f"sudo {own_command()} install-udev --device {device.nodes[0].path}"


def _is_kept_out(node: Node) -> bool:
    """Tell whether it is permission that a node cannot be used; a display is to be written to as well."""
    return bool(node.refusal) and (is_hidraw(node.path) or not os.access(node.path, os.R_OK))


def is_only_for_group(path: str) -> bool:
    """Tell whether a node could be read if only this user were in the group of the udev rules."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    mine = {os.getegid(), *os.getgroups()}
    is_group = group_name(status.st_gid) == GROUP
    return is_group and bool(status.st_mode & 0o040) and status.st_gid not in mine


def group_name(number: int) -> str:
    """Return a group's name, or its number where it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def user_name() -> str:
    """Return this user's name, or the number where there is none."""
    return _user_name(os.getuid())


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _bus(path: str) -> int:
    try:
        return int((SYS_INPUT / Path(path).name / "device" / "id" / "bustype").read_text(), 16)
    except (OSError, ValueError):
        return 0


def _identity(device: InputNode) -> Identity:
    info = device.info
    return Identity(info.vendor, info.product, clean(device.name), clean(device.phys), clean(device.uniq))
