# SPDX-License-Identifier: GPL-2.0-or-later
"""From the bytes of a recorded serial pendant to what it says, in the recording's time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hal_mpg.errors import UsageError
from hal_mpg.events import Connected, DeviceEvent, Disconnected, Garbled
from hal_mpg.profile import Profile
from hal_mpg.protocols import Decoder, decoder_of
from hal_mpg.protocols.line_events import with_controls
from hal_mpg.protocols.line_protocol import LineProtocol
from hal_mpg.recording.playback import NO_EVENTS, Playback
from hal_mpg.recording.serial_format import Chunk
from hal_mpg.serial_line import Own


def serial_playback(chunks: Sequence[Chunk], profile: Profile) -> Playback:
    """Return what the recorded pendant says, as its profile understands it.

    `assumed` tells what did not fit, if anything. Raises UsageError where the profile is none of a serial
    pendant, and where nothing fits it.
    """
    if profile.serial is None:
        raise UsageError(f"{profile.name} is no serial pendant; name the recorded one with --pendant")
    heard = [chunk for chunk in chunks if not chunk.to_pendant]
    if not heard:
        raise UsageError(NO_EVENTS)
    decoder = decoder_of(profile)
    events = list(_without_lead(_events(heard, decoder, profile.serial.silence_s)))
    if not events:
        why = decoder.complaint or "it never tells how it stands"
        raise UsageError(f"nothing in the recording is what {profile.name} says: {why}")
    return Playback(tuple(events), tuple(_notes(decoder)), events[-1].time)


def as_it_greets(profile: Profile, chunks: Sequence[Chunk]) -> Profile:
    """Return the profile with the controls that the recorded pendant tells that it has.

    Only where the profile leaves that to the pendant; else, and where no greeting is there, as it is.
    """
    own = profile.serial.protocol if profile.serial else None
    if not isinstance(own, Own) or own.is_given:
        return profile
    decoder = LineProtocol(profile)
    for chunk in chunks:
        if not chunk.to_pendant:
            decoder.feed(chunk.data, chunk.time)
        if decoder.greeting:
            greeting = decoder.greeting
            return with_controls(profile, greeting.controls, own._replace(controls=greeting.words))
    return profile


def _notes(decoder: Decoder) -> Iterator[str]:
    if decoder.garbled:
        yield f"{decoder.garbled} lines or packets do not fit, the last one: {decoder.complaint}"


def _events(heard: Sequence[Chunk], decoder: Decoder, silence_s: float) -> Iterator[DeviceEvent]:
    """Yield what the pendant says, and that it is lost where it was silent for too long."""
    understood, garbled, last, is_connected = 0, 0, heard[0].time, False
    for chunk in heard:
        if is_connected and chunk.time > last + silence_s:
            yield Disconnected(last + silence_s, "silent")
            decoder.lost()
            is_connected = False
        for event in decoder.feed(chunk.data, chunk.time):
            is_connected = is_connected and not isinstance(event, Disconnected)
            is_connected = is_connected or isinstance(event, Connected)
            yield event
        if decoder.garbled != garbled:
            garbled = decoder.garbled
            yield Garbled(chunk.time, garbled)
        if decoder.understood != understood:
            understood, last = decoder.understood, chunk.time


def _without_lead(events: Iterator[DeviceEvent]) -> Iterator[DeviceEvent]:
    """Yield the events from the first Connected on: nobody is there before to be told anything."""
    has_begun = False
    for event in events:
        has_begun = has_begun or isinstance(event, Connected)
        if has_begun:
            yield event
