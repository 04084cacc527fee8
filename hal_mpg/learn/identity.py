# SPDX-License-Identifier: GPL-2.0-or-later
"""By what a learned pendant is found again: its profile's `match`, and the udev rule. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hal_mpg.devices.inventory import USB, Device
from hal_mpg.learn.draft import scalar

BOARD_VENDORS = frozenset((0x16C0, 0x1B4F, 0x1D6B, 0x2341, 0x2A03, 0x239A, 0x2E8A, 0x303A, 0xCAFE, 0xFEED))
"""Vendors of boards that people build things with: such an id says what board it is, not what was built."""

TEST_IDS = (0x1209, range(0x0011))
"""The test ids of pid.codes, which many things share."""


def shares_id(device: Device, others: Iterable[Device] = ()) -> bool:
    """Tell whether other things have the same vendor and product, so that the name has to tell it apart."""
    vendor, product = device.identity.vendor, device.identity.product
    if vendor in BOARD_VENDORS or (vendor == TEST_IDS[0] and product in TEST_IDS[1]):
        return True
    if (vendor, product) == (0, 0) or device.nodes[0].bus not in (0, USB):
        return True
    return any(other.usb_id == device.usb_id and other.paths != device.paths for other in others)


def match_lines(device: Device, others: Iterable[Device] = ()) -> list[str]:
    """Return the alternatives of the profile's `match`, each without its braces."""
    vendor, product = device.identity.vendor, device.identity.product
    fields = [f"vendor: 0x{vendor:04x}, product: 0x{product:04x}"] if (vendor or product) else []
    name = _common_name(device)
    if name and (shares_id(device, others) or not fields):
        fields.append(f"name: {_quoted(_pattern(name, len(device.nodes) > 1))}")
    if device.identity.uniq and any(_is_twin(device, other) for other in others):
        fields.append(f"uniq: {_quoted(_pattern(device.identity.uniq, False))}")
    return [", ".join(fields) or f"vendor: 0x{vendor:04x}, product: 0x{product:04x}"]


def _is_twin(device: Device, other: Device) -> bool:
    """Tell whether another device can be told from this one by its serial number only."""
    is_same = other.usb_id == device.usb_id and _common_name(other) == _common_name(device)
    return is_same and other.identity.uniq != device.identity.uniq


def _common_name(device: Device) -> str:
    """Return what the names of all its nodes begin with; the kernel adds to them what each is for."""
    names = [node.identity.name for node in device.nodes]
    shortest = min(names, key=len)
    same = 0
    while same < len(shortest) and len({name[same] for name in names}) == 1:
        same += 1
    return shortest[:same].rstrip()


def _pattern(name: str, has_more: bool) -> str:
    """Return the pattern for a name; of several nodes' names it is the beginning."""
    return re.sub(r"[\[*]", lambda found: f"[{found[0]}]", name) + ("*" if has_more else "")


def _quoted(text: str) -> str:
    return scalar(text) if scalar(text).startswith('"') else f'"{text}"'


def rule_text(
    device: Device, profile: str, others: Iterable[Device] = (), comments: Iterable[str] = ()
) -> str:
    """Return the udev rule for a pendant; `profile` is its profile's file name, for the comment."""
    vendor, product = device.identity.vendor, device.identity.product
    lines = [f"# {line}".rstrip() for line in comments]
    lines += [
        f"# Lets users open the pendant of {profile}; 70-hal-mpg.rules says what is done for it.",
        "# Put in place by: sudo hal_mpg install-udev --rule THIS-FILE",
        'ACTION=="remove", GOTO="hal_mpg_learned_end"',
    ]
    usb = f'ATTR{{idVendor}}=="{vendor:04x}", ATTR{{idProduct}}=="{product:04x}"'
    on_usb = device.nodes[0].bus in (0, USB) and bool(vendor)
    if on_usb and not shares_id(device, others):
        lines.append(f'{usb.replace("ATTR{", "ATTRS{")}, ENV{{HAL_MPG}}="1"')
    else:
        if on_usb:
            lines.append("# The id is shared by other things; the name tells it apart.")
            lines.append(f'SUBSYSTEM=="usb", {usb}, ENV{{HAL_MPG}}="1"')
        ids = f'ATTRS{{id/vendor}}=="{vendor:04x}", ATTRS{{id/product}}=="{product:04x}", '
        for name in dict.fromkeys(node.identity.name for node in device.nodes):
            named = f'ATTRS{{name}}=="{_udev_pattern(name)}", ' if name else ""
            lines.append(f'SUBSYSTEM=="input", {ids}{named}ENV{{HAL_MPG}}="1"')
    return "\n".join([*lines, 'LABEL="hal_mpg_learned_end"']) + "\n"


def _udev_pattern(name: str) -> str:
    """Return a name as udev compares it: `?` stands for one character that would mean something to it."""
    return "".join(sign if sign.isalnum() or sign in " -_.,:()/+&#@" else "?" for sign in name)


def slug(name: str) -> str:
    """Return a name as a file has it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "pendant"
