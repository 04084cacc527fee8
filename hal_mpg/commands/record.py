# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg record`: what a pendant sends, in a file for a bug report or a test."""

from __future__ import annotations

import argparse
import os
import re
import select
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from math import isfinite
from pathlib import Path
from typing import IO

from hal_mpg.devices.input_codes import code_name
from hal_mpg.devices.inventory import Device, device_of, input_devices
from hal_mpg.devices.ports import port_of, serial_ports
from hal_mpg.errors import DeviceError, UsageError
from hal_mpg.messages import tell
from hal_mpg.options import Parser
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile, readable_profiles
from hal_mpg.recording import hid_recorder
from hal_mpg.recording.recorder import KEY_ENTER, NodeRecorder, file_names
from hal_mpg.serial_line import Own, SerialLine
from hal_mpg.sources.hidraw_nodes import HidNode, detect, is_hidraw
from hal_mpg.sources.serial_ports import is_serial_device, places
from hal_mpg.status_line import StatusLine
from hal_mpg.stop_signals import StopSignals

EXAMPLES = """\
examples:
  hal_mpg record pendant.evemu                          the pendant that is plugged in, until Ctrl-C
  hal_mpg record --device /dev/input/event5 knob.evemu  a device that no profile knows
  hal_mpg record --seconds 20 pendant.evemu             for 20 seconds
  hal_mpg record - | tee pendant.evemu                  to standard output
  hal_mpg record --pendant my.yaml pendant.serial       a serial pendant, as this profile speaks with it
  hal_mpg record --device /dev/ttyUSB0 --baud 9600 pendant.serial
                                                        what comes at a port; nothing is sent
  hal_mpg record --device /dev/hidraw0 pendant.hid      the reports of a raw HID device

For a bug report: start it, then turn the wheel by one click, set each selector to each of its positions,
press and release the E-stop and every button; then Ctrl-C. The file is plain text in evemu's format:
evemu-play and umockdev read it, and `hal_mpg replay` shows what it does to the pins. It has in it whatever
is pressed on that device meanwhile, so do not type a password on it; and no serial number.

Of a serial pendant the file has the bytes, with times; of a raw HID one its reports, as hid-recorder has
them. `hal_mpg replay` reads both, too.

A device that shows as several nodes gives several files: pendant.evemu, pendant-2.evemu, ...

While it records, the device does nothing else (no volume changes, no letters in the terminal).

exit status: 0 also after Ctrl-C; 2 command line, 4 device.
"""

PROGRESS_S = 0.2
MAX_BAUD = 4_000_000
ENTER_S = 2.0
"""How long the key that started this may still be held: a terminal that misses its release repeats it."""


def main(arguments: Sequence[str]) -> int:
    """Record until it is told to stop; return the exit status."""
    options = parser().parse_args(arguments)
    if options.seconds is not None and not (isfinite(options.seconds) and options.seconds > 0):
        raise UsageError(f"--seconds {options.seconds:g}: use a positive number")
    raw = _raw(options)
    if raw is not None:
        return _record_raw(options, *raw)
    port = _port(options)
    if port is not None:
        return _record_port(options, *port)
    if options.baud is not None or options.framing is not None:
        raise UsageError("--baud and --framing are for serial ports; give one with --device")
    device = _choose(options)
    nodes = [node.path for node in device.nodes if not node.refusal]
    files = file_names(options.file, len(nodes)) if options.file != "-" else ["-"]
    if len(nodes) > len(files):
        raise UsageError(
            f"{device.name} has {len(nodes)} nodes: standard output is for one; give a file's name"
        )
    if not options.force:
        for file in files:
            if file != "-" and Path(file).exists():
                raise UsageError(f"{file}: is there already; use --force to write over it, or another name")
    tell(f"recording {device.name} at {', '.join(nodes)}")
    for node in device.nodes:
        if node.refusal:
            tell(f"left out: {node.path}: {node.refusal}")
    with ExitStack() as stack:
        stop = stack.enter_context(StopSignals())
        recorders = []
        for place, path in enumerate(nodes):
            others = [Path(file).name for file in files if file != files[place]]
            comments = [f"node {place + 1} of {len(nodes)} of this device"]
            recorders.append(NodeRecorder(path, comments, others))
            stack.callback(recorders[-1].close)
        _grab(recorders, options.no_grab)
        began = time.monotonic()
        for recorder, file in zip(recorders, files, strict=True):
            recorder.begin(stack.enter_context(_opened(file)), began)
        try:
            _record(recorders, stop, began, options.seconds)
        finally:
            _report(recorders, files, time.monotonic() - began)
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg record",
        description="Write what a pendant is, and what it sends, to a file.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the file to write; - for standard output")
    parser.add_argument(
        "--device",
        metavar="PATH",
        help="the input device, raw HID device or serial port; default: the pendant that is there",
    )
    parser.add_argument("--pendant", metavar="NAME|FILE", help="the device that this profile is for")
    parser.add_argument("--seconds", type=float, metavar="N", help="stop after so many seconds")
    parser.add_argument("--baud", type=int, metavar="N", help="speed of the serial port (default: 115200)")
    parser.add_argument("--framing", metavar="8N1", help="data bits, parity, stop bits (default: 8N1)")
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.add_argument("--no-grab", action="store_true", help="let other programs have the events, too")
    return parser


