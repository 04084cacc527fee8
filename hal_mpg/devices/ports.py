# SPDX-License-Identifier: GPL-2.0-or-later
"""The serial ports of this machine, for the tools: what hangs on them, who may use them, which profile fits.

Sysfs tells; no port is opened, for that resets many a board.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hal_mpg.devices.inventory import (
    GROUP,
    Fit,
    is_only_for_group,
    loaded_profiles,
    user_name,
    why_refused,
)
from hal_mpg.own_command import own_command
from hal_mpg.profile import Identity, Profile
from hal_mpg.sources import serial_ports as ports_of_sysfs

NOTHING = Identity(0, 0, "")


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port. `identity` is its USB device's; zeros where it is not on USB.

    `refusal` is why this user may not use it; "": it may be used. `links` are its names in /dev/serial.
    """

    path: str
    identity: Identity = NOTHING
    refusal: str = ""
    links: tuple[str, ...] = ()
    fits: tuple[Fit, ...] = ()

    @property
    def name(self) -> str:
        """What the USB device calls itself; else the port's own name."""
        return self.identity.name or Path(self.path).name

    @property
    def usb_id(self) -> str:
        """Vendor and product as lsusb shows them; "" where it is not on USB."""
        return f"{self.identity.vendor:04x}:{self.identity.product:04x}" if self.is_on_usb else ""

    @property
    def is_on_usb(self) -> bool:
        """Whether a USB device is behind it."""
        return bool(self.identity.vendor or self.identity.product)

    @property
    def serial(self) -> str:
        """The USB device's serial number, "" where it has none."""
        return self.identity.uniq

    @property
    def paths(self) -> tuple[str, ...]:
        """Its node, as of an input device with one."""
        return (self.path,)

    @property
    def stable_path(self) -> str:
        """The name that stays: by what it is, or else by where it is plugged in, or else its own."""
        return self.links[0] if self.links else self.path


def serial_ports(fitting: Iterable[tuple[str, Path, Profile]] | None = None) -> list[Port]:
    """Return the serial ports behind which there may be something; `fitting` as for `input_devices`."""
    profiles = loaded_profiles()[0] if fitting is None else list(fitting)
    return [
        Port(found.path, found.identity, port_refusal(found.path), found.links, fits(found, profiles))
        for found in ports_of_sysfs.ports()
    ]


def fits(port: ports_of_sysfs.Port, profiles: Iterable[tuple[str, Path, Profile]]) -> tuple[Fit, ...]:
    """Return the serial profiles that fit a port, in the order in which they are known."""
    return tuple(
        Fit(name, path, profile) for name, path, profile in profiles if fits_profile_of(port, profile)
    )


def fits_profile_of(port: ports_of_sysfs.Port, profile: Profile) -> bool:
    """Tell whether a profile is a serial one, and fits a port."""
    return profile.source == "serial" and any(ports_of_sysfs.fits(match, port) for match in profile.match)


def fits_profile(port: Port, profile: Profile) -> bool:
    """Tell whether a profile, known or not, fits a port."""
    return fits_profile_of(ports_of_sysfs.Port(port.path, port.links, port.identity), profile)


def port_of(ports: Iterable[Port], path: str) -> Port | None:
    """Return the port that a path (or a symbolic link to it) is."""
    real = os.path.realpath(path)
    return next((port for port in ports if os.path.realpath(port.path) == real), None)


def port_refusal(path: str) -> str:
    """Return why this user may not use a port, "" where it may; without opening it."""
    if os.access(path, os.R_OK | os.W_OK):
        return ""
    return why_refused(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def access_command(port: Port, is_named: bool) -> str:
    """Return the command that lets this user use a port; "": none is needed. `is_named`: by udev's rules."""
    if not port.refusal:
        return ""
    if is_only_for_group(port.path):
        return f"sudo adduser {user_name()} {GROUP}   (then log out, and log in again)"
    return f"sudo {own_command()} install-udev" + ("" if is_named else f" --device {port.path}")
