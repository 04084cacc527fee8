# SPDX-License-Identifier: GPL-2.0-or-later
"""From the reports of a recorded raw HID pendant to what it says, in the recording's time. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.errors import UsageError
from hal_mpg.events import Connected, DeviceEvent, Garbled
from hal_mpg.profile import Profile
from hal_mpg.protocols.hid_reports import HidReports
from hal_mpg.recording.hid_format import HidRecording
from hal_mpg.recording.playback import NO_EVENTS, Playback


def hid_playback(recording: HidRecording, profile: Profile) -> Playback:
    """Return what the recorded pendant says, as its profile understands it.

    `assumed` tells what did not fit, if anything. Raises UsageError where the profile is none of a raw HID
    pendant, and where nothing fits it.
    """
    if profile.hid is None:
        raise UsageError(f"{profile.name} is no raw HID pendant; name the recorded one with --pendant")
    if not recording.reports:
        raise UsageError(NO_EVENTS)
    decoder = HidReports(profile)
    events = list(_events(recording, decoder))
    if not any(isinstance(event, Connected) for event in events):
        why = decoder.complaint or "it never tells how it stands"
        raise UsageError(f"nothing in the recording is what {profile.name} says: {why}")
    notes = [f"{decoder.garbled} reports do not fit, the last one: {decoder.complaint}"]
    return Playback(tuple(events), tuple(notes if decoder.garbled else ()), events[-1].time)


def _events(recording: HidRecording, decoder: HidReports) -> Iterator[DeviceEvent]:
    """Yield what the pendant says, from where it is connected first: nobody is told anything before."""
    began = recording.reports[0].time
    has_begun, garbled = False, 0
    for report in recording.reports:
        now = report.time - began
        for event in decoder.feed(report.data, now):
            has_begun = has_begun or isinstance(event, Connected)
            if has_begun:
                yield event
        if has_begun and decoder.garbled != garbled:
            garbled = decoder.garbled
            yield Garbled(now, garbled)