def _raw(options: argparse.Namespace) -> tuple[HidNode, str] | None:
    """Return the raw HID node to record, and what its profile is called, "" without one; None: it is none.

    Raises UsageError, DeviceError.
    """
    profile = read_profile(find_profile(options.pendant)) if options.pendant else None
    if options.device and is_hidraw(options.device):
        if profile and profile.hid is None:
            raise UsageError(f"--pendant {options.pendant}: is for no raw HID pendant, and --device is one")
        return hid_recorder.node_at(options.device), _name(options.pendant)
    if options.device:
        return None
    if profile:
        return (hid_recorder.node_of(profile), _name(options.pendant)) if profile.hid else None
    fitting = detect(readable_profiles(), None)
    return (hid_recorder.node_of(fitting[0][1]), fitting[0][0]) if fitting else None


def _record_raw(options: argparse.Namespace, node: HidNode, name: str) -> int:
    """Record a raw HID device; return the exit status."""
    if options.baud is not None or options.framing is not None:
        raise UsageError("--baud and --framing are for serial ports; give one with --device")
    _refuse_to_overwrite(options)
    recorder = hid_recorder.HidRecorder(node)
    try:
        tell(f"recording {node.identity.name or 'a raw HID device'} at {node.path}")
        with _opened(options.file) as file:
            passed = hid_recorder.record(recorder, file, name, options.seconds)
    finally:
        recorder.close()
    file_name = "standard output" if options.file == "-" else options.file
    tell(f"{file_name}: {recorder.reports} reports of {node.path} in {passed:.1f} s")
    if not recorder.reports:
        tell("no report came; it says how it stands only when something changes: turn it, press a key")
    return 0


def _refuse_to_overwrite(options: argparse.Namespace) -> None:
    """Raise UsageError where the file is there, and is not to be written over."""
    if options.file != "-" and not options.force and Path(options.file).exists():
        raise UsageError(f"{options.file}: is there already; use --force to write over it, or another name")


def _port(options: argparse.Namespace) -> tuple[str, Profile | None, str] | None:
    """Return the serial port to record, its profile where one is known, and what that is called.

    None: it is no serial pendant.

    Raises UsageError, DeviceError.
    """
    profile = read_profile(find_profile(options.pendant)) if options.pendant else None
    if options.device and (is_serial_device(options.device)):
        if profile and profile.source != "serial":
            raise UsageError(f"--pendant {options.pendant}: is for no serial pendant, and --device is a port")
        return options.device, profile, _name(options.pendant)
    if profile:
        if profile.source != "serial":
            return None
        there = places(profile.match)
        if not there:
            raise DeviceError(f"{profile.name}: is not plugged in; hal_mpg list shows what is there")
        return there[0], profile, _name(options.pendant)
    if options.device or any(device.fits for device in input_devices()):
        return None
    fitting = [port for port in serial_ports() if port.fits]
    if len(fitting) != 1:
        return None
    return fitting[0].path, fitting[0].fits[0].profile, fitting[0].fits[0].name


def _name(pendant: str | None) -> str:
    """Return what a recording says of its profile: no more of a path than the file's name."""
    return Path(pendant).name if pendant else ""


def _record_port(options: argparse.Namespace, place: str, profile: Profile | None, name: str) -> int:
    """Record a serial pendant; return the exit status."""
    from hal_mpg.recording.serial_recorder import SerialRecorder, comments_of, record

    _refuse_to_overwrite(options)
    settings = _settings(options, profile)
    known = port_of(serial_ports(()), place)
    what = f"USB {known.usb_id} {known.name}" if known and known.is_on_usb else ""
    recorder = SerialRecorder(place, settings, profile)
    try:
        tell(f"recording {profile.name if profile else what or 'what comes'} at {place}")
        with _opened(options.file) as file:
            comments = comments_of(place, settings, what, name)
            passed = record(recorder, file, comments, options.seconds)
    finally:
        recorder.close()
    file_name = "standard output" if options.file == "-" else options.file
    result = f" ({recorder.result})" if recorder.result else ""
    tell(f"{file_name}: {recorder.bytes} bytes of {place} in {passed:.1f} s{result}")
    if not recorder.bytes:
        tell("nothing came; is it the right port, and are --baud and --framing the pendant's?")
    return 0


