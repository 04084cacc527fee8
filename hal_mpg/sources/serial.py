# SPDX-License-Identifier: GPL-2.0-or-later
"""Pendants on a serial line: the port is found by what hangs on it, opened, read, lost and found again.

What the bytes mean is for the protocol's decoder. Nothing here waits for a port: see `open_line`.
"""

from __future__ import annotations

from collections.abc import Collection
from math import inf

from hal_mpg.events import Connected, DeviceEvent, Disconnected, Garbled
from hal_mpg.messages import tell
from hal_mpg.profile import Profile
from hal_mpg.protocols import Decoder, decoder_of
from hal_mpg.serial_line import Own
from hal_mpg.sources import NoInputNode
from hal_mpg.sources.hotplug import Hotplug
from hal_mpg.sources.open_line import GONE, Line, open_line, why_not_open
from hal_mpg.sources.serial_ports import is_url, places

STALE_AT_OPENING_S = 0.1
"""What comes so soon after the opening is thrown away, of our own protocol.

Boards with USB of their own keep what they could not send while nobody had the port open, kilobytes of lines
that are minutes old, and send them at once. Of other protocols nothing can be thrown away: some say how they
stand once, at the opening, and never again.
"""

LATE_S = 0.15
"""Where nobody has looked for so long (the process was stopped, or hung), what is read may be as old as that.

Bytes carry no time, so they are taken to be of the time of the last look.
"""

LOOK_S = 0.1
"""How often it is looked when nothing comes."""

SETTLE_S = 1.0
"""How long a port may refuse to be opened before that is told: udev gives access a moment later."""

PATIENCE_S = 4.0
"""How long a port may say nothing that is understood before it is tried anew, or another one that fits.

An Arduino that is reset by the opening takes two seconds to start.
"""

MOST_TOLD = 20
"""Messages until the pendant is connected: of a line that is all noise, each complaint is another one."""


