# SPDX-License-Identifier: GPL-2.0-or-later
"""A pendant that speaks hal_mpg's line protocol (docs/serial-protocol.md), written from that page alone.

It imports nothing of hal_mpg: what both understood wrongly would not be found otherwise. `Firmware` is the
pendant without a wire, `Noise` is a bad wire, `Speaker` puts both on a descriptor: a pseudo-terminal's
(`PtyPendant`), a USB gadget's (tests/beds/serial_gadget.py), whatever can be read and written.
"""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from random import Random
from types import TracebackType

STATE_S, WHEEL_S, GREETING_S = 0.02, 0.005, 1.0
"""At most so long between two state lines; at least so long between two because of the wheel; greetings."""

HELD_S, NEWS_S = 0.1, 0.01
"""So long a switch's new state is shown at least, and so often it is told meanwhile."""

AT_ONCE = {"estop": False, "enable": False}
"""Which state of a switch is shown whatever was shown before: an E-stop that opens, a button let go."""

FAULT = 15
"""The position of a selector that shows more than one at once."""

MAX_LINE = 48
FULL = "axis=xyzabc scale=x1,x10,x100 estop reset enable buttons=home,go leds=ready,fault text=16"
"""The controls of an ordinary pendant, with two buttons and two lamps."""


def crc(body: bytes) -> int:
    """Return CRC-16/XMODEM, as avr-libc's `_crc_xmodem_update` computes it bit by bit."""
    value = 0
    for byte in body:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def line(body: str) -> bytes:
    """Return a line as it goes over the wire."""
    data = body.encode("ascii")
    return data + b"*%04X\n" % crc(data)


def words_of(controls: str, key: str) -> list[str]:
    """Return the words of one control of a greeting: axis=xyz and axis=x,y are the same."""
    for word in controls.split():
        name, _, value = word.partition("=")
        if name == key:
            return value.split(",") if "," in value or key != "axis" else list(value)
    return []


