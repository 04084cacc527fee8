# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg replay`: what the pins do when a recorded pendant speaks again, in memory or on the real HAL."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any, NamedTuple

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.devices.input_codes import code_name
from hal_mpg.errors import UsageError
from hal_mpg.events import Connected, DeviceEvent, Disconnected, EventsLost, Frame, Garbled, PinValue
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort, load_hal
from hal_mpg.messages import tell
from hal_mpg.options import Parser, add_machine_options
from hal_mpg.pendant import Pendant
from hal_mpg.profile import ANGULAR_AXES, Code, Profile
from hal_mpg.profile_files import read_profile
from hal_mpg.recording.files import (
    file_of,
    has_its_codes,
    held_keys,
    profile_for,
    profile_for_reports,
    read_hid_recording,
    read_recordings,
    read_serial_recording,
)
from hal_mpg.recording.hid_format import HidRecording
from hal_mpg.recording.hid_playback import hid_playback
from hal_mpg.recording.playback import Playback, playback, run
from hal_mpg.recording.serial_format import Chunk as Bytes
from hal_mpg.recording.serial_playback import as_it_greets, serial_playback
from hal_mpg.run_options import is_component_name, machine_of

EXAMPLES = """\
examples:
  hal_mpg replay report.evemu                       with the profile that fits the recorded device
  hal_mpg replay report.evemu --pendant my.yaml     with another one: does it decode what it should?
  hal_mpg replay report.evemu --pins 'axis.*'       some of the pins only
  hal_mpg replay evemu-record.txt --hold x,x1,BTN_BASE4,enable
                                                    keys that were held before the recording began
  halrun> loadusr -W hal_mpg replay report.evemu --hal
                                                    on the real HAL, at the speed of the recording

It reads what hal_mpg record, evemu-record, umockdev-record and hid-recorder write. Without --hal,
nothing moves and nothing has to be installed: the pins are those of a HAL in memory, and the time is the
recording's. With --hal, the component is there until the recording has ended (or for good, with --stay), and
drives whatever it is netted to, as the pendant would.

exit status: 0; 2 command line or recording, 3 profile, 5 HAL.
"""

HEARTBEAT = "heartbeat"


def main(arguments: Sequence[str]) -> int:
    """Replay the recording; return the exit status."""
    options = parser().parse_args(arguments)
    _check(options)
    profile, played = _played(options)
    pendant = Pendant(profile, machine_of(options))
    if options.hal:
        return _on_real_hal(pendant, played, options)
    return _in_memory(pendant, played, options)


def _played(options: argparse.Namespace) -> tuple[Profile, Playback]:
    """Return the profile to play with, and what is played; say what had to be assumed."""
    serial = read_serial_recording(options.files)
    if serial is not None:
        return _serial_played(options, *serial)
    reports = read_hid_recording(options.files)
    if reports is not None:
        return _hid_played(options, reports)
    recordings = read_recordings(options.files)
    profile = profile_for(options.pendant, recordings)
    _tell_notes(profile.notes, speaker="")
    held = held_keys(options.hold, profile) if options.hold else set()
    played = playback(recordings, profile, held, trust=not options.hal)
    _tell_notes(played.assumed)
    if not has_its_codes(profile, recordings):
        tell(f"note: no event is one of the profile's ({profile.name}); is it another pendant's?")
    return profile, played


def _serial_played(
    options: argparse.Namespace, chunks: list[Bytes], named: str | None
) -> tuple[Profile, Playback]:
    """Return the same of a serial pendant's recording, whose bytes the profile makes something of."""
    if options.hold:
        raise UsageError("--hold: is for recordings of input devices; a serial one has what there is")
    if options.pendant is None and named is None:
        raise UsageError(f"{options.files[0]}: does not say whose it is; name the profile with --pendant")
    profile = as_it_greets(read_profile(file_of(options.pendant, named)), chunks)
    _tell_notes(profile.notes, speaker="")
    played = serial_playback(chunks, profile)
    _tell_notes(played.assumed)
    return profile, played


def _hid_played(options: argparse.Namespace, recording: HidRecording) -> tuple[Profile, Playback]:
    """Return the same of a raw HID pendant's recording."""
    if options.hold:
        raise UsageError("--hold: is for recordings of input devices; one of raw HID has what there is")
    profile = profile_for_reports(options.pendant, recording)
    _tell_notes(profile.notes, speaker="")
    played = hid_playback(recording, profile)
    _tell_notes(played.assumed)
    return profile, played


def _tell_notes(notes: Iterable[str], speaker: str = "hal_mpg: note: ") -> None:
    for note in notes:
        tell(note, speaker)


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg replay",
        description="Play a recording of a pendant, and print the pins as they change.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="recordings of the device's nodes; - reads standard input")
    add("--pendant", metavar="NAME|FILE", help="profile, or its file; default: what fits the recording")
    add("--hold", metavar="KEY,...", help="keys that were held all along: names, numbers, or positions")
    add("--speed", type=float, metavar="N", help="times as fast; default: at once, with --hal 1; 0: at once")
    add("--pins", metavar="PATTERN", help="print these pins only, as in 'axis.*'")
    add("--events", action="store_true", help="print the device's events between the pins")
    add("--json", action="store_true", help="print one JSON document instead")
    add("--hal", action="store_true", help="drive the pins of a component on the real HAL")
    add("--stay", action="store_true", help="with --hal: keep the component when the recording has ended")
    add("--name", default="hal_mpg", help="component name and prefix of its pins (default: hal_mpg)")
    add_machine_options(parser)
    return parser


