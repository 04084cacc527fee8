# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of the machine's devices is the pendant: named, chosen by its number, or by turning its wheel."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from hal_mpg.devices.inventory import (
    Device,
    access_command,
    device_of,
    input_devices,
)
from hal_mpg.devices.ports import Port, serial_ports
from hal_mpg.devices.raw_hid import hidden_devices, why_hidden, why_not_learned
from hal_mpg.errors import DeviceError, UsageError
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, Frame
from hal_mpg.learn.acts import Left
from hal_mpg.learn.console import Console, Heard
from hal_mpg.learn.ear import Ear
from hal_mpg.own_command import own_command
from hal_mpg.sources.hidraw_nodes import is_hidraw

TYPING_KEYS = frozenset(range(1, 112))
"""KEY_ESC to KEY_DELETE: what is typed on a keyboard does not choose it."""

MOVES = frozenset((0, 1))
"""REL_X and REL_Y of a mouse do not either."""

ABS_EVENTS = 3
"""So many places in one direction are a wheel."""

ALL = "a"

MOST_LOOKS = 50
"""Nobody looks again so often; something answers that is no person."""

CONFIRM = (
    "This looks like a keyboard. While a device is learned, nothing else hears it: if it is the one you type "
    "on, you could not answer any more. Is it the pendant, and do you type on another one (or over ssh)? "
    "y: yes, Enter: no"
)


def choose(console: Console, node: str | None) -> tuple[Device, list[Device]]:
    """Return the device to learn, and all devices. Raises DeviceError, UsageError, Left."""
    if node is not None:
        devices = input_devices()
        return _named(console, node, devices), devices
    shows_all = False
    for _ in range(MOST_LOOKS):
        devices = input_devices()
        candidates = [
            device
            for device in sorted(devices, key=lambda device: (device.is_everyday, device.kind == "keyboard"))
            if device.is_readable and (shows_all or not device.is_everyday or device.kind == "keyboard")
        ]
        _say_unreadable(console, [device for device in devices if not device.is_readable])
        if not candidates:
            _refuse_without_any(devices)
        _say_hidden(console)
        _say_ports(console)
        chosen = _ask(console, candidates)
        shows_all |= chosen == ALL
        if isinstance(chosen, Device) and _is_meant(console, chosen):
            return chosen, devices
    raise Left(f"learn: no device was chosen in {MOST_LOOKS} looks; nothing was written. See `hal_mpg list`")


def _named(console: Console, node: str, devices: Sequence[Device]) -> Device:
    """Return the device of a node that was named on the command line."""
    device = device_of(devices, node)
    if device is None:
        if not node or not Path(node).exists():
            raise DeviceError(f"learn: --device {node}: there is no such device; `hal_mpg list` shows them")
        name = Path(os.path.realpath(node)).name
        if is_hidraw(node):
            raise UsageError(f"learn: --device {node}: {why_not_learned(node)}")
        if re.fullmatch(r"js[0-9]+|mouse[0-9]+", name):
            raise UsageError(
                f"learn: --device {node}: hal_mpg reads its event node; `hal_mpg list` shows which that is"
            )
        raise UsageError(f"learn: --device {node}: is no input device; use one such as /dev/input/event5")
    if not device.is_readable:
        raise DeviceError(f"learn: {device.refusal}; {_what_to_do(device)}")
    if device.kind == "keyboard" and device.is_everyday and not _is_meant(console, device):
        raise UsageError("learn: that was not the pendant; `hal_mpg list` shows what there is")
    return device


def _what_to_do(device: Device) -> str:
    command = access_command(device)
    return f"{command}; or once as root: sudo {own_command()} learn" if command else "see `hal_mpg list`"


def _say_unreadable(console: Console, devices: Sequence[Device]) -> None:
    for device in devices:
        if not device.is_everyday:
            console.say(f"{device.name} is not in the list, for {device.refusal}.")
            console.say(f"To learn it: {_what_to_do(device)}", indent="  ")


def _say_hidden(console: Console) -> None:
    for hidden in hidden_devices():
        console.say(f"{hidden.name} ({hidden.usb_id}) is not in the list: {why_hidden(hidden)}.")


def _say_ports(console: Console) -> None:
    """Name the serial ports; they are not listened to unasked, for opening one resets many a board."""
    ports = _usb_ports()
    if ports:
        console.say(f"A serial pendant? {own_command()} learn --device {ports[0].stable_path}")
        names = ", ".join(f"{port.path} ({port.name})" for port in ports)
        console.say(f"Serial ports: {names}.", indent="  ")


def _usb_ports() -> list[Port]:
    """Return the ports of USB devices; most computers have one of their own, with nothing behind it."""
    return [port for port in serial_ports(()) if port.is_on_usb]