class Firmware:
    """The pendant without a wire: what it would send, and what it makes of what it hears. Time is given."""

    def __init__(
        self, controls: str = FULL, name: str = "hal_mpg pendant", boot: int = 1, state_s: float = STATE_S
    ) -> None:
        """`boot` is to differ at each start; `state_s`: a state line at least so often."""
        self.controls, self.name, self.boot, self.state_s = controls, name, boot, state_s
        self.axes, self.scales = words_of(controls, "axis"), words_of(controls, "scale")
        singles = [word for word in ("estop", "reset", "enable") if word in controls.split()]
        self.switches = [*singles, *words_of(controls, "buttons")]
        self.leds = words_of(controls, "leds")
        self.lamps = dict.fromkeys(self.leds, False)
        self.text = ""
        self.heard = 0
        """Good lines of the computer's."""
        self.wheel = self.mark = self.changes = self.sequence = 0
        self.axis = self.scale = 1
        self.down: set[str] = set()
        self._is_closed: dict[str, bool] = {}
        self._shown_at: dict[str, float] = {}
        self._state_at = self._greeting_at = self._changed_at = -inf
        self._sent_wheel = 0
        self._has_news = True
        self._part = b""

    def as_it_stands(self, other: Firmware) -> Firmware:
        """Take over how another one's switches stand, as a firmware finds them that starts; return self."""
        self.axis, self.scale, self.down = other.axis, other.scale, set(other.down)
        self._is_closed = dict.fromkeys(self.down, True)
        return self

    # What hands do.

    def turn(self, detents: int) -> None:
        """Turn the wheel, clockwise where positive."""
        self.wheel = (self.wheel + detents) & 0xFFFF

    def select(
        self, axis: str | int | None = None, scale: str | int | None = None, now: float = -inf
    ) -> None:
        """Set the selectors: a position's name, or its number; 0 is none and FAULT more than one."""
        if axis is not None:
            self.axis = self._changed(axis if isinstance(axis, int) else self.axes.index(axis) + 1, now)
        if scale is not None:
            self.scale = self._changed(scale if isinstance(scale, int) else self.scales.index(scale) + 1, now)

    def set(self, switch: str, closed: bool, now: float) -> None:
        """Close or open a contact; what comes too soon after its last change is shown later, if then."""
        if switch not in self.switches:
            raise ValueError(f"{switch}: has {', '.join(self.switches)}")
        self._is_closed[switch] = closed
        self._take(now)

    def _changed(self, position: int, now: float = -inf) -> int:
        self.changes, self.mark = (self.changes + 1) & 0xFF, self.wheel
        self._has_news = True
        self._changed_at = max(now, self._changed_at)
        return position

    def _take(self, now: float) -> None:
        """Show the switches as they are, as far as what they showed was shown for long enough."""
        for switch, closed in self._is_closed.items():
            if closed != (switch in self.down) and now >= self._may_change_at(switch):
                self._shown_at[switch] = now
                (self.down.add if closed else self.down.discard)(switch)
                self._changed(0, now)

    def _may_change_at(self, switch: str) -> float:
        if AT_ONCE.get(switch) == self._is_closed[switch]:
            return -inf
        return self._shown_at.get(switch, -inf) + HELD_S

    # What it sends.

    def due(self, now: float) -> list[bytes]:
        """Return the lines that are to be sent now."""
        self._take(now)
        lines = []
        if now >= self._greeting_at + GREETING_S:
            self._greeting_at = now
            lines.append(line(f"G,1,{self.name},{self.boot},{self.controls}"))
        turned = self.wheel != self._sent_wheel and now >= self._state_at + WHEEL_S
        if self._has_news or turned or now >= self._state_at + self._pause_s(now):
            lines.append(self.state(now))
        return lines

    def _pause_s(self, now: float) -> float:
        return min(NEWS_S, self.state_s) if now < self._changed_at + HELD_S else self.state_s

    def state(self, now: float) -> bytes:
        """Return a state line, which counts as sent."""
        bits = sum(1 << place for place, name in enumerate(self.switches) if name in self.down)
        where = f"{self.wheel},{self.mark},{self.changes},{self.axis},{self.scale},{bits:X}"
        body = f"S,{self.boot},{self.sequence},{where}"
        self.sequence = (self.sequence + 1) & 0xFF
        self._state_at, self._sent_wheel, self._has_news = now, self.wheel, False
        return line(body)

    def next_due(self) -> float:
        """Return when there is something to send if nobody touches it."""
        if self._has_news:
            return -inf
        times = [self._greeting_at + GREETING_S, self._state_at + self._pause_s(self._state_at)]
        if self.wheel != self._sent_wheel:
            times.append(self._state_at + WHEEL_S)
        waiting = [name for name, closed in self._is_closed.items() if closed != (name in self.down)]
        return min(times + [self._may_change_at(name) for name in waiting])

    # What it hears.

    def hear(self, data: bytes) -> None:
        """Take bytes of the computer's; a line that does not fit is passed over."""
        *lines, self._part = (self._part + data).split(b"\n")
        self._part = self._part[-MAX_LINE:]
        for whole in lines:
            body, star, check = whole.removesuffix(b"\r").rpartition(b"*")
            if star and check == b"%04X" % crc(body):
                self.heard += 1
                self._obey(body.decode("ascii", "replace"))

    def _obey(self, body: str) -> None:
        kind, _, rest = body.partition(",")
        if body == "?":
            self._greeting_at = -inf
        elif kind == "L":
            bits = int(rest, 16)
            self.lamps = {name: bool(bits >> place & 1) for place, name in enumerate(self.leds)}
        elif kind == "T":
            self.text = rest


class Noise:
    """A bad wire: flips a share of the bytes, cuts lines short, and merges two into one."""

    def __init__(self, flipped: float = 0.0, cut: float = 0.0, merged: float = 0.0, seed: int = 6) -> None:
        """Shares from 0 to 1: of the bytes, and of the lines."""
        self.flipped, self.cut, self.merged = flipped, cut, merged
        self.spoiled = 0
        """Lines that did not leave as they were."""
        self._random = Random(seed)

    def __call__(self, data: bytes) -> bytes:
        """Return what arrives of one line."""
        chance, arrived = self._random.random, bytearray(data)
        if chance() < self.merged:
            del arrived[-1]
        if chance() < self.cut:
            start = self._random.randrange(len(arrived))
            del arrived[start : start + self._random.randrange(1, len(arrived))]
        for place in range(len(arrived)):
            if chance() < self.flipped:
                arrived[place] ^= 1 << self._random.randrange(8)
        self.spoiled += bytes(arrived) != data
        return bytes(arrived)