def _settings(options: argparse.Namespace, profile: Profile | None) -> SerialLine:
    settings = profile.serial if profile and profile.serial else SerialLine(Own(""))
    if options.framing is not None and not re.fullmatch("[5-8][NEOMS][12]", options.framing):
        raise UsageError(f"--framing {options.framing}: use data bits, parity, stop bits, as in 8N1")
    if options.baud is not None and not 50 <= options.baud <= MAX_BAUD:
        raise UsageError(f"--baud {options.baud}: use a speed such as 9600 or 115200")
    return settings._replace(baud=options.baud or settings.baud, framing=options.framing or settings.framing)


def _choose(options: argparse.Namespace) -> Device:
    """Return the device to record. Raises UsageError, DeviceError."""
    if options.device and options.pendant:
        raise UsageError("give --device or --pendant, and not both")
    devices = input_devices()
    if options.device:
        found = device_of(devices, options.device)
        if found is None:
            raise DeviceError(
                f"--device {options.device}: is no input device, and no serial port; hal_mpg list shows what "
                f"is there"
            )
        return _readable(found)
    if options.pendant:
        profile = read_profile(find_profile(options.pendant))
        fitting = [
            device
            for device in devices
            if any(match.fits(node.identity) for match in profile.match for node in device.nodes)
        ]
        if not fitting:
            raise DeviceError(f"{profile.name}: is not plugged in; hal_mpg list shows what is there")
        return _readable(fitting[0])
    likely = [d for d in devices if d.fits] or [d for d in devices if not d.is_everyday]
    if len(likely) == 1:
        return _readable(likely[0])
    if not likely:
        raise DeviceError(
            "nothing looks like a pendant; hal_mpg list --all shows all devices, then use --device"
        )
    names = ", ".join(f"{device.nodes[0].path} ({device.name})" for device in likely)
    raise UsageError(f"which one? use --device with one of {names}")


def _readable(device: Device) -> Device:
    if all(node.refusal for node in device.nodes):
        raise DeviceError(f"{device.refusal}; run sudo hal_mpg install-udev, or this with sudo")
    return device


def _grab(recorders: Sequence[NodeRecorder], only_try: bool) -> None:
    """Grab the nodes, once the key that started this is no longer held."""
    deadline = time.monotonic() + ENTER_S
    with suppress(OSError):  # it has gone, which will be told
        while time.monotonic() < deadline and any(KEY_ENTER in recorder.held() for recorder in recorders):
            time.sleep(0.02)
    for recorder in recorders:
        recorder.grab()
        if only_try:
            recorder.ungrab()


def _opened(file: str) -> IO[str]:
    if file == "-":
        return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    try:
        return open(file, "w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}; give another name") from None


def _record(
    recorders: Sequence[NodeRecorder], stop: StopSignals, began: float, seconds: float | None
) -> None:
    """Record until a signal, Ctrl-C on the device itself, or the end of the time."""
    poll = select.poll()
    for descriptor in (stop.descriptor, *(recorder.descriptor for recorder in recorders)):
        poll.register(descriptor, select.POLLIN)
    status = StatusLine(PROGRESS_S)
    while not stop.number and not any(recorder.asks_to_stop for recorder in recorders):
        now = time.monotonic()
        if seconds is not None and now >= began + seconds:
            return
        left = PROGRESS_S if seconds is None else min(PROGRESS_S, began + seconds - now)
        ready = dict(poll.poll(max(1, round(left * 1000))))
        now = time.monotonic()
        for recorder in recorders:
            if recorder.descriptor in ready:
                recorder.read(now)
        if status.is_due(now):
            status.show(_progress(recorders, now - began), now)
    status.clear()


def _progress(recorders: Sequence[NodeRecorder], passed: float) -> str:
    """Return how far it is."""
    spoke = [recorder for recorder in recorders if recorder.last]
    last = max((r.last for r in spoke if r.last), key=lambda event: event.time, default=None)
    what = f"last: {code_name(last.type, last.code)} {last.value}" if last else "turn, press and select"
    count = sum(recorder.events for recorder in recorders)
    return f"{passed:5.0f} s, {count} events; {what}; Ctrl-C ends it"


def _report(recorders: Sequence[NodeRecorder], files: Sequence[str], passed: float) -> None:
    for recorder, file in zip(recorders, files, strict=True):
        name = "standard output" if file == "-" else file
        tell(f"{name}: {recorder.events} events of {recorder.path} in {passed:.1f} s")
    if not any(recorder.events for recorder in recorders):
        tell("no event came; is it the right device? hal_mpg list shows what is there")
