# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of a recording: all nodes of the device, and which profile they are played with."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from hal_mpg.devices.input_codes import code_name, merged
from hal_mpg.errors import ProfileError, UsageError
from hal_mpg.profile import Code, KeySelector, Profile
from hal_mpg.profile_files import find_profile, read_profile, readable_profiles
from hal_mpg.recording.evemu_format import Recording, parse
from hal_mpg.recording.hid_format import HidRecording, is_hid, read_hid
from hal_mpg.recording.playback import identities
from hal_mpg.recording.serial_format import Chunk, is_serial, pendant_of, read_serial
from hal_mpg.sources.evdev_nodes import rank
from hal_mpg.yaml_reader import code_names

MAX_BYTES = 256 * 1024 * 1024
"""The largest file that is read: what MAX_EVENTS of evemu_format need."""

STDIN = "-"


def read_recordings(files: Sequence[str]) -> list[Recording]:
    """Return the recorded nodes of some files, and of those that hal_mpg recorded beside them.

    Raises UsageError where one cannot be read, or is no recording.
    """
    waiting = [Path(file) for file in files]
    given = {path.name for path in waiting}
    recordings: list[Recording] = []
    while waiting:
        path = waiting.pop(0)
        found = parse(_text(path), "<stdin>" if str(path) == STDIN else str(path))
        recordings += found
        for other in (name for recording in found for name in recording.others):
            beside = path.parent / Path(other).name  # what a file names is a file beside it, and no other
            if beside.name not in given and beside.is_file():
                given.add(beside.name)
                waiting.append(beside)
    return recordings


def read_serial_recording(files: Sequence[str]) -> tuple[list[Chunk], str | None] | None:
    """Return the bytes of a serial pendant's recording, and the profile that it names, if it does.

    None: the files are something else. Raises UsageError where it cannot be read.
    """
    text = _text(Path(files[0]))
    if not is_serial(text):
        return None
    if len(files) > 1:
        raise UsageError(f"{files[1]}: a serial pendant has one recording; replay them one by one")
    return read_serial(text, "<stdin>" if files[0] == STDIN else files[0]), pendant_of(text)


def read_hid_recording(files: Sequence[str]) -> HidRecording | None:
    """Return the reports of a raw HID pendant's recording.

    None: the files are something else. Raises UsageError where it cannot be read.
    """
    text = _text(Path(files[0]))
    if not is_hid(text):
        return None
    if len(files) > 1:
        raise UsageError(f"{files[1]}: a raw HID pendant has one recording; replay them one by one")
    return read_hid(text, "<stdin>" if files[0] == STDIN else files[0])


@cache
def _stdin() -> bytes:
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _text(path: Path) -> str:
    try:
        if str(path) == STDIN:
            content = _stdin()
        else:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; name a recording's file") from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path}: is larger than {MAX_BYTES >> 20} MiB; cut it to what matters")
    return content.decode("utf-8", "replace")  # what a device calls itself may be anything


def file_of(name: str | None, named: str | None) -> str:
    """Return the file of the profile that was asked for, or else of the one that a recording names.

    One of them is there. Raises ProfileError, and UsageError for an empty name.
    """
    if name is not None or named is None:
        return find_profile(name or "")
    try:
        return find_profile(named)
    except ProfileError as error:
        where = error.faults[0].partition(": no such profile in ")[2].partition(";")[0]
        said = f"the recording is of the pendant {named}, and there is no such profile in {where}"
        raise ProfileError([f"hal_mpg: {said}; name its file with --pendant"]) from None


def profile_for_reports(name: str | None, recording: HidRecording) -> Profile:
    """Return the profile that was asked for, or that a recording of raw HID names, or that fits the device.

    Raises ProfileError, and UsageError where none fits.
    """
    if name is not None or recording.pendant is not None:
        return read_profile(file_of(name, recording.pendant))
    identity = recording.identity
    for _, profile in readable_profiles():
        if profile.hid is not None and any(match.fits(identity) for match in profile.match):
            return profile
    device = f"{identity.name or 'a device without a name'} ({identity.vendor:04x}:{identity.product:04x})"
    raise UsageError(f"no known profile of raw HID fits {device}; name one with --pendant")


def profile_for(name: str | None, recordings: Iterable[Recording]) -> Profile:
    """Return the profile that was asked for, or the best of those that fit the recorded device.

    Raises ProfileError, and UsageError where none fits.
    """
    if name is not None:
        return read_profile(find_profile(name))
    recordings = list(recordings)
    mine = identities(recordings)
    fitting = [
        profile
        for _, profile in readable_profiles()
        if any(match.fits(identity) for match in profile.match for identity in mine)
    ]
    if fitting:
        codes = merged(recording.codes for recording in recordings)
        return min(fitting, key=lambda profile: rank(profile, codes))
    known = ", ".join(f"{i.name} ({i.vendor:04x}:{i.product:04x})" for i in mine) or "a device without a name"
    raise UsageError(f"no known profile fits {known}; name one with --pendant")


def has_its_codes(profile: Profile, recordings: Iterable[Recording]) -> bool:
    """Tell whether a recording has any event of one of a profile's controls."""
    codes = {code for _, code in profile.input_codes()}
    return any(Code(event.type, event.code) in codes for r in recordings for event in r.events)


def held_keys(words: str, profile: Profile) -> set[int]:
    """Return the keys of `--hold`: the kernel's names, numbers, or positions of the selectors (x, x10).

    Raises UsageError.
    """
    positions = {
        name: code.number
        for selector in (profile.axis, profile.scale)
        if isinstance(selector, KeySelector)
        for name, code in selector.positions
    }
    known = {name: number for name, number in code_names().items() if name.startswith(("KEY_", "BTN_"))}
    known |= positions | {"enable": profile.enable.number} if profile.enable else positions
    keys = set()
    for word in (word.strip() for word in words.split(",")):
        number = known.get(word, int(word, 0) if word.isalnum() and word[:1].isdigit() else -1)
        if not 0 <= number <= 0x2FF:
            mine = sorted({code_name(*code) for _, code in profile.input_codes() if code.type == 1})
            raise UsageError(f"--hold {word}: is no key; this pendant has {', '.join(mine)}")
        keys.add(number)
    return keys