def _check(options: argparse.Namespace) -> None:
    if not is_component_name(options.name):
        raise UsageError(f"--name {options.name}: use letters, digits, - and _, a letter first")
    speed = options.speed
    if speed is not None and not (isfinite(speed) and (speed == 0 or 1e-3 <= speed <= 1e6)):
        raise UsageError(f"--speed {speed:g}: use a number such as 2, or 0 for at once")
    if options.hal and speed == 0:
        raise UsageError("--speed 0: the real HAL has its own time; use a number such as 2")
    if options.stay and not options.hal:
        raise UsageError("--stay: is for --hal")
    if options.hal and (options.json or options.events or options.pins):
        raise UsageError("--hal drives pins and prints none; watch them with hal_mpg monitor --hal")


def _on_real_hal(pendant: Pendant, played: Playback, options: argparse.Namespace) -> int:
    from hal_mpg.runner import Runner
    from hal_mpg.sources.replay import RecordingEnded, ReplaySource

    hal = load_hal()
    source = ReplaySource(played, ", ".join(options.files), options.speed or 1.0, options.stay)
    port = HalPort(hal, options.name, pendant.pins)
    try:
        Runner(pendant, source, port).run()
    except RecordingEnded:
        tell("the recording has ended")
    return 0


def _in_memory(pendant: Pendant, played: Playback, options: argparse.Namespace) -> int:
    hal = FakeHal()
    port = HalPort(hal, options.name, pendant.pins)
    port.ready()
    values = {
        pin.name: hal.get_value(f"{options.name}.{pin.name}") for pin in pendant.pins if not pin.is_input
    }
    del values[HEARTBEAT]
    changes: list[Change] = []
    pace = _Pace(options.speed)
    own = pendant.profile.serial or pendant.profile.hid
    names = {code: name for name, code in own.codes} if own else {}
    if not options.json:
        print(f"{'time/s':>12}  {'pin':40} value")
    for step in run(pendant, played):
        pace.wait_until(step.time)
        port.write(step.writes)
        now = {write.pin: hal.get_value(f"{options.name}.{write.pin}") for write in step.writes}
        new = [Change(step.time, pin, value) for pin, value in now.items() if values[pin] != value]
        values |= now
        if options.pins:
            new = [change for change in new if fnmatchcase(change.pin, _pattern(options))]
        if options.json:
            changes += new
            continue
        lines = _event_lines(step.event, names) if options.events else iter(())
        for line in (*lines, *(_line(change, options.name) for change in new)):
            print(line, flush=bool(options.speed))
    if options.json:
        found = [{"time": round(c.time, 6), "pin": c.pin, "value": c.value} for c in changes]
        print(json.dumps({"changes": found, "pins": values, "assumed": played.assumed}, indent=1))
    else:
        print("\n".join(["", *_result(pendant, values)]))
    return 0


class Change(NamedTuple):
    """A pin has another value than before."""

    time: float
    pin: str
    value: PinValue


def _pattern(options: argparse.Namespace) -> str:
    return str(options.pins).removeprefix(f"{options.name}.")


class _Pace:
    """Waits, where that was asked for."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._began: float | None = None

    def wait_until(self, now: float) -> None:
        """Wait until a time of the recording has come."""
        if not self._speed:
            return
        real = time.monotonic()
        if self._began is None:
            self._began = real - now / self._speed
        time.sleep(max(0.0, self._began + now / self._speed - real))


def _event_lines(event: DeviceEvent | None, names: Mapping[Code, str]) -> Iterator[str]:
    """Yield lines for what the device says."""
    if isinstance(event, Connected):
        yield f"{event.time:12.6f}    plugged in"
    elif isinstance(event, Frame | EventsLost):
        lost = " (lost)" if isinstance(event, EventsLost) else ""
        for kind, code, value in event[2]:
            name = names.get(Code(kind, code)) or code_name(kind, code)
            yield f"{event.time:12.6f}    {name} {value}{lost}"
    elif isinstance(event, Disconnected):
        yield f"{event.time:12.6f}    lost ({event.reason})"
    elif isinstance(event, Garbled):
        yield f"{event.time:12.6f}    did not fit: {event.total} so far"


def _line(change: Change, name: str) -> str:
    return f"{change.time:12.6f}  {f'{name}.{change.pin}':40} {_spell(change.pin, change.value)}"


def _spell(pin: str, value: PinValue) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if pin == "why-not":
        return f"{value} ({WORDS[WhyNot(int(value))]})"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _result(pendant: Pendant, pins: dict[str, Any]) -> Iterator[str]:
    """Yield what has come of it, in words."""
    for axis in pendant.profile.axes:
        counts = pins.get(f"axis.{axis}.jog-counts", 0)  # not on every machine
        if counts:
            unit = "degrees" if axis in ANGULAR_AXES else "machine units"
            distance = counts * pins[f"axis.{axis}.jog-scale"]
            yield f"axis {axis.upper()} was jogged by {distance:.10g} {unit} ({counts} jog-counts)"
    for target in pendant.profile.targets:
        if pins[f"{target}.counts"]:
            yield f"{target} was turned by {pins[f'{target}.counts']} detents"
    yield f"detents dropped: {pins['dropped']}"
    yield f"at the end: {WORDS[WhyNot(int(pins['why-not']))]}"
