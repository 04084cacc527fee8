# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg monitor`: the pendant as it stands, its pins and events, live; from the device, or from HAL."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from typing import TYPE_CHECKING

from hal_mpg.devices.input_codes import code_name
from hal_mpg.devices.inventory import device_of, input_devices
from hal_mpg.devices.ports import port_refusal
from hal_mpg.doctor.processes import holders_of
from hal_mpg.errors import HalError, HalMpgError, UsageError
from hal_mpg.hal_port import load_hal
from hal_mpg.input_node import open_node
from hal_mpg.machine import parse_units
from hal_mpg.messages import tell
from hal_mpg.monitor import plain
from hal_mpg.monitor.device import DeviceReader
from hal_mpg.monitor.hal import HalReader, is_hal_running, started_with
from hal_mpg.monitor.shown import Reader
from hal_mpg.options import Parser, add_machine_options
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile, readable_profiles
from hal_mpg.run_options import is_component_name, machine_of
from hal_mpg.sources import Source, hidraw_nodes
from hal_mpg.sources.evdev_nodes import Found, Nodes, codes_of, detect, missing_codes
from hal_mpg.sources.node_paths import check_access, is_node
from hal_mpg.sources.serial_ports import is_serial_device, is_url, places

if TYPE_CHECKING:
    from hal_mpg.sources.hidraw import HidrawSource
    from hal_mpg.sources.serial import SerialSource

EXAMPLES = """\
examples:
  hal_mpg monitor                          what is there: the running component, or the pendant
  hal_mpg monitor --pendant my.yaml        the pendant, as this profile reads it
  hal_mpg monitor --device /dev/ttyACM0    a serial pendant at this port (or socket://ADDRESS:PORT)
  hal_mpg monitor --hal                    the pins of hal_mpg in the running LinuxCNC
  hal_mpg monitor --hal --name mpg2        of another component
  hal_mpg monitor --plain | tee log.txt    a line for each change (also without a terminal)

The pendant itself can be read only while no other program has it, so not while LinuxCNC runs with
hal_mpg: use --hal then. --hal reads pins and writes none: the machine does not notice.
While the pendant is read, its keys and its wheel do nothing else; --no-grab lets them.

q or Ctrl-C ends it. exit status: 0; 2 command line, 3 profile, 4 device, 5 HAL.
"""


def main(arguments: Sequence[str]) -> int:
    """Show it until the user has enough; return the exit status."""
    options = parser().parse_args(arguments)
    _check(options)
    is_screen = not options.plain and _is_terminal()
    if is_screen:
        try:
            import rich  # noqa: F401
        except ImportError:
            raise HalMpgError(
                "the live view needs the Python library rich: apt install python3-rich, or use --plain"
            ) from None
    reader = _reader(options)
    try:
        if is_screen:
            from hal_mpg.monitor import screen

            screen.run(reader, options.seconds)
        else:
            plain.run(reader, options.seconds)
    finally:
        reader.close()
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg monitor",
        description="Show a pendant live: how it stands, its pins, its events; and why a turn moves nothing.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--pendant", metavar="NAME|FILE", help="profile by name, or its file; default: what is plugged in")
    add(
        "--device",
        metavar="PATH",
        help="use this input device, raw HID device or serial port instead of the profile's match",
    )
    add("--no-grab", action="store_true", help="let other programs see the pendant's events, too")
    add("--hal", action="store_true", help="show the pins of the running component instead")
    add("--name", default="hal_mpg", help="name of the component (default: hal_mpg)")
    add("--plain", action="store_true", help="print a line for each change, even on a terminal")
    add("--seconds", type=float, metavar="N", help="end after so many seconds")
    add_machine_options(parser)
    return parser


def _check(options: argparse.Namespace) -> None:
    if not is_component_name(options.name):
        raise UsageError(f"--name {options.name}: use letters, digits, - and _, a letter first")
    if options.seconds is not None and not (isfinite(options.seconds) and options.seconds > 0):
        raise UsageError(f"--seconds {options.seconds:g}: use a positive number")
    if options.hal and options.device:
        raise UsageError("--hal shows a component, --device a device; give one of them")


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _reader(options: argparse.Namespace) -> Reader:
    """Return what reads the component, or the pendant; the component, where it runs and nothing was said."""
    profile = read_profile(find_profile(options.pendant)) if options.pendant is not None else None
    if options.hal:
        if os.geteuid() == 0:
            raise UsageError("--hal: root cannot see LinuxCNC's HAL; run it as the user who runs LinuxCNC")
        return _hal_reader(options.name, profile)
    if profile is None and not options.device and os.geteuid() != 0 and is_hal_running():
        with suppress(HalError):  # HAL without hal_mpg, or without its Python module
            return _hal_reader(options.name, None)
    profile = profile or _profile_of_what_is_there(options.device)
    if profile.source == "serial":
        return _serial_reader(profile, options)
    if profile.hid is not None:
        return _raw_reader(profile, options)
    source = _source(profile, options)
    return DeviceReader(profile, machine_of(options), source, lambda: _why_absent(profile, options.device))


def _raw_reader(profile: Profile, options: argparse.Namespace) -> DeviceReader:
    """Return what reads a raw HID pendant."""
    from hal_mpg.sources.hidraw import HidrawSource

    hidraw_nodes.check_access(profile, options.device)
    source = HidrawSource(profile, options.device, grab=not options.no_grab)
    return DeviceReader(
        profile, machine_of(options), source, lambda: _why_unread(profile, source, options.device)
    )


