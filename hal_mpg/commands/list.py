# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg list`: the devices of this machine, who may read them, and which profile fits each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hal_mpg.devices.input_codes import code_name, code_names
from hal_mpg.devices.inventory import (
    Device,
    Fit,
    access_command,
    loaded_profiles,
)
from hal_mpg.devices.ports import Port, serial_ports
from hal_mpg.devices.ports import access_command as access_to_port
from hal_mpg.devices.raw_hid import Hidden, all_devices, hidden_devices, is_raw, why_hidden
from hal_mpg.devices.udev_ports import files_naming_port
from hal_mpg.events import EV_KEY
from hal_mpg.options import Parser
from hal_mpg.own_command import own_command

EXAMPLES = """\
examples:
  hal_mpg list             what is plugged in, and what to do next
  hal_mpg list --all       keyboards, mice and power buttons in full as well
  hal_mpg list --json      for programs: one JSON document

exit status: 0, also where there is no pendant; 2 command line.
"""

NOTHING = """\
No pendant is plugged in, and nothing that looks like one. If yours is: does lsusb show it?
If not, the computer does not see it at all: try another cable, or another port."""

SHOWN_KEYS = 4
"""So many keys of a device are named; of more, the first and the last."""


def main(arguments: Sequence[str]) -> int:
    """Show the devices; return the exit status."""
    options = parser().parse_args(arguments)
    profiles, faults = loaded_profiles()
    devices = sorted(all_devices(profiles), key=_place)
    hidden = [hid for hid in hidden_devices(profiles) if not hid.profile]
    ports = serial_ports(profiles)
    if options.json:
        print(json.dumps(as_json(devices, hidden, ports, faults), indent=2))
    else:
        print("\n".join(as_text(devices, hidden, ports, faults, options.all)))
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg list",
        description="Show the input devices, raw HID devices and serial ports of this machine: what they\n"
        "are, whether you may read them (and if not, why and what to do), and which profile fits each.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--all", action="store_true", help="show what is hardly a pendant in full, too")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    return parser


def _place(device: Device) -> tuple[bool, bool]:
    """Pendants that are known come first, what is hardly one last."""
    return not device.fits, device.is_everyday


def as_text(
    devices: Sequence[Device],
    hidden: Sequence[Hidden],
    ports: Sequence[Port],
    faults: Sequence[str],
    shows_all: bool = False,
) -> list[str]:
    """Return what a person is to read, in lines."""
    lines: list[str] = []
    others = [] if shows_all else [device for device in devices if device.is_everyday]
    shown = [device for device in devices if device not in others]
    pendants = [port for port in ports if port.fits]
    if not shown and not hidden and not pendants:
        lines += [NOTHING, ""]
    for device in shown:
        lines += [*_device_lines(device), ""]
    for port in pendants:
        lines += [*_pendant_lines(port), ""]
    for hid in hidden:
        lines += [f"{hid.name}   (USB {hid.usb_id})", f"  profile   none: {why_hidden(hid)}", ""]
    if others:
        lines += ["hardly pendants (--all shows them in full):"]
        lines += [f"  {device.name}   ({device.kind}, {', '.join(device.paths)})" for device in others]
        lines += [""]
    unknown = [port for port in ports if not port.fits]
    if unknown:
        lines += ["serial ports that no profile fits:"]
        lines += [_port_line(port) for port in unknown]
        advice = f"{own_command()} learn --device {unknown[0].stable_path}"
        lines += [f"  If a pendant is there: {advice}   (opens it, which resets many a board)"]
        lines += [""]
    lines += [f"profile passed over: {fault}" for fault in faults]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _device_lines(device: Device) -> Iterator[str]:
    kind = f", looks like: {device.kind}" if device.kind else ""
    yield f"{device.name}   ({' '.join(filter(None, (device.bus, device.usb_id)))}{kind})"
    for node in device.nodes:
        more = f", {node.identity.name}" if node.identity.name != device.name else ""
        yield f"  node      {node.path}{', raw HID' if is_raw(node) else more}"
    if device.codes or not is_raw(device.nodes[0]):
        yield f"  has       {what_it_has(device)}"
    if device.is_readable:
        yield "  access    you may read it"
    else:
        yield f"  access    NO: {device.refusal}"
        if access_command(device):
            yield f"  mend it   {access_command(device)}"
    if device.fits:
        yield f"  profile   {_fit_text(device.fits[0])}"
        others = ", ".join(_fit_text(fit) for fit in device.fits[1:])
        if others:
            yield f"  as well   {others}"
    else:
        yield "  profile   none fits; make one: hal_mpg learn --device " + device.paths[0]