def _refuse_without_any(devices: Sequence[Device]) -> None:
    """Raise DeviceError: there is nothing to learn, or nothing that may be read."""
    unreadable = [device for device in devices if not device.is_readable]
    for device in unreadable:
        if not device.is_everyday:
            raise DeviceError(f"learn: {device.name}: {device.refusal}; {_what_to_do(device)}")
    for hidden in hidden_devices():
        raise DeviceError(f"learn: {hidden.name} ({hidden.usb_id}): {why_hidden(hidden)}")
    if unreadable:
        raise DeviceError(
            f"learn: none of the {len(devices)} input devices may be read; plug the pendant in, "
            f"and if it is: sudo {own_command()} learn"
        )
    ports = _usb_ports()
    if ports:
        raise DeviceError(
            f"learn: no input device is plugged in that could be a pendant; if it is a serial one: "
            f"{own_command()} learn --device {ports[0].stable_path}"
        )
    mice = " (one that looks like a mouse has to be named with --device)" if devices else ""
    raise DeviceError(
        f"learn: no input device is plugged in that could be a pendant{mice}; plug it in, and see whether "
        f"lsusb shows it"
    )


def _ask(console: Console, candidates: list[Device]) -> Device | str | None:
    """Let the person choose; ALL: show mice and the like, too; None: look again what there is."""
    console.say("\nWhich one is the pendant?", bold=True)
    for number, device in enumerate(candidates, 1):
        kind = f", looks like a {device.kind}" if device.kind else ""
        fit = f"; profile {device.fits[0].name} fits it" if device.fits else ""
        console.raw(f"  {number}  {device.name} ({device.usb_id}{kind}{fit})")
    only = len(candidates) == 1 and candidates[0].kind != "keyboard"
    default = "Enter: this one. " if only else "Enter: look again. "
    console.say(
        f"Turn its wheel a few clicks, or type its number. {default}{ALL}: show all devices, mice and power "
        f"buttons, too. q: leave.",
        indent="  ",
    )
    with ExitStack() as stack:
        ears = _listen_to(console, stack, candidates)
        turned: list[Device] = []

        def heard() -> None:
            for ear in ears:
                ear.read()
                if is_turned(ear.heard_so_far(), ear.device):
                    turned.append(ear.device)
                    raise Heard

        answer = console.line("  > ", [fd for ear in ears for fd in ear.descriptors()], heard)
    if answer is None:
        console.say(f"That was {turned[0].name}.", indent="  ")
        return turned[0]
    if answer.isdecimal() and 1 <= int(answer) <= len(candidates):
        return candidates[int(answer) - 1]
    if answer.lower() == ALL:
        return ALL
    if answer:
        console.say(f"{answer!r} is none of the numbers 1 to {len(candidates)}.", indent="  ")
    return candidates[0] if only and not answer else None


def _listen_to(console: Console, stack: ExitStack, candidates: list[Device]) -> list[Ear]:
    """Listen to all candidates; to keyboards and the like without taking them away from the person."""
    ears = []
    for device in candidates:
        try:
            ears.append(
                stack.enter_context(Ear(device, grab=device.kind != "keyboard" and not device.is_everyday))
            )
        except DeviceError as error:
            console.say(f"({device.name} cannot be heard: {error})", indent="  ")
    return ears


def is_turned(frames: Sequence[Frame], device: Device) -> bool:
    """Tell whether what was heard is the wheel of a device, or a button, and not typing or trembling."""
    changes = [change for frame in frames for change in frame.changes]
    places: dict[int, list[int]] = {}
    for kind, code, value in changes:
        if kind == EV_ABS:
            places.setdefault(code, []).append(value)
    keys = frozenset() if device.kind != "keyboard" else TYPING_KEYS
    return any(map(_goes_on, places.values())) or any(
        (kind == EV_REL and not (code in MOVES and device.kind in ("mouse", "keyboard")))
        or (kind == EV_KEY and value == 1 and code not in keys)
        for kind, code, value in changes
    )


def _goes_on(places: Sequence[int]) -> bool:
    """Tell whether an absolute axis went on and on; a stick that trembles goes back and forth."""
    last = places[-ABS_EVENTS:]
    moves = {after > before for before, after in pairwise(last) if after != before}
    return len(set(last)) == ABS_EVENTS and len(moves) == 1


def _is_meant(console: Console, device: Device) -> bool:
    """Ask once more before a keyboard is taken away."""
    if device.kind != "keyboard":
        return True
    console.say(CONFIRM)
    return (console.line("  > ") or "").lower() in ("y", "yes")
