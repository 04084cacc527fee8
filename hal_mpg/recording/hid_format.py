# SPDX-License-Identifier: GPL-2.0-or-later
r"""Recordings of raw HID pendants, in the text format of hid-recorder (hid-tools). Pure.

Lines begin with a letter: `D:` the device's number (only one device is read here), `R:` the report
descriptor, `N:` the name, `P:` where it is plugged in, `I:` bus, vendor and product, `E:` a report with its
time in seconds. Before bytes, which are hexadecimal, stands their number. `#` begins a comment::

    # pendant: xhc-hb04
    D: 0
    R: 5 06 00 ff 09 01
    N: KTURT.LTD XHC HB04
    P: usb-0000:00:14.0-2/input0
    I: 3 10ce eb70
    E: 000000.000000 6 04 00 00 11 01 00
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hal_mpg.errors import UsageError
from hal_mpg.profile import Identity

MOST_REPORTS = 5_000_000
MOST_BYTES = 4096
"""Of a report descriptor (HID_MAX_DESCRIPTOR_SIZE), and more than any report has."""

_PENDANT = re.compile(r"^# pendant: (\S+)\s*$", re.MULTILINE)
_BEGINS = re.compile(r"\A\ufeff?(?:\s*#[^\n]*\n|\s*\n)*[DR]:", re.MULTILINE)
_REPORT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s+([0-9]{1,4})((?:\s+[0-9a-fA-F]{2})*)")
_IDS = re.compile(r"([0-9a-fA-F]{1,4})\s+([0-9a-fA-F]{1,4})\s+([0-9a-fA-F]{1,4})")


class Report(NamedTuple):
    """A report that the device sent, and when, in seconds since the recording began."""

    time: float
    data: bytes


class HidRecording(NamedTuple):
    """What a recording tells. `ids` are bus (of linux/input.h), vendor, product; zeros: it does not say."""

    reports: tuple[Report, ...]
    descriptor: bytes = b""
    name: str = ""
    phys: str = ""
    ids: tuple[int, int, int] = (0, 0, 0)
    pendant: str | None = None
    """The profile that it names in its comments."""

    @property
    def identity(self) -> Identity:
        """What the device says it is."""
        return Identity(self.ids[1], self.ids[2], self.name, self.phys)


def is_hid(text: str) -> bool:
    """Tell whether a text is a recording of raw HID reports, by its first line that is no comment."""
    return _BEGINS.match(text) is not None


def head_lines(recording: HidRecording) -> list[str]:
    """Return the lines that come before the reports: what the device is."""
    bus, vendor, product = recording.ids
    return [
        "D: 0",
        f"R: {len(recording.descriptor)} {recording.descriptor.hex(' ')}".rstrip(),
        f"N: {recording.name}",
        f"P: {recording.phys}",
        f"I: {bus:x} {vendor:04x} {product:04x}",
    ]


def report_line(report: Report) -> str:
    """Return the line of a report, without its end."""
    return f"E: {report.time:013.6f} {len(report.data)} {report.data.hex(' ')}".rstrip()


def to_text(recording: HidRecording) -> str:
    """Return a whole recording."""
    named = [f"# pendant: {recording.pendant}"] if recording.pendant else []
    return "\n".join([*named, *head_lines(recording), *map(report_line, recording.reports), ""])


def read_hid(text: str, file: str = "the recording") -> HidRecording:
    """Return what a recording has.

    Raises UsageError, with the line's number, where it is none, is of several devices, or its times go back.
    """
    reports: list[Report] = []
    said: dict[str, str] = {}
    descriptor, ids = b"", (0, 0, 0)
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        place = f"{file}:{number}"
        kind, _, rest = (part.strip() for part in line.partition(":"))
        if kind == "E":
            reports.append(_report(rest, reports, place))
            continue
        if kind not in ("D", "R", "N", "P", "I"):
            raise UsageError(f"{place}: {line[:60]!r} is no line of hid-recorder's; correct it")
        if kind in said and (kind != "D" or rest != said["D"]):
            raise UsageError(f"{place}: a second {kind}: line; record one device at a time")
        said[kind] = rest
        if kind == "R":
            descriptor = _descriptor(rest, place)
        elif kind == "I":
            ids = _ids(rest, place)
    named = _PENDANT.search(text)
    name, phys = said.get("N", ""), said.get("P", "")
    return HidRecording(tuple(reports), descriptor, name, phys, ids, named[1] if named else None)


def _report(rest: str, before: list[Report], place: str) -> Report:
    fields = _REPORT.fullmatch(rest)
    if fields is None:
        raise UsageError(f"{place}: 'E: {rest[:60]}' is not of the form E: SECONDS LENGTH BYTES; correct it")
    data = bytes.fromhex(fields[3])
    if len(data) != int(fields[2]):
        raise UsageError(f"{place}: {len(data)} bytes, where it says {fields[2]}; correct it")
    report = Report(float(fields[1]), data)
    if before and report.time < before[-1].time:
        raise UsageError(f"{place}: the time {fields[1]} is before the last one; put them in order")
    if len(before) >= MOST_REPORTS:
        raise UsageError(f"{place}: more than {MOST_REPORTS} reports; cut it to what matters")
    return report


def _descriptor(rest: str, place: str) -> bytes:
    length, _, spelled = rest.partition(" ")
    try:
        data = bytes.fromhex(spelled)
        is_good = int(length) == len(data) <= MOST_BYTES
    except ValueError:
        is_good = False
    if not is_good:
        raise UsageError(f"{place}: 'R: {rest[:40]}' is not of the form R: LENGTH BYTES; correct it")
    return data


def _ids(rest: str, place: str) -> tuple[int, int, int]:
    fields = _IDS.fullmatch(rest) if rest else None
    if fields is None:
        raise UsageError(f"{place}: 'I: {rest[:40]}' is not of the form I: BUS VENDOR PRODUCT; correct it")
    return int(fields[1], 16), int(fields[2], 16), int(fields[3], 16)
