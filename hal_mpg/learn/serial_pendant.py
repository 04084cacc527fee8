# SPDX-License-Identifier: GPL-2.0-or-later
"""Learns a serial pendant, which tells more of itself than an input device: what it speaks, and what it has.

One that speaks hal_mpg's own protocol says itself which controls it has, so that only the distances are
asked for. Of others it is found which of the known profiles understands them.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hal_mpg.devices.ports import Port
from hal_mpg.errors import DeviceError
from hal_mpg.learn.acts import Answerer
from hal_mpg.learn.draft import Draft, distances_form, scalar
from hal_mpg.learn.steps_distances import learn_distances
from hal_mpg.messages import printable
from hal_mpg.profile import Profile
from hal_mpg.protocols import decoder_of
from hal_mpg.protocols.line_events import with_controls
from hal_mpg.protocols.line_format import Greeting
from hal_mpg.protocols.line_protocol import LineProtocol
from hal_mpg.serial_line import Own
from hal_mpg.sources.open_line import Line, open_line, why_not_open
from hal_mpg.sources.serial import STALE_AT_OPENING_S
from hal_mpg.sources.serial_ports import is_url

LISTEN_S = 6.0
"""At most so long: a board that the opening has reset takes two seconds to start, and greets every second."""

MAX_BYTES = 1 << 16
ENOUGH = 3
"""So many lines that a profile understands, and four times as many as it refuses, are no accident."""


@dataclass
class Spoken:
    """What a pendant has said."""

    greeting: Greeting | None = None
    chunks: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """All that came."""
        return b"".join(data for _, data in self.chunks)


def hear(place: str, own: Profile, limit_s: float = LISTEN_S) -> Spoken:
    """Listen at a port until a greeting of hal_mpg's protocol has come, or the time is over; it is asked for.

    `own` is a profile of that protocol. Raises DeviceError.
    """
    assert own.serial is not None
    try:
        line = open_line(place, own.serial)
    except OSError as error:
        raise DeviceError(f"learn: {place}: {why_not_open(error)}") from None
    try:
        return _hear(line, LineProtocol(own), limit_s)
    except OSError as error:
        why = "; ".join(line.complaints()) or error.strerror or str(error)
        raise DeviceError(f"learn: {place}: the port has gone ({why}); plug it in again") from None
    finally:
        line.close()


def _hear(line: Line, decoder: LineProtocol, limit_s: float) -> Spoken:
    spoken, began, size = Spoken(), time.monotonic(), 0
    while (now := time.monotonic()) < began + limit_s and size < MAX_BYTES:
        if now >= began + STALE_AT_OPENING_S and now >= decoder.next_send():
            line.write(decoder.to_send(now))
        if not select.select([line.fileno()], [], [], 0.05)[0]:
            continue
        data = line.read()
        if not data or now < began + STALE_AT_OPENING_S:
            continue
        size += len(data)
        spoken.chunks.append((now, data))
        decoder.feed(data, now)
        if decoder.greeting is not None:
            spoken.greeting = decoder.greeting
            break
    return spoken


def understanding(spoken: Spoken, known: Iterable[tuple[str, Profile]]) -> str | None:
    """Return the name of the profile that understands best what came; None: none does."""
    found = []
    for name, profile in known:
        if profile.serial is None or isinstance(profile.serial.protocol, Own):
            continue
        decoder = decoder_of(profile)
        for at, data in spoken.chunks:
            decoder.feed(data, at)
        if decoder.understood >= ENOUGH and decoder.understood >= 4 * decoder.garbled:
            found.append((decoder.understood - decoder.garbled, name))
    return max(found)[1] if found else None


def refusal(spoken: Spoken, place: str) -> DeviceError:
    """Return what to say of a pendant that nobody understands."""
    data = spoken.data
    if not data:
        return DeviceError(
            f"learn: {place}: nothing comes at 115200 baud; is it switched on, and at this port? RS-232: are "
            f"RX and TX crossed?"
        )
    odd = sum(byte not in b"\r\n\t" and not 0x20 <= byte < 0x7F for byte in data)
    if odd > len(data) // 4:
        what = "what comes is no text at 115200 baud: another baud rate, or packets"
    else:
        sample = data.replace(b"\r", b"").split(b"\n")
        shown = max(sample[1:4] or sample, key=len)[:40].decode("ascii", "replace")
        what = f"no known profile understands what comes, such as {printable(shown)!r}"
    return DeviceError(
        f"learn: {place}: {what}; record it (hal_mpg record --device {place} FILE), and write a profile for "
        f"it: see `protocol` in example.yaml"
    )


def match_line(port: Port) -> str:
    """Return how the pendant is found again: by what it says of itself, or else by its port.

    A serial number tells it apart for certain. Without one, its ids with the name; ids alone are those of
    every such board.
    """
    identity = port.identity
    if not port.is_on_usb:
        return f"port: {_quoted(port.path if is_url(port.path) else port.stable_path)}"
    fields = [f"vendor: 0x{identity.vendor:04x}, product: 0x{identity.product:04x}"]
    if identity.uniq:
        fields.append(f"uniq: {_quoted(_pattern(identity.uniq))}")
    elif identity.name:
        fields.append(f"name: {_quoted(_pattern(identity.name))}")
    return ", ".join(fields)


def _pattern(text: str) -> str:
    return re.sub(r"[\[*?]", lambda found: f"[{found[0]}]", text)


def _quoted(text: str) -> str:
    return scalar(text) if scalar(text).startswith('"') else f'"{text}"'


def own_text(
    person: Answerer, greeting: Greeting, own: Profile, name: str, match: str, units: str | None
) -> Iterator[str]:
    """Ask for the distances; yield the lines of a profile of hal_mpg's own protocol, without its comments."""
    assert own.serial is not None
    profile = with_controls(own, greeting.controls, Own(greeting.words, is_given=True))
    draft = Draft(name=name, axis=profile.axis)
    scales = greeting.controls.scale or ("x1",)
    learn_distances(person, draft, units, scales)
    yield f"name: {scalar(name)}"
    yield "source: serial"
    yield "match:"
    yield f"  - {{{match}}}"
    yield "protocol: hal_mpg"
    yield "# What it said that it has."
    yield f"greeting: {_quoted(greeting.words)}"
    yield "# The distance of one click of the wheel at each scale."
    yield "increments:"
    yield from distances_form(draft.increments)


def foreign_text(text: str, name: str, match: str) -> str:
    """Return a known profile's text with another name and match."""
    # Each is at the beginning of a line, and its value beside or below it.
    for key, new in (("name", f"name: {scalar(name)}"), ("match", f"match:\n  - {{{match}}}")):
        found = re.search(rf"^{key}:.*\n(?: +.*\n)*", text, re.MULTILINE)
        assert found, key
        text = f"{text[: found.start()]}{new}\n{text[found.end() :]}"
    return text
