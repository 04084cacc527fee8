# SPDX-License-Identifier: GPL-2.0-or-later
"""What a start with a serial pendant has to settle before it is ready: the port, the profile, the pins."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hal_mpg.errors import DeviceError, UsageError
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.messages import tell
from hal_mpg.profile import Profile
from hal_mpg.profile_cache import read_profile
from hal_mpg.profile_files import find_profile
from hal_mpg.protocols.line_events import with_controls
from hal_mpg.protocols.line_protocol import LineProtocol
from hal_mpg.serial_line import Own
from hal_mpg.sources.serial import SerialSource
from hal_mpg.sources.serial_ports import fits, is_serial_device, is_url, places, port_of

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE_PROTOCOL = "line-protocol"
"""The profile of pendants that tell their controls themselves."""

GREETING_S = 3.0
"""How long a greeting is waited for: a board that the opening has reset takes two seconds to start."""

NOT_ALLOWED = (
    "the pendant is there, but this user may not open its port; install the udev rules (hal_mpg "
    "install-udev), or join the group dialout and log in again"
)

Known = tuple[str, Profile]


def fitting_profiles(known: Sequence[Known], device: str | None) -> list[Known]:
    """Return the serial profiles that fit a port, or without one those that fit any that is there.

    URLs are not tried: to know whether somebody is there, they would have to be opened.
    """
    serial = [entry for entry in known if entry[1].serial is not None]
    # Whose profile names it best goes first; the one that fits every pendant of the protocol goes last.
    serial.sort(key=lambda entry: entry[0] == LINE_PROTOCOL)
    if device is None:
        return [entry for entry in serial if any(not is_url(place) for place in places(entry[1].match))]
    if is_url(device):
        return [entry for entry in serial if any(match.port == device for match in entry[1].match)]
    port = port_of(device)
    if port is None:
        return [entry for entry in serial if any(match.port == device for match in entry[1].match)]
    return [entry for entry in serial if any(fits(match, port) for match in entry[1].match)]


def line_protocol_profile() -> Known:
    """Return the profile for a port that no other one fits."""
    return LINE_PROTOCOL, read_profile(find_profile(LINE_PROTOCOL))


def open_pendant(profile: Profile, device: str | None) -> tuple[Profile, SerialSource]:
    """Return the source for a serial profile, and the profile, with the pins of what is plugged in.

    That is asked only where the profile does not say itself which controls there are. Raises DeviceError,
    UsageError.
    """
    import serial  # noqa: F401  # if it is missing, that is told now, and not when the pendant is plugged in

    if device is not None:
        _check_device(device)
    _check_access(profile, device)
    source = SerialSource(profile, device)
    assert profile.serial is not None
    own = profile.serial.protocol
    if isinstance(own, Own) and not own.is_given:
        from hal_mpg.runner import wait_for_greeting

        wait_for_greeting(source, GREETING_S)
        profile = _as_it_greets(profile, own, source)
    return profile, source


def _as_it_greets(profile: Profile, own: Own, source: SerialSource) -> Profile:
    """Return the profile with the controls that the pendant has told, if it has."""
    decoder = source.decoder
    assert isinstance(decoder, LineProtocol)
    if decoder.greeting is None:
        where = f"no greeting came from {source.place}" if source.descriptors() else "no pendant is there yet"
        said = f" ({decoder.complaint})" if decoder.complaint else ""
        tell(f"{where}{said}: the pins are those of `{own.controls}`; see `greeting` in the profile")
        return profile
    greeting = decoder.greeting
    profile = with_controls(profile, greeting.controls, own._replace(controls=greeting.words))
    tell(f"{greeting.name} at {source.place} has {greeting.words}")
    source.use(profile)
    return profile


def _check_device(device: str) -> None:
    """Raise UsageError for what cannot be a serial port; one that is not there may still come."""
    if is_url(device):
        from serial import serial_for_url

        try:
            serial_for_url(device, do_not_open=True)
        except (ValueError, OSError) as error:
            raise UsageError(f"--device {device}: {error}; use one such as socket://HOST:PORT") from None
        return
    path = Path(device)
    is_no_port = path.exists() and not (stat.S_ISCHR(path.stat().st_mode) and is_serial_device(device))
    if not device or is_no_port:
        raise UsageError(f"--device {device}: is no serial port; use one such as /dev/ttyACM0")


def _check_access(profile: Profile, device: str | None) -> None:
    """Raise DeviceError where the pendant is there, but its port may not be opened."""
    there = places(profile.match) if device is None else [device]
    paths = [place for place in there if not is_url(place) and Path(place).exists()]
    refused = [path for path in paths if not os.access(path, os.R_OK | os.W_OK)]
    if refused and len(refused) == len(paths):
        raise DeviceError(f"{refused[0]}: {NOT_ALLOWED}")