def _why_unread(profile: Profile, source: HidrawSource, device: str | None) -> str:
    """Return why a raw HID pendant is not connected (yet)."""
    if source.descriptors():
        said = (
            source.decoder.complaint or "turn its wheel or press a key: only then does it say how it stands"
        )
        return f"{source.description}: {said}"
    there = hidraw_nodes.nodes_of(profile, device)
    if not there:
        return "not there: plug it in"
    holders = holders_of([there[0].path])
    if holders:
        return f"{holders[0][1]} (process {holders[0][0]}) has it. With LinuxCNC: --hal"
    return f"{there[0].path} cannot be used yet"


def _serial_reader(profile: Profile, options: argparse.Namespace) -> DeviceReader:
    """Return what reads a serial pendant; its port is opened, as the component would."""
    from hal_mpg.serial_start import open_pendant

    profile, source = open_pendant(profile, options.device)
    return DeviceReader(
        profile, machine_of(options), source, lambda: _why_unheard(profile, source, options.device)
    )


def _why_unheard(profile: Profile, source: SerialSource, device: str | None) -> str:
    """Return why a serial pendant is not connected (yet)."""
    if source.descriptors():
        said = source.decoder.complaint or "it has said nothing yet that tells how the pendant stands"
        return f"{source.description}: {said}"
    there = [device] if device else places(profile.match)
    if not there or not (is_url(there[0]) or os.path.exists(there[0])):  # noqa: PTH110
        return "not there: plug it in"
    return f"{there[0]}: {_why_not_open(there[0])}"


def _why_not_open(place: str) -> str:
    """Return why a port that is there is not open, as far as that can be told from outside."""
    if is_url(place):
        return "it is being connected"
    holders = holders_of([os.path.realpath(place)])
    if holders:
        return f"{holders[0][1]} (process {holders[0][0]}) has it. With LinuxCNC: --hal"
    return port_refusal(place) or "it cannot be opened yet"


def _hal_reader(name: str, profile: Profile | None) -> HalReader:
    """Return what reads a component; how that was started tells what no pin does: names of scales, units."""
    started = started_with(name)
    units = ""
    with suppress(HalMpgError, OSError):  # it is a help, no more
        units = parse_units(started.get("--units", "mm")) if started else ""
        if profile is None and "--pendant" in started:
            profile = read_profile(find_profile(started["--pendant"]))
    return HalReader(load_hal(), name, profile, units)


def _profile_of_what_is_there(device: str | None) -> Profile:
    """Return the profile that fits the pendant. Raises UsageError, DeviceError."""
    known = list(readable_profiles())
    fitting = hidraw_nodes.detect(known, device) or detect(known, device)
    if fitting:
        name, profile = fitting[0]
        tell(f"using profile {name}")
        return profile
    serial = _serial_profile(device)
    if serial:
        return serial
    if device is None:
        raise UsageError(
            "no known pendant is plugged in; hal_mpg list shows what is, --pendant names a profile"
        )
    found = device_of(input_devices(()), device)
    if found is None:
        raise UsageError(f"--device {device}: is no input device; hal_mpg list shows what is there")
    raise UsageError(
        f"no known profile fits {found.name}; name one with --pendant, or make one: hal_mpg learn"
    )


def _serial_profile(device: str | None) -> Profile | None:
    """Return the profile of a serial pendant that is there; at a named port, that of hal_mpg's own protocol.

    None: there is none, or the device is no port.
    """
    from hal_mpg.serial_start import fitting_profiles, line_protocol_profile

    if device is not None and not is_serial_device(device):
        return None
    fitting = fitting_profiles(list(readable_profiles()), device)
    if fitting:
        tell(f"using profile {fitting[0][0]}")
        return fitting[0][1]
    return line_protocol_profile()[1] if device is not None else None


def _why_absent(profile: Profile, device: str | None) -> str:
    """Return why the pendant could not be opened."""
    if profile.source == "virtual":
        return "not there: nobody listens at its socket (hal_mpg virtual shows a pendant that does)"
    for nodes in Nodes().devices():
        for found in nodes:
            if is_node(device, found.path) if device else any(m.fits(found.identity) for m in profile.match):
                return f"{found.path} {_why_unused(profile, nodes)}"
    return "not there: plug it in"


def _why_unused(profile: Profile, nodes: Sequence[Found]) -> str:
    """Return why a pendant that is there is not read (yet)."""
    if any(_is_grabbed(found.path) for found in nodes):
        return "cannot be used: another program has it. With LinuxCNC: --hal"
    codes = codes_of(nodes)
    lacking = [code for control, code in missing_codes(profile, codes) if not control.startswith("leds.")]
    if len(lacking) == len(list(profile.input_codes())):
        return "has no code of the profile; is it another one's?"
    if profile.estop and not profile.estop.normally_closed and profile.estop.key in lacking:
        return "lacks the profile's normally open E-stop, and is not used; correct the profile's estop"
    if lacking:
        more = f" and {len(lacking) - 1} more" if lacking[1:] else ""
        return f"lacks {code_name(*lacking[0])}{more} of the profile; looking whether another node has it"
    return "cannot be used yet"


def _is_grabbed(path: str) -> bool:
    """Tell whether another program has a node for itself."""
    try:
        node = open_node(path)
    except OSError:
        return False
    try:
        node.grab()
    except OSError as error:
        return error.errno == errno.EBUSY
    finally:
        node.close()  # that ends the grab, too
    return False


def _source(profile: Profile, options: argparse.Namespace) -> Source:
    if profile.source == "virtual":
        from hal_mpg.sources.virtual import VirtualSource

        return VirtualSource(profile)
    from hal_mpg.sources.evdev import EvdevSource

    check_access(profile, options.device)
    return EvdevSource(profile, options.device, grab=not options.no_grab, sums_up=False)
