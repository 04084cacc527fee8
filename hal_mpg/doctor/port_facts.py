# SPDX-License-Identifier: GPL-2.0-or-later
"""The facts about serial ports that the doctor judges."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hal_mpg.devices.access import User
from hal_mpg.devices.ports import Port, fits_profile, port_refusal, serial_ports
from hal_mpg.devices.udev_ports import files_naming_port
from hal_mpg.devices.udev_rules import is_marked
from hal_mpg.doctor.listening import Heard, listen
from hal_mpg.doctor.processes import (
    Holder,
    has_component,
    has_hidden_component,
    holders_of,
    is_for_group,
    may_open,
)
from hal_mpg.profile import Profile
from hal_mpg.sources.serial_ports import is_serial_device, is_url, places

Known = Sequence[tuple[str, Path, Profile]]


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A serial port, and what this user can do with it; as of `DeviceFacts` in surroundings.

    `heard`: what came of listening to it; None: it was not listened to.
    """

    device: Port
    may_open: bool
    naming: tuple[Path, ...] = ()
    is_marked: bool | None = None
    for_group: bool = False
    holders: tuple[Holder, ...] = ()
    heard: Heard | None = None


def port_facts(
    user: User, profiles: Known, profile: Profile | None, device: str | None
) -> tuple[PortFacts, ...]:
    """Look at the serial ports; listen to those that are `profile`'s, where nobody else has them.

    `device`: the port or URL that is named for it.
    """
    return tuple(_facts(port, user, profile) for port in _ports(profiles, profile, device))


def _ports(profiles: Known, profile: Profile | None, device: str | None) -> list[Port]:
    """Return the serial ports, and what the profile, or its user, names besides: URLs, pseudo-terminals."""
    found = serial_ports(profiles)
    named = [device] if device else places(profile.match) if profile and profile.serial else []
    others = [name for name in named if name and (is_url(name) or is_serial_device(name))]
    known = {os.path.realpath(port.path) for port in found}
    return found + [
        Port(name, refusal="" if is_url(name) else port_refusal(name))
        for name in others
        if os.path.realpath(name) not in known and (is_url(name) or Path(name).exists())
    ]


def _facts(port: Port, user: User, profile: Profile | None) -> PortFacts:
    profile = profile or (port.fits[0].profile if port.fits else None)
    if is_url(port.path):
        # An adapter may serve one at a time, and drop the running machine's pendant for us.
        heard = listen(port.path, profile) if profile and not has_component() else None
        return PortFacts(port, may_open=True, heard=heard)
    naming, holders = tuple(files_naming_port(port)), holders_of([os.path.realpath(port.path)])
    is_pendant = profile is not None and (
        fits_profile(port, profile) or any(match.port == port.path for match in profile.match)
    )
    is_open = may_open(user, port.path)
    # What another program has may be a running machine's: it would not be had, and is not even tried.
    is_free = not holders and not port.refusal and not has_hidden_component()
    return PortFacts(
        port,
        may_open=is_open,
        naming=naming,
        is_marked=is_marked(port.path),
        for_group=is_for_group(port.path),
        holders=holders,
        heard=listen(port.path, profile) if profile and is_pendant and is_open and is_free else None,
    )