class SerialSource(NoInputNode):
    """Finds and reads the serial pendant of one profile. `device`: a path or URL instead of its match."""

    def __init__(self, profile: Profile, device: str | None = None) -> None:
        self._device = device
        self._line: Line | None = None
        self._place = ""  # of the line that is, or was, open
        self._is_opening = False  # what comes may be old
        self._is_on_its_way = False  # the bridge may not have reached the other end yet
        self._was_heard = False  # something was understood since the opening
        self._is_connected = False
        self._is_gone = False  # the port is
        self._opened_at = self._heard_at = self._looked_at = 0.0
        self._garbled = self._garbled_before = 0  # that were told of; and when it was last understood
        self._refused: dict[str, float] = {}  # what could not be opened -> since when
        self._hotplug = Hotplug()
        self._told: set[str] = set()
        self.use(profile)

    def use(self, profile: Profile) -> None:
        """Take another profile of the same pendant; only while it is not connected."""
        assert profile.serial is not None
        self._profile = profile
        self._settings = profile.serial
        self._stale_s = STALE_AT_OPENING_S if isinstance(profile.serial.protocol, Own) else 0.0
        self.decoder: Decoder = decoder_of(profile)
        self._is_connected = False

    @property
    def place(self) -> str:
        """The path or URL that is open, or was last; "": none yet."""
        return self._place

    @property
    def description(self) -> str:
        """What is open, for people."""
        return f"{self.decoder.name or self._profile.name} at {self._place}"

    def search(self, now: float) -> list[DeviceEvent]:
        """Open a port that fits: the one after that which was open last. It has yet to speak."""
        if self._line:
            return []
        there = self._places()
        if self._place in there:
            after = there.index(self._place) + 1
            there = there[after:] + there[:after]
        for place in there:
            try:
                self._line = open_line(place, self._settings)
            except OSError as error:
                self._refuse(place, error, now)
                continue
            self._place = place
            self._refused.clear()
            self._opened_at = self._heard_at = self._looked_at = now
            self._is_opening, self._was_heard = self._stale_s > 0, False
            self._is_on_its_way = is_url(place)
            self.decoder.reset()
            break
        return []

    def _refuse(self, place: str, error: OSError, now: float) -> None:
        """Say why a port cannot be opened, once udev had the time to give access to it."""
        if error.errno in GONE:
            self._refused.pop(place, None)
        elif now - self._refused.setdefault(place, now) >= SETTLE_S:
            self._tell_once(f"{place}: {why_not_open(error)}")

    def _places(self) -> list[str]:
        return places(self._profile.match) if self._device is None else [self._device]

    def descriptors(self) -> list[int]:
        """Return the open port's descriptor."""
        return [self._line.fileno()] if self._line else []

    def next_deadline(self) -> float:
        """Return when `tick` has something to do."""
        if self._line is None:
            return inf
        if self._is_opening:
            return self._opened_at + self._stale_s
        return min(self._silent_at(), self._looked_at + LOOK_S, self.decoder.next_send())

    def _silent_at(self) -> float:
        """Return when the silence will have lasted for too long."""
        return self._heard_at + (self._settings.silence_s if self._is_connected else PATIENCE_S)

    def read(self, descriptors: Collection[int], now: float) -> list[DeviceEvent]:
        """Return what the bytes that have come mean."""
        if self._line is None or self._line.fileno() not in descriptors:
            return []
        return self._read(self._line, now)

    def _read(self, line: Line, now: float) -> list[DeviceEvent]:
        since, self._looked_at = self._looked_at, now
        try:
            data = line.read()
        except OSError as error:
            return self._port_is_gone(f"{self._place}: {error.strerror or error}", now)
        if self._is_opening:
            if self._is_on_its_way:
                self._opened_at, self._is_on_its_way = now, not data
            self._is_opening = now < self._opened_at + self._stale_s
            return []
        if not data:
            return []
        understood = self.decoder.understood
        events = self.decoder.feed(data, since if now - since > LATE_S else now)
        for event in events:
            if isinstance(event, Connected | Disconnected):
                self._note(event)
        if self.decoder.garbled != self._garbled:
            self._garbled = self.decoder.garbled
            events.append(Garbled(now, self._garbled))
        if self.decoder.understood != understood:
            self._heard_at, self._garbled_before, self._was_heard = now, self._garbled, True
        return events

    def _note(self, event: Connected | Disconnected) -> None:
        self._is_connected = isinstance(event, Connected)
        if self._is_connected:
            self._told.clear()
            if self.decoder.remark:
                self._tell_once(f"{self._place}: {self.decoder.remark}")

    def _port_is_gone(self, reason: str, now: float) -> list[DeviceEvent]:
        """Return the loss, where there was a pendant; its port is closed when the pins are safe."""
        if self._is_connected:
            self._is_connected, self._is_gone = False, True
            return [Disconnected(now, reason)]
        self._tell_once(reason)
        self.close()
        return []

    def tick(self, now: float) -> list[DeviceEvent]:
        """Look whether something came, send what is due, and judge the silence."""
        if self._line is None or self._is_gone:
            return []
        # Before the silence is judged: what was said in time may have been read late.
        events = self._read(self._line, now) if self._looked_at < now else []
        if self._line is None or self._is_gone:
            return events
        try:
            if not self._is_opening and now >= self.decoder.next_send():
                self._line.write(self.decoder.to_send(now))
        except OSError as error:
            return events + self._port_is_gone(f"{self._place}: {error.strerror or error}", now)
        for complaint in self._line.complaints():
            self._tell_once(f"{self._place}: {complaint}")
        if now >= self._silent_at():
            events += self._silent(now)
        return events

    def _silent(self, now: float) -> list[DeviceEvent]:
        """Return the loss after too long a silence; its port stays open. Where nobody was, try another."""
        has_news = self._garbled != self._garbled_before or not self._was_heard
        said = self.decoder.complaint if has_news else ""
        self._heard_at, self._garbled_before = now, self._garbled
        if self._is_connected:
            self._is_connected = False
            self.decoder.lost()
            why = f"{self._place}: nothing was understood for {self._settings.silence_s:g} s"
            return [Disconnected(now, f"{why}; {said}" if said else why)]
        there = self._places()
        if not said:
            said = "it says nothing; is it switched on, and is this its port?"
        self._tell_once(f"{self._place}: no pendant is heard at {self._settings.baud} baud: {said}")
        is_dead = is_url(self._place) and self._settings.silence_s < inf  # a connection may hang for ever
        if is_dead or there != [self._place]:
            self.close()
        return []

    def _tell_once(self, message: str) -> None:
        """Say something on stderr, but not each time that it is found to be so again."""
        if message not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(message)
            tell(message)

    def let_go(self) -> None:
        """Close the port of a pendant that was lost, if the port is gone; one that fell silent may go on."""
        if self._is_gone:
            self.close()

    def hotplug_descriptor(self) -> int | None:
        """Return udev's monitor, where there is one."""
        return self._hotplug.descriptor()

    def drain_hotplug(self) -> None:
        """Take the events of udev's monitor; what there is now is found by searching."""
        self._hotplug.drain()

    def set_led(self, name: str, lit: bool) -> None:
        """Have a lamp lit or not; it is sent when the loop goes on."""
        self.decoder.set_led(name, lit)

    def show(self, text: str) -> None:
        """Have a line of text shown, where the pendant has a display."""
        self.decoder.show(text)

    def close(self) -> None:
        """Close the port, if it is open."""
        line, self._line = self._line, None
        self._is_connected = self._is_gone = False
        if line:
            line.close()
