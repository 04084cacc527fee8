# SPDX-License-Identifier: GPL-2.0-or-later
"""Which serial ports there are, and what sysfs says of what hangs on them. None is opened for that.

To open a port resets many a board, and takes it from whoever may be using it: only what a profile names is
opened, and that by others than this module.
"""

from __future__ import annotations

import os
import stat

from hal_mpg.lean_typing import TYPE_CHECKING, NamedTuple
from hal_mpg.profile import Identity, fits_pattern
from hal_mpg.sources.node_paths import INPUT_DIR, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hal_mpg.profile import Match

SYS_TTY = "/sys/class/tty"
LINKS = ("/dev/serial/by-id", "/dev/serial/by-path")
"""Where udev names ports by what they are, and by where they are (60-serial.rules)."""

NOT_PORTS = ("ttyGS", "hvc", "ttyprintk", "console")
"""What else has a device behind it: the other end of a USB gadget, consoles."""

USB_LEVELS = 3
"""From a port's device up to the USB device: the interface; before it the port, with USB converters."""


class Port(NamedTuple):
    """One port. `identity` is what its USB device says: ids, product string, serial number.

    Of a port that is not on USB they are zero and empty. `phys` is the USB interface, such as "1-1:1.0".
    `links` are the names that udev gives it below /dev/serial.
    """

    path: str
    links: tuple[str, ...]
    identity: Identity


def ports() -> list[Port]:
    """Return the ports behind which there may be something, in the order of their names."""
    try:
        names = [name for name in os.listdir(SYS_TTY) if _is_port(name)]
    except OSError:
        return []
    links = _links()
    found = []
    for name in sorted(names, key=lambda name: (name.rstrip("0123456789"), len(name), name)):
        path = f"/dev/{name}"
        found.append(Port(path, tuple(links.get(path, ())), _identity(name)))
    return found


def is_url(port: str) -> bool:
    """Tell whether a port is one of pyserial's URLs, such as socket://192.168.1.5:2000, and no path."""
    return "://" in port


def is_serial_device(device: str) -> bool:
    """Tell whether what `--device` names is a serial port, or a URL of one, rather than an input node."""
    if is_url(device):
        return True
    name = os.path.basename(os.path.realpath(device))
    if device.startswith(f"{INPUT_DIR}/") or name.startswith("event"):
        return False
    return name.startswith(("tty", "rfcomm")) or device.startswith("/dev/serial/") or _is_terminal(device)


def _is_terminal(device: str) -> bool:
    try:
        is_special = stat.S_ISCHR(os.stat(device).st_mode)
    except OSError:
        return False
    return is_special and os.path.realpath(device).startswith("/dev/pts/")


def fits(match: Match, port: Port) -> bool:
    """Tell whether one alternative of a serial profile's `match` fits a port: all that it says has to."""
    pattern = match.port
    if pattern is not None and not _is_named(port, pattern):
        return False
    return match.fits_identity(port.identity)


def places(matches: Iterable[Match]) -> list[str]:
    """Return what there is to open for a profile, best first: paths and URLs; those that fit, and no others.

    A path that is no port of the kernel's, a pseudo-terminal perhaps, is there if it exists.
    """
    there, found = ports(), []
    for match in matches:
        if match.port is not None and is_url(match.port):
            found.append(match.port)
            continue
        fitting = [port.path for port in there if fits(match, port)]
        if not fitting and match.port is not None and _is_lone(match) and os.path.exists(match.port):
            fitting = [match.port]
        found += fitting
    return list(dict.fromkeys(found))


def _is_lone(match: Match) -> bool:
    """Tell whether nothing but the port is named: nothing else is known of what is not in sysfs."""
    return (match.vendor, match.product, match.name, match.uniq) == (None, None, None, None)


def port_of(device: str) -> Port | None:
    """Return the port that a path (or a symbolic link) leads to; None where sysfs does not know it."""
    real = os.path.realpath(device)
    return next((port for port in ports() if os.path.realpath(port.path) == real), None)


def _is_named(port: Port, pattern: str) -> bool:
    names = (port.path, *port.links)
    # The last: a link of the user's own.
    return any(fits_pattern(name, pattern) for name in names) or os.path.realpath(pattern) == port.path


def _is_port(name: str) -> bool:
    """Tell whether a tty is a serial port with hardware: those that are not have no device, or no type."""
    if name.startswith(NOT_PORTS) or not os.path.exists(os.path.join(SYS_TTY, name, "device")):
        return False
    return _read(os.path.join(SYS_TTY, name, "type")) != "0"


def _identity(tty: str) -> Identity:
    folder = os.path.realpath(os.path.join(SYS_TTY, tty, "device"))
    interface = ""
    for _ in range(USB_LEVELS):
        if os.path.exists(os.path.join(folder, "bInterfaceNumber")):
            interface = os.path.basename(folder)
        vendor, product = (_read(os.path.join(folder, part)) for part in ("idVendor", "idProduct"))
        if vendor and product:
            name, serial = (clean(_read(os.path.join(folder, part))) for part in ("product", "serial"))
            return Identity(_hex(vendor), _hex(product), name, interface, serial)
        folder = os.path.dirname(folder)
    return Identity(0, 0, "")


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _hex(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _links() -> dict[str, list[str]]:
    """Return the names below /dev/serial for each port."""
    found: dict[str, list[str]] = {}
    for folder in LINKS:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            link = os.path.join(folder, name)
            found.setdefault(os.path.realpath(link), []).append(link)
    return found