def _fit_text(fit: Fit) -> str:
    if not fit.missing:
        return fit.name
    lacking = ", ".join(dict.fromkeys(f"{control} ({code_name(*code)})" for control, code in fit.missing))
    return f"{fit.name} (but the device lacks its {lacking})"


def what_it_has(device: Device) -> str:
    """Return in a line which codes a device has."""
    codes = device.codes
    keys = [code_name(EV_KEY, number) for number in sorted(codes.get(EV_KEY, ()))]
    others = code_names({kind: numbers for kind, numbers in codes.items() if kind not in (EV_KEY, 4)})
    parts = []
    if len(keys) > SHOWN_KEYS:
        parts.append(f"{len(keys)} keys ({keys[0]} to {keys[-1]})")
    elif keys:
        parts.append(", ".join(keys))
    if others:
        parts.append(", ".join(others))
    return "; ".join(parts) or "nothing that could be told"


def _pendant_lines(port: Port) -> Iterator[str]:
    """Yield what a person is to read of a serial port that a profile fits."""
    what = f"USB {port.usb_id}, " if port.is_on_usb else ""
    yield f"{port.name}   ({what}serial port)"
    yield f"  port      {', '.join((port.path, *port.links))}"
    if port.refusal:
        yield f"  access    NO: {port.refusal}"
        yield f"  mend it   {_command(port)}"
    else:
        yield "  access    you may use it"
    yield f"  profile   {port.fits[0].name}"
    if port.fits[1:]:
        yield f"  as well   {', '.join(fit.name for fit in port.fits[1:])}"


def _command(port: Port) -> str:
    return access_to_port(port, is_named=bool(files_naming_port(port)))


def _port_line(port: Port) -> str:
    what = " ".join(filter(None, (port.identity.name, port.usb_id, port.serial and f"serial {port.serial}")))
    return f"  {port.path}   {what}".rstrip() + (f"   (NO access: {port.refusal})" if port.refusal else "")


def as_json(
    devices: Sequence[Device], hidden: Sequence[Hidden], ports: Sequence[Port], faults: Sequence[str]
) -> dict[str, Any]:
    """Return the document for programs; keys are added to it, but never taken away."""
    return {
        "devices": [_device_json(device) for device in devices],
        "without_input_node": [
            {"name": hid.name, "usb_id": hid.usb_id, "path": hid.path, "why": why_hidden(hid)}
            for hid in hidden
        ],
        "serial_ports": [
            {
                "path": port.path,
                "name": port.name,
                "usb_id": port.usb_id or None,
                "serial": port.serial or None,
                "readable": not port.refusal,
                "why_not": port.refusal or None,
                "links": list(port.links),
                "command": _command(port) or None,
                "profiles": [{"name": fit.name, "file": str(fit.file)} for fit in port.fits],
            }
            for port in ports
        ],
        "profile_faults": list(faults),
    }


def _device_json(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "vendor": f"{device.identity.vendor:04x}",
        "product": f"{device.identity.product:04x}",
        "bus": device.bus or None,
        "serial": device.identity.uniq or None,
        "kind": device.kind or None,
        "hardly_a_pendant": device.is_everyday,
        "nodes": [
            {
                "path": node.path,
                "name": node.identity.name,
                "phys": node.identity.phys,
                "readable": not node.refusal,
                "why_not": node.refusal or None,
                "codes": code_names(node.codes),
                "raw_hid": is_raw(node),
            }
            for node in device.nodes
        ],
        "readable": device.is_readable,
        "why_not": device.refusal or None,
        "command": access_command(device) or None,
        "profiles": [
            {
                "name": fit.name,
                "file": str(fit.file),
                "missing": [{"control": control, "code": code_name(*code)} for control, code in fit.missing],
            }
            for fit in device.fits
        ],
    }