class Speaker:
    """A pendant on a descriptor, spoken for by a thread; hands may be on it from any other."""

    def __init__(self, descriptor: int, firmware: Firmware) -> None:
        """`descriptor` is not closed here. Whatever cannot be written at once is not said."""
        self.firmware = firmware
        self.noise = Noise()
        self.silent = False
        self.sent = self.refused = 0
        self.sent_at = 0.0
        """When the last line left, monotonic."""
        self.wrong = ""
        """What ended it, if something did."""
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._waker, self._wakes = os.pipe()
        self._ends = False
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def hands(self, act: Callable[[Firmware, float], None]) -> float:
        """Do something to the firmware between two lines; return when."""
        with self._lock:
            now = time.monotonic()
            act(self.firmware, now)
        os.write(self._wakes, b"x")
        return now

    def turn(self, detents: int, rate: float = 50.0) -> None:
        """Turn the wheel by so many detents a second, one after the other."""
        step, due = (1 if detents > 0 else -1), time.monotonic()
        for _ in range(abs(detents)):
            self.hands(lambda firmware, _: firmware.turn(step))
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))

    def select(self, axis: str | int | None = None, scale: str | int | None = None) -> None:
        """Set the selectors."""
        self.hands(lambda firmware, now: firmware.select(axis, scale, now))

    def set(self, switch: str, closed: bool = True) -> None:
        """Close or open a contact."""
        self.hands(lambda firmware, now: firmware.set(switch, closed, now))

    def restart(self, boot: int) -> None:
        """Let the firmware start anew, as after a brown-out: the switches stand as they stand."""

        def anew(old: Firmware, _: float) -> None:
            new = Firmware(old.controls, old.name, boot, old.state_s)
            self.firmware = new.as_it_stands(old)

        self.hands(anew)

    def _speak(self) -> None:
        try:
            while not self._ends:
                self._once()
        except OSError as error:  # the plug is pulled
            self.wrong = str(error)

    def _once(self) -> None:
        with self._lock:
            now = time.monotonic()
            wait_s = max(0.0, self.firmware.next_due() - now)
        if self.silent:
            wait_s = 0.02
        ready = select.select([self._descriptor, self._waker], [], [], wait_s)[0]
        if self._waker in ready:
            os.read(self._waker, 4096)
        with self._lock:
            if self._descriptor in ready:
                self._hear()
            for whole in () if self.silent else self.firmware.due(time.monotonic()):
                self._send(self.noise(whole))

    def _hear(self) -> None:
        try:
            data = os.read(self._descriptor, 4096)
            self._ends = self._ends or not data  # hung up
            self.firmware.hear(data)
        except BlockingIOError:
            pass
        except OSError:  # of a pseudo-terminal that nobody has open at its other end
            time.sleep(0.02)

    def _send(self, data: bytes) -> None:
        try:
            done = os.write(self._descriptor, data)
        except BlockingIOError:
            done = 0
        self.sent += done == len(data)
        self.refused += done != len(data)
        self.sent_at = time.monotonic()

    def close(self) -> None:
        """Let it be silent for good."""
        self._ends = True
        with suppress(OSError):
            os.write(self._wakes, b"x")
        self._thread.join(10)
        os.close(self._waker)
        os.close(self._wakes)


class PtyPendant:
    """A pendant at a pseudo-terminal; `path` is where the computer opens it."""

    def __init__(self, firmware: Firmware | None = None) -> None:
        self._master, self._slave = os.openpty()  # the slave is kept, or each closing would hang up
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.speaker = Speaker(self._master, firmware or Firmware())

    def __enter__(self) -> PtyPendant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take it away: whoever has it open reads its end."""
        self.speaker.close()
        os.close(self._slave)
        os.close(self._master)


@contextmanager
def noisy(speaker: Speaker, noise: Noise) -> Iterator[Noise]:
    """Put a bad wire between for a while."""
    before, speaker.noise = speaker.noise, noise
    try:
        yield noise
    finally:
        speaker.noise = before
